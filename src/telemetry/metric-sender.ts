import type { MessagePort } from "node:worker_threads";
import { bounds } from "../base/bounds.ts";
import type { MetricDelivery, MetricPoint, MetricSink } from "./metric-sink.ts";
import type { Metrics } from "./metrics.ts";

const waitingMax = bounds.metricValuesWaitingMax.value;
/** The size of a point besides its values, in values. */
const pointSize = 16;

/**
 * A thread's way to the embedded CloudWatch. One delivery is under way at a time, and what is written meanwhile waits for
 * the next. A point that finds no room is dropped and counted, so that no writer waits and memory does not grow.
 */
export class MetricSender implements MetricSink {
  readonly #port: MessagePort;
  readonly #metrics: Metrics;
  #points: MetricPoint[] = [];
  #size = 0;
  #dropped = 0;
  #isUnderWay = false;
  #waiters: (() => void)[] = [];

  constructor(port: MessagePort, metrics: Metrics) {
    this.#port = port;
    this.#metrics = metrics;
    port.on("message", () => this.#acknowledged());
    port.unref();
  }

  write(points: readonly MetricPoint[]): void {
    for (const point of points) this.#add(point);
    if (!this.#isUnderWay) this.#send();
  }

  /** Resolves when everything that was written is stored, or lost. It does not keep a thread alive. */
  stored(): Promise<void> {
    if (!this.#isUnderWay) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Sends what waits. The port delivers it although it is closed afterwards. */
  close(): void {
    this.#send();
    this.#port.close();
    this.#settle();
  }

  #add(point: MetricPoint): void {
    const size = pointSize + point.values.length;
    if (this.#size + size > waitingMax) {
      this.#dropped++;
      this.#metrics.add("metricPointsDropped");
      return;
    }
    this.#metrics.add("metricPoints");
    this.#points.push(point);
    this.#size += size;
  }

  #send(): void {
    if (this.#points.length === 0 && this.#dropped === 0) return;
    const delivery: MetricDelivery = { points: this.#points, dropped: this.#dropped };
    this.#points = [];
    this.#size = 0;
    this.#dropped = 0;
    this.#isUnderWay = true;
    this.#port.postMessage(delivery);
  }

  #acknowledged(): void {
    this.#isUnderWay = false;
    this.#send();
    if (!this.#isUnderWay) this.#settle();
  }

  #settle(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }
}
