import { MessageChannel } from "node:worker_threads";
import type { Clock } from "../../base/clock.ts";
import { LogSender } from "../../telemetry/log-sender.ts";
import type { LogDelivery, LogSink } from "../../telemetry/log-sink.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import { ThreadService } from "../thread-service.ts";
import { logsOperationNames } from "./operation-names.ts";

export interface LogsServiceOptions {
  /** The thread's program. */
  readonly entry: URL;
  readonly start: LogsStart;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** What the logs' thread is started with (`workerData`). */
export interface LogsStart {
  /** The file of the logs; undefined keeps them in memory. */
  readonly path: string | undefined;
  readonly bytesMax: number;
  /** The time by which tests have moved the clock, in shared memory. */
  readonly clock: SharedArrayBuffer;
}

/** The `logs` service as control sees it. */
export class LogsService extends ThreadService<LogDelivery> {
  /** Takes control's own lines. */
  readonly sink: LogSink;
  readonly #sender: LogSender;

  constructor({ entry, start, clock, metrics, logger }: LogsServiceOptions) {
    super({ name: "logs", what: "log lines", entry, start, operationNames: logsOperationNames, clock, logger });
    const { port1, port2 } = new MessageChannel();
    this.connect(port1);
    this.#sender = new LogSender(port2, clock, metrics);
    this.sink = this.#sender;
  }

  /** Stores the lines that were sent, and ends the thread. Senders of other threads have to be closed before. */
  override close(): Promise<void> {
    this.#sender.close();
    return super.close();
  }
}
