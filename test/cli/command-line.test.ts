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
    [["rotues"], /Unknown command 'rotues'[\s\S]*Did you mean routes\?[\s\S]*portico --help lists/],
    [["help", "rotues"], /^Unknown command 'rotues'[\s\S]*Did you mean routes\?/],
    [["explain", "GET"], /The URL to send GET to is missing/],
    [["up"], /Missing required argument[\s\S]*portico up --help says/],
    [["status", "--jsno"], /Unknown option '--jsno'[\s\S]*Did you mean --json\?/],
    [["export", "a", "b", "--format", "yaml"], /Allowed choices are oas30, swagger/],
    [["logs", "--account", "1"], /'--account <ID>' argument '1' is invalid\. It takes twelve digits/],
    [[], /Usage: portico/],
    [["status", "more"], /Too many arguments/i],
    [["serve", "--port", "x"], /--port: "x" is not accepted[\s\S]*a whole number from 0 to 65535/],
    [["serve", "--host", "0.0.0.0"], /loopback/],
    [["serve", "--limit", "pets=1"], /--limit: "pets=1" is not accepted/],
    [
      ["serve", "--limit", "integrationTimeoutMs=5"],
      /integrationTimeoutMs=5" is not accepted[\s\S]*integrationTimeoutMs=N, N from 50 to 1000000/,
    ],
    [["routes", "--endpoint", "4566"], /No Portico answers at 4566[\s\S]*not a URL such as http/],
    [["cors", "pets", "--methods", "GET,FOO"], /no method FOO[\s\S]*GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS/],
    [["cors", "pets", "--methods", "G/T"], /"G\/T" can't be the name/],
    [["cors", "pets", "--origin", "https://a.example/"], /not an origin/],
    [["cors", "pets", "--credentials"], /--credentials needs names/],
    [["cors", "pets", "--max-age", "soon"], /--max-age soon is not accepted/],
    [["explain", "GET", "/x", "-H", "name"], /-H name is not a header/],
    [["explain", "GET", "/x", "--stage-variable", "name"], /--stage-variable name has no value/],
    [["sdk", "pets"], /An SDK of which language/],
    [["sdk", "pets", "--language", "java", "--set", "name"], /--set name is not accepted/],
    [["logs", "--since", "yesterday"], /--since: "yesterday" is not accepted/],
    [["export", "a", "b", "--extensions", "secrets"], /any of integrations, authorizers/],
  ] as const) {
    const { status, stdout, stderr } = await cli(args);
    assert.equal(status, 2, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, pattern);
  }
});

test("what can't be done ends with 1 and says what to do next", async () => {
  writeFileSync(join(folder, "empty.yaml"), "");
  writeFileSync(join(folder, "template.yaml"), "Resources: {Pets: {Type: AWS::Serverless::Api}}\n");
  writeFileSync(join(folder, "bare.yaml"), "openapi: 3.0.1\ninfo: {title: bare}\npaths: {}\n");
  for (const [args, pattern] of [
    [["up", "nowhere"], /There is nothing at nowhere[\s\S]*Give the path of an OpenAPI document/],
    [["up", "empty.yaml", "--memory", "--port", "0"], /empty\.yaml:1:1 {2}error {2}This is no OpenAPI document/],
    [["up", "template.yaml", "--memory", "--port", "0"], /template\.yaml:1:1 {2}error {2}This is a template of CloudF/],
    [
      ["up", "bare.yaml", "--memory", "--port", "0"],
      /bare\.yaml:3:\d+ {2}error {2}.* any methods: the document has no op/,
    ],
    [
      ["routes", "--endpoint", "http://127.0.0.1:1"],
      /No Portico answers at http:\/\/127\.0\.0\.1:1[\s\S]*portico serve/,
    ],
    [["serve", "--config", "nowhere.yaml"], /There is no file .*nowhere\.yaml/],
  ] as const) {
    const { status, stderr } = await cli([...args, ...(args[0] === "up" ? ["--no-watch"] : [])]);
    assert.equal(status, 1, `${args}: ${stderr}`);
    assert.match(stderr, pattern);
    assert.doesNotMatch(stderr, /\n {4}at /, "no stack");
  }
});

test("a command finds the server by flag, then Portico's settings, then AWS's variables, then the default", async () => {
  const at = (port: number): string => `http://127.0.0.1:${port}`;
  const aws = { AWS_ENDPOINT_URL: at(3), AWS_ENDPOINT_URL_API_GATEWAY: at(2) };
  for (const [args, env, pattern] of [
    [["--endpoint", at(1)], { ...aws, PORTICO_PORT: "4" }, /at http:\/\/127\.0\.0\.1:1\./],
    [[], { ...aws, PORTICO_PORT: "4" }, /at http:\/\/127\.0\.0\.1:4\./],
    [[], aws, /at http:\/\/127\.0\.0\.1:2, which AWS_ENDPOINT_URL_API_GATEWAY names/],
    [[], { AWS_ENDPOINT_URL: `${at(3)}/` }, /at http:\/\/127\.0\.0\.1:3, which AWS_ENDPOINT_URL names/],
    [[], { AWS_ENDPOINT_URL: "4566" }, /AWS_ENDPOINT_URL: "4566" is not accepted/],
  ] as const) {
    const { status, stderr } = await cli(["status", ...args], env);
    assert.equal(status, 1, stderr);
    assert.match(stderr, pattern);
  }
});

test("the version is the package's", async () => {
  assert.match((await cli(["--version"])).stdout, /^\d+\.\d+\.\d+\n$/);
});
