// `portico top` as its user runs it, on a started server.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Portico, startPortico } from "../portico.ts";
import { MockApi, send } from "../server/mock-api.ts";
import { type Ran, run } from "../tool.ts";
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
