// A function that needs little, at full load for as long as PORTICO_FUZZ_MS says: no invocation may fail of V8's garbage,
// nor of what the process keeps of each. A minute is some million invocations.
import assert from "node:assert/strict";
import { test } from "node:test";
import { durationMsOr } from "../random.ts";
import { functionError, handler, start } from "../start-functions.ts";
import { within } from "../until.ts";

const durationMs = durationMsOr(3_000);
const callers = 3;

test("a function of 128 MB that keeps nothing is never killed, and one that leaks is", async (t) => {
  const { invoke } = await start(
    t,
    handler(`
      if (event.leak) (globalThis.kept ??= []).push(Buffer.alloc(1e6, 1));
      // Garbage of both kinds: objects, and buffers outside of V8's heap.
      const bytes = Buffer.alloc(event.bytes ?? 0, 1);
      return { statusCode: 200, body: JSON.stringify({ path: event.path, bytes: bytes.length }) };`),
    { timeoutSeconds: 20 },
  );
  const headers = Object.fromEntries(
    Array.from({ length: 20 }, (_, n) => [`x-header-${n}`, `the value of header ${n}`]),
  );
  const event = { path: "/pets", httpMethod: "GET", headers, multiValueHeaders: headers, body: null };
  const isTimeLeft = within(durationMs);
  let calls = 0;
  const call = async (bytes: number): Promise<void> => {
    while (isTimeLeft()) {
      // As the gateway invokes it: each invocation has a trace of its own.
      const traceId = `Root=1-${String(calls).padStart(8, "0")}-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=0`;
      const outcome = await invoke({ ...event, bytes }, { traceId, wantsLogTail: false });
      assert.equal(outcome.kind, "ok", `${outcome.kind === "ok" ? "" : JSON.stringify(outcome)} after ${calls} calls`);
      calls++;
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, n) => call(n === 0 ? 10_000_000 : 0)));
  t.diagnostic(`${calls} invocations`);
  for (;;) {
    const outcome = await invoke({ leak: true });
    if (outcome.kind === "ok") continue;
    assert.match(functionError(outcome).errorMessage, /Runtime exited with error: signal: killed$/);
    break;
  }
});
