import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startPortico } from "../portico.ts";
import { tool } from "../tool.ts";
import { until } from "../until.ts";

const bin = join(import.meta.dirname, "../../bin/portico.js");

test(
  "an older Node starts a newer one, which ends with it, however that ends",
  tool("node", ["--version"], false),
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "portico-older-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const data = join(folder, "data");
    const older = spawn("node", [bin, "serve", "--data", data, "--port", "0", "--threads", "1"], {
      cwd: folder,
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise((resolve) => older.stdout.once("data", resolve));
    const holder = JSON.parse(readFileSync(join(data, "holder.json"), "utf8")) as { pid: number };
    older.kill("SIGKILL");
    await until(() => !isAlive(holder.pid), { what: "the server ended with the process that started it" });
    const next = await startPortico({ args: ["--data", data, "--threads", "1"] });
    assert.equal(await next.stop(), 0);
  },
);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("of servers that are started on one port at once, one serves and the others say why", async () => {
  const port = await freePort();
  const args = ["--memory", "--port", String(port), "--threads", "2"];
  const started = await Promise.allSettled([1, 2, 3].map(() => startPortico({ args })));
  const ready = started.filter((outcome) => outcome.status === "fulfilled");
  const refused = started.filter((outcome) => outcome.status === "rejected");
  for (const { value } of ready) await value.stop();
  assert.equal(ready.length, 1);
  for (const { reason } of refused) assert.match(String(reason), /Another Portico has that port, or is just taking it/);
  // It has given the port back.
  const next = await startPortico({ args });
  assert.equal(next.port, port);
  await next.kill();
  const afterKill = await startPortico({ args });
  assert.equal(await afterKill.stop(), 0);
});

/** A port that nobody listens on now. */
async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
