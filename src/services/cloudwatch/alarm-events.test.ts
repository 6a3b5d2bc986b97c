import assert from "node:assert/strict";
import { test } from "node:test";
import type { AlarmDocument, AlarmSettings } from "./alarm-document.ts";
import { notification, notificationSubject } from "./alarm-events.ts";
import { configurationLine } from "./alarm-history.ts";

const anAlarm = (name: string, more: Partial<AlarmSettings> = {}): AlarmDocument => ({
  name,
  arn: `arn:aws:cloudwatch:us-east-1:000000000000:alarm:${name}`,
  settings: {
    ActionsEnabled: true,
    OKActions: [],
    AlarmActions: ["arn:aws:sns:us-east-1:000000000000:ops"],
    InsufficientDataActions: [],
    EvaluationPeriods: 3,
    Threshold: 50,
    ComparisonOperator: "GreaterThanThreshold",
    ...more,
  },
  settingsAt: 0,
  state: { value: "ALARM", reason: "r", updatedAt: 0, transitionedAt: 0 },
  tags: {},
});

const changeOf = (alarm: AlarmDocument, region = "us-east-1") => ({
  account: "000000000000",
  region,
  before: { ...alarm, state: { ...alarm.state, value: "OK" as const } },
  after: alarm,
});

test("a notification's subject names the region, has 100 characters of ASCII, and shortens long names", () => {
  const subject = (name: string, region?: string): string => notificationSubject(changeOf(anAlarm(name), region));
  assert.equal(subject("Inicio de Sesión"), 'ALARM: "Inicio de Sesi_n" in US East (N. Virginia)');
  assert.equal(subject("far", "ap-south-2"), 'ALARM: "far" in ap-south-2');
  assert.equal(subject("x".repeat(255)), `ALARM: "${"x".repeat(63)}..." in US East (N. Virginia)`);
  assert.equal(subject("x".repeat(255)).length, 100);
});

const MetricStat = {
  Metric: { Namespace: "n", MetricName: "m", Dimensions: [{ Name: "a", Value: "b" }] },
  Period: 60,
  Stat: "Sum",
};

test("a notification tells what set the alarm off: one metric, or those of an expression", () => {
  const trigger = (settings: Partial<AlarmSettings>) =>
    JSON.parse(notification(changeOf(anAlarm("a", settings)))).Trigger;
  const dimensions = { Dimensions: [{ Name: "a", Value: "b" }] };
  const plain = trigger({ MetricName: "m", Namespace: "n", Statistic: "SampleCount", Period: 60, ...dimensions });
  assert.deepEqual(plain, {
    MetricName: "m",
    Namespace: "n",
    StatisticType: "Statistic",
    Statistic: "SAMPLE_COUNT",
    Unit: null,
    Dimensions: [{ value: "b", name: "a" }],
    Period: 60,
    EvaluationPeriods: 3,
    ComparisonOperator: "GreaterThanThreshold",
    Threshold: 50,
    TreatMissingData: "",
    EvaluateLowSampleCountPercentile: "",
  });
  const math = trigger({
    Metrics: [
      { Id: "e", Expression: "m * 2" },
      { Id: "m", MetricStat, ReturnData: false },
    ],
  });
  assert.deepEqual(
    [math.Period, math.Metrics],
    [
      60,
      [
        { Id: "e", Expression: "m * 2", ReturnData: true },
        {
          Id: "m",
          MetricStat: { ...MetricStat, Metric: { ...MetricStat.Metric, Dimensions: [{ value: "b", name: "a" }] } },
          ReturnData: false,
        },
      ],
    ],
  );
});

test("history writes settings with small initials", () => {
  const { data } = configurationLine("Create", anAlarm("a", { Metrics: [{ Id: "m", MetricStat }] }));
  const { createdAlarm } = JSON.parse(data);
  assert.deepEqual(createdAlarm.okactions, []);
  assert.deepEqual(createdAlarm.metrics[0].metricStat.metric.dimensions, [{ name: "a", value: "b" }]);
});
