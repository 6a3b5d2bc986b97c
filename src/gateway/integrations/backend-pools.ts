import { bounds } from "../../base/bounds.ts";
import type { Clock } from "../../base/clock.ts";
import { ClientConnection, type ConnectionOwner } from "../../http/http1-client/client-connection.ts";
import { type OpenSocket, socketsTo, type TlsIdentity } from "../../http/http1-client/open-socket.ts";
import type { OutboundRequest } from "../../http/http1-client/outbound.ts";
import type { Metrics } from "../../telemetry/metrics.ts";

/** Where a pool's connections go; plans with the same target share them. */
export interface PoolTarget {
  readonly origin: string;
  /** The certificate's issuer is not checked (`tlsConfig.insecureSkipVerification`); its name and dates still are. */
  readonly isTlsUnverified: boolean;
  /** `host:port` in place of the origin's own: a VPC link's. */
  readonly address?: string | undefined;
  readonly identity?: PoolIdentity | undefined;
}

/** The client certificate that connections show, and the name under which they can share a pool. */
export interface PoolIdentity extends TlsIdentity {
  readonly key: string;
}

/** How a call gets a connection. */
export interface BackendRoute {
  /** As `Host` names it: without the scheme's own port. */
  readonly host: string;
  /** Sends a request when there is a connection for it. False: too many wait already. */
  send(request: OutboundRequest): boolean;
  /** Sends a request once more, on a new connection: the other idle ones may have been closed, too. */
  resend(request: OutboundRequest): boolean;
  /** Sends a request that got no connection to another address. False: there is none that is better. */
  sendElsewhere(request: OutboundRequest): boolean;
  /** The request is not wanted any more; it is not told. `isLate`: because its time is over. */
  cancel(request: OutboundRequest, isLate?: boolean): void;
}

/** An address that could not be connected to is left out so long, where there are others. */
const unreachableMs = 10_000;

interface PoolOptions {
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/**
 * Keep-alive connections to one origin, one request at a time on each. Free connections are a stack: taking one costs the
 * same with one and with 500 of them, and the most recently used one, the least likely to have been closed by the
 * backend, is taken first.
 */
export class BackendPool implements ConnectionOwner, BackendRoute {
  readonly target: PoolTarget;
  readonly host: string;
  /** Programs that use it. */
  references = 0;
  readonly #metrics: Metrics;
  readonly #sweep: Sweep;
  readonly #open: OpenSocket;
  readonly #connections = new Set<ClientConnection>();
  readonly #free: ClientConnection[] = [];
  readonly #waiting = new Set<OutboundRequest>();
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

  /** Can it be, as far as is known? */
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
    return this.#sendAnew(request);
  }

  resend(request: OutboundRequest): boolean {
    if (this.#connections.size >= bounds.backendConnectionsMax.value) this.#free[0]?.destroy();
    return this.#sendAnew(request);
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

  /** Ends the connections as they become free. */
  close(): void {
    this.#isClosed = true;
    for (const connection of this.#free.splice(0)) connection.destroy();
  }

  /** False: there is nothing that time could change. */
  sweep(nowMs: number): boolean {
    // Those that wait come first: whose time is over gets no connection that another's end makes room for.
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
    const next = this.#nextWaiting();
    if (next !== undefined) this.#sendAnew(next);
  }

  #sendAnew(request: OutboundRequest): boolean {
    if (this.#connections.size < bounds.backendConnectionsMax.value) {
      const connection = new ClientConnection(this, this.#open);
      this.#connections.add(connection);
      this.#sweep.join(this);
      connection.send(request);
      return true;
    }
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

/** Time-outs are looked at this often, instead of a timer for each call: that costs a request nothing. */
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
    // After what has come by now is read: a thread that was held up does not take its own delay for the backend's.
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

/** The pools of a gateway thread, each kept as long as a program uses it. */
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
