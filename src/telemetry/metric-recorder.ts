import type { Clock } from "../base/clock.ts";
import type { MetricAddress, MetricPoint, MetricSink } from "./metric-sink.ts";
import { pointsOf, ValueDistribution } from "./value-distribution.ts";

/** A metric of a {@link MetricSeries}. */
export type MetricForm = Pick<MetricAddress, "name" | "unit">;

/** Where the metrics of a series are found: the members of their addresses that they share. */
export type MetricPlace = Pick<MetricAddress, "account" | "region" | "namespace" | "dimensions">;

const minuteMs = 60_000;

/** Metrics that are measured together, and found under the same dimensions. */
export class MetricSeries {
  readonly #recorder: MetricRecorder;
  /** By metric, then by place. */
  readonly #addresses: readonly (readonly MetricAddress[])[];
  readonly #distributions: readonly ValueDistribution[];
  #hasValues = false;

  constructor(recorder: MetricRecorder, forms: readonly MetricForm[], places: readonly MetricPlace[]) {
    this.#recorder = recorder;
    this.#addresses = forms.map((form) => places.map((place) => ({ ...place, ...form })));
    this.#distributions = forms.map(() => new ValueDistribution());
  }

  /** Adds a value, which is not negative, to the metric with this index. {@link MetricRecorder.begin} is called before. */
  add(index: number, value: number): void {
    if (!this.#hasValues) {
      this.#hasValues = true;
      this.#recorder.expect(this);
    }
    this.#distributions[index]!.add(value);
  }

  /** Returns what was measured, and forgets it. */
  take(minute: number): readonly MetricPoint[] {
    this.#hasValues = false;
    return this.#distributions.flatMap((distribution, index) =>
      pointsOf(distribution, this.#addresses[index]!, minute),
    );
  }
}

/**
 * What a gateway thread measures for CloudWatch. What a minute brought is handed on as points when another minute begins, or
 * when somebody asks. Until then measuring sends nothing.
 */
export class MetricRecorder {
  readonly #sink: MetricSink;
  readonly #clock: Clock;
  #expected: MetricSeries[] = [];
  #minute = 0;

  constructor(sink: MetricSink, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
  }

  /** Begins to measure now: what was measured in another minute is handed on. */
  begin(): void {
    const minute = Math.floor(this.#clock.now() / minuteMs);
    if (minute === this.#minute) return;
    this.flush();
    this.#minute = minute;
  }

  /** Takes what the series measures with the next points. */
  expect(series: MetricSeries): void {
    this.#expected.push(series);
  }

  /** Hands on everything that was measured. */
  flush(): void {
    if (this.#expected.length === 0) return;
    const expected = this.#expected;
    this.#expected = [];
    this.#sink.write(expected.flatMap((series) => series.take(this.#minute)));
  }
}
