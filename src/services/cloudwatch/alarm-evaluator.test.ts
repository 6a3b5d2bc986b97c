import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { until } from "../../../test/until.ts";
import { ManualClock } from "../../base/clock.ts";
import { openSqliteStore } from "../../store/sqlite-store.ts";
import { type AlarmDocument, alarmIndexes, alarmKind } from "./alarm-document.ts";
import { AlarmEvaluator } from "./alarm-evaluator.ts";
import type { AlarmChange } from "./alarm-families.ts";
import type { AlarmAnswer, AlarmQuestion } from "./read-alarm-points.ts";

const scope = { account: "000000000000", region: "us-east-1" };
const start = Date.UTC(2026, 10, 21, 12);

const anAlarm = (name: string, settingsAt = 0): AlarmDocument => ({
  name,
  arn: `arn:aws:cloudwatch:us-east-1:000000000000:alarm:${name}`,
  settings: {
    ActionsEnabled: true,
    OKActions: [],
    AlarmActions: [],
    InsufficientDataActions: [],
    Namespace: "n",
    MetricName: name,
    Statistic: "Sum",
    Period: 60,
    EvaluationPeriods: 1,
    Threshold: 5,
    ComparisonOperator: "GreaterThanThreshold",
  },
  settingsAt,
  state: { value: "INSUFFICIENT_DATA", reason: "r", updatedAt: 0, transitionedAt: 0 },
  tags: {},
});

/** An evaluator over values that a test sets. */
function evaluating(t: TestContext) {
  const store = openSqliteStore({ indexes: alarmIndexes });
  const clock = new ManualClock(start);
  const asked: AlarmQuestion[] = [];
  const errors: string[] = [];
  const changes: AlarmChange[] = [];
  const world = {
    answer: (_: AlarmQuestion): AlarmAnswer => ({ kind: "values", values: [9] }),
    beforeAnswer: async (): Promise<void> => undefined,
  };
  const evaluator = new AlarmEvaluator({
    store,
    clock,
    metrics: {
      async call({ input }) {
        const { questions } = input as { readonly questions: readonly AlarmQuestion[] };
        asked.push(...questions);
        await world.beforeAnswer();
        return { answers: questions.map(world.answer) };
      },
    },
    logger: {
      debug() {},
      info() {},
      warn: (message) => errors.push(message),
      error: (message) => errors.push(message),
    },
    act: (change) => changes.push(change),
  });
  evaluator.start();
  t.after(async () => {
    await evaluator.close();
    await store.close();
  });
  const put = (alarm: AlarmDocument) => store.write(scope, (tx) => tx.put(alarmKind, alarm.name, alarm));
  const stateOf = async (name: string) =>
    (await store.read(scope, (tx) => tx.get<AlarmDocument>(alarmKind, name)))?.body.state.value;
  const tick = () => evaluator.tick();
  return { store, clock, asked, errors, changes, world, put, stateOf, tick };
}

test("an alarm is evaluated when it is new, and once a minute", async (t) => {
  const { clock, asked, changes, put, stateOf, tick } = evaluating(t);
  await tick();
  assert.equal(asked.length, 0);
  await put(anAlarm("a"));
  await tick();
  await tick();
  assert.deepEqual([asked.length, asked[0]?.endMinute, await stateOf("a")], [1, start / 60_000, "ALARM"]);
  clock.advance(59_999);
  await tick();
  assert.equal(asked.length, 1);
  clock.advance(1);
  await tick();
  assert.deepEqual([asked.length, asked[1]?.endMinute], [2, start / 60_000 + 1]);
  assert.deepEqual(
    changes.map(({ before, after }) => `${before.state.value} ${after.state.value}`),
    ["INSUFFICIENT_DATA ALARM"],
  );
});

test("a clock that jumps, either way, is followed", async (t) => {
  const { clock, asked, put, tick } = evaluating(t);
  await put(anAlarm("a"));
  const days = [0, 400, -800, 1];
  for (const jump of days) {
    clock.advance(jump * 86_400_000);
    await tick();
  }
  const minutes = asked.map(({ endMinute }) => Math.round((endMinute - start / 60_000) / 1_440));
  assert.deepEqual(minutes, [0, 400, -400, -399]);
});

test("an alarm that is changed or deleted while it is evaluated keeps its new state, and does nothing", async (t) => {
  const { store, changes, world, put, stateOf, tick } = evaluating(t);
  await put(anAlarm("changed"));
  await put(anAlarm("gone"));
  world.beforeAnswer = async () => {
    await put({ ...anAlarm("changed", 7), state: { ...anAlarm("x").state, value: "OK" } });
    await store.write(scope, (tx) => tx.delete(alarmKind, "gone"));
    world.beforeAnswer = async () => undefined;
  };
  await tick();
  assert.deepEqual([await stateOf("changed"), await stateOf("gone"), changes.length], ["OK", undefined, 0]);
  await tick();
  assert.deepEqual([await stateOf("changed"), changes.length], ["ALARM", 1]);
});

test("one that can't be evaluated is told of and spoils no other; metrics that can't be read are asked again", async (t) => {
  const { errors, world, put, stateOf, tick } = evaluating(t);
  await put(anAlarm("broken"));
  await put(anAlarm("sound"));
  world.beforeAnswer = () => Promise.reject(new Error("disk full"));
  await tick();
  assert.deepEqual([errors, await stateOf("sound")], [["Alarms could not be evaluated."], "INSUFFICIENT_DATA"]);
  world.beforeAnswer = async () => undefined;
  const sound = world.answer;
  world.answer = (question) =>
    question.queries[0]?.MetricStat?.Metric.MetricName === "broken" ? { kind: "failed", why: "x" } : sound(question);
  await tick();
  assert.equal(errors.at(-1), "An alarm can't be evaluated.");
  await until(async () => (await stateOf("sound")) === "ALARM");
  assert.equal(await stateOf("broken"), "INSUFFICIENT_DATA");
});

test("of many alarms only those that changed are read again; one that can't be read is read again later", async (t) => {
  const { store, clock, asked, put, tick } = evaluating(t);
  for (let index = 0; index < 20; index++) await put(anAlarm(`a${index}`));
  const all = t.mock.method(store, "all");
  const read = t.mock.method(store, "read");
  await tick();
  assert.deepEqual([all.mock.callCount(), read.mock.callCount(), asked.length], [1, 0, 20]);
  await tick();
  // The new states are changes, too, and no reason to evaluate anything.
  assert.deepEqual([all.mock.callCount(), read.mock.callCount(), asked.length], [1, 20, 20]);
  await put(anAlarm("a7", 1));
  read.mock.mockImplementationOnce(() => Promise.reject(new Error("busy")));
  await tick();
  assert.deepEqual([read.mock.callCount(), asked.length], [21, 20]);
  await tick();
  assert.deepEqual(
    [read.mock.callCount(), asked.length, asked.at(-1)?.queries[0]?.MetricStat?.Metric.MetricName],
    [22, 21, "a7"],
  );
  await store.write(scope, (tx) => tx.delete(alarmKind, "a8"));
  clock.advance(60_000);
  await tick();
  assert.deepEqual([all.mock.callCount(), asked.length], [1, 21 + 19]);
});

test("alarms of an account whose metrics take long keep no other account's from being evaluated", async (t) => {
  const { store, clock, world, put, stateOf, asked, tick } = evaluating(t);
  const slow = { account: "222222222222", region: "us-east-1" };
  await store.write(slow, (tx) => tx.put(alarmKind, "slow", anAlarm("slow")));
  const hold = Promise.withResolvers<void>();
  world.beforeAnswer = () =>
    asked.at(-1)?.queries[0]?.MetricStat?.Metric.MetricName === "slow" ? hold.promise : Promise.resolve();
  const first = tick();
  await until(() => asked.length === 1);
  await put(anAlarm("quick"));
  clock.advance(60_000);
  const second = tick();
  await until(async () => (await stateOf("quick")) === "ALARM");
  assert.deepEqual(
    asked.map(({ queries }) => queries[0]?.MetricStat?.Metric.MetricName),
    ["slow", "quick"],
  );
  hold.resolve();
  await Promise.all([first, second]);
  const [state] = await store.all<AlarmDocument>(alarmKind).then((all) => all.filter(({ id }) => id === "slow"));
  assert.equal(state?.body.state.value, "ALARM");
});
