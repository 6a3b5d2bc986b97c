// One walk through the whole REST management API, as data (walk.json), taken by each of AWS's clients.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, type TestContext, test } from "node:test";
import * as sdk from "@aws-sdk/client-api-gateway";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { type Portico, startPortico } from "../../portico.ts";
import { clientEnvironment, run, tool } from "../../tool.ts";
import { functionOf, makeClient, permissionOf } from "../sdk/sdk-client.ts";

interface Step {
  readonly call: string;
  readonly with?: Readonly<Record<string, unknown>>;
  /** What of the answer has to be there: values by path. */
  readonly expect?: Readonly<Record<string, unknown>>;
  /** What the answer's body begins with. */
  readonly expectBytes?: string;
  /** What later steps name as `${name}`: paths of the answer by name. */
  readonly keep?: Readonly<Record<string, string>>;
}

const file = join(import.meta.dirname, "walk.json");
const walk = JSON.parse(readFileSync(file, "utf8")) as readonly Step[];
const model = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../../src/protocol/models/apigateway.json"), "utf8"),
) as { operations: Record<string, unknown> };
const operations = Object.keys(model.operations).sort();

/** Allows whom the token says. */
const authorizer = `exports.handler = async ({ authorizationToken, methodArn }) => ({
  principalId: "someone",
  policyDocument: {
    Version: "2012-10-17",
    Statement: [{ Action: "execute-api:Invoke", Effect: authorizationToken, Resource: methodArn }],
  },
});`;

let portico: Portico;
beforeEach(async () => {
  portico = await startPortico();
  const lambda = makeClient(LambdaClient, portico);
  await lambda.send(functionOf("every-operation", authorizer));
  await lambda.send(permissionOf("every-operation"));
  lambda.destroy();
});
afterEach(async () => {
  assert.equal(await portico.stop(), 0, portico.output());
});

test("SDK v3 calls every operation", async (t) => {
  const client = makeClient(sdk.APIGatewayClient, portico);
  const kept: Record<string, string> = { today: today() };
  const called = new Set<string>();
  for (const step of walk) {
    const Command = (sdk as unknown as Record<string, new (input: object) => never>)[`${step.call}Command`];
    assert.ok(Command, `the SDK has no ${step.call}`);
    const input = fill(step.with ?? {}, kept) as Record<string, unknown>;
    const isPayload = typeof input["body"] === "string" && !step.call.startsWith("Test");
    const answer = (await client.send(
      new Command(isPayload ? { ...input, body: Buffer.from(input["body"] as string) } : input),
    )) as unknown as Record<string, unknown>;
    for (const [path, wanted] of Object.entries(fill(step.expect ?? {}, kept) as object)) {
      assert.deepEqual(at(answer, path), wanted, `${step.call}: ${path}`);
    }
    if (step.expectBytes !== undefined) {
      const start = Buffer.from(answer["body"] as Uint8Array).subarray(0, step.expectBytes.length);
      assert.equal(start.toString(), step.expectBytes, step.call);
    }
    for (const [name, path] of Object.entries(step.keep ?? {})) kept[name] = String(at(answer, path));
    called.add(step.call);
  }
  client.destroy();
  covered(t, called);
});

for (const [name, client, probe] of [
  ["boto3", "boto3", "import boto3"],
  ["the AWS CLI", "cli", "import awscli.clidriver"],
] as const) {
  test(`${name} calls every operation`, tool("python3", ["-c", probe], true), async (t) => {
    const script = join(import.meta.dirname, "walk.py");
    const ran = await run("python3", [script, client, file, today()], { env: clientEnvironment(portico.url) });
    assert.equal(ran.status, 0, ran.stderr);
    covered(t, new Set(ran.stdout.trim().split("\n")));
  });
}

/** The walk is whole only if no operation of the model is left out. */
function covered(t: TestContext, called: ReadonlySet<string>): void {
  t.diagnostic(`${called.size} of ${operations.length} operations called`);
  assert.deepEqual([...called].sort(), operations);
}

function fill(value: unknown, kept: Readonly<Record<string, string>>): unknown {
  if (typeof value === "string") {
    return value.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => {
      assert.ok(kept[name], `nothing was kept as ${name}`);
      return kept[name];
    });
  }
  if (Array.isArray(value)) return value.map((item) => fill(item, kept));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, fill(item, kept)]));
}

/** `items.0.id`; a name with dots in it is found as it stands, as the last part. */
function at(answer: unknown, path: string): unknown {
  if (typeof answer !== "object" || answer === null) return undefined;
  const members = answer as Record<string, unknown>;
  if (Object.hasOwn(members, path)) return members[path];
  const dot = path.indexOf(".");
  return dot < 0 ? undefined : at(members[path.slice(0, dot)], path.slice(dot + 1));
}

const today = (): string => new Date().toISOString().slice(0, 10);
