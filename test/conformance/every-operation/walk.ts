import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as restSdk from "@aws-sdk/client-api-gateway";
import * as v2Sdk from "@aws-sdk/client-apigatewayv2";
import type { LambdaClient } from "@aws-sdk/client-lambda";
import { functionOf, permissionOf } from "../sdk/sdk-client.ts";

interface Step {
  readonly call: string;
  readonly with?: Readonly<Record<string, unknown>>;
  /** What of the answer has to be there: values by path. */
  readonly expect?: Readonly<Record<string, unknown>>;
  /** What the answer's body begins with. */
  readonly expectBytes?: string;
  /** What later steps name as `${name}`: paths of the answer by name. */
  readonly keep?: Readonly<Record<string, string>>;
  /** The name of the error that refuses the call, in place of an answer. */
  readonly refused?: string;
}

/** One walk through a whole management API, as data. */
export interface Walk {
  readonly file: string;
  /** The name of the model, and of the service in AWS's clients. */
  readonly service: "apigateway" | "apigatewayv2";
  readonly sdk: object;
}

const walkFile = (name: string): string => join(import.meta.dirname, name);

export const restWalk: Walk = { file: walkFile("rest-walk.json"), service: "apigateway", sdk: restSdk };
export const v2Walk: Walk = { file: walkFile("v2-walk.json"), service: "apigatewayv2", sdk: v2Sdk };

/** What the walk's `${today}` stands for. */
export const today = (): string => new Date().toISOString().slice(0, 10);

/** Allows or denies as the token says. */
const authorizer = `exports.handler = async ({ authorizationToken, methodArn }) => ({
  principalId: "someone",
  policyDocument: {
    Version: "2012-10-17",
    Statement: [{ Action: "execute-api:Invoke", Effect: authorizationToken, Resource: methodArn }],
  },
});`;

/** What has to be there before a walk: the function of its authorizer. */
export async function prepareWalk(lambda: LambdaClient): Promise<void> {
  await lambda.send(functionOf("every-operation", authorizer));
  await lambda.send(permissionOf("every-operation"));
}

/**
 * Takes the walk through the SDK; `onCall` hears of each call and how long it took. Throws for an unexpected answer; what
 * the walk expects of lists holds only on a server with nothing else on it.
 */
export async function walkThroughSdk(
  { file, sdk }: Walk,
  client: { send(command: never): Promise<unknown> },
  options: { readonly isAlone: boolean; onCall(operation: string, ms: number): void },
): Promise<void> {
  const kept: Record<string, string> = { today: today() };
  for (const step of JSON.parse(readFileSync(file, "utf8")) as readonly Step[]) {
    const Command = (sdk as Record<string, new (input: object) => never>)[`${step.call}Command`];
    assert.ok(Command, `the SDK has no ${step.call}`);
    const input = fill(step.with ?? {}, kept) as Record<string, unknown>;
    const isPayload = typeof input["body"] === "string" && !step.call.startsWith("Test");
    const command = new Command(isPayload ? { ...input, body: Buffer.from(input["body"] as string) } : input);
    // tidy-allow: time – benchmarks take this walk, too
    const started = performance.now();
    const answer = await client.send(command).catch((error: Error) => error);
    // tidy-allow: time – as above
    options.onCall(step.call, performance.now() - started);
    assert.equal(answer instanceof Error ? answer.name : undefined, step.refused, `${step.call}: ${String(answer)}`);
    for (const [path, wanted] of Object.entries(fill(step.expect ?? {}, kept) as object)) {
      if (!options.isAlone && /^items\./i.test(path)) continue;
      assert.deepEqual(at(answer, path), wanted, `${step.call}: ${path}`);
    }
    if (step.expectBytes !== undefined) {
      const start = Buffer.from(at(answer, "body") as Uint8Array).subarray(0, step.expectBytes.length);
      assert.equal(start.toString(), step.expectBytes, step.call);
    }
    for (const [name, path] of Object.entries(step.keep ?? {})) kept[name] = String(at(answer, path));
  }
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
