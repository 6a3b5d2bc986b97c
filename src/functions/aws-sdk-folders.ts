import { existsSync, readdirSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import type { Language } from "./function-spec.ts";

/**
 * Returns the folders of this machine in which functions find the AWS SDK that AWS's runtimes have, the best first. For
 * Node.js they are folders with `node_modules/@aws-sdk`: `folder` and those above it, then the global ones of the Node.js
 * on the PATH. For Python they are folders with `boto3`: `folder` itself, its virtual environment, and the active one; the
 * machine's interpreter knows its own packages. They are looked for at each start, since they may have been installed
 * just now.
 * AWS: Lambda Developer Guide, "Building Lambda functions with Node.js", Runtime-included SDK versions; "Building Lambda
 * functions with Python", the same.
 */
export function awsSdkFolders(language: Language, folder: string, env: NodeJS.ProcessEnv = process.env): string[] {
  const found = language === "node" ? nodeFolders(folder, env) : pythonFolders(folder, env);
  return [...new Set(found)];
}

function nodeFolders(folder: string, env: NodeJS.ProcessEnv): string[] {
  const binaries = (env["PATH"] ?? "").split(delimiter).filter((path) => path !== "" && existsSync(join(path, "node")));
  const named = (env["NODE_PATH"] ?? "").split(delimiter).filter((path) => path.endsWith("/node_modules"));
  const candidates = [...upwards(folder), ...named.map((path) => dirname(path)), ...binaries.map(libraryOf)];
  return candidates.filter((path) => existsSync(join(path, "node_modules", "@aws-sdk")));
}

/** Of `/usr/bin` the folder of global packages, `/usr/lib`. */
const libraryOf = (binaries: string): string => join(dirname(binaries), "lib");

function upwards(folder: string): string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...upwards(above)];
}

function pythonFolders(folder: string, env: NodeJS.ProcessEnv): string[] {
  const active = env["VIRTUAL_ENV"];
  const environments = [join(folder, ".venv"), join(folder, "venv"), ...(active ? [active] : [])];
  return [folder, ...environments.flatMap(sitePackages)].filter((path) => existsSync(join(path, "boto3")));
}

function sitePackages(environment: string): string[] {
  const library = join(environment, "lib");
  if (!existsSync(library)) return [];
  const versions = readdirSync(library).filter((name) => name.startsWith("python3"));
  return versions.map((name) => join(library, name, "site-packages"));
}
