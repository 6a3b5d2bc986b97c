import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  APIGatewayClient,
  CreateDeploymentCommand,
  GetSdkCommand,
  ImportRestApiCommand,
  PutRestApiCommand,
} from "@aws-sdk/client-api-gateway";
import { mockDocument } from "../../src/openapi/mock/mock-document.ts";
import { startPortico } from "../../test/portico.ts";
import type { Bench } from "../bench.ts";

/** GitHub's description: 1,200 operations in 13 MB. `npm run check` installs it. */
const github = join(import.meta.dirname, "../../.ci/tools/node_modules/@octokit/openapi/generated/api.github.com.json");

/** No call may delay another one by more than 200 ms: control's longest turn, in processor time, and what a caller sees. */
export const bench: Bench = {
  title: "GitHub's API: control's longest turn, and the longest that another call takes, while it is worked on",
  needs: [],
  async run() {
    if (!existsSync(github)) {
      console.log("  skipped: @octokit/openapi is not installed; npm run check installs it");
      return {};
    }
    const { document } = mockDocument(JSON.parse(readFileSync(github, "utf8")));
    const body = Buffer.from(JSON.stringify(document));
    const folder = mkdtempSync(join(tmpdir(), "portico-bench-"));
    const turns = join(folder, "turns");
    const preload = join(import.meta.dirname, "control-turns.mjs");
    const portico = await startPortico({
      args: ["--data", "store", "--profile", "relaxed", "--management-payload-max", "64MB"],
      env: { CONTROL_TURNS: turns, NODE_OPTIONS: `--import=${preload}` },
    });
    const client = new APIGatewayClient({
      endpoint: portico.url,
      region: "us-east-1",
      credentials: { accessKeyId: "000000000000", secretAccessKey: "any" },
    });
    const figures: Record<string, number> = {};
    const measure = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
      let isDone = false;
      let longest = 0;
      const began = Date.now();
      const result = work().finally(() => {
        isDone = true;
      });
      while (!isDone) {
        const asked = performance.now();
        await (await fetch(`${portico.url}/_portico/health`)).text();
        longest = Math.max(longest, performance.now() - asked);
      }
      figures[`${name}: s`] = (Date.now() - began) / 1_000;
      // A turn is noted in the one after it.
      await (await fetch(`${portico.url}/_portico/health`)).text();
      figures[`${name}: longest turn of control, ms`] = longestTurn(turns, began);
      figures[`${name}: longest other call, ms`] = longest;
      return result;
    };
    try {
      const { id } = await measure("import", () => client.send(new ImportRestApiCommand({ body })));
      await measure("import over it", () => client.send(new PutRestApiCommand({ restApiId: id, mode: "merge", body })));
      const stage = { restApiId: id, stageName: "prod" };
      await measure("deploy", () => client.send(new CreateDeploymentCommand(stage)));
      const sdk = { ...stage, sdkType: "python", parameters: { serviceName: "github" } };
      await measure("SDK", () => client.send(new GetSdkCommand(sdk)));
      for (const path of [`docs/${id}/prod/openapi.yaml`, `docs/${id}/prod/reference.json`, "status"])
        await measure(path.split("/").at(-1)!, async () =>
          (await fetch(`${portico.url}/_portico/${path}`)).arrayBuffer(),
        );
      return figures;
    } finally {
      client.destroy();
      await portico.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** Processor milliseconds of the longest turn that ended since then. */
function longestTurn(file: string, since: number): number {
  const turns = readFileSync(file, "utf8")
    .split("\n")
    .map((line) => line.split(" ").map(Number));
  return Math.max(0, ...turns.filter(([at = 0]) => at >= since).map(([, ms = 0]) => ms));
}
