import assert from "node:assert/strict";
import { test } from "node:test";
import { connectionsMaxOf, openFilesMax } from "./open-files.ts";

test("threads share the files of the process, and leave some", () => {
  assert.equal(connectionsMaxOf(20_000, 2), 8_976);
  assert.equal(connectionsMaxOf(20_000, 1), 17_952);
  assert.equal(connectionsMaxOf(1_024, 4), 192);
  assert.equal(connectionsMaxOf(3, 8), 1);
});

test("a thread has a bound of its own, however many files there are", () => {
  assert.equal(connectionsMaxOf(1_048_576, 2), 20_000);
  assert.equal(connectionsMaxOf(undefined, 2), 20_000);
});

test("Linux says how many files a process may open", { skip: process.platform !== "linux" }, () => {
  assert.ok(openFilesMax()! >= 256);
});
