// Runs the tests: `npm test [-- PATTERN…]`. A pattern is a part of a test file's path. What a machine lacks is skipped
// by the tests themselves, with a printed reason; with PORTICO_CI=1 a missing tool fails instead.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";

const patterns = process.argv.slice(2);
const files = globSync(["src/**/*.test.ts", "test/**/*.test.ts"]).filter(
  (file) => patterns.length === 0 || patterns.some((pattern) => file.includes(pattern)),
);
if (files.length === 0) {
  console.error(`No test file matches ${patterns.join(", ")}.`);
  process.exit(1);
}
const run = spawnSync(
  process.execPath,
  [
    "--disable-warning=ExperimentalWarning",
    "--test",
    // Far above what the slowest needs: a test that hangs fails with its name.
    "--test-timeout=600000",
    `--test-concurrency=${availableParallelism()}`,
    ...files.sort(),
  ],
  { stdio: "inherit" },
);
process.exit(run.status ?? 1);
