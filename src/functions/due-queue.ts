/**
 * Runs work when it is due, a bounded number at a time. It owns the timers; what the work is and whether it comes again
 * is its user's.
 */
export class DueQueue {
  readonly #runningMax: number;
  readonly #run: (id: string) => Promise<void>;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #due: string[] = [];
  #running = 0;
  #isClosed = false;

  constructor(runningMax: number, run: (id: string) => Promise<void>) {
    this.#runningMax = runningMax;
    this.#run = run;
  }

  /** How many wait or run. */
  get size(): number {
    return this.#timers.size + this.#due.length + this.#running;
  }

  add(id: string, waitMs: number): void {
    if (this.#isClosed) return;
    const timer = setTimeout(() => {
      this.#timers.delete(id);
      this.#due.push(id);
      this.#runDue();
    }, waitMs);
    this.#timers.set(id, timer);
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#due.length = 0;
  }

  #runDue(): void {
    while (this.#running < this.#runningMax) {
      const id = this.#due.shift();
      if (id === undefined) return;
      this.#running++;
      void this.#run(id).finally(() => {
        this.#running--;
        this.#runDue();
      });
    }
  }
}
