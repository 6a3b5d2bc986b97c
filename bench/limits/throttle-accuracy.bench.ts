import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startPortico } from "../../test/portico.ts";
import type { Bench, Figures } from "../bench.ts";

const run = promisify(execFile);
const seconds = 10;

/** wrk tells how many answers were not 2xx. */
const counts = `done = function(summary) io.write(string.format("COUNTS %d %d %d", summary.requests, summary.errors.status, summary.duration)) end`;

export const bench: Bench = {
  title: `Throttles of a method under more load than they let through, ${seconds} s, two threads: served to allowed`,
  needs: ["wrk"],
  async run(): Promise<Figures> {
    const figures: Record<string, number> = {};
    const args = ["--limit", "throttleRate=1000000", "--limit", "throttleBurst=1000000", "--log-level", "error"];
    await using portico = await started(args);
    const folder = mkdtempSync(join(tmpdir(), "portico-bench-"));
    const script = join(folder, "counts.lua");
    writeFileSync(script, counts);
    const call = async (method: string, path: string, body?: unknown): Promise<Record<string, unknown>> => {
      const answer = await fetch(`${portico.url}${path}`, {
        method,
        headers: { "Content-Type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
      return (await answer.json()) as Record<string, unknown>;
    };
    const { id, rootResourceId } = await call("POST", "/restapis", { name: "throttled" });
    const method = `/restapis/${id}/resources/${rootResourceId}/methods/GET`;
    await call("PUT", method, { authorizationType: "NONE" });
    await call("PUT", `${method}/responses/200`, {});
    await call("PUT", `${method}/integration`, {
      type: "MOCK",
      requestTemplates: { "application/json": '{"statusCode": 200}' },
    });
    await call("PUT", `${method}/integration/responses/200`, {});
    await call("POST", `/restapis/${id}/deployments`, { stageName: "prod" });
    for (const [rate, burst] of [
      [1_000, 500],
      [5_000, 2_500],
      [10_000, 5_000],
      [1_000, 1],
      [10_000, 10],
    ] as const) {
      await call("PATCH", `/restapis/${id}/stages/prod`, {
        patchOperations: [
          { op: "replace", path: "/*/*/throttling/rateLimit", value: String(rate) },
          { op: "replace", path: "/*/*/throttling/burstLimit", value: String(burst) },
        ],
      });
      // The bucket keeps what it had; a moment at its own rate fills it.
      await call("POST", "/_portico/clock", { advanceMs: 60_000 });
      const { stdout } = await run("wrk", [
        "-t1",
        "-c16",
        `-d${seconds}s`,
        "-s",
        script,
        `${portico.url}/_aws/execute-api/${id}/prod/`,
      ]);
      const [, total, refused, us] = /COUNTS (\d+) (\d+) (\d+)/.exec(stdout)!.map(Number) as [
        number,
        number,
        number,
        number,
      ];
      const allowed = burst + (rate * us) / 1e6;
      const name = `${rate}/s, burst ${burst}`;
      figures[`${name}: offered to rate`] = total / (us / 1e6) / rate;
      figures[`${name}: served to allowed`] = (total - refused) / allowed;
    }
    rmSync(folder, { recursive: true });
    return figures;
  },
};

async function started(args: readonly string[]) {
  const portico = await startPortico({ args });
  return Object.assign(portico, { [Symbol.asyncDispose]: async () => void (await portico.stop()) });
}
