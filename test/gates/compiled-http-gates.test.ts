// Every setting of HTTP APIs that guards something makes the plan contain a gate: a compiler that forgets one fails here.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileHttpApi } from "../../src/compiler/http-api/compile-http-api.ts";
import { noSurroundings, type Surroundings } from "../../src/compiler/surroundings.ts";
import { beyondAwsNames } from "../../src/definition/beyond-aws.ts";
import type {
  HttpApi,
  HttpAuthorizer,
  HttpIntegration,
  HttpStage,
  Route,
  V2Model,
} from "../../src/definition/http-api.ts";
import type { Setting } from "../../src/definition/settings.ts";
import { v2Settings } from "../../src/definition/v2-settings.ts";
import type { HttpApiPlan } from "../../src/plan/http-api-plan.ts";
import { type StageGateName, stageGates } from "../../src/plan/plan.ts";
import { type GateKind, steps } from "../../src/plan/steps.ts";
import { functionArn } from "../exchange/a-rest-api.ts";
import { aFunction, anHttpApi, anHttpStage, aUrl } from "../exchange/an-http-api.ts";
import { absentFromHttp } from "./http-gate-tables.ts";

/** What is configured of one route. */
interface Configuration {
  readonly api?: Partial<HttpApi>;
  readonly stage?: Partial<HttpStage>;
  readonly route?: Partial<Route>;
  readonly integration?: HttpIntegration;
  readonly authorizer?: Partial<HttpAuthorizer>;
  readonly models?: readonly V2Model[];
}

const authorizers: readonly HttpAuthorizer[] = [
  {
    AuthorizerId: "jwt",
    Name: "jwt",
    AuthorizerType: "JWT",
    IdentitySource: ["$request.header.Authorization"],
    JwtConfiguration: { Issuer: "https://issuer.example", Audience: ["client-1"] },
  },
  {
    AuthorizerId: "lambda",
    Name: "lambda",
    AuthorizerType: "REQUEST",
    AuthorizerUri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`,
    AuthorizerPayloadFormatVersion: "2.0",
    IdentitySource: ["$request.header.Authorization"],
  },
];

const listener = "arn:aws:elasticloadbalancing:us-east-1:000000000000:listener/app/orders/50dc6c495c0c9188/0467ef3c";
const link = {
  id: "link12",
  name: "private",
  status: "AVAILABLE",
  subnetIds: ["subnet-1"],
  securityGroupIds: [],
  createdDate: 0,
} as const;
const surroundings: Surroundings = {
  ...noSurroundings,
  beyondAws: beyondAwsNames,
  vpcLinks: new Map([[link.id, link]]),
  vpcLinkAddresses: { [listener]: ["10.0.0.1:443"] },
};

const backend = aUrl("https://backend.example/");
const behindLink = (over: Partial<HttpIntegration> = {}): HttpIntegration =>
  aUrl(listener, { ConnectionType: "VPC_LINK", ConnectionId: link.id, ...over });

function compile({ api, stage, route, integration = backend, authorizer, models }: Configuration): HttpApiPlan {
  const definition = anHttpApi(
    { "GET /": { integration, ...(route && { route }) } },
    {
      ...(api && { api }),
      ...(models && { models }),
      authorizers: authorizers.map((each) => ({ ...each, ...authorizer })),
    },
  );
  return compileHttpApi(definition, anHttpStage(stage), { account: "000000000000", region: "us-east-1" }, surroundings);
}

const jwt = { AuthorizationType: "JWT", AuthorizerId: "jwt" };
const lambda = { AuthorizationType: "CUSTOM", AuthorizerId: "lambda" };
const open: HttpApi["CorsConfiguration"] = { AllowOrigins: ["https://app.example"] };
const pet: V2Model = { ModelId: "m", Name: "Pet", Schema: '{"type":"object"}' };
const validated: Configuration = { route: { RequestModels: { "application/json": "Pet" } }, models: [pet] };
const demanding = (Required: boolean): Partial<Route> => ({
  RequestParameters: { "route.request.header.x-a": { Required } },
});
const foreignRole = "arn:aws:iam::111111111111:role/r";
const cors = (member: object): Configuration => ({ api: { CorsConfiguration: { ...open, ...member } } });
const withCors = cors({});

/** The gate that the plan has with the setting, or the text of the plan that says what the setting is. */
type Effect = GateKind | StageGateName | RegExp;

/** The settings that guard routes and stages: what configures each, beyond `before`, and what the plan then has. */
const rows: Readonly<Record<string, readonly [with_: Configuration, effect: Effect, before?: Configuration]>> = {
  "Api.DisableExecuteApiEndpoint": [{ api: { DisableExecuteApiEndpoint: true } }, "isDefaultEndpointDisabled"],
  "Api.CorsConfiguration": [withCors, /"cors":\{"allowOrigins":\["https:\/\/app\.example"\]/],
  "Cors.AllowOrigins": [withCors, /"allowOrigins":\["https:\/\/app\.example"\]/, { api: { CorsConfiguration: {} } }],
  "Cors.AllowCredentials": [cors({ AllowCredentials: true }), /"allowCredentials":true/, withCors],
  "Cors.AllowHeaders": [cors({ AllowHeaders: ["x-a"] }), /"allowHeaders":\["x-a"\]/, withCors],
  "Cors.AllowMethods": [cors({ AllowMethods: ["PUT"] }), /"allowMethods":\["PUT"\]/, withCors],
  "Api.ApiKeySelectionExpression": [
    { api: { ApiKeySelectionExpression: "$context.authorizer.usageIdentifierKey" }, route: { ApiKeyRequired: true } },
    /"kind":"api-key","source":"AUTHORIZER"/,
    { route: { ApiKeyRequired: true } },
  ],
  "Route.ApiKeyRequired": [{ route: { ApiKeyRequired: true } }, "api-key"],
  "Route.RequestModels": [validated, "request-validation", { models: [pet] }],
  "Route.RequestParameters": [{ route: demanding(true) }, "request-validation"],
  "ParameterConstraints.Required": [{ route: demanding(true) }, "request-validation", { route: demanding(false) }],
  "Model.Name": [validated, /"models":\{"application\/json":"Pet"\}/],
  "Model.Schema": [validated, /"models":\{"Pet":"\{\\"type\\":\\"object\\"\}"\}/],
  "Route.AuthorizationType": [{ route: { AuthorizationType: "AWS_IAM" } }, "iam"],
  "Route.AuthorizerId": [{ route: jwt }, "authorizer"],
  "Route.AuthorizationScopes": [{ route: { ...jwt, AuthorizationScopes: ["s"] } }, /"scopes":\["s"\]/, { route: jwt }],
  "Integration.CredentialsArn": [
    { integration: aFunction(functionArn, { CredentialsArn: foreignRole }) },
    "closed",
    { integration: aFunction(functionArn) },
  ],
  "Integration.TlsConfig": [
    { integration: behindLink({ TlsConfig: { ServerNameToVerify: "orders.internal" } }) },
    /"origin":"https:\/\/orders\.internal"/,
    { integration: behindLink() },
  ],
  "TlsConfig.ServerNameToVerify": [
    { integration: behindLink({ TlsConfig: { ServerNameToVerify: "orders.internal" } }) },
    /"origin":"https:\/\/orders\.internal"/,
    { integration: behindLink({ TlsConfig: {} }) },
  ],
  "Authorizer.AuthorizerType": [
    { route: jwt, authorizer: { AuthorizerType: "OTHER" as never } },
    "closed",
    { route: jwt },
  ],
  "Authorizer.AuthorizerUri": [{ route: lambda }, /"functionArn":"arn:aws:lambda:[^"]+"/],
  "Authorizer.AuthorizerCredentialsArn": [
    { route: lambda, authorizer: { AuthorizerCredentialsArn: foreignRole } },
    "closed",
    { route: lambda },
  ],
  "Authorizer.AuthorizerPayloadFormatVersion": [
    { route: lambda, authorizer: { AuthorizerPayloadFormatVersion: "1.0" } },
    /"payloadFormat":"1\.0"/,
    { route: lambda },
  ],
  "Authorizer.AuthorizerResultTtlInSeconds": [
    { route: lambda, authorizer: { AuthorizerResultTtlInSeconds: 7 } },
    /"resultTtlSeconds":7/,
    { route: lambda },
  ],
  "Authorizer.EnableSimpleResponses": [
    { route: lambda, authorizer: { EnableSimpleResponses: true } },
    /"hasSimpleResponses":true/,
    { route: lambda },
  ],
  "Authorizer.IdentitySource": [
    { route: lambda, authorizer: { IdentitySource: ["$request.header.X-Token"] } },
    /\$request\.header\.X-Token/,
    { route: lambda },
  ],
  "Authorizer.JwtConfiguration": [{ route: jwt }, /"kind":"jwt"/],
  "JWTConfiguration.Issuer": [
    { route: jwt, authorizer: { JwtConfiguration: { Issuer: "https://other.example", Audience: [] } } },
    /https:\/\/other\.example/,
    { route: jwt },
  ],
  "JWTConfiguration.Audience": [
    { route: jwt, authorizer: { JwtConfiguration: { Issuer: "https://issuer.example", Audience: ["client-2"] } } },
    /"audiences":\["client-2"\]/,
    { route: jwt },
  ],
  "Stage.DefaultRouteSettings": [
    { stage: { DefaultRouteSettings: { ThrottlingRateLimit: 1, ThrottlingBurstLimit: 2 } } },
    /"ratePerSecond":1,"burst":2/,
  ],
  "Stage.RouteSettings": [
    { stage: { RouteSettings: { "GET /": { ThrottlingRateLimit: 1, ThrottlingBurstLimit: 2 } } } },
    /"ratePerSecond":1,"burst":2/,
  ],
  "RouteSettings.ThrottlingRateLimit": [
    { stage: { DefaultRouteSettings: { ThrottlingRateLimit: 0 } } },
    /"method":\{"ratePerSecond":0\}/,
  ],
  "RouteSettings.ThrottlingBurstLimit": [
    { stage: { DefaultRouteSettings: { ThrottlingBurstLimit: 0 } } },
    /"method":\{"burst":0\}/,
  ],
};

/** Where the guards of shapes are tried that have no rows: the shape that has them, or a test. */
const portals = "test/conformance/sdk/portals.test.ts";
const elsewhere: Readonly<Record<string, string>> = {
  TlsConfigInput: "TlsConfig",
  // Portals are pages of REST APIs, and no plan has anything of them.
  Authorization: portals,
  CognitoConfig: portals,
  PortalSummary: portals,
  PutPortalProductSharingPolicyRequest: portals,
};

const hasEffect = (plan: HttpApiPlan, effect: Effect): boolean => {
  if (effect instanceof RegExp) return effect.test(JSON.stringify(plan));
  const isOfStage = Object.hasOwn(stageGates, effect) && Boolean(plan[effect as StageGateName]);
  return isOfStage || plan.methods.some((method) => method.steps.some(({ kind }) => kind === effect));
};

const isSetting = (row: (typeof v2Settings)[string]): row is Setting => typeof row["kind"] === "string";

describe("a setting of HTTP APIs that guards something makes a gate of the plan", () => {
  for (const [setting, [configuration, effect, before = {}]] of Object.entries(rows)) {
    it(setting, () => {
      assert.ok(!hasEffect(compile(before), effect), "not without it");
      const plan = compile(configuration);
      assert.ok(hasEffect(plan, effect), JSON.stringify(plan.methods[0]?.steps));
    });
  }

  it("is true of every setting that is enforced", () => {
    const guarding = Object.entries(v2Settings).flatMap(([shape, members]) => {
      if (isSetting(members)) return members.kind === "enforced" ? [[shape, shape] as const] : [];
      return Object.entries(members)
        .filter(([, { kind }]) => kind === "enforced")
        .map(([member]) => [shape, `${shape}.${member}`] as const);
    });
    const missing = guarding.filter(([shape, name]) => !Object.hasOwn(rows, name) && !Object.hasOwn(elsewhere, shape));
    assert.deepEqual(missing, []);
    const idle = Object.keys(rows).filter((name) => !guarding.some(([, guard]) => guard === name));
    assert.deepEqual(idle, [], "rows of settings that guard nothing");
  });
});

it("every gate of an HTTP API is made by a setting of the table, or is every route's; the others are in no plan", () => {
  // No setting of API Gateway's names a stage's web ACL: AWS WAF's operations do.
  const guarded: Configuration = { stage: { webAclArn: "arn:aws:wafv2:us-east-1:000000000000:regional/webacl/a/b" } };
  const plans = [{}, guarded, ...Object.values(rows).map(([configuration]) => configuration)].map(compile);
  const gates = [
    ...Object.entries(steps).flatMap(([kind, facts]) => ("isGate" in facts ? [kind as GateKind] : [])),
    ...(Object.keys(stageGates) as StageGateName[]),
  ];
  const made = gates.filter((gate) => plans.some((plan) => hasEffect(plan, gate)));
  assert.deepEqual(made.toSorted(), gates.filter((gate) => !Object.hasOwn(absentFromHttp, gate)).toSorted());
});
