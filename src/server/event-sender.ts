import { bounds } from "../base/bounds.ts";
import type { EventClient, EventOutcome, InvokeRequest } from "../functions/function-client.ts";
import type { FromThread } from "./messages.ts";

/**
 * A gateway thread's way to asynchronous invocations: control, which alone writes the store, keeps and runs them. What
 * waits for control is bounded; more is throttled.
 */
export class EventSender implements EventClient {
  readonly #post: (message: FromThread) => void;
  readonly #waiting = new Map<number, (outcome: EventOutcome) => void>();
  #lastId = 0;

  constructor(post: (message: FromThread) => void) {
    this.#post = post;
  }

  accept(event: InvokeRequest): Promise<EventOutcome> {
    if (this.#waiting.size >= bounds.lambdaEventsWaitingMax.value) {
      const message = "Rate Exceeded.";
      const code = "TooManyRequestsException";
      return Promise.resolve({ kind: "service-error", code, status: 429, message, requestId: event.requestId ?? "" });
    }
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#post({ kind: "event", id, event });
    });
  }

  settle(id: number, outcome: EventOutcome): void {
    this.#waiting.get(id)?.(outcome);
    this.#waiting.delete(id);
  }
}
