import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { UserError } from "../../base/user-error.ts";
import { findFunctions } from "./find-functions.ts";
import { listFiles, packageFunction } from "./package-function.ts";
import { findProject, readSettings } from "./project.ts";
import { ProblemsError } from "./source-text.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "portico-project-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

test("a folder's document is found by its name, and a document by its path", () => {
  write({ "swagger.json": "{}", "other.yaml": "openapi: 3.0.1" });
  assert.deepEqual(findProject(folder), { folder, documentFile: join(folder, "swagger.json") });
  assert.deepEqual(findProject(join(folder, "other.yaml")), { folder, documentFile: join(folder, "other.yaml") });
});

test("no document, two documents and a path to nothing are refused with what to do", () => {
  write({ "api.yml": "openapi: 3.0.1\n" });
  assert.throws(
    () => findProject(folder),
    (error: UserError) => error instanceof UserError && /Is it api\.yml\?/.test(error.next),
  );
  write({ "openapi.yaml": "", "openapi.json": "" });
  assert.throws(() => findProject(folder), /openapi\.yaml and openapi\.json/);
  assert.throws(() => findProject(join(folder, "nowhere")), /There is nothing at/);
});

test("runtime and handler of a function follow from its files", () => {
  write({
    "functions/getPet.mjs": "",
    "functions/old.cjs": "",
    "functions/report.py": "def lambda_handler(event, context): pass",
    "functions/other.py": "def handler(event, context): pass",
    "functions/orders/index.js": "",
    "functions/stats/lambda_function.py": "",
    "functions/stats/__pycache__/lambda_function.pyc": "",
    "functions/_shared.mjs": "",
    "functions/.hidden.mjs": "",
    "functions/README.md": "",
  });
  const { functions, problems } = findFunctions(folder, {});
  assert.deepEqual(
    functions.map(({ name, runtime, handler }) => [name, runtime.replace(/[\d.x]+$/, ""), handler]),
    [
      ["getPet", "nodejs", "getPet.handler"],
      ["old", "nodejs", "old.handler"],
      ["orders", "nodejs", "index.handler"],
      ["other", "python", "other.handler"],
      ["report", "python", "report.lambda_handler"],
      ["stats", "python", "lambda_function.lambda_handler"],
    ],
  );
  assert.deepEqual(problems, []);
});

test("what is no function is said, and what is one twice is an error", () => {
  write({ "functions/a.mjs": "", "functions/a/index.mjs": "", "functions/b.ts": "", "functions/c/notes.txt": "" });
  const { functions, problems } = findFunctions(folder, { gone: {} });
  assert.deepEqual(
    functions.map((one) => one.name),
    ["a"],
  );
  assert.deepEqual(
    problems.map(({ severity, message }) => [severity, message.split(":")[0]]),
    [
      ["error", "The function a is there twice"],
      ["warning", "b.ts is not deployed"],
      ["warning", "functions/c/ is not deployed"],
      ["warning", "portico.yaml has settings for a function gone, but functions/ has none of that name"],
    ],
  );
});

test("equal content is packed to equal bytes, and a written file changes the signature", () => {
  write({ "functions/a.mjs": "export const handler = () => 1;", "functions/_b.mjs": "", "functions/c/index.mjs": "" });
  const find = (name: string) => {
    const found = findFunctions(folder, {}).functions.find((one) => one.name === name);
    assert.ok(found);
    return found;
  };
  const before = listFiles(find("a"));
  assert.deepEqual([...before.paths.keys()], ["a.mjs", "_b.mjs"]);
  const first = packageFunction("a", before);
  write({ "functions/a.mjs": "export const handler = () => 1;" });
  const second = packageFunction("a", listFiles(find("a")));
  assert.equal(second.sha256, first.sha256);
  write({ "functions/a.mjs": "export const handler = () => 23;" });
  const after = listFiles(find("a"));
  assert.notEqual(after.signature, before.signature);
  assert.notEqual(packageFunction("a", after).sha256, first.sha256);
  assert.deepEqual([...listFiles(find("c")).paths.keys()], ["index.mjs"]);
});

test("portico.yaml is read, and each mistake in it has its place", async () => {
  assert.deepEqual(await readSettings(folder), { api: {}, functions: {}, processes: {} });
  write({
    "portico.yaml":
      "port: 4570\napi: { stage: dev, variables: { n: 1 } }\nfunctions:\n  a: { timeout: 5, environment: { A: true } }\n",
  });
  assert.deepEqual(await readSettings(folder), {
    api: { stage: "dev", variables: { n: "1" } },
    functions: { a: { timeout: 5, environment: { A: "true" } } },
    processes: {},
  });
  write({ "portico.yaml": "functions:\n  a:\n    timeout: soon\n    tiemout: 5\nprocesses:\n  p: {}\n" });
  await assert.rejects(readSettings(folder), (error: ProblemsError) => {
    assert.ok(error instanceof ProblemsError);
    assert.deepEqual(
      error.problems.map(({ message, place }) => [place?.line, place?.column, message.split(".")[0]]),
      [
        [3, 5, "`timeout` must be a number"],
        [4, 5, "`tiemout` is not known here"],
        [6, 3, "The process p needs a `command`"],
      ],
    );
    return true;
  });
});
