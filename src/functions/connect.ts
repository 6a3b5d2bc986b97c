import { randomUUID } from "node:crypto";
import { availableParallelism } from "node:os";
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { bounds } from "../base/bounds.ts";
import { dispatch, type Handlers } from "../base/dispatch.ts";
import type { LogSink } from "../telemetry/log-sink.ts";
import { exited, type Failure, functionError, timedOut } from "./failure.ts";
import type {
  ChosenVersion,
  FunctionFacts,
  InvokeOutcome,
  InvokeRequest,
  VersionedFunctionClient,
} from "./function-client.ts";
import { type AliasSpec, unqualifiedArn } from "./function-spec.ts";
import { LogLines, LogTail, reportLines, startLine } from "./invocation-log.ts";
import { Lease, type PendingInvocation } from "./lease.ts";
import type { ClientFacts, FromClient, LogEntry, ToClient } from "./messages.ts";
import { ProcessorLoad } from "./processor-load.ts";

export interface ConnectOptions {
  /** Takes the functions' output with START, END and REPORT lines, as in CloudWatch Logs. */
  readonly logs?: LogSink | undefined;
  /** Chooses among an alias's versions: 0 to 1. */
  readonly random?: (() => number) | undefined;
  readonly load?: Pick<ProcessorLoad, "isBusy">;
}

/** Makes a thread's client of the functions. `port` leads to `FunctionManager.connect`. */
export const connectFunctions = (port: MessagePort, options: ConnectOptions = {}): VersionedFunctionClient =>
  new LeasingClient(port, options);

const payloadBytesMax = bounds.lambdaPayloadBytesMax.value;
/**
 * How long an invocation waits for an environment that its client holds before another one is started. A cold start
 * takes longer than most invocations, and more processes than cores make nothing faster.
 */
const patienceMs = 20;
/**
 * The same while the processors have nothing to spare, and the client has a few environments for each of them: another one comes
 * only for invocations that wait for something else, such as each other.
 */
const busyPatienceMs = 200;
const processors = availableParallelism();
const fewLeases = 2 * processors;
/** After so long without any environment an invocation is throttled. */
const waitMsMax = bounds.functionWaitMsMax.value;
/** How long an idle lease is kept for the next request of this thread. */
const lingerMs = 1_000;
/** How much output may wait for the server's log. Output beyond it is dropped. */
const logBacklogBytesMax = bounds.functionLogBacklogBytesMax.value;

/** What a client knows of one version of a function, and the leases that it holds. */
interface Pool {
  readonly functionArn: string;
  facts: ClientFacts;
  described: FunctionFacts;
  readonly pending: PendingInvocation[];
  /** The idle leases. The one that was used last is used next. */
  readonly idle: Lease[];
  leases: number;
  /** The number of environments that were requested from the manager and not granted yet. */
  wanted: number;
  /** The moving average of durations, to decide whether waiting is worth it. */
  durationMs: number;
  patience: NodeJS.Timeout | undefined;
}

interface Alias extends AliasSpec {
  readonly described: FunctionFacts;
}

const describeAlias = ({ aliasArn, policy, policyRevision }: AliasSpec): FunctionFacts => ({
  functionArn: aliasArn,
  policy,
  policyRevision,
});

class LeasingClient implements VersionedFunctionClient {
  readonly #port: MessagePort;
  readonly #logs: LogSink | undefined;
  readonly #random: () => number;
  readonly #load: Pick<ProcessorLoad, "isBusy">;
  readonly #pools = new Map<string, Pool>();
  readonly #aliases = new Map<string, Alias>();
  readonly #leases = new Map<number, Lease>();
  #inFlight: Int32Array = new Int32Array(1);
  #ownInFlight: Int32Array = new Int32Array(1);
  #concurrencyMax: number = bounds.functionConcurrencyMax.value;
  #isInvocationLogged = false;
  #isClosed = false;
  #lingerTimer: NodeJS.Timeout | undefined = undefined;
  #log: LogEntry[] = [];
  #logBytes = 0;
  #logTimer: NodeJS.Timeout | undefined = undefined;
  readonly #handlers: Handlers<ToClient> = {
    settings: (settings) => {
      this.#inFlight = new Int32Array(settings.inFlight);
      this.#ownInFlight = new Int32Array(settings.ownInFlight);
      this.#concurrencyMax = settings.concurrencyMax;
      this.#isInvocationLogged = settings.isInvocationLogged;
    },
    function: ({ functionArn, facts, ack }) => {
      this.#learn(functionArn, facts);
      this.#send({ kind: "ack", ack });
    },
    alias: ({ aliasArn, alias, ack }) => {
      if (alias === null) this.#aliases.delete(aliasArn);
      else this.#aliases.set(aliasArn, { ...alias, described: describeAlias(alias) });
      this.#send({ kind: "ack", ack });
    },
    grant: (grant) => this.#take(grant),
    "start-failed": (failure) => this.#startFailed(failure),
    refused: (refusal) => this.#refused(refusal),
    recall: ({ functionArn }) => this.#recall(functionArn),
    "recall-idle": () => {
      for (const pool of this.#pools.values()) for (const lease of pool.idle.splice(0)) this.#giveBack(lease);
    },
    overrun: ({ environment }) => this.#retire(environment),
    ended: ({ environment, reason }) => this.#leases.get(environment)?.end(reason),
  };

  constructor(port: MessagePort, { logs, random = Math.random, load = new ProcessorLoad() }: ConnectOptions) {
    this.#port = port;
    this.#logs = logs;
    this.#random = random;
    this.#load = load;
    // Messages that the manager has already sent are read at once, because a thread must not serve before it knows the
    // functions.
    for (let first = receiveMessageOnPort(port); first; first = receiveMessageOnPort(port)) this.#hear(first.message);
    port.on("message", (message: ToClient) => this.#hear(message));
    port.on("close", () => this.close());
    port.unref();
  }

  describe(functionArn: string): FunctionFacts | undefined {
    return this.#pools.get(unqualifiedArn(functionArn))?.described ?? this.#aliases.get(functionArn)?.described;
  }

  choose(functionArn: string): ChosenVersion | undefined {
    const pool = this.#poolFor(functionArn);
    return pool && { functionArn: pool.functionArn, version: pool.facts.version };
  }

  invoke(request: InvokeRequest): Promise<InvokeOutcome> {
    const requestId = request.requestId ?? randomUUID();
    const pool = this.#poolFor(request.functionArn);
    if (!pool || this.#isClosed) {
      const message = `Function not found: ${request.functionArn}`;
      return Promise.resolve(refusal("ResourceNotFoundException", 404, message, requestId));
    }
    const { payload } = request;
    if (payload.length * (typeof payload === "string" ? 3 : 1) > payloadBytesMax) {
      const bytes = Buffer.byteLength(payload);
      if (bytes > payloadBytesMax) {
        const message = `${bytes} byte payload is too large for the RequestResponse invocation type (limit 6291456 bytes)`;
        return Promise.resolve(refusal("RequestTooLargeException", 413, message, requestId));
      }
    }
    if (Atomics.add(this.#inFlight, 0, 1) >= this.#concurrencyMax) {
      Atomics.sub(this.#inFlight, 0, 1);
      return Promise.resolve(refusal("TooManyRequestsException", 429, "Rate Exceeded.", requestId));
    }
    Atomics.add(this.#ownInFlight, 0, 1);
    return new Promise((resolve) => {
      const pending = { request, requestId, since: performance.now(), resolve };
      const lease = popUsable(pool);
      if (lease) lease.run(pending);
      else this.#wait(pool, pending);
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#lingerTimer);
    this.#flushLog();
    clearTimeout(this.#logTimer);
    for (const pool of this.#pools.values()) {
      clearTimeout(pool.patience);
      this.#refuseAll(pool, "ServiceException", 500, "The server is stopping.");
    }
    for (const lease of this.#leases.values()) lease.end("Runtime exited with error: signal: killed");
    this.#port.close();
  }

  // ---- Versions ----

  #poolFor(functionArn: string): Pool | undefined {
    return this.#pools.get(unqualifiedArn(functionArn)) ?? this.#chooseOf(this.#aliases.get(functionArn));
  }

  /** AWS: Lambda Developer Guide, "Implement Lambda canary deployments using a weighted alias": each time anew. */
  #chooseOf(alias: Alias | undefined): Pool | undefined {
    if (alias === undefined) return undefined;
    const { functionArn, additional } = alias;
    const isAdditional = additional !== undefined && this.#random() < additional.weight;
    return this.#pools.get(isAdditional ? additional.functionArn : functionArn);
  }

  // ---- Waiting for an environment ----

  #wait(pool: Pool, pending: PendingInvocation): void {
    pool.pending.push(pending);
    // If no environment is on its way, or invocations take long, one more is requested at once.
    const isSlow = pool.durationMs > patienceMs && pool.pending.length > pool.wanted;
    if (pool.leases + pool.wanted === 0 || (isSlow && !this.#isEnough(pool))) this.#want(pool, 1);
    pool.patience ??= setTimeout(() => this.#losePatience(pool), patienceMs);
  }

  #losePatience(pool: Pool): void {
    pool.patience = undefined;
    const now = performance.now();
    while (pool.pending.length > 0 && now - pool.pending[0]!.since > waitMsMax) {
      this.#settle(pool.pending.shift()!, refusal("TooManyRequestsException", 429, "Rate Exceeded."));
    }
    const waited = now - (pool.pending[0]?.since ?? now);
    const patient = pool.pending.findIndex(({ since }) => now - since < patienceMs);
    const overdue = patient < 0 ? pool.pending.length : patient;
    if (!this.#load.isBusy(now)) {
      if (overdue > pool.wanted) this.#want(pool, overdue - pool.wanted);
    } else if (pool.leases > 0) {
      const room = Math.max(fewLeases - pool.leases, waited < busyPatienceMs ? 0 : processors);
      this.#want(pool, Math.min(overdue, room) - pool.wanted);
    }
    if (pool.pending.length > 0) pool.patience = setTimeout(() => this.#losePatience(pool), patienceMs);
  }

  /** Whether more environments would only take the processor from those that there are. */
  #isEnough({ leases, wanted }: Pool): boolean {
    return leases + wanted >= fewLeases && this.#load.isBusy(performance.now());
  }

  #want(pool: Pool, change: number): void {
    if (change === 0) return;
    pool.wanted += change;
    this.#send({ kind: "want", functionArn: pool.functionArn, change });
  }

  #refuseAll(pool: Pool, code: string, status: number, message: string): void {
    for (const pending of pool.pending.splice(0)) this.#settle(pending, refusal(code, status, message));
  }

  #settle(pending: PendingInvocation, outcome: InvokeOutcome): void {
    // The manager has already counted it down if it believes this thread dead.
    if (Atomics.sub(this.#ownInFlight, 0, 1) > 0) Atomics.sub(this.#inFlight, 0, 1);
    pending.resolve({ ...outcome, requestId: pending.requestId });
  }

  // ---- Messages ----

  #send(message: FromClient): void {
    this.#port.postMessage(message);
  }

  #hear(message: ToClient): void {
    if (!this.#isClosed) dispatch(this.#handlers, message);
  }

  #refused({ functionArn, code, status, message }: Extract<ToClient, { kind: "refused" }>): void {
    const pool = this.#pools.get(functionArn);
    if (!pool) return;
    pool.wanted = 0;
    this.#refuseAll(pool, code, status, message);
  }

  #recall(functionArn: string): void {
    const pool = this.#pools.get(functionArn);
    const lease = pool && popUsable(pool);
    if (lease) this.#forget(lease);
    this.#send({ kind: "recalled", functionArn, environment: lease?.id ?? null });
  }

  #learn(functionArn: string, facts: ClientFacts | null): void {
    const pool = this.#pools.get(functionArn);
    if (!facts) {
      if (!pool) return;
      this.#pools.delete(functionArn);
      clearTimeout(pool.patience);
      for (const lease of pool.idle.splice(0)) this.#giveBack(lease);
      this.#refuseAll(pool, "ResourceNotFoundException", 404, `Function not found: ${functionArn}`);
      return;
    }
    const { policy, policyRevision } = facts;
    const described = { functionArn, policy, policyRevision };
    if (pool) {
      const isRetired = pool.facts.revisionId !== facts.revisionId;
      pool.facts = facts;
      pool.described = described;
      if (isRetired) for (const lease of pool.idle.splice(0)) this.#giveBack(lease);
    } else {
      this.#pools.set(functionArn, {
        functionArn,
        facts,
        described,
        pending: [],
        idle: [],
        leases: 0,
        wanted: 0,
        durationMs: 0,
        patience: undefined,
      });
    }
  }

  // ---- Leases ----

  #take(grant: Extract<ToClient, { kind: "grant" }>): void {
    const pool = this.#pools.get(grant.functionArn);
    if (!pool) {
      this.#send({ kind: "release", environment: grant.environment });
      return;
    }
    pool.wanted = Math.max(0, pool.wanted - 1);
    pool.leases++;
    const lease = new Lease(grant, {
      isInvocationLogged: this.#isInvocationLogged,
      lines: this.#logs && new LogLines(this.#logs.open(grant.log)),
      onOutcome: (which, pending, outcome, durationMs) => this.#onOutcome(pool, which, pending, outcome, durationMs),
      onCondemned: (which) => this.#send({ kind: "condemn", environment: which.id }),
      onGone: (which) => this.#drop(pool, which),
      log: (requestId, text, isPlatform) => this.#print(pool.facts.name, requestId, text, isPlatform),
      facts: () => pool.facts,
    });
    this.#leases.set(lease.id, lease);
    this.#next(pool, lease);
  }

  #onOutcome(pool: Pool, lease: Lease, pending: PendingInvocation, outcome: InvokeOutcome, durationMs: number): void {
    pool.durationMs = pool.durationMs * 0.8 + durationMs * 0.2;
    this.#next(pool, lease);
    this.#settle(pending, outcome);
  }

  /** Gives a free environment the next waiting invocation, or keeps it idle. */
  #next(pool: Pool, lease: Lease): void {
    if (!lease.isUsable) return;
    if (this.#pools.get(pool.functionArn) !== pool || lease.revisionId !== pool.facts.revisionId) {
      this.#giveBack(lease);
      if (pool.pending.length > 0 && pool.wanted === 0) this.#want(pool, 1);
      return;
    }
    const pending = pool.pending.shift();
    if (pending) {
      lease.run(pending);
      return;
    }
    if (pool.wanted > 0) this.#want(pool, -pool.wanted);
    lease.idleSince = performance.now();
    pool.idle.push(lease);
    this.#lingerTimer ??= setInterval(() => this.#endLingering(), lingerMs / 2).unref();
  }

  #endLingering(): void {
    const before = performance.now() - lingerMs;
    let isAnyIdle = false;
    for (const pool of this.#pools.values()) {
      while (pool.idle.length > 0 && pool.idle[0]!.idleSince < before) this.#giveBack(pool.idle.shift()!);
      if (pool.idle.length > 0) isAnyIdle = true;
    }
    if (isAnyIdle) return;
    clearInterval(this.#lingerTimer);
    this.#lingerTimer = undefined;
  }

  #giveBack(lease: Lease): void {
    this.#forget(lease);
    this.#send({ kind: "release", environment: lease.id });
  }

  #forget(lease: Lease): void {
    const pool = this.#pools.get(lease.functionArn);
    if (pool && this.#leases.has(lease.id)) pool.leases--;
    this.#leases.delete(lease.id);
    lease.close();
  }

  /** An environment is about to be ended: what it runs may still be answered. One that was given back is not ours. */
  #retire(id: number): void {
    const lease = this.#leases.get(id);
    if (!lease) return;
    lease.isRetired = true;
    this.#send({ kind: "condemn", environment: id });
  }

  /** An environment has ended by itself. */
  #drop(pool: Pool, lease: Lease): void {
    const index = pool.idle.indexOf(lease);
    if (index >= 0) pool.idle.splice(index, 1);
    if (this.#leases.delete(lease.id)) pool.leases--;
    if (pool.pending.length > 0 && pool.leases + pool.wanted === 0) this.#want(pool, 1);
  }

  #startFailed({ functionArn, failure: why, log }: Extract<ToClient, { kind: "start-failed" }>): void {
    const pool = this.#pools.get(functionArn);
    if (!pool) return;
    pool.wanted = 0;
    const lines = this.#logs && new LogLines(this.#logs.open(log));
    for (const pending of pool.pending.splice(0)) {
      let failed: Failure;
      if (why.kind === "answer") failed = { payload: Buffer.from(why.payload), errorMessage: why.errorMessage };
      else if (why.kind === "exit") failed = exited(pending.requestId, why.reason);
      else failed = timedOut(pending.requestId, why.timeoutMs);
      const text = startFailedText(pool, pending, failed);
      lines?.add(text);
      this.#settle(pending, functionError(pending.requestId, failed, tailOf(pending, text)));
    }
  }

  // ---- The server's log ----

  #print(functionName: string, requestId: string, text: string, isPlatform: boolean): void {
    this.#logBytes += text.length;
    if (this.#logBytes <= logBacklogBytesMax) this.#log.push({ functionName, requestId, text, isPlatform });
    this.#logTimer ??= setTimeout(() => this.#flushLog(), 50);
  }

  #flushLog(): void {
    this.#logTimer = undefined;
    if (this.#log.length === 0) return;
    const dropped = this.#logBytes - logBacklogBytesMax;
    if (dropped > 0) {
      const text = `[${dropped} bytes of functions' output dropped: printed faster than they can be logged]`;
      this.#log.push({ functionName: "", requestId: "", text, isPlatform: true });
    }
    this.#send({ kind: "log", entries: this.#log });
    this.#log = [];
    this.#logBytes = 0;
  }
}

/** The log of an invocation whose environment did not come up. */
function startFailedText({ facts }: Pool, { requestId, since }: PendingInvocation, why: Failure): string {
  const { version, memoryMb, platformLog } = facts;
  const durationMs = performance.now() - since;
  const report = { durationMs, initMs: undefined, sizeMb: memoryMb, usedMb: memoryMb, status: "error" } as const;
  return `${startLine(requestId, version, platformLog)}${why.errorMessage}\n${reportLines(requestId, platformLog, report).join("")}`;
}

function tailOf({ request }: PendingInvocation, text: string): Buffer | undefined {
  if (!request.wantsLogTail) return undefined;
  const tail = new LogTail();
  tail.add(Buffer.from(text));
  return tail.end();
}

/** Skips leases that can't be used any more. They are about to be reported as ended. */
function popUsable(pool: Pool): Lease | undefined {
  for (let lease = pool.idle.pop(); lease; lease = pool.idle.pop()) if (lease.isUsable) return lease;
  return undefined;
}

const refusal = (code: string, status: number, message: string, requestId = ""): InvokeOutcome => ({
  kind: "service-error",
  code,
  status,
  message,
  requestId,
});
