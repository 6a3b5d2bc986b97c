import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileRest } from "../../src/compiler/compile-rest.ts";
import type { RestApiDefinition, Stage } from "../../src/definition/rest-api.ts";
import { pathOfStage } from "../../src/gateway/routing/address.ts";
import type { Plan } from "../../src/plan/kinds.ts";
import { aStage } from "../../test/exchange/a-rest-api.ts";
import { cpuUsOf, startPinned } from "../measure.ts";

export interface GatewayProcess extends AsyncDisposable {
  readonly url: string;
  /** The time that all of its threads have been on a core, in microseconds. */
  cpuUs(): number;
  /** How much of it is in memory, in MB, as Linux counts. */
  residentMb(): number;
}

interface ProcessOptions {
  /** Of AWS services, by name. */
  readonly endpoints?: Readonly<Record<string, string>>;
  /** Whether it measures for CloudWatch, as a server does. */
  readonly isMeasured?: boolean;
  /** The share of exchanges that are traced for a collector. */
  readonly otlpShare?: number;
  /** A collector gets the logs. */
  readonly isLogExported?: boolean;
}

/** A gateway on a core of its own, which serves a REST API; `url` is its stage's. */
export const startGatewayProcess = (
  core: number,
  definition: RestApiDefinition,
  { stage = aStage(), ...options }: ProcessOptions & { readonly stage?: Stage } = {},
): Promise<GatewayProcess> =>
  startPlanProcess(core, compileRest(definition, stage, { account: "000000000000", region: "us-east-1" }), options);

/** A gateway on a core of its own, which serves a plan; `url` is its stage's. */
export async function startPlanProcess(
  core: number,
  plan: Plan,
  { endpoints = {}, isMeasured = true, isLogExported = false, otlpShare }: ProcessOptions = {},
): Promise<GatewayProcess> {
  const folder = mkdtempSync(join(tmpdir(), "portico-bench-"));
  const file = join(folder, "plan.json");
  writeFileSync(file, JSON.stringify({ plan, endpoints, isMeasured, isLogExported, otlpShare }));
  const program = fileURLToPath(new URL("gateway-process.ts", import.meta.url));
  // BENCH_NODE_ARGS="--cpu-prof --cpu-prof-dir=/tmp/prof" profiles the gateway.
  const extra = process.env["BENCH_NODE_ARGS"]?.split(" ") ?? [];
  let output = "";
  const running = await startPinned(core, process.execPath, [...extra, program, file], { isReadyOnOutput: false });
  await new Promise<void>((resolve) => {
    running.process.stdout?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes("\n")) resolve();
    });
  });
  return {
    url: `http://127.0.0.1:${output.trim()}${pathOfStage(plan.apiId, plan.stageName)}`,
    cpuUs: () => cpuUsOf(running.process.pid!),
    residentMb() {
      const status = readFileSync(`/proc/${running.process.pid}/status`, "utf8");
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024;
    },
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
