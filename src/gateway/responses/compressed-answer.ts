import type { Deflate, Gzip } from "node:zlib";
import type { Answer, AnswerObserver } from "../../http/inbound.ts";
import type { Exchange } from "../exchange.ts";
import type { ContentCoding } from "./content-coding.ts";

type Zlib = typeof import("node:zlib");

let loaded: Zlib | undefined;

/** Loaded with the first answer that is compressed: zlib costs a gateway thread a megabyte. */
function loadZlib(): Zlib {
  loaded ??= process.getBuiltinModule("node:zlib");
  return loaded;
}

/**
 * Whole answers of up to this many bytes are compressed on this thread, which takes a millisecond at most; longer ones
 * are compressed in zlib's threads.
 */
const bytesAtOnce = 65_536;

export interface CompressionOptions {
  readonly coding: ContentCoding;
  /** Answers with fewer bytes are sent uncompressed. */
  readonly bytesMin: number;
}

interface HeldAnswer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly chunks: Buffer[];
  bytes: number;
}

/**
 * An answer that is compressed on its way out, if it is long enough and not coded already. The code that answers does
 * not notice.
 *
 * An answer of unknown length is held for one turn of the event loop. If it ends within that turn, its length decides,
 * as it does on AWS for the whole answer; otherwise it is compressed as it comes.
 */
export class CompressedAnswer implements Answer, AnswerObserver {
  observer: AnswerObserver | undefined;
  readonly #inner: Answer;
  readonly #exchange: Exchange;
  readonly #options: CompressionOptions;
  #held: HeldAnswer | undefined = undefined;
  #stream: Gzip | Deflate | undefined = undefined;
  /** True while a whole answer is in zlib's threads. */
  #isCompressing = false;
  /** True once the whole answer is handed over, or will never be. */
  #isSettled = false;

  /** Puts itself before the exchange's answer, and holds the exchange until the last byte is handed over. */
  constructor(exchange: Exchange, options: CompressionOptions) {
    this.#exchange = exchange;
    this.#options = options;
    this.#inner = exchange.answer;
    this.observer = this.#inner.observer;
    this.#inner.observer = this;
    exchange.hold();
  }

  onDrain(): void {
    if (this.#stream === undefined) this.observer?.onDrain();
    else this.#stream.resume();
  }

  onClose(): void {
    this.#drop();
    this.observer?.onClose();
    this.#settle();
  }

  onException(error: unknown): void {
    this.observer?.onException?.(error);
  }

  get isBegun(): boolean {
    return this.#inner.isBegun || this.#held !== undefined || this.#isCompressing;
  }

  get responseBytes(): number {
    return this.#inner.responseBytes;
  }

  respond(status: number, headers: readonly string[], body: Buffer | string | undefined): void {
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    if (bytes === undefined || !this.#isCompressed(status, headers, bytes.length)) {
      this.#inner.respond(status, headers, body);
      this.#settle();
      return;
    }
    const coded = [...headers, "Content-Encoding", this.#options.coding];
    const zlib = loadZlib();
    if (bytes.length <= bytesAtOnce) {
      const compress = this.#options.coding === "gzip" ? zlib.gzipSync : zlib.deflateSync;
      this.#inner.respond(status, coded, compress(bytes));
      this.#settle();
      return;
    }
    const compress = this.#options.coding === "gzip" ? zlib.gzip : zlib.deflate;
    this.#isCompressing = true;
    compress(bytes, (error, compressed) => {
      this.#exchange.guard(() => {
        if (error === null) this.#inner.respond(status, coded, compressed);
        else this.#inner.abort();
        this.#settle();
      });
    });
  }

  startResponse(status: number, headers: readonly string[], contentLength: number | undefined): void {
    if (!this.#isCompressed(status, headers, contentLength ?? Number.POSITIVE_INFINITY)) {
      this.#inner.startResponse(status, headers, contentLength);
    } else if (contentLength !== undefined) {
      this.#startStream(status, headers);
    } else {
      this.#held = { status, headers, chunks: [], bytes: 0 };
      setImmediate(() => this.#exchange.guard(() => this.#streamHeld()));
    }
  }

  write(chunk: Buffer): boolean {
    const held = this.#held;
    if (held !== undefined) {
      held.chunks.push(chunk);
      held.bytes += chunk.length;
      if (held.bytes > bytesAtOnce) this.#streamHeld();
      return this.#stream === undefined || !this.#stream.writableNeedDrain;
    }
    return this.#stream === undefined ? this.#inner.write(chunk) : this.#compress(this.#stream, chunk);
  }

  end(): void {
    const held = this.#held;
    if (held !== undefined) {
      this.#held = undefined;
      this.respond(held.status, held.headers, Buffer.concat(held.chunks));
    } else if (this.#stream === undefined) {
      this.#inner.end();
      this.#settle();
    } else {
      this.#stream.end();
    }
  }

  abort(): void {
    this.#drop();
    this.#inner.abort();
    this.#settle();
  }

  /**
   * AWS: "Receive an API response with a compressed payload": an answer that the integration has coded stays as it is.
   * RFC 9110 §14.4: a partial answer is a part of the coded representation. RFC 9111 §5.2.2.6: `no-transform`.
   */
  #isCompressed(status: number, headers: readonly string[], length: number): boolean {
    if (length === 0 || length < this.#options.bytesMin) return false;
    if (this.#exchange.request.method === "HEAD" || status === 204 || status === 206 || status === 304) return false;
    for (let index = 0; index < headers.length; index += 2) {
      const name = headers[index]!;
      if (name.length === 16 && name.toLowerCase() === "content-encoding") return false;
      if (name.length === 13 && name.toLowerCase() === "cache-control") {
        if (headers[index + 1]!.toLowerCase().includes("no-transform")) return false;
      }
    }
    return true;
  }

  #streamHeld(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    const stream = this.#startStream(held.status, held.headers);
    for (const chunk of held.chunks) this.#compress(stream, chunk);
  }

  #startStream(status: number, headers: readonly string[]): Gzip | Deflate {
    const stream = this.#options.coding === "gzip" ? loadZlib().createGzip() : loadZlib().createDeflate();
    this.#stream = stream;
    this.#inner.startResponse(status, [...headers, "Content-Encoding", this.#options.coding], undefined);
    const exchange = this.#exchange;
    stream.on("data", (piece: Buffer) => {
      exchange.guard(() => {
        if (!this.#inner.write(piece)) stream.pause();
      });
    });
    stream.on("drain", () => exchange.guard(() => this.observer?.onDrain()));
    stream.on("end", () => {
      exchange.guard(() => {
        this.#inner.end();
        this.#settle();
      });
    });
    stream.on("error", () => this.abort());
    return stream;
  }

  /**
   * Compressed bytes are sent as soon as no more input comes, so that an answer that comes in pieces arrives in pieces.
   */
  #compress(stream: Gzip | Deflate, chunk: Buffer): boolean {
    return stream.write(chunk, () => {
      if (stream.writableLength === 0 && !stream.writableEnded && !stream.destroyed) {
        stream.flush(loadZlib().constants.Z_SYNC_FLUSH);
      }
    });
  }

  /** Throws away the rest, because nobody takes it. */
  #drop(): void {
    this.#held = undefined;
    this.#stream?.destroy();
  }

  #settle(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#exchange.release();
  }
}
