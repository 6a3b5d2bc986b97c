import { randomInt } from "node:crypto";
import type { Socket } from "node:net";
import { bounds } from "../../base/bounds.ts";
import type { Clock } from "../../base/clock.ts";
import type { InboundExchange, InboundRequest } from "../inbound.ts";
import type { Listener } from "../listener.ts";
import { directClient, isTrusted } from "../request-client.ts";
import type { WebSocketEvent } from "../websocket/websocket.ts";
import { WebSocketConnection } from "../websocket/websocket-connection.ts";
import { Connection, type ConnectionHost, type TickLimits } from "./connection.ts";
import type { Http1Limits } from "./limits.ts";

const leftByWebSocketsMax = bounds.leftByWebSocketsMax.value;

export interface Http1Options {
  readonly limits: Http1Limits;
  readonly clock: Clock;
  /** Called for each request, in the order of a connection. An exception ends only that exchange. */
  readonly onRequest: (exchange: InboundExchange) => void;
  /** Called with an exception of a handler. */
  readonly onError: (error: unknown, request: InboundRequest | undefined) => void;
  /** Called when a connection is closed because it has no PROXY header, or none that can be believed. */
  readonly onRefused?: (address: string, problem: string) => void;
  /** Called for what is counted of WebSockets. */
  readonly onWebSocket?: (event: WebSocketEvent) => void;
  /** Answers TLS: returns the socket inside of one whose first bytes are unread. Without it, TLS is not offered. */
  readonly secure?: ((socket: Socket) => Socket) | undefined;
}

/**
 * Serves HTTP/1.1 over the sockets that `accept` gets, which must be half-open (`allowHalfOpen`). One coarse sweep over
 * the connections checks all time-outs, and runs only while there are connections. So a request sets a number and not a
 * timer.
 */
export class Http1Server implements ConnectionHost {
  readonly limits: Http1Limits;
  readonly onRequest: (exchange: InboundExchange) => void;
  readonly onError: (error: unknown, request: InboundRequest | undefined) => void;
  readonly onRefused: (address: string, problem: string) => void;
  readonly count: (event: WebSocketEvent) => void;
  readonly ticks: TickLimits;
  tick = 0;
  isStopping = false;
  dateLine = "";
  nowMs = 0;
  readonly #secure: Http1Options["secure"];
  readonly #clock: Clock;
  readonly #tickMs: number;
  /** In the order in which they came. */
  readonly #connections = new Set<Connection | WebSocketConnection>();
  /**
   * Goes over the connections for those that make room, once in a sweep's time. It must not live on: an iterator of a set that is
   * not moved keeps all that has been in the set since.
   */
  #candidates: SetIterator<Connection | WebSocketConnection> | undefined = undefined;
  /** WebSockets stay for hours, and nobody who needs their place gets it. */
  readonly #webSocketsMax: number;
  #webSockets = 0;
  #bufferedBodyBytes = 0;
  #timer: NodeJS.Timeout | undefined = undefined;
  #onEmpty: (() => void) | undefined = undefined;

  constructor(options: Http1Options) {
    const { limits } = options;
    this.limits = limits;
    this.onRequest = options.onRequest;
    this.onError = options.onError;
    this.onRefused = options.onRefused ?? (() => undefined);
    this.count = options.onWebSocket ?? (() => undefined);
    this.#secure = options.secure;
    this.#clock = options.clock;
    const { headerTimeoutMs, bodyTimeoutMs, sendTimeoutMs, keepAliveMs, lingerMs } = limits;
    const shortest = Math.min(headerTimeoutMs, bodyTimeoutMs, sendTimeoutMs, keepAliveMs, lingerMs);
    const { connectionsMax } = limits;
    this.#webSocketsMax = connectionsMax - Math.min(leftByWebSocketsMax, Math.floor(connectionsMax / 8));
    this.#tickMs = Math.min(500, Math.max(10, Math.floor(shortest / 8)));
    const inTicks = (ms: number): number => Math.ceil(ms / this.#tickMs) + 1;
    this.ticks = {
      header: inTicks(headerTimeoutMs),
      body: inTicks(bodyTimeoutMs),
      send: inTicks(sendTimeoutMs),
      keepAlive: inTicks(keepAliveMs),
      linger: inTicks(lingerMs),
      bodyBytesPerTick: (limits.bodyBytesPerSecondMin * this.#tickMs) / 1000,
    };
  }

  get hasRoomForWebSocket(): boolean {
    return this.#webSockets < this.#webSocketsMax;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Takes a socket that came in by `listener`. */
  accept(socket: Socket, listener: Listener): void {
    const isFull = this.#connections.size >= this.limits.connectionsMax;
    if (this.isStopping || (isFull && !this.#makeRoom())) {
      socket.destroy();
      return;
    }
    const { hasProxyProtocol, trustedProxies } = listener;
    if (hasProxyProtocol) {
      const { ip, address } = directClient(socket, listener.isEncrypted);
      if (!isTrusted(ip, trustedProxies)) {
        this.onRefused(address, "it is no trusted proxy");
        socket.destroy();
        return;
      }
    }
    if (this.#timer === undefined) {
      this.#refreshDate();
      this.#timer = setInterval(() => this.#sweep(), this.#tickMs);
    }
    this.#connections.add(new Connection(socket, listener, this));
  }

  /**
   * Closes one connection that waits for a request, of the older ones, so that clients which connect and send nothing, or never
   * all of a request, keep nobody out. Returns false if there is none.
   */
  #makeRoom(): boolean {
    this.#candidates ??= this.#connections.values();
    for (let next = this.#candidates.next(); next.done !== true; next = this.#candidates.next()) {
      const connection = next.value;
      if (!(connection instanceof Connection && connection.isExpendable)) continue;
      connection.destroy();
      this.#connections.delete(connection);
      return true;
    }
    return false;
  }

  secure(connection: Connection): boolean {
    const { socket, listener, client, isPeerTrusted } = connection;
    if (this.#secure === undefined || listener.isEncrypted) return false;
    connection.release();
    const inside = { ...listener, isEncrypted: true, hasProxyProtocol: false };
    const secured = new Connection(this.#secure(socket), inside, this, { ...client, isEncrypted: true });
    secured.isPeerTrusted = isPeerTrusted;
    this.#connections.add(secured);
    this.#connections.delete(connection);
    return true;
  }

  /**
   * Ends idle connections now, the others after their answers, WebSockets one after another in random order, and all that are
   * left after `drainMs`. Of `servers` that stop together each closes its part of WebSockets a second.
   */
  stop(drainMs: number, servers = 1): Promise<void> {
    this.isStopping = true;
    return new Promise((resolve) => {
      const sockets: WebSocketConnection[] = [];
      for (const connection of this.#connections) {
        if (connection instanceof WebSocketConnection) sockets.push(connection);
        else connection.stop();
      }
      const closing = closeSpread(sockets, Math.min(drainMs * spreadPart, sockets.length * spreadMs * servers));
      const cut = setTimeout(() => {
        for (const connection of this.#connections) connection.destroy();
      }, drainMs);
      this.#onEmpty = () => {
        clearTimeout(cut);
        clearInterval(closing);
        resolve();
      };
      this.#settle();
    });
  }

  reserve(bytes: number): boolean {
    if (this.#bufferedBodyBytes + bytes > this.limits.bufferedBodyBytesMax) return false;
    this.#bufferedBodyBytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#bufferedBodyBytes -= bytes;
  }

  forget(connection: Connection | WebSocketConnection): void {
    if (this.#connections.delete(connection) && connection instanceof WebSocketConnection) this.#webSockets--;
    this.#settle();
  }

  replace(connection: Connection, by: WebSocketConnection): void {
    this.#connections.add(by);
    this.#webSockets++;
    this.#connections.delete(connection);
    // Later, since who asked for the WebSocket does not have it yet.
    if (this.isStopping) process.nextTick(() => by.stop());
  }

  #settle(): void {
    if (this.#connections.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#onEmpty?.();
  }

  #sweep(): void {
    this.tick++;
    this.#candidates = undefined;
    this.#refreshDate();
    let queuedBytes = 0;
    for (const connection of this.#connections) {
      connection.sweep();
      queuedBytes += connection.socket.writableLength;
    }
    if (queuedBytes > this.limits.queuedAnswerBytesMax) this.#cutLargestQueues(queuedBytes);
  }

  #cutLargestQueues(queuedBytes: number): void {
    const largestFirst = [...this.#connections].sort((a, b) => b.socket.writableLength - a.socket.writableLength);
    let left = queuedBytes;
    for (const connection of largestFirst) {
      if (left <= this.limits.queuedAnswerBytesMax) return;
      left -= connection.socket.writableLength;
      connection.destroy();
    }
  }

  #refreshDate(): void {
    this.nowMs = this.#clock.now();
    this.dateLine = `Date: ${new Date(this.nowMs).toUTCString()}\r\n`;
  }
}

/** The part of the drain time in which WebSockets are closed: their closing takes a moment, too. */
const spreadPart = 0.8;
/** WebSockets are closed no faster than their clients may connect again: 500 a second. AWS: "New connections per second per account". */
const spreadMs = 2;
const spreadStepMs = 10;

/** Closes WebSockets within `ms`, one after another in random order, so that not all clients come back at once. */
function closeSpread(sockets: WebSocketConnection[], ms: number): NodeJS.Timeout {
  for (let index = sockets.length - 1; index > 0; index--) {
    const other = randomInt(index + 1);
    [sockets[index], sockets[other]] = [sockets[other]!, sockets[index]!];
  }
  const startedAt = performance.now();
  const total = sockets.length;
  const closeDue = (): void => {
    const part = ms <= 0 ? 1 : (performance.now() - startedAt + spreadStepMs) / ms;
    const due = Math.min(total, Math.ceil(total * part));
    while (total - sockets.length < due) sockets.pop()!.stop();
    if (sockets.length === 0) clearInterval(timer);
  };
  const timer = setInterval(closeDue, spreadStepMs);
  closeDue();
  return timer;
}
