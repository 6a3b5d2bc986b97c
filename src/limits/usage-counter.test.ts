import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { bounds } from "../base/bounds.ts";
import { ApiKeyFinder } from "./api-key-finder.ts";
import { ApiKeyTable } from "./api-key-table.ts";
import { dayOf, type Quota, type QuotaShare } from "./quota-period.ts";
import { UsageCounter } from "./usage-counter.ts";

const scope = { account: "000000000000", region: "us-east-1" };
const bucket = { set: 1, otherSet: 2, low: 3, high: 4 };
const hour = 3_600_000;
const day = 24 * hour;
/** A Wednesday. */
const noon = Date.UTC(2026, 10, 18, 12);

interface CountedKey {
  readonly table: ApiKeyTable;
  readonly membership: number;
  /** Calls at a time until the quota is used up, or so many times. Saves in between, as control does. */
  calls(quota: Quota | undefined, nowMs: number, most?: number): number;
  share(share: QuotaShare): void;
}

function aKey(share: QuotaShare = { firstDay: 0 }): CountedKey {
  const table = new ApiKeyTable("salt");
  table.put(scope, { id: "key", value: "value", isEnabled: true });
  table.link(scope, { keyId: "key", plan: 0, share, bucket });
  const finder = new ApiKeyFinder(table.records);
  const counter = new UsageCounter(table.records);
  const find = (): void => assert.equal(finder.find(finder.prefix(scope), "value", new Set([0])), "found");
  find();
  const { membership } = finder;
  return {
    table,
    membership,
    calls(quota, nowMs, most = 1_000_000) {
      find();
      for (let count = 0; ; ) {
        if (count === most) return count;
        const outcome = counter.count(finder.membership, finder.generation, quota, nowMs);
        if (outcome === "unsaved") table.setSaved(membership, table.periodOf(membership));
        else if (outcome === "counted") count++;
        else {
          assert.equal(outcome, "exceeded");
          return count;
        }
      }
    },
    share: (changed) => void table.link(scope, { keyId: "key", plan: 0, share: changed, bucket }),
  };
}

const perDay = (limit: number): Quota => ({ limit, offset: 0, period: "DAY" });

test("a quota begins anew with its period: days, weeks from Sunday, months", () => {
  const cases: readonly [Quota["period"], number, number, boolean][] = [
    ["DAY", noon, noon + 12 * hour - 1, false],
    ["DAY", noon, noon + 12 * hour, true],
    ["WEEK", noon, Date.UTC(2026, 10, 22) - 1, false],
    ["WEEK", noon, Date.UTC(2026, 10, 22), true],
    ["WEEK", Date.UTC(2026, 10, 29), Date.UTC(2026, 11, 5), false],
    ["MONTH", noon, Date.UTC(2026, 11, 1) - 1, false],
    ["MONTH", noon, Date.UTC(2026, 11, 1), true],
    ["MONTH", Date.UTC(2026, 11, 31), Date.UTC(2027, 0, 1), true],
    ["MONTH", Date.UTC(2028, 1, 28), Date.UTC(2028, 1, 29), false],
  ];
  for (const [period, first, then, isNew] of cases) {
    const { calls } = aKey();
    const quota = { limit: 5, offset: 0, period };
    assert.equal(calls(quota, first), 5);
    assert.equal(calls(quota, then), isNew ? 5 : 0, `${period} ${new Date(then).toISOString()}`);
  }
});

test("the offset is subtracted in the key's first period only; an extension counts in its own", () => {
  const quota: Quota = { limit: 10, offset: 4, period: "WEEK" };
  const { calls, share } = aKey({ firstDay: dayOf(noon) });
  assert.equal(calls(quota, noon), 6);
  share({ firstDay: dayOf(noon), extension: { start: dayOf(Date.UTC(2026, 10, 15)), requests: 3 } });
  assert.equal(calls(quota, noon), 3);
  assert.equal(calls(quota, noon + 7 * day), 10);
  share({ firstDay: dayOf(noon), extension: { start: dayOf(Date.UTC(2026, 10, 22)), requests: -10 } });
  assert.equal(calls(quota, noon + 7 * day), 0);
  assert.equal(calls(quota, noon + 14 * day), 10);
});

test("a clock that goes back gives no quota again, and days are counted as they are", () => {
  for (const back of [1, hour, day, 2 * day, 40 * day]) {
    const { calls, table, membership } = aKey();
    assert.equal(calls(perDay(3), noon), 3);
    assert.equal(calls(perDay(3), noon + day), 3);
    assert.equal(calls(perDay(3), noon + day - back), 0, `${back}`);
    assert.equal(calls(perDay(3), noon), 0);
    assert.equal(calls(perDay(3), noon + 2 * day), 3);
    const days = table.daysOf(membership).map(({ start, count }) => [start - dayOf(noon), count]);
    assert.deepEqual(
      days.sort(([one = 0], [other = 0]) => one - other),
      [
        [1, 3],
        [2, 3],
      ],
    );
  }
});

test("limits of nothing and of everything are limits", () => {
  assert.equal(aKey().calls(perDay(0), noon), 0);
  assert.equal(aKey().calls({ limit: 1, offset: 5, period: "WEEK" }, noon), 1);
  const { calls, table, membership } = aKey();
  table.setPeriod(membership, dayOf(noon), () => 2_147_483_640);
  assert.equal(calls(perDay(2_147_483_647), noon), 7);
  assert.equal(table.periodOf(membership).count, 2_147_483_647);
});

test("a quota that comes, goes or changes counts what was counted", () => {
  const { calls } = aKey();
  assert.equal(calls(perDay(5), noon), 5);
  assert.equal(calls(undefined, noon, 10), 10);
  assert.equal(calls(perDay(7), noon), 2);
  assert.equal(calls(perDay(3), noon), 0);
});

test("no more calls than may be unsaved are counted before they are saved", () => {
  const table = new ApiKeyTable("salt");
  table.put(scope, { id: "key", value: "value", isEnabled: true });
  table.link(scope, { keyId: "key", plan: 0, share: { firstDay: 0 }, bucket });
  const counter = new UsageCounter(table.records);
  const membership = table.find(scope, "key", 0);
  const max = bounds.usageUnsavedMax.value;
  const quota = perDay(1_000_000);
  let due = 0;
  for (let call = 0; call < max; call++) {
    assert.equal(counter.count(membership, 1, quota, noon), "counted");
    if (counter.isSaveDue) due++;
  }
  assert.equal(due, max / 2);
  assert.equal(counter.count(membership, 1, quota, noon), "unsaved");
  // A plan without a quota has nothing that could be exceeded.
  assert.equal(counter.count(membership, 1, undefined, noon), "counted");
  assert.deepEqual(table.takeUnsaved(10), [membership]);
  assert.deepEqual(table.takeUnsaved(10), []);
  table.giveBack([membership]);
  assert.deepEqual(table.takeUnsaved(10), [membership]);
  table.setSaved(membership, table.periodOf(membership));
  assert.equal(counter.count(membership, 1, quota, noon), "counted");
  // A new period is unsaved from its beginning.
  for (let call = 0; call < max; call++) assert.equal(counter.count(membership, 1, quota, noon + day), "counted");
  assert.equal(counter.count(membership, 1, quota, noon + day), "unsaved");
});

test("a key that left its plan, or whose place is another's, is not counted", () => {
  const table = new ApiKeyTable("salt");
  const counter = new UsageCounter(table.records);
  for (const id of ["one", "two"]) table.put(scope, { id, value: id, isEnabled: true });
  table.link(scope, { keyId: "one", plan: 0, share: { firstDay: 0 }, bucket });
  const membership = table.find(scope, "one", 0);
  table.unlink(scope, "one", 0);
  assert.equal(counter.count(membership, 1, undefined, noon), "left");
  table.link(scope, { keyId: "two", plan: 0, share: { firstDay: 0 }, bucket });
  assert.equal(table.find(scope, "two", 0), membership);
  assert.equal(counter.count(membership, 1, undefined, noon), "left");
  assert.deepEqual(table.daysOf(membership), []);
});

const worker = new URL("../../test/limits/usage-thread.ts", import.meta.url);

test("threads that count at once count every call, and let none pass too many", async () => {
  const { table, membership } = aKey();
  const threads = 3;
  const { memory } = table.connect(() => undefined);
  const quota = perDay(50_000);
  const run = new SharedArrayBuffer(4);
  table.setSaved(membership, { start: dayOf(noon), count: 1_000_000 });
  const counts = await Promise.all(
    Array.from({ length: threads }, async () => {
      const thread = new Worker(worker, { workerData: { memory, membership, quota, run, threads, now: noon } });
      const [passed] = (await once(thread, "message")) as [number];
      await thread.terminate();
      return passed;
    }),
  );
  assert.equal(
    counts.reduce((total, count) => total + count, 0),
    50_000,
  );
  assert.equal(table.periodOf(membership).count, 50_000);
  assert.deepEqual(table.daysOf(membership), [{ start: dayOf(noon), count: 50_000 }]);
});

test("a thread that is ended while it counts leaves the counts in order", async () => {
  const { table, membership, calls } = aKey();
  const { memory } = table.connect(() => undefined);
  table.setSaved(membership, { start: dayOf(noon), count: 1_000_000_000 });
  for (let round = 0; round < 3; round++) {
    const run = new Int32Array(new SharedArrayBuffer(4));
    const quota = perDay(1_000_000_000);
    const workerData = { memory, membership, quota, run: run.buffer, threads: 1, now: noon, isEndless: true };
    const thread = new Worker(worker, { workerData });
    await once(thread, "message");
    await thread.terminate();
  }
  const { count } = table.periodOf(membership);
  const [{ count: today = 0 } = {}] = table.daysOf(membership);
  assert.ok(count - today >= 0 && count - today <= 3, `${count} and ${today}`);
  assert.equal(calls(perDay(count + 5), noon), 5);
  assert.deepEqual(table.takeUnsaved(10), [membership]);
});
