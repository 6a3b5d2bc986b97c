import { type MetricSummary, percentileOf } from "./metric-summary.ts";

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

/** Finds a statistic by its name: `Average`, `p99.9`… Undefined if there is none of that name. */
export function findStatistic(name: string): StatisticOf | undefined {
  if (Object.hasOwn(plain, name)) return plain[name];
  const percent = /^[pP](\d{1,3}(?:\.\d{1,10})?)$/.exec(name)?.[1];
  if (percent === undefined || Number(percent) > 100) return undefined;
  return (summary) => percentileOf(summary, Number(percent));
}

/** What a refusal says of statistics that AWS has and Portico doesn't. */
export const statisticsHint =
  "Portico has SampleCount, Average, Sum, Minimum, Maximum and percentiles from p0 to p100; no trimmed means and counts.";
