import { basename, relative } from "node:path";

/** Returns a file's path for messages: relative to the current folder, unless the file is outside of it. */
export function shortPath(file: string): string {
  const fromHere = relative(process.cwd(), file);
  return fromHere.startsWith("..") ? file : fromHere || basename(file);
}
