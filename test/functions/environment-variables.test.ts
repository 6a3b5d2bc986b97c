// The variables of a function's process, which the function may change, and the one that changes with each invocation.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { answer, handler, start } from "../start-functions.ts";

const linux = { skip: existsSync("/proc/self/status") ? false : "needs /proc" };
const hasPython = spawnSync("python3", ["--version"]).status === 0;
const python = { skip: linux.skip || (hasPython ? false : "python3 is not on this machine") };

const readsTrace = [
  [
    "nodejs22.x",
    linux,
    handler(`
      const { execFileSync } = require("node:child_process");
      const status = require("node:fs").readFileSync("/proc/self/status", "latin1");
      return {
        trace: process.env._X_AMZN_TRACE_ID.slice(0, 6),
        copied: { ...process.env }._X_AMZN_TRACE_ID.slice(0, 6),
        ofChild: event.child ? execFileSync("/bin/sh", ["-c", "printf %s \\"$_X_AMZN_TRACE_ID\\""]).toString().slice(0, 6) : undefined,
        memoryMb: Number(/RssAnon:\\s+(\\d+)/.exec(status)?.[1]) / 1024,
      };`),
  ],
  [
    "python3.12",
    python,
    {
      "index.py": `import os, re
def handler(event, context):
    status = open("/proc/self/status").read()
    trace = os.environ["_X_AMZN_TRACE_ID"][:6]
    return {
        "trace": trace,
        "copied": dict(os.environ)["_X_AMZN_TRACE_ID"][:6],
        "ofChild": trace,
        "memoryMb": int(re.search(r"RssAnon:\\s+(\\d+)", status).group(1)) / 1024,
    }
`,
    },
  ],
] as const;

for (const [runtime, options, files] of readsTrace) {
  test(`${runtime}: each invocation sees its trace, and traces of the past take no memory`, options, async (t) => {
    const { invoke } = await start(t, files, { runtime, memoryMb: 512, timeoutSeconds: 30 });
    const seen = async (n: number, child = false) => {
      const name = String(n).padStart(6, "0");
      const outcome = await invoke({ child }, { traceId: name.padEnd(20_000, "x"), wantsLogTail: false });
      const { memoryMb, ...traces } = answer(outcome) as Record<string, unknown>;
      assert.deepEqual(traces, {
        trace: name,
        copied: name,
        ...(child || runtime !== "nodejs22.x" ? { ofChild: name } : {}),
      });
      return Number(memoryMb);
    };
    await seen(1, true);
    let before = 0;
    for (let n = 0; n < 1_000; n++) before = Math.max(before, await seen(n));
    let after = 0;
    for (let n = 1_000; n < 6_000; n++) after = await seen(n);
    // The C library would keep 100 MB.
    assert.ok(after - before < 50, `${before} MB, then ${after} MB`);
  });
}

test("process.env is as Node.js has it: values become text, and what is set and deleted is so for the system", async (t) => {
  const { invoke } = await start(
    t,
    handler(`
      const { execFileSync } = require("node:child_process");
      process.env.NUMBER = 5;
      Object.defineProperty(process.env, "DEFINED", { value: "d", writable: true, enumerable: true, configurable: true });
      delete process.env.GONE;
      const hour = (zone) => { process.env.TZ = zone; return new Date(0).getHours(); };
      return {
        number: process.env.NUMBER, has: "NUMBER" in process.env, absent: process.env.ABSENT === undefined,
        gone: Object.keys(process.env).includes("GONE"),
        child: execFileSync("/bin/sh", ["-c", "echo $NUMBER$DEFINED$GONE"]).toString(),
        printed: require("node:util").inspect(process.env).includes("NUMBER: '5'"),
        hours: [hour("Asia/Tokyo"), hour("UTC")],
      };`),
    { environment: { GONE: "g" } },
  );
  assert.deepEqual(answer(await invoke()), {
    number: "5",
    has: true,
    absent: true,
    gone: false,
    child: "5d\n",
    printed: true,
    hours: [9, 0],
  });
});
