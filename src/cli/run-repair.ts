import { readConfig } from "../server/config.ts";
import { repairData } from "../server/repair-data.ts";
import type { Invocation } from "./commands.ts";

/** `portico repair`: saves what can be read of a damaged data directory. */
export async function runRepair({ serverFlags, output }: Invocation): Promise<number> {
  const config = await readConfig({ flags: serverFlags, env: process.env, cwd: process.cwd() });
  // tidy-allow: clock – it names a folder.
  const repair = await repairData(config.data, Date.now());
  if (repair === undefined) {
    output.line(`The store in ${config.data} is not damaged.`);
    return 0;
  }
  const { path, keptIn, problem, saved, broken } = repair;
  const total = [...saved.values()].reduce((sum, count) => sum + count, 0);
  output.line(`${path} was damaged: ${problem}`);
  output.line(`${total} documents were saved; what was written last may be missing:`);
  for (const [kind, count] of saved) output.line(`  ${count} × ${kind}`);
  if (broken > 0) output.line(`${broken} documents were found and could not be read.`);
  output.line(`The damaged files are kept in ${keptIn}.`);
  return 0;
}
