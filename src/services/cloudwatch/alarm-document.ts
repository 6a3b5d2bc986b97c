import type { Transaction } from "../../store/store.ts";
import type { MetricDataQuery, MetricStat } from "./metric-queries.ts";
import type { DimensionInput } from "./read-periods.ts";

/** The kind of alarms; their ids are their names. */
export const alarmKind = "cloudwatch-alarm";
/** The kind of what happened to them; ids begin with the time, so that the oldest come first. */
export const alarmHistoryKind = "cloudwatch-alarm-history";

export type AlarmState = "OK" | "ALARM" | "INSUFFICIENT_DATA";

export const comparisons = {
  GreaterThanOrEqualToThreshold: {
    words: "greater than or equal to",
    isBreached: (value, threshold) => value >= threshold,
  },
  GreaterThanThreshold: { words: "greater than", isBreached: (value, threshold) => value > threshold },
  LessThanThreshold: { words: "less than", isBreached: (value, threshold) => value < threshold },
  LessThanOrEqualToThreshold: { words: "less than or equal to", isBreached: (value, threshold) => value <= threshold },
} as const satisfies Record<
  string,
  { readonly words: string; readonly isBreached: (value: number, threshold: number) => boolean }
>;

export type Comparison = keyof typeof comparisons;

/** What an alarm watches, and when it goes off. AWS: CloudWatch API reference, "PutMetricAlarm". */
export interface AlarmSettings {
  readonly AlarmDescription?: string;
  readonly ActionsEnabled: boolean;
  readonly OKActions: readonly string[];
  readonly AlarmActions: readonly string[];
  readonly InsufficientDataActions: readonly string[];
  readonly MetricName?: string;
  readonly Namespace?: string;
  readonly Statistic?: string;
  readonly ExtendedStatistic?: string;
  readonly Dimensions?: readonly DimensionInput[];
  readonly Period?: number;
  readonly Unit?: string;
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm?: number;
  readonly Threshold: number;
  readonly ComparisonOperator: Comparison;
  readonly TreatMissingData?: string;
  readonly EvaluateLowSampleCountPercentile?: string;
  readonly Metrics?: readonly MetricDataQuery[];
}

/** An alarm as it is stored. Times are milliseconds since 1970. */
export interface AlarmDocument {
  readonly name: string;
  readonly arn: string;
  readonly settings: AlarmSettings;
  readonly settingsAt: number;
  readonly state: AlarmStateRecord;
  readonly tags: Readonly<Record<string, string>>;
}

export interface AlarmStateRecord {
  readonly value: AlarmState;
  readonly reason: string;
  /** JSON. */
  readonly reasonData?: string;
  readonly updatedAt: number;
  readonly transitionedAt: number;
}

export type HistoryItemType = "ConfigurationUpdate" | "StateUpdate" | "Action";

/** One line of an alarm's history. */
export interface AlarmHistoryDocument {
  readonly alarm: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly type: HistoryItemType;
  readonly summary: string;
  /** JSON. */
  readonly data: string;
}

/** Returns the key of a metric, whatever its dimensions, in the index of alarms. */
export const metricKey = (namespace: string, name: string): string => JSON.stringify([namespace, name]);

/** The indexes of alarms by the one metric that they watch, and of histories by their alarms. */
export const alarmIndexes = {
  [alarmKind]: {
    metric: ({ settings: { Namespace, MetricName } }: AlarmDocument) =>
      Namespace === undefined || MetricName === undefined ? [] : [metricKey(Namespace, MetricName)],
  },
  [alarmHistoryKind]: { alarm: ({ alarm }: AlarmHistoryDocument) => [alarm] },
} as const;

/** Adds a line to the history of an alarm of the transaction's scope. */
export async function addHistory(tx: Transaction, id: string, item: AlarmHistoryDocument): Promise<void> {
  const time = String(Math.max(0, Math.floor(item.at))).padStart(15, "0");
  await tx.put<AlarmHistoryDocument>(alarmHistoryKind, `${time}-${id}`, item);
}

/** Returns the queries of an alarm, and the one whose values it judges. */
export function queriesOf(settings: AlarmSettings): {
  readonly queries: readonly MetricDataQuery[];
  readonly id: string;
} {
  const { Metrics, MetricName, Namespace, Dimensions, Period = 60, Statistic, ExtendedStatistic, Unit } = settings;
  if (Metrics !== undefined)
    return { queries: Metrics, id: Metrics.find(({ ReturnData }) => ReturnData !== false)!.Id };
  const MetricStat: MetricStat = {
    Metric: { MetricName: MetricName!, Namespace: Namespace!, ...(Dimensions && { Dimensions }) },
    Period,
    Stat: Statistic ?? ExtendedStatistic ?? "Average",
    ...(Unit === undefined ? {} : { Unit }),
  };
  return { queries: [{ Id: "m1", MetricStat }], id: "m1" };
}

/**
 * Returns how many samples the periods of an alarm need, so that it is not left alone; undefined if any number will do.
 *
 * AWS: CloudWatch User Guide, "Percentile-based CloudWatch alarms and low data samples": 10/(1-percentile) from the median on, and
 * 10/percentile below.
 */
export function samplesNeeded({
  ExtendedStatistic,
  EvaluateLowSampleCountPercentile,
}: AlarmSettings): number | undefined {
  if (EvaluateLowSampleCountPercentile !== "ignore") return undefined;
  const share = Number(/^p([\d.]+)$/i.exec(ExtendedStatistic ?? "")?.[1]) / 100;
  // The extremes are exact, however few samples there are.
  return share > 0 && share < 1 ? Math.round(10 / (share < 0.5 ? share : 1 - share)) : undefined;
}

/** Returns an alarm's period, in seconds: with several metrics, the longest of theirs. */
export const periodOf = ({ Period, Metrics = [] }: AlarmSettings): number =>
  Period ?? Math.max(60, ...Metrics.map(({ MetricStat, Period: own }) => MetricStat?.Period ?? own ?? 60));

/** Returns the actions of a state. */
export const actionsOf = (settings: AlarmSettings, state: AlarmState): readonly string[] =>
  ({
    OK: settings.OKActions,
    ALARM: settings.AlarmActions,
    INSUFFICIENT_DATA: settings.InsufficientDataActions,
  })[state];
