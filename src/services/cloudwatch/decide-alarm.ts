import { type AlarmSettings, type AlarmState, comparisons } from "./alarm-document.ts";

/** The values of an alarm's periods, the newest first; undefined where there is none. */
export interface AlarmPoints {
  readonly values: readonly (number | undefined)[];
  /** The time at which the newest period begins, in seconds since 1970. */
  readonly newest: number;
  /** In seconds. */
  readonly period: number;
}

/** How many periods are looked at beside those that are evaluated. AWS: "evaluation range", without a number; its examples have 5 for 3. */
export const furtherPeriods = 2;

export interface AlarmDecision {
  readonly state: AlarmState;
  readonly reason: string;
  /** JSON. */
  readonly reasonData: string;
}

/**
 * Decides an alarm's state; undefined: it stays as it is.
 *
 * AWS: CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data".
 */
export function decideAlarm(
  settings: AlarmSettings,
  points: AlarmPoints,
  current: AlarmState,
  nowMs: number,
): AlarmDecision | undefined {
  const { EvaluationPeriods: periods, TreatMissingData: treat = "missing" } = settings;
  const needed = settings.DatapointsToAlarm ?? periods;
  const known = points.values.flatMap((value, age) => (value === undefined ? [] : [{ value, age }]));
  const recent = known.slice(0, periods);
  const missing = periods - recent.length;
  const breaching = recent.filter(({ value }) => isBreached(settings, value));

  const decide = (): AlarmState | undefined => {
    if (breaching.length >= needed) return "ALARM";
    if (missing === 0 || treat === "notBreaching") return "OK";
    if (treat === "breaching") return breaching.length + missing >= needed ? "ALARM" : "OK";
    if (recent.length > breaching.length) return "OK";
    if (treat === "ignore") return undefined;
    if (recent.length === 0) return "INSUFFICIENT_DATA";
    // AWS: values that are missing behind a breaching one don't keep an alarm quiet: it goes off once the oldest is as old as
    // the number of values that it takes.
    return (breaching.at(-1)?.age ?? 0) + 1 >= needed ? "ALARM" : undefined;
  };
  const state = decide();
  if (state === undefined) return undefined;
  return {
    state,
    reason: reasonOf(settings, { points, recent, missing, current, state }),
    reasonData: reasonDataOf(settings, points, recent, nowMs),
  };
}

const isBreached = ({ ComparisonOperator, Threshold }: AlarmSettings, value: number): boolean =>
  comparisons[ComparisonOperator].isBreached(value, Threshold);

interface KnownValue {
  readonly value: number;
  readonly age: number;
}

interface Reasoning {
  readonly points: AlarmPoints;
  readonly recent: readonly KnownValue[];
  readonly missing: number;
  readonly current: AlarmState;
  readonly state: AlarmState;
}

/** Writes why. AWS: as notifications of alarms show StateReason, with DatapointsToAlarm and without. */
function reasonOf(settings: AlarmSettings, { points, recent, missing, current, state }: Reasoning): string {
  const { EvaluationPeriods: periods, Threshold, TreatMissingData, DatapointsToAlarm: needed } = settings;
  if (state === "INSUFFICIENT_DATA") return `Insufficient Data: ${were(periods, "datapoint")} unknown.`;
  const kind = TreatMissingData === "breaching" ? "Breaching" : "NonBreaching";
  const filled = ` and ${were(missing, "missing datapoint")} treated as [${kind}]`;
  const crossing = recent.filter(({ value }) => isBreached(settings, value) === (state === "ALARM"));
  if (crossing.length === 0) {
    const received = recent.length === 0 ? "no datapoints were" : were(recent.length, "datapoint");
    return `Threshold Crossed: ${received} received for ${counted(periods, "period")}${filled}.`;
  }
  const list = crossing.slice(0, shownPoints).map(({ value, age }) => `${decimal(value)} (${dateOf(points, age)})`);
  const many = crossing.length === 1 ? "was" : "were";
  const verb = `${many}${state === "ALARM" ? "" : " not"} ${comparisons[settings.ComparisonOperator].words}`;
  const which =
    needed === undefined
      ? counted(crossing.length, "datapoint")
      : `${crossing.length} out of the last ${periods} datapoints`;
  const isFilled = missing > 0 && /breaching$/i.test(TreatMissingData ?? "");
  return (
    `Threshold Crossed: ${which} [${list.join(", ")}] ${verb} the threshold (${decimal(Threshold)})` +
    `${isFilled ? filled : ""}${needed === undefined ? "" : transition(needed, periods, current, state)}.`
  );
}

function transition(needed: number, periods: number, current: AlarmState, state: AlarmState): string {
  const minimum = state === "ALARM" ? needed : periods - needed + 1;
  // AWS writes OK where there were no data, too.
  return ` (minimum ${counted(minimum, "datapoint")} for ${current === "ALARM" ? "ALARM" : "OK"} -> ${state} transition)`;
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
const were = (count: number, what: string): string => `${counted(count, what)} ${count === 1 ? "was" : "were"}`;

/** A reason shows this many values. AWS: StateReason has 1,023 characters. */
const shownPoints = 20;

/** Writes a number with a fraction, as AWS does: `50.0`. */
const decimal = (value: number): string => (Number.isInteger(value) ? `${value}.0` : `${value}`);

/** `20/11/26 08:29:00` */
function dateOf({ newest, period }: AlarmPoints, age: number): string {
  const [date = "", time = ""] = new Date((newest - age * period) * 1_000).toISOString().split("T");
  const [year = "", month, day] = date.split("-");
  return `${day}/${month}/${year.slice(2)} ${time.slice(0, 8)}`;
}

/** `2026-11-20T08:29:00.000+0000` */
export const alarmTime = (ms: number): string => new Date(ms).toISOString().replace("Z", "+0000");

/** AWS: CloudWatch User Guide, "Alarm events and EventBridge": the examples of reasonData; what is missing has a time only. */
function reasonDataOf(
  settings: AlarmSettings,
  { newest, period }: AlarmPoints,
  recent: readonly KnownValue[],
  nowMs: number,
): string {
  const { Statistic, ExtendedStatistic, Unit, Threshold, EvaluationPeriods: periods } = settings;
  const oldest = recent.at(-1);
  const timeOf = (age: number): string => alarmTime((newest - age * period) * 1_000);
  const evaluated: readonly { readonly age: number; readonly value?: number }[] =
    recent.length > 0 ? recent : Array.from({ length: Math.min(periods, shownPoints) }, (_, age) => ({ age }));
  const oldestFirst = recent.toReversed();
  return JSON.stringify({
    version: "1.0",
    queryDate: alarmTime(nowMs),
    ...(oldest === undefined ? {} : { startDate: timeOf(oldest.age) }),
    statistic: Statistic ?? ExtendedStatistic,
    unit: Unit,
    period,
    recentDatapoints: oldestFirst.map(({ value }) => value),
    threshold: Threshold,
    evaluatedDatapoints: evaluated.map(({ value, age }) => ({ timestamp: timeOf(age), value })),
  });
}
