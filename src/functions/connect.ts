import { randomUUID } from "node:crypto";
import { connect, type Socket } from "node:net";
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { bounds } from "../base/bounds.ts";
import { exited, type Failure, timedOut, timedOutText } from "./failure.ts";
import { type Frame, FrameReader, frameKinds, writeFrame } from "./frames.ts";
import type { FunctionClient, FunctionFacts, InvokeOutcome, InvokeRequest } from "./function-client.ts";
import { unqualifiedArn } from "./function-spec.ts";
import type { ClientFacts, FromClient, LogEntry, ToClient } from "./messages.ts";

/** The functions' client of a thread; `port` leads to `FunctionManager.connect`. */
export function connectFunctions(port: MessagePort): FunctionClient {
  return new LeasingClient(port);
}

const payloadBytesMax = bounds.lambdaPayloadBytesMax.value;
const frameBytesMax = payloadBytesMax + 65_536;
/**
 * How long an invocation waits for an environment that its client holds before another one is started: a cold start
 * takes longer than most invocations, and processes beyond the machine's cores make nothing faster.
 */
const patienceMs = 20;
/** After so long without any environment an invocation is throttled. */
const waitMsMax = bounds.functionWaitMsMax.value;
/** How long an idle lease is kept for the next request of this thread. */
const lingerMs = 1_000;
/** How long a process that has closed its connection may take to end by itself, so that its exit status is known. */
const exitMsMax = 1_000;
const logTailBytes = bounds.functionLogTailBytes.value;
/** What may wait to be sent to the server's log; printed faster than that, it is dropped. */
const logBacklogBytesMax = bounds.functionLogBacklogBytesMax.value;

interface Pending {
  readonly request: InvokeRequest;
  readonly requestId: string;
  readonly since: number;
  readonly resolve: (outcome: InvokeOutcome) => void;
}

/** What a client knows and holds of one function. */
interface Pool {
  readonly functionArn: string;
  facts: ClientFacts;
  described: FunctionFacts;
  readonly pending: Pending[];
  /** Leased, and running nothing; the one used last is used next. */
  readonly idle: Lease[];
  leases: number;
  /** Asked of the manager and not granted yet. */
  wanted: number;
  /** A moving average, to know whether waiting is worth it. */
  durationMs: number;
  patience: NodeJS.Timeout | undefined;
}

class LeasingClient implements FunctionClient {
  readonly #port: MessagePort;
  readonly #pools = new Map<string, Pool>();
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

  constructor(port: MessagePort) {
    this.#port = port;
    // What the manager has already said is known at once: a thread must not serve before it knows the functions.
    for (let first = receiveMessageOnPort(port); first; first = receiveMessageOnPort(port)) this.#hear(first.message);
    port.on("message", (message: ToClient) => this.#hear(message));
    port.on("close", () => this.close());
    port.unref();
  }

  describe(functionArn: string): FunctionFacts | undefined {
    return this.#pools.get(unqualifiedArn(functionArn))?.described;
  }

  invoke(request: InvokeRequest): Promise<InvokeOutcome> {
    const requestId = request.requestId ?? randomUUID();
    const pool = this.#pools.get(unqualifiedArn(request.functionArn));
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
      const lease = pool.idle.pop();
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

  // ---- Waiting for an environment ----

  #wait(pool: Pool, pending: Pending): void {
    pool.pending.push(pending);
    // Where nothing is on its way, or each invocation takes long, one more is asked for at once.
    const isSlow = pool.durationMs > patienceMs && pool.pending.length > pool.wanted;
    if (pool.leases + pool.wanted === 0 || isSlow) this.#want(pool, 1);
    pool.patience ??= setTimeout(() => this.#losePatience(pool), patienceMs);
  }

  #losePatience(pool: Pool): void {
    pool.patience = undefined;
    const now = performance.now();
    while (pool.pending.length > 0 && now - pool.pending[0]!.since > waitMsMax) {
      this.#settle(pool.pending.shift()!, refusal("TooManyRequestsException", 429, "Rate Exceeded."));
    }
    let overdue = 0;
    for (const { since } of pool.pending) {
      if (now - since < patienceMs) break;
      overdue++;
    }
    if (overdue > pool.wanted) this.#want(pool, overdue - pool.wanted);
    if (pool.pending.length > 0) pool.patience = setTimeout(() => this.#losePatience(pool), patienceMs);
  }

  #want(pool: Pool, change: number): void {
    pool.wanted += change;
    this.#send({ kind: "want", functionArn: pool.functionArn, change });
  }

  #refuseAll(pool: Pool, code: string, status: number, message: string): void {
    for (const pending of pool.pending.splice(0)) this.#settle(pending, refusal(code, status, message));
  }

  #settle(pending: Pending, outcome: InvokeOutcome): void {
    // Counted down by the manager already, if it believes this thread dead.
    if (Atomics.sub(this.#ownInFlight, 0, 1) > 0) Atomics.sub(this.#inFlight, 0, 1);
    pending.resolve({ ...outcome, requestId: pending.requestId });
  }

  // ---- Messages ----

  #send(message: FromClient): void {
    this.#port.postMessage(message);
  }

  #hear(message: ToClient): void {
    if (this.#isClosed) return;
    switch (message.kind) {
      case "settings":
        this.#inFlight = new Int32Array(message.inFlight);
        this.#ownInFlight = new Int32Array(message.ownInFlight);
        this.#concurrencyMax = message.concurrencyMax;
        this.#isInvocationLogged = message.isInvocationLogged;
        break;
      case "function":
        this.#learn(message.functionArn, message.facts);
        this.#send({ kind: "ack", ack: message.ack });
        break;
      case "grant":
        this.#take(message);
        break;
      case "start-failed":
        this.#startFailed(message);
        break;
      case "refused": {
        const pool = this.#pools.get(message.functionArn);
        if (!pool) break;
        pool.wanted = 0;
        this.#refuseAll(pool, message.code, message.status, message.message);
        break;
      }
      case "recall": {
        const lease = this.#pools.get(message.functionArn)?.idle.pop();
        if (lease) this.#forget(lease);
        this.#send({ kind: "recalled", functionArn: message.functionArn, environment: lease?.id ?? null });
        break;
      }
      case "ended":
        this.#leases.get(message.environment)?.end(message.reason);
        break;
    }
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
    const { policy, policyRevision, timeoutMs } = facts;
    const described = { functionArn, policy, policyRevision, timeoutMs };
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
      onOutcome: (which, pending, outcome, durationMs) => this.#onOutcome(pool, which, pending, outcome, durationMs),
      onCondemned: (which) => this.#send({ kind: "condemn", environment: which.id }),
      onGone: (which) => this.#drop(pool, which),
      log: (requestId, text, isPlatform) => this.#print(pool.facts.name, requestId, text, isPlatform),
      facts: () => pool.facts,
    });
    this.#leases.set(lease.id, lease);
    this.#next(pool, lease);
  }

  #onOutcome(pool: Pool, lease: Lease, pending: Pending, outcome: InvokeOutcome, durationMs: number): void {
    pool.durationMs = pool.durationMs * 0.8 + durationMs * 0.2;
    this.#next(pool, lease);
    this.#settle(pending, outcome);
  }

  /** An environment is free: it runs what waits, or waits for what comes. */
  #next(pool: Pool, lease: Lease): void {
    if (lease.isGone) return;
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

  /** An environment has ended by itself. */
  #drop(pool: Pool, lease: Lease): void {
    const index = pool.idle.indexOf(lease);
    if (index >= 0) pool.idle.splice(index, 1);
    if (this.#leases.delete(lease.id)) pool.leases--;
    if (pool.pending.length > 0 && pool.leases + pool.wanted === 0) this.#want(pool, 1);
  }

  #startFailed({ functionArn, failure: why }: Extract<ToClient, { kind: "start-failed" }>): void {
    const pool = this.#pools.get(functionArn);
    if (!pool) return;
    pool.wanted = 0;
    for (const pending of pool.pending.splice(0)) {
      let failed: Failure;
      if (why.kind === "answer") failed = { payload: Buffer.from(why.payload), errorMessage: why.errorMessage };
      else if (why.kind === "exit") failed = exited(pending.requestId, why.reason);
      else failed = timedOut(pending.requestId, why.timeoutMs);
      this.#settle(pending, functionError(pending.requestId, failed, startFailedTail(pool, pending, failed)));
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

/** Null if it is none: a process is user code's, and may write anything. */
function parseHead(text: string): AnswerHead | undefined | null {
  if (text === "") return undefined;
  try {
    const head: unknown = JSON.parse(text);
    if (typeof head !== "object" || head === null) return null;
    const { message, memory, isLast } = head as Record<string, unknown>;
    return {
      ...(typeof message === "string" ? { message } : {}),
      ...(typeof memory === "number" ? { memory } : {}),
      isLast: isLast === true,
    };
  } catch {
    return null;
  }
}

/** The head of a result or error frame. */
interface AnswerHead {
  readonly message?: string;
  /** Resident memory in MB. */
  readonly memory?: number;
  /** The environment ends after this answer. */
  readonly isLast?: boolean;
}

interface LeaseOwner {
  readonly isInvocationLogged: boolean;
  facts(): ClientFacts;
  onOutcome(lease: Lease, pending: Pending, outcome: InvokeOutcome, durationMs: number): void;
  onCondemned(lease: Lease): void;
  onGone(lease: Lease): void;
  log(requestId: string, text: string, isPlatform: boolean): void;
}

/** An environment that is ours for a while, and the connection to its process. */
class Lease {
  readonly id: number;
  readonly functionArn: string;
  readonly revisionId: string;
  idleSince = 0;
  isGone = false;
  #initMs: number | undefined;
  #running: Pending | undefined = undefined;
  #startedAt = 0;
  #timer: NodeJS.Timeout | undefined = undefined;
  #exitTimer: NodeJS.Timeout | undefined = undefined;
  #tail: LogTail | undefined = undefined;
  readonly #owner: LeaseOwner;
  readonly #socket: Socket;

  constructor(grant: Extract<ToClient, { kind: "grant" }>, owner: LeaseOwner) {
    this.id = grant.environment;
    this.functionArn = grant.functionArn;
    this.revisionId = grant.revisionId;
    this.#initMs = grant.initMs;
    this.#owner = owner;
    const reader = new FrameReader(frameBytesMax, (frame) => this.#onFrame(frame));
    this.#socket = connect(grant.socketPath);
    this.#socket.on("data", (chunk: Buffer) => {
      if (!reader.push(chunk)) this.#condemn("Runtime exited with error: invalid answer");
    });
    // Why it has ended is known when the process has been reaped: `ended` says so. If that does not come, we end it.
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => {
      if (this.isGone) return;
      this.#exitTimer = setTimeout(() => this.#owner.onCondemned(this), exitMsMax);
    });
    this.#socket.unref();
  }

  run(pending: Pending): void {
    const { request, requestId } = pending;
    const { timeoutMs } = this.#owner.facts();
    this.#running = pending;
    this.#startedAt = performance.now();
    if (request.wantsLogTail || this.#owner.isInvocationLogged) {
      this.#tail = new LogTail();
      this.#tail.add(Buffer.from(startLine(requestId)));
    }
    this.#socket.ref();
    this.#timer = setTimeout(() => this.#onTimeout(timeoutMs), timeoutMs);
    const head = {
      id: requestId,
      arn: request.functionArn,
      deadline: Math.floor(performance.timeOrigin + this.#startedAt + timeoutMs),
      trace: request.traceId,
      client: request.clientContext,
      memory: this.#tail !== undefined,
    };
    writeFrame(this.#socket, frameKinds.invoke, JSON.stringify(head), request.payload);
  }

  /** Ends the connection only; the environment lives on. */
  close(): void {
    this.isGone = true;
    clearTimeout(this.#exitTimer);
    this.#socket.destroy();
  }

  /** The environment's process has ended, for this reason. */
  end(reason: string): void {
    if (this.isGone) return;
    this.close();
    const pending = this.#running;
    if (pending) {
      this.#fail(exited(pending.requestId, reason), {
        logText: `RequestId: ${pending.requestId} Error: ${reason}\nRuntime.ExitError\n`,
        status: "Status: error\tError Type: Runtime.ExitError",
      });
    }
    this.#owner.onGone(this);
  }

  #condemn(reason: string): void {
    this.#owner.onCondemned(this);
    this.end(reason);
  }

  #onTimeout(timeoutMs: number): void {
    const pending = this.#running;
    if (!pending) return;
    this.close();
    this.#owner.onCondemned(this);
    this.#fail(timedOut(pending.requestId, timeoutMs), {
      logText: `${new Date().toISOString()} ${pending.requestId} ${timedOutText(timeoutMs)}\n\n`,
      status: "Status: timeout",
    });
    this.#owner.onGone(this);
  }

  #onFrame(frame: Frame): void {
    const pending = this.#running;
    if (!pending) return;
    if (frame.kind === frameKinds.log) {
      this.#tail?.add(frame.payload);
      this.#owner.log(pending.requestId, frame.payload.toString(), false);
      return;
    }
    const head = parseHead(frame.head);
    if (head === null) {
      this.#condemn("Runtime exited with error: invalid answer");
      return;
    }
    // A small answer is a view of what came off the socket, for this invocation alone.
    const payload = frame.payload;
    if (frame.kind === frameKinds.result) {
      const logTail = this.#report(pending, { memoryMb: head?.memory });
      const { requestId } = pending;
      this.#finish({ kind: "ok", payload, requestId, ...(logTail ? { logTail } : {}) });
      return;
    }
    // After an error that nobody caught the process is not to be used again.
    if (head?.isLast) {
      this.close();
      this.#owner.onCondemned(this);
    }
    this.#fail({ payload, errorMessage: head?.message ?? "" }, { memoryMb: head?.memory });
    if (head?.isLast) this.#owner.onGone(this);
  }

  #fail(why: Failure, ending: Ending): void {
    const pending = this.#running;
    if (!pending) return;
    const { logText } = ending;
    if (logText !== undefined) {
      this.#tail?.add(Buffer.from(logText));
      this.#owner.log(pending.requestId, logText, false);
    }
    this.#finish(functionError(pending.requestId, why, this.#report(pending, ending)));
  }

  #finish(outcome: InvokeOutcome): void {
    const pending = this.#running!;
    this.#running = undefined;
    this.#tail = undefined;
    clearTimeout(this.#timer);
    this.#socket.unref();
    this.#owner.onOutcome(this, pending, outcome, performance.now() - this.#startedAt);
  }

  #report(pending: Pending, { memoryMb, status }: Ending): Buffer | undefined {
    const tail = this.#tail;
    if (!tail) return undefined;
    const { requestId } = pending;
    const { memoryMb: sizeMb } = this.#owner.facts();
    const durationMs = performance.now() - this.#startedAt;
    const lines = reportLines(requestId, {
      durationMs,
      initMs: this.#initMs,
      sizeMb,
      usedMb: memoryMb ?? sizeMb,
      status,
    });
    this.#initMs = undefined;
    tail.add(Buffer.from(lines));
    if (this.#owner.isInvocationLogged) this.#owner.log(requestId, startLine(requestId) + lines, true);
    return pending.request.wantsLogTail ? tail.end() : undefined;
  }
}

/** How an invocation ended, besides its answer. */
interface Ending {
  /** What the runtime would have printed, had it lived. */
  readonly logText?: string;
  readonly memoryMb?: number | undefined;
  /** What the REPORT line says of it. */
  readonly status?: string;
}

const startLine = (requestId: string): string => `START RequestId: ${requestId} Version: $LATEST\n`;

/** The lines that end an invocation's log. AWS: "Viewing CloudWatch logs for Lambda functions". */
function reportLines(
  requestId: string,
  report: {
    readonly durationMs: number;
    readonly initMs: number | undefined;
    readonly sizeMb: number;
    readonly usedMb: number;
    readonly status: string | undefined;
  },
): string {
  const { durationMs, initMs, sizeMb, usedMb, status } = report;
  return (
    `END RequestId: ${requestId}\n` +
    `REPORT RequestId: ${requestId}\tDuration: ${durationMs.toFixed(2)} ms\t` +
    `Billed Duration: ${Math.ceil(durationMs + (initMs ?? 0))} ms\t` +
    `Memory Size: ${sizeMb} MB\tMax Memory Used: ${Math.min(usedMb, sizeMb)} MB\t` +
    `${initMs === undefined ? "" : `Init Duration: ${initMs.toFixed(2)} ms\t`}${status ?? ""}\n`
  );
}

/** The log of an invocation whose environment did not come up. */
function startFailedTail(pool: Pool, { request, requestId, since }: Pending, why: Failure): Buffer | undefined {
  if (!request.wantsLogTail) return undefined;
  const tail = new LogTail();
  const { memoryMb } = pool.facts;
  const durationMs = performance.now() - since;
  const status = "Status: error";
  tail.add(Buffer.from(`${startLine(requestId)}${why.errorMessage}\n`));
  tail.add(
    Buffer.from(reportLines(requestId, { durationMs, initMs: undefined, sizeMb: memoryMb, usedMb: memoryMb, status })),
  );
  return tail.end();
}

/** The last 4 KB of what was printed. */
class LogTail {
  #text = Buffer.alloc(0);

  add(text: Buffer): void {
    const joined = text.length >= logTailBytes ? text : Buffer.concat([this.#text, text]);
    this.#text = Buffer.from(joined.subarray(-logTailBytes));
  }

  end(): Buffer {
    return this.#text;
  }
}

const refusal = (code: string, status: number, message: string, requestId = ""): InvokeOutcome => ({
  kind: "service-error",
  code,
  status,
  message,
  requestId,
});

function functionError(requestId: string, why: Failure, logTail: Buffer | undefined): InvokeOutcome {
  return {
    kind: "function-error",
    payload: why.payload,
    errorMessage: why.errorMessage,
    requestId,
    ...(logTail ? { logTail } : {}),
  };
}
