import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { until } from "../../../test/until.ts";
import { ManualClock } from "../../base/clock.ts";
import { openSqliteStore } from "../../store/sqlite-store.ts";
import { AlarmActions, type AlarmActionsOptions, type AlarmPost } from "./alarm-actions.ts";
import { type AlarmDocument, type AlarmHistoryDocument, alarmHistoryKind, alarmIndexes } from "./alarm-document.ts";

const scope = { account: "000000000000", region: "us-east-1" };
const functionArn = "arn:aws:lambda:us-east-1:111111111111:function:pager";
const topic = "arn:aws:sns:us-east-1:000000000000:ops";

const anAlarm = (actions: readonly string[], isEnabled = true): AlarmDocument => ({
  name: "a",
  arn: "arn:aws:cloudwatch:us-east-1:000000000000:alarm:a",
  settings: {
    ActionsEnabled: isEnabled,
    OKActions: [],
    AlarmActions: actions,
    InsufficientDataActions: [],
    EvaluationPeriods: 1,
    Threshold: 5,
    ComparisonOperator: "GreaterThanThreshold",
  },
  settingsAt: 0,
  state: { value: "ALARM", reason: "r", updatedAt: 0, transitionedAt: 0 },
  tags: {},
});

function acting(t: TestContext, options: Partial<AlarmActionsOptions> = {}) {
  const store = openSqliteStore({ indexes: alarmIndexes });
  const posts: AlarmPost[] = [];
  const actions = new AlarmActions({
    store,
    clock: new ManualClock(0),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    functions: { describe: () => undefined, problemOf: () => "no such function", accept: () => assert.fail() },
    findSns: () => ({ problem: "SNS is nowhere" }),
    hasWebhooks: true,
    post: (request) => {
      posts.push(request);
      return Promise.resolve(200);
    },
    ...options,
  });
  t.after(async () => {
    await actions.close();
    await store.close();
  });
  const act = (alarm: AlarmDocument): void => actions.act({ ...scope, before: alarm, after: alarm });
  const summaries = async (): Promise<readonly string[]> =>
    (await store.read(scope, (tx) => tx.list<AlarmHistoryDocument>(alarmHistoryKind))).map(({ body }) => body.summary);
  return { actions, posts, act, summaries };
}

test("what can't be done is in the alarm's history by name, and what is disabled is not done", async (t) => {
  const { posts, act, summaries } = acting(t, { hasWebhooks: false });
  const wanted = new Map([
    [functionArn, "no such function"],
    [topic, "SNS is nowhere"],
    ["https://example.com/", "this server does not call URLs: --beyond-aws alarm-webhooks"],
    ["arn:aws:automate:us-east-1:ec2:stop", "Portico can't run such an action"],
  ]);
  act(anAlarm([...wanted.keys()], false));
  act(anAlarm([...wanted.keys()]));
  await until(async () => (await summaries()).length === 4);
  assert.deepEqual(
    [...(await summaries())].sort(),
    [...wanted].map(([action, why]) => `Failed to execute action ${action}. Received error: "${why}"`).sort(),
  );
  assert.equal(posts.length, 0);
});

test("a function of any account is called if its policy lets alarms of this account", async (t) => {
  const policyFor = (SourceAccount: string): string =>
    JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { Service: "lambda.alarms.cloudwatch.amazonaws.com" },
          Action: "lambda:InvokeFunction",
          Resource: functionArn,
          Condition: { StringEquals: { "AWS:SourceAccount": SourceAccount } },
        },
      ],
    });
  let policy = policyFor("222222222222");
  const events: string[] = [];
  const { act, summaries } = acting(t, {
    functions: {
      describe: () => ({ functionArn, policy }) as never,
      problemOf: () => undefined,
      accept: async ({ payload }) => {
        events.push(String(payload));
        return { kind: "accepted" } as never;
      },
    },
  });
  act(anAlarm([functionArn]));
  await until(async () => (await summaries()).length === 1);
  assert.match((await summaries())[0]!, /is not authorized to perform: lambda:InvokeFunction/);
  policy = policyFor(scope.account);
  act(anAlarm([functionArn]));
  await until(() => events.length === 1);
  assert.equal(JSON.parse(events[0]!).alarmArn, "arn:aws:cloudwatch:us-east-1:000000000000:alarm:a");
});

test("what refuses for good is asked once", async (t) => {
  const { posts, act, summaries } = acting(t, {
    post: (request) => {
      posts.push(request);
      return Promise.resolve(403);
    },
  });
  act(anAlarm(["https://example.com/hook"]));
  await until(async () => (await summaries()).length === 1);
  assert.deepEqual(await summaries(), [
    'Failed to execute action https://example.com/hook. Received error: "https://example.com answered 403"',
  ]);
  assert.equal(posts.length, 1);
});

test("a topic is published to where SNS is, signed for the alarm's account", async (t) => {
  const { posts, act } = acting(t, {
    findSns: (region, account) => ({
      origin: `http://sns.${region}.test`,
      credentials: { accessKeyId: account, secretAccessKey: "s" },
    }),
  });
  act(anAlarm([topic]));
  await until(() => posts.length === 1);
  assert.equal(posts[0]!.url, "http://sns.us-east-1.test/");
  assert.match(posts[0]!.headers.join(" "), /Credential=000000000000\/19700101\/us-east-1\/sns\/aws4_request/);
});

test("a receiver that hangs does not keep the server from closing, and many do not take all memory", async (t) => {
  const { actions, posts, act, summaries } = acting(t, {
    post: async (request) => {
      posts.push(request);
      await once(request.signal, "abort");
      throw new Error("aborted");
    },
  });
  for (let count = 0; count < 1_010; count++) act(anAlarm(["https://example.com/"]));
  await until(async () => (await summaries()).length >= 10);
  assert.equal(posts.length, 1_000);
  assert.ok((await summaries()).every((line) => line.endsWith('"too many actions are under way"')));
  await actions.close();
});
