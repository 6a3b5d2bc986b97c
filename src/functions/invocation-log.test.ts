import assert from "node:assert/strict";
import { test } from "node:test";
import { reportLines } from "./invocation-log.ts";

const report = { durationMs: 1, initMs: undefined, sizeMb: 128, usedMb: 64, status: "success" } as const;
const traceId = "1-5759e988-bd862e3fe1be46a994272793";
const sampled = `Root=${traceId};Parent=53995c3f42cd8ad8;Sampled=1`;

test("the report of an invocation that is traced names the trace and the function's segment", () => {
  const [, line = ""] = reportLines("r", "text", { ...report, traceHeader: sampled });
  assert.match(
    line,
    /MB\t\nXRAY TraceId: 1-5759e988-bd862e3fe1be46a994272793\tSegmentId: [0-9a-f]{16}\tSampled: true\t\n$/,
  );
  const [event = ""] = reportLines("r", "INFO", { ...report, traceHeader: sampled });
  const { spanId, ...tracing } = JSON.parse(event).record.tracing;
  assert.deepEqual(tracing, { type: "X-Amzn-Trace-Id", value: sampled });
  assert.ok(line.includes(`SegmentId: ${spanId}\t`));
});

test("of another invocation it names none", () => {
  for (const traceHeader of [undefined, "Root=x;Parent=y;Sampled=1", `Root=${traceId}`, sampled.replace(/1$/, "0")]) {
    const [, line = ""] = reportLines("r", "text", { ...report, traceHeader });
    assert.match(line, /Max Memory Used: 64 MB\t\n$/);
    assert.doesNotMatch(reportLines("r", "INFO", { ...report, traceHeader }).join(), /tracing/);
  }
});
