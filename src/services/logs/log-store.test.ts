import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { below, makeRandom } from "../../../test/random.ts";
import { batchOf, compareLinePositions, LogStore, type StoredLine } from "./log-store.ts";

const folder = mkdtempSync(join(tmpdir(), "portico-logs-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const account = "000000000000";
const region = "us-east-1";
const everything = { fromMs: 0, toMs: 1e15 };
const mebibyte = 1_048_576;

function aStore(options: { path?: string; bytesMax?: number } = {}) {
  const store = new LogStore({ path: options.path, bytesMax: options.bytesMax ?? 64 * mebibyte });
  const groupId = store.createGroup({
    account,
    region,
    name: "g",
    createdMs: 0,
    retentionDays: null,
    logClass: "STANDARD",
    isProtected: false,
    tags: {},
  });
  return { store, groupId, streamId: store.createStream(groupId, "s", 0) };
}

const lines = (...of: readonly (readonly [number, string])[]) =>
  batchOf(of.map(([timestamp, message]) => ({ timestamp, message })));
const messages = (read: Iterable<StoredLine>): string[] => Array.from(read, ({ message }) => message);

test("lines come back as they were, whatever is in them", () => {
  const { store, groupId, streamId } = aStore();
  const odd = ["", "a\nb", "\0", "ünï 😀", "\ud83d", "\udc00x", "x".repeat(600_000), "'; DROP TABLE chunk; --"];
  store.append(groupId, streamId, lines(...odd.map((text, index) => [index, text] as const)), 1_000);
  // What is no text in Unicode can't be kept as it is. The two halves were neighbours: they are whole again.
  const read = messages(store.forward({ groupId }, everything));
  assert.deepEqual(read.slice(0, 4), odd.slice(0, 4));
  assert.equal(read.slice(4, 6).join(""), "\ud83d\udc00x");
  assert.deepEqual(read.slice(6), odd.slice(6));
  store.close();
});

test("both directions read all lines in the order of their times, from any place, as a plain sort does", () => {
  const random = makeRandom(7);
  const { store, groupId, streamId } = aStore();
  const streams = [streamId, store.createStream(groupId, "t", 0), store.createStream(groupId, "u", 0)];
  for (let round = 0; round < 120; round++) {
    // Batches of all lengths and spans, before and over each other.
    const startMs = below(random, 60_000);
    const spanMs = below(random, 3) === 0 ? 40_000 : below(random, 20);
    const times = Array.from({ length: 1 + below(random, 30) }, () => startMs + below(random, spanMs + 1)).sort(
      (a, b) => a - b,
    );
    const stream = streams[below(random, 3)] as number;
    store.append(groupId, stream, lines(...times.map((ms, index) => [ms, `${round}.${index}`] as const)), round);
  }
  const all = [...store.forward({ groupId }, everything)];
  assert.ok(all.length > 500);
  assert.deepEqual(all, all.toSorted(compareLinePositions), "the group is in order");
  for (const stream of streams) {
    const own = all.filter((line) => line.streamId === stream);
    assert.deepEqual([...store.forward({ groupId, streamIds: [stream] }, everything)], own);
    assert.deepEqual([...store.backward(stream, everything)], own.toReversed());
    for (let probe = 0; probe < 20; probe++) {
      const at = below(random, own.length);
      const position = own[at] as StoredLine;
      assert.deepEqual([...store.forward({ groupId, streamIds: [stream] }, everything, position)], own.slice(at + 1));
      assert.deepEqual([...store.backward(stream, everything, position)], own.slice(0, at).toReversed());
      const range = { fromMs: below(random, 60_000), toMs: below(random, 100_000) };
      const within = own.filter(({ ms }) => ms >= range.fromMs && ms < range.toMs);
      assert.deepEqual([...store.forward({ groupId, streamIds: [stream] }, range)], within);
      assert.deepEqual([...store.backward(stream, range)], within.toReversed());
    }
  }
  const two = streams.slice(1);
  const ofTwo = all.filter((line) => two.includes(line.streamId));
  assert.deepEqual([...store.forward({ groupId, streamIds: two }, everything)], ofTwo);
  store.close();
});

test("delivery makes groups and streams, and again after they were deleted", () => {
  const { store } = aStore();
  const address = { account, region, group: "new", stream: "s" };
  for (const text of ["one", "two", "three"]) {
    store.deliver([{ address, ...lines([5, text]) }], 10);
    const group = store.group(account, region, "new");
    assert.ok(group);
    if (text === "one") store.deleteGroup(group.id);
    if (text === "two") store.deleteStream(group.id, store.stream(group.id, "s")?.id ?? 0);
  }
  const group = store.group(account, region, "new");
  assert.ok(group);
  assert.deepEqual(messages(store.forward({ groupId: group.id }, everything)), ["three"]);
  assert.equal(group.bytes, 5 + 26);
  store.close();
});

test("a full store drops its oldest lines and keeps within its bound", () => {
  const bytesMax = 4 * mebibyte;
  const { store } = aStore({ path: join(folder, "full.db"), bytesMax });
  const address = { account, region, group: "g", stream: "s" };
  const line = "x".repeat(1_000);
  for (let batch = 0; batch < 200; batch++) {
    const times = Array.from({ length: 100 }, (_, index) => [batch * 100 + index, `${batch} ${line}`] as const);
    store.deliver([{ address, ...lines(...times) }], batch);
  }
  const group = store.group(account, region, "g");
  assert.ok(group);
  const left = messages(store.forward({ groupId: group.id }, everything));
  assert.match(left.at(-1) ?? "", /^199 /);
  assert.doesNotMatch(left[0] ?? "", /^0 /);
  const bytes = left.reduce((sum, text) => sum + text.length + 26, 0);
  assert.equal(group.bytes, bytes);
  assert.ok(bytes > bytesMax / 2 && bytes < bytesMax, `${bytes}`);
  store.close();
});

test("what is older than its group keeps goes, with the streams that Portico made for it", () => {
  const { store, groupId, streamId } = aStore();
  const day = 86_400_000;
  store.deliver([{ address: { account, region, group: "g", stream: "delivered" }, ...lines([0, "old"]) }], 0);
  store.append(groupId, streamId, lines([0, "old, too"]), 0);
  store.append(groupId, streamId, lines([2 * day, "young"]), 2 * day);
  const group = store.group(account, region, "g");
  assert.ok(group);
  store.sweep(3 * day);
  assert.equal(messages(store.forward({ groupId }, everything)).length, 3, "kept for ever");
  store.updateGroup({ ...group, retentionDays: 1 });
  store.sweep(2.5 * day);
  assert.deepEqual(messages(store.forward({ groupId }, everything)), ["young"]);
  assert.equal(store.stream(groupId, "delivered"), undefined);
  assert.ok(store.stream(groupId, "s"));
  assert.equal(store.group(account, region, "g")?.bytes, 5 + 26);
  store.close();
});

test("a file that can't be read is put aside, and a new one is begun", () => {
  const path = join(folder, "damaged.db");
  writeFileSync(path, "this is no database, but it is long enough to look like one".repeat(100));
  const store = new LogStore({ path, bytesMax: mebibyte });
  assert.equal(store.damagedPath, `${path}.damaged`);
  assert.deepEqual(store.groups(account, region, { prefix: "", after: "", limit: 1 }), []);
  store.close();
  const again = new LogStore({ path, bytesMax: mebibyte });
  assert.equal(again.damagedPath, undefined);
  again.close();
});

test("what was written is there when the file is opened again", () => {
  const path = join(folder, "again.db");
  const { store, groupId, streamId } = aStore({ path });
  store.append(groupId, streamId, lines([1, "kept"]), 1);
  store.close();
  const again = new LogStore({ path, bytesMax: mebibyte });
  assert.deepEqual(messages(again.forward({ groupId }, everything)), ["kept"]);
  again.close();
});

test("names that fill the store leave no room for more, until some are deleted", () => {
  const store = new LogStore({ path: join(folder, "names.db"), bytesMax: 262_144 });
  const tags = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`key${index}`, "x".repeat(200)]));
  const ids: number[] = [];
  while (!store.isFull) {
    ids.push(
      store.createGroup({
        account,
        region,
        name: `g${ids.length}`,
        createdMs: 0,
        retentionDays: null,
        logClass: "STANDARD",
        isProtected: false,
        tags,
      }),
    );
    assert.ok(ids.length < 1_000, "it fills");
  }
  for (const id of ids.splice(0, 3)) store.deleteGroup(id);
  assert.equal(store.isFull, false);
  store.close();
});

test("room that is not needed any more goes back to the file system", () => {
  const path = join(folder, "shrinking.db");
  const { store, groupId, streamId } = aStore({ path });
  const line = "x".repeat(100_000);
  for (let ms = 0; ms < 300; ms++) store.append(groupId, streamId, lines([ms, line]), ms);
  store.deleteGroup(groupId);
  store.sweep(1_000);
  store.close();
  assert.ok(statSync(path).size < 5 * mebibyte, `${statSync(path).size}`);
});
