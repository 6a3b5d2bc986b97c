import assert from "node:assert/strict";
import { test } from "node:test";
import type { TracedCall, TracedExchange } from "../../telemetry/traced-exchange.ts";
import { segmentOf } from "./segment.ts";

const exchange: TracedExchange = {
  account: "000000000000",
  region: "us-east-1",
  apiKind: "rest",
  apiId: "abc123",
  apiName: "pets",
  stageName: "prod",
  requestId: "r",
  extendedRequestId: "e",
  traceId: "1-5759e988-bd862e3fe1be46a994272793",
  spanId: "53995c3f42cd8ad8",
  parentId: undefined,
  ruleName: undefined,
  isForXray: true,
  isForOtlp: false,
  startMs: 1_000,
  endMs: 1_002,
  method: "GET",
  connection: undefined,
  scheme: "http",
  host: "localhost:4566",
  path: "/prod",
  route: "/",
  httpVersion: "1.1",
  clientAddress: "127.0.0.1",
  isForwarded: false,
  userAgent: undefined,
  status: 200,
  responseBytes: 5,
  error: undefined,
  calls: [],
};

const call: TracedCall = {
  spanId: "1111111111111111",
  purpose: "integration",
  startMs: 1_000,
  endMs: 1_001,
  target: { kind: "function", arn: "arn:aws:lambda:us-east-1:000000000000:function:pets" },
  status: 200,
  error: undefined,
  requestId: undefined,
};

/** Which of X-Ray's flags a call has, and why it failed. */
function flagsOf(status: number | undefined, error?: string) {
  const segment = segmentOf({ ...exchange, calls: [{ ...call, status, error }] }) as {
    subsegments: [{ error?: true; throttle?: true; fault?: true; cause?: { exceptions: [{ message: string }] } }];
  };
  const [{ cause, ...sub }] = segment.subsegments;
  return [...(["error", "throttle", "fault"] as const).filter((flag) => sub[flag]), cause?.exceptions[0].message];
}

test("a call's flags follow its status", () => {
  assert.deepEqual(flagsOf(200), [undefined]);
  assert.deepEqual(flagsOf(404), ["error", undefined]);
  assert.deepEqual(flagsOf(429, "slow down"), ["error", "throttle", "slow down"]);
  assert.deepEqual(flagsOf(503), ["fault", undefined]);
});

test("a call without an answer is a fault, and so is a function that failed", () => {
  assert.deepEqual(flagsOf(undefined, "it timed out"), ["fault", "it timed out"]);
  assert.deepEqual(flagsOf(200, "Lambda Customer Function Error:boom"), [
    "fault",
    "Lambda Customer Function Error:boom",
  ]);
});
