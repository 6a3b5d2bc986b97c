import type { IncomingMessage } from "node:http";

/** The part of a request's body that was read. */
export interface RequestBody {
  readonly bytes: Buffer;
  /**
   * False if the body is longer than allowed; `bytes` is then just longer than that, so that the caller answers with
   * AWS's error.
   */
  readonly isWhole: boolean;
  /** Gives the memory back, for other bodies. */
  release(): void;
}

/** Reads bodies of requests. All bodies together hold no more than a given number of bytes. */
export class BodyReader {
  #bytesFree: number;

  constructor(bytesMax: number) {
    this.#bytesFree = bytesMax;
  }

  /**
   * Reads up to `bytesMax` bytes. Returns undefined if the request was broken off, or if all requests together hold too
   * much.
   */
  async read(request: IncomingMessage, bytesMax: number): Promise<RequestBody | undefined> {
    const chunks: Buffer[] = [];
    let length = 0;
    const release = (): void => {
      this.#bytesFree += length;
      length = 0;
    };
    try {
      // A request that is only partly read must stay open for its answer.
      for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        const taken = chunk.subarray(0, bytesMax + 1 - length);
        if (taken.length > this.#bytesFree) {
          release();
          return undefined;
        }
        chunks.push(taken);
        length += taken.length;
        this.#bytesFree -= taken.length;
        if (length > bytesMax) return { bytes: Buffer.concat(chunks), isWhole: false, release };
      }
    } catch {
      // The caller has gone away.
      release();
      return undefined;
    }
    return { bytes: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks), isWhole: true, release };
  }
}
