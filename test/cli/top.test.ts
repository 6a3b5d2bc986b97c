// `portico top` as its user runs it, on a started server.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Portico, startPortico } from "../portico.ts";
import { MockApi, send } from "../server/mock-api.ts";
import { type Ran, run, tool } from "../tool.ts";
import { until } from "../until.ts";

const bin = join(import.meta.dirname, "../../bin/portico.js");
let portico: Portico;
let api: MockApi;
before(async () => {
  portico = await startPortico();
  api = await MockApi.create(portico.url, "birds");
  await api.deploy("one");
});
after(() => portico.stop());

const top = (...args: string[]): Promise<Ran> =>
  run(process.execPath, [bin, "top", ...args, "--endpoint", portico.url], { env: { NO_COLOR: "1" } });

interface Line {
  readonly routes: readonly {
    readonly apiName: string;
    readonly stage: string;
    readonly route: string;
    readonly requests: number;
  }[];
}

test("every request is in one of the lines, by route; Ctrl-C ends it", async () => {
  await send(portico.url + api.path);
  const child = spawn(process.execPath, [
    bin,
    "top",
    "birds",
    "--json",
    "--interval",
    "0.1",
    "--endpoint",
    portico.url,
  ]);
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
  });
  const lines = (): Line[] =>
    text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  await until(() => lines().length > 0);
  const count = 20;
  for (let index = 0; index < count; index++) await send(portico.url + api.path);
  const missing = await send(`${portico.url}${api.path}/nowhere`);
  assert.equal(missing.status, 403);
  const counted = (route: string): number =>
    lines()
      .flatMap(({ routes }) => routes)
      .filter((one) => one.apiName === "birds" && one.stage === "prod" && one.route === route)
      .reduce((sum, { requests }) => sum + requests, 0);
  await until(() => counted("GET /") === count && counted("") === 1);
  const exited = once(child, "exit");
  child.kill("SIGINT");
  assert.deepEqual(await exited, [0, null]);
  assert.equal(counted("GET /"), count);
});

test("a table is plain when it is piped; what can't be shown is said", async () => {
  const { status, stdout, stderr } = await top("--once", "--interval", "0.1");
  assert.equal(status, 0, stderr);
  assert.match(stdout, /connections open\n\nNo route has had a request meanwhile\.\n$/);
  assert.doesNotMatch(stdout, /\x1b/);
  assert.match((await top("nothing")).stderr, /There is no deployed API nothing/);
  assert.match((await top("--interval", "0")).stderr, /from 0\.1 to 3600/);
});

test("a server that ends meanwhile is said to have ended, and how to go on", async () => {
  const other = await startPortico();
  const child = spawn(process.execPath, [bin, "top", "--json", "--interval", "0.1", "--endpoint", other.url]);
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk) => {
    stderr += chunk;
  });
  await until(() => stdout !== "");
  const exited = once(child, "close");
  await other.kill();
  assert.deepEqual(await exited, [1, null]);
  assert.match(stderr, /no longer answers\.\n.*\n {2}Look whether it still runs/);
});

test("Ctrl-C does not wait for the next figures", async () => {
  const child = spawn(process.execPath, [bin, "top", "--interval", "3600", "--endpoint", portico.url]);
  const [started] = await once(child.stderr, "data");
  assert.match(String(started), /the first figures come in 3600 s/);
  const exited = once(child, "exit");
  child.kill("SIGINT");
  assert.deepEqual(await exited, [0, null]);
});

const script = tool("script", ["--version"], false);

test("on a terminal each line fits, whatever names there are, and Ctrl-C leaves it as it was", script, async () => {
  const named = await MockApi.create(portico.url, `\x1b]0;title\x07${"long ".repeat(50)}\nlines`);
  await named.deploy("two");
  const line = `stty cols 80 rows 12; exec ${process.execPath} ${bin} top --interval 0.3 --endpoint ${portico.url}`;
  const child = spawn("script", ["-qec", line, "/dev/null"], { env: { ...process.env, TERM: "xterm", NO_COLOR: "" } });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
  });
  await until(async () => {
    await send(portico.url + named.path);
    await send(`${portico.url}${named.path}nowhere`);
    return text.includes("GET /") && text.includes("\x1b[33m");
  });
  const exited = once(child, "close");
  child.stdin.write("\x03");
  assert.deepEqual(await exited, [0, null]);
  const [, ...screens] = text.split("\x1b[H\x1b[2J");
  for (const lines of screens) {
    const [head = "", ...rows] = lines.split("\r\n").map((row) => row.replaceAll(/\x1b\[[?\d;]*[a-z]/g, ""));
    assert.match(head, /requests/);
    for (const row of [head, ...rows]) assert.ok(row.length <= 80, row);
  }
  assert.doesNotMatch(text, /\x1b\]/);
  assert.ok(
    text.includes("\x1b[?1049h") && text.trimEnd().endsWith("\x1b[?25h\x1b[?1049l"),
    "the first screen is back",
  );
});
