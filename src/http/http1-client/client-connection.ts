import type { Socket } from "node:net";
import { bounds } from "../../base/bounds.ts";
import { ChunkedDecoder } from "../http1/chunked-decoder.ts";
import { writeJoined } from "../http1/write-joined.ts";
import type { SocketReader } from "./open-socket.ts";
import type { OutboundConnection, OutboundRequest } from "./outbound.ts";
import { complete, incomplete, parseResponseHead, ResponseHead, type ResponseLimits } from "./parse-response-head.ts";

/** The pool a connection belongs to. */
export interface ConnectionOwner {
  /** Milliseconds of the monotonic clock, as of the last sweep. */
  readonly nowMs: number;
  /** It takes the next request. */
  released(connection: ClientConnection): void;
  connected(): void;
  /** It could not be made. */
  unreachable(): void;
  /** It is gone. Called once. */
  closed(connection: ClientConnection): void;
}

const empty = Buffer.alloc(0);
/** An answer's head that trickles in is looked at again after this many bytes, or when a line may have ended. */
const headStepBytes = 4_096;
/** RFC 9110 §15.2: interim answers of one request; more are no service to anybody. */
const interimAnswersMax = bounds.backendInterimAnswersMax.value;
const connectTimeoutMs = bounds.backendConnectMsMax.value;
/** Shorter than the five seconds of Node's, Apache's and many another server, so that they don't close it under a request. */
const idleMsDefault = 4_000;
const idleMsMax = bounds.backendIdleMsMax.value;
/** A server that says how long it waits is left this much earlier: it began to count before we did. */
const idleMarginMs = 2_000;

const framings = { none: 0, length: 1, chunked: 2, untilClose: 3 } as const;

const limits: ResponseLimits = {
  headBytesMax: bounds.backendHeaderBytesMax.value,
  headersMax: bounds.backendHeadersMax.value,
};

/** One thread parses one head at a time. */
const head = new ResponseHead();

/**
 * One connection to a backend: one request at a time, and its answer. It is used again only if the answer's end is beyond
 * doubt, nothing followed it, and the whole request had been sent. RFC 9112 §9.3, §9.6.
 */
export class ClientConnection implements OutboundConnection, SocketReader {
  readonly #owner: ConnectionOwner;
  readonly #socket: Socket;
  readonly #connectDeadlineMs: number;
  #request: OutboundRequest | undefined = undefined;
  #isConnected = false;
  #isClosed = false;
  #isRequestSent = true;
  /** Bytes of a streamed body that are still to come; -1: chunked. */
  #requestRemaining = 0;
  #isReused = false;
  /** Any byte of an answer to this request came. */
  #isAnswering = false;
  #isHeadRead = false;
  #interimAnswers = 0;
  /** Of a head that is not all here: [0, #heldBytes). */
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

  /** Whether it is as open as can be known: what the system has not told yet, the next write finds out. */
  get isOpen(): boolean {
    return !this.#isClosed && this.#socket.writable;
  }

  /** Sends a request, at the latest when the connection is made. There must be none on it. */
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

  /** From the socket: it is connected, over TLS with a certificate that was accepted. */
  onConnected(): void {
    if (this.#isClosed) return;
    this.#isConnected = true;
    this.#owner.connected();
    const request = this.#request;
    if (request !== undefined) this.#guard(() => this.#write(request));
  }

  /** From the socket: it may not be used. */
  onRefused(message: string, code: string | undefined): void {
    this.#fail(message, code);
  }

  /** From the socket. The bytes [0, end) are only lent: the next read overwrites them. */
  onLent(bytes: Buffer, end: number): void {
    try {
      this.#read(bytes, end, true);
    } catch (error) {
      this.#except(error);
    }
  }

  /** From the socket: bytes that nobody else has. */
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
      // What is here of the body goes with the head.
      socket.cork();
      socket.write(text, "latin1");
      body.start(this);
      socket.uncork();
    }
  }

  #read(bytes: Buffer, end: number, isLent: boolean): void {
    const request = this.#request;
    if (request === undefined || !this.#isConnected) {
      // Nobody asked: the answer to the next request would be anybody's guess.
      this.destroy();
      return;
    }
    this.#isAnswering = true;
    if (this.#isHeadRead) this.#readBody(request, { bytes, at: 0, end, isLent });
    else if (this.#heldBytes === 0) this.#readHead(request, { bytes, at: 0, end, isLent });
    else {
      const from = this.#heldBytes;
      this.#hold(bytes, 0, end);
      // A head that trickles in is looked at again when a line may have ended, not at every byte.
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
        // HTTP/1.0 has none, none is the last one, and none has a body: whatever this is, what follows it is not clear.
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
    request.onHead(head.status, head.headers);
    if (this.#request === request) this.#readBody(request, input);
  }

  /** RFC 9112 §6.3. */
  #frame(request: OutboundRequest, answer: ResponseHead): void {
    this.#isKeepAlive = answer.isKeepAlive;
    const { keepAliveMs } = answer;
    this.#idleMs = keepAliveMs === -1 ? idleMsDefault : Math.min(keepAliveMs - idleMarginMs, idleMsMax);
    if (request.isHead || answer.status === 304 || answer.status === 204) {
      this.#framing = framings.none;
      // A 204 that announces a body may be followed by it.
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
    const isTaken = request.onData(isLent ? copyOf(bytes, at, end) : bytes.subarray(at, end));
    if (isTaken || isLast || this.#request !== request) return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  /** The answer is whole. `isFollowed`: by bytes that nobody asked for. */
  #complete(isFollowed: boolean): void {
    const request = this.#request as OutboundRequest;
    this.#request = undefined;
    this.#decoder = undefined;
    // An answer that comes before the request is all sent leaves a rest that the backend may or may not read.
    if (this.#isKeepAlive && this.#isRequestSent && !isFollowed && this.#idleMs > 0) {
      this.#isReused = true;
      this.#idleDeadlineMs = this.#owner.nowMs + this.#idleMs;
      this.#owner.released(this);
    } else this.destroy();
    // The connection is perhaps another request's by now: what is thrown here is not its fault.
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

  /** Ends the connection, and tells the request on it. */
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
  /** The bytes must be copied if they are kept. */
  readonly isLent: boolean;
}

const copyOf = (bytes: Buffer, start: number, end: number): Buffer => {
  const copy = Buffer.allocUnsafe(end - start);
  bytes.copy(copy, 0, start, end);
  return copy;
};

/** Several addresses that all failed make an error without words of its own. */
function describe(error: Error & { readonly errors?: readonly Error[] }): string {
  return error.message || error.errors?.[0]?.message || error.name;
}
