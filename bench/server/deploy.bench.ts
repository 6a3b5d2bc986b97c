import { APIGatewayClient, CreateDeploymentCommand, ImportRestApiCommand } from "@aws-sdk/client-api-gateway";
import { startPortico } from "../../test/portico.ts";
import type { Bench } from "../bench.ts";

const resources = 299;

/** A document of 299 paths, one method each, below the root: AWS's 300 resources. */
function aDocument(): Uint8Array {
  const paths: Record<string, unknown> = {};
  for (let index = 0; index < resources; index++) {
    paths[`/r${index}`] = {
      get: {
        responses: { "200": { description: "ok" } },
        "x-amazon-apigateway-integration": {
          type: "mock",
          requestTemplates: { "application/json": '{"statusCode": 200}' },
          responses: {
            default: { statusCode: "200", responseTemplates: { "application/json": `{"route": ${index}}` } },
          },
        },
      },
    };
  }
  return Buffer.from(JSON.stringify({ openapi: "3.0.1", info: { title: "bench", version: "1" }, paths }));
}

/** The goal is under 100 ms until all threads serve it: docs/internals/architecture.md, "Performance contract". */
export const bench: Bench = {
  title: "300 resources: import, deploy, first request, through the real SDK; the store on disk",
  needs: [],
  async run() {
    const rounds: { imported: number; deployed: number; answered: number }[] = [];
    for (let round = 0; round < 3; round++) {
      const portico = await startPortico({ args: ["--data", "store"] });
      try {
        const client = new APIGatewayClient({
          endpoint: portico.url,
          region: "us-east-1",
          credentials: { accessKeyId: "000000000000", secretAccessKey: "any" },
        });
        const body = aDocument();
        const t0 = performance.now();
        const { id } = await client.send(new ImportRestApiCommand({ body }));
        const t1 = performance.now();
        await client.send(new CreateDeploymentCommand({ restApiId: id, stageName: "prod" }));
        const t2 = performance.now();
        const answer = await fetch(`${portico.url}/_aws/execute-api/${id}/prod/r${resources - 1}`);
        if (answer.status !== 200) throw new Error(`the deployed route answered ${answer.status}`);
        await answer.text();
        rounds.push({ imported: t1 - t0, deployed: t2 - t1, answered: performance.now() - t2 });
      } finally {
        await portico.stop();
      }
    }
    rounds.sort((left, right) => left.deployed - right.deployed);
    const { imported, deployed, answered } = rounds[1]!;
    return {
      "ms to import": imported,
      "ms to deploy, serving in all threads": deployed,
      "ms of the first request": answered,
    };
  },
};
