import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { UserError } from "../base/user-error.ts";
import { lockDataDirectory } from "./data-directory.ts";

const folder = mkdtempSync(join(tmpdir(), "portico-lock-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const refusal = (path: string): UserError => {
  try {
    lockDataDirectory(path);
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    return error;
  }
  throw new Error("It was locked.");
};

test("a directory is made, only for its user and not for git", () => {
  const path = join(folder, "new", "deep");
  lockDataDirectory(path).release();
  assert.equal(statSync(path).mode & 0o777, 0o700);
  assert.equal(readFileSync(join(path, ".gitignore"), "utf8"), "*\n");
});

test("a second holder is told who the first is; afterwards it is free again", () => {
  const path = join(folder, "held");
  const first = lockDataDirectory(path);
  assert.match(
    refusal(path).message,
    new RegExp(`in use by another Portico\\. Process ${process.pid} has held it since`),
  );
  first.describe({ url: "http://127.0.0.1:4566" });
  assert.match(refusal(path).message, /and serves http:\/\/127\.0\.0\.1:4566\..*--data/);
  writeFileSync(join(path, "holder.json"), "{cut sh");
  assert.match(refusal(path).message, /just starting/);
  first.release();
  assert.equal(existsSync(join(path, "holder.json")), false);
  lockDataDirectory(path).release();
});

test("the lock of a process that was killed is taken over, though its process id may be another's by now", async (t) => {
  const path = join(folder, "killed");
  const script = `import { lockDataDirectory } from ${JSON.stringify(join(import.meta.dirname, "data-directory.ts"))};
    // Kept: a lock that nobody refers to goes with the next garbage collection.
    globalThis.held = lockDataDirectory(${JSON.stringify(path)});
    globalThis.held.describe({ url: "http://127.0.0.1:1" });
    console.log("held"); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  assert.match(refusal(path).message, new RegExp(`Process ${child.pid} has held it`));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
  // As if the number were a living process's now: ours.
  const holder = JSON.parse(readFileSync(join(path, "holder.json"), "utf8"));
  writeFileSync(join(path, "holder.json"), JSON.stringify({ ...holder, pid: process.pid }));
  lockDataDirectory(path).release();
});

test("a place that can't be a directory is refused in words", () => {
  writeFileSync(join(folder, "file"), "");
  assert.match(refusal(join(folder, "file")).message, /can't be used\. There is a file in its place\./);
  assert.match(refusal(join(folder, "file", "below")).message, /There is a file in its place/);
  assert.match(refusal("/proc/portico").message, /can't be used\..*--data/);
});

test("a lock file that is something else is refused in words", () => {
  const path = join(folder, "garbage");
  lockDataDirectory(path).release();
  writeFileSync(join(path, "lock.db"), "garbage ".repeat(1000));
  assert.match(refusal(path).message, /can't be locked/);
});
