// Each of AWS's clients calls every operation of the REST management API, by one table (walk.json).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, type TestContext, test } from "node:test";
import { APIGatewayClient } from "@aws-sdk/client-api-gateway";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { type Portico, startPortico } from "../../portico.ts";
import { clientEnvironment, run, tool } from "../../tool.ts";
import { makeClient } from "../sdk/sdk-client.ts";
import { prepareWalk, today, walkFile, walkThroughSdk } from "./walk.ts";

const model = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../../src/protocol/models/apigateway.json"), "utf8"),
) as { operations: Record<string, unknown> };
const operations = Object.keys(model.operations).sort();

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

test("SDK v3 calls every operation", async (t) => {
  const client = makeClient(APIGatewayClient, portico);
  const called = new Set<string>();
  await walkThroughSdk(client, { isAlone: true, onCall: (operation) => called.add(operation) });
  client.destroy();
  covered(t, called);
});

for (const [name, client, probe] of [
  ["boto3", "boto3", "import boto3"],
  ["the AWS CLI", "cli", "import awscli.clidriver"],
] as const) {
  test(`${name} calls every operation`, tool("python3", ["-c", probe], true), async (t) => {
    const script = join(import.meta.dirname, "walk.py");
    const ran = await run("python3", [script, client, walkFile, today()], {
      env: clientEnvironment(portico.url),
    });
    assert.equal(ran.status, 0, ran.stderr);
    covered(t, new Set(ran.stdout.trim().split("\n")));
  });
}

/** The walk is whole only if no operation of the model is left out. */
function covered(t: TestContext, called: ReadonlySet<string>): void {
  t.diagnostic(`${called.size} of ${operations.length} operations called`);
  assert.deepEqual([...called].sort(), operations);
}
