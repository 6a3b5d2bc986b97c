import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { MessageChannel } from "node:worker_threads";
import { strToU8, zipSync } from "fflate";
import { connectFunctions } from "../../src/functions/connect.ts";
import { aFunctionSpec } from "../a-function-spec.ts";
import { makeGate } from "../gate.ts";
import { answer, functionError, handler, start, tail } from "../start-functions.ts";
import { tool } from "../tool.ts";
import { until } from "../until.ts";

const hasPython = (() => {
  try {
    execFileSync("python3", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();
const python = { skip: hasPython ? false : "python3 is not on this machine" };

const arn = "arn:aws:lambda:us-east-1:000000000000:function:f";

const isAlive = (pid: number): boolean => {
  try {
    // A zombie is dead.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "latin1"));
  } catch {
    return false;
  }
};
const linux = { skip: existsSync("/proc/self/status") ? false : "needs /proc" };

test("an event goes in and the answer comes out, from a warm environment the second time", async (t) => {
  const { invoke } = await start(
    t,
    handler("globalThis.n = (globalThis.n ?? 0) + 1; return { event, n, pid: process.pid }"),
  );
  const first = answer(await invoke({ a: "ü" })) as { pid: number };
  const second = answer(await invoke({ a: 2 }));
  assert.deepEqual(first, { event: { a: "ü" }, n: 1, pid: first.pid });
  assert.deepEqual(second, { event: { a: 2 }, n: 2, pid: first.pid });
});

test(
  "a function runs as a batch, which interrupts no gateway thread",
  tool("chrt", ["-b", "0", "true"], false),
  async (t) => {
    const { invoke } = await start(t, handler("return require('fs').readFileSync('/proc/self/stat', 'latin1')"));
    // proc_pid_stat(5): after the name, the 39th field is the policy, of which 3 is SCHED_BATCH.
    const policy = async () => (answer(await invoke()) as string).split(") ")[1]!.split(" ")[38];
    await until(async () => (await policy()) === "3");
  },
);

test("the function sees AWS's environment and nothing of the server's", async (t) => {
  process.env["PORTICO_TEST_SECRET"] = "secret";
  t.after(() => delete process.env["PORTICO_TEST_SECRET"]);
  const { invoke } = await start(
    t,
    handler("return { env: process.env, cwd: process.cwd(), argv: process.argv.length }"),
    {
      environment: { STAGE: "test" },
      options: { sdkVariables: () => ({ AWS_ENDPOINT_URL: "http://127.0.0.1:4566" }) },
    },
  );
  const { env, cwd, argv } = answer(await invoke()) as { env: Record<string, string>; cwd: string; argv: number };
  assert.equal(env["PORTICO_TEST_SECRET"], undefined);
  assert.equal(env["HOME"], undefined);
  assert.equal(argv, 2);
  assert.equal(env["LAMBDA_TASK_ROOT"], cwd);
  const expected = {
    STAGE: "test",
    AWS_REGION: "us-east-1",
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_LAMBDA_FUNCTION_NAME: "f",
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "128",
    AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/f",
    AWS_EXECUTION_ENV: "AWS_Lambda_nodejs22.x",
    AWS_ACCESS_KEY_ID: "000000000000",
    AWS_ENDPOINT_URL: "http://127.0.0.1:4566",
    _HANDLER: "index.handler",
    TZ: ":UTC",
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(env[name], value, name);
});

test("the context is AWS's", async (t) => {
  const { client } = await start(t, handler("return { ...context, left: context.getRemainingTimeInMillis() }"));
  const clientContext = Buffer.from('{"custom":{"a":1}}').toString("base64");
  const requestId = "11111111-2222-3333-4444-555555555555";
  const seen = answer(
    await client.invoke({ functionArn: `${arn}:$LATEST`, payload: "{}", requestId, clientContext }),
  ) as Record<string, unknown>;
  assert.equal(seen["awsRequestId"], requestId);
  assert.equal(seen["functionName"], "f");
  assert.equal(seen["memoryLimitInMB"], "128");
  assert.equal(seen["invokedFunctionArn"], `${arn}:$LATEST`);
  assert.deepEqual(seen["clientContext"], { custom: { a: 1 } });
  assert.ok((seen["left"] as number) > 1_000 && (seen["left"] as number) <= 3_000);
});

const styles: readonly (readonly [string, Record<string, string>, string, unknown])[] = [
  ["CommonJS", { "index.js": "exports.handler = async () => 1" }, "index.handler", 1],
  ["an ES module by extension", { "index.mjs": "export const handler = async () => 1" }, "index.handler", 1],
  [
    "an ES module by package.json",
    { "package.json": '{"type":"module"}', "index.js": "await 0; export const handler = async () => 1" },
    "index.handler",
    1,
  ],
  ["a .cjs file", { "index.cjs": "exports.handler = async () => 1" }, "index.handler", 1],
  ["a nested path", { "a/b/c.js": "exports.handler = async () => 1" }, "a/b/c.handler", 1],
  ["a nested name", { "index.js": "exports.a = { b: { c: async () => 1 } }" }, "index.a.b.c", 1],
  [
    "a package of its own",
    { "index.js": "exports.handler = async () => require('p')", "node_modules/p/index.js": "module.exports = 2" },
    "index.handler",
    2,
  ],
  [
    "a callback",
    { "index.js": "exports.handler = (e, c, done) => setTimeout(() => done(null, 1), 5)" },
    "index.handler",
    1,
  ],
  ["context.succeed", { "index.js": "exports.handler = (e, c) => { c.succeed(1) }" }, "index.handler", 1],
  [
    "a callback that does not wait for the event loop",
    {
      "index.js":
        "exports.handler = (e, c, done) => { c.callbackWaitsForEmptyEventLoop = false; setTimeout(() => {}, 60000); done(null, 1) }",
    },
    "index.handler",
    1,
  ],
  ["no answer", { "index.js": "exports.handler = async () => {}" }, "index.handler", null],
  [
    "a promise that never settles",
    { "index.js": "exports.handler = () => new Promise(() => {})" },
    "index.handler",
    null,
  ],
];

for (const [what, files, name, expected] of styles) {
  test(`a Node.js handler is found and called: ${what}`, async (t) => {
    const { invoke } = await start(t, files, { handler: name });
    assert.deepEqual(answer(await invoke()), expected);
    assert.deepEqual(answer(await invoke()), expected, "and once more");
  });
}

const broken: readonly (readonly [string, Record<string, string>, string, string, RegExp])[] = [
  [
    "no such module",
    { "other.js": "" },
    "index.handler",
    "Runtime.ImportModuleError",
    /^Error: Cannot find module 'index'/,
  ],
  [
    "a missing dependency",
    { "index.js": "require('nonono')" },
    "index.handler",
    "Runtime.ImportModuleError",
    /^Error: Cannot find module 'nonono'/,
  ],
  [
    "no such handler",
    { "index.js": "exports.other = 1" },
    "index.handler",
    "Runtime.HandlerNotFound",
    /^index\.handler is undefined or not exported$/,
  ],
  [
    "a handler that is no function",
    { "index.js": "exports.handler = 1" },
    "index.handler",
    "Runtime.HandlerNotFound",
    /^index\.handler is not a function$/,
  ],
  [
    "a syntax error",
    { "index.js": "exports.handler = (" },
    "index.handler",
    "Runtime.UserCodeSyntaxError",
    /^SyntaxError: /,
  ],
  [
    "a syntax error in an ES module",
    { "index.mjs": "export const = 1" },
    "index.handler",
    "Runtime.UserCodeSyntaxError",
    /^SyntaxError: /,
  ],
  [
    "an error while loading",
    { "index.js": "throw new TypeError('at load')" },
    "index.handler",
    "TypeError",
    /^at load$/,
  ],
  [
    "a rejection while loading",
    { "index.mjs": "throw new RangeError('at load')" },
    "index.handler",
    "RangeError",
    /^at load$/,
  ],
  [
    "exit while loading",
    { "index.js": "process.exit(3)" },
    "index.handler",
    "Runtime.ExitError",
    /^RequestId: [-0-9a-f]{36} Error: Runtime exited with error: exit status 3$/,
  ],
  ["no dot", { "index.js": "" }, "index", "Runtime.MalformedHandlerName", /Bad handler/],
  [
    "a path out of the package",
    { "index.js": "" },
    "../index.handler",
    "Runtime.MalformedHandlerName",
    /is not a valid handler name/,
  ],
];

for (const [what, files, name, errorType, message] of broken) {
  test(`code that can't be loaded is a function error: ${what}`, async (t) => {
    const { invoke, client } = await start(t, files, { handler: name });
    const error = functionError(await invoke());
    assert.equal(error.errorType, errorType, JSON.stringify(error));
    assert.match(error.errorMessage, message);
    // Not once only, and for all who wait.
    const more = await Promise.all([1, 2, 3].map(() => client.invoke({ functionArn: arn, payload: "{}" })));
    for (const outcome of more) assert.equal(functionError(outcome).errorType, errorType);
  });
}

test("Node.js 24 refuses callbacks as AWS does", async (t) => {
  const { invoke } = await start(
    t,
    { "index.js": "exports.handler = (e, c, done) => done(null, 1)" },
    { runtime: "nodejs24.x" },
  );
  assert.equal(functionError(await invoke()).errorType, "Runtime.CallbackHandlerDeprecated");
});

test("what a handler throws is its error, with its trace, and the environment lives on", async (t) => {
  const { invoke } = await start(
    t,
    handler(`
      if (event.text) throw "a text";
      if (event.throw) { const e = new TypeError("boom"); e.name = "CustomError"; throw e; }
      if (event.circle) { const a = {}; a.a = a; return a; }
      return process.pid;`),
  );
  const pid = answer(await invoke());
  const thrown = functionError(await invoke({ throw: 1 }));
  assert.deepEqual([thrown.errorType, thrown.errorMessage], ["CustomError", "boom"]);
  assert.match(thrown.trace?.[0] ?? "", /boom/);
  assert.deepEqual(functionError(await invoke({ text: 1 })), {
    errorType: "string",
    errorMessage: "a text",
    trace: [],
  });
  assert.match(functionError(await invoke({ circle: 1 })).errorMessage, /^Unable to stringify response body/);
  assert.equal(answer(await invoke()), pid);
});

test("an error that nobody catches answers the invocation and ends the environment", async (t) => {
  const { invoke } = await start(
    t,
    handler(`
      if (event.timer) { setTimeout(() => { throw new Error("later") }, 1); await new Promise(() => setTimeout(() => {}, 500)); }
      if (event.reject) { Promise.reject(new Error("nobody")); await new Promise(() => setTimeout(() => {}, 500)); }
      return process.pid;`),
  );
  const first = answer(await invoke());
  const thrown = functionError(await invoke({ timer: 1 }));
  assert.deepEqual([thrown.errorType, thrown.errorMessage], ["Error", "later"]);
  const second = answer(await invoke());
  assert.notEqual(second, first);
  const rejected = functionError(await invoke({ reject: 1 }));
  assert.deepEqual([rejected.errorType, rejected.errorMessage], ["Runtime.UnhandledPromiseRejection", "Error: nobody"]);
  assert.notEqual(answer(await invoke()), second);
});

test("exit, kill and crash are told as AWS tells them, and the next invocation runs", async (t) => {
  const { invoke } = await start(
    t,
    handler(`
      if (event.exit !== undefined) process.exit(event.exit);
      if (event.kill) { process.kill(process.pid, event.kill); await new Promise(() => setTimeout(() => {}, 5000)); }
      return 1;`),
  );
  const texts: readonly (readonly [unknown, string])[] = [
    [{ exit: 1 }, "Runtime exited with error: exit status 1"],
    [{ exit: 0 }, "Runtime exited without providing a reason"],
    [{ kill: "SIGKILL" }, "Runtime exited with error: signal: killed"],
    [{ kill: "SIGSEGV" }, "Runtime exited with error: signal: segmentation fault"],
  ];
  for (const [event, text] of texts) {
    const outcome = await invoke(event);
    const { errorType, errorMessage } = functionError(outcome);
    assert.deepEqual(
      [errorType, errorMessage],
      ["Runtime.ExitError", `RequestId: ${outcome.requestId} Error: ${text}`],
    );
    assert.match(tail(outcome), new RegExp(`${text}\n`));
    assert.equal(answer(await invoke()), 1);
  }
});

test("an invocation that overruns its time is ended with all that it has started", linux, async (t) => {
  const { invoke } = await start(
    t,
    handler(`
      const child = require("node:child_process").spawn("sleep", ["60"]);
      console.log("pids " + process.pid + " " + child.pid + ".");
      if (event.loop) for (;;);
      await new Promise(() => setTimeout(() => {}, 60000));`),
    { timeoutSeconds: 1 },
  );
  for (const event of [{}, { loop: 1 }]) {
    const outcome = await invoke(event);
    assert.deepEqual(functionError(outcome), {
      errorType: "Sandbox.Timedout",
      errorMessage: `RequestId: ${outcome.requestId} Error: Task timed out after 1.00 seconds`,
    });
    assert.match(tail(outcome), /Task timed out after 1\.00 seconds/);
    const pids = /pids (\d+) (\d+)\./.exec(tail(outcome))?.slice(1).map(Number) ?? assert.fail("no pids were printed");
    await until(() => !pids.some(isAlive), { what: "the process and its child are gone" });
  }
});

test("a handler that loads for ever is ended after the init phase", async (t) => {
  const { invoke } = await start(t, { "index.js": "for (;;);" }, { options: { initMs: 300 } });
  const { errorType, errorMessage } = functionError(await invoke());
  assert.equal(errorType, "Sandbox.Timedout");
  assert.match(errorMessage, /Task timed out after 0\.30 seconds$/);
});

test("a function that takes more memory than it has is killed", linux, async (t) => {
  const { invoke } = await start(
    t,
    handler(`
      if (event.take) { const all = []; for (;;) { all.push(Buffer.alloc(8e6, 1)); await new Promise((r) => setTimeout(r, 5)); } }
      return 1;`),
    { timeoutSeconds: 20 },
  );
  assert.match(functionError(await invoke({ take: 1 })).errorMessage, /Runtime exited with error: signal: killed$/);
  assert.equal(answer(await invoke()), 1);
});

test("a function that leaks objects is killed or gives up, and the next invocation runs", linux, async (t) => {
  const { invoke } = await start(
    t,
    handler(`
      if (event.leak) { const all = []; for (;;) { all.push({ n: all.length, text: "t" + all.length }); if (all.length % 1e5 === 0) await null; } }
      return 1;`),
    { timeoutSeconds: 20 },
  );
  const { errorMessage } = functionError(await invoke({ leak: 1 }));
  assert.match(errorMessage, /Runtime exited with error: signal: (killed|aborted)$/);
  assert.equal(answer(await invoke()), 1);
});

test("garbage above the memory is collected, and kills nothing", linux, async (t) => {
  const { invoke } = await start(
    t,
    handler(`
      // Held until it is over the limit, as garbage is that V8 has not looked for.
      let held = [];
      const readMb = () => Number(/RssAnon:\\s+(\\d+)/.exec(require("fs").readFileSync("/proc/self/status", "latin1"))[1]) / 1024;
      while (readMb() < 150) held.push(Buffer.alloc(1e6, 1));
      const peak = readMb();
      held = undefined;
      // Nothing is allocated here: only the server can have it collected.
      while (readMb() > 120) await new Promise((resolve) => setTimeout(resolve, 20));
      return { pid: process.pid, peak };`),
    { timeoutSeconds: 20 },
  );
  const first = answer(await invoke()) as { pid: number; peak: number };
  assert.ok(first.peak > 128);
  assert.equal((answer(await invoke()) as { pid: number }).pid, first.pid);
});

test("an idle environment that is over its memory ends, and answers no invocation with that", linux, async (t) => {
  const { invoke } = await start(
    t,
    handler(`
      // Grows when it has answered, while its client keeps it for the next invocation.
      if (event.grow) setTimeout(() => { globalThis.all = Buffer.alloc(200e6, 1); }, 1);
      return process.pid;`),
  );
  const first = Number(answer(await invoke({ grow: 1 })));
  await until(() => !isAlive(first));
  assert.notEqual(answer(await invoke()), first);
});

test("answers of up to 6 MB pass, larger ones are function errors", async (t) => {
  const { invoke } = await start(t, handler("return 'x'.repeat(event.n)"), { timeoutSeconds: 20, memoryMb: 256 });
  assert.equal((answer(await invoke({ n: 6_291_554 })) as string).length, 6_291_554);
  assert.deepEqual(functionError(await invoke({ n: 7_000_000 })), {
    errorType: "Function.ResponseSizeTooLarge",
    errorMessage: "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
  });
});

test("events of 6 MB pass, larger ones are refused", async (t) => {
  const { client } = await start(t, handler("return event.length"), { timeoutSeconds: 20, memoryMb: 256 });
  const invoke = (length: number) =>
    client.invoke({ functionArn: arn, payload: Buffer.from(`"${"x".repeat(length)}"`) });
  assert.equal(answer(await invoke(6_000_000)), 6_000_000);
  const refused = await invoke(7_000_000);
  assert.ok(refused.kind === "service-error" && refused.code === "RequestTooLargeException" && refused.status === 413);
});

test("megabytes of output neither stop the function nor fill the server", async (t) => {
  const { invoke, lines } = await start(
    t,
    handler("for (let i = 0; i < 20000; i++) console.log('x'.repeat(500)); console.log('the end'); return 1"),
    { timeoutSeconds: 20 },
  );
  const outcome = await invoke();
  assert.equal(answer(outcome), 1);
  assert.ok(tail(outcome).length <= 4_096);
  assert.match(tail(outcome), /END RequestId/);
  await until(() => lines.some((line) => line.includes("dropped")), { what: "the drop is told" });
  assert.ok(lines.reduce((sum, line) => sum + line.length, 0) < 4_000_000);
});

test("the log of an invocation has AWS's lines", async (t) => {
  const { invoke, lines } = await start(
    t,
    handler("console.log('hello\\nyou', { a: 1 }); console.error('bad'); process.stdout.write('raw\\n')"),
    {
      options: { isInvocationLogged: true },
    },
  );
  const outcome = await invoke();
  const id = outcome.requestId;
  const expected = new RegExp(
    `^START RequestId: ${id} Version: \\$LATEST\n` +
      `\\S+Z\t${id}\tINFO\thello\ryou \\{ a: 1 \\}\n\\S+Z\t${id}\tERROR\tbad\nraw\nEND RequestId: ${id}\n` +
      `REPORT RequestId: ${id}\tDuration: [\\d.]+ ms\tBilled Duration: \\d+ ms\tMemory Size: 128 MB\t` +
      `Max Memory Used: \\d+ MB\tInit Duration: [\\d.]+ ms\t\n$`,
  );
  assert.match(tail(outcome), expected);
  assert.doesNotMatch(tail(await invoke()), /Init Duration/);
  await until(() => lines.some((line) => line.startsWith("REPORT")), { what: "the server's log has it" });
  assert.ok(lines.some((line) => line.includes("hello\nyou")));
});

test("JSON logs are JSON, from the level on that is wanted", async (t) => {
  const code = handler(`
    console.info("hidden");
    console.warn("careful");
    console.warn({ a: 1 });
    const circle = {};
    circle.circle = circle;
    console.warn(circle);
    throw new TypeError("bad");`);
  const { invoke } = await start(t, code, { isJsonLog: true, logLevel: "WARN" });
  const lines = tail(await invoke())
    .split("\n")
    .filter((line) => line.startsWith("{") && !line.includes('"type":"platform.'))
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.slice(0, 2).map(({ level, message }) => [level, message]),
    [
      ["WARN", "careful"],
      ["WARN", { a: 1 }],
    ],
  );
  assert.match(lines[2].message, /Circular/);
  assert.equal(lines[3].level, "ERROR");
  assert.equal(lines[3].message.errorType, "TypeError");
  assert.ok(lines.every(({ requestId }) => /^[-0-9a-f]{36}$/.test(requestId)));
});

test("with JSON logs Lambda's own lines are JSON, too, from the system's level on", async (t) => {
  const code = handler('console.log("x"); if (event.fail) throw new TypeError("bad");');
  const platformLines = async (systemLogLevel: "DEBUG" | "INFO" | "WARN", event: object) => {
    const { invoke } = await start(t, code, { isJsonLog: true, logLevel: "FATAL", systemLogLevel });
    const outcome = await invoke(event);
    const lines = tail(outcome)
      .split("\n")
      .filter((line) => line !== "");
    return { id: outcome.requestId, lines: lines.map((line) => JSON.parse(line)) };
  };
  const { id, lines } = await platformLines("INFO", {});
  assert.match(lines[0].time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.deepEqual(
    lines.map(({ type }) => type),
    ["platform.start", "platform.report"],
  );
  assert.deepEqual(lines[0].record, { requestId: id, version: "$LATEST" });
  const { metrics, ...record } = lines[1].record;
  assert.deepEqual(record, { requestId: id, status: "success" });
  assert.deepEqual(Object.keys(metrics), [
    "durationMs",
    "billedDurationMs",
    "memorySizeMB",
    "maxMemoryUsedMB",
    "initDurationMs",
  ]);
  assert.ok(Object.values(metrics).every((value) => typeof value === "number"));
  assert.deepEqual((await platformLines("WARN", {})).lines, []);
  const failed = (await platformLines("WARN", { fail: true })).lines;
  assert.deepEqual(
    failed.map(({ type, record: { status } }) => [type, status]),
    [["platform.report", "failure"]],
  );
});

test("output outside of an invocation reaches the server's log", async (t) => {
  const { invoke, lines } = await start(t, {
    "index.js":
      "console.log('loading'); exports.handler = async () => { require('node:child_process').execSync('echo from a child >&2', { stdio: 'inherit' }) }",
  });
  answer(await invoke());
  await until(() => lines.some((line) => line.endsWith("loading")), { what: "the load's line is logged" });
  await until(() => lines.includes("from a child"), { what: "the child's line is logged" });
});

test("one environment runs one invocation at a time; slow ones get more environments", async (t) => {
  const { invoke } = await start(
    t,
    handler(`
      globalThis.running = (globalThis.running ?? 0) + 1;
      const seen = running;
      await fetch(event.gate);
      running--;
      return { seen, pid: process.pid };`),
  );
  await using gate = await makeGate();
  const invoked = Promise.all([1, 2, 3].map(() => invoke({ gate: gate.url })));
  // None goes on before all of them run.
  const open = [await gate.next(), await gate.next(), await gate.next()];
  for (const go of open) go();
  const answers = (await invoked).map(answer) as { seen: number; pid: number }[];
  assert.deepEqual(
    answers.map(({ seen }) => seen),
    [1, 1, 1],
  );
  assert.equal(new Set(answers.map(({ pid }) => pid)).size, 3);
});

test("sequential invocations from several clients reuse one environment", async (t) => {
  const { manager, client } = await start(t, handler("return process.pid"));
  const { port1, port2 } = new MessageChannel();
  manager.connect(port1);
  const other = connectFunctions(port2);
  t.after(() => other.close());
  const pids = new Set<unknown>();
  for (let round = 0; round < 4; round++) {
    for (const each of [client, other]) pids.add(answer(await each.invoke({ functionArn: arn, payload: "{}" })));
  }
  assert.equal(pids.size, 1);
});

test("while the processors are busy, a few environments are enough, but for invocations that wait for each other", async (t) => {
  const { manager } = await start(t, handler("if (event.gate) await fetch(event.gate); return process.pid"));
  const { port1, port2 } = new MessageChannel();
  manager.connect(port1);
  const client = connectFunctions(port2, { load: { isBusy: () => true } });
  t.after(() => client.close());
  const invoke = async (event: object): Promise<unknown> =>
    answer(await client.invoke({ functionArn: arn, payload: JSON.stringify(event) }));
  await invoke({});
  const few = 2 * availableParallelism();
  const pids = await Promise.all(Array.from({ length: 300 }, () => invoke({})));
  // More than a few only if this machine is so slow that they wait for long.
  assert.ok(new Set(pids).size <= few + availableParallelism(), String(new Set(pids).size));
  await using gate = await makeGate();
  const waiting = Promise.all(Array.from({ length: few + 2 }, () => invoke({ gate: gate.url })));
  const open = await Promise.all(Array.from({ length: few + 2 }, () => gate.next()));
  for (const go of open) go();
  assert.equal(new Set(await waiting).size, few + 2);
});

test("an alias chooses a version for each invocation by its weight, and a client without it finds nothing", async (t) => {
  const { manager, packages } = await start(t, handler("return 1"));
  const live = `${arn}:live`;
  const version = async (number: string): Promise<void> => {
    const code = "exports.handler = async (event, context) => [context.functionVersion, context.invokedFunctionArn]";
    const { hash } = await packages.save(Buffer.from(zipSync({ "index.js": strToU8(code) })));
    const facts = { functionArn: `${arn}:${number}`, version: number, packageHash: hash, revisionId: number };
    await manager.apply(aFunctionSpec(facts));
  };
  await version("1");
  await version("2");
  const draws = [0.1, 0.9, 0.25, 0.2499, 0];
  const { port1, port2 } = new MessageChannel();
  manager.connect(port1);
  const client = connectFunctions(port2, { random: () => draws.shift() ?? 0.5 });
  t.after(() => client.close());
  const invoke = async (): Promise<unknown> => answer(await client.invoke({ functionArn: live, payload: "{}" }));
  assert.deepEqual([client.describe(live), client.choose(live)], [undefined, undefined]);
  const additional = { functionArn: `${arn}:2`, weight: 0.25 };
  const alias = { aliasArn: live, functionArn: `${arn}:1`, policyRevision: "p" };
  await manager.applyAlias({ ...alias, additional, policy: "{}" });
  assert.deepEqual(client.describe(live), { functionArn: live, policy: "{}", policyRevision: "p" });
  const chosen: unknown[] = [];
  for (let n = 0; n < 5; n++) chosen.push(await invoke());
  assert.deepEqual(
    chosen,
    ["2", "1", "1", "2", "2"].map((number) => [number, live]),
  );
  assert.deepEqual(client.choose(live), { functionArn: `${arn}:1`, version: "1" });
  await manager.applyAlias({ ...alias, functionArn: `${arn}:2`, additional: undefined, policy: undefined });
  assert.deepEqual(await invoke(), ["2", live]);
  // Whoever connects later knows it as well.
  assert.equal(manager.client().choose(live)?.version, "2");
  await manager.removeAlias(live);
  const outcome = await client.invoke({ functionArn: live, payload: "{}" });
  assert.ok(outcome.kind === "service-error" && outcome.message === `Function not found: ${live}`);
});

test("a client that is gone takes nothing with it", async (t) => {
  const { manager, invoke } = await start(t, handler("if (event.gate) await fetch(event.gate); return 1"));
  await using gate = await makeGate();
  const { port1, port2 } = new MessageChannel();
  manager.connect(port1);
  const other = connectFunctions(port2);
  const hanging = other.invoke({ functionArn: arn, payload: JSON.stringify({ gate: gate.url }) });
  await gate.next();
  await other.close();
  await hanging;
  assert.equal(answer(await invoke()), 1);
});

test("a process that breaks the protocol is ended, and only it", async (t) => {
  const { invoke } = await start(
    t,
    handler(`
      const { Socket } = require("node:net");
      const { write } = Socket.prototype;
      Socket.prototype.write = function (...args) {
        if (this.server && event.text) return write.call(this, Buffer.from(event.text, "latin1"));
        return write.apply(this, args);
      };
      if (event.text) console.log("now");
      return new Promise((resolve) => setTimeout(resolve, 500, process.pid));`),
  );
  const pid = answer(await invoke());
  const wrong = [
    "\x08\x00\x00\x00\x03\x03\x00\x00\x00{a}",
    "\x09\x00\x00\x00\x03\x04\x00\x00\x00null",
    "\xff\xff\xff\xff\x03\x00\x00\x00\x00",
    "\x05\x00\x00\x00\x03\xff\x00\x00\x00",
  ];
  for (const text of wrong) {
    assert.match(functionError(await invoke({ text })).errorMessage, /Runtime exited with error: invalid answer$/);
  }
  assert.notEqual(answer(await invoke()), pid);
});

test("errors of megabytes while loading are cut", async (t) => {
  const { invoke } = await start(t, { "index.js": "throw new Error('x'.repeat(5e6))" });
  const { errorType, errorMessage } = functionError(await invoke());
  assert.equal(errorType, "Error");
  assert.equal(errorMessage.length, 65_536);
});

test("beyond the concurrency limit invocations are throttled", async (t) => {
  const { invoke } = await start(t, handler("if (event.gate) await fetch(event.gate); return 1"), {
    options: { concurrencyMax: 2 },
  });
  await using gate = await makeGate();
  const admitted = [1, 2].map(() => invoke({ gate: gate.url }));
  const open = [await gate.next(), await gate.next()];
  const third = await invoke();
  for (const go of open) go();
  const outcomes = [third, ...(await Promise.all(admitted))];
  assert.deepEqual(outcomes.map(({ kind }) => kind).sort(), ["ok", "ok", "service-error"]);
  const throttled = outcomes.find((outcome) => outcome.kind === "service-error");
  assert.ok(
    throttled?.kind === "service-error" && throttled.code === "TooManyRequestsException" && throttled.status === 429,
  );
  assert.equal(answer(await invoke()), 1);
});

test("where there is no room for another environment, invocations wait for one", async (t) => {
  const { invoke, manager, client, packages } = await start(t, handler("await fetch(event.gate); return process.pid"), {
    options: { environmentsMax: 1 },
  });
  await using gate = await makeGate();
  const invoked = Promise.all([1, 2, 3, 4].map(() => invoke({ gate: gate.url })));
  for (let turn = 0; turn < 4; turn++) (await gate.next())();
  const pids = (await invoked).map(answer);
  assert.equal(new Set(pids).size, 1);
  // Another function's turn: the idle environment makes room for it.
  const { hash } = await packages.save(
    Buffer.from(zipSync({ "index.js": strToU8("exports.handler = async () => 'g'") })),
  );
  const other = arn.replace(/f$/, "g");
  await manager.apply({
    ...({ account: "000000000000", region: "us-east-1", runtime: "nodejs22.x", handler: "index.handler" } as const),
    ...({
      timeoutSeconds: 3,
      memoryMb: 128,
      role: "arn:aws:iam::000000000000:role/function",
      environment: {},
      isJsonLog: false,
      logLevel: undefined,
      logGroup: "g",
    } as const),
    ...({
      functionArn: other,
      name: "g",
      version: "$LATEST",
      packageHash: hash,
      revisionId: "g",
      policy: undefined,
      policyRevision: "",
    } as const),
  });
  assert.equal(answer(await client.invoke({ functionArn: other, payload: "{}" })), "g");
});

test("after an update everything runs the new code, and what ran finishes on the old", async (t) => {
  const { invoke, apply } = await start(t, handler("if (event.gate) await fetch(event.gate); return 1"));
  await using gate = await makeGate();
  assert.equal(answer(await invoke()), 1);
  const underWay = invoke({ gate: gate.url });
  const open = await gate.next();
  await apply(handler("return 2"));
  assert.equal(answer(await invoke()), 2);
  open();
  assert.equal(answer(await underWay), 1);
  await apply(handler("return process.env.A"), { environment: { A: "a" } });
  assert.equal(answer(await invoke()), "a");
});

test("a function that is removed or never was is not found", async (t) => {
  const { invoke, manager, client } = await start(t, handler("return 1"));
  assert.equal(answer(await invoke()), 1);
  await manager.remove(arn);
  assert.equal(client.describe(arn), undefined);
  const outcome = await invoke();
  assert.ok(outcome.kind === "service-error" && outcome.code === "ResourceNotFoundException" && outcome.status === 404);
  assert.equal(outcome.message, `Function not found: ${arn}`);
  const version = await client.invoke({ functionArn: `${arn}:1`, payload: "{}" });
  assert.ok(version.kind === "service-error" && version.status === 404);
});

test("a function's policy is known to every client, and its change ends no environment", async (t) => {
  const { invoke, client, apply, revisionId } = await start(t, handler("return process.pid"));
  const pid = answer(await invoke());
  assert.equal(client.describe(arn)?.policy, undefined);
  const policy = '{"Statement":[]}';
  await apply(handler("return process.pid"), { policy, policyRevision: "p1", revisionId: revisionId() });
  assert.deepEqual(client.describe(`${arn}:$LATEST`), {
    functionArn: arn,
    policy,
    policyRevision: "p1",
  });
  assert.equal(answer(await invoke()), pid);
});

test("idle environments are frozen and then ended", linux, async (t) => {
  const { invoke } = await start(t, handler("return process.pid"), { options: { idleMs: 1_500 } });
  const pid = answer(await invoke()) as number;
  const state = (): string => /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? "";
  await until(() => state() === "T", { what: "it is frozen" });
  assert.equal(answer(await invoke()), pid, "and thawed for the next invocation");
  await until(() => !isAlive(pid), { what: "it is ended" });
});

test("closing ends every process and removes the sockets", linux, async (t) => {
  const { invoke, manager } = await start(t, handler("return process.pid"));
  const pid = answer(await invoke()) as number;
  await manager.close();
  assert.ok(!isAlive(pid));
});

test("functions end with the server, even when it is killed and they are stuck", linux, async (t) => {
  const root = mkdtempSync(join(tmpdir(), "portico-manager-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const script = `
    import { strToU8, zipSync } from "fflate";
    import { FunctionManager } from ${JSON.stringify(join(import.meta.dirname, "../../src/functions/manager.ts"))};
    import { PackageStore } from ${JSON.stringify(join(import.meta.dirname, "../../src/functions/packages.ts"))};
    const print = (text) => console.log(text);
    const packages = new PackageStore(${JSON.stringify(root)});
    const manager = new FunctionManager({ packages, logger: { debug: print, info: print, warn: print, error: print } });
    const code = "exports.handler = async () => { const c = require('node:child_process').spawn('sleep', ['60']); console.log('pids ' + process.pid + ' ' + c.pid + '.'); for (;;); }";
    const { hash } = await packages.save(Buffer.from(zipSync({ "index.js": strToU8(code) })));
    await manager.apply({ functionArn: "${arn}", name: "f", account: "000000000000", region: "us-east-1", runtime: "nodejs22.x",
      handler: "index.handler", timeoutSeconds: 60, memoryMb: 128, role: "arn:aws:iam::000000000000:role/function",
    environment: {}, isJsonLog: false, logLevel: undefined, logGroup: "g",
      packageHash: hash, revisionId: "1", policyRevision: "" });
    await manager.client().invoke({ functionArn: "${arn}", payload: "{}" });`;
  const server = spawn(process.execPath, ["--input-type=module", "-e", script], { cwd: import.meta.dirname });
  let output = "";
  server.stdout.on("data", (chunk) => {
    output += chunk;
  });
  server.stderr.on("data", (chunk) => {
    output += chunk;
  });
  const match = (): RegExpExecArray | null => /pids (\d+) (\d+)\./.exec(output);
  await until(() => match() !== null, { what: `the function runs: ${output}` });
  const pids = match()!.slice(1).map(Number);
  assert.ok(pids.every(isAlive));
  server.kill("SIGKILL");
  await until(() => !pids.some(isAlive), { what: "the function's processes are gone" });
});

// ---- Python ----

const pythonCode = {
  "m/x.py": `
import logging, sys, os
logging.getLogger().setLevel("INFO")
def handler(event, context):
    if event.get("log"):
        print("hello"); logging.info("there"); print("bad", file=sys.stderr)
    if event.get("raise"): raise ValueError("boom")
    if "exit" in event: sys.exit(event["exit"])
    if event.get("set"): return {1}
    if event.get("loop"):
        while True: pass
    if event.get("n"): return "x" * event["n"]
    return {"event": event, "arn": context.invoked_function_arn, "env": dict(os.environ), "pid": os.getpid(), "cwd": os.getcwd()}
`,
  "bad.py": "def x(:\n",
  "lost.py": "import nonono",
  "leaves.py": "import sys; sys.exit(4)",
};
const pythonSpec = { runtime: "python3.11", handler: "m/x.handler", timeoutSeconds: 2 };

test("a Python function runs, warm the second time, in its own environment", python, async (t) => {
  const { invoke } = await start(t, pythonCode, pythonSpec);
  const first = answer(await invoke({ a: "ü" })) as {
    event: unknown;
    env: Record<string, string>;
    pid: number;
    arn: string;
  };
  assert.deepEqual(first.event, { a: "ü" });
  assert.equal(first.arn, arn);
  assert.equal(first.env["AWS_EXECUTION_ENV"], "AWS_Lambda_python3.11");
  assert.equal(first.env["HOME"], undefined);
  assert.equal((answer(await invoke()) as { pid: number }).pid, first.pid);
});

test("a Python function fails as on AWS", python, async (t) => {
  const { invoke } = await start(t, pythonCode, pythonSpec);
  const raised = functionError(await invoke({ raise: 1 }));
  assert.deepEqual([raised.errorType, raised.errorMessage], ["ValueError", "boom"]);
  assert.match(raised.stackTrace?.[0] ?? "", /m\/x\.py", line 7, in handler\n/);
  const unmarshalled = functionError(await invoke({ set: 1 }));
  assert.equal(unmarshalled.errorType, "Runtime.MarshalError");
  assert.equal(unmarshalled.errorMessage, "Unable to marshal response: Object of type set is not JSON serializable");
  assert.match(functionError(await invoke({ exit: 1 })).errorMessage, /Runtime exited with error: exit status 1$/);
  assert.match(functionError(await invoke({ n: 7_000_000 })).errorMessage, /^Response payload size exceeded/);
  assert.match(functionError(await invoke({ loop: 1 })).errorMessage, /Task timed out after 2\.00 seconds$/);
});

const brokenPython: readonly (readonly [string, string, string])[] = [
  ["bad.x", "Runtime.UserCodeSyntaxError", "Syntax error in module 'bad': invalid syntax (bad.py, line 1)"],
  ["lost.x", "Runtime.ImportModuleError", "Unable to import module 'lost': No module named 'nonono'"],
  ["none.x", "Runtime.ImportModuleError", "Unable to import module 'none': No module named 'none'"],
  ["m/x.no", "Runtime.HandlerNotFound", "Handler 'no' missing on module 'm/x'"],
  ["nodot", "Runtime.MalformedHandlerName", "Bad handler 'nodot': not enough values to unpack (expected 2, got 1)"],
];

test("Python code that can't be loaded is a function error", python, async (t) => {
  const { invoke, apply } = await start(t, pythonCode, pythonSpec);
  for (const [name, errorType, errorMessage] of brokenPython) {
    await apply(pythonCode, { handler: name });
    const error = functionError(await invoke());
    assert.deepEqual([error.errorType, error.errorMessage], [errorType, errorMessage]);
  }
  await apply(pythonCode, { handler: "leaves.x" });
  assert.match(functionError(await invoke()).errorMessage, /Runtime exited with error: exit status 4$/);
});

test("what a Python function prints and logs is in its log", python, async (t) => {
  const { invoke } = await start(t, pythonCode, pythonSpec);
  const outcome = await invoke({ log: 1 });
  const id = outcome.requestId;
  assert.match(
    tail(outcome),
    new RegExp(`\nhello\n\\[INFO\\]\t\\S+Z\t${id}\tthere\n\nbad\nEND RequestId`.replace("\n\nbad", "\nbad")),
  );
});

test("a Python function's JSON logs are JSON, and its client context is there", python, async (t) => {
  const code = `
import logging
def handler(event, context):
    logging.getLogger().info("hidden")
    logging.getLogger("mine").warning("careful %s", 1)
    try:
        1 / 0
    except ZeroDivisionError:
        logging.exception("caught")
    return [context.client_context.custom, context.get_remaining_time_in_millis() > 0, context.memory_limit_in_mb]
`;
  const { client } = await start(t, { "m/x.py": code }, { ...pythonSpec, isJsonLog: true, logLevel: "WARN" });
  const clientContext = Buffer.from('{"custom":{"a":1}}').toString("base64");
  const outcome = await client.invoke({ functionArn: arn, payload: "{}", clientContext, wantsLogTail: true });
  assert.deepEqual(answer(outcome), [{ a: 1 }, true, "128"]);
  const lines = tail(outcome)
    .split("\n")
    .filter((line) => line.startsWith("{") && !line.includes('"type":"platform.'))
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.map(({ level, message, logger, errorType }) => [level, message, logger, errorType]),
    [
      ["WARNING", "careful 1", "mine", undefined],
      ["ERROR", "caught", "root", "ZeroDivisionError"],
    ],
  );
});

test("without Python a Python function says what is missing", async (t) => {
  const path = process.env["PATH"];
  process.env["PATH"] = "/nowhere";
  t.after(() => {
    process.env["PATH"] = path;
  });
  const { invoke } = await start(t, pythonCode, { ...pythonSpec, runtime: "python3.14" });
  const outcome = await invoke();
  assert.ok(outcome.kind === "service-error", JSON.stringify(outcome));
  assert.deepEqual([outcome.code, outcome.status], ["InvalidRuntimeException", 502]);
  assert.match(outcome.message, /needs python3\.14, and there is no python3 .* Install Python 3/);
});
