import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { rerunningStore } from "../../../test/contract/rerunning-store.ts";
import { until } from "../../../test/until.ts";
import { bounds } from "../../base/bounds.ts";
import { ManualClock } from "../../base/clock.ts";
import type { FunctionClient, InvokeOutcome, InvokeRequest } from "../../functions/function-client.ts";
import { openSqliteStore } from "../../store/sqlite-store.ts";
import { everywhere, type Store } from "../../store/store.ts";
import { EventQueue, eventIndexes } from "./event-queue.ts";

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

interface QueueOptions {
  readonly clock?: ManualClock;
  readonly owner?: string;
}

/** A queue, started, over functions that answer as told, one outcome a run. */
async function queueOf(
  store: Store,
  answer: (request: InvokeRequest, run: number) => InvokeOutcome | Promise<InvokeOutcome>,
  { clock = new ManualClock(1_000_000), owner = "here" }: QueueOptions = {},
) {
  const runs: InvokeRequest[] = [];
  const warnings: string[] = [];
  const errors: string[] = [];
  const functions: FunctionClient = {
    describe: () => undefined,
    invoke: async (request) => answer(request, runs.push(request) - 1),
    close: async () => undefined,
  };
  const ignore = (): void => undefined;
  const logger = {
    debug: ignore,
    info: ignore,
    warn: (text: string) => void warnings.push(text),
    error: (text: string) => void errors.push(text),
  };
  const queue = new EventQueue({ store, functions, logger, clock, owner, retryMs: [5, 5] });
  await queue.start();
  return { queue, runs, warnings, errors, ids: () => runs.map(({ requestId }) => requestId) };
}

/** A store that the test closes, with the queues over it. */
function openStore(t: TestContext): Store {
  const store = openSqliteStore({ indexes: eventIndexes });
  t.after(() => store.close());
  return store;
}

/** A function that runs until it is told to end. */
function heldFunction() {
  const held: ((outcome: InvokeOutcome) => void)[] = [];
  return {
    answer: () => new Promise<InvokeOutcome>((resolve) => held.push(resolve)),
    end: (outcome: InvokeOutcome = ok): void => {
      for (const resolve of held.splice(0)) resolve(outcome);
    },
  };
}

const event = {
  functionArn,
  payload: Buffer.from('{"a":1}'),
  requestId: "r",
  traceId: undefined,
  clientContext: undefined,
};

/** How many events the store holds; each has one run. */
async function queued(store: Store): Promise<number> {
  return store.read(everywhere, async (tx) => {
    const events = await tx.list("lambda-event");
    const runs = await tx.list<{ event: string }>("lambda-event-run");
    assert.deepEqual(runs.map(({ body }) => body.event).sort(), events.map(({ id }) => id).sort());
    return events.length;
  });
}

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
  for (const [how, wrap] of [
    ["", (store: Store) => store],
    [", whatever the store runs twice", rerunningStore],
  ] as const) {
    test(`asynchronous invocations: ${what}${how}`, async (t) => {
      const store = wrap(openStore(t));
      const { queue, runs, warnings } = await queueOf(store, (_, run) => outcomes[run] ?? ok);
      t.after(() => queue.close());
      await queue.accept(event);
      await drained(store);
      assert.equal(runs.length, count);
      assert.ok(runs.every(({ requestId, payload }) => requestId === "r" && payload.toString() === '{"a":1}'));
      if (warning) assert.match(warnings.join("\n"), warning);
      else assert.deepEqual(warnings, []);
    });
  }
}

test("asynchronous invocations: what was accepted before a stop runs after the next start", async (t) => {
  const store = openStore(t);
  const first = await queueOf(store, () => ok);
  await first.queue.close();
  await first.queue.accept(event);
  assert.equal(await queued(store), 1);
  const second = await queueOf(store, () => ok);
  t.after(() => second.queue.close());
  await drained(store);
  assert.equal(first.runs.length, 0);
  assert.equal(second.runs.length, 1);
});

test("asynchronous invocations: they run in the order in which they were accepted, a bounded number at a time", async (t) => {
  const store = openStore(t);
  const held = heldFunction();
  const { queue, runs, ids } = await queueOf(store, held.answer);
  t.after(() => queue.close());
  const all = Array.from({ length: 200 }, (_, n) => `r${n}`);
  await Promise.all(all.map((requestId) => queue.accept({ ...event, requestId })));
  for (const count of [64, 128, 192, 200]) {
    await until(() => runs.length === count);
    // Nothing more begins while so many run.
    await store.write(scope, (tx) => tx.put("other", "document", {}));
    assert.deepEqual(ids(), all.slice(0, count));
    held.end();
  }
  await drained(store);
});

test("asynchronous invocations: a retry that is due first runs first", async (t) => {
  const store = openStore(t);
  const clock = new ManualClock(1_000_000);
  const first = await queueOf(store, () => ok, { clock });
  await first.queue.close();
  for (const [requestId, ms] of [
    ["late", 20],
    ["early", -30],
    ["between", 15],
  ] as const) {
    clock.advance(ms);
    await first.queue.accept({ ...event, requestId });
  }
  const second = await queueOf(store, () => ok, { clock });
  t.after(() => second.queue.close());
  await drained(store);
  assert.deepEqual(second.ids(), ["early", "between", "late"]);
});

test("asynchronous invocations: what ran when its server ended runs at that server's next start", async (t) => {
  const store = openStore(t);
  const held = heldFunction();
  const first = await queueOf(store, held.answer);
  for (const requestId of ["a", "b"]) await first.queue.accept({ ...event, requestId });
  await until(() => first.runs.length === 2);
  await first.queue.close();
  const next = await queueOf(store, () => ok);
  t.after(() => next.queue.close());
  await drained(store);
  assert.deepEqual(next.ids(), ["a", "b"]);
});

test("asynchronous invocations: another server takes over what a stuck one runs when its leases have run out", async (t) => {
  const store = openStore(t);
  const clock = new ManualClock(1_000_000);
  const held = heldFunction();
  const stuck = await queueOf(store, held.answer, { clock, owner: "one" });
  await stuck.queue.accept(event);
  await until(() => stuck.runs.length === 1);
  // It hears of nothing any more, but its function goes on.
  const closing = stuck.queue.close();
  const other = await queueOf(store, () => failed, { clock, owner: "two" });
  t.after(() => other.queue.close());
  const runsOf = (requestId: string): number => other.ids().filter((id) => id === requestId).length;
  clock.advance(bounds.lambdaEventLeaseMs.value - 1_000);
  await other.queue.accept({ ...event, requestId: "first" });
  await until(() => runsOf("first") === 3);
  assert.equal(runsOf("r"), 0, "the lease holds");
  clock.advance(1_000);
  await other.queue.accept({ ...event, requestId: "second" });
  await until(() => runsOf("r") === 3 && runsOf("second") === 3);
  await drained(store);
  await closing;
  assert.equal(stuck.runs.length, 1);
});

test("asynchronous invocations: a run that ends after its lease is another's changes nothing", async (t) => {
  const store = openStore(t);
  const clock = new ManualClock(1_000_000);
  const [slow, fast] = [heldFunction(), heldFunction()];
  const late = await queueOf(store, slow.answer, { clock, owner: "one" });
  await late.queue.accept(event);
  await until(() => late.runs.length === 1);
  clock.advance(bounds.lambdaEventLeaseMs.value);
  const other = await queueOf(store, fast.answer, { clock, owner: "two" });
  t.after(() => other.queue.close());
  await until(() => other.runs.length === 1);
  slow.end(failed);
  // Its outcome is in before the queue closes, which waits until that is recorded.
  await new Promise((resolve) => setImmediate(resolve));
  await late.queue.close();
  assert.equal(await queued(store), 1);
  assert.equal(other.runs.length, 1);
  fast.end();
  await drained(store);
});

test("asynchronous invocations: one that outlasts its lease does not run twice in one server", async (t) => {
  const store = openStore(t);
  const clock = new ManualClock(1_000_000);
  const held = heldFunction();
  const { queue, ids } = await queueOf(store, held.answer, { clock });
  t.after(() => queue.close());
  await queue.accept(event);
  await until(() => ids().length === 1);
  for (const requestId of ["next", "next but one"]) {
    clock.advance(bounds.lambdaEventLeaseMs.value + 1);
    await queue.accept({ ...event, requestId });
    await until(() => ids().includes(requestId));
  }
  held.end();
  await drained(store);
  assert.deepEqual(ids(), ["r", "next", "next but one"]);
});

test("asynchronous invocations: a run is recorded once the store works again, and is no second run", async (t) => {
  const store = openStore(t);
  let isBroken = false;
  const breaking: Store = {
    ...rerunningStore(store),
    write: (scope, work) => (isBroken ? Promise.reject(new Error("disk full")) : store.write(scope, work)),
  };
  const { queue, runs, errors } = await queueOf(breaking, () => {
    isBroken = runs.length === 1;
    return ok;
  });
  t.after(() => queue.close());
  await queue.accept(event);
  await until(() => errors.length > 0);
  assert.match(errors.join(), /could not be recorded: Error: disk full/);
  assert.equal(await queued(store), 1);
  isBroken = false;
  await queue.accept({ ...event, requestId: "next" });
  await drained(store);
  assert.equal(runs.length, 2);
});

test("asynchronous invocations: a reset takes away those that run, too", async (t) => {
  const store = openStore(t);
  const held = heldFunction();
  const { queue, runs } = await queueOf(store, held.answer);
  t.after(() => queue.close());
  await queue.accept(event);
  await until(() => runs.length === 1);
  await store.reset();
  held.end(failed);
  await queue.accept({ ...event, requestId: "next" });
  await until(() => runs.length === 2);
  held.end();
  await drained(store);
  assert.equal(runs.length, 2);
});

test("asynchronous invocations: beyond so many in the store, they are throttled", async (t) => {
  const store = openStore(t);
  const held = heldFunction();
  const first = await queueOf(store, held.answer);
  await first.queue.close();
  const max = bounds.lambdaEventsQueuedMax.value;
  await Promise.all(Array.from({ length: max - 1 }, () => first.queue.accept(event)));
  const { queue } = await queueOf(store, held.answer);
  t.after(() => queue.close());
  await queue.accept(event);
  await assert.rejects(queue.accept(event), { code: "TooManyRequestsException", message: "Rate Exceeded." });
  await store.reset();
  await queue.accept(event);
});

test("asynchronous invocations: closing waits until what has run is recorded", async (t) => {
  const store = openStore(t);
  const { queue, runs } = await queueOf(store, () => ok);
  await queue.accept(event);
  await until(() => runs.length === 1);
  await queue.close();
  assert.equal(await queued(store), 0);
});
