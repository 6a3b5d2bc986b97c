import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Up } from "../../test/cli/up-process.ts";
import type { Bench } from "../bench.ts";
import { median } from "../measure.ts";

const example = join(import.meta.dirname, "../../examples/petstore");

/** The goal is a second from a saved function to its deployment. */
export const bench: Bench = {
  title: "`portico up`: a function is saved until it is deployed",
  needs: [],
  async run() {
    const folder = mkdtempSync(join(tmpdir(), "portico-bench-up-"));
    const project = join(folder, "petstore");
    cpSync(example, project, { recursive: true });
    const up = new Up([project, "--port", "0", "--data", join(folder, "data")], folder);
    try {
      await up.until(/Ctrl-C stops/);
      const file = join(project, "functions/getPet.mjs");
      const ms = await median(5, async () => {
        const from = up.output.length;
        const begun = performance.now();
        writeFileSync(file, `${readFileSync(file, "utf8")}\n`);
        await up.until(/deployed function getPet/, from);
        return performance.now() - begun;
      });
      return { "ms until a saved function is deployed": ms };
    } finally {
      await up.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
