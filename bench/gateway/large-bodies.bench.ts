import { request } from "node:http";
import { APIGatewayClient, CreateDeploymentCommand, ImportRestApiCommand } from "@aws-sdk/client-api-gateway";
import { startPortico } from "../../test/portico.ts";
import type { Bench } from "../bench.ts";

const mock = (requestTemplate: string): object => ({
  "x-amazon-apigateway-integration": {
    type: "mock",
    requestTemplates: { "application/json": requestTemplate },
    responses: { default: { statusCode: "200" } },
  },
  responses: { "200": { description: "" } },
});
const document = {
  openapi: "3.0.1",
  info: { title: "large", version: "1" },
  paths: { "/": { get: mock('{"statusCode": 200}'), post: mock(`#set($text = $input.json('$')){"statusCode": 200}`) } },
};

/** No request may delay another one of its thread by more than 200 ms, whatever AWS's size limits allow. */
export const bench: Bench = {
  title: "9 MB of numbers and of members through a template: the longest that other requests of the one thread take",
  needs: [],
  async run() {
    const portico = await startPortico({ args: ["--threads", "1"] });
    const credentials = { accessKeyId: "000000000000", secretAccessKey: "any" };
    const client = new APIGatewayClient({ endpoint: portico.url, region: "us-east-1", credentials });
    const { id } = await client.send(new ImportRestApiCommand({ body: Buffer.from(JSON.stringify(document)) }));
    await client.send(new CreateDeploymentCommand({ restApiId: id, stageName: "dev" }));
    client.destroy();
    const url = `${portico.url}/_aws/execute-api/${id}/dev`;
    const numbers = Buffer.from(`[${Array.from({ length: 480_000 }, (_, index) => (index + 0.5) / 7).join()}]`);
    const members = Buffer.from(`{${Array.from({ length: 500_000 }, (_, index) => `"k${index}":${index}`).join()}}`);
    const figures: Record<string, number> = {};
    try {
      for (const [name, bodies] of [
        ["numbers", [numbers]],
        ["numbers, eight at once", Array<Buffer>(8).fill(numbers)],
        ["members", [members]],
      ] as const) {
        let isDone = false;
        const began = performance.now();
        const posts = Promise.all(bodies.map((body) => post(url, body))).finally(() => {
          isDone = true;
        });
        let longest = 0;
        while (!isDone) {
          const asked = performance.now();
          await (await fetch(url)).text();
          longest = Math.max(longest, performance.now() - asked);
        }
        await posts;
        figures[`${name}: s`] = (performance.now() - began) / 1_000;
        figures[`${name}: longest other request, ms`] = longest;
      }
    } finally {
      await portico.stop();
    }
    return figures;
  },
};

function post(url: string, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": body.length };
    const outgoing = request(url, { method: "POST", headers }, (incoming) => {
      incoming.resume();
      incoming.on("end", resolve);
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
