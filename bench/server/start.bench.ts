import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { type Portico, startPortico } from "../../test/portico.ts";
import type { Bench } from "../bench.ts";
import { median } from "../measure.ts";

/** What a process keeps in memory, in MB: its resident set, as the operating system counts it. */
function residentMegabytes(pid: number): number {
  const found = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(found![1]) / 1_024;
}

async function startTimed(threads: number): Promise<{ portico: Portico; ms: number }> {
  const started = performance.now();
  const portico = await startPortico({ args: ["--threads", String(threads)] });
  return { portico, ms: performance.now() - started };
}

/** Memory two seconds after the start, when what start-up needed is collected or will stay. */
async function idleMegabytes(threads: number): Promise<number> {
  const { portico } = await startTimed(threads);
  try {
    await wait(2_000);
    return residentMegabytes(portico.pid);
  } finally {
    await portico.stop();
  }
}

/** Goals: ready in 500 ms; idle with two gateway threads 150 MB from source. */
export const bench: Bench = {
  title: "from start to ready, and idle memory, run from source",
  needs: [],
  async run() {
    // The first start after an edit fills Node's compile cache.
    await (await startTimed(2)).portico.stop();
    const readyMs = await median(5, async () => {
      const { portico, ms } = await startTimed(2);
      await portico.stop();
      return ms;
    });
    const one = await idleMegabytes(1);
    const two = await idleMegabytes(2);
    return {
      "ms to ready": readyMs,
      "MB idle, two gateway threads": two,
      "MB idle, one gateway thread": one,
      "MB for each further thread": two - one,
    };
  },
};
