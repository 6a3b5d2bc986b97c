import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RestApiDefinition, Stage } from "../../src/definition/rest-api.ts";
import { aStage } from "../../test/exchange/a-rest-api.ts";
import { startPinned } from "../measure.ts";

/** A gateway on a core of its own; `url` is its stage's. */
export async function startGatewayProcess(
  core: number,
  definition: RestApiDefinition,
  {
    endpoints = {},
    stage = aStage(),
  }: {
    /** Of AWS services, by name. */
    readonly endpoints?: Readonly<Record<string, string>>;
    readonly stage?: Stage;
  } = {},
): Promise<{ readonly url: string } & AsyncDisposable> {
  const folder = mkdtempSync(join(tmpdir(), "portico-bench-"));
  const file = join(folder, "definition.json");
  writeFileSync(file, JSON.stringify({ definition, stage, endpoints }));
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
    url: `http://127.0.0.1:${output.trim()}/_aws/execute-api/abc123/prod`,
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
