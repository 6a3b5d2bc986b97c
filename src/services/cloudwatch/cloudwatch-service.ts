import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { MetricDelivery } from "../../telemetry/metric-sink.ts";
import { ThreadService } from "../thread-service.ts";
import { metricOperationNames } from "./operation-names.ts";

export interface CloudWatchServiceOptions {
  /** The thread's program. */
  readonly entry: URL;
  readonly start: CloudWatchStart;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What the metrics' thread is started with (`workerData`). */
export interface CloudWatchStart {
  /** The file of the metrics; undefined keeps them in memory. */
  readonly path: string | undefined;
  readonly bytesMax: number;
  /** The time by which tests have moved the clock, in shared memory. */
  readonly clock: SharedArrayBuffer;
}

/** The metrics of the `cloudwatch` service as control sees them. */
export class CloudWatchService extends ThreadService<MetricDelivery> {
  #collect: () => Promise<void> = () => Promise.resolve();

  constructor({ entry, start, clock, logger }: CloudWatchServiceOptions) {
    super({
      name: "metrics",
      what: "points of metrics",
      entry,
      start,
      operationNames: metricOperationNames,
      clock,
      logger,
    });
  }

  /**
   * Sets what is awaited before metrics are read: it gathers what other threads have counted and not sent. It must end
   * in bounded time and never reject.
   */
  collectFirst(collect: () => Promise<void>): void {
    this.#collect = collect;
  }

  override async call(call: Parameters<ThreadService<MetricDelivery>["call"]>[0]): Promise<object> {
    if (call.operation !== "PutMetricData") await this.#collect();
    return super.call(call);
  }
}
