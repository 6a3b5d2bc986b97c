import assert from "node:assert/strict";
import { test } from "node:test";
import { ProcessorLoad, readProcessorTimes } from "./processor-load.ts";

test("processors are busy that had less than a tenth of the time to spare since a moment ago", () => {
  let times = { idle: 5_000, total: 9_000 };
  let looks = 0;
  const load = new ProcessorLoad(() => {
    looks++;
    return times;
  });
  assert.equal(load.isBusy(0), false);
  times = { idle: 5_001, total: 9_020 };
  assert.equal(load.isBusy(50), false);
  assert.equal(looks, 1);
  assert.equal(load.isBusy(100), true);
  times = { idle: 5_015, total: 9_040 };
  assert.equal(load.isBusy(150), true);
  assert.equal(load.isBusy(200), false);
  assert.equal(looks, 3);
});

test("after a pause nobody knows yet", () => {
  let total = 0;
  const load = new ProcessorLoad(() => {
    total += 20;
    return { idle: 0, total };
  });
  load.isBusy(0);
  assert.equal(load.isBusy(100), true);
  assert.equal(load.isBusy(5_000), false);
  assert.equal(load.isBusy(5_100), true);
});

test("this machine's processors were idle for a part of their time", () => {
  const { idle, total } = readProcessorTimes();
  assert.ok(idle > 0 && idle < total, `${idle} of ${total}`);
});
