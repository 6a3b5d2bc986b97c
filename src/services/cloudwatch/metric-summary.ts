import { bounds } from "../../base/bounds.ts";

/** What was measured in some time: a minute, or a period of many. */
export interface MetricSummary {
  readonly sampleCount: number;
  readonly sum: number;
  readonly minimum: number;
  readonly maximum: number;
  /** The distinct values, ascending, and how often each came. Both are empty where only the sums are known. */
  readonly values: Float64Array;
  readonly counts: Float64Array;
}

const distinctMax = bounds.metricDistinctValuesMax.value;

/** Adds two summaries together. */
export function mergeSummaries(a: MetricSummary, b: MetricSummary): MetricSummary {
  return {
    sampleCount: a.sampleCount + b.sampleCount,
    sum: a.sum + b.sum,
    minimum: Math.min(a.minimum, b.minimum),
    maximum: Math.max(a.maximum, b.maximum),
    ...mergeDistributions(a, b),
  };
}

type Distribution = Pick<MetricSummary, "values" | "counts">;

function mergeDistributions(a: Distribution, b: Distribution): Distribution {
  if (a.values.length === 0) return { values: b.values, counts: b.counts };
  if (b.values.length === 0) return { values: a.values, counts: a.counts };
  const values = new Float64Array(a.values.length + b.values.length);
  const counts = new Float64Array(values.length);
  let length = 0;
  for (let i = 0, j = 0; i < a.values.length || j < b.values.length; length++) {
    const left = i < a.values.length ? (a.values[i] as number) : Number.POSITIVE_INFINITY;
    const right = j < b.values.length ? (b.values[j] as number) : Number.POSITIVE_INFINITY;
    values[length] = Math.min(left, right);
    if (left <= right) counts[length]! += a.counts[i++] as number;
    if (right <= left) counts[length]! += b.counts[j++] as number;
  }
  return { values: values.slice(0, length), counts: counts.slice(0, length) };
}

/** Returns the values sorted, each once, and no more of them than are kept. */
export function makeDistribution(values: ArrayLike<number>, counts: ArrayLike<number>): Distribution {
  const order = Array.from(values, (_, index) => index).sort((a, b) => (values[a] as number) - (values[b] as number));
  return fold(
    order.map((index) => values[index] as number),
    order.map((index) => counts[index] as number),
  );
}

/** Rounds a summary's values, by 1 % and more, until there are no more distinct ones than are kept. */
export function boundSummary(summary: MetricSummary): MetricSummary {
  let { values, counts } = summary;
  for (let step = 0.01; values.length > distinctMax; step *= 2) {
    const grid = Math.log1p(step);
    const round = (value: number): number =>
      value === 0 ? 0 : Math.sign(value) * Math.exp(Math.round(Math.log(Math.abs(value)) / grid) * grid);
    ({ values, counts } = fold(Array.from(summary.values, round), summary.counts));
  }
  return values === summary.values ? summary : { ...summary, values, counts };
}

/** Adds neighbours of one value together. */
function fold(sorted: readonly number[], given: ArrayLike<number>): Distribution {
  const values = new Float64Array(sorted.length);
  const counts = new Float64Array(sorted.length);
  let length = 0;
  for (const [index, value] of sorted.entries()) {
    if (length === 0 || values[length - 1] !== value) values[length++] = value;
    counts[length - 1]! += given[index] as number;
  }
  return { values: values.slice(0, length), counts: counts.slice(0, length) };
}

/**
 * Returns a percentile: the smallest value that at least so many percent of the samples are not above. Undefined where the
 * samples are not known one by one.
 *
 * AWS: CloudWatch User Guide, "Percentiles": without values there are percentiles only of one sample, or of equal ones.
 */
export function percentileOf(summary: MetricSummary, percent: number): number | undefined {
  const { sampleCount, minimum, maximum, values, counts } = summary;
  if (minimum === maximum || sampleCount === 1) return minimum;
  if (percent <= 0 && values.length > 0) return minimum;
  const known = counts.reduce((total, count) => total + count, 0);
  // Counts may be fractions, whose sums are not exact.
  if (known < sampleCount * (1 - 1e-9)) return undefined;
  const wanted = (percent / 100) * known;
  let seen = 0;
  for (let index = 0; index < values.length; index++) {
    seen += counts[index] as number;
    // Values are rounded, and the extremes are not.
    if (seen >= wanted * (1 - 1e-12)) return Math.min(maximum, Math.max(minimum, values[index] as number));
  }
  return maximum;
}
