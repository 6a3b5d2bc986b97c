import { bounds } from "../../base/bounds.ts";

const turnMsMax = bounds.webSocketLargeTurnMsMax.value;

/**
 * Work on messages that takes long, one after another: each turn of the event loop does one piece of it, or as many as a few
 * milliseconds hold, so that everything else waits for one piece at most, however many clients send such messages.
 */
export class LargeMessages {
  readonly #waiting: (() => void)[] = [];
  readonly #schedule: (callback: () => void) => void;
  readonly #now: () => number;

  constructor(schedule: (callback: () => void) => void = setImmediate, now: () => number = () => performance.now()) {
    this.#schedule = schedule;
    this.#now = now;
  }

  /** Does some work soon. An exception of it is nobody's, so it must not throw. */
  add(work: () => void): void {
    this.#waiting.push(work);
    if (this.#waiting.length === 1) this.#schedule(this.#run);
  }

  readonly #run = (): void => {
    const begunAt = this.#now();
    let done = 0;
    try {
      while (done < this.#waiting.length && (done === 0 || this.#now() - begunAt < turnMsMax)) this.#waiting[done++]!();
    } finally {
      this.#waiting.splice(0, done);
      if (this.#waiting.length > 0) this.#schedule(this.#run);
    }
  };
}
