import assert from "node:assert/strict";
import { test } from "node:test";
import { bounds } from "../base/bounds.ts";
import type { ExecutionLogEntry } from "../telemetry/execution-log.ts";
import { allocateMetrics, Metrics, renderMetrics } from "../telemetry/metrics.ts";
import { ExecutionLogSender } from "./execution-log-sender.ts";
import type { FromThread } from "./messages.ts";

const anEntry = (text: string): ExecutionLogEntry => ({
  account: "000000000000",
  region: "us-east-1",
  apiId: "abc123",
  stageName: "prod",
  requestId: "id",
  lines: [{ atMs: 0, level: "info", text }],
});

test("entries are sent in batches, and those that control does not keep up with are dropped and counted", () => {
  const sent: Extract<FromThread, { kind: "execution-logs" }>[] = [];
  const buffer = allocateMetrics(1);
  const sender = new ExecutionLogSender((message) => {
    if (message.kind === "execution-logs") sent.push(message);
  }, new Metrics(buffer, 1));
  sender.write(anEntry("a"));
  sender.write(anEntry("bc"));
  assert.equal(sent.length, 0);
  sender.flush();
  assert.deepEqual([sent[0]!.entries.length, sent[0]!.chars], [2, 3]);
  const long = "x".repeat(bounds.executionLogBacklogCharsMax.value);
  sender.write(anEntry(long));
  assert.equal(sent.length, 2);
  sender.write(anEntry("dropped"));
  sender.flush();
  assert.equal(sent.length, 2);
  assert.match(renderMetrics(buffer), /portico_execution_logs_dropped_total 1/);
  sender.taken(3);
  sender.taken(long.length);
  sender.write(anEntry("d"));
  sender.flush();
  assert.equal(sent[2]!.entries[0]!.lines[0]!.text, "d");
});
