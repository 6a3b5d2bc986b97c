// Every setting of WebSocket APIs that guards something makes the plan contain a gate: a compiler that forgets one fails here.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { noSurroundings } from "../../src/compiler/surroundings.ts";
import { compileWebSocket } from "../../src/compiler/websocket/compile-websocket.ts";
import type { V2Model } from "../../src/definition/http-api.ts";
import type {
  WebSocketApi,
  WebSocketAuthorizer,
  WebSocketIntegration,
  WebSocketRoute,
  WebSocketStage,
} from "../../src/definition/websocket-api.ts";
import { webSocketSettings } from "../../src/definition/websocket-settings.ts";
import { type StageGateName, stageGates } from "../../src/plan/plan.ts";
import { type GateKind, steps } from "../../src/plan/steps.ts";
import type { WebSocketPlan } from "../../src/plan/websocket-plan.ts";
import { functionArn } from "../exchange/a-rest-api.ts";
import { aWebSocketApi, aWebSocketStage } from "../exchange/a-websocket-api.ts";
import { absentFromWebSocket } from "./websocket-gate-tables.ts";

/** What is configured of the routes `$connect` and `speak`. */
interface Configuration {
  readonly api?: Partial<WebSocketApi>;
  readonly stage?: Partial<WebSocketStage>;
  readonly connect?: Partial<WebSocketRoute>;
  readonly speak?: Partial<WebSocketRoute>;
  readonly integration?: Partial<WebSocketIntegration>;
  readonly authorizer?: Partial<WebSocketAuthorizer>;
  readonly model?: Partial<V2Model>;
}

/** A gate of a route or of the stage, or what the plan has as JSON. */
type Effect = GateKind | StageGateName | RegExp;

const authorizerUri = `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`;
const role = "arn:aws:iam::000000000000:role/caller";

const compile = ({ api, stage, connect, speak, integration, authorizer, model }: Configuration): WebSocketPlan =>
  compileWebSocket(
    aWebSocketApi(
      {
        $connect: { route: connect ?? {} },
        speak: {
          integration: { RequestTemplates: { $default: '{"statusCode": 200}' }, ...integration },
          route: speak ?? {},
        },
      },
      {
        ...(api && { api }),
        models: [{ ModelId: "text", Name: "Text", Schema: '{"type":"object"}', ...model }],
        authorizers: [
          {
            AuthorizerId: "auth",
            Name: "auth",
            AuthorizerType: "REQUEST",
            AuthorizerUri: authorizerUri,
            IdentitySource: ["route.request.querystring.token"],
            ...authorizer,
          },
        ],
      },
    ),
    aWebSocketStage(stage),
    { account: "000000000000", region: "us-east-1" },
    noSurroundings,
  );

const custom = { AuthorizationType: "CUSTOM", AuthorizerId: "auth" } as const;
const modelled = { ModelSelectionExpression: "$request.body.kind", RequestModels: { text: "Text" } } as const;
const required = { "route.request.querystring.q": { Required: true } } as const;
const toFunction = {
  IntegrationType: "AWS_PROXY",
  IntegrationMethod: "POST",
  IntegrationUri: authorizerUri,
  RequestTemplates: {},
} as const;
const toBackend = {
  IntegrationType: "HTTP_PROXY",
  IntegrationMethod: "POST",
  IntegrationUri: "https://backend.example/",
  RequestTemplates: {},
} as const;

const rows: Readonly<Record<string, readonly [guarded: Configuration, effect: Effect, before?: Configuration]>> = {
  "Api.ApiKeySelectionExpression": [
    { connect: { ApiKeyRequired: true }, api: { ApiKeySelectionExpression: "$context.authorizer.usageIdentifierKey" } },
    /"kind":"api-key","source":"AUTHORIZER"/,
    { connect: { ApiKeyRequired: true } },
  ],
  "Api.DisableExecuteApiEndpoint": [{ api: { DisableExecuteApiEndpoint: true } }, "isDefaultEndpointDisabled"],
  "Route.ApiKeyRequired": [{ connect: { ApiKeyRequired: true } }, "quota"],
  "Route.AuthorizationType": [{ connect: { AuthorizationType: "AWS_IAM" } }, "iam"],
  "Route.AuthorizerId": [{ connect: custom }, "authorizer"],
  "Route.ModelSelectionExpression": [
    { speak: modelled },
    "request-validation",
    { speak: { RequestModels: modelled.RequestModels } },
  ],
  "Route.RequestModels": [
    { speak: modelled },
    /"models":\{"text":"Text"\}/,
    { speak: { ModelSelectionExpression: modelled.ModelSelectionExpression } },
  ],
  "Route.RequestParameters": [{ connect: { RequestParameters: required } }, "request-validation"],
  "ParameterConstraints.Required": [
    { connect: { RequestParameters: required } },
    /"place":"querystring","name":"q"/,
    { connect: { RequestParameters: { "route.request.querystring.q": { Required: false } } } },
  ],
  "Integration.CredentialsArn": [
    { integration: { ...toFunction, CredentialsArn: role } },
    // Nobody has said who may assume the role.
    /does not have permission to assume/,
    { integration: toFunction },
  ],
  "Model.Name": [{ speak: modelled, model: { Name: "Other" } }, "closed", { speak: modelled }],
  "Model.Schema": [
    { speak: modelled, model: { Schema: '{"type":"string"}' } },
    /\{\\"type\\":\\"string\\"\}/,
    { speak: modelled },
  ],
  "Authorizer.AuthorizerCredentialsArn": [
    { connect: custom, authorizer: { AuthorizerCredentialsArn: role } },
    /role\/caller/,
    { connect: custom },
  ],
  "Authorizer.AuthorizerType": [
    { connect: custom, authorizer: { AuthorizerType: "TOKEN" as "REQUEST" } },
    "closed",
    { connect: custom },
  ],
  "Authorizer.AuthorizerUri": [{ connect: custom }, /"kind":"request","id":"auth".*function:/],
  "Authorizer.IdentitySource": [
    { connect: custom, authorizer: { IdentitySource: ["route.request.header.X-Token"] } },
    /route\.request\.header\.X-Token/,
    { connect: custom },
  ],
  "Stage.ClientCertificateId": [
    { integration: toBackend, stage: { ClientCertificateId: "cert12" } },
    /cert12/,
    { integration: toBackend },
  ],
  "Stage.DefaultRouteSettings": [
    { stage: { DefaultRouteSettings: { ThrottlingRateLimit: 1, ThrottlingBurstLimit: 2 } } },
    /"ratePerSecond":1,"burst":2/,
  ],
  "Stage.RouteSettings": [
    { stage: { RouteSettings: { $connect: { ThrottlingRateLimit: 1, ThrottlingBurstLimit: 2 } } } },
    /"ratePerSecond":1,"burst":2/,
  ],
  "RouteSettings.ThrottlingRateLimit": [
    { stage: { RouteSettings: { speak: { ThrottlingRateLimit: 0 } } } },
    /"method":\{"ratePerSecond":0\}/,
  ],
  "RouteSettings.ThrottlingBurstLimit": [
    { stage: { DefaultRouteSettings: { ThrottlingBurstLimit: 0 } } },
    /"method":\{"burst":0\}/,
  ],
};

const hasEffect = (plan: WebSocketPlan, effect: Effect): boolean => {
  if (effect instanceof RegExp) return effect.test(JSON.stringify(plan));
  const isOfStage = Object.hasOwn(stageGates, effect) && Boolean(plan[effect as StageGateName]);
  return isOfStage || plan.methods.some((method) => method.steps.some(({ kind }) => kind === effect));
};

describe("a setting of WebSocket APIs that guards something makes a gate of the plan", () => {
  for (const [setting, [configuration, effect, before = {}]] of Object.entries(rows)) {
    it(setting, () => {
      assert.ok(!hasEffect(compile(before), effect), "not without it");
      const plan = compile(configuration);
      assert.ok(hasEffect(plan, effect), JSON.stringify(plan.methods));
    });
  }

  it("is true of every setting that is enforced", () => {
    const guarding = Object.entries(webSocketSettings).flatMap(([shape, members]) =>
      Object.entries(members)
        .filter(([, { kind }]) => kind === "enforced")
        .map(([member]) => `${shape}.${member}`),
    );
    assert.deepEqual(Object.keys(rows).toSorted(), guarding.toSorted());
  });
});

it("every gate of a WebSocket API is made by a setting of the table, or is every route's; the others are in no plan", () => {
  const plans = [{}, ...Object.values(rows).map(([configuration]) => configuration)].map(compile);
  const gates = [
    ...Object.entries(steps).flatMap(([kind, facts]) => ("isGate" in facts ? [kind as GateKind] : [])),
    ...(Object.keys(stageGates) as StageGateName[]),
  ];
  const made = gates.filter((gate) => plans.some((plan) => hasEffect(plan, gate)));
  assert.deepEqual(made.toSorted(), gates.filter((gate) => !Object.hasOwn(absentFromWebSocket, gate)).toSorted());
});
