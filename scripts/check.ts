// Everything that must hold besides the tests: types, lint and format, unused code, generated files. `npm run check`.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const tools = join(root, ".ci", "tools");
if (!existsSync(join(tools, "node_modules", ".bin", "knip"))) {
  console.log("Installing the checkers (biome, knip) into .ci/tools …");
  const install = spawnSync("npm", ["install", "--no-package-lock", "--no-audit", "--no-fund"], {
    cwd: tools,
    stdio: "inherit",
  });
  if (install.status !== 0) process.exit(1);
}

const node = process.execPath;
const bin = (name: string): string => join(tools, "node_modules", ".bin", name);
const checks: readonly (readonly [string, string, readonly string[]])[] = [
  ["types", node, [join(root, "node_modules", "typescript", "bin", "tsc"), "-p", root]],
  ["lint and format", bin("biome"), ["check", "."]],
  ["unused code", bin("knip"), ["--config", join(root, ".ci", "knip.json")]],
  ["generated files", node, [join(root, "scripts", "generate.ts"), "--check"]],
];

let failed = 0;
for (const [name, command, args] of checks) {
  console.log(`— ${name}`);
  const run = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (run.status !== 0) {
    console.error(`✖ ${name} failed`);
    failed += 1;
  }
}
process.exit(failed === 0 ? 0 : 1);
