import { type AlarmDocument, type AlarmStateRecord, periodOf, queriesOf } from "./alarm-document.ts";
import type { AlarmChange } from "./alarm-families.ts";
import { alarmTime } from "./decide-alarm.ts";

/** Writes what a function gets. AWS: CloudWatch User Guide, "Invoke a Lambda function from an alarm", Event object. */
export function alarmEvent({ account, region, before, after }: AlarmChange): string {
  const { settings, state, arn, name } = after;
  return JSON.stringify({
    source: "aws.cloudwatch",
    alarmArn: arn,
    accountId: account,
    time: alarmTime(state.updatedAt),
    region,
    alarmData: {
      alarmName: name,
      state: stateOf(state),
      previousState: stateOf(before.state),
      configuration: { description: settings.AlarmDescription, metrics: metricsOf(after) },
    },
  });
}

const stateOf = ({ value, reason, reasonData, updatedAt }: AlarmStateRecord): object => ({
  value,
  reason,
  reasonData,
  timestamp: alarmTime(updatedAt),
});

function metricsOf({ settings }: AlarmDocument): readonly object[] {
  return queriesOf(settings).queries.map(({ Id, MetricStat, Expression, Label, ReturnData = true }) => ({
    id: Id,
    metricStat: MetricStat && {
      metric: {
        namespace: MetricStat.Metric.Namespace,
        name: MetricStat.Metric.MetricName,
        dimensions: Object.fromEntries((MetricStat.Metric.Dimensions ?? []).map(({ Name, Value }) => [Name, Value])),
      },
      period: MetricStat.Period,
      stat: MetricStat.Stat,
      unit: MetricStat.Unit,
    },
    expression: Expression,
    label: Label,
    returnData: ReturnData,
  }));
}

/** AWS: as subscribers get it. SNS takes 100 characters of ASCII, so that long names are cut. */
export function notificationSubject({ region, after: { name, state } }: AlarmChange): string {
  const subject = (shown: string): string => `${state.value}: "${shown}" in ${regionName(region)}`;
  const room = 100 - subject("").length;
  return subject(name.length > room ? `${name.slice(0, room - 3)}...` : name).replaceAll(/[^\x20-\x7e]/g, "_");
}

/** AWS: as recorded notifications name regions. Unconfirmed: the others; see docs/compatibility.md, "alarms, notifications". */
const regionNames: Readonly<Record<string, string>> = {
  "ap-northeast-1": "Asia Pacific (Tokyo)",
  "ap-northeast-2": "Asia Pacific (Seoul)",
  "ap-southeast-1": "Asia Pacific (Singapore)",
  "ap-southeast-2": "Asia Pacific (Sydney)",
  "ca-central-1": "Canada (Central)",
  "eu-south-1": "EU (Milan)",
  "eu-west-1": "EU (Ireland)",
  "eu-west-2": "EU (London)",
  "sa-east-1": "South America (Sao Paulo)",
  "us-east-1": "US East (N. Virginia)",
  "us-east-2": "US East (Ohio)",
  "us-west-1": "US West (N. California)",
  "us-west-2": "US West (Oregon)",
};
const regionName = (region: string): string => (Object.hasOwn(regionNames, region) ? regionNames[region]! : region);

/** Writes what a topic's subscribers get. AWS: SNS Developer Guide and re:Post, messages of CloudWatch alarms. */
export function notification({ account, region, before, after }: AlarmChange): string {
  const { settings, state, arn, name, settingsAt } = after;
  return JSON.stringify({
    AlarmName: name,
    AlarmDescription: settings.AlarmDescription ?? null,
    AWSAccountId: account,
    AlarmConfigurationUpdatedTimestamp: alarmTime(settingsAt),
    NewStateValue: state.value,
    NewStateReason: state.reason,
    StateChangeTime: alarmTime(state.updatedAt),
    Region: regionName(region),
    AlarmArn: arn,
    OldStateValue: before.state.value,
    OKActions: settings.OKActions,
    AlarmActions: settings.AlarmActions,
    InsufficientDataActions: settings.InsufficientDataActions,
    Trigger: triggerOf(after),
  });
}

function triggerOf({ settings }: AlarmDocument): object {
  const { Metrics, Statistic, ExtendedStatistic, Unit = null } = settings;
  const rule = {
    Period: settings.Period,
    EvaluationPeriods: settings.EvaluationPeriods,
    DatapointsToAlarm: settings.DatapointsToAlarm,
    ComparisonOperator: settings.ComparisonOperator,
    Threshold: settings.Threshold,
    TreatMissingData: settings.TreatMissingData ?? "",
    EvaluateLowSampleCountPercentile: settings.EvaluateLowSampleCountPercentile ?? "",
  };
  if (Metrics !== undefined) {
    const shown = Metrics.map(({ MetricStat, ReturnData = true, ...query }) => ({
      ...query,
      ...(MetricStat && {
        MetricStat: {
          ...MetricStat,
          Metric: { ...MetricStat.Metric, Dimensions: dimensionsOf(MetricStat.Metric.Dimensions) },
        },
      }),
      ReturnData,
    }));
    return { ...rule, Period: periodOf(settings), Metrics: shown };
  }
  return {
    MetricName: settings.MetricName,
    Namespace: settings.Namespace,
    ...(Statistic === undefined
      ? { StatisticType: "ExtendedStatistic", ExtendedStatistic }
      : { StatisticType: "Statistic", Statistic: statistics[Statistic] ?? Statistic.toUpperCase() }),
    Unit,
    Dimensions: dimensionsOf(settings.Dimensions),
    ...rule,
  };
}

const dimensionsOf = (dimensions: AlarmDocument["settings"]["Dimensions"] = []): readonly object[] =>
  dimensions.map(({ Name, Value }) => ({ value: Value, name: Name }));

const statistics: Readonly<Record<string, string>> = { SampleCount: "SAMPLE_COUNT" };
