/** Calls back at the earliest of the times that it was set to. It owns the timer. */
export class Alarm {
  readonly #ring: (at: number) => void;
  #at: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** `ring` gets the time that the alarm was set to. */
  constructor(ring: (at: number) => void) {
    this.#ring = ring;
  }

  /** Rings in `waitMs` for the time `at`, unless it rings for an earlier time before. */
  set(at: number, waitMs: number): void {
    if (this.#isClosed || (this.#at !== undefined && this.#at <= at)) return;
    clearTimeout(this.#timer);
    this.#at = at;
    this.#timer = setTimeout(() => {
      this.#at = undefined;
      this.#ring(at);
    }, waitMs);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }
}
