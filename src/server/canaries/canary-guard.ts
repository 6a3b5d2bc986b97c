import { bounds } from "../../base/bounds.ts";
import { isObject } from "../../base/json-object.ts";
import type { CanaryTally } from "../../telemetry/canary-counts.ts";

/** The kind of guards; their ids are the stages' (`{apiId}/{stageName}`). */
export const canaryGuardKind = "canary-guard";

/** A metric of CloudWatch's that a user puts for both sides. One dimension tells them apart. */
export interface GuardMetric {
  readonly namespace: string;
  readonly metricName: string;
  readonly statistic: string;
  /** The dimensions that both sides have. */
  readonly dimensions: Readonly<Record<string, string>>;
  /** The dimension that tells the sides apart, with its values. */
  readonly side: { readonly name: string; readonly stable: string; readonly canary: string };
  readonly worse: "higher" | "lower";
}

/** What a guard does. */
export interface GuardSettings {
  /** Shares of the requests in percent, one after the other. After the last one the canary is promoted. */
  readonly steps: readonly number[];
  /** The least time of each step. */
  readonly stepSeconds: number;
  /** The least number of requests that each side must have had in a step. */
  readonly stepRequests: number;
  /** How sure the guard has to be before it rolls back, in percent. */
  readonly confidencePercent: number;
  /** How many percentage points more 5XX are borne, however sure it is; null: they are not looked at. */
  readonly errorTolerance: number | null;
  /** How many percent slower the slowest tenth may be; null: latency is not looked at. */
  readonly latencyTolerance: number | null;
  readonly metric?: GuardMetric;
}

export const guardDefaults: GuardSettings = {
  steps: [5, 25, 50],
  stepSeconds: 300,
  stepRequests: 200,
  confidencePercent: 99,
  errorTolerance: 0.5,
  latencyTolerance: 25,
};

export type CheckName = "errors" | "latency" | "metric";

/** How often a check has looked, which costs it certainty, and how much there was when it last did in this step. */
export interface Looks {
  readonly taken: number;
  readonly size: number;
}

/** A line of a guard's report. */
export interface GuardEvent {
  readonly atMs: number;
  readonly percent: number;
  readonly outcome: "started" | "raised" | "promoted" | "rolled back" | "ended";
  readonly reasons: readonly string[];
}

/** A guard of a stage's canary, as it is stored: it goes on after a restart. */
export interface CanaryGuard {
  readonly apiId: string;
  readonly stageName: string;
  readonly stableId: string;
  readonly canaryId: string;
  readonly settings: GuardSettings;
  readonly state: "running" | "promoted" | "rolled back" | "ended";
  readonly startedMs: number;
  readonly step: number;
  readonly stepStartedMs: number;
  /** What the requests of this step counted. */
  readonly counts: CanaryTally;
  readonly looks: Readonly<Partial<Record<CheckName, Looks>>>;
  /** The oldest line first. */
  readonly report: readonly GuardEvent[];
}

/** Reads what a caller wants of a guard; returns why it makes no sense otherwise. */
export function readGuardSettings(given: unknown): GuardSettings | string {
  if (!isObject(given)) return "guard is an object";
  const unknownName = Object.keys(given).find((name) => name !== "metric" && !Object.hasOwn(guardDefaults, name));
  if (unknownName !== undefined) return `there is no setting ${unknownName.slice(0, 50)}`;
  const { metric, ...rest } = given;
  const settings = { ...guardDefaults, ...rest } as Readonly<Record<keyof GuardSettings, unknown>>;
  const { steps } = settings;
  const isRising = (values: readonly unknown[]): boolean =>
    values.every(
      (value, index) =>
        isBetween(value, 0, 100) && value > 0 && value < 100 && (index === 0 || value > Number(values[index - 1])),
    );
  const stepsMax = bounds.guardStepsMax.value;
  if (!Array.isArray(steps) || steps.length === 0 || steps.length > stepsMax || !isRising(steps))
    return `steps are 1 to ${stepsMax} rising percentages between 0 and 100`;
  if (!isBetween(settings.stepSeconds, 1, 86_400 * 7)) return "stepSeconds is 1 to 604,800";
  if (!Number.isInteger(settings.stepRequests) || !isBetween(settings.stepRequests, 30, 1e9))
    return "stepRequests is a whole number from 30 on";
  if (!isBetween(settings.confidencePercent, 80, 99.9999)) return "confidencePercent is 80 to 99.9999";
  if (settings.errorTolerance !== null && !isBetween(settings.errorTolerance, 0, 100))
    return "errorTolerance is 0 to 100 percentage points, or null";
  if (settings.latencyTolerance !== null && !isBetween(settings.latencyTolerance, 0, 10_000))
    return "latencyTolerance is 0 to 10,000 percent, or null";
  const problem = metric === undefined ? undefined : problemOfMetric(metric);
  if (problem !== undefined) return problem;
  if (settings.errorTolerance === null && settings.latencyTolerance === null && metric === undefined)
    return "a guard looks at something: errors, latency or a metric";
  return (metric === undefined ? settings : { ...settings, metric }) as GuardSettings;
}

const isBetween = (value: unknown, least: number, most: number): value is number =>
  typeof value === "number" && value >= least && value <= most;

function problemOfMetric(metric: unknown): string | undefined {
  if (!isObject(metric)) return "metric is an object";
  const { side, dimensions, worse } = metric;
  const areTexts = (value: unknown, names: readonly string[]): boolean =>
    isObject(value) && names.every((name) => typeof value[name] === "string" && value[name] !== "");
  if (!areTexts(metric, ["namespace", "metricName", "statistic"]))
    return "metric has the texts namespace, metricName and statistic";
  if (!areTexts(side, ["name", "stable", "canary"])) return "metric.side has the texts name, stable and canary";
  if (!isObject(dimensions) || !areTexts(dimensions, Object.keys(dimensions)) || Object.keys(dimensions).length > 29)
    return "metric.dimensions are at most 29 names and their values";
  return worse === "higher" || worse === "lower" ? undefined : "metric.worse is higher or lower";
}
