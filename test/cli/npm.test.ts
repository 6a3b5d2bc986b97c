import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "../until.ts";

const root = join(import.meta.dirname, "../..");

for (const signal of ["SIGTERM", "SIGKILL", "SIGHUP"] as const)
  test(`a server that npm started ends when npm gets ${signal}`, async (t) => {
    const npm = spawn("npm", ["run", "-s", "portico", "--", "serve", "--memory", "--port", "0", "--threads", "1"], {
      cwd: root,
      stdio: ["ignore", "pipe", "inherit"],
    });
    t.after(() => npm.kill("SIGKILL"));
    let output = "";
    npm.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    await until(() => /http:\/\/\S+:\d+/.test(output), { ms: 60_000 });
    const url = /http:\/\/[^\s/"]+:\d+/.exec(output)?.[0] ?? "";
    const isThere = (): Promise<boolean> =>
      fetch(`${url}/_portico/health`).then(
        ({ ok }) => ok,
        () => false,
      );
    assert.equal(await isThere(), true);
    npm.kill(signal);
    await once(npm, "exit");
    await until(async () => !(await isThere()));
  });
