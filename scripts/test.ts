// Runs the tests, group by group from the most basic up (test-groups.ts):
//
//   npm test -- [PART…] [--group=NAME] [--keep-going] [--seed=N] [--ms=N] [FLAGS of node --test…]
//
// A PART is a part of a test file's path. A group that fails ends the run, unless --keep-going is there: what rests on it
// would fail, too. --seed and --ms are PORTICO_FUZZ_SEED and PORTICO_FUZZ_MS of the random tests. Flags of Node's runner
// (--test-name-pattern=X, --test-only, --watch, --inspect …) are passed to it. What a machine lacks is skipped by the tests
// themselves, with a printed reason; with PORTICO_CI=1 a missing tool fails instead.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { readTestArguments } from "./test-arguments.ts";
import { findTestGroups, testGroupNames } from "./test-groups.ts";

/** Several times what a group takes on two cores. */
const groupMsMaxInCi = 2_400_000;

const root = join(import.meta.dirname, "..");
const read = readTestArguments(process.argv.slice(2), testGroupNames);
if (read.kind === "problem") fail(read.message);

const { parts, group, isKeptGoing, isWatching, environment, nodeFlags } = read;
const chosen = findTestGroups(root, parts).filter(({ name, files }) => files.length > 0 && name === (group ?? name));
if (chosen.length === 0) fail(`No test file${group ? ` of ${group}` : ""} matches ${parts.join(", ")}.`);

// A run that watches never ends: nothing comes after it.
const runs = isWatching ? [{ name: "watched", files: chosen.flatMap(({ files }) => files) }] : chosen;
const failed: string[] = [];
let isStopped = false;
for (const [index, { name, files }] of runs.entries()) {
  console.log(`— ${name} (${files.length} file${files.length === 1 ? "" : "s"})`);
  const begun = performance.now();
  if (!(await runFiles(files))) failed.push(name);
  console.log(`— ${name}: ${failed.includes(name) ? "failed" : "passed"} after ${seconds(begun)}\n`);
  if (isStopped) process.exit(1);
  const after = runs.slice(index + 1).map((run) => run.name);
  if (failed.length > 0 && !isKeptGoing && after.length > 0) {
    console.log(`Not run, since ${name} failed: ${after.join(", ")}. With --keep-going they are run all the same.`);
    break;
  }
}
if (failed.length > 1) console.log(`Failed, the most basic first: ${failed.join(", ")}.`);
process.exit(failed.length === 0 ? 0 : 1);

async function runFiles(files: readonly string[]): Promise<boolean> {
  const args = [
    "--disable-warning=ExperimentalWarning",
    "--test",
    // Far above what the slowest needs: a test that hangs fails with its name.
    "--test-timeout=600000",
    // A test that fails half-way leaves what it started, which would keep its file's process alive for ever.
    ...(isWatching ? [] : ["--test-force-exit"]),
    // One more than there are cores, since tests wait for what they start.
    `--test-concurrency=${availableParallelism() + 1}`,
    ...nodeFlags,
    ...files,
  ];
  // Hundreds of processes load the same modules: stripping their types again and again is a fifth of the tests' time.
  const compiled = join(root, "node_modules", ".cache", "tests");
  const env = { NODE_COMPILE_CACHE: compiled, ...process.env, ...environment };
  const child = spawn(process.execPath, args, {
    cwd: root,
    env,
    stdio: "inherit",
    // A file that hangs before its first test has no time of its own. The runner then names it.
    ...(process.env["PORTICO_CI"] !== undefined && { timeout: groupMsMaxInCi }),
  });
  // Whoever ends this ends the tests.
  const pass = (signal: NodeJS.Signals): void => {
    isStopped = true;
    child.kill(signal);
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, pass);
  const [code] = await once(child, "exit");
  for (const signal of signals) process.off(signal, pass);
  return code === 0;
}

function seconds(begun: number): string {
  return `${((performance.now() - begun) / 1_000).toFixed(1)} s`;
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
