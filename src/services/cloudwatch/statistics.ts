import { type MetricSummary, percentileOf, type Samples, samplesOf } from "./metric-summary.ts";

/** Returns a statistic of a summary; undefined where it can't be known. */
export type StatisticOf = (summary: MetricSummary) => number | undefined;

/** AWS: CloudWatch User Guide, "CloudWatch statistics definitions". */
const plain: Readonly<Record<string, StatisticOf>> = {
  SampleCount: ({ sampleCount }) => sampleCount,
  Average: ({ sum, sampleCount }) => (sampleCount === 0 ? undefined : sum / sampleCount),
  Sum: ({ sum }) => sum,
  Minimum: ({ minimum }) => minimum,
  Maximum: ({ maximum }) => maximum,
};

/** Finds a statistic by its name: `Average`, `p99.9`, `TM(2%:98%)`… Undefined if there is none of that name. */
export function findStatistic(name: string): StatisticOf | undefined {
  return Object.hasOwn(plain, name) ? plain[name] : findExtended(name);
}

/** Finds one of those that look at single values. */
export function findExtended(name: string): StatisticOf | undefined {
  // AWS: the interquartile mean is TM(25%:75%).
  const { word, single, rangeWord, range } = namePattern.exec(name === "IQM" ? "TM(25%:75%)" : name)?.groups ?? {};
  const kind = word ?? rangeWord?.toLowerCase() ?? "";
  if (kind === "p") {
    const percent = Number(single);
    return percent <= 100 ? (summary) => percentileOf(summary, percent) : undefined;
  }
  const statistic = Object.hasOwn(ranged, kind) ? ranged[kind] : undefined;
  const bounds = single === undefined ? parseBounds(range ?? "") : percents(0, Number(single));
  if (statistic === undefined || bounds === undefined) return undefined;
  // AWS: a percentile rank has values for bounds.
  if (kind === "pr" && bounds.isPercent) return undefined;
  return (summary) => {
    const samples = samplesOf(summary);
    return samples && statistic(samples, bounds, summary);
  };
}

const number = String.raw`\d{1,15}(?:\.\d{1,10})?`;
// AWS: they are abbreviated in lower case with one number, and in upper case with a range.
const namePattern = new RegExp(
  `^(?:(?<word>p|tm|tc|ts|wm)(?<single>${number})|(?<rangeWord>PR|TM|TC|TS|WM)\\((?<range>[-\\d.:%]{1,64})\\))$`,
);
const rangePattern = new RegExp(`^(-?${number}%?)?:(-?${number}%?)?$`);

/** What a statistic looks at: percentages of the samples, or values. The lower bound is not in it, the upper one is. */
interface Bounds {
  readonly isPercent: boolean;
  readonly low: number;
  readonly high: number;
}

const percents = (low: number, high: number): Bounds | undefined =>
  low >= 0 && low < high && high <= 100 ? { isPercent: true, low, high } : undefined;

function parseBounds(text: string): Bounds | undefined {
  const [, low, high] = rangePattern.exec(text) ?? [];
  const given = [low, high].filter((bound) => bound !== undefined);
  const arePercents = given.map((bound) => bound.endsWith("%"));
  if (given.length === 0 || new Set(arePercents).size > 1) return undefined;
  const numberOf = (bound: string | undefined): number | undefined =>
    bound === undefined ? undefined : Number(bound.replace("%", ""));
  if (arePercents[0]) return percents(numberOf(low) ?? 0, numberOf(high) ?? 100);
  const bounds = {
    isPercent: false,
    low: numberOf(low) ?? Number.NEGATIVE_INFINITY,
    high: numberOf(high) ?? Number.POSITIVE_INFINITY,
  };
  return bounds.low < bounds.high ? bounds : undefined;
}

type RangedStatistic = (samples: Samples, bounds: Bounds, summary: MetricSummary) => number | undefined;

/** AWS: "CloudWatch statistics definitions": percentile rank, trimmed mean, count and sum, winsorized mean. */
const ranged: Readonly<Record<string, RangedStatistic>> = {
  pr: (samples, bounds) => (trim(samples, bounds).count / samples.total) * 100,
  tc: (samples, bounds) => trim(samples, bounds).count,
  tm: (samples, bounds) => {
    const { sum, count } = trim(samples, bounds);
    return count === 0 ? undefined : sum / count;
  },
  ts: (samples, bounds) => trim(samples, bounds).sum,
  wm: winsorizedMean,
};

/** Adds up what is within the bounds. With percentages a value may be in it in part, so that counts are no whole numbers. */
function trim({ values, counts, total }: Samples, { isPercent, low, high }: Bounds): { sum: number; count: number } {
  let [sum, count, seen] = [0, 0, 0];
  for (const [index, value] of values.entries()) {
    const own = counts[index] as number;
    const upTo = Math.min(seen + own, (high / 100) * total);
    const within = isPercent
      ? Math.max(0, upTo - Math.max(seen, (low / 100) * total))
      : own * Number(value > low && value <= high);
    seen += own;
    count += within;
    sum += value * within;
  }
  return { sum, count };
}

/** What is outside counts as the bound itself. */
function winsorizedMean(
  { values, counts, total }: Samples,
  { isPercent, low, high }: Bounds,
  summary: MetricSummary,
): number | undefined {
  const least = isPercent ? (percentileOf(summary, low) as number) : low;
  const most = isPercent ? (percentileOf(summary, high) as number) : high;
  const sum = values.reduce((all, value, index) => all + clamp(value, least, most) * (counts[index] as number), 0);
  return sum / total;
}

const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));

/** What a refusal says of names that are none. */
export const statisticsHint =
  "There are SampleCount, Average, Sum, Minimum, Maximum, percentiles (p99.9), IQM, and tm, tc, ts, wm with a percentage (tm90) or a range (TM(2%:98%), TC(10:200)), and ranks of values: PR(:300).";
