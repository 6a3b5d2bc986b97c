import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { below, makeRandom, seedOr } from "../../test/random.ts";
import { ApiKeyFinder, type KeyFinding } from "./api-key-finder.ts";
import { ApiKeyRecords, type ApiKeySegment, segmentRecords } from "./api-key-memory.ts";
import { ApiKeyTable } from "./api-key-table.ts";

const scope = { account: "000000000000", region: "us-east-1" };
const other = { account: "111111111111", region: "us-east-1" };
const bucket = { set: 1, otherSet: 2, low: 3, high: 4 };
const plans = (...slots: number[]): ReadonlySet<number> => new Set(slots);
const link = (keyId: string, plan: number) => ({ keyId, plan, share: { firstDay: 0 }, bucket });

function finderOf(table: ApiKeyTable): (value: string, slots?: ReadonlySet<number>, of?: typeof scope) => KeyFinding {
  const finder = new ApiKeyFinder(table.records);
  return (value, slots = plans(0), of = scope) => finder.find(finder.prefix(of), value, slots);
}

test("a key is found by its value in its account and region, with the plan that has the stage", () => {
  const table = new ApiKeyTable("salt");
  const finder = new ApiKeyFinder(table.records);
  const prefix = finder.prefix(scope);
  table.put(scope, { id: "id00000001", value: "value", isEnabled: true });
  assert.equal(finder.find(prefix, "value", plans(0)), "unassociated");
  assert.equal(finder.keyId, "id00000001");
  assert.equal(table.link(scope, link("id00000001", 5)), true);
  assert.equal(table.link(scope, link("id00000001", 7)), true);
  assert.equal(table.link(scope, link("id00000001", 7)), false);
  assert.equal(finder.find(prefix, "value", plans(5)), "found");
  assert.deepEqual([finder.plan, finder.bucket], [5, bucket]);
  assert.equal(finder.find(prefix, "value", plans(7, 9)), "found");
  assert.equal(finder.plan, 7);
  assert.equal(finder.find(prefix, "value", plans(9)), "unassociated");
  assert.equal(finder.find(finder.prefix(other), "value", plans(5)), "unknown");
  assert.equal(finder.find(finder.prefix({ ...scope, region: "eu-west-1" }), "value", plans(5)), "unknown");
  assert.equal(finder.keyId, "");
  table.put(scope, { id: "id00000001", value: "value", isEnabled: false });
  assert.equal(finder.find(prefix, "value", plans(5)), "disabled");
  table.put(scope, { id: "id00000001", value: "value", isEnabled: true });
  table.unlink(scope, "id00000001", 5);
  assert.equal(finder.find(prefix, "value", plans(5)), "unassociated");
  assert.equal(finder.find(prefix, "value", plans(7)), "found");
  table.delete(scope, "id00000001");
  assert.equal(finder.find(prefix, "value", plans(7)), "unknown");
  assert.equal(table.count, 0);
});

test("what is not there is neither linked nor taken out", () => {
  const table = new ApiKeyTable("salt");
  assert.equal(table.link(scope, link("none", 1)), undefined);
  table.unlink(scope, "none", 1);
  table.delete(scope, "none");
  table.put(scope, { id: "a", value: "v", isEnabled: true });
  table.unlink(scope, "a", 1);
  table.delete(other, "a");
  assert.equal(finderOf(table)("v"), "unassociated");
});

test("values of two accounts that are equal are two keys", () => {
  const table = new ApiKeyTable("salt");
  const find = finderOf(table);
  for (const owner of [scope, other]) {
    table.put(owner, { id: "same", value: "same", isEnabled: true });
    table.link(owner, link("same", 0));
  }
  table.delete(scope, "same");
  assert.equal(find("same"), "unknown");
  assert.equal(find("same", plans(0), other), "found");
});

test("whatever is added, linked and taken out, and in whatever order, the table is what a map would be", () => {
  const random = makeRandom(seedOr(7));
  const table = new ApiKeyTable("salt");
  const find = finderOf(table);
  const keys = new Map<string, { isEnabled: boolean; plans: Set<number> }>();
  const idOf = (): string => `${below(random, 2) === 0 ? "key" : "a-long-id-that-is-the-value-"}${below(random, 401)}`;
  for (let round = 0; round < 20_000; round++) {
    const id = idOf();
    const known = keys.get(id);
    const plan = below(random, 5);
    switch (below(random, 5)) {
      case 0:
      case 1: {
        const isEnabled = below(random, 4) > 0;
        table.put(scope, { id, value: id, isEnabled });
        keys.set(id, { isEnabled, plans: known?.plans ?? new Set() });
        break;
      }
      case 2:
        table.delete(scope, id);
        keys.delete(id);
        break;
      case 3:
        assert.equal(table.link(scope, link(id, plan)), known === undefined ? undefined : !known.plans.has(plan));
        known?.plans.add(plan);
        break;
      case 4:
        table.unlink(scope, id, plan);
        known?.plans.delete(plan);
    }
    const [asked, slot] = [idOf(), below(random, 5)];
    const wanted = keys.get(asked);
    const expected =
      wanted === undefined
        ? "unknown"
        : !wanted.isEnabled
          ? "disabled"
          : wanted.plans.has(slot)
            ? "found"
            : "unassociated";
    assert.equal(find(asked, plans(slot)), expected, `round ${round}`);
    assert.equal(table.find(scope, asked, slot) >= 0, wanted?.plans.has(slot) ?? false);
  }
  assert.equal(table.count, keys.size);
  for (const id of keys.keys()) assert.equal(table.membershipsOf(scope, id).length, keys.get(id)!.plans.size);
});

test("memory of keys that were taken out is used again", () => {
  const table = new ApiKeyTable("salt");
  for (let round = 0; round < 3 * segmentRecords; round++) {
    table.put(scope, { id: `k${round}`, value: `v${round}`, isEnabled: true });
    table.link(scope, link(`k${round}`, 0));
    table.delete(scope, `k${round}`);
  }
  assert.deepEqual([table.records.keys.length, table.records.memberships.length], [1, 1]);
});

test("a thread gets the segments that are made after it started when it needs them", () => {
  const table = new ApiKeyTable("salt");
  table.put(scope, { id: "first", value: "first", isEnabled: true });
  const sent: ApiKeySegment[] = [];
  const { memory, stop } = table.connect((segment) => void sent.push(segment));
  const finder = new ApiKeyFinder(new ApiKeyRecords(memory, () => sent.shift()));
  for (let key = 0; key < segmentRecords; key++) table.put(scope, { id: `k${key}`, value: `v${key}`, isEnabled: true });
  table.link(scope, link(`k${segmentRecords - 1}`, 0));
  assert.equal(sent.length, 2);
  assert.equal(finder.find(finder.prefix(scope), `v${segmentRecords - 1}`, plans(0)), "found");
  assert.equal(sent.length, 0);
  stop();
  for (let key = 0; key < segmentRecords; key++) table.put(scope, { id: `l${key}`, value: `w${key}`, isEnabled: true });
  // A segment that never comes: the keys in it are refused.
  assert.equal(finder.find(finder.prefix(scope), `w${segmentRecords - 1}`, plans(0)), "unknown");
  assert.equal(finder.find(finder.prefix(scope), "first", plans(0)), "unassociated");
});

const worker = new URL("../../test/limits/api-key-thread.ts", import.meta.url);

test("threads find the keys that stay, and none that is gone, while others come and go", async () => {
  const table = new ApiKeyTable("salt");
  for (let key = 0; key < 200; key++) {
    table.put(scope, { id: `stays${key}`, value: `stays${key}`, isEnabled: true });
    table.link(scope, link(`stays${key}`, 0));
  }
  const run = new Int32Array(new SharedArrayBuffer(8));
  const threads = Array.from({ length: 2 }, () => {
    const { memory } = table.connect(() => undefined);
    return new Worker(worker, { workerData: { memory, run: run.buffer } });
  });
  const looked = (): number => Atomics.load(run, 1);
  const results = threads.map(async (thread) => (await once(thread, "message"))[0] as Record<string, number>);
  const passes = 20;
  for (let pass = 0, seen = -1; pass < passes; ) {
    for (let key = 0; key < 500; key++) {
      table.put(scope, { id: `goes${key}`, value: `goes${key}`, isEnabled: true });
      table.link(scope, link(`goes${key}`, 0));
    }
    for (let key = 0; key < 500; key++) table.delete(scope, `goes${key}`);
    // The threads look while keys come and go.
    if (looked() > seen + 1_000) {
      seen = looked();
      pass++;
    }
  }
  Atomics.store(run, 0, 1);
  for (const result of await Promise.all(results)) assert.deepEqual(Object.keys(result), ["found"]);
  for (const thread of threads) await thread.terminate();
});
