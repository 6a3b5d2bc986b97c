import type { CloudWatch } from "@aws-sdk/client-cloudwatch";
import { bounds } from "../../base/bounds.ts";
import { type BeyondAws, beyondAwsFlag } from "../../definition/beyond-aws.ts";
import type { InputOf } from "../../families/input.ts";
import { present } from "../../families/work.ts";
import { ApiError, notImplemented } from "../../protocol/errors.ts";
import { type AlarmSettings, type Comparison, comparisons, periodOf } from "./alarm-document.ts";
import { periodMinutesOf } from "./get-metric-statistics.ts";
import { checkQueries, type MetricDataQuery } from "./metric-queries.ts";
import { findStatistic, statisticsHint } from "./statistics.ts";

export type PutMetricAlarmInput = InputOf<CloudWatch, "PutMetricAlarm">;

export const validationError = (message: string, hint?: string): ApiError =>
  new ApiError("ValidationException", message, { hint });

const daySeconds = 86_400;

/**
 * Returns an alarm's settings. Throws AWS's ValidationException. Unconfirmed: its words; see docs/compatibility.md, "alarms,
 * words".
 */
export function readAlarmSettings(
  input: PutMetricAlarmInput,
  { account, features }: { readonly account: string; readonly features: readonly BeyondAws[] },
): AlarmSettings {
  refuseUnserved(input);
  // AWS: "PutMetricAlarm", AlarmName.
  if (/\p{Cc}/u.test(input.AlarmName ?? "")) throw validationError("AlarmName must not contain control characters.");
  const { MetricName, Namespace, Metrics, Statistic, ExtendedStatistic, Dimensions, Unit } = input;
  const { EvaluationPeriods, DatapointsToAlarm, Threshold, ComparisonOperator, TreatMissingData } = input;
  if (EvaluationPeriods === undefined) throw validationError("The parameter EvaluationPeriods is required.");
  if (ComparisonOperator === undefined) throw validationError("The parameter ComparisonOperator is required.");
  if (Threshold === undefined) throw validationError("The parameter Threshold is required.");
  if (!Object.hasOwn(comparisons, ComparisonOperator)) {
    throw notImplemented(`Portico has no anomaly detection: no ComparisonOperator ${ComparisonOperator}.`);
  }
  if ((MetricName === undefined) === (Metrics === undefined)) {
    throw validationError("Exactly one of the parameters MetricName and Metrics must be specified.");
  }
  if (MetricName === undefined) checkMetrics(input, account);
  else checkMetric(input);
  if (DatapointsToAlarm !== undefined && DatapointsToAlarm > EvaluationPeriods) {
    throw validationError("The parameter DatapointsToAlarm must be less than or equal to EvaluationPeriods.");
  }
  const treatments = ["breaching", "notBreaching", "ignore", "missing"];
  if (TreatMissingData !== undefined && !treatments.includes(TreatMissingData)) {
    throw validationError(
      `Unsupported value for TreatMissingData: ${TreatMissingData.slice(0, 64)}. Valid values are [${treatments.join(", ")}].`,
    );
  }
  const low = input.EvaluateLowSampleCountPercentile;
  if (low !== undefined && !["evaluate", "ignore"].includes(low)) {
    throw validationError(
      `Option ${low.slice(0, 64)} is not supported. Supported options for parameter EvaluateLowSampleCountPercentile are evaluate and ignore.`,
    );
  }
  const settings: AlarmSettings = present<AlarmSettings>({
    AlarmDescription: input.AlarmDescription,
    ActionsEnabled: input.ActionsEnabled ?? true,
    OKActions: checkActions(input.OKActions, features),
    AlarmActions: checkActions(input.AlarmActions, features),
    InsufficientDataActions: checkActions(input.InsufficientDataActions, features),
    MetricName,
    Namespace,
    Statistic,
    ExtendedStatistic,
    Dimensions: MetricName === undefined ? undefined : ((Dimensions ?? []) as AlarmSettings["Dimensions"]),
    Period: input.Period,
    Unit,
    EvaluationPeriods,
    DatapointsToAlarm,
    Threshold,
    ComparisonOperator: ComparisonOperator as Comparison,
    TreatMissingData,
    EvaluateLowSampleCountPercentile: input.EvaluateLowSampleCountPercentile,
    Metrics: Metrics as AlarmSettings["Metrics"],
  });
  requireShortRange(settings);
  const charsMax = bounds.alarmSettingsCharsMax.value;
  if (JSON.stringify(settings).length > charsMax) {
    // AWS has bounds for each member only.
    throw validationError(`The settings of an alarm must not take more than ${charsMax} characters as JSON.`);
  }
  return settings;
}

/** Refuses what AWS has and Portico has not, so that no alarm stays silent. */
function refuseUnserved(input: PutMetricAlarmInput): void {
  if (input.ThresholdMetricId !== undefined)
    throw notImplemented("Portico has no anomaly detection: no ThresholdMetricId.");
  if (input.EvaluationCriteria !== undefined || input.EvaluationInterval !== undefined) {
    throw notImplemented("Portico has no PromQL alarms: no EvaluationCriteria and EvaluationInterval.");
  }
}

function checkMetric({ MetricName, Namespace, Period, Statistic, ExtendedStatistic }: PutMetricAlarmInput): void {
  // AWS's message, as users quote it.
  if (/[^\p{ASCII}]/u.test(MetricName ?? ""))
    throw validationError("MetricName must not contain Non-ASCII characters.");
  if (Namespace === undefined) throw validationError("The parameter Namespace is required.");
  if (Period === undefined) throw validationError("The parameter Period is required.");
  if ((Statistic === undefined) === (ExtendedStatistic === undefined)) {
    throw validationError("Exactly one of the parameters Statistic and ExtendedStatistic must be specified.");
  }
  periodMinutesOf(Period);
  const name = Statistic ?? ExtendedStatistic ?? "";
  if (findStatistic(name) === undefined) {
    throw validationError(`The value ${name.slice(0, 64)} for parameter ExtendedStatistic is invalid.`, statisticsHint);
  }
}

function checkMetrics(
  { Metrics = [], Period, Namespace, Dimensions, Statistic, Unit }: PutMetricAlarmInput,
  account: string,
): void {
  if ([Period, Namespace, Dimensions, Statistic, Unit].some((member) => member !== undefined)) {
    throw validationError("The parameters of a single metric must not be specified with Metrics.");
  }
  const queries = Metrics as readonly MetricDataQuery[];
  const expressions = checkQueries(queries, { name: "Metrics", account });
  const max = bounds.alarmQueriesMax.value;
  if (expressions.size > max || queries.length - expressions.size > max) {
    throw validationError(`Metrics list must contain no more than ${max} metrics and ${max} expressions.`);
  }
  if (queries.filter(({ ReturnData }) => ReturnData !== false).length !== 1) {
    throw validationError("Metrics list must contain exactly one metric matching the ReturnData being true condition");
  }
  const periods = new Set(queries.flatMap(({ MetricStat }) => MetricStat?.Period ?? []));
  if (periods.size > 1) throw validationError("Metrics of an alarm must have the same period.");
}

/** AWS: "PutMetricAlarm", EvaluationPeriods: a day at most, and seven with periods of an hour and more. */
function requireShortRange(settings: AlarmSettings): void {
  const period = periodOf(settings);
  const max = period >= 3_600 ? 7 * daySeconds : daySeconds;
  if (period * settings.EvaluationPeriods <= max) return;
  throw validationError(
    `Metrics cannot be checked across more than ${max === daySeconds ? "a day" : "7 days"} (EvaluationPeriods * Period must be <= ${max}).`,
  );
}

const lambdaPattern = /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w-]{1,64}(:[\w$-]{1,128})?$/;
const topicPattern = /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}(\.fifo)?$/;

/** The kinds of actions that Portico runs. */
export type ActionKind = "lambda" | "sns" | "webhook";

/** Returns what an action is; undefined if Portico can't run it. */
export function kindOfAction(action: string): ActionKind | undefined {
  if (lambdaPattern.test(action)) return "lambda";
  if (topicPattern.test(action)) return "sns";
  if (!/^https?:\/\//.test(action) || !URL.canParse(action)) return undefined;
  const { username, password } = new URL(action);
  return username === "" && password === "" ? "webhook" : undefined;
}

function checkActions(actions: readonly string[] = [], features: readonly BeyondAws[]): readonly string[] {
  for (const action of actions) {
    const kind = kindOfAction(action);
    if (kind === undefined) {
      throw validationError(
        `Invalid arn syntax or unsupported action: ${action}`,
        "Portico's alarms call Lambda functions and publish to SNS topics.",
      );
    }
    if (kind === "webhook" && !features.includes("alarm-webhooks")) {
      throw validationError(
        `Invalid arn syntax: ${action}`,
        `${beyondAwsFlag("alarm-webhooks")} lets alarms call URLs`,
      );
    }
  }
  return [...new Set(actions)];
}
