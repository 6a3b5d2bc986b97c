// What examples run beside Portico, as npm packages of examples/package.json: apart from the project's own, so that
// `npm ci` stays quick. `npm run example NAME` installs them when the first example needs one.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "../examples");
const { dependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
  readonly dependencies: Readonly<Record<string, string>>;
};

/** Whether this is the name of a package that examples use, and not that of a program. */
export const isExamplePackage = (name: string): boolean => Object.hasOwn(dependencies, name);

/** Installs all of them with `npm ci`, unless they are there. Says why it could not, in one line. */
export function installExamplePackages(): { readonly problem?: string } {
  const installed = join(folder, "node_modules", ".package-lock.json");
  const isCurrent =
    existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(folder, "package-lock.json")).mtimeMs;
  if (isCurrent) return {};
  console.log("Installs what the examples' services need, once (npm ci in examples/) …");
  const ran = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: folder,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (ran.status === 0) return {};
  const why = ran.error?.message ?? ran.stderr.trim().split("\n")[0];
  return { problem: `the packages of examples/ could not be installed: ${why}` };
}
