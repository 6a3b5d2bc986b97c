import { basename, relative } from "node:path";

/** A file as messages name it: from the current folder, unless that is above it. */
export function shortPath(file: string): string {
  const fromHere = relative(process.cwd(), file);
  return fromHere.startsWith("..") ? file : fromHere || basename(file);
}
