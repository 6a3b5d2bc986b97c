interface Line {
  running: number;
  readonly waiting: (() => void)[];
}

/**
 * Lets each of several parties have a few pieces of work under way at once; its further ones wait in a line of its own.
 * What is shared then has a bounded number of pieces before those of another party.
 */
export class FairTurns {
  readonly #atOnceMax: number;
  readonly #lines = new Map<string, Line>();

  constructor(atOnceMax: number) {
    this.#atOnceMax = atOnceMax;
  }

  /** Does a piece of work when it is its turn, and resolves or rejects as it does. */
  async run<Result>(party: string, work: () => Promise<Result>): Promise<Result> {
    let line = this.#lines.get(party);
    if (line === undefined) {
      line = { running: 0, waiting: [] };
      this.#lines.set(party, line);
    }
    const { waiting } = line;
    if (line.running < this.#atOnceMax) line.running++;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next !== undefined) next();
      else if (--line.running === 0) this.#lines.delete(party);
    }
  }
}
