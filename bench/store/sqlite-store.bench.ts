import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteStore } from "../../src/store/sqlite-store.ts";
import type { Bench } from "../bench.ts";

const scope = { account: "000000000000", region: "us-east-1" };
const writesPerRun = 20_000;

/**
 * Durable, acknowledged writes of 300 bytes a second. The goal is 1,000 through the management API:
 * docs/internals/architecture.md, "Performance contract".
 */
async function writesPerSecond(path: string, writers: number, count: number): Promise<number> {
  const store = openSqliteStore({ path });
  const started = performance.now();
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      for (let n = 0; n < count / writers; n++) {
        await store.write(scope, (tx) => tx.put("api", `${writer}/${n}`, { text: "x".repeat(300) }));
      }
    }),
  );
  const seconds = (performance.now() - started) / 1_000;
  await store.close();
  return count / seconds;
}

export const bench: Bench = {
  title: "the store on disk: every write is synced before it is acknowledged",
  needs: [],
  async run() {
    const folder = mkdtempSync(join(tmpdir(), "portico-bench-"));
    try {
      return {
        "writes/s, 50 writers": await writesPerSecond(join(folder, "many.db"), 50, writesPerRun),
        "writes/s, one writer": await writesPerSecond(join(folder, "one.db"), 1, writesPerRun / 10),
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
