import { setTimeout as wait } from "node:timers/promises";
import { bounds } from "../base/bounds.ts";
import { readVersion } from "../base/version.ts";
import { CloudWatchService } from "../services/cloudwatch/cloudwatch-service.ts";
import { LogsService } from "../services/logs/logs-service.ts";
import { TracesService } from "../services/xray/traces-service.ts";
import type { Logger } from "../telemetry/logger.ts";
import { allocateMetrics, Metrics } from "../telemetry/metrics.ts";
import { allocateSampling } from "../telemetry/sampling-rule.ts";
import type { ServerConfig } from "./config.ts";
import type { Ground } from "./ground.ts";
import { threadEntry } from "./thread-entry.ts";

/** The counters and the logs of a server. */
export interface ServerTelemetry {
  /** The counters of all threads, in shared memory. */
  readonly metrics: SharedArrayBuffer;
  /** Control's own counters. */
  readonly controlMetrics: Metrics;
  readonly logs: LogsService;
  readonly traces: TracesService;
  /** The reservoirs of X-Ray's sampling rules, in shared memory. */
  readonly sampling: SharedArrayBuffer;
  readonly cloudwatch: CloudWatchService;
  close(): Promise<void>;
}

export interface ServerTelemetryOptions {
  readonly config: ServerConfig;
  readonly ground: Pick<Ground, "clock" | "logsPath" | "tracesPath" | "metricsPath">;
  /** The number of gateway threads. */
  readonly threadCount: number;
  readonly logger: Logger;
}

export function makeServerTelemetry({ config, ground, threadCount, logger }: ServerTelemetryOptions): ServerTelemetry {
  const { clock, logsPath, tracesPath, metricsPath } = ground;
  const room = (path: string | undefined, bytesMax: number, inMemoryMax: number): number =>
    path === undefined ? Math.min(bytesMax, inMemoryMax) : bytesMax;
  const metrics = allocateMetrics(threadCount);
  const controlMetrics = new Metrics(metrics, 0);
  const collector =
    config.otlp === undefined
      ? undefined
      : { target: { url: config.otlp, headers: config.otlpHeaders }, version: readVersion() };
  const logs = new LogsService({
    entry: threadEntry("logs-thread"),
    start: {
      path: logsPath,
      bytesMax: room(logsPath, config.logsMax, bounds.logMemoryBytesMax.value),
      clock: clock.shared,
      collector: config.otlpLogs.length === 0 ? undefined : collector,
    },
    clock,
    metrics: controlMetrics,
    logger,
    wait: (ms) => wait(ms, undefined, { ref: false }),
  });
  const traces = new TracesService({
    entry: threadEntry("traces-thread"),
    start: {
      path: tracesPath,
      bytesMax: room(tracesPath, config.tracesMax, bounds.traceMemoryBytesMax.value),
      clock: clock.shared,
      daemon: config.xrayDaemon,
      collector,
    },
    clock,
    logger,
  });
  const cloudwatch = new CloudWatchService({
    entry: threadEntry("metrics-thread"),
    start: {
      path: metricsPath,
      bytesMax: room(metricsPath, config.metricsMax, bounds.metricMemoryBytesMax.value),
      clock: clock.shared,
    },
    clock,
    logger,
  });
  return {
    metrics,
    controlMetrics,
    logs,
    traces,
    sampling: allocateSampling(),
    cloudwatch,
    async close() {
      await Promise.all([logs.close(), traces.close(), cloudwatch.close()]);
    },
  };
}
