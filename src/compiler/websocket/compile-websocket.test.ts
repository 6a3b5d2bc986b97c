import assert from "node:assert/strict";
import { test } from "node:test";
import { aWebSocketApi, aWebSocketStage, type WebSocketRouteOf } from "../../../test/exchange/a-websocket-api.ts";
import type { WebSocketRoute } from "../../definition/websocket-api.ts";
import type { WebSocketPlan } from "../../plan/websocket-plan.ts";
import { compileWebSocket } from "./compile-websocket.ts";

const scope = { account: "000000000000", region: "us-east-1" };
const uri =
  "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations";
const integration = { IntegrationType: "AWS_PROXY", IntegrationMethod: "POST", IntegrationUri: uri } as const;
const authorizer = {
  AuthorizerId: "auth1",
  Name: "auth",
  AuthorizerType: "REQUEST",
  AuthorizerUri: uri,
  IdentitySource: ["route.request.header.Authorization", "stageVariables.k"],
} as const;

function compile(
  routes: Readonly<Record<string, WebSocketRouteOf>>,
  api: Parameters<typeof aWebSocketApi>[1] = {},
  stage: Parameters<typeof aWebSocketStage>[0] = {},
): WebSocketPlan {
  const make = (): WebSocketPlan =>
    compileWebSocket(aWebSocketApi(routes, { authorizers: [authorizer], ...api }), aWebSocketStage(stage), scope);
  const plan = make();
  assert.deepEqual(make(), plan);
  assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan);
  return plan;
}

const stepsOf = (plan: WebSocketPlan, key: string): readonly string[] =>
  plan.methods[plan.routes[key]!]!.steps.map((step) => (step.kind === "closed" ? `closed: ${step.reason}` : step.kind));

test("the gates of $connect stand in AWS's order, and no other route has them", () => {
  const route: Partial<WebSocketRoute> = {
    AuthorizationType: "CUSTOM",
    AuthorizerId: "auth1",
    ApiKeyRequired: true,
    RequestParameters: { "route.request.querystring.q": { Required: true }, "route.request.header.H": {} },
  };
  const plan = compile({ $connect: { integration, route }, $disconnect: { integration }, $default: { integration } });
  const gates = ["authorizer", "api-key", "throttle", "quota", "request-validation"];
  assert.deepEqual(stepsOf(plan, "$connect"), [...gates, "websocket-lambda"]);
  assert.deepEqual(stepsOf(plan, "$default"), ["throttle", "websocket-lambda"]);
  assert.deepEqual(stepsOf(plan, "$disconnect"), ["throttle", "websocket-lambda"]);
  assert.deepEqual(Object.keys(plan.authorizers ?? {}), ["auth1"]);
  assert.deepEqual(
    plan.authorizers?.["auth1"]?.identitySources.map(({ value }) => value?.kind),
    ["request", undefined],
  );
  const signed = compile({ $connect: { integration, route: { AuthorizationType: "AWS_IAM" } } });
  assert.deepEqual(stepsOf(signed, "$connect"), ["iam", "throttle", "websocket-lambda"]);
});

test("what can't be enforced closes its route by name", () => {
  const closed = (key: string, route: Partial<WebSocketRoute>, reason: string): void => {
    assert.deepEqual(stepsOf(compile({ [key]: { integration, route } }), key), [`closed: ${reason}`]);
  };
  closed("$default", { AuthorizationType: "AWS_IAM" }, "AuthorizationType AWS_IAM of the route $default");
  closed("$connect", { AuthorizationType: "JWT" }, "AuthorizationType JWT");
  closed(
    "$connect",
    { AuthorizationType: "CUSTOM", AuthorizerId: "x" },
    "authorizationType CUSTOM (its authorizer x is not there)",
  );
  closed("join", { ApiKeyRequired: true }, "ApiKeyRequired of the route join");
  closed("$connect", { ApiKeyRequired: 1 as unknown as boolean }, "ApiKeyRequired of the route $connect");
  closed(
    "$connect",
    { RequestParameters: { "route.request.path.x": { Required: true } } },
    "RequestParameters route.request.path.x",
  );
  closed(
    "join",
    { ModelSelectionExpression: "$request.body.x", RequestModels: { a: "A" } },
    "model A (it is not there, or has no schema)",
  );
  const api = { ApiKeySelectionExpression: "$request.header.key" };
  assert.deepEqual(
    stepsOf(compile({ $connect: { integration, route: { ApiKeyRequired: true } } }, { api }), "$connect"),
    ["closed: ApiKeySelectionExpression $request.header.key"],
  );
});

test("a route selection that can't be read closes the stage", () => {
  for (const RouteSelectionExpression of ["$request.header.x", "${request.body.a", "$request.body[", "$context.x"]) {
    const plan = compile({ $default: { integration } }, { api: { RouteSelectionExpression } });
    assert.match(plan.closed ?? "", /^selection expression RouteSelectionExpression/, RouteSelectionExpression);
  }
  assert.equal(compile({ $default: { integration } }).closed, undefined);
});

test("settings that have no effect are told", () => {
  const plan = compile(
    { $default: { integration, route: { RequestModels: { a: "A" } } } },
    {},
    { RouteSettings: { gone: { ThrottlingBurstLimit: 1 } } },
  );
  assert.deepEqual(plan.withoutEffect, [
    "RequestModels of $default, which has no ModelSelectionExpression",
    "RouteSettings gone, which names no deployed route",
  ]);
});

test("an integration response is found by a pattern, by its very status, or by default", () => {
  const keys = ["$default", "/4\\d\\d/", "404"];
  const responses = keys.map((IntegrationResponseKey) => ({ IntegrationResponseKey }));
  const plan = compile({ hello: { integration: {}, responses, isTwoWay: true } });
  const [step] = plan.methods[plan.routes["hello"]!]!.steps.slice(-1);
  assert.deepEqual(step?.kind === "mock" ? step.responses.map(({ selectionPattern: pattern }) => pattern) : step, [
    undefined,
    "4\\d\\d",
    "404",
  ]);
});
