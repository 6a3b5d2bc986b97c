import { bounds } from "../base/bounds.ts";
import { LogsService } from "../services/logs/logs-service.ts";
import type { Logger } from "../telemetry/logger.ts";
import { allocateMetrics, Metrics } from "../telemetry/metrics.ts";
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
  close(): Promise<void>;
}

export interface ServerTelemetryOptions {
  readonly config: ServerConfig;
  readonly ground: Pick<Ground, "clock" | "logsPath">;
  /** The number of gateway threads. */
  readonly threadCount: number;
  readonly logger: Logger;
}

export function makeServerTelemetry({ config, ground, threadCount, logger }: ServerTelemetryOptions): ServerTelemetry {
  const { clock, logsPath } = ground;
  const metrics = allocateMetrics(threadCount);
  const controlMetrics = new Metrics(metrics, 0);
  const isInMemory = logsPath === undefined;
  const bytesMax = isInMemory ? Math.min(config.logsMax, bounds.logMemoryBytesMax.value) : config.logsMax;
  const logs = new LogsService({
    entry: threadEntry("logs-thread"),
    start: { path: logsPath, bytesMax, clock: clock.shared },
    clock,
    metrics: controlMetrics,
    logger,
  });
  return {
    metrics,
    controlMetrics,
    logs,
    close: () => logs.close(),
  };
}
