import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { makeLogger } from "./logger.ts";
import { type LogMessage, makeThreadLogger } from "./logger-thread.ts";

test("lines below the level are not written", () => {
  for (const [level, expected] of [
    ["debug", ["debug", "info", "warn", "error"]],
    ["warn", ["warn", "error"]],
    ["silent", []],
  ] as const) {
    const written: string[] = [];
    const logger = makeLogger(level, (at) => written.push(at));
    for (const at of ["debug", "info", "warn", "error"] as const) logger[at]("x");
    assert.deepEqual(written, expected);
  }
});

test("a thread's lines become messages", () => {
  const posted: LogMessage[] = [];
  const logger = makeThreadLogger("info", (message) => posted.push(message));
  logger.debug("not this one");
  logger.warn("this one", { stage: "a/prod" });
  logger.error("and this");
  assert.deepEqual(posted, [
    { kind: "log", level: "warn", message: "this one", fields: { stage: "a/prod" } },
    { kind: "log", level: "error", message: "and this", fields: {} },
  ]);
});

test("the main thread's lines are JSON on standard error, even the last one before it exits", () => {
  const script = `import { makePinoLogger } from ${JSON.stringify(join(import.meta.dirname, "logger-pino.ts"))};
    const logger = makePinoLogger("info");
    logger.debug("hidden");
    logger.info("first\\nline", { n: 1 });
    logger.error("last", { error: "x" });
    process.exit(3);`;
  const run = spawnSync(process.execPath, ["--input-type=module-typescript", "-e", script], { encoding: "utf8" });
  assert.equal(run.status, 3);
  assert.equal(run.stdout, "");
  const lines = run.stderr
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    lines.map(({ level, msg, n, error }) => ({ level, msg, n, error })),
    [
      { level: 30, msg: "first\nline", n: 1, error: undefined },
      { level: 50, msg: "last", n: undefined, error: "x" },
    ],
  );
});
