import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { commandGroups, commands } from "../../src/cli/commands.ts";
import { type Ran, run } from "../tool.ts";

const portico = join(import.meta.dirname, "../../bin/portico.js");
let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "portico-cli-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const cli = (args: readonly string[], env: Record<string, string> = {}): Promise<Ran> =>
  run(process.execPath, [portico, ...args], { cwd: folder, env });

test("every command says how it is used, with examples", async () => {
  const help = await cli(["--help"]);
  const headings = [...help.stdout.matchAll(/^(\S.*:)$/gm)].map(([, heading]) => heading);
  assert.deepEqual(headings, ["Options:", ...Object.values(commandGroups), "More:", "Examples:"]);
  assert.equal(help.status, 0);
  for (const { name, examples } of commands) {
    assert.match(help.stdout, new RegExp(`^ {2}${name} `, "m"));
    const own = await cli([name, "--help"]);
    assert.equal(own.status, 0);
    for (const example of examples) assert.ok(own.stdout.includes(example), example);
  }
});

test("a wrong command line ends with 2 and says what was meant", async () => {
  for (const [args, pattern] of [
    [["rotues"], /Unknown command 'rotues'[\s\S]*Did you mean routes\?/],
    [["up"], /Missing required argument/],
    [["status", "--jsno"], /Unknown option '--jsno'[\s\S]*Did you mean --json\?/],
    [["export", "a", "b", "--format", "yaml"], /Allowed choices are oas30, swagger/],
    [["logs", "--account", "1"], /'--account <ID>' argument '1' is invalid\. It takes twelve digits/],
    [[], /Usage: portico/],
  ] as const) {
    const { status, stdout, stderr } = await cli(args);
    assert.equal(status, 2, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, pattern);
  }
});

test("what can't be done ends with 1 and says what to do next", async () => {
  writeFileSync(join(folder, "empty.yaml"), "");
  for (const [args, pattern] of [
    [["up", "nowhere"], /There is nothing at nowhere[\s\S]*Give the path of an OpenAPI document/],
    [["up", "empty.yaml", "--memory", "--port", "0"], /empty\.yaml:1:1 {2}error {2}This is no OpenAPI document/],
    [
      ["routes", "--endpoint", "http://127.0.0.1:1"],
      /No Portico answers at http:\/\/127\.0\.0\.1:1[\s\S]*portico serve/,
    ],
    [["serve", "--port", "x"], /--port: "x" won't do[\s\S]*a whole number from 0 to 65535/],
    [["serve", "--host", "0.0.0.0"], /loopback/],
    [["serve", "--limit", "pets=1"], /--limit: "pets=1" won't do/],
    [["routes", "--endpoint", "4566"], /No Portico answers at 4566[\s\S]*no URL such as http/],
  ] as const) {
    const { status, stderr } = await cli([...args, ...(args[0] === "up" ? ["--no-watch"] : [])]);
    assert.equal(status, 1, `${args}: ${stderr}`);
    assert.match(stderr, pattern);
    assert.doesNotMatch(stderr, /\n {4}at /, "no stack");
  }
});

test("the version is the package's", async () => {
  assert.match((await cli(["--version"])).stdout, /^\d+\.\d+\.\d+\n$/);
});
