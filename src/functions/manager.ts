import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { bounds } from "../base/bounds.ts";
import { dispatch, type Handlers } from "../base/dispatch.ts";
import { PendingAnswers } from "../base/pending-answers.ts";
import type { LogSink } from "../telemetry/log-sink.ts";
import type { Logger } from "../telemetry/logger.ts";
import { awsSdkFolders } from "./aws-sdk-folders.ts";
import { connectFunctions } from "./connect.ts";
import {
  Environment,
  type EnvironmentOptions,
  type FunctionEnvironmentCredentials,
  type StartFailure,
  type TrustedAuthorities,
} from "./environment.ts";
import type { VersionedFunctionClient } from "./function-client.ts";
import { type AliasSpec, environmentKey, type FunctionSpec, runtimes } from "./function-spec.ts";
import { Guardian } from "./guardian.ts";
import { LogLines, type PlatformLogFormat } from "./invocation-log.ts";
import type { FromClient, ToClient } from "./messages.ts";
import { OutputBudget } from "./output-budget.ts";
import type { PackageStore } from "./packages.ts";
import { findPython } from "./python.ts";

export interface FunctionManagerOptions {
  readonly packages: PackageStore;
  readonly logger: Logger;
  /**
   * Takes functions' output in CloudWatch Logs' form: of this thread's own invocations, and outside of all invocations.
   */
  readonly logs?: LogSink;
  /** Returns what AWS SDKs in functions are told, once the server listens: the variables of services' addresses. */
  readonly sdkVariables?: () => Readonly<Record<string, string>>;
  /** The authorities that functions trust for TLS, besides those that their runtimes know. */
  readonly authorities?: TrustedAuthorities;
  /**
   * Makes the credentials of a function's role, or undefined if it gets none. Absent: calls are not verified, and a function's
   * are its account's.
   */
  readonly credentialsOf?: (spec: FunctionSpec) => Promise<FunctionEnvironmentCredentials | undefined>;
  /** The folder whose packages, and those above it, have the AWS SDK; by default the working directory. */
  readonly awsSdk?: string;
  /** The number of invocations of all functions at a time. AWS: Lambda quotas, "Concurrent executions". */
  readonly concurrencyMax?: number;
  /** The number of processes at a time; by default as many as a part of the machine's memory holds. */
  readonly environmentsMax?: number;
  /** How long an environment may load its handler. AWS: "Init phase". */
  readonly initMs?: number;
  /** How long an environment may be idle before it is ended. */
  readonly idleMs?: number;
  /** Called when an environment has started, or has failed to. */
  readonly onStarted?: (hasFailed: boolean) => void;
  /** Whether START, END and REPORT lines also go to the server's log (they are in the log tail anyway). */
  readonly isInvocationLogged?: boolean;
}

interface Client {
  readonly port: MessagePort;
  /** The client's own number of invocations in flight. */
  readonly inFlight: Int32Array;
  isClosed: boolean;
}

/** One version of a function with its environments. */
interface Pool {
  spec: FunctionSpec;
  isRemoved: boolean;
  /** Environments that are ready and not leased. The one used last is used next, so that the others grow old. */
  readonly free: Environment[];
  /** How many environments each client waits for. */
  readonly wanted: Map<Client, number>;
  starting: number;
  /** Clients that were asked to return an idle environment and have not answered. */
  readonly recalls: Set<Client>;
}

const acknowledgeMsMax = bounds.functionAcknowledgementMsMax.value;
/** How long a client may take to say whether it has an environment to spare. */
const recallMsMax = bounds.functionRecallMsMax.value;
/** How often room is requested while there is none, in milliseconds. */
const roomMs = 25;
/** How long an environment has to be idle before it makes room for another function's. */
const evictableMs = 100;
const memoryCheckMs = 200;

/**
 * Starts, lends and ends the environments of all functions. It lives in the main thread. An invocation that finds a
 * warm environment does not go through it: the lessee talks to the process itself.
 */
export class FunctionManager {
  readonly #options: FunctionManagerOptions;
  readonly #pools = new Map<string, Pool>();
  readonly #aliases = new Map<string, AliasSpec>();
  readonly #clients = new Set<Client>();
  readonly #ownClients = new Set<VersionedFunctionClient>();
  readonly #environments = new Map<number, Environment>();
  readonly #lessees = new Map<Environment, Client>();
  /** Clients' acknowledgements that `apply` and `remove` wait for. */
  readonly #acknowledgements = new PendingAnswers<undefined>();
  /** The folder of sockets and the guardian, made with the first environment. */
  #ground: { readonly folder: string; readonly guardian: Guardian } | undefined = undefined;
  readonly #inFlight = new SharedArrayBuffer(4);
  readonly #environmentsMax: number;
  readonly #startsMax = Math.max(4, availableParallelism() * 2);
  readonly #idleMs: number;
  #starts = 0;
  #lastId = 0;
  #memoryTimer: NodeJS.Timeout | undefined = undefined;
  readonly #idleTimer: NodeJS.Timeout;
  #roomTimer: NodeJS.Timeout | undefined = undefined;
  #isClosed = false;
  #whenEmpty: (() => void) | undefined = undefined;

  constructor(options: FunctionManagerOptions) {
    this.#options = options;
    this.#environmentsMax = options.environmentsMax ?? Math.max(8, Math.min(1000, Math.floor(totalmem() / 2 / 96e6)));
    this.#idleMs = options.idleMs ?? 300_000;
    this.#idleTimer = setInterval(() => this.#endIdle(), Math.min(5_000, Math.max(20, this.#idleMs / 4))).unref();
  }

  /**
   * Adds or replaces a function or one of its versions. Environments of its former revision finish what they run and end. It resolves when all
   * clients know the function: whatever they invoke from then on runs this revision.
   */
  apply(spec: FunctionSpec): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    let pool = this.#pools.get(spec.functionArn);
    if (!pool) {
      pool = { spec, isRemoved: false, free: [], wanted: new Map(), starting: 0, recalls: new Set() };
      this.#pools.set(spec.functionArn, pool);
    }
    const isRetired = pool.spec.revisionId !== spec.revisionId;
    pool.spec = spec;
    if (isRetired) this.#retire(pool);
    return this.#announcePool(pool);
  }

  /** Removes a function or one of its versions. Running invocations finish, and no new ones begin. */
  remove(functionArn: string): Promise<void> {
    const pool = this.#pools.get(functionArn);
    if (!pool) return Promise.resolve();
    this.#pools.delete(functionArn);
    pool.isRemoved = true;
    this.#retire(pool);
    return this.#announcePool(pool);
  }

  /** Adds or replaces an alias. Resolves when all clients choose by it. */
  applyAlias(alias: AliasSpec): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#aliases.set(alias.aliasArn, alias);
    return this.#announceAlias(alias.aliasArn, alias);
  }

  /** Removes an alias. */
  removeAlias(aliasArn: string): Promise<void> {
    return this.#aliases.delete(aliasArn) ? this.#announceAlias(aliasArn, null) : Promise.resolve();
  }

  /** Serves a client of another thread, which `connectFunctions(port)` made at the other end. */
  connect(port: MessagePort): void {
    const own = new SharedArrayBuffer(4);
    const client: Client = { port, inFlight: new Int32Array(own), isClosed: false };
    this.#clients.add(client);
    const handlers = this.#handlers(client);
    port.on("message", (message: FromClient) => dispatch(handlers, message));
    port.on("close", () => this.#disconnect(client));
    this.#send(client, {
      kind: "settings",
      inFlight: this.#inFlight,
      ownInFlight: own,
      concurrencyMax: this.#options.concurrencyMax ?? bounds.functionConcurrencyMax.value,
      isInvocationLogged: this.#options.isInvocationLogged ?? false,
    });
    for (const pool of this.#pools.values()) this.#tell(client, pool, 0);
    for (const alias of this.#aliases.values()) {
      this.#send(client, { kind: "alias", aliasArn: alias.aliasArn, alias, ack: 0 });
    }
    port.unref();
  }

  /** Makes a client for this thread. */
  client(): VersionedFunctionClient {
    const { port1, port2 } = new MessageChannel();
    this.connect(port1);
    const client = connectFunctions(port2, { logs: this.#options.logs });
    this.#ownClients.add(client);
    return client;
  }

  /** Removes the code that no function and no running environment uses. */
  async collectPackages(): Promise<void> {
    const used = new Set<string>();
    for (const pool of this.#pools.values()) used.add(pool.spec.packageHash);
    for (const environment of this.#environments.values()) used.add(environment.spec.packageHash);
    await this.#options.packages.collect((hash) => used.has(hash));
  }

  /** Ends every environment with the invocation that it runs. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#idleTimer);
    clearInterval(this.#memoryTimer);
    clearTimeout(this.#roomTimer);
    for (const client of this.#ownClients) await client.close();
    for (const environment of this.#environments.values()) environment.kill();
    if (this.#environments.size > 0) {
      await new Promise<void>((resolve) => {
        this.#whenEmpty = resolve;
      });
    }
    for (const client of this.#clients) client.port.close();
    if (!this.#ground) return;
    this.#ground.guardian.close();
    rmSync(this.#ground.folder, { recursive: true, force: true });
  }

  // ---- Clients ----

  #send(client: Client, message: ToClient): void {
    if (!client.isClosed) client.port.postMessage(message);
  }

  #tell(client: Client, pool: Pool, ack: number): void {
    const { functionArn, name, version, policy, policyRevision, memoryMb, revisionId } = pool.spec;
    const { timeoutSeconds, isJsonLog, systemLogLevel } = pool.spec;
    const platformLog: PlatformLogFormat = isJsonLog ? (systemLogLevel ?? "INFO") : "text";
    const timeoutMs = timeoutSeconds * 1000;
    const facts = { name, version, policy, policyRevision, timeoutMs, memoryMb, platformLog, revisionId };
    this.#send(client, { kind: "function", functionArn, facts: pool.isRemoved ? null : facts, ack });
  }

  #announcePool(pool: Pool): Promise<void> {
    return this.#announce((client, ack) => this.#tell(client, pool, ack));
  }

  #announceAlias(aliasArn: string, alias: AliasSpec | null): Promise<void> {
    return this.#announce((client, ack) => this.#send(client, { kind: "alias", aliasArn, alias, ack }));
  }

  /** Tells every client, and waits until each has acknowledged. */
  async #announce(tell: (client: Client, ack: number) => void): Promise<void> {
    const answers = [...this.#clients].map((client) =>
      this.#acknowledgements.ask({
        peer: client,
        send: (ack) => tell(client, ack),
        withinMs: acknowledgeMsMax,
      }),
    );
    await Promise.all(answers);
  }

  /** Returns the handlers of a client's messages. */
  #handlers(client: Client): Handlers<FromClient> {
    return {
      ack: ({ ack }) => this.#acknowledgements.settle(ack, undefined),
      want: ({ functionArn, change }) => this.#want(client, functionArn, change),
      release: ({ environment }) => this.#release(this.#environments.get(environment)),
      recalled: ({ functionArn, environment }) => this.#recalled(client, functionArn, environment),
      condemn: ({ environment }) => this.#environments.get(environment)?.kill(),
      log: ({ entries }) => {
        for (const { text, functionName, requestId, isPlatform } of entries) {
          this.#log(text, isPlatform ? { function: functionName } : { function: functionName, requestId });
        }
      },
    };
  }

  #disconnect(client: Client): void {
    client.isClosed = true;
    this.#clients.delete(client);
    // A thread that died has not counted down.
    Atomics.sub(new Int32Array(this.#inFlight), 0, Atomics.exchange(client.inFlight, 0, 0));
    this.#acknowledgements.bury(client);
    for (const pool of this.#pools.values()) {
      pool.wanted.delete(client);
      if (pool.recalls.delete(client) && pool.recalls.size === 0) this.#startWanted(pool);
    }
    // Nobody can know any more what they run.
    for (const [environment, lessee] of this.#lessees) if (lessee === client) environment.kill();
  }

  // ---- Leases ----

  #want(client: Client, functionArn: string, change: number): void {
    const pool = this.#pools.get(functionArn);
    if (!pool) {
      if (change > 0) this.#refuse(client, functionArn, "ResourceNotFoundException", 404, notFoundText(functionArn));
      return;
    }
    const count = Math.max(0, (pool.wanted.get(client) ?? 0) + change);
    if (count === 0) pool.wanted.delete(client);
    else pool.wanted.set(client, count);
    if (change <= 0) return;
    this.#grantFree(pool);
    if (pool.wanted.size === 0 || pool.recalls.size > 0) return;
    // Another client may have an idle one, which is available sooner than a new one.
    const lessees = new Set<Client>();
    for (const [environment, lessee] of this.#lessees) {
      if (environment.spec.functionArn === functionArn && lessee !== client) lessees.add(lessee);
    }
    for (const lessee of lessees) {
      pool.recalls.add(lessee);
      this.#send(lessee, { kind: "recall", functionArn });
    }
    if (lessees.size === 0) this.#startWanted(pool);
    else setTimeout(() => this.#endRecalls(pool), recallMsMax);
  }

  #recalled(client: Client, functionArn: string, id: number | null): void {
    const pool = this.#pools.get(functionArn);
    pool?.recalls.delete(client);
    if (id !== null) this.#release(this.#environments.get(id));
    if (pool?.recalls.size === 0) this.#startWanted(pool);
  }

  /** Ends the wait for clients that are too busy to answer. */
  #endRecalls(pool: Pool): void {
    if (pool.recalls.size === 0) return;
    pool.recalls.clear();
    this.#startWanted(pool);
  }

  #release(environment: Environment | undefined): void {
    if (!environment || environment.isEnded) return;
    this.#lessees.delete(environment);
    const pool = this.#pools.get(environment.spec.functionArn);
    if (!pool || pool.spec.revisionId !== environment.spec.revisionId || environment.doomedFor !== undefined) {
      environment.kill();
      return;
    }
    environment.idleSince = performance.now();
    pool.free.push(environment);
    this.#grantFree(pool);
    if (pool.free.includes(environment)) environment.freeze();
    // Another function may wait for its place.
    for (const other of this.#pools.values()) if (other.wanted.size > 0) this.#startWanted(other);
  }

  #grantFree(pool: Pool): void {
    for (const [client, count] of pool.wanted) {
      for (let left = count; left > 0; left--) {
        const environment = pool.free.pop();
        if (!environment) return;
        if (left === 1) pool.wanted.delete(client);
        else pool.wanted.set(client, left - 1);
        this.#grant(client, environment);
      }
    }
  }

  #grant(client: Client, environment: Environment): void {
    environment.thaw();
    this.#lessees.set(environment, client);
    this.#watchMemory();
    this.#send(client, {
      kind: "grant",
      functionArn: environment.spec.functionArn,
      revisionId: environment.spec.revisionId,
      environment: environment.id,
      socketPath: environment.socketPath,
      log: environment.log,
      ...(environment.isInitReported ? {} : { initMs: environment.initMs }),
    });
    environment.isInitReported = true;
  }

  #refuse(client: Client, functionArn: string, code: string, status: number, message: string): void {
    this.#send(client, { kind: "refused", functionArn, code, status, message });
  }

  // ---- Environments ----

  #startWanted(pool: Pool): void {
    let missing = -pool.starting;
    for (const count of pool.wanted.values()) missing += count;
    while (missing-- > 0 && this.#starts < this.#startsMax && !this.#isClosed) {
      if (this.#environments.size + this.#starts >= this.#environmentsMax && !this.#evictIdle(pool)) {
        this.#makeRoom();
        return;
      }
      this.#start(pool);
    }
  }

  /**
   * Requests the idle environments that clients keep for their next request, and repeats that while there is no room.
   */
  #makeRoom(): void {
    if (this.#roomTimer) return;
    for (const client of this.#clients) this.#send(client, { kind: "recall-idle" });
    this.#roomTimer = setTimeout(() => {
      this.#roomTimer = undefined;
      for (const pool of this.#pools.values()) if (pool.wanted.size > 0) this.#startWanted(pool);
    }, roomMs);
  }

  /** Ends the environment of another function that has been idle longest. Its place is free when it has ended. */
  #evictIdle(pool: Pool): boolean {
    let oldest: Environment | undefined;
    for (const other of this.#pools.values()) {
      const candidate = other === pool ? undefined : other.free[0];
      if (candidate && (!oldest || candidate.idleSince < oldest.idleSince)) oldest = candidate;
    }
    // An environment that has just become idle will be wanted again soon; ending it would only move the need.
    if (oldest && performance.now() - oldest.idleSince < evictableMs) return false;
    if (oldest) this.#endFree(oldest);
    return oldest !== undefined;
  }

  async #start(pool: Pool): Promise<void> {
    this.#starts++;
    pool.starting++;
    const { spec } = pool;
    try {
      const command = await this.#commandOf(spec);
      const taskRoot = command && (await this.#options.packages.folderOf(spec.packageHash));
      const credentials = await this.#options.credentialsOf?.(spec);
      if (this.#isClosed) return;
      if (!command || !taskRoot) {
        this.#started(pool);
        this.#refuseAll(pool, "InvalidRuntimeException", 502, missingPythonText(spec));
        return;
      }
      this.#spawn(pool, spec, { command, taskRoot, credentials });
    } catch (error) {
      this.#started(pool);
      const message = `The code of ${spec.name} can't be read: ${error instanceof Error ? error.message : error}`;
      this.#options.logger.error(message, { function: spec.name });
      this.#refuseAll(pool, "ServiceException", 500, message);
    }
  }

  async #commandOf(spec: FunctionSpec): Promise<string | undefined> {
    return runtimes[spec.runtime] === "python" ? await findPython(spec.runtime) : process.execPath;
  }

  #spawn(
    pool: Pool,
    spec: FunctionSpec,
    start: Pick<EnvironmentOptions, "command" | "taskRoot" | "credentials">,
  ): void {
    const id = ++this.#lastId;
    const { folder, guardian } = this.#stand();
    const output = new OutputBudget((text) => {
      this.#log(text, { function: spec.name });
      lines?.add(text);
    });
    const environment = new Environment({
      id,
      spec,
      ...start,
      hasCredentials: this.#options.credentialsOf !== undefined,
      socketPath: join(folder, `${environmentKey(spec)}-${id}`),
      sdkVariables: this.#options.sdkVariables?.() ?? {},
      authorities: this.#options.authorities,
      awsSdk: awsSdkFolders(runtimes[spec.runtime] ?? "node", this.#options.awsSdk ?? process.cwd()),
      initMs: this.#options.initMs ?? bounds.functionInitMsMax.value,
      onOutput: (text) => output.print(text),
      onStarted: (ready, failure) => this.#onStarted(pool, ready, failure),
      onEnded: (ended) => this.#onEnded(ended),
      onOverMemory: (over) => this.#endOverMemory(over),
    });
    const lines = this.#options.logs && new LogLines(this.#options.logs.open(environment.log));
    this.#environments.set(id, environment);
    if (environment.pid !== undefined) guardian.watch(environment.pid);
    this.#watchMemory();
  }

  /** Returns the folder of sockets, and the guardian that removes them when the server is gone. */
  #stand(): { readonly folder: string; readonly guardian: Guardian } {
    if (this.#ground) return this.#ground;
    // A Unix socket's path may have about 100 bytes, and the data directory's may be longer. The folder's mode is 0700.
    const folder = mkdtempSync(join(tmpdir().length > 60 ? "/tmp" : tmpdir(), "portico-functions-"));
    this.#ground = { folder, guardian: new Guardian(folder) };
    return this.#ground;
  }

  #started(pool: Pool): void {
    this.#starts--;
    pool.starting--;
  }

  #onStarted(pool: Pool, environment: Environment, failure: StartFailure | undefined): void {
    this.#started(pool);
    this.#options.onStarted?.(failure !== undefined);
    const isCurrent = this.#pools.get(pool.spec.functionArn) === pool;
    if (!failure) {
      this.#release(environment);
    } else if (isCurrent && pool.spec.revisionId === environment.spec.revisionId) {
      for (const client of pool.wanted.keys()) {
        this.#send(client, { kind: "start-failed", functionArn: pool.spec.functionArn, log: environment.log, failure });
      }
      pool.wanted.clear();
    }
    for (const other of this.#pools.values()) if (other.wanted.size > 0) this.#startWanted(other);
  }

  #refuseAll(pool: Pool, code: string, status: number, message: string): void {
    for (const client of pool.wanted.keys()) this.#refuse(client, pool.spec.functionArn, code, status, message);
    pool.wanted.clear();
  }

  #onEnded(environment: Environment): void {
    this.#environments.delete(environment.id);
    if (environment.pid !== undefined) this.#ground?.guardian.forget(environment.pid);
    const lessee = this.#lessees.get(environment);
    this.#lessees.delete(environment);
    if (lessee) this.#send(lessee, { kind: "ended", environment: environment.id, reason: environment.reason });
    const pool = this.#pools.get(environment.spec.functionArn);
    const index = pool?.free.indexOf(environment) ?? -1;
    if (index >= 0) pool?.free.splice(index, 1);
    if (this.#environments.size === 0) this.#whenEmpty?.();
    for (const other of this.#pools.values()) if (other.wanted.size > 0) this.#startWanted(other);
  }

  #retire(pool: Pool): void {
    for (const environment of [...pool.free]) this.#endFree(environment);
    for (const environment of this.#environments.values()) {
      const isStarting = !environment.isReady && environment.spec.functionArn === pool.spec.functionArn;
      if (isStarting) environment.kill();
    }
    if (pool.isRemoved) {
      this.#refuseAll(pool, "ResourceNotFoundException", 404, notFoundText(pool.spec.functionArn));
    }
  }

  #endFree(environment: Environment): void {
    const pool = this.#pools.get(environment.spec.functionArn);
    const index = pool?.free.indexOf(environment) ?? -1;
    if (index >= 0) pool?.free.splice(index, 1);
    environment.kill();
  }

  #endIdle(): void {
    for (const environment of this.#environments.values()) this.#endOld(environment);
    const before = performance.now() - this.#idleMs;
    for (const pool of this.#pools.values()) {
      for (const environment of [...pool.free]) if (environment.idleSince < before) this.#endFree(environment);
    }
  }

  /** Ends an environment whose credentials will not count much longer, after the invocation that it runs. */
  #endOld(environment: Environment): void {
    if (!environment.isOld || environment.doomedFor !== undefined) return;
    const pool = this.#pools.get(environment.spec.functionArn);
    if (pool?.free.includes(environment) === true) {
      this.#endFree(environment);
      return;
    }
    environment.doomedFor = "Runtime exited without providing a reason";
    const lessee = this.#lessees.get(environment);
    if (lessee) this.#send(lessee, { kind: "overrun", environment: environment.id });
  }

  // ---- Memory ----

  #watchMemory(): void {
    this.#memoryTimer ??= setInterval(() => this.#checkMemory(), memoryCheckMs).unref();
  }

  #checkMemory(): void {
    let isWatching = false;
    for (const environment of this.#environments.values()) {
      if (environment.isReady && !this.#lessees.has(environment)) continue;
      isWatching = true;
      environment.checkMemory();
    }
    if (isWatching) return;
    clearInterval(this.#memoryTimer);
    this.#memoryTimer = undefined;
  }

  /**
   * Its lessee is asked first, so that it ends with the invocation that it runs and with no other: one that is idle gets
   * no invocation meanwhile. A lessee that has not answered at the next look is too busy to be asked.
   */
  #endOverMemory(environment: Environment): void {
    const lessee = this.#lessees.get(environment);
    const wasAsked = environment.doomedFor !== undefined;
    environment.doomedFor = "Runtime exited with error: signal: killed";
    if (lessee && !wasAsked) this.#send(lessee, { kind: "overrun", environment: environment.id });
    else environment.kill();
  }

  // ---- Log ----

  #log(text: string, fields: Record<string, unknown>): void {
    for (const line of text.split("\n")) {
      if (line !== "") this.#options.logger.info(line.replaceAll("\r", "\n"), fields);
    }
  }
}

const notFoundText = (functionArn: string): string => `Function not found: ${functionArn}`;

const missingPythonText = (spec: FunctionSpec): string =>
  `The function ${spec.name} needs ${spec.runtime}, and there is no python3 (3.9 or newer) on this machine's PATH. Install Python 3 and call it again.`;
