import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ManualClock } from "../../base/clock.ts";
import { type ApiKey, keyKinds, type UsageMonth, type UsagePlan, type UsagePlanKey } from "../../definition/api-key.ts";
import { ApiKeyFinder } from "../../limits/api-key-finder.ts";
import { ApiKeyTable } from "../../limits/api-key-table.ts";
import { allocateTokenBuckets, TokenBuckets } from "../../limits/token-buckets.ts";
import { UsageCounter } from "../../limits/usage-counter.ts";
import { openSqliteStore } from "../../store/sqlite-store.ts";
import type { Reader, Store, Transaction } from "../../store/store.ts";
import { makeLogger } from "../../telemetry/logger.ts";
import { ApiKeyKeeper } from "./api-key-keeper.ts";
import { UsageSaver } from "./usage-saver.ts";

const scope = { account: "123456789012", region: "us-east-1" };
const buckets = new TokenBuckets(allocateTokenBuckets(64, 0), "share");

/** A keeper over a store whose documents of a kind can be made unreadable. */
class KeeperUnderTest {
  readonly clock = new ManualClock(Date.UTC(2026, 10, 20));
  readonly table = new ApiKeyTable("salt");
  readonly lines: string[] = [];
  readonly store: Store = openSqliteStore();
  readonly keeper: ApiKeyKeeper;
  readonly #finder = new ApiKeyFinder(this.table.records);
  readonly #counter = new UsageCounter(this.table.records);
  unreadable = "";

  constructor(t: TestContext) {
    const reads = (tx: Reader): Reader => ({
      ...{ list: tx.list.bind(tx), count: tx.count.bind(tx), in: (other) => reads(tx.in(other)) },
      get: (kind, id) => (kind === this.unreadable ? Promise.reject(new Error("disk")) : tx.get(kind, id)),
    });
    const store: Store = {
      ...{ write: this.store.write.bind(this.store), subscribe: this.store.subscribe.bind(this.store) },
      ...{ scopes: this.store.scopes.bind(this.store), addresses: this.store.addresses.bind(this.store) },
      ...{ all: this.store.all.bind(this.store), revision: this.store.revision.bind(this.store) },
      ...{ reset: this.store.reset.bind(this.store), close: this.store.close.bind(this.store) },
      read: (of, work) =>
        this.store.read(of, (tx) =>
          work(this.unreadable === "" ? tx : { ...reads(tx), list: () => Promise.reject(new Error("disk")) }),
        ),
    };
    const logger = makeLogger("debug", (_level, message) => this.lines.push(message));
    const { clock, table } = this;
    const saver = new UsageSaver({ store: this.store, table, clock, logger });
    this.keeper = new ApiKeyKeeper({ store, table, saver, buckets, clock, logger });
    t.after(async () => {
      await this.keeper.close();
      await this.store.close();
    });
  }

  async write(work: (tx: Transaction) => Promise<void>): Promise<void> {
    await this.store.write(scope, work);
    await this.keeper.caughtUp();
  }

  putKey = (id: string, value: string): Promise<void> =>
    this.write((tx) => tx.put(keyKinds.apiKey, id, { id, value, enabled: true } as ApiKey));
  putPlan = (id: string, period: "DAY" | "MONTH"): Promise<void> =>
    this.write((tx) => tx.put(keyKinds.usagePlan, id, { id, quota: { limit: 10, offset: 0, period } } as UsagePlan));
  link = (planId: string, keyId: string): Promise<void> =>
    this.write((tx) =>
      tx.put<UsagePlanKey>(keyKinds.usagePlanKey, `${planId}/${keyId}`, { keyId, createdDate: 1_700_000_000 }),
    );
  count(value: string): string {
    assert.equal(this.find(value), "found");
    const { membership, generation } = this.#finder;
    return this.#counter.count(membership, generation, { limit: 10, offset: 0, period: "MONTH" }, this.clock.now());
  }
  find = (value: string): string => this.#finder.find(this.#finder.prefix(scope), value, { has: () => true });
}

test("a usage document that can't be read shuts out its own key only, and later changes are still followed", async (t) => {
  const under = new KeeperUnderTest(t);
  await under.keeper.start();
  await under.putPlan("plan", "MONTH");
  for (const id of ["one", "two"]) await under.putKey(id, `value of ${id}`);
  await under.link("plan", "one");
  assert.equal(under.find("value of one"), "found");
  under.unreadable = keyKinds.usageMonth;
  await under.link("plan", "two");
  assert.equal(under.find("value of two"), "unassociated");
  assert.ok(under.lines.includes("The calls of an API key can't be counted: it is refused."));
  await under.write((tx) => tx.delete(keyKinds.apiKey, "one"));
  assert.equal(under.find("value of one"), "unknown");
  under.unreadable = "";
  await under.write((tx) => tx.delete(keyKinds.usagePlanKey, "plan/two"));
  await under.link("plan", "two");
  assert.equal(under.find("value of two"), "found");
});

test("a quota whose calls can't be counted anew shuts out the plan's keys", async (t) => {
  const under = new KeeperUnderTest(t);
  await under.keeper.start();
  await under.putPlan("plan", "DAY");
  for (const id of ["one", "two"]) {
    await under.putKey(id, `value of ${id}`);
    await under.link("plan", id);
  }
  under.unreadable = keyKinds.usageMonth;
  await under.putPlan("plan", "MONTH");
  assert.deepEqual([under.find("value of one"), under.find("value of two")], ["unassociated", "unassociated"]);
  await under.write((tx) => tx.delete(keyKinds.apiKey, "one"));
  assert.equal(under.find("value of one"), "unknown");
});

test("at the start, a usage document that can't be read shuts out its key", async (t) => {
  const under = new KeeperUnderTest(t);
  const write = (work: (tx: Transaction) => Promise<void>): Promise<void> => under.store.write(scope, work);
  await write((tx) => tx.put(keyKinds.apiKey, "one", { id: "one", value: "value", enabled: true }));
  await write((tx) => tx.put(keyKinds.usagePlan, "plan", { id: "plan", quota: { limit: 10, period: "MONTH" } }));
  await write((tx) => tx.put(keyKinds.usagePlanKey, "plan/one", { keyId: "one", createdDate: 1_700_000_000 }));
  await write((tx) => tx.put<UsageMonth>(keyKinds.usageMonth, "2026-11/plan/one", { days: [10] }));
  under.unreadable = keyKinds.usageMonth;
  await under.keeper.start();
  assert.equal(under.find("value"), "unassociated");
});

test("at the start, damaged documents shut out their own keys only", async (t) => {
  const under = new KeeperUnderTest(t);
  const write = (work: (tx: Transaction) => Promise<void>): Promise<void> => under.store.write(scope, work);
  await write((tx) => tx.put(keyKinds.usagePlan, "plan", { id: "plan", quota: { limit: 10, period: "MONTH" } }));
  await write((tx) => tx.put(keyKinds.usagePlan, "none", null));
  await write((tx) => tx.put(keyKinds.apiKey, "null", null));
  await write((tx) => tx.put(keyKinds.usagePlanKey, "plan/null", null));
  const months: [string, unknown][] = [
    ["one", { days: [1] }],
    ["two", null],
    ["three", {}],
  ];
  for (const [id, month] of months) {
    await write((tx) => tx.put(keyKinds.apiKey, id, { id, value: `value of ${id}`, enabled: true }));
    await write((tx) => tx.put(keyKinds.usagePlanKey, `plan/${id}`, { keyId: id, createdDate: 1_700_000_000 }));
    await write((tx) => tx.put(keyKinds.usageMonth, `2026-11/plan/${id}`, month));
  }
  await under.keeper.start();
  assert.deepEqual(
    months.map(([id]) => under.find(`value of ${id}`)),
    ["found", "unassociated", "unassociated"],
  );
});

test("another period counts the saved calls of each key, over many pages of keys and of usage", async (t) => {
  const under = new KeeperUnderTest(t);
  await under.keeper.start();
  await under.putPlan("plan", "DAY");
  const ids = Array.from({ length: 1_201 }, (_, index) => `k${String(index).padStart(5, "0")}`);
  // The 20th of November: the first and the twentieth day of the month, and one of the month before.
  const days = (index: number): readonly number[] =>
    Array.from({ length: 20 }, (_, day) => (day % 19 === 0 ? index : 0));
  await under.write(async (tx) => {
    for (const [index, id] of ids.entries()) {
      await tx.put(keyKinds.apiKey, id, { id, value: `value of ${id}`, enabled: true } as ApiKey);
      await tx.put<UsagePlanKey>(keyKinds.usagePlanKey, `plan/${id}`, { keyId: id, createdDate: 1_700_000_000 });
      if (index % 3 !== 0) continue;
      await tx.put<UsageMonth>(keyKinds.usageMonth, `2026-10/plan/${id}`, { days: [7] });
      await tx.put<UsageMonth>(keyKinds.usageMonth, `2026-11/plan/${id}`, { days: days(index) });
      // Of keys that left the plan, and of another plan.
      await tx.put<UsageMonth>(keyKinds.usageMonth, `2026-11/plan/${id}x`, { days: [9] });
      await tx.put<UsageMonth>(keyKinds.usageMonth, `2026-11/plan2/${id}`, { days: [9] });
    }
  });
  const counts = (): readonly number[] => {
    const slot = under.table.planSlot(scope, "plan");
    return ids.map((id) => under.table.periodOf(under.table.find(scope, id, slot)).count);
  };
  const expected = (times: number): readonly number[] => ids.map((_, index) => (index % 3 === 0 ? index * times : 0));
  assert.deepEqual(counts(), expected(1));
  await under.putPlan("plan", "MONTH");
  assert.deepEqual(counts(), expected(2));
});

test("another period shuts out those whose saved calls are damaged, and counts the others", async (t) => {
  const under = new KeeperUnderTest(t);
  await under.keeper.start();
  await under.putPlan("plan", "DAY");
  const months: Readonly<Record<string, unknown>> = { a: { days: [1] }, b: null, c: {}, d: { days: [2] } };
  for (const [id, month] of Object.entries(months)) {
    await under.putKey(id, `value of ${id}`);
    await under.link("plan", id);
    await under.write((tx) => tx.put(keyKinds.usageMonth, `2026-11/plan/${id}`, month));
  }
  await under.putPlan("plan", "MONTH");
  const slot = under.table.planSlot(scope, "plan");
  const found = Object.keys(months).map((id) => under.find(`value of ${id}`));
  assert.deepEqual(found, ["found", "unassociated", "unassociated", "found"]);
  const counts = ["a", "d"].map((id) => under.table.periodOf(under.table.find(scope, id, slot)).count);
  assert.deepEqual(counts, [1, 2]);
});

test("a key that comes back to a plan brings its calls along before it can be used", async (t) => {
  const under = new KeeperUnderTest(t);
  await under.keeper.start();
  await under.putPlan("plan", "MONTH");
  await under.putKey("one", "value");
  await under.link("plan", "one");
  for (let call = 0; call < 4; call++) assert.equal(under.count("value"), "counted");
  await under.write((tx) => tx.delete(keyKinds.usagePlanKey, "plan/one"));
  assert.equal(under.find("value"), "unassociated");
  // While the key joins, a thread asks for it again and again.
  let isJoining = true;
  const outcomes: string[] = [];
  const calling = (async () => {
    while (isJoining) {
      if (under.find("value") === "found") outcomes.push(under.count("value"));
      await new Promise(setImmediate);
    }
  })();
  await under.link("plan", "one");
  isJoining = false;
  await calling;
  while (outcomes.at(-1) !== "exceeded") outcomes.push(under.count("value"));
  assert.equal(outcomes.filter((outcome) => outcome === "counted").length, 6);
});
