import type { Clock } from "../../base/clock.ts";
import { doInSlices, type SlicedWork } from "../../base/slices.ts";
import type { MetricDelivery } from "../../telemetry/metric-sink.ts";
import type { FromServiceThread, ThreadCall } from "../thread-messages.ts";
import type { ThreadWork } from "../thread-worker.ts";
import type { MetricOperation } from "./metric-call.ts";
import type { MetricStore } from "./metric-store.ts";
import type { MetricOperationName } from "./operation-names.ts";
import { metricOperations } from "./operations.ts";
import { readAlarmPoints } from "./read-alarm-points.ts";

/** What the thread answers. Only alarms ask for `ReadAlarmPoints`. */
const threadOperations: Readonly<Record<MetricOperationName | "ReadAlarmPoints", MetricOperation>> = {
  ...metricOperations,
  ReadAlarmPoints: readAlarmPoints,
};

/** The work of the metrics' thread: it stores points, and answers the operations that read and write metrics. */
export class CloudWatchWork implements ThreadWork<MetricDelivery> {
  readonly #store: MetricStore;
  readonly #clock: Clock;
  readonly #post: (message: FromServiceThread) => void;

  constructor(store: MetricStore, clock: Clock, post: (message: FromServiceThread) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#post = post;
    if (store.damagedPath === undefined) return;
    const message = `The metrics' file was damaged and is now ${store.damagedPath}; a new one is begun.`;
    post({ kind: "trouble", message });
  }

  deliver({ points }: MetricDelivery): void {
    const count = this.#store.add(points);
    if (count > 0) this.#post({ kind: "dropped", count, why: "their account has too many metrics" });
  }

  operate({ operation, input, account, region }: ThreadCall): object | Promise<object> {
    const call = { account, region, nowMs: this.#clock.now() };
    const result = threadOperations[operation as keyof typeof threadOperations](this.#store, input, call);
    return "next" in result ? doInSlices(result as SlicedWork<object>) : result;
  }

  reset(): void {
    this.#store.reset();
  }

  sweep(): void {
    this.#store.sweep(this.#clock.now());
  }

  close(): void {
    this.#store.close();
  }
}
