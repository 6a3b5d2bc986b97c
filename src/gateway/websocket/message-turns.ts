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
  /** When this turn took its first message. */
  #begunAt: number | undefined = undefined;

  constructor(schedule: (callback: () => void) => void = setImmediate, now: () => number = () => performance.now()) {
    this.#schedule = schedule;
    this.#now = now;
  }

  /** Returns whether a short message may be taken at once. If not, it has to be added. */
  hasTime(): boolean {
    if (this.#begunAt === undefined) this.#begin();
    return this.#short.length === 0 && this.#now() - this.#begunAt! < turnMsMax;
  }

  /** Takes a message soon. An exception of it is nobody's, so it must not throw. */
  add(take: () => void, isLarge: boolean): void {
    (isLarge ? this.#large : this.#short).push(take);
    if (this.#begunAt === undefined) this.#begin();
  }

  #begin(): void {
    this.#begunAt = this.#now();
    this.#schedule(this.#run);
  }

  readonly #run = (): void => {
    this.#begunAt = this.#now();
    try {
      this.#takeOf(this.#short);
      this.#takeOf(this.#large);
    } finally {
      // What is received next has its own time.
      this.#begunAt = undefined;
      if (this.#short.length + this.#large.length > 0) this.#begin();
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
