import { globSync } from "node:fs";

/**
 * The groups of the tests, from the most basic up: whoever sees several fail mends the first. A file belongs to the first
 * group one of whose patterns it matches.
 */
const groups: Readonly<Record<string, readonly string[]>> = {
  tidy: ["test/tidy/**/*.test.ts"],
  unit: ["src/**/*.test.ts", "scripts/**/*.test.ts"],
  cases: ["test/cases/**/*.test.ts"],
  contract: ["test/contract/**/*.test.ts"],
  exchange: ["test/exchange/**/*.test.ts", "test/functions/**/*.test.ts"],
  server: ["test/server/**/*.test.ts", "test/cli/**/*.test.ts"],
  conformance: ["test/conformance/**/*.test.ts"],
  differential: ["test/differential/**/*.test.ts"],
  hostile: ["test/hostile/**/*.test.ts", "test/crash/**/*.test.ts"],
  fuzz: ["src/**/*.fuzz.ts", "test/**/*.fuzz.ts"],
  soak: ["test/soak/**/*.test.ts"],
  rest: ["test/**/*.test.ts"],
};

/** A group of tests, and its files as paths from the root, sorted. */
export interface TestGroup {
  readonly name: string;
  readonly files: readonly string[];
}

export const testGroupNames: readonly string[] = Object.keys(groups);

/** All test files below `root` whose path contains one of `parts` (or all, if there are none), by groups in their order. */
export function findTestGroups(root: string, parts: readonly string[]): TestGroup[] {
  const taken = new Set<string>();
  return Object.entries(groups).map(([name, patterns]) => {
    const files = globSync(patterns, { cwd: root }).filter((file) => !taken.has(file));
    for (const file of files) taken.add(file);
    return {
      name,
      files: files.filter((file) => parts.length === 0 || parts.some((part) => file.includes(part))).sort(),
    };
  });
}
