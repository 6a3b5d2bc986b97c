import assert from "node:assert/strict";
import { test } from "node:test";
import { setHeader } from "./header-list.ts";

test("a header that is set has one line, where its first one was", () => {
  const headers = ["a", "1", "X-Id", "2", "b", "3", "x-id", "4", "x-ID", "5"];
  setHeader(headers, "x-id", "new");
  assert.deepEqual(headers, ["a", "1", "x-id", "new", "b", "3"]);
  setHeader(headers, "c", "6");
  assert.deepEqual(headers, ["a", "1", "x-id", "new", "b", "3", "c", "6"]);
});
