import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

export const root = join(import.meta.dirname, "..", "..");
export const read = (file: string): string => readFileSync(join(root, file), "utf8");

/** Files as paths from the root, sorted. */
export const list = (pattern: string): string[] =>
  globSync(pattern, { cwd: root })
    .filter((file) => !file.includes("node_modules"))
    .sort();

export const sources: readonly string[] = list("src/**/*.ts");
export const isTest = (file: string): boolean => /\.(test|fuzz|bench)\.ts$/.test(file);

/** The folder below `src/` that a file is in. */
export const roomOf = (file: string): string => file.split("/")[1]!;

/** The folder within its room that a file is in; undefined for the room's own files. */
export const floorOf = (file: string): string | undefined => {
  const parts = file.split("/");
  return parts.length > 3 ? parts[2] : undefined;
};

/** The relative modules that a file imports, for types or values, now or later, as paths from the root. */
export function importsOf(file: string): string[] {
  return matchesIn(file, /(?:\bfrom\s+|\bimport\s+|\bimport\(\s*)"(\.[^"]*)"/g);
}

/**
 * The modules that are loaded before a file runs. `import type` loads nothing; `import { type X }` does, since only the
 * names are erased (`verbatimModuleSyntax`).
 */
export function loadsOf(file: string): string[] {
  return matchesIn(file, /^(?:import|export)\s+(?!type\s)(?:[^;"']*?\sfrom\s+)?"(\.[^"]*)"/gm);
}

const matchesIn = (file: string, pattern: RegExp): string[] =>
  Array.from(read(file).matchAll(pattern), (match) => normalize(join(dirname(file), match[1]!)));

/** The lines of a file that are code, with their numbers from 1; lines of comments are left out. */
export function codeLines(file: string): { readonly number: number; readonly line: string; readonly before: string }[] {
  const lines = read(file).split("\n");
  return lines
    .map((line, index) => ({ number: index + 1, line, before: lines[index - 1] ?? "" }))
    .filter(({ line }) => !/^\s*(\*|\/\/|\/\*)/.test(line));
}
