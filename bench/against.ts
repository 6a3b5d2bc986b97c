import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Figures } from "./bench.ts";

const root = join(import.meta.dirname, "..");

/**
 * Runs benchmarks of this working tree and of another commit by turns, and prints what each figure became, as ratios of
 * the two: 1.1 is a tenth more than at `ref`. Absolute numbers of two runs on one machine are not comparable, interleaved
 * ratios are. Each tree is measured by its own benchmarks; figures that only one of them has are left out.
 */
export function compareAgainst(ref: string, names: readonly string[], rounds: number): void {
  const commit = git(["rev-parse", "--verify", "--quiet", `${ref}^{commit}`]);
  if (commit === "") throw new Error(`There is no commit ${ref}.`);
  const folder = mkdtempSync(join(tmpdir(), "portico-bench-against-"));
  const other = join(folder, "tree");
  // On `exit`, so that nothing is left behind however this ends.
  process.once("exit", () => {
    git(["worktree", "remove", "--force", other]);
    rmSync(folder, { recursive: true, force: true });
  });
  git(["worktree", "add", "--quiet", "--detach", other, commit]);
  symlinkSync(join(root, "node_modules"), join(other, "node_modules"));
  const ratios = new Map<string, number[]>();
  for (let round = 1; round <= rounds; round++) {
    console.log(`round ${round} of ${rounds}`);
    // By turns who is first: a machine that grows hot or busy must not favour one.
    const trees = round % 2 === 1 ? [other, root] : [root, other];
    const figures = new Map(trees.map((tree) => [tree, runIn(tree, names)]));
    const [before, after] = [figures.get(other)!, figures.get(root)!];
    for (const [name, value] of after) {
      const base = before.get(name);
      if (base !== undefined && base !== 0) ratios.set(name, [...(ratios.get(name) ?? []), value / base]);
    }
  }
  if (ratios.size === 0) throw new Error("The two trees have no figure in common.");
  console.log(`\nThe working tree to ${ref} (${commit.slice(0, 7)}): the median of ${rounds} rounds, and their range`);
  for (const [name, values] of ratios) {
    const sorted = values.toSorted((left, right) => left - right);
    const median = sorted[Math.floor(sorted.length / 2)]!;
    console.log(`  ${name.padEnd(72)} ${shown(median)}  (${shown(sorted[0]!)} to ${shown(sorted.at(-1)!)})`);
  }
}

/** One run of a tree's benchmarks: figures by the name of the benchmark's file, wherever it lies, and their own. */
function runIn(tree: string, names: readonly string[]): Map<string, number> {
  const results = join(tree, "bench", "results");
  const before = new Set(globSync("*.json", { cwd: results }));
  const args = ["--disable-warning=ExperimentalWarning", join(tree, "bench", "run.ts"), ...names];
  const run = spawnSync(process.execPath, args, { cwd: tree, encoding: "utf8" });
  const written = globSync("*.json", { cwd: results }).find((file) => !before.has(file));
  if (run.status !== 0 || written === undefined)
    throw new Error(`${args.join(" ")} failed:\n${run.stdout}${run.stderr}`);
  const path = join(results, written);
  const read = JSON.parse(readFileSync(path, "utf8")) as { results: Record<string, Figures> };
  rmSync(path);
  return new Map(
    Object.entries(read.results).flatMap(([file, figures]) =>
      Object.entries(figures)
        .filter(([, value]) => typeof value === "number")
        .map(([name, value]): [string, number] => [`${basename(file, ".bench.ts")}: ${name}`, value]),
    ),
  );
}

const git = (args: readonly string[]): string => spawnSync("git", args, { cwd: root, encoding: "utf8" }).stdout.trim();

const shown = (ratio: number): string => ratio.toFixed(2);
