/** Lets a process print a limited amount in a span of time. More is dropped, and a line says so once. */
export class OutputBudget {
  static readonly #bytesPerSpan = 262_144;
  static readonly #spanMs = 5_000;
  readonly #print: (text: string) => void;
  #since = 0;
  #bytes = 0;

  constructor(print: (text: string) => void) {
    this.#print = print;
  }

  print(text: string): void {
    const now = performance.now();
    if (now - this.#since > OutputBudget.#spanMs) {
      this.#since = now;
      this.#bytes = 0;
    }
    const isFirstOver = this.#bytes <= OutputBudget.#bytesPerSpan;
    this.#bytes += text.length;
    if (this.#bytes <= OutputBudget.#bytesPerSpan) this.#print(text);
    else if (isFirstOver) this.#print("[output dropped: the function prints more than can be logged]");
  }
}
