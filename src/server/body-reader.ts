import type { IncomingMessage } from "node:http";

/** A request's body as far as it was read. */
export interface RequestBody {
  readonly bytes: Buffer;
  /** False: it is longer than allowed, and `bytes` is just longer than that, for the error that AWS has for it. */
  readonly isWhole: boolean;
  /** Lets others have its room. */
  release(): void;
}

/** Reads bodies of requests, which together hold no more than so many bytes. */
export class BodyReader {
  #bytesFree: number;

  constructor(bytesMax: number) {
    this.#bytesFree = bytesMax;
  }

  /** Reads up to `bytesMax` bytes. Undefined if the request was broken off, or if all requests together hold too much. */
  async read(request: IncomingMessage, bytesMax: number): Promise<RequestBody | undefined> {
    const chunks: Buffer[] = [];
    let length = 0;
    const release = (): void => {
      this.#bytesFree += length;
      length = 0;
    };
    try {
      // Left half read, the request must stay open for its answer.
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
      // The caller went away.
      release();
      return undefined;
    }
    return { bytes: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks), isWhole: true, release };
  }
}
