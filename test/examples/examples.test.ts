import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { examplesFolder, listExamples, readExample } from "../../scripts/example-file.ts";
import { installExamplePackages, isExamplePackage } from "../../scripts/example-packages.ts";
import { startPortico } from "../portico.ts";
import { availability, run, tool } from "../tool.ts";

const script = join(import.meta.dirname, "../../scripts/example.ts");
const readmeLinesMax = 30;

const packages = availability(installExamplePackages().problem, true);

// Two at a time: for most of an example, one of its clients is starting.
describe("examples", { concurrency: 2 }, () => {
  for (const name of listExamples()) {
    const folder = join(examplesFolder, name);
    const tools = existsSync(join(folder, "setup.sh")) ? [tool("aws", ["--version"], true)] : [];
    for (const needs of readExample(name).needs)
      tools.push(isExamplePackage(needs) ? packages : tool(needs, ["--help"], true));
    const needed = tools.find(({ skip }) => skip !== false) ?? { skip: false };
    test(`examples/${name} answers as it says`, needed, async () => {
      const { status, stdout, stderr } = await run(
        process.execPath,
        [script, name, "--once"],
        // As for users, whose requests come over several connections and so to several threads.
        { env: { NO_COLOR: "1", PORTICO_THREADS: "2" } },
      );
      assert.equal(status, 0, stdout + stderr);
      assert.match(stdout, /All answers are as expected/);
    });

    test(`examples/${name}/README.md is short and has the one command`, () => {
      const readme = readFileSync(join(folder, "README.md"), "utf8");
      assert.ok(readme.trimEnd().split("\n").length <= readmeLinesMax, `more than ${readmeLinesMax} lines`);
      assert.ok(readme.includes(`npm run example ${name}\n`), `npm run example ${name}`);
      assert.ok(readme.startsWith(`# ${readExample(name).title}\n`), "its heading is the title in example.yaml");
    });
  }
});

test("an example uses a server of its own, whatever runs on the port", async () => {
  const mine = await startPortico();
  try {
    const env = { PORTICO_PORT: String(mine.port), AWS_ENDPOINT_URL: mine.url, AWS_ENDPOINT_URL_SQS: mine.url };
    const ran = await run(process.execPath, [script, "petstore", "--once"], { env });
    assert.equal(ran.status, 0, ran.stdout + ran.stderr);
    const { stages } = (await (await fetch(`${mine.url}/_portico/status`)).json()) as { stages: readonly unknown[] };
    assert.deepEqual(stages, []);
  } finally {
    await mine.stop();
  }
});

test("without a name the examples are listed; a wrong name is said", async () => {
  const listed = await run(process.execPath, [script]);
  assert.equal(listed.status, 0, listed.stderr);
  for (const name of listExamples()) assert.ok(listed.stdout.includes(`  ${name} `), name);
  const wrong = await run(process.execPath, [script, "petshop"]);
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /no example petshop\. There are: .*petstore/);
});
