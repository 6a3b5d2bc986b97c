/** The metric that points belong to in CloudWatch, and the unit that they are measured in. */
export interface MetricAddress {
  readonly account: string;
  readonly region: string;
  readonly namespace: string;
  readonly name: string;
  /** Sorted by name. */
  readonly dimensions: readonly (readonly [name: string, value: string])[];
  /** A unit of CloudWatch's: `Count`, `Milliseconds`, `None`… */
  readonly unit: string;
}

/** What was measured within one minute. */
export interface MetricPoint {
  readonly metric: MetricAddress;
  /** Whole minutes since 1970. */
  readonly minute: number;
  readonly sampleCount: number;
  readonly sum: number;
  readonly minimum: number;
  readonly maximum: number;
  /**
   * The distinct values, and how often each came: percentiles are made of them. Senders round values to about 1 %. Where
   * the counts are fewer than `sampleCount`, the point has no percentiles.
   */
  readonly values: Float64Array;
  readonly counts: Float64Array;
}

/** Takes points for the embedded CloudWatch, from any thread. */
export interface MetricSink {
  /** Points of one metric and minute are added together. It never waits and never throws. */
  write(points: readonly MetricPoint[]): void;
}

/**
 * What a sender posts to the metrics' thread. The next delivery is sent when this one is acknowledged, so that no queue
 * grows.
 */
export interface MetricDelivery {
  readonly points: readonly MetricPoint[];
  /** How many points found no room. */
  readonly dropped: number;
}
