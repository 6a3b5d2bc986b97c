/** Counts the exchanges of a thread that are under way, for a stop that waits for them. */
export class UnderWay {
  #count = 0;
  #onIdle: (() => void)[] = [];

  begin(): void {
    this.#count++;
  }

  end(): void {
    if (--this.#count > 0) return;
    for (const tell of this.#onIdle.splice(0)) tell();
  }

  /** Resolves when none is under way. */
  idle(): Promise<void> {
    return this.#count === 0 ? Promise.resolve() : new Promise((resolve) => this.#onIdle.push(resolve));
  }
}
