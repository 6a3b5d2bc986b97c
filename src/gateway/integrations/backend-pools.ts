import { bounds } from "../../base/bounds.ts";
import type { Clock } from "../../base/clock.ts";
import { ClientConnection, type ConnectionOwner } from "../../http/http1-client/client-connection.ts";
import { type OpenSocket, socketsTo, type TlsIdentity } from "../../http/http1-client/open-socket.ts";
import type { OutboundRequest } from "../../http/http1-client/outbound.ts";
import type { Metrics } from "../../telemetry/metrics.ts";

/** Where a pool's connections go; plans with the same target share them. */
export interface PoolTarget {
  readonly origin: string;
  /**
   * True if the issuer of the backend's certificate is not checked (`tlsConfig.insecureSkipVerification`); the name and
   * the dates are checked all the same.
   */
  readonly isTlsUnverified: boolean;
  /** `host:port` to connect to in place of the origin's own: an address of a VPC link. */
  readonly address?: string | undefined;
  readonly identity?: PoolIdentity | undefined;
}

/** The client certificate that connections show, and the name under which they can share a pool. */
export interface PoolIdentity extends TlsIdentity {
  readonly key: string;
}

/** How a call gets a connection. */
export interface BackendRoute {
  /** The origin as `Host` names it: without the scheme's default port. */
  readonly host: string;
  /** Sends a request as soon as there is a connection for it. Returns false if too many requests wait already. */
  send(request: OutboundRequest): boolean;
  /**
   * Sends a request once more, on a new connection, because the other idle connections may have been closed as well.
   */
  resend(request: OutboundRequest): boolean;
  /** Sends a request that got no connection to another address. Returns false if no better address is known. */
  sendElsewhere(request: OutboundRequest): boolean;
  /** Takes back a request without calling it. `isLate` says that its time is over. */
  cancel(request: OutboundRequest, isLate?: boolean): void;
}

const connectionsMax = bounds.backendConnectionsMax.value;
const connectsPerMs = bounds.backendConnectsPerMsMax.value;

/** For how many milliseconds an address that could not be connected to is left out, if there are others. */
const unreachableMs = 10_000;

interface PoolOptions {
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/**
 * Keep-alive connections to one origin, each with one request at a time. Free connections are a stack: taking one costs
 * the same whether there are one or 500, and the connection used most recently, which the backend is least likely to
 * have closed, is taken first. Connections are opened some at a time: where a thread was held up, many requests come in
 * one piece, and the connections that it has answer them sooner than so many new ones, which would hold it up again.
 */
export class BackendPool implements ConnectionOwner, BackendRoute {
  readonly target: PoolTarget;
  readonly host: string;
  /** The number of programs that use the pool. */
  references = 0;
  readonly #metrics: Metrics;
  readonly #sweep: Sweep;
  readonly #open: OpenSocket;
  readonly #connections = new Set<ClientConnection>();
  readonly #free: ClientConnection[] = [];
  readonly #waiting = new Set<OutboundRequest>();
  /** The connections that were opened in this millisecond. When it is over, those that wait get theirs. */
  #opened = 0;
  #isClosed = false;
  #unreachableUntilMs = 0;

  constructor(target: PoolTarget, sweep: Sweep, options: PoolOptions) {
    this.target = target;
    this.host = new URL(target.origin).host;
    this.#metrics = options.metrics;
    this.#sweep = sweep;
    this.#open = socketsTo(target.origin, { ...target, clock: options.clock });
  }

  get nowMs(): number {
    return this.#sweep.nowMs;
  }

  /** Whether the address can be reached, as far as is known. */
  get isReachable(): boolean {
    return this.#unreachableUntilMs === 0 || performance.now() >= this.#unreachableUntilMs;
  }

  send(request: OutboundRequest): boolean {
    for (let free = this.#free.pop(); free !== undefined; free = this.#free.pop()) {
      if (free.isOpen) {
        free.send(request);
        return true;
      }
    }
    return this.#mayConnect ? this.#connect(request) : this.#wait(request);
  }

  resend(request: OutboundRequest): boolean {
    if (this.#connections.size >= connectionsMax) this.#free[0]?.destroy();
    return this.#connections.size < connectionsMax ? this.#connect(request) : this.#wait(request);
  }

  sendElsewhere(): boolean {
    return false;
  }

  cancel(request: OutboundRequest, isLate = false): void {
    if (this.#waiting.delete(request)) return;
    const { connection } = request;
    if (!(connection instanceof ClientConnection) || !this.#connections.has(connection)) return;
    if (isLate && !connection.isConnected) this.unreachable();
    connection.destroy();
  }

  /** Closes the connections as they become free. */
  close(): void {
    this.#isClosed = true;
    for (const connection of this.#free.splice(0)) connection.destroy();
  }

  /** Applies time-outs. Returns false if time can change nothing in this pool. */
  sweep(nowMs: number): boolean {
    // Waiting requests are checked first, so that one whose time is over does not get a connection that another request
    // frees.
    for (const request of this.#waiting) {
      try {
        request.sweep(nowMs);
      } catch (error) {
        request.onException(error);
      }
    }
    for (const connection of this.#connections) connection.sweep(nowMs);
    return this.#connections.size > 0;
  }

  connected(): void {
    this.#unreachableUntilMs = 0;
    this.#metrics.add("backendConnectionsTotal");
  }

  unreachable(): void {
    this.#unreachableUntilMs = performance.now() + unreachableMs;
  }

  released(connection: ClientConnection): void {
    const next = this.#nextWaiting();
    if (next !== undefined) connection.send(next);
    else if (this.#isClosed) connection.destroy();
    else this.#free.push(connection);
  }

  closed(connection: ClientConnection): void {
    this.#connections.delete(connection);
    const index = this.#free.indexOf(connection);
    if (index >= 0) this.#free.splice(index, 1);
    this.#connectWaiting();
  }

  get #mayConnect(): boolean {
    return this.#opened < connectsPerMs && this.#connections.size < connectionsMax;
  }

  #connect(request: OutboundRequest): true {
    // tidy-allow: timer – one for many connections that are opened, and none where they are kept.
    if (this.#opened++ === 0) setTimeout(this.#connectMore, 1).unref();
    const connection = new ClientConnection(this, this.#open);
    this.#connections.add(connection);
    this.#sweep.join(this);
    connection.send(request);
    return true;
  }

  readonly #connectMore = (): void => {
    this.#opened = 0;
    this.#connectWaiting();
  };

  #connectWaiting(): void {
    while (this.#waiting.size > 0 && this.#mayConnect) this.#connect(this.#nextWaiting()!);
  }

  #wait(request: OutboundRequest): boolean {
    if (this.#waiting.size >= bounds.backendRequestsMax.value) return false;
    this.#waiting.add(request);
    return true;
  }

  #nextWaiting(): OutboundRequest | undefined {
    for (const request of this.#waiting) {
      this.#waiting.delete(request);
      return request;
    }
    return undefined;
  }
}

/** The interval at which time-outs are checked. There is no timer for each call, so a request costs nothing extra. */
const sweepMs = 20;

/** One coarse timer for all pools of a thread, which runs only while there are connections. */
class Sweep {
  /** Milliseconds of the monotonic clock. */
  nowMs = performance.now();
  readonly #pools = new Set<BackendPool>();
  #timer: NodeJS.Timeout | undefined = undefined;

  join(pool: BackendPool): void {
    this.#pools.add(pool);
    if (this.#timer !== undefined) return;
    this.nowMs = performance.now();
    // Time-outs are checked after all bytes that have arrived are read, so that a thread that was held up does not
    // blame its own delay on the backend.
    this.#timer = setInterval(() => {
      this.nowMs = performance.now();
      setImmediate(() => this.#run());
    }, sweepMs);
    this.#timer.unref();
  }

  #run(): void {
    for (const pool of this.#pools) if (!pool.sweep(this.nowMs)) this.#pools.delete(pool);
    if (this.#pools.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** The pools of a gateway thread. Each is kept as long as a program uses it. */
export class BackendPools {
  readonly #options: PoolOptions;
  readonly #pools = new Map<string, BackendPool>();
  readonly #sweep = new Sweep();

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  acquire(target: PoolTarget): BackendPool {
    const { isTlsUnverified, origin, address = "", identity } = target;
    const key = [origin, address, isTlsUnverified ? "unverified" : "", identity?.key ?? ""].join(" ");
    let pool = this.#pools.get(key);
    if (pool === undefined) {
      pool = new BackendPool(target, this.#sweep, this.#options);
      this.#pools.set(key, pool);
    }
    pool.references++;
    return pool;
  }

  release(pool: BackendPool): void {
    if (--pool.references > 0) return;
    for (const [key, each] of this.#pools) if (each === pool) this.#pools.delete(key);
    pool.close();
  }

  close(): void {
    for (const pool of this.#pools.values()) pool.close();
    this.#pools.clear();
  }
}
