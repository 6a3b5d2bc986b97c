// Compiles src/ to dist/ for the published package (`npm pack` runs it as prepack).
import { spawnSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "..");
rmSync(join(root, "dist"), { recursive: true, force: true });
const config = join(root, "tsconfig.build.json");
const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
const run = spawnSync(process.execPath, [tsc, "-p", config], { stdio: "inherit", cwd: root });
if (run.status !== 0) process.exit(run.status ?? 1);

// What is read at run time and is not compiled: interface models, the functions' bootstraps, pages, what generated SDKs hold.
for (const file of globSync("src/**/*", { cwd: root })) {
  const isSdkRuntime = file.startsWith("src/sdk/runtime/") && statSync(join(root, file)).isFile();
  if (!isSdkRuntime && !/\.(json|mjs|py|html|css)$/.test(file)) continue;
  const target = join(root, file.replace(/^src/, "dist"));
  mkdirSync(dirname(target), { recursive: true });
  // Models are data of which only the parsed form matters: written without their white space.
  if (file.endsWith(".json"))
    writeFileSync(target, JSON.stringify((await import(join(root, file), { with: { type: "json" } })).default));
  else cpSync(join(root, file), target);
}
