import { createHash } from "node:crypto";
import { readdirSync, readFileSync, realpathSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { zipSync } from "fflate";
import { bounds } from "../../base/bounds.ts";
import { UserError } from "../../base/user-error.ts";
import type { LocalFunction } from "./find-functions.ts";

/** The files of a function, without their content. */
export interface FunctionFiles {
  /** The paths by their names in the package. */
  readonly paths: ReadonlyMap<string, string>;
  /** It changes when a file is written, added or removed. */
  readonly signature: string;
}

export interface FunctionPackage {
  readonly zip: Buffer;
  /** Lambda's `CodeSha256`. Equal content has an equal one, whenever and wherever it was packed. */
  readonly sha256: string;
}

/** AWS: Lambda developer guide, "Lambda quotas": deployment package, unzipped. */
const unpackedBytesMax = bounds.packageUnzippedBytesMax.value;
const filesMax = bounds.packageEntriesMax.value;
/** Above this size compressing costs more than sending over loopback. */
const worthPackingBytes = 5 * 1024 * 1024;

/** Files that editors, Git and interpreters leave behind, which no function needs. */
const ignored = new Set([".git", ".DS_Store", "__pycache__", ".venv", ".pytest_cache"]);

/** Lists a function's files. It is cheap enough for each save, even with thousands of files in node_modules. */
export function listFiles(source: LocalFunction): FunctionFiles {
  const paths = new Map<string, string>();
  const signature = createHash("sha1");
  const add = (as: string, path: string, stats: Stats): void => {
    if (paths.size >= filesMax) throw tooLarge(source.name, `more than ${filesMax} files`);
    paths.set(as, path);
    signature.update(`${as}\0${stats.mtimeMs}\0${stats.size}\0${stats.ino}\n`);
  };
  for (const { path, as } of source.content) collect(path, as, add, new Set());
  return { paths, signature: signature.digest("base64") };
}

/** Packs files so that equal content gives equal bytes: sorted names, one fixed time. */
export function packageFunction(name: string, files: FunctionFiles): FunctionPackage {
  const names = [...files.paths.keys()].sort();
  const contents: Record<string, Uint8Array> = {};
  let bytes = 0;
  for (const file of names) {
    const content = readFileSync(files.paths.get(file) ?? "");
    bytes += content.length;
    if (bytes > unpackedBytesMax) throw tooLarge(name, "more than 250 MB");
    contents[file] = content;
  }
  // The zip format has local times. One fixed local time gives the same bytes everywhere.
  const options = { level: bytes > worthPackingBytes ? 0 : 6, mtime: new Date(1980, 0, 1), os: 3, attrs: 0o644 << 16 };
  const zip = Buffer.from(zipSync(contents, options as { level: 0 | 6 }));
  return { zip, sha256: createHash("sha256").update(zip).digest("base64") };
}

/** Follows links, as a copy would, but never in a circle. */
function collect(
  path: string,
  as: string,
  add: (as: string, path: string, stats: Stats) => void,
  above: ReadonlySet<string>,
): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isFile()) add(as, path, stats);
  if (!stats?.isDirectory()) return;
  const real = realpathSync(path);
  if (above.has(real)) return;
  for (const entry of readdirSync(path).sort()) {
    if (ignored.has(entry) || entry.endsWith(".pyc")) continue;
    collect(join(path, entry), as === "" ? entry : `${as}/${entry}`, add, new Set([...above, real]));
  }
}

function tooLarge(what: string, why: string): UserError {
  return new UserError({
    what: `The package of ${what} is too large.`,
    why: `It has ${why}, and Lambda takes at most 250 MB.`,
    next: "Leave out what the function does not need at run time, such as development dependencies.",
  });
}
