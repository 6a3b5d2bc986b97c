import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { APIGatewayClient, UpdateUsagePlanCommand } from "@aws-sdk/client-api-gateway";
import { type ApiKey, keyKinds, type UsagePlan, type UsagePlanKey } from "../../src/definition/api-key.ts";
import { storeIndexes } from "../../src/server/store-indexes.ts";
import { openSqliteStore } from "../../src/store/sqlite-store.ts";
import { startPortico } from "../../test/portico.ts";
import type { Bench } from "../bench.ts";

const keys = 1_000_000;
/** So many of the keys were used this month. */
const usedKeys = 100_000;
const planId = "plan00";
const scope = { account: "000000000000", region: "us-east-1" };
const idOf = (key: number): string => `k${key.toString(36).padStart(9, "0")}`;

/** Writes keys, which are all in one plan, to the store of a data directory. */
async function fill(data: string): Promise<void> {
  mkdirSync(data, { recursive: true });
  const store = openSqliteStore({ indexes: storeIndexes, path: join(data, "portico.db") });
  const createdDate = Math.floor(Date.now() / 1_000);
  const plan: UsagePlan = {
    id: planId,
    name: "all",
    apiStages: [],
    quota: { limit: 1_000_000, offset: 0, period: "MONTH" },
  };
  await store.write(scope, (tx) => tx.put(keyKinds.usagePlan, planId, plan));
  const month = new Date().toISOString().slice(0, 7);
  for (let first = 0; first < keys; first += 5_000) {
    await store.write(scope, async (tx) => {
      for (let key = first; key < first + 5_000; key++) {
        const id = idOf(key);
        const value = createHash("sha256").update(id).digest("hex").slice(0, 40);
        const times = { createdDate, lastUpdatedDate: createdDate };
        const body: ApiKey = { id, value, name: `key ${key}`, enabled: true, ...times, stageKeys: [] };
        await tx.put(keyKinds.apiKey, id, body);
        const link: UsagePlanKey = { keyId: id, createdDate };
        await tx.put(keyKinds.usagePlanKey, `${planId}/${id}`, link);
        if (key % (keys / usedKeys) === 0) {
          await tx.put(keyKinds.usageMonth, `${month}/${planId}/${id}`, { days: [1, 2, 3] });
        }
      }
    });
  }
  await store.close();
}

/** Issue: a million API keys in 500 MB, and no turn of control above 200 ms. */
export const bench: Bench = {
  title: `a server with ${keys} API keys in one usage plan: its start, and another period for the plan`,
  needs: [],
  async run() {
    const folder = mkdtempSync(join(tmpdir(), "portico-bench-"));
    const turns = join(folder, "turns");
    const data = join(folder, "data");
    const preload = join(import.meta.dirname, "control-turns.mjs");
    try {
      await fill(data);
      const began = Date.now();
      const portico = await startPortico({
        args: ["--data", data, "--threads", "2"],
        env: { CONTROL_TURNS: turns, NODE_OPTIONS: `--import=${preload}` },
      });
      const options = { endpoint: portico.url, region: scope.region };
      const credentials = { accessKeyId: scope.account, secretAccessKey: "any" };
      const client = new APIGatewayClient({ ...options, credentials, maxAttempts: 1 });
      try {
        const figures: Record<string, number> = { "start: s": (Date.now() - began) / 1_000 };
        figures["start: longest turn of control, ms"] = longestTurn(turns, began);
        figures["start: MB"] = memory(portico.pid, "VmRSS");
        figures["start: MB at most"] = memory(portico.pid, "VmHWM");
        await wait(2_000);
        const changing = Date.now();
        let isDone = false;
        let longest = 0;
        let most = 0;
        const change = client
          .send(
            new UpdateUsagePlanCommand({
              usagePlanId: planId,
              patchOperations: [{ op: "replace", path: "/quota/period", value: "DAY" }],
            }),
          )
          .finally(() => {
            isDone = true;
          });
        while (!isDone) {
          const asked = performance.now();
          await (await fetch(`${portico.url}/_portico/health`)).text();
          longest = Math.max(longest, performance.now() - asked);
          most = Math.max(most, memory(portico.pid, "VmRSS"));
        }
        await change;
        figures["another period: s until it is answered"] = (Date.now() - changing) / 1_000;
        figures["another period: longest other call, ms"] = longest;
        await wait(10_000);
        figures["another period: longest turn of control, ms"] = longestTurn(turns, changing);
        figures["another period: MB at most"] = Math.max(most, memory(portico.pid, "VmRSS"));
        figures["MB in the end"] = memory(portico.pid, "VmRSS");
        return figures;
      } finally {
        await portico.stop();
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** Returns the processor time of control's longest turn since `since`, in ms. */
function longestTurn(file: string, since: number): number {
  const lines = readFileSync(file, "utf8").split("\n");
  const turns = lines.map((line) => line.split(" ").map(Number)).filter(([at = 0]) => at >= since);
  return Math.max(0, ...turns.map(([, ms = 0]) => ms));
}

/** Returns what the operating system says of a process's memory, in MB. */
function memory(pid: number, member: "VmRSS" | "VmHWM"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`^${member}:\\s+(\\d+) kB`, "m").exec(status)![1]) / 1_024;
}
