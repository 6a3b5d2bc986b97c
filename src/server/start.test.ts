import assert from "node:assert/strict";
import { test } from "node:test";
import { closeInTime } from "./start.ts";

test("a part that does not end is given up by name, and one that ends is waited for", async () => {
  const warnings: unknown[] = [];
  const logger = { debug() {}, info() {}, error() {}, warn: (_: string, fields?: object) => warnings.push(fields) };
  class Stuck {
    close(): Promise<void> {
      return new Promise(() => undefined);
    }
  }
  await closeInTime(new Stuck(), logger, 5);
  assert.deepEqual(warnings, [{ part: "Stuck", ms: 5 }]);
  let isClosed = false;
  const slow = {
    async close() {
      await new Promise((resolve) => setImmediate(resolve));
      isClosed = true;
    },
  };
  await closeInTime(slow, logger);
  assert.equal(isClosed, true);
  assert.equal(warnings.length, 1);
});
