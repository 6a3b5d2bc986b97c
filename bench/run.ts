// Runs the benchmarks: `npm run bench [-- NAME… [--against=REF] [--rounds=N]]`. A name is a part of a benchmark's path below
// bench/. Every file `*.bench.ts` that exports `bench` is one; adding one is adding a file. Numbers are ratios of one run on
// one machine. `--against` compares the working tree with a commit, in interleaved rounds (three, if --rounds says no other
// number).
import { globSync, mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { compareAgainst } from "./against.ts";
import type { Bench, Figures } from "./bench.ts";
import { hasTool } from "./measure.ts";

// Through `exit`, where what a benchmark started is ended.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const folder = fileURLToPath(new URL("./", import.meta.url));
const { values: flags, positionals: names } = parseArgs({
  options: { against: { type: "string" }, rounds: { type: "string", default: "3" } },
  allowPositionals: true,
});
const files = globSync("**/*.bench.ts", { cwd: folder })
  .sort()
  .filter((file) => names.length === 0 || names.some((name) => file.includes(name)));
if (files.length === 0) {
  console.error(`No benchmark's path contains ${names.join(" or ")}.`);
  process.exit(1);
}
if (flags.against !== undefined) {
  try {
    compareAgainst(flags.against, names, Number(flags.rounds));
    process.exit(0);
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
}

const results: Record<string, Figures | { skipped: string }> = {};
for (const file of files) {
  const module = (await import(pathToFileURL(`${folder}${file}`).href)) as { bench?: Bench };
  // A file that measures by itself when it is loaded has printed its figures.
  if (module.bench === undefined) continue;
  const missing = module.bench.needs.filter((tool) => !hasTool(tool));
  if (missing.length > 0) {
    const skipped = `needs ${missing.join(" and ")}, which is not installed`;
    results[file] = { skipped };
    console.log(`${file}: skipped, ${skipped}`);
    continue;
  }
  console.log(`${file}: ${module.bench.title}`);
  const figures = await module.bench.run();
  results[file] = figures;
  for (const [name, value] of Object.entries(figures)) console.log(`  ${name.padEnd(44)} ${format(value)}`);
}

const target = `${folder}results/`;
mkdirSync(target, { recursive: true });
const machine = { cpu: cpus()[0]?.model, cores: availableParallelism(), node: process.version };
const path = `${target}${new Date().toISOString().replaceAll(/[:.]/g, "-")}.json`;
writeFileSync(path, `${JSON.stringify({ machine, results }, null, 2)}\n`);
console.log(`written to ${relative(process.cwd(), path)}`);

function format(value: number): string {
  return value >= 1_000 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(3)));
}
