import assert from "node:assert/strict";
import { test } from "node:test";
import { doAtOnce, doInSlices, type SlicedWork } from "./slices.ts";

function* count(to: number): SlicedWork<number> {
  for (let index = 0; index < to; index++) yield;
  return to;
}

test("work in slices lets other work have its turn, and both ways return and throw what it does", async () => {
  let isOver = false;
  let turns = 0;
  function* long(): SlicedWork<string> {
    for (let index = 0; turns < 3 && index < 1e9; index++) yield;
    return "done";
  }
  const other = (): void => {
    turns++;
    if (!isOver) setImmediate(other);
  };
  setImmediate(other);
  assert.equal(await doInSlices(long()), "done");
  isOver = true;
  assert.ok(turns >= 3);
  assert.deepEqual([doAtOnce(count(5)), await doInSlices(count(5))], [5, 5]);
  function* failing(): SlicedWork<never> {
    yield;
    throw new Error("no");
  }
  assert.throws(() => doAtOnce(failing()), /no/);
  await assert.rejects(doInSlices(failing()), /no/);
});
