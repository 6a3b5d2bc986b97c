import type { MetricAddress } from "../../telemetry/metric-sink.ts";
import type { MetricStore } from "./metric-store.ts";
import { type MetricSummary, mergeSummaries } from "./metric-summary.ts";

export interface DimensionInput {
  readonly Name: string;
  readonly Value: string;
}

/** Returns dimensions as metrics are stored with them. */
export const sortedDimensions = (dimensions: readonly DimensionInput[] = []): MetricAddress["dimensions"] =>
  dimensions.map(({ Name, Value }) => [Name, Value] as const).sort(([a], [b]) => (a < b ? -1 : 1));

export interface PeriodRange {
  /** The minute at which the first period begins; whole minutes since 1970. */
  readonly fromMinute: number;
  /** Exclusive. */
  readonly toMinute: number;
  readonly periodMinutes: number;
}

/**
 * Reads a metric's points, added together for each period, which is named by its first minute. Periods without points are
 * not there. Undefined for a metric that is not there.
 */
export function readPeriods(
  store: MetricStore,
  address: Omit<MetricAddress, "unit">,
  { fromMinute, toMinute, periodMinutes }: PeriodRange,
): ReadonlyMap<string, ReadonlyMap<number, MetricSummary>> | undefined {
  const metric = store.metric(address);
  if (metric === undefined) return undefined;
  const units = new Map<string, Map<number, MetricSummary>>();
  for (const { unit, minute, summary } of store.minutes(metric.id, { fromMinute, toMinute })) {
    let periods = units.get(unit);
    if (periods === undefined) {
      periods = new Map();
      units.set(unit, periods);
    }
    const start = minute - ((minute - fromMinute) % periodMinutes);
    const before = periods.get(start);
    periods.set(start, before ? mergeSummaries(before, summary) : summary);
  }
  return units;
}
