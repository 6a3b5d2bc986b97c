// `portico vtl` as its user runs it: files in, text or a marked place out.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Ran, run } from "../tool.ts";
import { until } from "../until.ts";

const portico = join(import.meta.dirname, "../../bin/portico.js");
let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "portico-vtl-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
const vtl = (...args: string[]): Promise<Ran> =>
  run(process.execPath, [portico, "vtl", ...args], { cwd: folder, env: { NO_COLOR: "" } });

test("a template sees what a request would give it, and its overrides are told", async () => {
  write(
    "all.vtl",
    `#set($context.requestOverride.header.X-Who = $context.identity.sourceIp)
#set($context.requestOverride.querystring.n = [1, 2])
{"id": "$input.params('id')", "q": "$input.params('q')", "h": "$input.params().header.get('X-A')",
 "stage": "$stageVariables.table", "verb": "$context.httpMethod", "made": "$context.stage", "sum": $input.json('$.sum')}`,
  );
  write("body.json", '{"sum": 3}');
  write("context.json", '{"httpMethod": "PUT", "identity": {"sourceIp": "192.0.2.1"}}');
  write("params.json", '{"path": {"id": 7}, "querystring": {"q": ["a", "b & c"]}, "header": {"X-A": "yes"}}');
  write("variables.json", '{"table": "pets"}');
  const inputs = ["--body", "body.json", "--context", "context.json", "--params", "params.json"];
  const ran = await vtl("all.vtl", ...inputs, "--stage-variables", "variables.json");
  assert.equal(ran.status, 0, ran.stderr);
  assert.deepEqual(JSON.parse(ran.stdout), {
    id: "7",
    q: "b & c",
    h: "yes",
    stage: "pets",
    verb: "PUT",
    made: "dev",
    sum: 3,
  });
  assert.equal(
    ran.stderr,
    '$context.requestOverride.header.X-Who = "192.0.2.1"\n$context.requestOverride.querystring.n = "1", "2"\n',
  );
});

test("a response template may override the status, and --json tells all", async () => {
  write("answer.vtl", `#set($context.responseOverride.status = 404)$context.requestOverride.header$input.json("$.a")`);
  write("answer.json", '{"a": [1]}');
  const ran = await vtl("answer.vtl", "--response", "--body", "answer.json", "--json");
  assert.equal(ran.status, 0, ran.stderr);
  assert.deepEqual(JSON.parse(ran.stdout), {
    output: "[1]",
    overrides: { request: {}, response: {}, status: 404 },
    warnings: [],
  });
});

test("what is wrong is shown at its place, plain where nobody watches", async () => {
  write("open.vtl", 'a\n  $util.base64Decode("b)\n');
  write("fails.vtl", 'ok\n$input.path("$..[")');
  write("reads.vtl", "$input.json('$')");
  write("broken.json", '{\n "a": }');
  write("list.json", "[]");
  for (const [args, shown] of [
    [
      ["open.vtl"],
      'open.vtl:2:22  error  A string is not closed\n  2 |   $util.base64Decode("b)\n    |                      ^\n',
    ],
    [
      ["fails.vtl"],
      /^fails\.vtl:2:7 {2}error {2}Invalid JSONPath \$\.\.\[, column 4: .*\n {2}2 \| \$input.path\("\$\.\.\["\)\n/,
    ],
    [
      ["reads.vtl", "--body", "broken.json"],
      /^broken\.json:2:7 {2}error {2}The template asks for JSON: Unexpected character/,
    ],
    [["reads.vtl", "--context", "broken.json"], /^broken\.json:2:7 {2}error {2}This is not JSON: /],
    [["reads.vtl", "--params", "list.json"], /^list\.json:1:1 {2}error {2}This is not a JSON object/],
    [["nowhere.vtl"], /nowhere\.vtl can't be read\.[\s\S]*Give the path of a file\./],
  ] as const) {
    const ran = await vtl(...args);
    assert.equal(ran.status, 1, args.join(" "));
    assert.equal(ran.stdout, "");
    if (typeof shown === "string") assert.equal(ran.stderr, shown);
    else assert.match(ran.stderr, shown);
  }
});

test("an output that should be JSON and is none is warned of, at its place in the output", async () => {
  write("comma.vtl", '{\n  "a": 1,\n}');
  const ran = await vtl("comma.vtl");
  assert.equal(ran.status, 0);
  assert.equal(ran.stdout, '{\n  "a": 1,\n}');
  assert.match(ran.stderr, /^output:3:1 {2}warning {2}The output is not JSON: .*\n {2}3 \| \}\n {4}\| \^\n$/);
  assert.equal((await vtl("comma.vtl", "--content-type", "text/plain")).stderr, "");
  write("typed.vtl", '#set($context.requestOverride.header.content-type = "text/xml")<a/>');
  assert.doesNotMatch((await vtl("typed.vtl")).stderr, /warning/);
});

test("--watch renders again after each save, and goes on after mistakes", async (t) => {
  write("watched.vtl", "one");
  const child = spawn(process.execPath, [portico, "vtl", "watched.vtl", "--content-type", "text/plain", "--watch"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  const ended = new Promise((resolve) => child.once("close", resolve));
  await until(() => /^one/.test(output) && output.includes("Watching"), { what: "the first rendering" });
  write("watched.vtl", "#if(");
  await until(() => /watched\.vtl:1:\d+ {2}error/.test(output), { what: "the mistake" });
  write("watched.vtl", "two");
  await until(() => output.endsWith("two"), { what: "the rendering after it" });
  child.kill("SIGINT");
  assert.equal(await ended, 0);
});
