import type { Socket } from "node:net";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { assert } from "../base/assert.ts";
import { bounds } from "../base/bounds.ts";
import { dispatch, type Handlers } from "../base/dispatch.ts";
import { type BeyondAws, beyondAwsFlag } from "../definition/beyond-aws.ts";
import { connectFunctions } from "../functions/connect.ts";
import type { FunctionClient } from "../functions/function-client.ts";
import { Gateway } from "../gateway/gateway.ts";
import type { Probe, ProbeOutcome } from "../gateway/probe.ts";
import { Http1Server } from "../http/http1/http1-server.ts";
import { defaultHttp1Limits } from "../http/http1/limits.ts";
import type { InboundRequest } from "../http/inbound.ts";
import { createSocketServer } from "../http/socket-server.ts";
import type { WebSocketEvent } from "../http/websocket/websocket.ts";
import { ApiKeyRecords, type ApiKeySegment } from "../limits/api-key-memory.ts";
import { openThrottles } from "../limits/throttles.ts";
import type { Plan } from "../plan/kinds.ts";
import { unpackPlan } from "../plan/packed-plan.ts";
import { awsManagedPolicyOf } from "../services/iam/aws-managed-policies.ts";
import { BatchSender } from "../telemetry/batch-sender.ts";
import { makeExecutionLogDelivery } from "../telemetry/execution-log-delivery.ts";
import { LogSender } from "../telemetry/log-sender.ts";
import { makeThreadLogger } from "../telemetry/logger-thread.ts";
import { MetricSender } from "../telemetry/metric-sender.ts";
import { Metrics } from "../telemetry/metrics.ts";
import { Reservoirs } from "../telemetry/sampling-rule.ts";
import type { TracedExchange } from "../telemetry/traced-exchange.ts";
import { RateCounters } from "../waf/rate-counters.ts";
import { UsageSender } from "./api-keys/usage-sender.ts";
import { trustAuthorities } from "./backend-authorities.ts";
import { collectWhenIdle } from "./collect-when-idle.ts";
import { ConnectionMesh } from "./connection-mesh.ts";
import { EventSender } from "./event-sender.ts";
import { FrontDoor } from "./front-door.ts";
import { openGeoDatabase } from "./geo-databases.ts";
import { type GuardOptions, isCallbackName, problemWithCallback } from "./guard.ts";
import { JobRunner } from "./job-runner.ts";
import type { ApiKeyChannel, FromThread, ThreadStart, ToThread } from "./messages.ts";
import type { Publication } from "./publications/publication.ts";
import { ServerCertificates } from "./server-certificates.ts";
import { ServerClock } from "./server-clock.ts";
import { threadEntry } from "./thread-entry.ts";
import { withinMs } from "./within-ms.ts";

/** The number of connections that the kernel accepts and holds until the thread takes them. */
const backlog = 4_096;
const breakDownMs = bounds.threadBreakDownMs.value;
/** How long a sampled exchange waits for others that are sent with it. */
const traceFlushMs = 100;

const control = parentPort;
assert(control !== null, "a gateway thread is a worker");
const post = (message: FromThread): void => control.postMessage(message);

const start = workerData as ThreadStart;
const { settings } = start;
const logger = makeThreadLogger(settings.logLevel, post);
const metrics = new Metrics(start.metrics, 1 + start.threadIndex);
const clock = new ServerClock(start.clock);
const events = new EventSender(post);
const usage = new UsageSender(post);
const jobs = new JobRunner({
  entry: threadEntry("gateway-jobs-thread"),
  logger,
  msMax: bounds.exchangeJobMsMax.value,
});
const frontDoor = new FrontDoor({ controlSocket: start.controlSocket, logger });

trustAuthorities(settings.backendAuthorities);
collectWhenIdle();

let functions: FunctionClient | undefined;
let logs: LogSender | undefined;
let traces: BatchSender<TracedExchange> | undefined;
let points: MetricSender | undefined;
let gateway: Gateway | undefined;
let isListening = false;
let listeningPort = start.port;
let hasBegunToListen = false;
let isBreakingDown = false;

const certificates = new ServerCertificates({
  authority: start.authority,
  nowMs: Date.now,
  domains: settings.domains,
  isCustomDomain: (name) => gateway?.isCustomDomain(name) === true,
});

const mesh = new ConnectionMesh({
  thread: start.threadIndex,
  callHere: (target, call) => gateway?.callConnection(target, call) ?? { kind: "gone" },
  callStageHere: (stageKey, call, done) => {
    if (gateway === undefined) done({ kind: "gone" });
    else gateway.callStage(stageKey, call, done);
  },
  callMsMax: bounds.connectionCallMsMax.value,
});
const guardOptions: GuardOptions = {
  domains: settings.domains,
  allowedOrigins: settings.allowedOrigins,
  isEnforced: settings.isEnforced,
};

const http1 = new Http1Server({
  limits: {
    ...defaultHttp1Limits,
    connectionsMax: settings.connectionsMax,
    headerBytesMax: settings.headerBytesMax,
    headerTimeoutMs: settings.headerTimeoutMs,
    bodyTimeoutMs: settings.bodyTimeoutMs,
    keepAliveMs: settings.keepAliveMs,
  },
  clock,
  onRequest: (request) => {
    if (gateway?.handle(request) === true) return;
    metrics.add("managementRequests");
    frontDoor.handOver(request);
  },
  onError: (error, request) =>
    logger.error("A request failed.", { error: describe(error), ...describeRequest(request) }),
  onRefused: refused,
  onWebSocket: countWebSocket,
  secure: (socket) => certificates.secure(socket),
});

const server = createSocketServer((socket: Socket) => {
  metrics.add("connectionsTotal");
  http1.accept(socket, start.listener);
  metrics.set("connectionsOpen", http1.connectionCount);
  socket.once("close", () => metrics.set("connectionsOpen", http1.connectionCount));
});
// Before the server listens, this means that the port is not free. Later it means that no file descriptors are left;
// accepting continues when there are.
server.on("error", (error) => {
  if (isListening) logger.error("A gateway thread can't accept connections.", { error: error.message });
  else post({ kind: "failed", message: error.message });
});

/** How the thread applies each kind of publication. */
const taken: Handlers<Publication> = {
  "session-key": ({ value }) => gateway?.callers.setSessionKey(value),
  "iam-policy": ({ key, value }) => gateway?.callers.setPolicy(key, value),
  "iam-user": ({ key, value }) => gateway?.callers.setIdentity(`user/${key}`, value),
  "iam-role": ({ key, value }) => gateway?.callers.setIdentity(`role/${key}`, value),
  "access-key": ({ key, value }) => gateway?.callers.setAccessKey(key, value),
  identity: ({ key, value }) => gateway?.setIdentity(key, value),
  "web-acl": ({ kind, key, revision, value }) => {
    const reason = gateway?.setWebAcl(key, value);
    if (reason !== undefined) post({ kind: "refused", publication: { kind, key, revision }, reason });
  },
  "canary-counts": ({ key, value }) => gateway?.setCanaryCounts(key, value),
  "response-cache": ({ key, value }) => gateway?.setResponseCache(key, value),
  plan: ({ key, revision, value }) => takePlan(key, revision, value),
  "api-kind": ({ key, value }) => gateway?.setApiKind(key, value),
  "custom-domain": ({ key, value }) => gateway?.setCustomDomain(key, value),
  "sampling-rule": ({ key, value }) => gateway?.setSamplingRule(key, value),
  "usage-plan": ({ key, value }) => gateway?.setUsagePlan(key, value),
  undeployed: ({ key, value }) => gateway?.setUndeployed(key, value ?? []),
};

function takePlan(key: string, revision: number, plan: Plan | null): void {
  const reason = gateway?.setPlan(key, plan);
  if (reason !== undefined) post({ kind: "refused", publication: { kind: "plan", key, revision }, reason });
}

if (settings.resume !== undefined) setInterval(() => gateway?.expire(), bounds.keptMessagesSweepMs.value).unref();

// Bounds what is lost with a thread that dies.
setInterval(() => gateway?.flushMetrics(), bounds.metricsFlushMs.value).unref();

const handlers: Handlers<ToThread> = {
  channels: (channels) => {
    logs = new LogSender(channels.logs, clock, metrics);
    points = new MetricSender(channels.metrics, metrics);
    functions = connectFunctions(channels.functions, { logs });
    traces = new BatchSender<TracedExchange>(channels.traces, {
      waitingMax: bounds.tracesWaitingMax.value,
      flushMs: traceFlushMs,
      onDrop: () => metrics.add("tracesDropped"),
    });
    gateway = new Gateway({
      runJob: jobs.run,
      functions,
      logs,
      events,
      metrics,
      clock,
      logger,
      points,
      executionLogs: makeExecutionLogDelivery(logs, settings.otlpLogs.includes("execution")),
      noteAccessKey: (accessKeyId, region) =>
        post({ kind: "access-key-used", accessKeyId, service: "execute-api", region }),
      managedPolicyOf: (arn) => awsManagedPolicyOf(arn)?.document,
      apiKeys: new ApiKeyRecords(channels.apiKeys.memory, () => nextSegment(channels.apiKeys)),
      usageSaving: usage,
      tracing: { sink: traces, reservoirs: new Reservoirs(start.sampling), otlpShare: settings.otlpShare },
      throttles: openThrottles(start.throttles, settings.accountThrottle, settings.connectThrottle),
      wafRates: new RateCounters(start.wafRates),
      geo: openGeoDatabase(start.geo),
      settings: { ...settings, isAccessLogExported: settings.otlpLogs.includes("access") },
      threadCount: start.threadCount,
      listener: start.listener,
      ownPort: () => listeningPort,
      isOwnName: (host) => isCallbackName(host, settings.domains),
      callbacks: {
        thread: start.threadIndex,
        directory: mesh,
        guard: (request, entry) => problemWithCallback(request, entry, guardOptions),
        isEnforced: settings.isEnforced,
        missing: { groups: missingFlag("websocket-groups"), wills: missingFlag("websocket-wills") },
        resume: settings.resume,
      },
    });
  },
  peer: ({ thread, port }) => mesh.meet(thread, port),
  ...taken,
  "packed-plan": ({ key, revision, packed }) => takePlan(key, revision, unpackPlan(packed)),
  revision: ({ revision }) => {
    post({ kind: "applied", revision });
    // The first revision ends what a new thread is told. Before it, the thread would not know any stage.
    listen();
  },
  "event-outcome": ({ id, outcome }) => events.settle(id, outcome),
  probe: ({ id, probe }) => runProbe(id, probe),
  "probe-cancel": ({ id }) => probes.get(id)?.(),
  "usage-saved": ({ id, isSaved }) => usage.settle(id, isSaved),
  "waf-samples": ({ id, key }) =>
    post({ kind: "waf-samples-found", id, found: gateway?.wafSamples(key) ?? { matched: 0, samples: [] } }),
  "collect-metrics": ({ id }) => void collectMetrics(id),
  stop: ({ drainMs, threads }) => void stop(drainMs, threads),
};
control.on("message", (message: ToThread) => dispatch(handlers, message));

async function collectMetrics(id: number): Promise<void> {
  gateway?.flushMetrics();
  await points?.stored();
  post({ kind: "metrics-collected", id });
}

function countWebSocket(event: WebSocketEvent): void {
  if (event === "received") metrics.add("webSocketMessagesReceived");
  else if (event === "sent") metrics.add("webSocketMessagesSent");
  else if (event === "closed") metrics.add("webSocketsOpen", -1);
  else {
    metrics.add("webSocketsTotal");
    metrics.add("webSocketsOpen");
  }
}

let refusedAtMs = Number.NEGATIVE_INFINITY;

/** A flood of connections must not flood the log: each minute has a line at most. */
function refused(address: string, problem: string): void {
  metrics.add("connectionsRefused");
  const nowMs = clock.now();
  if (Math.abs(nowMs - refusedAtMs) < bounds.refusedConnectionLogMs.value) return;
  refusedAtMs = nowMs;
  logger.warn("A connection was closed: it has no PROXY header that can be believed.", { address, problem });
}

/** Returns the setting that turns a feature on, if it is off. */
const missingFlag = (feature: BeyondAws): string | undefined =>
  settings.beyondAws.includes(feature) ? undefined : beyondAwsFlag(feature);

const nextSegment = ({ segments }: ApiKeyChannel): ApiKeySegment | undefined =>
  receiveMessageOnPort(segments)?.message as ApiKeySegment | undefined;

/** The functions that give up the probes under way, by the probe's number. */
const probes = new Map<number, () => void>();

function runProbe(id: number, probe: Probe): void {
  let isOver = false;
  const finish = (outcome: ProbeOutcome): void => {
    isOver = true;
    probes.delete(id);
    post({ kind: "probe-outcome", id, outcome });
  };
  try {
    const giveUp = gateway?.probe(probe, finish);
    if (giveUp === undefined) finish({ kind: "failed" });
    else if (!isOver) probes.set(id, giveUp);
  } catch (error) {
    logger.error("A request of Portico's own could not be run.", { error: describe(error) });
    if (!isOver) finish({ kind: "failed" });
  }
}

function listen(): void {
  if (hasBegunToListen) return;
  hasBegunToListen = true;
  server.listen({ host: start.host, port: start.port, reusePort: start.isPortShared, backlog }, () => {
    isListening = true;
    const address = server.address();
    assert(address !== null && typeof address === "object", "a listening server has a port");
    listeningPort = address.port;
    post({ kind: "listening", port: address.port });
    process.on("uncaughtException", breakDown);
  });
}

/**
 * Ends the thread after an exception that nobody caught. It can't be trusted with anything new, and so it takes no connection and is
 * replaced; but its clients are told, and what is under way has a moment to end.
 */
function breakDown(error: unknown): void {
  if (isBreakingDown) return;
  isBreakingDown = true;
  logger.error("A gateway thread failed.", { error: describe(error) });
  setTimeout(() => process.exit(1), 2 * breakDownMs);
  void stop(breakDownMs, 1);
}

async function stop(drainMs: number, threads: number): Promise<void> {
  const startedAt = performance.now();
  server.close();
  await http1.stop(drainMs, threads);
  if (gateway !== undefined) await withinMs(gateway.idle(), Math.max(0, drainMs - (performance.now() - startedAt)));
  mesh.close();
  frontDoor.close();
  await gateway?.close();
  await jobs.close();
  await functions?.close();
  logs?.close();
  traces?.close();
  points?.close();
  post({ kind: "stopped" });
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Describes a request without its query, which may hold secrets. */
function describeRequest(request: InboundRequest | undefined): Record<string, unknown> {
  return request === undefined ? {} : { method: request.method, path: request.target.split("?", 1)[0] };
}
