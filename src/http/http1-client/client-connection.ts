import type { Socket } from "node:net";
import { bounds } from "../../base/bounds.ts";
import { ChunkedDecoder } from "../http1/chunked-decoder.ts";
import { writeJoined } from "../http1/write-joined.ts";
import type { SocketReader } from "./open-socket.ts";
import type { OutboundConnection, OutboundRequest } from "./outbound.ts";
import { complete, incomplete, parseResponseHead, ResponseHead, type ResponseLimits } from "./parse-response-head.ts";

/** The pool a connection belongs to. */
export interface ConnectionOwner {
  /** The monotonic clock in milliseconds, as of the last sweep. */
  readonly nowMs: number;
  /** Called when the connection can take the next request. */
  released(connection: ClientConnection): void;
  connected(): void;
  /** Called when the connection could not be made. */
  unreachable(): void;
  /** Called once, when the connection is gone. */
  closed(connection: ClientConnection): void;
}

const empty = Buffer.alloc(0);
/** An answer's head that trickles in is parsed again after this many bytes, or when a line may have ended. */
const headStepBytes = 4_096;
/** The number of interim answers to one request (RFC 9110 §15.2). More serve nobody. */
const interimAnswersMax = bounds.backendInterimAnswersMax.value;
const connectTimeoutMs = bounds.backendConnectMsMax.value;
/**
 * It is shorter than the five seconds of Node.js, Apache and many other servers, so that they don't close the
 * connection under a request.
 */
const idleMsDefault = 4_000;
const idleMsMax = bounds.backendIdleMsMax.value;
/**
 * A connection to a server that announces its time-out is closed this much earlier, because the server began to count
 * before us.
 */
const idleMarginMs = 2_000;

const framings = { none: 0, length: 1, chunked: 2, untilClose: 3 } as const;

const limits: ResponseLimits = {
  headBytesMax: bounds.backendHeaderBytesMax.value,
  headersMax: bounds.backendHeadersMax.value,
};

/** One thread parses one head at a time. */
const head = new ResponseHead();

/**
 * One connection to a backend, which carries one request with its answer at a time. It is used again only if the
 * answer's end is certain, nothing followed it, and the whole request had been sent. RFC 9112 §9.3, §9.6.
 */
export class ClientConnection implements OutboundConnection, SocketReader {
  readonly #owner: ConnectionOwner;
  readonly #socket: Socket;
  readonly #connectDeadlineMs: number;
  #request: OutboundRequest | undefined = undefined;
  #isConnected = false;
  #isClosed = false;
  #isRequestSent = true;
  /** Bytes of a streamed body that are still to come; -1 for a chunked body. */
  #requestRemaining = 0;
  #isReused = false;
  /** Whether any byte of the answer to this request has come. */
  #isAnswering = false;
  #isHeadRead = false;
  #interimAnswers = 0;
  /** The part of an incomplete head: [0, #heldBytes). */
  #held: Buffer = empty;
  #heldBytes = 0;
  #parseAt = 0;
  #framing: number = framings.none;
  #remaining = 0;
  #decoder: ChunkedDecoder | undefined = undefined;
  #isKeepAlive = false;
  #isPaused = false;
  #idleMs = idleMsDefault;
  #idleDeadlineMs = 0;

  constructor(owner: ConnectionOwner, open: (reader: SocketReader) => Socket) {
    this.#owner = owner;
    this.#connectDeadlineMs = performance.now() + connectTimeoutMs;
    this.#socket = open(this);
    this.#socket.on("drain", () => this.#onDrain());
    this.#socket.on("end", () => this.#onEnd());
    this.#socket.on("error", (error: NodeJS.ErrnoException) => this.#fail(describe(error), error.code));
    this.#socket.on("close", () => this.#fail("the connection was closed", "ECONNRESET"));
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /**
   * Whether the connection is open, as far as we know. The next write finds out what the system has not reported yet.
   */
  get isOpen(): boolean {
    return !this.#isClosed && this.#socket.writable;
  }

  /** Sends a request, at the latest when the connection is made. No other request may be on it. */
  send(request: OutboundRequest): void {
    this.#request = request;
    request.connection = this;
    this.#isAnswering = false;
    this.#isHeadRead = false;
    this.#interimAnswers = 0;
    if (this.#isConnected) this.#write(request);
  }

  writeBody(chunk: Buffer): boolean {
    const socket = this.#socket;
    const { length } = chunk;
    if (this.#isClosed || this.#isRequestSent || length === 0) return true;
    if (this.#requestRemaining === -1) {
      const size = `${length.toString(16)}\r\n`;
      socket.cork();
      socket.write(size, "latin1");
      socket.write(chunk);
      socket.write("\r\n", "latin1");
      socket.uncork();
    } else {
      if (length > this.#requestRemaining) {
        this.#fail("the request's body is longer than was declared", undefined);
        return true;
      }
      this.#requestRemaining -= length;
      socket.write(chunk);
    }
    return !socket.writableNeedDrain;
  }

  endBody(): void {
    if (this.#isClosed || this.#isRequestSent) return;
    if (this.#requestRemaining > 0) {
      this.#fail("the request's body is shorter than was declared", undefined);
      return;
    }
    this.#isRequestSent = true;
    if (this.#requestRemaining === -1) this.#socket.write("0\r\n\r\n", "latin1");
  }

  resume(): void {
    if (!this.#isPaused || this.#isClosed) return;
    this.#isPaused = false;
    this.#socket.resume();
  }

  destroy(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#request = undefined;
    this.#held = empty;
    this.#socket.destroy();
    this.#owner.closed(this);
  }

  /** Called by the pool, again and again. */
  sweep(nowMs: number): void {
    const request = this.#request;
    if (request === undefined) {
      if (nowMs >= this.#idleDeadlineMs) this.destroy();
      return;
    }
    this.#guard(() => request.sweep(nowMs));
    if (!this.#isConnected && nowMs >= this.#connectDeadlineMs) {
      this.#fail(`no connection within ${connectTimeoutMs} ms`, "ETIMEDOUT");
    }
  }

  /** Called by the socket when it is connected; over TLS, with an accepted certificate. */
  onConnected(): void {
    if (this.#isClosed) return;
    this.#isConnected = true;
    this.#owner.connected();
    const request = this.#request;
    if (request !== undefined) this.#guard(() => this.#write(request));
  }

  /** Called by the socket if it may not be used. */
  onRefused(message: string, code: string | undefined): void {
    this.#fail(message, code);
  }

  /** Called by the socket with bytes [0, end), which the next read overwrites. */
  onLent(bytes: Buffer, end: number): void {
    try {
      this.#read(bytes, end, true);
    } catch (error) {
      this.#except(error);
    }
  }

  /** Called by the socket with bytes that belong to the callee. */
  onOwned(bytes: Buffer): void {
    try {
      this.#read(bytes, bytes.length, false);
    } catch (error) {
      this.#except(error);
    }
  }

  #write(request: OutboundRequest): void {
    const socket = this.#socket;
    const { head: text, body } = request;
    this.#isRequestSent = true;
    if (body === undefined) socket.write(text, "latin1");
    else if (Buffer.isBuffer(body)) writeJoined(socket, text, body);
    else {
      this.#isRequestSent = false;
      this.#requestRemaining = body.length ?? -1;
      // The part of the body that is here goes out with the head.
      socket.cork();
      socket.write(text, "latin1");
      body.start(this);
      socket.uncork();
    }
  }

  #read(bytes: Buffer, end: number, isLent: boolean): void {
    const request = this.#request;
    if (request === undefined || !this.#isConnected) {
      // The bytes answer no request, so the next answer would be uncertain.
      this.destroy();
      return;
    }
    this.#isAnswering = true;
    if (this.#isHeadRead) this.#readBody(request, { bytes, at: 0, end, isLent });
    else if (this.#heldBytes === 0) this.#readHead(request, { bytes, at: 0, end, isLent });
    else {
      const from = this.#heldBytes;
      this.#hold(bytes, 0, end);
      // A head that trickles in is parsed again when a line may have ended, not at every byte.
      if (this.#heldBytes < this.#parseAt && !this.#held.subarray(from, this.#heldBytes).includes(0x0a)) return;
      const held = this.#held;
      const heldBytes = this.#heldBytes;
      this.#held = empty;
      this.#heldBytes = 0;
      this.#readHead(request, { bytes: held, at: 0, end: heldBytes, isLent: false });
    }
  }

  #readHead(request: OutboundRequest, input: Input): void {
    const { bytes, end } = input;
    for (;;) {
      const outcome = parseResponseHead(bytes, input.at, end, limits, head);
      if (outcome === incomplete) {
        this.#hold(bytes, input.at, end);
        this.#parseAt = this.#heldBytes + headStepBytes;
        return;
      }
      if (outcome !== complete) {
        this.#fail(outcome, undefined);
        return;
      }
      input.at = head.end;
      if (head.status >= 200) break;
      if (head.status === 101) {
        this.#fail("the backend changes the protocol, which nobody asked for", undefined);
        return;
      }
      if (!head.isKeepAlive || head.isChunked || head.contentLength > 0) {
        // HTTP/1.0 has no interim answers, and none closes the connection or has a body. What follows this one is
        // uncertain.
        this.#fail("an interim answer claims to be more than that", undefined);
        return;
      }
      if (++this.#interimAnswers > interimAnswersMax) {
        this.#fail("the backend sends interim answers without end", undefined);
        return;
      }
    }
    this.#isHeadRead = true;
    this.#frame(request, head);
    request.onHead(head, this.#isBodyHere(input));
    if (this.#request === request) this.#readBody(request, input);
  }

  /** RFC 9112 §6.3. */
  #frame(request: OutboundRequest, answer: ResponseHead): void {
    this.#isKeepAlive = answer.isKeepAlive;
    const { keepAliveMs } = answer;
    this.#idleMs = keepAliveMs === -1 ? idleMsDefault : Math.min(keepAliveMs - idleMarginMs, idleMsMax);
    if (request.isHead || answer.status === 304 || answer.status === 204) {
      this.#framing = framings.none;
      // A body may follow a 204 that announces one.
      if (answer.status === 204 && (answer.isChunked || answer.contentLength > 0)) this.#isKeepAlive = false;
    } else if (answer.isChunked) {
      this.#framing = framings.chunked;
      this.#decoder = new ChunkedDecoder();
    } else if (answer.contentLength !== -1) {
      this.#framing = answer.contentLength === 0 ? framings.none : framings.length;
      this.#remaining = answer.contentLength;
    } else {
      this.#framing = framings.untilClose;
      this.#isKeepAlive = false;
    }
  }

  /** Of chunks only a size may have come, and no byte. */
  #isBodyHere({ at, end }: Input): boolean {
    return this.#framing === framings.none || (at < end && this.#framing !== framings.chunked);
  }

  #readBody(request: OutboundRequest, input: Input): void {
    const { at, end } = input;
    switch (this.#framing) {
      case framings.none:
        this.#complete(at < end);
        return;
      case framings.length: {
        const length = Math.min(this.#remaining, end - at);
        this.#remaining -= length;
        const isWhole = this.#remaining === 0;
        if (length > 0) this.#pass(request, input, at + length, isWhole);
        if (isWhole && this.#request === request) this.#complete(at + length < end);
        return;
      }
      case framings.untilClose:
        if (at < end) this.#pass(request, input, end, false);
        return;
      default:
        if (at < end) this.#readChunks(request, input);
    }
  }

  #readChunks(request: OutboundRequest, input: Input): void {
    const decoder = this.#decoder as ChunkedDecoder;
    const bytes = input.bytes.subarray(input.at, input.end);
    if (!decoder.decode(bytes, 0)) {
      this.#fail("the answer's chunks are malformed", undefined);
      return;
    }
    const { dataStart, dataEnd, isDone } = decoder;
    const isFollowed = decoder.end < bytes.length;
    if (dataEnd > dataStart) {
      this.#pass(request, { bytes, at: dataStart, end: dataEnd, isLent: input.isLent }, dataEnd, isDone);
    }
    if (isDone && this.#request === request) this.#complete(isFollowed);
  }

  #pass(request: OutboundRequest, input: Input, end: number, isLast: boolean): void {
    const { bytes, at, isLent } = input;
    const isTaken = request.onData(bytes.subarray(at, end), isLent);
    if (isTaken || isLast || this.#request !== request) return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  /** Ends the exchange with a whole answer. `isFollowed` says that more bytes came behind it. */
  #complete(isFollowed: boolean): void {
    const request = this.#request as OutboundRequest;
    this.#request = undefined;
    this.#decoder = undefined;
    // If an answer comes before the whole request was sent, the backend may or may not read the rest.
    if (this.#isKeepAlive && this.#isRequestSent && !isFollowed && this.#idleMs > 0) {
      this.#isReused = true;
      this.#idleDeadlineMs = this.#owner.nowMs + this.#idleMs;
      this.#owner.released(this);
    } else this.destroy();
    // The connection may already belong to another request, which must not suffer from an exception here.
    try {
      request.onEnd();
    } catch (error) {
      request.onException(error);
    }
  }

  #hold(bytes: Buffer, start: number, end: number): void {
    const length = this.#heldBytes + end - start;
    if (this.#held.length < length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(1_024, 2 * length));
      this.#held.copy(grown, 0, 0, this.#heldBytes);
      this.#held = grown;
    }
    bytes.copy(this.#held, this.#heldBytes, start, end);
    this.#heldBytes = length;
  }

  #onDrain(): void {
    const body = this.#request?.body;
    if (body === undefined || Buffer.isBuffer(body) || this.#isRequestSent) return;
    this.#guard(() => body.resume());
  }

  #onEnd(): void {
    if (this.#isClosed) return;
    if (this.#request !== undefined && this.#isHeadRead && this.#framing === framings.untilClose) {
      this.#guard(() => this.#complete(false));
    } else this.#fail("the backend closed the connection", "ECONNRESET");
  }

  /** Ends the connection, and reports the failure to its request. */
  #fail(message: string, code: string | undefined): void {
    if (this.#isClosed) return;
    const request = this.#request;
    const isStale = this.#isReused && !this.#isAnswering;
    const isUnconnected = !this.#isConnected;
    if (isUnconnected) this.#owner.unreachable();
    this.destroy();
    if (request !== undefined) this.#guard(() => request.onFailure({ code, message, isStale, isUnconnected }), request);
  }

  #guard(callback: () => void, request = this.#request): void {
    try {
      callback();
    } catch (error) {
      this.#except(error, request);
    }
  }

  #except(error: unknown, request = this.#request): void {
    this.destroy();
    request?.onException(error);
  }
}

interface Input {
  readonly bytes: Buffer;
  at: number;
  readonly end: number;
  /** Whether the bytes have to be copied to be kept. */
  readonly isLent: boolean;
}

/** Describes an error. One that stands for several failed addresses has no message of its own. */
function describe(error: Error & { readonly errors?: readonly Error[] }): string {
  return error.message || error.errors?.[0]?.message || error.name;
}
