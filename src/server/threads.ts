import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { bounds } from "../base/bounds.ts";
import { dispatch, type Handlers } from "../base/dispatch.ts";
import { type NoAnswer, PendingAnswers } from "../base/pending-answers.ts";
import { UserError } from "../base/user-error.ts";
import type { EventOutcome, InvokeRequest } from "../functions/function-client.ts";
import type { Probe, ProbeOutcome } from "../gateway/probe.ts";
import type { ApiKeyMemory } from "../limits/api-key-memory.ts";
import { methodCount, packPlan } from "../plan/packed-plan.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { ThreadTime } from "../telemetry/process-metrics.ts";
import type { FoundSamples, SampleKey } from "../waf/samples.ts";
import type { FromThread, ThreadStart, ToThread } from "./messages.ts";

export interface ThreadPoolOptions {
  readonly entry: URL;
  readonly count: number;
  readonly host: string;
  readonly port: number;
  readonly start: Omit<ThreadStart, "threadIndex" | "threadCount" | "host" | "port" | "isPortShared">;
  readonly logger: Logger;
  /** Takes control's end of a new thread's channel to the functions. */
  connectFunctions(port: MessagePort): void;
  /** The same for a new thread's channel to the logs. */
  connectLogs(port: MessagePort): void;
  /** The same for a new thread's channel to the traces. */
  connectTraces(port: MessagePort): void;
  /** The same for a new thread's channel to the metrics. */
  connectMetrics(port: MessagePort): void;
  /** The same for a new thread's channel to the API keys; returns those that there are. */
  connectApiKeys(port: MessagePort): ApiKeyMemory;
  /** Saves the counts of API keys' calls. Resolves with whether that was possible; never rejects. */
  saveUsage(): Promise<boolean>;
  /** Stores an asynchronous invocation, to run it. The promise never rejects. */
  acceptEvent(event: InvokeRequest): Promise<EventOutcome>;
  /** Called when a thread has seen a key of a user or a root. */
  noteAccessKey(accessKeyId: string, service: string, region: string): void;
  /** Called with a publication that a thread could not apply. */
  refused(publication: Extract<FromThread, { kind: "refused" }>["publication"], reason: string): void;
  /** Returns the messages that a thread must get before it serves. */
  replay(): Iterable<ToThread>;
}

/** One place in the pool. Its thread is replaced when it dies. */
interface Slot {
  readonly index: number;
  worker: Worker | undefined;
  isListening: boolean;
  appliedRevision: number;
  /** The number of deaths in a row, for the back-off. */
  deaths: number;
  startedAt: number;
  restart: NodeJS.Timeout | undefined;
}

/** After living this long, a thread's earlier deaths are forgotten. */
const soundAfterMs = 30_000;
/** How long a thread may take beyond the drain time before it is ended. */
const stopMarginMs = 1_000;

/** The gateway threads. The pool starts them, sends them messages, and replaces those that die. */
export class ThreadPool {
  readonly #options: ThreadPoolOptions;
  readonly #slots: Slot[];
  #port: number;
  #isStopping = false;
  readonly #probes = new PendingAnswers<ProbeOutcome>({ max: bounds.probesMax.value });
  readonly #samples = new PendingAnswers<FoundSamples>();
  readonly #collections = new PendingAnswers<undefined>();
  #probeCount = 0;
  #hasStarted = false;
  #waiters: { readonly isMet: () => boolean; readonly resolve: () => void; readonly reject: (error: Error) => void }[] =
    [];

  constructor(options: ThreadPoolOptions) {
    this.#options = options;
    this.#port = options.port;
    this.#slots = Array.from({ length: options.count }, (_, index) => ({
      index,
      worker: undefined,
      isListening: false,
      appliedRevision: -1,
      deaths: 0,
      startedAt: 0,
      restart: undefined,
    }));
  }

  /** Starts all threads; resolves with the port when they listen. Throws a `UserError` if the port is not free. */
  async start(): Promise<number> {
    const [first, ...others] = this.#slots;
    if (first === undefined) throw new Error("A pool has a thread.");
    this.#launch(first);
    // The first thread chooses a free port, and the others share it.
    if (this.#port === 0) await this.#until(() => first.isListening);
    for (const slot of others) this.#launch(slot);
    await this.#until(() => this.#slots.every((slot) => slot.isListening));
    this.#hasStarted = true;
    return this.#port;
  }

  get isEveryThreadListening(): boolean {
    return this.#slots.every((slot) => slot.isListening);
  }

  /** How long each living thread has worked. */
  get times(): ThreadTime[] {
    return this.#slots.flatMap(({ index, worker }) => {
      if (worker === undefined) return [];
      return { name: threadName(index), busyMs: worker.performance.eventLoopUtilization().active };
    });
  }

  post(message: ToThread): void {
    const sent = onItsWay(message);
    for (const { worker } of this.#slots) worker?.postMessage(sent);
  }

  /** Resolves when every living thread has applied everything up to the revision. */
  async applied(revision: number): Promise<void> {
    // A dead thread serves nothing stale, and its replacement is told everything before it listens.
    await this.#until(() => this.#slots.every((slot) => !slot.worker || slot.appliedRevision >= revision));
  }

  hasApplied(revision: number): boolean {
    return this.#slots.every((slot) => slot.worker !== undefined && slot.appliedRevision >= revision);
  }

  /**
   * Runs a request that Portico makes itself in the next thread, in bounded time, and only a few at once. The promise
   * never rejects.
   */
  async probe(probe: Probe): Promise<ProbeOutcome | NoAnswer> {
    const living = this.#slots.filter((slot) => slot.isListening);
    const worker = living[this.#probeCount++ % living.length]?.worker;
    if (worker === undefined) return { kind: "lost" };
    const tell = (message: ToThread): void => worker.postMessage(message);
    const outcome = await this.#probes.ask({
      peer: worker,
      send: (id) => tell({ kind: "probe", id, probe }),
      cancel: (id) => tell({ kind: "probe-cancel", id }),
      withinMs: bounds.probeMsMax.value,
      patienceMs: probe.patienceMs,
    });
    return outcome.kind === "answer" ? outcome.answer : outcome;
  }

  /** Gathers the requests that a rule of a web ACL matched from all threads that answer soon. It never rejects. */
  async wafSamples(key: SampleKey): Promise<FoundSamples> {
    const answers = await Promise.all(
      this.#slots.flatMap(({ worker }) =>
        worker === undefined
          ? []
          : this.#samples.ask({
              peer: worker,
              send: (id) => worker.postMessage({ kind: "waf-samples", id, key } satisfies ToThread),
              withinMs: bounds.wafSamplesMsMax.value,
            }),
      ),
    );
    const found = answers.flatMap((outcome) => (outcome.kind === "answer" ? [outcome.answer] : []));
    return {
      matched: found.reduce((sum, { matched }) => sum + matched, 0),
      samples: found.flatMap(({ samples }) => samples),
    };
  }

  /** Has all threads store what they have measured for CloudWatch, in bounded time. It never rejects. */
  async collectMetrics(): Promise<void> {
    await Promise.all(
      this.#slots.map(
        ({ worker }) =>
          worker &&
          this.#collections.ask({
            peer: worker,
            send: (id) => worker.postMessage({ kind: "collect-metrics", id } satisfies ToThread),
            withinMs: bounds.metricsCollectMsMax.value,
          }),
      ),
    );
  }

  /** Ends one thread as a crash would, for tests of its replacement. */
  async terminate(index: number): Promise<void> {
    await this.#slots[index]?.worker?.terminate();
  }

  /** Lets one thread throw, as a defect would, for tests: no message is of this kind. */
  fail(index: number): void {
    this.#slots[index]?.worker?.postMessage({ kind: "none" });
  }

  /** Lets the threads finish requests under way for at most `drainMs`, and ends them. */
  async stop(drainMs: number): Promise<void> {
    this.#isStopping = true;
    const workers = this.#slots.flatMap(({ worker, restart }) => {
      clearTimeout(restart);
      return worker ?? [];
    });
    const exits = workers.map((worker) => new Promise((resolve) => worker.once("exit", resolve)));
    this.post({ kind: "stop", drainMs, threads: workers.length });
    const deadline = setTimeout(() => {
      for (const worker of workers) void worker.terminate();
    }, drainMs + stopMarginMs);
    await Promise.all(exits);
    clearTimeout(deadline);
    this.#fail(new Error("The server is stopping."));
  }

  #launch(slot: Slot): void {
    const { entry, start, host, count } = this.#options;
    const workerData: ThreadStart = {
      ...start,
      host,
      port: this.#port,
      threadIndex: slot.index,
      threadCount: count,
      isPortShared: count > 1,
    };
    const worker = new Worker(entry, { workerData, name: threadName(slot.index) });
    slot.worker = worker;
    slot.startedAt = performance.now();
    const handlers = this.#handlers(slot, worker);
    worker.on("message", (message: FromThread) => {
      if (slot.worker === worker) dispatch(handlers, message);
    });
    worker.on("error", (error) => {
      this.#options.logger.error("A gateway thread failed.", { thread: slot.index, error: describeError(error) });
    });
    worker.on("exit", (code) => this.#buryAndReplace(slot, worker, code));
    const [functions, logs, keys] = [new MessageChannel(), new MessageChannel(), new MessageChannel()];
    const [traces, metrics] = [new MessageChannel(), new MessageChannel()];
    this.#options.connectFunctions(functions.port1);
    this.#options.connectLogs(logs.port1);
    this.#options.connectTraces(traces.port1);
    this.#options.connectMetrics(metrics.port1);
    const apiKeys = { memory: this.#options.connectApiKeys(keys.port1), segments: keys.port2 };
    const hello: ToThread = {
      kind: "channels",
      functions: functions.port2,
      logs: logs.port2,
      traces: traces.port2,
      metrics: metrics.port2,
      apiKeys,
    };
    worker.postMessage(hello, [functions.port2, logs.port2, traces.port2, metrics.port2, keys.port2]);
    this.#introduce(slot, worker);
    for (const message of this.#options.replay()) worker.postMessage(onItsWay(message));
  }

  /** Gives a new thread a channel to each other one. */
  #introduce(slot: Slot, worker: Worker): void {
    for (const other of this.#slots) {
      if (other === slot || other.worker === undefined) continue;
      const { port1, port2 } = new MessageChannel();
      worker.postMessage({ kind: "peer", thread: other.index, port: port1 } satisfies ToThread, [port1]);
      other.worker.postMessage({ kind: "peer", thread: slot.index, port: port2 } satisfies ToThread, [port2]);
    }
  }

  /** Returns the handlers of the messages of a slot's thread. */
  #handlers(slot: Slot, worker: Worker): Handlers<FromThread> {
    const tell = (message: ToThread): void => worker.postMessage(message);
    return {
      listening: ({ port }) => {
        this.#port = port;
        slot.isListening = true;
        this.#check();
      },
      applied: ({ revision }) => {
        slot.appliedRevision = Math.max(slot.appliedRevision, revision);
        this.#check();
      },
      refused: ({ publication, reason }) => this.#options.refused(publication, reason),
      failed: ({ message }) => this.#threadFailed(slot, message),
      log: (message) => this.#log(slot, message),
      "access-key-used": ({ accessKeyId, service, region }) =>
        this.#options.noteAccessKey(accessKeyId, service, region),
      event: async ({ id, event }) =>
        tell({ kind: "event-outcome", id, outcome: await this.#options.acceptEvent(event) }),
      "save-usage": async ({ id }) => tell({ kind: "usage-saved", id, isSaved: await this.#options.saveUsage() }),
      "probe-outcome": ({ id, outcome }) => this.#probes.settle(id, outcome),
      "waf-samples-found": ({ id, found }) => this.#samples.settle(id, found),
      "metrics-collected": ({ id }) => this.#collections.settle(id, undefined),
      stopped: () => void worker.terminate(),
    };
  }

  #log(slot: Slot, { level, message, fields }: Extract<FromThread, { kind: "log" }>): void {
    const at = level === "debug" || level === "info" || level === "error" ? level : "warn";
    this.#options.logger[at](message, { thread: slot.index, ...fields });
  }

  /** Takes a thread's message that it can't serve; its exit follows. */
  #threadFailed(slot: Slot, message: string): void {
    if (this.#hasStarted) {
      this.#options.logger.error("A gateway thread can't serve.", { thread: slot.index, reason: message });
      void slot.worker?.terminate();
      return;
    }
    this.#fail(cannotListen(this.#options.host, this.#port, message));
  }

  #buryAndReplace(slot: Slot, worker: Worker, code: number): void {
    if (slot.worker !== worker) return;
    slot.worker = undefined;
    slot.isListening = false;
    this.#probes.bury(worker);
    this.#samples.bury(worker);
    this.#collections.bury(worker);
    slot.appliedRevision = -1;
    this.#check();
    if (this.#isStopping) return;
    if (!this.#hasStarted) {
      this.#fail(new Error(`Gateway thread ${slot.index} ended with code ${code} while it started.`));
      return;
    }
    slot.deaths = performance.now() - slot.startedAt > soundAfterMs ? 1 : slot.deaths + 1;
    const delayMs = slot.deaths === 1 ? 0 : Math.min(bounds.threadRestartMsMax.value, 50 * 2 ** slot.deaths);
    this.#options.logger.error("A gateway thread died and is replaced.", { thread: slot.index, code, delayMs });
    slot.restart = setTimeout(() => this.#launch(slot), delayMs);
  }

  #until(isMet: () => boolean): Promise<void> {
    if (isMet()) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ isMet, resolve, reject }));
  }

  #check(): void {
    this.#waiters = this.#waiters.filter(({ isMet, resolve }) => {
      if (!isMet()) return true;
      resolve();
      return false;
    });
  }

  #fail(error: Error): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const { reject } of waiters) reject(error);
  }
}

const threadName = (index: number): string => `gateway-${index}`;

const describeError = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

export function cannotListen(host: string, port: number, why: string): UserError {
  return new UserError({
    what: `Can't listen on ${host}:${port}.`,
    why: /EADDRINUSE/.test(why)
      ? "Another program has that port."
      : /EACCES/.test(why)
        ? "That port is for the system's administrator."
        : why,
    next: "Choose another with --port; 0 takes a free one.",
  });
}

const unpackedMethodsMax = bounds.methodsLinkedAtOnceMax.value;

/** Returns a message as it is sent: a large plan is packed. */
function onItsWay(message: ToThread): ToThread {
  if (message.kind !== "plan" || message.value === null || methodCount(message.value) <= unpackedMethodsMax)
    return message;
  const { key, revision, value } = message;
  return { kind: "packed-plan", key, revision, packed: packPlan(value, unpackedMethodsMax) };
}
