import { bounds } from "../../base/bounds.ts";

const turnMsMax = bounds.webSocketTurnMsMax.value;

/**
 * Shares a gateway thread's time among messages: a turn of the event loop spends some milliseconds on short ones and some on
 * large ones, or takes a single one of each, and the others wait in two lines. So everything else waits for no more than that,
 * however many messages come in one piece and however many clients send them. Other work that comes in pieces may share time so, too.
 */
export class MessageTurns {
  readonly #short: (() => void)[] = [];
  readonly #large: (() => void)[] = [];
  readonly #schedule: (callback: () => void) => void;
  readonly #now: () => number;
  /** When the time for short messages began. */
  #begunAt = -Infinity;
  /** Whether the event loop has turned since then, so that this time may begin again when it is over. */
  #hasTurned = true;
  #isScheduled = false;

  constructor(schedule: (callback: () => void) => void = setImmediate, now: () => number = () => performance.now()) {
    this.#schedule = schedule;
    this.#now = now;
  }

  /**
   * Returns whether a short message may be taken at once. If not, it has to be added. A turn of the event loop that takes few
   * of them costs nothing but the clock: the next one goes on with its time, so a turn may have twice as much.
   */
  hasTime(): boolean {
    if (this.#short.length > 0) return false;
    const now = this.#now();
    if (now - this.#begunAt < turnMsMax) return true;
    if (!this.#hasTurned) return false;
    this.#begunAt = now;
    this.#hasTurned = false;
    this.#ask();
    return true;
  }

  /** Takes a message soon. An exception of it is nobody's, so it must not throw. */
  add(take: () => void, isLarge: boolean): void {
    (isLarge ? this.#large : this.#short).push(take);
    this.#ask();
  }

  #ask(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#schedule(this.#run);
  }

  readonly #run = (): void => {
    this.#isScheduled = false;
    this.#hasTurned = true;
    try {
      this.#takeOf(this.#short);
      this.#takeOf(this.#large);
    } finally {
      if (this.#short.length + this.#large.length > 0) this.#ask();
    }
  };

  #takeOf(line: (() => void)[]): void {
    const begunAt = this.#now();
    let taken = 0;
    try {
      while (taken < line.length && (taken === 0 || this.#now() - begunAt < turnMsMax)) line[taken++]!();
    } finally {
      line.splice(0, taken);
    }
  }
}
