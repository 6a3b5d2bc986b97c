// One gateway thread's data plane as a process of its own: started by benchmarks with a plan as JSON, so that what
// is measured is the codec, the router, the steps and nothing else. Prints its port when it listens.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { bounds } from "../../src/base/bounds.ts";
import { runHere } from "../../src/base/job.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { Http1Server } from "../../src/http/http1/http1-server.ts";
import { defaultHttp1Limits } from "../../src/http/http1/limits.ts";
import { developmentListener } from "../../src/http/listener.ts";
import { createSocketServer } from "../../src/http/socket-server.ts";
import { ApiKeyTable } from "../../src/limits/api-key-table.ts";
import { allocateThrottles, openThrottles } from "../../src/limits/throttles.ts";
import type { Plan } from "../../src/plan/kinds.ts";
import { stageKey } from "../../src/plan/plan.ts";
import { allocateCache } from "../../src/response-cache/cache-memory.ts";
import { BatchSender } from "../../src/telemetry/batch-sender.ts";
import { makeExecutionLogDelivery } from "../../src/telemetry/execution-log-delivery.ts";
import { LogSender } from "../../src/telemetry/log-sender.ts";
import { MetricSender } from "../../src/telemetry/metric-sender.ts";
import { allocateMetrics, Metrics } from "../../src/telemetry/metrics.ts";
import { allocateSampling, Reservoirs } from "../../src/telemetry/sampling-rule.ts";
import type { TracedExchange } from "../../src/telemetry/traced-exchange.ts";

const [file = ""] = process.argv.slice(2);
const { plan, endpoints, isMeasured, otlpShare, isLogExported } = JSON.parse(readFileSync(file, "utf8")) as {
  plan: Plan;
  isMeasured: boolean;
  otlpShare?: number;
  isLogExported: boolean;
  endpoints: Readonly<Record<string, string>>;
};
const clock = { now: () => Date.now() };
const metrics = new Metrics(allocateMetrics(1), 1);

/** Returns the way to a thread that takes what is sent there, on the same core. */
function startTaker(): MessagePort {
  const { port1, port2 } = new MessageChannel();
  new Worker(new URL("log-taker.ts", import.meta.url), { workerData: port1, transferList: [port1] });
  return port2;
}

const logs = new LogSender(startTaker(), clock, metrics);
const isTraced = otlpShare !== undefined || (plan.kind === "rest" && plan.isTraced === true);
const traces = isTraced
  ? new BatchSender<TracedExchange>(startTaker(), { waitingMax: 10_000, flushMs: 100, onDrop: () => undefined })
  : undefined;
const gateway = new Gateway({
  runJob: runHere,
  functions: {
    describe: () => undefined,
    invoke: () => Promise.reject(new Error("none")),
    close: () => Promise.resolve(),
  },
  events: { accept: () => Promise.reject(new Error("none")) },
  logs,
  metrics,
  ...(isMeasured && { points: new MetricSender(startTaker(), metrics) }),
  clock,
  logger: { debug() {}, info() {}, warn() {}, error: (message, fields) => console.error(message, fields) },
  executionLogs: makeExecutionLogDelivery(logs, isLogExported),
  ...(traces && { tracing: { sink: traces, reservoirs: new Reservoirs(allocateSampling()), otlpShare } }),
  // The throttle of AWS's accounts would be what is measured.
  wafRates: { count: () => 0 },
  throttles: openThrottles(allocateThrottles(Date.now()), { ratePerSecond: 1e8, burst: 1e8 }),
  apiKeys: new ApiKeyTable("bench").records,
  usageSaving: { hurry() {}, save: () => Promise.resolve(true) },
  settings: {
    ...{ payloadBytesMax: 10_485_760, accessLog: "/tmp", services: { endpoints } },
    isAccessLogExported: isLogExported,
  },
});
setInterval(() => gateway.flushMetrics(), bounds.metricsFlushMs.value).unref();
const key = stageKey(plan.apiId, plan.stageName);
gateway.setResponseCache(key, allocateCache(67_108_864, randomBytes));
gateway.setPlan(key, plan);
const http1 = new Http1Server({
  limits: defaultHttp1Limits,
  clock,
  onRequest: (request) => {
    if (!gateway.handle(request)) request.respond(404, [], "");
  },
  onError: (error) => console.error(error),
});
const server = createSocketServer((socket) => http1.accept(socket, developmentListener));
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
process.on("SIGTERM", () => process.exit(0));
