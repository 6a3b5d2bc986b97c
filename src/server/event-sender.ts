import { bounds } from "../base/bounds.ts";
import { PendingAnswers } from "../base/pending-answers.ts";
import type { EventClient, EventOutcome, InvokeRequest } from "../functions/function-client.ts";
import type { FromThread } from "./messages.ts";

/**
 * Sends a gateway thread's asynchronous invocations to control, which alone writes the store and keeps and runs them.
 * The number that waits for control is bounded; further ones are throttled.
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

  /** Takes control's answer to the event of that number. */
  settle(id: number, outcome: EventOutcome): void {
    this.#outcomes.settle(id, outcome);
  }
}
