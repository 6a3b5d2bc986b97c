import type { TLSSocket } from "node:tls";
import type { buildConnector, Client, Dispatcher } from "undici";
import { bounds } from "../../base/bounds.ts";
import type { Clock } from "../../base/clock.ts";
import type { Metrics } from "../../telemetry/metrics.ts";

/**
 * Undici's HTTP/1.1 client alone, without fetch, caches, WebSocket and the rest, and only when a stage with an HTTP
 * integration is linked: it brings Node's http, https, TLS and HTTP/2 with it, 17 MB in each gateway thread.
 */
function loadUndici(): { readonly Client: typeof Client; readonly makeConnector: typeof buildConnector } {
  const require = process.getBuiltinModule("node:module").createRequire(import.meta.url);
  return {
    Client: require("undici/lib/dispatcher/client.js") as typeof Client,
    makeConnector: require("undici/lib/core/connect.js") as typeof buildConnector,
  };
}

/** Where a pool's connections go; plans with the same target share them. */
export interface PoolTarget {
  readonly origin: string;
  /** The certificate's issuer is not checked (`tlsConfig.insecureSkipVerification`); its name and dates still are. */
  readonly isTlsUnverified: boolean;
}

/** A call that waits for a connection or has one. */
export interface BackendRequest {
  readonly options: Dispatcher.DispatchOptions;
  readonly handler: Dispatcher.DispatchHandler;
  /** Nobody waits for it any more. */
  isCancelled(): boolean;
}

interface PoolOptions {
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/**
 * Keep-alive connections to one origin, one request at a time on each. Undici's own Pool looks for a free connection
 * from the first one on; here free connections are a stack: taking one costs the same with one and with 500 of them, and
 * the most recently used one, the least likely to have been closed by the backend, is taken first.
 */
export class BackendPool {
  readonly target: PoolTarget;
  /** Programs that use it. */
  references = 0;
  readonly #options: PoolOptions;
  readonly #undici = loadUndici();
  readonly #connector: buildConnector.connector;
  readonly #free: Client[] = [];
  /** Those with a request on them, and those without, which are in `#free`. */
  readonly #busy = new Set<Client>();
  #waiting: BackendRequest[] = [];
  #isClosed = false;

  constructor(target: PoolTarget, options: PoolOptions) {
    this.target = target;
    this.#options = options;
    this.#connector = target.isTlsUnverified
      ? this.#connectUnverified()
      : this.#undici.makeConnector({ timeout: 10_000 });
  }

  /** Sends a request when there is a connection for it. False: too many wait already. */
  send(request: BackendRequest): boolean {
    const client = this.#free.pop() ?? this.#open();
    if (client !== undefined) {
      this.#busy.add(client);
      client.dispatch(request.options, request.handler);
      return true;
    }
    if (this.#waiting.length >= bounds.backendRequestsMax.value) return false;
    this.#waiting.push(request);
    return true;
  }

  /** Ends the connections as they become free. */
  close(): void {
    this.#isClosed = true;
    for (const client of this.#free.splice(0)) this.#drop(client);
  }

  #open(): Client | undefined {
    if (this.#busy.size >= bounds.backendConnectionsMax.value) return undefined;
    const client = new this.#undici.Client(this.target.origin, {
      connect: this.#connector,
      pipelining: 1,
      // The integration's own time-out rules; these would only arm more timers.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: bounds.backendHeaderBytesMax.value,
      keepAliveTimeout: 4_000,
      keepAliveMaxTimeout: 300_000,
    });
    client.on("drain", () => this.#release(client));
    client.on("connect", () => this.#options.metrics.add("backendConnectionsTotal"));
    client.on("disconnect", () => {
      const index = this.#free.indexOf(client);
      if (index < 0) return;
      this.#free.splice(index, 1);
      this.#drop(client);
    });
    return client;
  }

  /** Undici says `drain` when a client takes requests again: after an answer, but also after a failed connection. */
  #release(client: Client): void {
    if (!this.#busy.has(client)) return;
    while (this.#waiting.length > 0) {
      const request = this.#waiting.shift()!;
      if (request.isCancelled()) continue;
      client.dispatch(request.options, request.handler);
      return;
    }
    this.#busy.delete(client);
    if (this.#isClosed) this.#drop(client);
    else this.#free.push(client);
  }

  /** AWS: "tlsConfig": expiry date and host name of the certificate are checked all the same. */
  #connectUnverified(): buildConnector.connector {
    const { clock } = this.#options;
    const connect = this.#undici.makeConnector({ timeout: 10_000, rejectUnauthorized: false });
    return (options, callback) =>
      connect(options, (...outcome) => {
        const socket = outcome[1];
        const problem = socket === null ? undefined : certificateProblem(socket as TLSSocket, options.hostname, clock);
        if (problem === undefined) callback(...outcome);
        else {
          socket?.destroy();
          callback(problem, null);
        }
      });
  }

  #drop(client: Client): void {
    client.destroy(null, ignore);
  }
}

function ignore(): void {}

function certificateProblem(socket: TLSSocket, hostname: string, clock: Clock): Error | undefined {
  const certificate = socket.getPeerCertificate();
  if (clock.now() < Date.parse(certificate.valid_from) || clock.now() > Date.parse(certificate.valid_to)) {
    return new Error("the backend's certificate is expired or not valid yet");
  }
  // Loaded by now; an import would load it into every gateway thread, most of which call no backend over TLS.
  return process.getBuiltinModule("node:tls").checkServerIdentity(hostname, certificate);
}

/** The pools of a gateway thread, each kept as long as a program uses it. */
export class BackendPools {
  readonly #options: PoolOptions;
  readonly #pools = new Map<string, BackendPool>();

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  acquire(target: PoolTarget): BackendPool {
    const key = `${target.isTlsUnverified ? "unverified " : ""}${target.origin}`;
    let pool = this.#pools.get(key);
    if (pool === undefined) {
      pool = new BackendPool(target, this.#options);
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
