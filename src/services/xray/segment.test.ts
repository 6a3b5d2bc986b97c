import assert from "node:assert/strict";
import { test } from "node:test";
import { aTracedCall, aTracedExchange } from "../../../test/a-traced-exchange.ts";
import { segmentOf } from "./segment.ts";

/** Which of X-Ray's flags a call has, and why it failed. */
function flagsOf(status: number | undefined, error?: string) {
  const segment = segmentOf({ ...aTracedExchange, calls: [{ ...aTracedCall, status, error }] }) as {
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
