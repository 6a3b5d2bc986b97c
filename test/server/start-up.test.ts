import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
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
