import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { listenOnControlSocket, makeScratchDirectory, sweepScratchDirectories } from "./scratch-directory.ts";

test("what killed servers have left is cleared away, and nothing else", async (t) => {
  const parent = mkdtempSync(join(tmpdir(), "portico-sweep-"));
  t.after(() => rmSync(parent, { recursive: true, force: true }));
  const own = makeScratchDirectory(parent);
  assert.equal(statSync(own.path).mode & 0o777, 0o700);

  const alive = makeScratchDirectory(parent);
  const server = createServer();
  await listenOnControlSocket(server, alive.controlSocket);
  t.after(() => server.close());
  const starting = makeScratchDirectory(parent);
  const other = join(parent, "somebody-else");
  mkdirSync(other);
  const killed = makeScratchDirectory(parent);
  const script = `require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`;
  assert.equal(spawnSync(process.execPath, ["-e", script, killed.controlSocket]).signal, "SIGKILL");
  writeFileSync(join(killed.path, "code.zip"), "");
  assert.ok(existsSync(killed.controlSocket));

  await sweepScratchDirectories(own, parent);
  assert.deepEqual(
    [own.path, alive.path, starting.path, other, killed.path].map((path) => existsSync(path)),
    [true, true, true, true, false],
  );
});

test("the control socket has its name only once it accepts connections", async (t) => {
  const parent = mkdtempSync(join(tmpdir(), "portico-socket-"));
  t.after(() => rmSync(parent, { recursive: true, force: true }));
  const { controlSocket } = makeScratchDirectory(parent);
  const server = createServer();
  t.after(() => server.close());
  let wasNamed: boolean | undefined;
  server.once("listening", () => {
    wasNamed = existsSync(controlSocket);
  });
  await listenOnControlSocket(server, controlSocket);
  assert.equal(wasNamed, false);
  assert.equal(existsSync(controlSocket), true);
});
