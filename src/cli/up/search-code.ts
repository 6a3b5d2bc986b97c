import { readFileSync, statSync } from "node:fs";
import { bounds } from "../../base/bounds.ts";
import type { LocalFunction } from "./find-functions.ts";
import { listFiles } from "./package-function.ts";

const filesReadMax = bounds.projectFilesSearchedMax.value;
const fileBytesMax = bounds.projectFileSearchedBytesMax.value;

/**
 * Returns whether a pattern is anywhere in a function's own code, without installed packages; undefined if there is too
 * much to read.
 */
export function codeHas(source: LocalFunction, pattern: RegExp): boolean | undefined {
  const own = [...listFiles(source).paths].filter(([name]) => !name.includes("node_modules/"));
  if (own.length > filesReadMax) return undefined;
  return own.some(([, path]) => statSync(path).size <= fileBytesMax && pattern.test(readFileSync(path, "utf8")));
}
