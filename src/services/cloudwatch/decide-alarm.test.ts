import assert from "node:assert/strict";
import { test } from "node:test";
import type { AlarmSettings, AlarmState } from "./alarm-document.ts";
import { decideAlarm } from "./decide-alarm.ts";

const settings: AlarmSettings = {
  ActionsEnabled: true,
  OKActions: [],
  AlarmActions: [],
  InsufficientDataActions: [],
  EvaluationPeriods: 3,
  Threshold: 50,
  ComparisonOperator: "GreaterThanThreshold",
};

const nowMs = Date.UTC(2026, 10, 21, 12, 0, 4);
const newest = Date.UTC(2026, 10, 21, 11, 59) / 1_000;

/** Decides about values as AWS's tables write them, the oldest first: 0 is within the threshold, X is not. */
function decide(text: string, changes: Partial<AlarmSettings>, current: AlarmState = "INSUFFICIENT_DATA") {
  const signs: Readonly<Record<string, number | undefined>> = { X: 99.5, "0": 1 };
  const values = text.split(" ").map((sign) => signs[sign]);
  return decideAlarm({ ...settings, ...changes }, { values: values.toReversed(), newest, period: 60 }, current, nowMs);
}

const stays = "stays";
const [ok, alarm, insufficient] = ["OK", "ALARM", "INSUFFICIENT_DATA"];

// AWS: CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data": its two tables.
const tables: readonly (readonly [needed: number, points: string, states: readonly string[]])[] = [
  [3, "0 - X - X", [ok, ok, ok, ok]],
  [3, "0 - - - -", [ok, ok, ok, ok]],
  [3, "- - - - -", [insufficient, stays, alarm, ok]],
  [3, "0 X X - X", [alarm, alarm, alarm, alarm]],
  [3, "- - X - -", [alarm, stays, alarm, ok]],
  [2, "0 - X - X", [alarm, alarm, alarm, alarm]],
  [2, "0 0 X 0 X", [alarm, alarm, alarm, alarm]],
  [2, "0 - X - -", [ok, ok, alarm, ok]],
  [2, "- - - - 0", [ok, ok, alarm, ok]],
  [2, "- - - X -", [alarm, stays, alarm, ok]],
  // Ours: one breaching value that came just now is not yet an alarm.
  [3, "- - - - X", [stays, stays, alarm, ok]],
];

for (const [DatapointsToAlarm, points, states] of tables) {
  test(`${DatapointsToAlarm} of 3 datapoints: ${points}`, () => {
    const treatments = ["missing", "ignore", "breaching", "notBreaching"];
    const decided = treatments.map(
      (TreatMissingData) => decide(points, { DatapointsToAlarm, TreatMissingData })?.state ?? stays,
    );
    assert.deepEqual(decided, states);
  });
}

test("the operators compare as they are called", () => {
  const at = (ComparisonOperator: AlarmSettings["ComparisonOperator"], value: number) =>
    decideAlarm(
      { ...settings, EvaluationPeriods: 1, ComparisonOperator },
      { values: [value], newest, period: 60 },
      "OK",
      nowMs,
    )?.state;
  const operators = [
    "GreaterThanThreshold",
    "GreaterThanOrEqualToThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
  ] as const;
  const table = operators.map((operator) => [49, 50, 51].map((value) => at(operator, value) === "ALARM"));
  assert.deepEqual(table, [
    [false, false, true],
    [false, true, true],
    [true, false, false],
    [true, true, false],
  ]);
});

test("reasons and their data are written as AWS's are", () => {
  const one = decide("X", { EvaluationPeriods: 1, Statistic: "Average", Period: 60 }, "OK");
  assert.equal(
    one?.reason,
    "Threshold Crossed: 1 datapoint [99.5 (21/11/26 11:59:00)] was greater than the threshold (50.0).",
  );
  assert.deepEqual(JSON.parse(one.reasonData), {
    version: "1.0",
    queryDate: "2026-11-21T12:00:04.000+0000",
    startDate: "2026-11-21T11:59:00.000+0000",
    statistic: "Average",
    period: 60,
    recentDatapoints: [99.5],
    threshold: 50,
    evaluatedDatapoints: [{ timestamp: "2026-11-21T11:59:00.000+0000", value: 99.5 }],
  });
  assert.equal(decide("- - - - -", {})?.reason, "Insufficient Data: 3 datapoints were unknown.");
  assert.equal(
    decide("-", { EvaluationPeriods: 1, TreatMissingData: "breaching" })?.reason,
    "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [Breaching].",
  );
  assert.equal(
    decide("X", { EvaluationPeriods: 2, DatapointsToAlarm: 1, TreatMissingData: "notBreaching" }, "OK")?.reason,
    "Threshold Crossed: 1 out of the last 2 datapoints [99.5 (21/11/26 11:59:00)] was greater than the threshold (50.0) " +
      "and 1 missing datapoint was treated as [NonBreaching] (minimum 1 datapoint for OK -> ALARM transition).",
  );
  assert.equal(
    decide("0", { DatapointsToAlarm: 2, TreatMissingData: "breaching" })?.reason,
    "Threshold Crossed: 1 datapoint was received for 3 periods and 2 missing datapoints were treated as [Breaching].",
  );
  assert.deepEqual(JSON.parse(decide("- -", { EvaluationPeriods: 2 })?.reasonData ?? "").evaluatedDatapoints, [
    { timestamp: "2026-11-21T11:59:00.000+0000" },
    { timestamp: "2026-11-21T11:58:00.000+0000" },
  ]);
  assert.match(
    decide("0 0 0 X 0", { DatapointsToAlarm: 2 }, "ALARM")?.reason ?? "",
    /^Threshold Crossed: 2 out of the last 3 datapoints \[1\.0 \(.*\), 1\.0 \(.*\)\] were not greater than .*\(minimum 2 datapoints for ALARM -> OK transition\)\.$/,
  );
});
