import type { AnswerSink } from "./function-client.ts";

const firstBytes = 16_384;

/** The answer of a streaming function so far. It is passed to the sink as it comes, or gathered if there is no sink. */
export class StreamedAnswer {
  readonly bytesMax: number;
  readonly #sink: AnswerSink | undefined;
  readonly #resume: () => void;
  #bytes = 0;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(
    sink: AnswerSink | undefined,
    { bytesMax, resume }: { readonly bytesMax: number; readonly resume: () => void },
  ) {
    this.#sink = sink;
    this.bytesMax = bytesMax;
    this.#resume = resume;
  }

  take(chunk: Buffer): "more" | "wait" | "too-large" {
    const start = this.#bytes;
    this.#bytes += chunk.length;
    if (this.#bytes > this.bytesMax) return "too-large";
    if (this.#sink !== undefined) return this.#sink.data(chunk, this.#resume) ? "more" : "wait";
    // The buffer grows by doubling, because a function may write single bytes.
    if (this.#buffer.length < this.#bytes) {
      const grown = Buffer.allocUnsafeSlow(Math.max(firstBytes, this.#bytes * 2));
      this.#buffer.copy(grown, 0, 0, start);
      this.#buffer = grown;
    }
    chunk.copy(this.#buffer, start);
    return "more";
  }

  /** The gathered answer, if there is no sink. */
  get gathered(): Buffer {
    return this.#buffer.subarray(0, this.#bytes);
  }
}
