import assert from "node:assert/strict";
import { test } from "node:test";
import { isWorthCollecting } from "./collect-when-idle.ts";

const megabyte = 1_048_576;

test("an idle thread collects what may be garbage, once, and never a heap that takes long", () => {
  const view = { usedBytes: 120 * megabyte, keptBytes: 0, busyShare: 0 };
  assert.equal(isWorthCollecting(view), true);
  assert.equal(isWorthCollecting({ ...view, busyShare: 0.5 }), false);
  assert.equal(isWorthCollecting({ ...view, usedBytes: 20 * megabyte }), false);
  assert.equal(
    isWorthCollecting({ ...view, keptBytes: 110 * megabyte }),
    false,
    "what is left after a collection is in use",
  );
  assert.equal(isWorthCollecting({ ...view, usedBytes: 1_000 * megabyte }), false);
});
