import { bounds } from "../../base/bounds.ts";
import type { SlicedWork } from "../../base/slices.ts";
import { invalidCombination, invalidValue, missingParameter } from "./errors.ts";
import type { MetricCall } from "./metric-call.ts";
import type { MetricStore } from "./metric-store.ts";
import { type DimensionInput, ReadBudget, readPeriods, sortedDimensions } from "./read-periods.ts";
import { findExtended, findStatistic, statisticsHint } from "./statistics.ts";

interface GetMetricStatisticsInput {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions?: readonly DimensionInput[];
  /** Seconds since 1970. */
  readonly StartTime: number;
  readonly EndTime: number;
  readonly Period: number;
  readonly Statistics?: readonly string[];
  readonly ExtendedStatistics?: readonly string[];
  readonly Unit?: string;
}

/** AWS: CloudWatch API reference, "GetMetricStatistics". Unconfirmed: its words; see docs/compatibility.md, "metrics, words". */
export function* getMetricStatistics(
  store: MetricStore,
  input: GetMetricStatisticsInput,
  call: MetricCall,
): SlicedWork<object> {
  const { Namespace, MetricName, Dimensions, Statistics = [], ExtendedStatistics = [], Unit } = input;
  if (Statistics.length + ExtendedStatistics.length === 0) {
    throw missingParameter("At least one of the parameters Statistics and ExtendedStatistics must be specified.");
  }
  const extended = ExtendedStatistics.map((name) => {
    const statistic = findExtended(name);
    if (statistic !== undefined) return [name, statistic] as const;
    throw invalidValue(`The value ${name} for parameter ExtendedStatistics is invalid.`, statisticsHint);
  });
  const plain = Statistics.map((name) => [name, findStatistic(name)!] as const);
  const range = rangeOf(input);
  const { account, region } = call;
  const address = { account, region, namespace: Namespace, name: MetricName, dimensions: sortedDimensions(Dimensions) };
  const datapoints: object[] = [];
  for (const [unit, periods] of (yield* readPeriods(store, address, range, new ReadBudget())) ?? []) {
    if (Unit !== undefined && unit !== Unit) continue;
    for (const [minute, summary] of periods) {
      yield;
      const read = (statistics: typeof extended): object =>
        Object.fromEntries(
          statistics.flatMap(([name, statistic]) => {
            const value = statistic(summary);
            return value === undefined ? [] : [[name, value]];
          }),
        );
      datapoints.push({
        Timestamp: minute * 60,
        ...read(plain),
        ...(extended.length === 0 ? {} : { ExtendedStatistics: read(extended) }),
        Unit: unit,
      });
    }
  }
  return { Label: MetricName, Datapoints: datapoints };
}

function rangeOf({ StartTime, EndTime, Period }: GetMetricStatisticsInput) {
  if (StartTime >= EndTime) {
    throw invalidCombination("The parameter StartTime must be less than the parameter EndTime.");
  }
  const periodMinutes = periodMinutesOf(Period);
  const fromMinute = Math.floor(StartTime / 60);
  const toMinute = Math.ceil(EndTime / 60);
  const points = Math.ceil((toMinute - fromMinute) / periodMinutes);
  const max = bounds.metricStatisticsMax.value;
  if (points > max) {
    throw invalidCombination(
      `You have requested up to ${points} datapoints, which exceeds the limit of ${max}. ` +
        "You may reduce the datapoints requested by increasing Period, or decreasing the time range.",
    );
  }
  return { fromMinute, toMinute, periodMinutes };
}

/** Returns a period in minutes. Throws for one that AWS does not have, or that points of one minute can't have. */
export function periodMinutesOf(period: number): number {
  if (period % 60 === 0) return period / 60;
  const hint = [1, 5, 10, 20, 30].includes(period)
    ? "Portico keeps one point a minute: the smallest period is 60."
    : "";
  throw invalidValue(`The parameter Period must be a multiple of 60: ${period}.`, hint === "" ? undefined : hint);
}
