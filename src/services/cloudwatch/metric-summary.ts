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

/** Adds summaries of a long time together, whose distinct values would become very many. */
export function accumulate(before: MetricSummary | undefined, added: MetricSummary): MetricSummary {
  if (before === undefined) return added;
  const merged = mergeSummaries(before, added);
  return merged.values.length > bounds.metricPeriodValuesMax.value ? boundSummary(merged) : merged;
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

/** The single values of a summary, ascending, and how often each came. */
export interface Samples extends Distribution {
  /** How many there are; more than none. */
  readonly total: number;
}

/**
 * Returns a summary's samples. Undefined where they are not known one by one.
 *
 * AWS: CloudWatch User Guide, "Percentiles": without values there are percentiles only of one sample, or of equal ones.
 */
export function samplesOf({ sampleCount, minimum, maximum, values, counts }: MetricSummary): Samples | undefined {
  if (minimum === maximum || sampleCount === 1) {
    const total = sampleCount || 1;
    return { values: Float64Array.of(minimum), counts: Float64Array.of(total), total };
  }
  const total = counts.reduce((sum, count) => sum + count, 0);
  // Counts may be fractions, whose sums are not exact.
  return total === 0 || total < sampleCount * (1 - 1e-9) ? undefined : { values, counts, total };
}

/** Returns a percentile: the smallest value that at least so many percent of the samples are not above. */
export function percentileOf(summary: MetricSummary, percent: number): number | undefined {
  const { minimum, maximum, values: given } = summary;
  if (percent <= 0 && given.length > 0) return minimum;
  const samples = samplesOf(summary);
  if (samples === undefined) return undefined;
  const { values, counts, total } = samples;
  const wanted = (percent / 100) * total;
  let seen = 0;
  for (const [index, value] of values.entries()) {
    seen += counts[index] as number;
    // Values are rounded, and the extremes are not.
    if (seen >= wanted * (1 - 1e-12)) return Math.min(maximum, Math.max(minimum, value));
  }
  return maximum;
}
