import type { IncomingMessage } from "node:http";
import { clientOfAddress, FairPool } from "../base/fair-pool.ts";
import { addressOf } from "../protocol/management.ts";

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

/**
 * Reads bodies of requests. All bodies together hold no more than a given number of bytes, and those of one client no
 * more than half of it.
 */
export class BodyReader {
  readonly #bytes: FairPool;

  constructor(bytesMax: number) {
    this.#bytes = new FairPool(bytesMax);
  }

  /**
   * Reads up to `bytesMax` bytes. Returns undefined if the request was broken off, or if all requests, or those of its
   * client, hold too much.
   */
  async read(request: IncomingMessage, bytesMax: number): Promise<RequestBody | undefined> {
    const chunks: Buffer[] = [];
    let length = 0;
    const client = clientOf(request);
    const release = (): void => {
      this.#bytes.give(client, length);
      length = 0;
    };
    try {
      // A request that is only partly read must stay open for its answer.
      for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        const taken = chunk.subarray(0, bytesMax + 1 - length);
        if (!this.#bytes.take(client, taken.length)) {
          release();
          return undefined;
        }
        chunks.push(taken);
        length += taken.length;
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

/** The header in which a gateway thread names a caller's address and port; no caller can set it. */
export const peerHeader = "x-portico-peer";

function clientOf({ headers }: IncomingMessage): string {
  const peer = headers[peerHeader] as string | undefined;
  return clientOfAddress(addressOf(peer) ?? "");
}
