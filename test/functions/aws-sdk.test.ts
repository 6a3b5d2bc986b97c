// AWS's runtimes have an AWS SDK. A function finds the project's or the machine's, unless it brings its own.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { CreateFunctionCommand, InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { strToU8, zipSync } from "fflate";
import { startPortico } from "../portico.ts";
import { answer, functionError, start } from "../start-functions.ts";

const hasPython = spawnSync("python3", ["--version"]).status === 0;
const python = { skip: hasPython ? false : "python3 is not on this machine" };
const hasBoto3 = spawnSync("python3", ["-c", "import boto3"]).status === 0;

/** A folder with these files, and one that has nothing. */
function project(t: TestContext, files: Record<string, string>): { readonly folder: string; readonly empty: string } {
  const root = mkdtempSync(join(tmpdir(), "portico-sdk-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, "project", name)), { recursive: true });
    writeFileSync(join(root, "project", name), text);
  }
  mkdirSync(join(root, "empty"));
  return { folder: join(root, "project"), empty: join(root, "empty") };
}

/** A package for `import` and `require`, which says which of the two it was loaded by. */
const aPackage = (name: string, version: string): Record<string, string> => ({
  [`node_modules/${name}/package.json`]: JSON.stringify({
    name,
    exports: { ".": { import: "./index.mjs", require: "./index.cjs" } },
  }),
  [`node_modules/${name}/index.mjs`]: `export const from = "import ${version}"; export const fail = () => { throw new Error("no"); };`,
  [`node_modules/${name}/index.cjs`]: `exports.from = "require ${version}";`,
});

test("a Node.js function imports and requires the project's AWS SDK, and nothing else of the project", async (t) => {
  const { folder } = project(t, { ...aPackage("@aws-sdk/client-x", "1"), ...aPackage("other", "1"), "sub/a.txt": "" });
  const options = { awsSdk: join(folder, "sub") };
  const { invoke, apply } = await start(
    t,
    {
      "index.mjs": `
        import { createRequire } from "node:module";
        import { from, fail } from "@aws-sdk/client-x";
        const require = createRequire(import.meta.url);
        export const handler = async (event) => {
          if (event.fail) fail();
          if (event.other) return await import("other");
          if (event.absent) return require("@aws-sdk/client-y");
          return [from, require("@aws-sdk/client-x").from, (await import("@aws-sdk/client-x")).from];
        };`,
    },
    { options },
  );
  assert.deepEqual(answer(await invoke()), ["import 1", "require 1", "import 1"]);
  const { trace } = functionError(await invoke({ fail: 1 }));
  assert.match(trace?.[1] ?? "", /\(file:\/\/\/var\/runtime\/node_modules\/@aws-sdk\/client-x\/index\.mjs:1:\d+\)$/);
  assert.match(
    functionError(await invoke({ other: 1 })).errorMessage,
    /^Cannot find package 'other' imported from \/var\/task\/index\.mjs$/,
  );
  assert.match(
    functionError(await invoke({ absent: 1 })).errorMessage,
    /^Cannot find module '@aws-sdk\/client-y'\n[\s\S]*\nAWS's runtime has @aws-sdk\/client-y; .*`npm install @aws-sdk\/client-y`.* --aws-sdk\.$/,
  );
  // A function's own comes first.
  await apply({
    ...aPackage("@aws-sdk/client-x", "2"),
    "index.mjs": `export { from } from "@aws-sdk/client-x"; export const handler = async () => (await import("@aws-sdk/client-x")).from;`,
  });
  assert.equal(answer(await invoke()), "import 2");
});

test("a function whose SDK is nowhere is told how it finds one", async (t) => {
  const { empty } = project(t, {});
  const { invoke, apply } = await start(
    t,
    { "index.mjs": `import "@aws-sdk/client-s3"; export const handler = async () => 1;` },
    { options: { awsSdk: empty } },
  );
  const how =
    /AWS's runtime has @aws-sdk\/client-s3; .* Run `npm install @aws-sdk\/client-s3` in the project's folder, or name a folder that has it by --aws-sdk\.$/;
  const imported = functionError(await invoke());
  assert.equal(imported.errorType, "Runtime.ImportModuleError");
  assert.match(imported.errorMessage, how);
  await apply({ "index.js": `require("@aws-sdk/client-s3");` });
  assert.match(functionError(await invoke()).errorMessage, how);
  // AWS's runtimes of today don't have version 2.
  await apply({ "index.js": `require("aws-sdk");` });
  assert.doesNotMatch(functionError(await invoke()).errorMessage, /AWS's runtime has/);
});

test(
  "a Python function finds boto3 in the project's folder or its virtual environment, its own first",
  python,
  async (t) => {
    for (const place of ["boto3", ".venv/lib/python3.11/site-packages/boto3"]) {
      const { folder } = project(t, {
        [`${place}/__init__.py`]: `version = "project"\ndef fail():\n    raise ValueError("no")\n`,
        [`${dirname(place)}/other.py`]: "",
      });
      const { invoke, apply } = await start(
        t,
        {
          "index.py": `
import boto3
def handler(event, context):
    if event.get("fail"):
        boto3.fail()
    if event.get("other"):
        import other
    return boto3.version
`,
        },
        { runtime: "python3.12", options: { awsSdk: folder } },
      );
      assert.equal(answer(await invoke()), "project");
      assert.match(
        functionError(await invoke({ fail: 1 })).stackTrace?.[1] ?? "",
        /^ {2}File "\/var\/runtime\/boto3\/__init__\.py", line 3/,
      );
      assert.equal(functionError(await invoke({ other: 1 })).errorMessage, "No module named 'other'");
      await apply({
        "boto3.py": `version = "own"`,
        "index.py": `import boto3\ndef handler(event, context):\n    return boto3.version\n`,
      });
      assert.equal(answer(await invoke()), "own");
    }
  },
);

test("a Python function without boto3 is told how it finds one", python, async (t) => {
  const { empty } = project(t, {});
  // Without the machine's packages.
  const code = {
    "index.py": `import sys\nsys.path[:] = [p for p in sys.path if "site-packages" not in p and "dist-packages" not in p]\nimport boto3\n`,
  };
  const { invoke } = await start(t, code, { runtime: "python3.12", options: { awsSdk: empty } });
  const { errorType, errorMessage } = functionError(await invoke());
  assert.equal(errorType, "Runtime.ImportModuleError");
  assert.equal(
    errorMessage,
    "Unable to import module 'index': No module named 'boto3'\nAWS's runtime has boto3; here functions find it in the project or on the machine. Run `python3 -m pip install boto3`, or name a folder that has it by --aws-sdk.",
  );
});

const sdkFunctions: readonly (readonly [string, boolean, Record<string, string>])[] = [
  [
    "nodejs22.x",
    true,
    {
      "index.mjs": `
        import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
        export const handler = async () => (await new STSClient().send(new GetCallerIdentityCommand({}))).Account;`,
    },
  ],
  [
    "python3.12",
    hasBoto3,
    {
      "index.py": `import boto3
def handler(event, context):
    return boto3.client("sts").get_caller_identity()["Account"]
`,
    },
  ],
];

for (const [runtime, hasSdk, files] of sdkFunctions) {
  const skip = hasSdk ? false : "there is no boto3 on this machine";
  test(`a ${runtime} function's SDK calls Portico, in the function's account`, { skip }, async (t) => {
    const portico = await startPortico({ args: ["--aws-sdk", join(import.meta.dirname, "../..")] });
    t.after(() => portico.stop());
    const lambda = new LambdaClient({
      endpoint: portico.url,
      region: "us-east-1",
      credentials: { accessKeyId: "123456789012", secretAccessKey: "any" },
    });
    t.after(() => lambda.destroy());
    const contents = Object.entries(files).map(([name, text]) => [name, strToU8(text)] as const);
    await lambda.send(
      new CreateFunctionCommand({
        FunctionName: "f",
        Role: "arn:aws:iam::123456789012:role/any",
        Runtime: runtime as "nodejs22.x",
        Handler: "index.handler",
        Timeout: 30,
        Code: { ZipFile: zipSync(Object.fromEntries(contents)) },
      }),
    );
    const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: "f" }));
    assert.equal(Buffer.from(Payload ?? []).toString(), '"123456789012"');
  });
}
