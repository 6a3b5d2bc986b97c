import assert from "node:assert/strict";
import { test } from "node:test";
import type { Segment } from "./segment.ts";
import { TraceStore } from "./trace-store.ts";

const scope = { account: "000000000000", region: "us-east-1" };
const dayMs = 86_400_000;

/** Stores traces of 1,000 bytes, one for each name, that began then. */
function put(store: TraceStore, names: readonly string[], nowMs: number): void {
  const rows = names.map((name) => {
    const segment: Segment = { trace_id: name, id: "1111111111111111", name, start_time: nowMs / 1000 };
    return { scope, segment, document: "x".repeat(1_000) };
  });
  store.add(rows, nowMs);
}

const numbered = (name: string, count: number): string[] => Array.from({ length: count }, (_, at) => `${name} ${at}`);

/** How many traces there are of each name. */
function countsIn(store: TraceStore): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { id } of store.traces(scope, { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, limit: 10_000 })) {
    const [name = ""] = id.split(" ");
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** Has room for a thousand of them. */
const openStore = (): TraceStore => new TraceStore({ path: undefined, bytesMax: 1_000_000 });

test("as many of the oldest traces as needed make room for new ones", () => {
  const store = openStore();
  put(store, numbered("old", 600), dayMs);
  put(store, numbered("new", 600), 2 * dayMs);
  assert.deepEqual(countsIn(store), { old: 400, new: 600 });
  put(store, numbered("newer", 1_200), 3 * dayMs);
  assert.deepEqual(countsIn(store), { newer: 1_000 });
  store.close();
});

test("traces go after 30 days, and no younger ones with them", () => {
  const store = openStore();
  put(store, numbered("old", 600), dayMs);
  put(store, numbered("new", 10), 10 * dayMs);
  store.sweep(31 * dayMs);
  assert.deepEqual(countsIn(store), { old: 600, new: 10 });
  store.sweep(32 * dayMs);
  assert.deepEqual(countsIn(store), { new: 10 });
  store.close();
});

test("traces of a clock that was ahead make room first, and keep none of the present from its place", () => {
  const store = openStore();
  put(store, numbered("future", 1_000), 900 * dayMs);
  put(store, numbered("now", 300), dayMs);
  assert.deepEqual(countsIn(store), { now: 300, future: 700 });
  put(store, numbered("later", 900), 2 * dayMs);
  assert.deepEqual(countsIn(store), { now: 100, later: 900 });
  store.close();
});
