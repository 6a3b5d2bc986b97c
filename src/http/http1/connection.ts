import type { Socket } from "node:net";
import { DeliveryWatch } from "../delivery-watch.ts";
import type { InboundExchange, InboundRequest } from "../inbound.ts";
import type { Listener } from "../listener.ts";
import { directClient, hasHints, isTrusted, makeClient, type RequestClient } from "../request-client.ts";
import { ownSocket, type SocketOwner } from "../socket-owner.ts";
import { acceptingHead, allowedHeaders } from "../websocket/handshake.ts";
import type { WebSocketLimits, WebSocketPeer, WebSocketReceiver } from "../websocket/websocket.ts";
import { WebSocketConnection, type WebSocketHost } from "../websocket/websocket-connection.ts";
import { answers, Http1Request, readers } from "./http1-request.ts";
import type { Http1Limits } from "./limits.ts";
import { complete, Head, incomplete, parseHead } from "./parse-head.ts";
import { parseProxyHeader } from "./parse-proxy-header.ts";
import { type Problem, problems } from "./problem.ts";
import { headerLines, statusLine } from "./response-head.ts";

/** What a connection needs from the server that accepted it. */
export interface ConnectionHost extends WebSocketHost {
  readonly limits: Http1Limits;
  /** The time in ticks of the server's sweep: coarse, and free to read. */
  readonly tick: number;
  readonly ticks: Readonly<TickLimits>;
  readonly isStopping: boolean;
  /** False if one more WebSocket would take what is left for other connections. */
  readonly hasRoomForWebSocket: boolean;
  /** `Date: … CRLF`; each sweep makes it again. */
  readonly dateLine: string;
  readonly onRequest: (exchange: InboundExchange) => void;
  readonly onError: (error: unknown, request: InboundRequest | undefined) => void;
  /** Called when a connection is closed because it has no PROXY header, or none that can be believed. */
  readonly onRefused: (address: string, problem: string) => void;
  /**
   * Called with a connection that begins with TLS. Returns false if TLS is not offered; else the connection was given up with
   * `release`, and another one serves what is inside.
   */
  secure(connection: Connection): boolean;
  forget(connection: Connection | WebSocketConnection): void;
  /** Goes on with a WebSocket in place of the connection that it came by. */
  replace(connection: Connection, by: WebSocketConnection): void;
}

export interface TickLimits {
  readonly header: number;
  readonly body: number;
  readonly send: number;
  readonly keepAlive: number;
  readonly linger: number;
  readonly bodyBytesPerTick: number;
}

const empty = Buffer.alloc(0);
const never = 0x3fffffff;
const pendingParseStep = 4_096;
/** RFC 8446 §5.1: the first byte of a record with a handshake, which no request begins with. */
const tlsHandshake = 0x16;

/** One thread parses one head at a time. */
const head = new Head();

/**
 * One client connection. It reads requests one after the other, hands each to the server's handler, and writes the
 * answers. It does not parse a request before the previous answer is handed to the socket and the socket has room. So
 * pipelining keeps its order, and a client that does not read its answers is not read either.
 */
export class Connection implements SocketOwner {
  readonly socket: Socket;
  readonly host: ConnectionHost;
  readonly listener: Listener;
  /** Who sends the requests, unless `isPeerTrusted`, and they name somebody else. */
  client: RequestClient;
  isPeerTrusted: boolean;
  /** Received and not yet consumed: [at, bytes.length). */
  bytes: Buffer = empty;
  at = 0;
  exchange: Http1Request | undefined = undefined;
  isKeepAlive = true;
  isClosed = false;
  /** Whether the last answer is on its way, so that further input is thrown away. */
  isLingering = false;
  deadline: number;
  /** Parsing an incomplete head waits for a line's end or this many bytes. */
  #parseAt = 0;
  #isHeadBegun = false;
  /** A request came by it. */
  #isUsed = false;
  #isProxyHeaderDue: boolean;
  #isAdvancing = false;
  #isReadingBody = false;
  #isSocketPaused = false;
  #isCorked = false;
  #lingerBytes = 0;
  #hostAsSent = "";
  #hostInLowerCase = "";
  #delivery: DeliveryWatch | undefined = undefined;

  /** `client` is who sends the requests, if that is known better than by the socket. */
  constructor(socket: Socket, listener: Listener, host: ConnectionHost, client?: RequestClient) {
    this.socket = socket;
    this.host = host;
    this.listener = listener;
    this.client = client ?? directClient(socket, listener.isEncrypted);
    this.isPeerTrusted = isTrusted(this.client.ip, listener.trustedProxies);
    this.#isProxyHeaderDue = listener.hasProxyProtocol;
    this.deadline = host.tick + host.ticks.header;
    ownSocket(socket, this);
  }

  get isIdle(): boolean {
    return this.exchange === undefined && !this.#isHeadBegun && !this.isLingering;
  }

  /** Whether it may be closed to make room for another one: by this sweep it has waited for a request, and owes no answer. */
  get isExpendable(): boolean {
    if (this.exchange !== undefined || this.socket.writableLength > 0) return false;
    const { tick, ticks } = this.host;
    const isHeadDue = this.#isHeadBegun || !this.#isUsed;
    const wait = this.isLingering ? ticks.linger : isHeadDue ? ticks.header : ticks.keepAlive;
    return tick > this.deadline - wait;
  }

  /** Returns the host in lower case. A connection's requests nearly always name the same one. */
  lowerHost(host: string): string {
    if (host !== this.#hostAsSent) {
      this.#hostAsSent = host;
      this.#hostInLowerCase = host.toLowerCase();
    }
    return this.#hostInLowerCase;
  }

  /** Called by the server's sweep. */
  sweep(): void {
    const { tick, ticks } = this.host;
    if (this.socket.writableLength === 0) this.#delivery = undefined;
    else if (!this.#isDelivering(tick)) {
      this.destroy();
      return;
    } else if (this.isLingering || this.isIdle) {
      // A slow answer does not make the connection idle.
      this.deadline = tick + (this.isLingering ? ticks.linger : ticks.keepAlive);
    }
    if (tick >= this.deadline) this.#onDeadline();
  }

  #isDelivering(tick: number): boolean {
    this.#delivery ??= new DeliveryWatch(this.socket, tick);
    return this.#delivery.isDelivering(this.socket, tick, this.host.ticks);
  }

  /** Called when the server stops. An idle connection ends now, another one after its answer. */
  stop(): void {
    this.isKeepAlive = false;
    if (this.isIdle) this.close();
  }

  destroy(): void {
    this.isClosed = true;
    this.socket.destroy();
  }

  /**
   * Ends the connection after what was written. Input is thrown away for a while, so that no reset overtakes the
   * answer.
   */
  close(): void {
    if (this.isLingering || this.isClosed) return;
    this.isLingering = true;
    this.dropExchange();
    this.bytes = empty;
    this.at = 0;
    this.deadline = this.host.tick + this.host.ticks.linger;
    this.resumeSocket();
    this.socket.end();
  }

  /** Gives the socket up, paused, with what was received and not read. */
  release(): void {
    this.isClosed = true;
    this.deadline = never;
    this.socket.pause();
    this.socket.unshift(this.bytes.subarray(this.at));
    this.bytes = empty;
    this.at = 0;
  }

  receive(chunk: Buffer): void {
    if (this.isClosed) return;
    if (this.isLingering) {
      this.#lingerBytes += chunk.length;
      if (this.#lingerBytes > this.host.limits.lingerBytesMax) this.destroy();
      return;
    }
    const left = this.bytes.length - this.at;
    if (left === 0) {
      this.bytes = chunk;
      this.at = 0;
    } else {
      this.bytes = Buffer.concat([this.at === 0 ? this.bytes : this.bytes.subarray(this.at), chunk]);
      this.at = 0;
      // A head that trickles in is looked at again when a line may have ended, not at every byte.
      if (this.exchange === undefined && this.bytes.length < this.#parseAt && !chunk.includes(0x0a)) return;
    }
    this.advance();
  }

  /** Reads bodies, finishes exchanges and begins the next ones until there is nothing to do. */
  advance(): void {
    if (this.#isAdvancing || this.isClosed || this.isLingering) return;
    this.#isAdvancing = true;
    while (this.#advanceGuarded());
    this.#isAdvancing = false;
    this.uncork();
  }

  /** Sends the corked answers to pipelined requests. */
  uncork(): void {
    if (!this.#isCorked) return;
    this.#isCorked = false;
    this.socket.uncork();
  }

  #advanceGuarded(): boolean {
    try {
      return this.#advanceOnce();
    } catch (error) {
      this.#fail(error, this.exchange);
      return true;
    }
  }

  #advanceOnce(): boolean {
    if (this.isClosed || this.isLingering) return false;
    const exchange = this.exchange;
    if (exchange === undefined) {
      if (this.at >= this.bytes.length) {
        this.bytes = empty;
        this.at = 0;
        return false;
      }
      if (this.socket.writableNeedDrain) {
        this.#pauseIfFull();
        return false;
      }
      return this.#beginExchange();
    }
    if (!exchange.isBodyDone) {
      this.readBody(exchange);
      if (!exchange.isBodyDone) {
        this.#pauseIfFull();
        return false;
      }
    }
    if (exchange.answer !== answers.finished) {
      this.#pauseIfFull();
      return false;
    }
    this.#endExchange();
    return true;
  }

  #beginExchange(): boolean {
    if (this.#isProxyHeaderDue) return this.#readProxyHeader();
    if (this.bytes[this.at] === tlsHandshake && !this.#isUsed && this.host.secure(this)) return false;
    const outcome = parseHead(this.bytes, this.at, this.host.limits, head);
    if (outcome === incomplete) {
      if (!this.#isHeadBegun) {
        this.#isHeadBegun = true;
        this.deadline = this.host.tick + this.host.ticks.header;
      }
      this.#parseAt = this.bytes.length - this.at + pendingParseStep;
      this.resumeSocket();
      return false;
    }
    if (outcome !== complete) {
      this.refuse(outcome);
      return false;
    }
    this.#isHeadBegun = false;
    this.#isUsed = true;
    this.#parseAt = 0;
    this.deadline = never;
    this.at = head.end;
    this.isKeepAlive = head.isKeepAlive && !this.host.isStopping;
    const exchange = new Http1Request(this, head);
    this.exchange = exchange;
    if (this.at < this.bytes.length && exchange.isBodyDone && !this.#isCorked) {
      // More requests are already here, so their answers go out together.
      this.#isCorked = true;
      this.socket.cork();
    }
    this.host.onRequest(exchange);
    return true;
  }

  /** Reads the PROXY header. A connection that begins with anything else is closed without an answer. */
  #readProxyHeader(): boolean {
    const header = parseProxyHeader(this.bytes.subarray(this.at));
    if (header.kind === "incomplete") {
      this.resumeSocket();
      return false;
    }
    if (header.kind === "malformed") {
      this.host.onRefused(this.client.address, header.problem);
      this.destroy();
      return false;
    }
    this.#isProxyHeaderDue = false;
    this.at += header.end;
    if (header.kind === "client") {
      this.client = makeClient({ ...header.client, isEncrypted: this.listener.isEncrypted });
      this.isPeerTrusted = isTrusted(this.client.ip, this.listener.trustedProxies);
    } else {
      // The proxy says that it does not know the client, so what headers say of him is his own word.
      this.isPeerTrusted = false;
    }
    return true;
  }

  /** Drops the current exchange: nothing that it still writes goes anywhere, and its memory is released. */
  dropExchange(): Http1Request | undefined {
    const exchange = this.exchange;
    this.exchange = undefined;
    if (exchange !== undefined && exchange.reservedBytes > 0) {
      this.host.release(exchange.reservedBytes);
      exchange.reservedBytes = 0;
    }
    return exchange;
  }

  /** Called when answer and body are complete. */
  #endExchange(): void {
    this.dropExchange();
    if (!this.isKeepAlive) {
      this.close();
      return;
    }
    this.deadline = this.host.tick + this.host.ticks.keepAlive;
    this.resumeSocket();
  }

  /** Called when the answer was handed to the socket. The rest of the body is thrown away, if that is not too much. */
  answered(exchange: Http1Request): void {
    if (this.exchange !== exchange) return;
    if (exchange.isBodyDone) {
      this.advance();
      return;
    }
    if (!this.isKeepAlive) {
      this.close();
      return;
    }
    exchange.reader = readers.discard;
    exchange.isBodyPaused = false;
    exchange.bodyBytes = 0;
    this.startBodyClock(exchange);
    this.resumeSocket();
    this.advance();
  }

  /** Hands the available part of the body to its reader. */
  readBody(exchange: Http1Request): void {
    if (this.#isReadingBody || this.isClosed) return;
    this.#isReadingBody = true;
    try {
      while (
        this.at < this.bytes.length &&
        !exchange.isBodyDone &&
        !exchange.isBodyPaused &&
        exchange.reader !== readers.none &&
        exchange.reader !== readers.refused &&
        this.exchange === exchange
      ) {
        this.#readBodyOnce(exchange);
      }
    } finally {
      this.#isReadingBody = false;
    }
  }

  #readBodyOnce(exchange: Http1Request): void {
    const decoder = exchange.decoder;
    const start = this.at;
    const length = this.bytes.length;
    if (decoder === undefined) {
      const end = Math.min(length, start + exchange.bodyRemaining);
      exchange.bodyRemaining -= end - start;
      this.at = end;
      if (exchange.bodyRemaining === 0) exchange.isBodyDone = true;
      exchange.bodyArrived(start === 0 && end === length ? this.bytes : this.bytes.subarray(start, end));
    } else {
      if (!decoder.decode(this.bytes, start)) {
        this.breakBody(exchange, "malformed", problems.chunk);
        return;
      }
      this.at = decoder.end;
      if (decoder.isDone) exchange.isBodyDone = true;
      // They are copied before the handler runs, because it may call back into this method.
      const { dataStart, dataEnd } = decoder;
      if (dataEnd > dataStart) exchange.bodyArrived(this.bytes.subarray(dataStart, dataEnd));
    }
    // The body's reader may have ended the connection.
    if (this.exchange !== exchange) return;
    if (exchange.isBodyDone) {
      this.deadline = never;
      exchange.bodyEnded();
    } else if (this.deadline !== never) this.#extendBodyDeadline(exchange);
  }

  /** Stops the deadline, because the next move is the handler's. */
  stopClock(): void {
    this.deadline = never;
  }

  startBodyClock(exchange: Http1Request): void {
    exchange.bodyClock = this.host.tick;
    this.#extendBodyDeadline(exchange);
  }

  /** Extends the deadline by `bodyTimeoutMs` with each read, but never beyond what the body's average rate allows. */
  #extendBodyDeadline(exchange: Http1Request): void {
    const { tick, ticks } = this.host;
    const earned = exchange.bodyClock + Math.floor(exchange.bodyBytes / ticks.bodyBytesPerTick);
    this.deadline = Math.min(tick, earned) + ticks.body;
  }

  /** Ends a body that can't be read to its end. The handler may answer; otherwise the codec does. */
  breakBody(exchange: Http1Request, reason: "malformed" | "timeout", problem: Problem): void {
    this.isKeepAlive = false;
    this.deadline = never;
    exchange.bodyBroke(reason);
    if (this.exchange !== exchange) return;
    if (exchange.answer === answers.none) this.refuse(problem);
    else if (exchange.answer === answers.finished) this.close();
    // A begun answer is left to the handler, which was told. The connection ends after it.
    exchange.isBodyDone = true;
  }

  /** Answers a problem and ends the connection. */
  refuse(problem: Problem): void {
    const hint = hasHints(this) ? `x-portico-hint: ${problem.hint}\r\n` : "";
    const body = problem.body.replace("10240", String(this.host.limits.headerBytesMax));
    const isBodiless = this.exchange?.method === "HEAD";
    this.socket.write(
      `${statusLine(problem.status)}Content-Type: ${problem.contentType}\r\n${hint}${this.host.dateLine}Connection: close\r\n` +
        `Content-Length: ${body.length}\r\n\r\n${isBodiless ? "" : body}`,
      "latin1",
    );
    this.close();
  }

  /** Answers 101, and makes a WebSocket of the connection: what the client sends from now on are frames. */
  upgrade(
    exchange: Http1Request,
    headers: readonly string[],
    limits: WebSocketLimits,
    receiver: WebSocketReceiver,
  ): WebSocketPeer {
    const { host, socket } = this;
    socket.write(acceptingHead(exchange, headerLines(allowedHeaders(headers)) + host.dateLine), "latin1");
    this.uncork();
    this.dropExchange();
    const early = this.at < this.bytes.length ? this.bytes.subarray(this.at) : empty;
    this.isClosed = true;
    this.bytes = empty;
    this.at = 0;
    const peer = new WebSocketConnection(socket, early, { host, limits, receiver });
    host.replace(this, peer);
    return peer;
  }

  /** Handles an exception in a handler: only its exchange ends. */
  #fail(error: unknown, exchange: Http1Request | undefined): void {
    const isHandled = exchange !== undefined && this.#tell(error, exchange);
    if (this.isClosed || this.isLingering || (exchange !== undefined && this.exchange !== exchange)) return;
    if (exchange === undefined || exchange.answer === answers.begun) this.destroy();
    else if (exchange.answer === answers.none) {
      exchange.answer = answers.finished;
      this.refuse(problems.internal);
    } else if (!isHandled) this.close();
  }

  /** Passes an exception to the answer's observer. Returns false if nobody takes it. */
  #tell(error: unknown, exchange: Http1Request): boolean {
    const { observer } = exchange;
    if (observer?.onException !== undefined) {
      try {
        observer.onException(error);
        return true;
      } catch (another) {
        this.host.onError(another, exchange);
        return false;
      }
    }
    this.host.onError(error, exchange);
    return false;
  }

  #pauseIfFull(): void {
    if (this.bytes.length - this.at > this.host.limits.pendingBytesMax) this.pauseSocket();
  }

  pauseSocket(): void {
    if (this.#isSocketPaused) return;
    this.#isSocketPaused = true;
    this.socket.pause();
  }

  resumeSocket(): void {
    if (!this.#isSocketPaused) return;
    this.#isSocketPaused = false;
    this.socket.resume();
  }

  drained(): void {
    if (this.isClosed || this.isLingering) return;
    const exchange = this.exchange;
    const observer = exchange?.observer;
    if (exchange !== undefined && observer !== undefined) this.guard(exchange, () => observer.onDrain());
    this.advance();
  }

  /**
   * Called when the client closed its side. As in nginx, a client that does so during its request counts as gone,
   * because otherwise work for nobody would not be cancelled in time. Finished answers are still delivered.
   */
  peerEnded(): void {
    if (this.exchange === undefined || this.exchange.answer === answers.finished) this.close();
    else this.destroy();
  }

  gone(): void {
    this.isClosed = true;
    this.deadline = never;
    this.bytes = empty;
    this.at = 0;
    this.host.forget(this);
    const exchange = this.dropExchange();
    if (exchange !== undefined) this.guard(exchange, () => exchange.peerClosed());
  }

  #onDeadline(): void {
    this.deadline = never;
    const exchange = this.exchange;
    if (this.isLingering || this.isClosed) this.destroy();
    else if (exchange !== undefined)
      this.guard(exchange, () => this.breakBody(exchange, "timeout", problems.bodyTimeout));
    else if (this.#isHeadBegun) this.refuse(problems.headerTimeout);
    else this.close();
  }

  /** Runs an exchange's callback outside of `advance`. */
  guard(exchange: Http1Request, callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#fail(error, exchange);
    }
  }
}
