import { assert } from "../../base/assert.ts";
import type { AnswerObserver, BodySink, CollectOutcome, InboundExchange } from "../inbound.ts";
import type { Listener } from "../listener.ts";
import { forwardedClient, type RequestClient } from "../request-client.ts";
import { readWish } from "../websocket/handshake.ts";
import type { WebSocketLimits, WebSocketPeer, WebSocketReceiver, WebSocketWish } from "../websocket/websocket.ts";
import { ChunkedDecoder } from "./chunked-decoder.ts";
import type { Connection } from "./connection.ts";
import { latin1Write } from "./latin1.ts";
import type { Head } from "./parse-head.ts";
import { problems } from "./problem.ts";
import { headerLines, statusLine } from "./response-head.ts";
import { joinedBytes, writeJoined } from "./write-joined.ts";

const empty = Buffer.alloc(0);
const firstBodyBytes = 65_536;

/**
 * Who reads the body: nobody yet, `collect`, `streamBody`, nobody any more (it is too large), or the codec, which
 * throws it away.
 */
export const readers = { none: 0, collect: 1, stream: 2, refused: 3, discard: 4 } as const;
export const answers = { none: 0, begun: 1, finished: 2 } as const;
const framings = { whole: 0, length: 1, chunked: 2, untilClose: 3, bodiless: 4 } as const;

/** Request and answer of this codec. The constructor sets every field, so that there is one hidden class. */
export class Http1Request implements InboundExchange {
  readonly connection: Connection;
  readonly method: string;
  readonly target: string;
  readonly headBytes: number;
  readonly httpVersion: "1.0" | "1.1";
  readonly rawHeaders: readonly string[];
  readonly headerNames: readonly string[];
  readonly host: string;
  readonly contentLength: number | undefined;
  readonly hasBody: boolean;
  observer: AnswerObserver | undefined = undefined;
  responseBytes = 0;

  readonly decoder: ChunkedDecoder | undefined;
  reader: number = readers.none;
  bodyRemaining: number;
  isBodyDone: boolean;
  isBodyPaused = false;
  /** The received bytes of the body, and the tick since which they are counted (pauses move it on). */
  bodyBytes = 0;
  bodyClock = 0;
  /** The bytes reserved of the memory that all connections share for bodies. */
  reservedBytes = 0;
  answer: number = answers.none;
  #pausedAt = 0;
  /** What a trusted proxy says of the client. */
  #client: RequestClient | undefined = undefined;
  #isContinueWanted: boolean;
  #sink: BodySink | undefined = undefined;
  #collected: Buffer = empty;
  #collectBytesMax = 0;
  #onCollected: ((outcome: CollectOutcome, body: Buffer) => void) | undefined = undefined;
  #framing: number = framings.whole;
  #responseRemaining = 0;
  /** The head of a streamed answer, until it goes out with the first bytes or at the next tick. */
  #pendingHead = "";

  constructor(connection: Connection, from: Head) {
    this.connection = connection;
    this.method = from.method;
    this.target = from.target;
    this.headBytes = from.bytes;
    this.httpVersion = from.isHttp11 ? "1.1" : "1.0";
    this.rawHeaders = from.rawHeaders;
    this.headerNames = from.headerNames;
    this.host = connection.lowerHost(from.host);
    this.hasBody = from.isChunked || from.contentLength > 0;
    this.contentLength = from.contentLength === -1 ? undefined : from.contentLength;
    this.decoder = from.isChunked ? new ChunkedDecoder() : undefined;
    this.bodyRemaining = from.contentLength === -1 ? 0 : from.contentLength;
    this.isBodyDone = !this.hasBody;
    this.#isContinueWanted = from.expectsContinue && this.hasBody;
  }

  get client(): RequestClient {
    const { client, isPeerTrusted, listener } = this.connection;
    if (!isPeerTrusted) return client;
    this.#client ??= forwardedClient(client, this, listener.trustedProxies);
    return this.#client;
  }
  get listener(): Listener {
    return this.connection.listener;
  }
  get isBegun(): boolean {
    return this.answer !== answers.none;
  }
  get webSocket(): WebSocketWish {
    const wish = readWish(this);
    return wish === "asked" && !this.connection.host.hasRoomForWebSocket ? "crowded" : wish;
  }

  header(name: string): string | undefined {
    const names = this.headerNames;
    for (let i = names.length - 1; i >= 0; i--) if (names[i] === name) return this.rawHeaders[2 * i + 1];
    return undefined;
  }

  collect(bytesMax: number, done: (outcome: CollectOutcome, body: Buffer) => void): void {
    assert(this.reader === readers.none, "a body is read once");
    const connection = this.connection;
    if (!this.hasBody) {
      this.reader = readers.collect;
      done("ok", empty);
    } else if (connection.exchange !== this) {
      done("aborted", empty);
    } else if (this.contentLength !== undefined && this.contentLength > bytesMax) {
      this.reader = readers.refused;
      done("too-large", empty);
    } else {
      this.reader = readers.collect;
      this.#collectBytesMax = bytesMax;
      this.#onCollected = done;
      this.#beginReading();
    }
  }

  reserve(bytes: number): boolean {
    if (this.connection.exchange !== this) return true;
    if (!this.connection.host.reserve(bytes)) return false;
    this.reservedBytes += bytes;
    return true;
  }

  streamBody(sink: BodySink): void {
    assert(this.reader === readers.none, "a body is read once");
    this.reader = readers.stream;
    if (!this.hasBody) sink.end();
    else if (this.connection.exchange !== this) sink.error("aborted");
    else {
      this.#sink = sink;
      this.#beginReading();
    }
  }

  #beginReading(): void {
    const connection = this.connection;
    if (this.#isContinueWanted) {
      this.#isContinueWanted = false;
      if (connection.at >= connection.bytes.length) connection.socket.write("HTTP/1.1 100 Continue\r\n\r\n", "latin1");
    }
    connection.startBodyClock(this);
    connection.guard(this, () => connection.readBody(this));
    if (!this.isBodyDone && !this.isBodyPaused) connection.resumeSocket();
    connection.advance();
  }

  resumeBody(): void {
    if (!this.isBodyPaused) return;
    const connection = this.connection;
    this.isBodyPaused = false;
    if (this.isBodyDone || connection.exchange !== this) return;
    this.bodyClock += connection.host.tick - this.#pausedAt;
    connection.deadline = connection.host.tick + connection.host.ticks.body;
    connection.guard(this, () => connection.readBody(this));
    if (!this.isBodyPaused) connection.resumeSocket();
    connection.advance();
  }

  /** Called by the connection with a piece of the body. */
  bodyArrived(piece: Buffer): void {
    this.bodyBytes += piece.length;
    if (this.reader === readers.collect) this.#collectPiece(piece);
    else if (this.reader === readers.stream) {
      if (this.#sink?.data(piece) === false && !this.isBodyDone && this.reader === readers.stream) {
        this.isBodyPaused = true;
        this.#pausedAt = this.connection.host.tick;
        this.connection.stopClock();
        this.connection.pauseSocket();
      }
    } else if (this.bodyBytes > this.connection.host.limits.drainBytesMax) this.connection.close();
  }

  #collectPiece(piece: Buffer): void {
    const bytes = this.bodyBytes;
    if (bytes > this.#collectBytesMax) {
      this.#finishCollecting("too-large");
      return;
    }
    const start = bytes - piece.length;
    if (start === 0 && this.isBodyDone) {
      this.#collected = piece;
      return;
    }
    // The buffer grows by doubling and not to the declared length, because declaring a length costs a client nothing.
    if (this.#collected.length < bytes) {
      const declared = this.contentLength ?? this.#collectBytesMax;
      const size = Math.min(declared, Math.max(firstBodyBytes, bytes * 2));
      if (!this.connection.host.reserve(size - this.#collected.length)) {
        this.connection.refuse(problems.overloaded);
        this.#finishCollecting("aborted");
        return;
      }
      this.reservedBytes += size - this.#collected.length;
      const grown = Buffer.allocUnsafeSlow(size);
      this.#collected.copy(grown, 0, 0, start);
      this.#collected = grown;
    }
    piece.copy(this.#collected, start);
  }

  #finishCollecting(outcome: CollectOutcome): void {
    const done = this.#onCollected;
    if (done === undefined) return;
    const body = outcome === "ok" ? this.#collected.subarray(0, this.bodyBytes) : empty;
    this.#onCollected = undefined;
    this.#collected = empty;
    this.reader = outcome === "ok" ? readers.collect : readers.refused;
    if (outcome !== "ok") this.connection.stopClock();
    done(outcome, body);
  }

  /** Called by the connection when the body is complete. */
  bodyEnded(): void {
    if (this.reader === readers.collect) this.#finishCollecting("ok");
    else if (this.reader === readers.stream) {
      const sink = this.#sink;
      this.#sink = undefined;
      sink?.end();
    }
  }

  /** Called by the connection if the rest of the body will not come. */
  bodyBroke(reason: "malformed" | "timeout" | "aborted"): void {
    const sink = this.#sink;
    this.#sink = undefined;
    if (this.reader === readers.collect) this.#finishCollecting(reason);
    else sink?.error(reason);
  }

  /** Called by the connection when the client is gone. */
  peerClosed(): void {
    try {
      if (!this.isBodyDone) this.bodyBroke("aborted");
    } finally {
      if (this.answer !== answers.finished) this.observer?.onClose();
    }
  }

  respond(status: number, headers: readonly string[], body: Buffer | string | undefined): void {
    if (this.answer !== answers.none) return;
    const connection = this.connection;
    if (connection.exchange !== this) {
      this.answer = answers.finished;
      return;
    }
    const isString = typeof body === "string";
    const length = body === undefined ? 0 : isString ? Buffer.byteLength(body) : body.length;
    const isBodiless = this.#isBodiless(status);
    const lengthLine = status === 204 || (status === 304 && length === 0) ? "" : `Content-Length: ${length}\r\n`;
    const text = this.#head(status, headers, lengthLine);
    // It is set only here, because an exception before this can still be answered in another way.
    this.answer = answers.finished;
    const socket = connection.socket;
    if (isBodiless || body === undefined || length === 0) socket.write(text, "latin1");
    else {
      this.responseBytes = length;
      // As many bytes as characters: ASCII, which is latin1 as well.
      if (isString && length === body.length) socket.write(text + body, "latin1");
      else writeJoined(socket, text, isString ? Buffer.from(body) : body);
    }
    connection.answered(this);
  }

  upgrade(headers: readonly string[], limits: WebSocketLimits, receiver: WebSocketReceiver): WebSocketPeer | undefined {
    if (this.answer !== answers.none) return undefined;
    assert(readWish(this) === "asked", "a WebSocket is made of a request that asks for one");
    const { connection } = this;
    if (!connection.host.hasRoomForWebSocket) {
      // Others took the room while the answer was made.
      const { status, contentType, body } = problems.webSocketsCrowded;
      this.respond(status, ["Content-Type", contentType], body);
      return undefined;
    }
    this.answer = answers.finished;
    return connection.exchange === this ? connection.upgrade(this, headers, limits, receiver) : undefined;
  }

  startResponse(
    status: number,
    headers: readonly string[],
    declaredLength: number | undefined,
    isBodyHere = false,
  ): void {
    if (this.answer !== answers.none) return;
    // A length that is not a safe integer is ignored.
    const contentLength = Number.isSafeInteger(declaredLength) && declaredLength! >= 0 ? declaredLength : undefined;
    const connection = this.connection;
    if (connection.exchange !== this) {
      this.answer = answers.begun;
      return;
    }
    let framingLine = "";
    if (contentLength !== undefined) {
      this.#responseRemaining = contentLength;
      this.#framing = framings.length;
      if (status !== 204) framingLine = `Content-Length: ${contentLength}\r\n`;
    }
    if (this.#isBodiless(status)) this.#framing = framings.bodiless;
    else if (contentLength === undefined) {
      if (this.httpVersion === "1.1") {
        this.#framing = framings.chunked;
        framingLine = "Transfer-Encoding: chunked\r\n";
      } else {
        this.#framing = framings.untilClose;
        connection.isKeepAlive = false;
      }
    }
    this.#pendingHead = this.#head(status, headers, framingLine);
    this.answer = answers.begun;
    // Headers must not wait for a body that comes later.
    if (!isBodyHere || this.#framing === framings.bodiless) process.nextTick(flushHead, this);
  }

  write(chunk: Buffer): boolean {
    return this.#write(chunk, false);
  }

  writeLent(chunk: Buffer): boolean {
    return this.#write(chunk, true);
  }

  #write(chunk: Buffer, isLent: boolean): boolean {
    const connection = this.connection;
    if (this.answer !== answers.begun || connection.exchange !== this) return true;
    const length = chunk.length;
    if (length === 0 || this.#framing === framings.bodiless) return true;
    const socket = connection.socket;
    const pending = this.#pendingHead;
    this.#pendingHead = "";
    if (this.#framing === framings.chunked) {
      this.responseBytes += length;
      const size = `${pending}${length.toString(16)}\r\n`;
      if (length + size.length <= joinedBytes) {
        const joined = Buffer.allocUnsafe(size.length + length + 2);
        latin1Write(joined, size, 0);
        chunk.copy(joined, size.length);
        latin1Write(joined, "\r\n", size.length + length);
        socket.write(joined);
      } else {
        socket.cork();
        socket.write(size, "latin1");
        socket.write(isLent ? Buffer.from(chunk) : chunk);
        socket.write("\r\n", "latin1");
        socket.uncork();
      }
      return !socket.writableNeedDrain;
    }
    if (this.#framing === framings.length) {
      if (length > this.#responseRemaining) {
        // Bytes beyond the declared length would be read as the next answer.
        this.abort();
        return true;
      }
      this.#responseRemaining -= length;
    }
    this.responseBytes += length;
    if (pending !== "") writeJoined(socket, pending, chunk, isLent);
    else socket.write(isLent ? Buffer.from(chunk) : chunk);
    return !socket.writableNeedDrain;
  }

  end(): void {
    if (this.answer !== answers.begun) return;
    const connection = this.connection;
    if (connection.exchange === this) {
      if (this.#framing === framings.length && this.#responseRemaining > 0) {
        this.abort();
        return;
      }
      const rest = this.#framing === framings.chunked ? `${this.#pendingHead}0\r\n\r\n` : this.#pendingHead;
      this.#pendingHead = "";
      if (rest !== "") connection.socket.write(rest, "latin1");
    }
    this.answer = answers.finished;
    connection.answered(this);
  }

  abort(): void {
    if (this.answer === answers.finished) return;
    this.answer = answers.finished;
    const connection = this.connection;
    if (connection.exchange !== this) return;
    // The answers to earlier requests are whole, and must not be lost.
    connection.uncork();
    connection.dropExchange();
    connection.isClosed = true;
    // If the connection's end is the body's end, only a reset tells the client that something is missing.
    if (this.#framing === framings.untilClose && !connection.listener.isEncrypted) connection.socket.resetAndDestroy();
    else connection.socket.destroy();
  }

  /** Sends the head of a streamed answer whose body has not begun. */
  flushPendingHead(): void {
    const pending = this.#pendingHead;
    if (pending === "" || this.connection.exchange !== this) return;
    this.#pendingHead = "";
    this.connection.socket.write(pending, "latin1");
  }

  #isBodiless(status: number): boolean {
    return status === 204 || status === 304 || this.method === "HEAD";
  }

  #head(status: number, headers: readonly string[], framingLine: string): string {
    const connection = this.connection;
    // An interim or impossible status would break the framing for the client.
    const isSendable = Number.isInteger(status) && status >= 200 && status <= 999;
    if (!this.isBodyDone && !this.#isBodyDrainable()) connection.isKeepAlive = false;
    return (
      statusLine(isSendable ? status : 500) +
      headerLines(headers) +
      framingLine +
      connection.host.dateLine +
      (connection.isKeepAlive && !connection.host.isStopping ? "Connection: keep-alive\r\n\r\n" : this.#closing())
    );
  }

  #closing(): string {
    this.connection.isKeepAlive = false;
    return "Connection: close\r\n\r\n";
  }

  /** Returns whether the connection can be kept although the body is not read to its end. */
  #isBodyDrainable(): boolean {
    // RFC 9110 §10.1.1: a client that was not told to continue may or may not send the body, so what comes next is
    // uncertain.
    if (this.#isContinueWanted) return false;
    if (this.reader === readers.collect || this.reader === readers.stream) return true;
    return this.decoder !== undefined || this.bodyRemaining <= this.connection.host.limits.drainBytesMax;
  }
}

const flushHead = (exchange: Http1Request): void => exchange.flushPendingHead();
