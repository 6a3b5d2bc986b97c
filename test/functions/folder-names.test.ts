// What leaves a function's process has AWS's names for its folders, and what it reads by the names that it sees is there.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { answer, functionError, start, tail } from "../start-functions.ts";

const hasPython = spawnSync("python3", ["--version"]).status === 0;
const python = { skip: hasPython ? false : "python3 is not on this machine" };

/** Folders as data directories may be: with letters that URLs and JSON escape, and behind a link. */
function folders(t: TestContext): readonly string[] {
  const root = mkdtempSync(join(tmpdir(), "portico-names-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const odd = join(root, 'ü "b% c');
  mkdirSync(odd);
  const link = join(root, "link");
  symlinkSync(odd, link);
  return [tmpdir(), odd, link];
}

/** Fails if any folder of this machine is in what a function says. */
function assertUnseen(text: string): void {
  for (const folder of [tmpdir(), realpathSync(tmpdir()), process.cwd(), "portico-manager-", "portico-names-"]) {
    assert.ok(!text.includes(folder), `${folder} is in ${text}`);
  }
}

const everyPlace = (names: readonly string[]): string =>
  JSON.stringify(
    names.map((name) => ({ name, text: "hello" })),
    undefined,
    1,
  );

const commonJs = {
  "data.txt": "hello",
  "index.js": `
    const { readFileSync } = require("node:fs");
    const lib = require("./lib/fail.js");
    exports.handler = async (event) => {
      if (event.throw) lib.fail();
      if (event.print) { console.log(__dirname, new Error("printed").stack); return; }
      if (event.file) readFileSync(__dirname + "/absent.txt");
      if (event.reject) { Promise.reject(new Error("in " + __dirname)); await new Promise(() => setTimeout(() => {}, 500)); }
      const places = [process.env.LAMBDA_TASK_ROOT, process.cwd(), __dirname];
      return {
        places: places.map((name) => ({ name, text: readFileSync(name + "/data.txt", "utf8") })),
        relative: readFileSync("data.txt", "utf8"),
        runtime: process.env.LAMBDA_RUNTIME_DIR,
        env: process.env, argv: process.argv, execPath: process.execPath,
      };
    };`,
  "lib/fail.js": `exports.fail = () => { throw new Error("no") };`,
};

test("a Node.js function sees its files, and is seen below /var/task", async (t) => {
  for (const below of folders(t)) {
    const { invoke } = await start(t, commonJs, { below });
    const seen = answer(await invoke()) as Record<string, unknown>;
    const task = "/var/task";
    assert.equal(JSON.stringify(seen["places"], undefined, 1), everyPlace([task, task, task]));
    assert.equal(seen["relative"], "hello");
    assert.equal(seen["runtime"], "/var/runtime");
    assertUnseen(JSON.stringify(seen));
    const thrown = functionError(await invoke({ throw: 1 }));
    assert.equal(thrown.trace?.[1], "    at exports.fail (/var/task/lib/fail.js:1:30)");
    assert.match(thrown.trace?.[2] ?? "", /^ {4}at (Runtime\.|exports\.)?handler \(\/var\/task\/index\.js:5:\d+\)$/);
    assert.match(thrown.trace?.[3] ?? "", /\(file:\/\/\/var\/runtime\/index\.mjs:\d+:\d+\)$/);
    assertUnseen(JSON.stringify(thrown));
    const absent = functionError(await invoke({ file: 1 }));
    assert.equal(absent.errorMessage, "ENOENT: no such file or directory, open '/var/task/absent.txt'");
    const printed = await invoke({ print: 1 });
    assert.match(tail(printed), /\t\/var\/task Error: printed\r {4}at /);
    assertUnseen(tail(printed));
    const rejected = await invoke({ reject: 1 });
    assert.equal(functionError(rejected).errorMessage, "Error: in /var/task");
    assertUnseen(JSON.stringify(functionError(rejected)) + tail(rejected));
  }
});

test("a Node.js module is file:///var/task/…, when it can't be loaded, too", async (t) => {
  for (const below of folders(t)) {
    const { invoke, apply } = await start(
      t,
      {
        "data.txt": "hello",
        "index.mjs": `
          import { readFileSync } from "node:fs";
          export const handler = async (event) => {
            if (event.throw) throw new Error("no");
            return [import.meta.url, import.meta.dirname, readFileSync(new URL("data.txt", import.meta.url), "utf8")];
          };`,
      },
      { below },
    );
    assert.deepEqual(answer(await invoke()), ["file:///var/task/index.mjs", "/var/task", "hello"]);
    const { trace } = functionError(await invoke({ throw: 1 }));
    assert.match(trace?.[1] ?? "", /^ {4}at (Runtime\.)?handler \(file:\/\/\/var\/task\/index\.mjs:4:\d+\)$/);
    assertUnseen(JSON.stringify(trace));
    await apply({ "index.mjs": `import "./absent.mjs";` });
    const lost = await invoke();
    const { errorType, errorMessage } = functionError(lost);
    assert.equal(errorType, "Runtime.ImportModuleError");
    assert.match(errorMessage, /Cannot find module '\/var\/task\/absent\.mjs' imported from \/var\/task\/index\.mjs/);
    assertUnseen(JSON.stringify(functionError(lost)) + tail(lost));
  }
});

test("a streamed answer has AWS's names", async (t) => {
  const { invoke } = await start(t, {
    "index.js": `exports.handler = awslambda.streamifyResponse(async (event, stream) => {
      stream.write(__filename + "\\n");
      stream.write({ stack: new Error("no").stack });
      stream.end("\\n" + __dirname);
    });`,
  });
  const outcome = await invoke();
  const text = outcome.kind === "ok" ? outcome.payload.toString() : assert.fail(JSON.stringify(outcome));
  assert.match(
    text,
    /^\/var\/task\/index\.js\n\{"stack":"Error: no\\n {4}at \/var\/task\/index\.js:3:\d+\\n.*\n\/var\/task$/,
  );
  assertUnseen(text);
});

const pythonCode = {
  "data.txt": "hello",
  "index.py": `import json, os, sys
def handler(event, context):
    if event.get("raise"):
        raise ValueError(__file__)
    if event.get("parse"):
        json.loads("{")
    if event.get("print"):
        print(__file__)
        return None
    places = [os.environ["LAMBDA_TASK_ROOT"], os.getcwd(), os.path.dirname(__file__)]
    return {
        "places": [{"name": name, "text": open(name + "/data.txt").read()} for name in places],
        "relative": open("data.txt").read(),
        "path": sys.path[0],
        "env": dict(os.environ),
    }
`,
};

// Recorded: tracebacks of Python functions show paths below /var/task.
test("a Python function sees its files, and is seen below /var/task", python, async (t) => {
  for (const below of folders(t)) {
    for (const runtime of ["python3.11", "python3.13"]) {
      const { invoke } = await start(t, pythonCode, { below, runtime });
      const seen = answer(await invoke()) as Record<string, unknown>;
      const task = "/var/task";
      assert.equal(JSON.stringify(seen["places"], undefined, 1), everyPlace([task, task, task]));
      assert.equal(seen["relative"], "hello");
      assert.equal(seen["path"], task);
      assertUnseen(JSON.stringify(seen));
      const raised = functionError(await invoke({ raise: 1 }));
      assert.equal(raised.errorMessage, "/var/task/index.py");
      assert.deepEqual(raised.stackTrace, [
        '  File "/var/task/index.py", line 4, in handler\n    raise ValueError(__file__)\n',
      ]);
      const parsed = functionError(await invoke({ parse: 1 }));
      assert.ok(parsed.stackTrace?.[1]?.startsWith(`  File "/var/lang/lib/${runtime}/json/__init__.py", line `));
      const printed = await invoke({ print: 1 });
      assert.match(tail(printed), /^\/var\/task\/index\.py$/m);
      assertUnseen(tail(printed));
    }
  }
});
