import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyPlan } from "../plan/empty-plan.ts";
import type { StagePlan } from "../plan/plan.ts";
import type { AwsServicePlan, StepPlan } from "../plan/steps.ts";
import { failingRoutes, unsentHeaders } from "./failing-routes.ts";

const aPlan = (steps: readonly StepPlan[]): StagePlan =>
  emptyPlan({
    methods: [{ routeKey: "GET /pets", resourceId: "r", resourcePath: "/pets", httpMethod: "GET", steps }],
  });

const anAws = (name: string): StepPlan => ({
  kind: "aws",
  service: { names: [name], host: `${name}.us-east-1.amazonaws.com`, signingName: name, signingRegion: "us-east-1" },
  roleArn: "arn:aws:iam::000000000000:role/r",
  backend: { path: ["/"], timeoutMs: 1, isTlsUnverified: false, headers: [], query: [] },
  request: { passthrough: "WHEN_NO_MATCH", templates: {} },
  responses: [],
});

test("names authorizers whose function can't be invoked", () => {
  const lambda = { kind: "token", identitySources: [], timeoutMs: 1, resultTtlSeconds: 0 } as const;
  const problem = { detail: "no role", hint: "make it" };
  const plan: StagePlan = {
    ...aPlan([
      { kind: "authorizer", authorizerId: "bad" },
      { kind: "authorizer", authorizerId: "gone" },
      { kind: "authorizer", authorizerId: "good" },
    ]),
    authorizers: {
      bad: { ...lambda, id: "bad", functionArn: "", problem },
      gone: { ...lambda, id: "gone", functionArn: "gone" },
      good: { ...lambda, id: "good", functionArn: "there" },
    },
  };
  const ofFunction = (functionArn: string): string | undefined =>
    functionArn === "there" ? undefined : `there is no function ${functionArn}`;
  assert.deepEqual(failingRoutes(plan, { ofService: () => undefined, ofFunction }), [
    { route: "GET /pets", reason: "its authorizer: no role. make it" },
    { route: "GET /pets", reason: "its authorizer: there is no function gone" },
  ]);
});

test("names what a template can't be parsed for, and integrations that can't work", () => {
  const request = {
    passthrough: "WHEN_NO_MATCH",
    templates: { "application/json": { velocity: "#if(", problem: "line 1, column 5: why" }, "text/plain": "literal" },
  } as const;
  const templates = {
    "application/xml": { velocity: "$x" },
    "text/html": { velocity: "#", problem: "line 1, column 2: so" },
  };
  const response = { statusCode: 404, isDeclared: true, headers: [], templates };
  const plan = aPlan([
    { kind: "misconfigured", detail: "No integration defined for method" },
    { kind: "mock", request, responses: [response] },
    { kind: "mock", request: { passthrough: "WHEN_NO_MATCH", templates: {} }, responses: [] },
    { kind: "mock", request: { passthrough: "NEVER", templates: {} }, responses: [] },
    { kind: "closed", reason: "not its affair" },
    anAws("sqs"),
    anAws("sns"),
    { kind: "lambda-proxy", functionArn: "arn:aws:lambda:us-east-1:000000000000:function:f", timeoutMs: 1 },
    {
      kind: "http-api-lambda",
      functionArn: "arn:aws:lambda:us-east-1:000000000000:function:f:live",
      payloadFormat: "2.0",
      timeoutMs: 1,
    },
  ]);
  const ofService = ({ names: [name] }: AwsServicePlan): string | undefined =>
    name === "sns" ? "no endpoint for sns" : undefined;
  const ofFunction = (functionArn: string): string | undefined =>
    functionArn.endsWith(":live") ? "the function f has no alias live" : undefined;
  const problems = { ofService, ofFunction };
  assert.deepEqual(failingRoutes(plan, problems), [
    { route: "GET /pets", reason: "No integration defined for method" },
    { route: "GET /pets", reason: "the request template for application/json, line 1, column 5: why" },
    { route: "GET /pets", reason: "the 404 response template for text/html, line 1, column 2: so" },
    {
      route: "GET /pets",
      reason:
        'a MOCK without a request template takes its statusCode from the body; a template would be {"statusCode": 200}',
    },
    { route: "GET /pets", reason: "no endpoint for sns" },
    { route: "GET /pets", reason: "the function f has no alias live" },
  ]);
  assert.deepEqual(failingRoutes(undefined, problems), []);
});

test("names the headers that a server in AWS's place may need, and AWS does not get", () => {
  const unsent = { target: "DynamoDB_20120810.PutItem", contentType: "application/x-amz-json-1.0" };
  const plan = aPlan([{ ...anAws("dynamodb"), unsent } as StepPlan, anAws("sqs")]);
  const [note, ...others] = unsentHeaders(plan, () => false);
  assert.deepEqual([note?.route, others], ["GET /pets", []]);
  assert.match(
    note!.reason,
    /X-Amz-Target: 'DynamoDB_20120810\.PutItem'.*Content-Type: 'application\/x-amz-json-1\.0'/,
  );
  assert.deepEqual(
    unsentHeaders(plan, () => true),
    [],
  );
});

test("names services of HTTP APIs without an address, and backends that can't be reached, which are a 503", () => {
  const {
    request: _,
    responses: __,
    kind: ___,
    ...service
  } = anAws("sqs") as Extract<StepPlan, { readonly kind: "aws" }>;
  const plan = aPlan([
    { ...service, kind: "http-api-service", action: "PurgeQueue", protocol: "query", parameters: [] },
    { kind: "misconfigured", detail: "the VPC link a is PENDING", isUnreachable: true },
  ]);
  const ofService = ({ names: [name] }: AwsServicePlan): string => `${name} has no address`;
  assert.deepEqual(failingRoutes(plan, { ofService, ofFunction: () => undefined }), [
    { route: "GET /pets", reason: "sqs has no address" },
    { route: "GET /pets", reason: "the VPC link a is PENDING", status: 503 },
  ]);
});
