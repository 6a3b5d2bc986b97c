// Looks for keys until it is told to stop, and says how often which finding came.
import { parentPort, workerData } from "node:worker_threads";
import { ApiKeyFinder } from "../../src/limits/api-key-finder.ts";
import { type ApiKeyMemory, ApiKeyRecords } from "../../src/limits/api-key-memory.ts";

const { memory, run } = workerData as { memory: ApiKeyMemory; run: SharedArrayBuffer };
const state = new Int32Array(run);
const finder = new ApiKeyFinder(new ApiKeyRecords(memory));
const prefix = finder.prefix({ account: "000000000000", region: "us-east-1" });
const plans = new Set([0]);
const findings: Record<string, number> = {};
for (let round = 0; Atomics.load(state, 0) === 0; round++) {
  const finding = finder.find(prefix, `stays${round % 200}`, plans);
  findings[finding] = (findings[finding] ?? 0) + 1;
  Atomics.add(state, 1, 1);
}
parentPort?.postMessage(findings);
