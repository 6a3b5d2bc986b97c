#!/usr/bin/env node
// `portico …`: runs the command line under a Node that can. The packaged program is compiled and needs Node 24; from
// source, Node 26 runs the TypeScript as it is. Plain JavaScript, because an older Node reads this file first.
import { existsSync } from "node:fs";
import module from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import v8 from "node:v8";
import { endWithNpm } from "./end-with-npm.js";
import { findNode, rerun } from "./node26.js";

// The package has no sources; a checkout may have an old `dist` beside them.
const source = new URL("../src/cli/main.ts", import.meta.url);
const isSource = existsSync(source);
const main = isSource ? source : new URL("../dist/cli/main.js", import.meta.url);
const node = findNode(isSource ? 26 : 24);
// Young generations of V8's default size cost 100 MB under load and win nothing measurable (bench/server/management-scale).
const heap = "--max-semi-space-size=8";
// glibc keeps what buffers of megabytes were made of, once it has seen some: 250 MB after a few large requests. Buffers of
// a megabyte and more then go back to the system at once. A server alone is worth the second start, of 30 ms.
const memory = { MALLOC_MMAP_THRESHOLD_: "1048576", MALLOC_TRIM_THRESHOLD_: "1048576", MALLOC_ARENA_MAX: "4" };
const isServer = ["serve", "up"].includes(process.argv[2] ?? "");
const isMemorySet = process.platform !== "linux" || !isServer || process.env.MALLOC_MMAP_THRESHOLD_ !== undefined;

// glibc reads these when a process begins. A program that keeps a channel to this process would lose it.
if (!isMemorySet && (node !== process.execPath || process.channel)) Object.assign(process.env, memory);
else if (!isMemorySet && process.execve !== undefined) {
  process.execve(node, [node, ...process.execArgv, ...process.argv.slice(1)], { ...process.env, ...memory });
}
if (node === process.execPath) {
  // For the threads; this one has its heap already.
  v8.setFlagsFromString(heap);
  // No second process where this one will do. What was compiled (and stripped of its types) is kept from run to run.
  // In the user's own folder, since code is run from it. The variable is for the gateway threads.
  const cache = cacheFolder();
  if (cache && module.enableCompileCache?.(cache).directory) process.env.NODE_COMPILE_CACHE ??= cache;
  // Started by the lines below, or by a program that keeps a channel to it: without its parent it has no reason to run.
  if (process.channel) {
    process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
    process.channel.unref();
  }
  endWithNpm();
  process.argv[1] = fileURLToPath(main);
  await import(main.href);
} else {
  rerun(
    node,
    [heap, fileURLToPath(import.meta.url), ...process.argv.slice(2)],
    ["inherit", "inherit", "inherit", "ipc"],
  );
}

function cacheFolder() {
  try {
    return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "portico", "compiled");
  } catch {
    // A user without a home, as in some containers: it starts a little more slowly.
    return undefined;
  }
}
