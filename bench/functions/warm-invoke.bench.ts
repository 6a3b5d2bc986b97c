import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { strToU8, zipSync } from "fflate";
import type { FunctionClient } from "../../src/functions/function-client.ts";
import { FunctionManager } from "../../src/functions/manager.ts";
import { PackageStore } from "../../src/functions/packages.ts";
import type { Bench } from "../bench.ts";

const functionArn = "arn:aws:lambda:us-east-1:000000000000:function:bench";
const payload = Buffer.from(JSON.stringify({ path: "/pets", body: "x".repeat(1_000) }));
const rounds = 10_000;

export const bench: Bench = {
  title: "a warm Node.js function through its client, without HTTP",
  needs: [],
  async run() {
    const folder = mkdtempSync(join(tmpdir(), "portico-bench-"));
    const ignore = (): void => undefined;
    const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
    const packages = new PackageStore(folder);
    const manager = new FunctionManager({ packages, logger });
    try {
      const code = "exports.handler = async (event) => ({ statusCode: 200, body: event.path });";
      const { hash } = await packages.save(Buffer.from(zipSync({ "index.js": strToU8(code) })));
      await manager.apply({
        functionArn,
        name: "bench",
        version: "$LATEST",
        account: "000000000000",
        region: "us-east-1",
        runtime: "nodejs22.x",
        handler: "index.handler",
        timeoutSeconds: 3,
        memoryMb: 256,
        role: "arn:aws:iam::000000000000:role/function",
        environment: {},
        isJsonLog: false,
        logLevel: undefined,
        logGroup: "/aws/lambda/bench",
        packageHash: hash,
        revisionId: "1",
        policy: undefined,
        policyRevision: "",
      });
      const client = manager.client();
      const start = performance.now();
      await client.invoke({ functionArn, payload });
      const coldMs = performance.now() - start;
      await rate(client, 32);
      return {
        "cold start, ms": coldMs,
        "invocations/s, one at a time": await rate(client, 1),
        "invocations/s, 32 at a time": await rate(client, 32),
      };
    } finally {
      await manager.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function rate(client: FunctionClient, concurrency: number): Promise<number> {
  let left = rounds;
  const start = performance.now();
  const invoke = async (): Promise<void> => {
    while (left-- > 0) {
      const { kind } = await client.invoke({ functionArn, payload });
      if (kind !== "ok") throw new Error(`an invocation ended as ${kind}`);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, invoke));
  return (rounds / (performance.now() - start)) * 1_000;
}
