import { bounds } from "../base/bounds.ts";
import { PendingAnswers } from "../base/pending-answers.ts";
import type { EventClient, EventOutcome, InvokeRequest } from "../functions/function-client.ts";
import type { FromThread } from "./messages.ts";

/**
 * A gateway thread's way to asynchronous invocations: control, which alone writes the store, keeps and runs them. What
 * waits for control is bounded; more is throttled.
 */
export class EventSender implements EventClient {
  readonly #post: (message: FromThread) => void;
  readonly #outcomes = new PendingAnswers<EventOutcome>({ max: bounds.lambdaEventsWaitingMax.value });

  constructor(post: (message: FromThread) => void) {
    this.#post = post;
  }

  async accept(event: InvokeRequest): Promise<EventOutcome> {
    const outcome = await this.#outcomes.ask({
      peer: this,
      send: (id) => this.#post({ kind: "event", id, event }),
    });
    if (outcome.kind === "answer") return outcome.answer;
    const { requestId = "" } = event;
    const code = "TooManyRequestsException";
    return { kind: "service-error", code, status: 429, message: "Rate Exceeded.", requestId };
  }

  /** Control has answered the event of that number. */
  settle(id: number, outcome: EventOutcome): void {
    this.#outcomes.settle(id, outcome);
  }
}
