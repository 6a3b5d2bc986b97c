// A server that is told to stop waits for requests under way and for nothing else: with ten minutes for those, it ends at once when
// nobody waits for an answer any more.
import assert from "node:assert/strict";
import { type ClientRequest, request } from "node:http";
import { test } from "node:test";
import { APIGatewayClient, CreateDeploymentCommand, ImportRestApiCommand } from "@aws-sdk/client-api-gateway";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { functionOf, makeClient } from "../conformance/sdk/sdk-client.ts";
import { type Portico, startPortico } from "../portico.ts";
import { until } from "../until.ts";

const drain = ["--threads", "2", "--drain", "600"];

const document = {
  openapi: "3.0.1",
  info: { title: "stop", version: "1" },
  paths: {
    "/": {
      post: {
        responses: { "200": { description: "" } },
        "x-amazon-apigateway-integration": {
          type: "mock",
          requestTemplates: { "application/json": `#set($text = $input.json('$')){"statusCode": 200}` },
          responses: { default: { statusCode: "200" } },
        },
      },
    },
  },
};

/** SIGTERM, and the exit with 0. */
async function assertStops(server: Portico): Promise<void> {
  let code: number | null | undefined;
  void server.stop().then((exit) => {
    code = exit;
  });
  await until(() => code !== undefined, { what: "the server ended" });
  assert.equal(code, 0, server.output());
  assert.doesNotMatch(server.output(), /did not end in time|was kept alive/);
}

test("an idle server stops", async () => {
  await assertStops(await startPortico({ args: drain }));
});

test("large bodies that nobody waits for any more don't hold up a stop", async () => {
  const server = await startPortico({ args: drain });
  const client = makeClient(APIGatewayClient, server);
  const api = await client.send(new ImportRestApiCommand({ body: Buffer.from(JSON.stringify(document)) }));
  await client.send(new CreateDeploymentCommand({ restApiId: api.id, stageName: "dev" }));
  client.destroy();
  const body = Buffer.from(`[${Array(1_200_000).fill("0.12345").join()}]`);
  const posts = Array.from({ length: 8 }, async (): Promise<ClientRequest> => {
    const headers = { "content-type": "application/json", "content-length": body.length };
    const outgoing = request(`${server.url}/_aws/execute-api/${api.id}/dev`, { method: "POST", headers });
    outgoing.on("error", () => undefined);
    await new Promise<void>((resolve) => outgoing.end(body, resolve));
    return outgoing;
  });
  for (const outgoing of await Promise.all(posts)) outgoing.destroy();
  await assertStops(server);
});

test("functions that run on their own don't hold up a stop", async () => {
  const server = await startPortico({ args: drain });
  const lambda = makeClient(LambdaClient, server);
  const code = `process.on("SIGTERM", () => {});
exports.handler = async () => { console.log("begun"); for (;;); };`;
  await lambda.send(functionOf("endless", code));
  await lambda.send(new InvokeCommand({ FunctionName: "endless", InvocationType: "Event" }));
  lambda.destroy();
  await assertStops(server);
});
