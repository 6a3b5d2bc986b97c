// Each of AWS's clients calls every operation of the management API, by one table for each version (…-walk.json).
import assert from "node:assert/strict";
import { join } from "node:path";
import { afterEach, beforeEach, type TestContext, test } from "node:test";
import { APIGatewayClient } from "@aws-sdk/client-api-gateway";
import { ApiGatewayV2Client } from "@aws-sdk/client-apigatewayv2";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { loadModel } from "../../../src/protocol/model.ts";
import { type Portico, startPortico } from "../../portico.ts";
import { clientEnvironment, run, tool } from "../../tool.ts";
import { makeClient } from "../sdk/sdk-client.ts";
import { prepareWalk, restWalk, today, v2Walk, type Walk, walkThroughSdk } from "./walk.ts";

let portico: Portico;
beforeEach(async () => {
  portico = await startPortico();
  const lambda = makeClient(LambdaClient, portico);
  await prepareWalk(lambda);
  lambda.destroy();
});
afterEach(async () => {
  assert.equal(await portico.stop(), 0, portico.output());
});

for (const { walk, Client } of [
  { walk: restWalk, Client: APIGatewayClient },
  { walk: v2Walk, Client: ApiGatewayV2Client },
]) {
  const { service } = walk;
  test(`${service}: SDK v3 calls every operation`, async (t) => {
    const client = makeClient<{ send(command: never): Promise<unknown>; destroy(): void }>(Client, portico);
    const called = new Set<string>();
    await walkThroughSdk(walk, client, { isAlone: true, onCall: (operation) => called.add(operation) });
    client.destroy();
    covered(t, walk, called);
  });

  for (const [name, client, probe] of [
    ["boto3", "boto3", "import boto3"],
    ["the AWS CLI", "cli", "import awscli.clidriver"],
  ] as const) {
    test(`${service}: ${name} calls every operation`, tool("python3", ["-c", probe], true), async (t) => {
      const script = join(import.meta.dirname, "walk.py");
      const ran = await run("python3", [script, client, service, walk.file, today()], {
        env: clientEnvironment(portico.url),
      });
      assert.equal(ran.status, 0, ran.stderr);
      covered(t, walk, new Set(ran.stdout.trim().split("\n")));
    });
  }

  test(`${service}: no operation is missing`, async () => {
    const notThere: string[] = [];
    for (const [operation, { http }] of Object.entries(loadModel(service).operations)) {
      const path = http.requestUri.replaceAll(/\{[^}]+\}/g, "none");
      const answer = await fetch(portico.url.replace(/\/$/, "") + path, {
        method: http.method,
        headers: { authorization: credential },
      });
      await answer.arrayBuffer();
      if (answer.status === 501) notThere.push(operation);
    }
    assert.deepEqual(notThere, []);
  });
}

const credential =
  "AWS4-HMAC-SHA256 Credential=000000000000/20261120/us-east-1/apigateway/aws4_request, SignedHeaders=host, Signature=0";

/** A walk is whole only if no operation of the model is left out. */
function covered(t: TestContext, walk: Walk, called: ReadonlySet<string>): void {
  const operations = Object.keys(loadModel(walk.service).operations);
  t.diagnostic(`${called.size} of ${operations.length} operations called`);
  assert.deepEqual([...called].sort(), operations.sort());
}
