import { bounds } from "../../base/bounds.ts";
import type { SlicedWork } from "../../base/slices.ts";
import { ApiError } from "../../protocol/errors.ts";
import type { MetricAddress } from "../../telemetry/metric-sink.ts";
import type { MetricStore } from "./metric-store.ts";
import { accumulate, type MetricSummary } from "./metric-summary.ts";

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

/** What a call may read. */
export class ReadBudget {
  readonly #max: number;
  #left: number;

  constructor(max: number = bounds.metricQueryBytesMax.value) {
    this.#max = max;
    this.#left = max;
  }

  /** Throws AWS's ValidationException once it is too much. */
  readonly spend = (bytes: number): void => {
    this.#left -= bytes;
    if (this.#left >= 0) return;
    throw new ApiError(
      "ValidationException",
      "The request reads too many values: ask for less time or fewer metrics.",
      {
        hint: `${this.#max} bytes as they are stored`,
      },
    );
  };
}

/** The minutes that are read between two pauses: some milliseconds, however many values they have. */
const sliceMinutes = 240;

/**
 * Reads a metric's points, added together for each period, which is named by its first minute. Periods without points are
 * not there. Undefined for a metric that is not there.
 */
export function* readPeriods(
  store: MetricStore,
  address: Omit<MetricAddress, "unit">,
  { fromMinute, toMinute, periodMinutes }: PeriodRange,
  budget: ReadBudget,
): SlicedWork<ReadonlyMap<string, ReadonlyMap<number, MetricSummary>> | undefined> {
  const metric = store.metric(address);
  if (metric === undefined) return undefined;
  const units = new Map<string, Map<number, MetricSummary>>();
  const kept = store.minutesKept(metric.id);
  const end = Math.min(toMinute, kept.toMinute);
  for (let from = Math.max(fromMinute, kept.fromMinute); from < end; ) {
    const to = Math.min(end, (Math.floor(from / sliceMinutes) + 1) * sliceMinutes);
    for (const { unit, minute, summary } of store.minutes(
      metric.id,
      { fromMinute: from, toMinute: to },
      budget.spend,
    )) {
      let periods = units.get(unit);
      if (periods === undefined) {
        periods = new Map();
        units.set(unit, periods);
      }
      const start = minute - ((minute - fromMinute) % periodMinutes);
      periods.set(start, accumulate(periods.get(start), summary));
    }
    from = to;
    yield;
  }
  return units;
}
