import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { oncePerTurn } from "./once-per-turn.ts";

test("all who ask in a turn get one answer, and the next turn a new one", async () => {
  let calls = 0;
  const ask = oncePerTurn(() => {
    calls++;
    return calls === 3 ? undefined : calls;
  });
  assert.deepEqual([ask(), ask(), await Promise.resolve().then(ask)], [1, 1, 1]);
  await nextTurn();
  assert.deepEqual([ask(), ask()], [2, 2]);
  await nextTurn();
  assert.deepEqual([ask(), ask(), calls], [undefined, undefined, 3]);
});

test("who asks after a failure asks anew", () => {
  let calls = 0;
  const ask = oncePerTurn(() => {
    if (++calls === 1) throw new Error("not yet");
    return calls;
  });
  assert.throws(ask, /not yet/);
  assert.equal(ask(), 2);
});
