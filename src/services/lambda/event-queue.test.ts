import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../../test/until.ts";
import { ManualClock } from "../../base/clock.ts";
import type { FunctionClient, InvokeOutcome, InvokeRequest } from "../../functions/function-client.ts";
import { openSqliteStore } from "../../store/sqlite-store.ts";
import type { Store } from "../../store/store.ts";
import { EventQueue } from "./event-queue.ts";

const scope = { account: "000000000000", region: "us-east-1" };
const functionArn = "arn:aws:lambda:us-east-1:000000000000:function:f";
const ok: InvokeOutcome = { kind: "ok", payload: Buffer.from("null"), requestId: "r" };
const failed: InvokeOutcome = {
  kind: "function-error",
  payload: Buffer.from("{}"),
  errorMessage: "boom",
  requestId: "r",
};
const refused = (code: string, status: number): InvokeOutcome => ({
  kind: "service-error",
  code,
  status,
  message: code,
  requestId: "r",
});

/** A queue over functions that answer as told, one outcome a run. */
function queueOf(store: Store, outcomes: readonly InvokeOutcome[]) {
  const runs: InvokeRequest[] = [];
  const warnings: string[] = [];
  const functions: FunctionClient = {
    describe: () => undefined,
    invoke: async (request) => {
      runs.push(request);
      return outcomes[runs.length - 1] ?? ok;
    },
    close: async () => undefined,
  };
  const ignore = (): void => undefined;
  const logger = { debug: ignore, info: ignore, warn: (text: string) => void warnings.push(text), error: ignore };
  const queue = new EventQueue({ store, functions, logger, clock: new ManualClock(1_000_000), retryMs: [5, 5] });
  return { queue, runs, warnings };
}

const event = {
  functionArn,
  payload: Buffer.from('{"a":1}'),
  requestId: "r",
  traceId: undefined,
  clientContext: undefined,
};

const queued = async (store: Store): Promise<number> => (await store.all("lambda-event")).length;

/** Waits until the store holds no event any more. */
async function drained(store: Store): Promise<void> {
  await until(async () => (await queued(store)) === 0, { what: "the store holds no event" });
}

const cases: readonly (readonly [string, readonly InvokeOutcome[], number, RegExp | undefined])[] = [
  ["a success runs once", [ok], 1, undefined],
  ["a function error is retried", [failed, ok], 2, undefined],
  ["after two retries it is given up, and said so", [failed, failed, failed], 3, /given up: boom/],
  ["a function that is gone is given up", [refused("ResourceNotFoundException", 404)], 1, /given up/],
  [
    "a throttle is retried and counts as no failure",
    [refused("TooManyRequestsException", 429), failed, failed, ok],
    4,
    undefined,
  ],
];

for (const [what, outcomes, count, warning] of cases) {
  test(`asynchronous invocations: ${what}`, async (t) => {
    const store = openSqliteStore({});
    const { queue, runs, warnings } = queueOf(store, outcomes);
    t.after(async () => {
      queue.close();
      await store.close();
    });
    await queue.accept(scope, event);
    await drained(store);
    assert.equal(runs.length, count);
    assert.ok(runs.every(({ requestId, payload }) => requestId === "r" && payload.toString() === '{"a":1}'));
    if (warning) assert.match(warnings.join("\n"), warning);
    else assert.deepEqual(warnings, []);
  });
}

test("asynchronous invocations: what was accepted before a stop runs after the next start", async (t) => {
  const store = openSqliteStore({});
  const first = queueOf(store, []);
  first.queue.close();
  await first.queue.accept(scope, event);
  assert.equal(await queued(store), 1);
  const second = queueOf(store, [ok]);
  t.after(async () => {
    second.queue.close();
    await store.close();
  });
  await second.queue.start();
  await drained(store);
  assert.equal(first.runs.length, 0);
  assert.equal(second.runs.length, 1);
});
