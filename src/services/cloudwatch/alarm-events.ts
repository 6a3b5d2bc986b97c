import { type AlarmDocument, type AlarmStateRecord, queriesOf } from "./alarm-document.ts";
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

/** AWS: as subscribers get it. Unconfirmed: a region is named by its code; see docs/compatibility.md, "alarms, notifications". */
export const notificationSubject = ({ region, after: { name, state } }: AlarmChange): string =>
  `${state.value}: "${name}" in ${region}`.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 100);

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
    Region: region,
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
  if (Metrics !== undefined) return { ...rule, Metrics };
  return {
    MetricName: settings.MetricName,
    Namespace: settings.Namespace,
    ...(Statistic === undefined
      ? { StatisticType: "ExtendedStatistic", ExtendedStatistic }
      : { StatisticType: "Statistic", Statistic: statistics[Statistic] ?? Statistic.toUpperCase() }),
    Unit,
    Dimensions: (settings.Dimensions ?? []).map(({ Name, Value }) => ({ value: Value, name: Name })),
    ...rule,
  };
}

const statistics: Readonly<Record<string, string>> = { SampleCount: "SAMPLE_COUNT" };
