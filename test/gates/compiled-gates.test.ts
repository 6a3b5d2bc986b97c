// Every setting that guards something makes the plan contain a gate: a compiler that forgets one fails here.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileRest } from "../../src/compiler/compile-rest.ts";
import { noSurroundings } from "../../src/compiler/surroundings.ts";
import type { Authorizer, Integration, Method, MethodSetting, RestApi, Stage } from "../../src/definition/rest-api.ts";
import { settings } from "../../src/definition/settings.ts";
import { type StageGateName, stageGates } from "../../src/plan/plan.ts";
import type { RestPlan } from "../../src/plan/rest-plan.ts";
import { type GateKind, steps } from "../../src/plan/steps.ts";
import { aMethod, aMock, anHttpProxy, aRestApi, aStage } from "../exchange/a-rest-api.ts";
import { document, settingsOf } from "./guarded-api.ts";

/** What is configured of one method. */
interface Configuration {
  readonly restApi?: Partial<RestApi>;
  readonly stage?: Partial<Stage>;
  readonly method?: Partial<Method>;
  readonly integration?: Partial<Integration>;
  readonly authorizer?: Partial<Authorizer>;
}

const token: Authorizer = {
  id: "a",
  name: "a",
  type: "TOKEN",
  authorizerUri:
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations",
  identitySource: "method.request.header.Authorization",
};
const validator = { id: "v", name: "v", validateRequestBody: true, validateRequestParameters: true };

function compile({ restApi, stage, method, integration, authorizer }: Configuration): RestPlan {
  const backend = anHttpProxy("https://backend.example/", integration);
  const definition = aRestApi(
    { "/": { GET: aMethod(integration === undefined ? aMock() : backend, method) } },
    {
      ...(restApi && { restApi }),
      authorizers: [{ ...token, ...authorizer }],
      requestValidators: [validator],
      models: [{ id: "m", name: "M", contentType: "application/json", schema: '{"type":"object"}' }],
    },
  );
  const surroundings = { ...noSurroundings, hasVpcEndpoints: true };
  return compileRest(definition, aStage(stage), { account: "000000000000", region: "us-east-1" }, surroundings);
}

const custom = { authorizationType: "CUSTOM", authorizerId: "a" };
const pool = { ...custom, authorizationType: "COGNITO_USER_POOLS" };
const poolArn = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_A";
const policy = document({ Effect: "Deny", Principal: "*", Action: "*", Resource: "*" });
const parameters = { "method.request.querystring.q": true };
const anyModel = { "application/json": "M" };

/** A stage with a cache, in which the method has these settings. */
const cached = (setting: Partial<MethodSetting>): Configuration => ({
  stage: {
    cacheClusterEnabled: true,
    methodSettings: { "*/*": { cachingEnabled: true, ...setting } as MethodSetting },
  },
});

/** The gate that the plan has with the setting, or the text of the plan that says what the setting is. */
type Effect = GateKind | StageGateName | RegExp;

/** The settings that guard methods and stages: what configures each, beyond `before`, and what the plan then has. */
const rows: Readonly<Record<string, readonly [with_: Configuration, effect: Effect, before?: Configuration]>> = {
  "RestApi.apiKeySource": [
    { restApi: { apiKeySource: "AUTHORIZER" }, method: { apiKeyRequired: true } },
    /"kind":"api-key","source":"AUTHORIZER"/,
    { method: { apiKeyRequired: true } },
  ],
  "RestApi.policy": [{ restApi: { policy } }, "resource-policy"],
  "RestApi.disableExecuteApiEndpoint": [{ restApi: { disableExecuteApiEndpoint: true } }, "isDefaultEndpointDisabled"],
  "RestApi.endpointConfiguration": [{ restApi: { endpointConfiguration: { types: ["PRIVATE"] } } }, "privateEndpoint"],
  "RestApi.endpointAccessMode": [{ restApi: { endpointAccessMode: "STRICT" } }, "closed"],
  "EndpointConfiguration.types": [{ restApi: { endpointConfiguration: { types: ["PRIVATE"] } } }, "resource-policy"],
  "EndpointConfiguration.vpcEndpointIds": [
    { restApi: { endpointConfiguration: { types: ["PRIVATE"], vpcEndpointIds: ["vpce-1"] } } },
    /"privateEndpoint":\{"vpcEndpointIds":\["vpce-1"\]\}/,
    { restApi: { endpointConfiguration: { types: ["PRIVATE"] } } },
  ],
  "Method.authorizationType": [{ method: { authorizationType: "AWS_IAM" } }, "iam"],
  "Method.authorizerId": [{ method: custom }, "authorizer"],
  "Method.authorizationScopes": [
    {
      method: { ...pool, authorizationScopes: ["s"] },
      authorizer: { type: "COGNITO_USER_POOLS", providerARNs: [poolArn] },
    },
    /"scopes":\["s"\]/,
    { method: pool, authorizer: { type: "COGNITO_USER_POOLS", providerARNs: [poolArn] } },
  ],
  "Method.apiKeyRequired": [{ method: { apiKeyRequired: true } }, "api-key"],
  "Method.requestValidatorId": [
    { method: { requestValidatorId: "v", requestParameters: parameters } },
    "request-validation",
    { method: { requestParameters: parameters } },
  ],
  "Method.requestParameters": [
    { method: { requestValidatorId: "v", requestParameters: parameters } },
    "request-validation",
    { method: { requestValidatorId: "v" } },
  ],
  "Method.requestModels": [
    { method: { requestValidatorId: "v", requestModels: anyModel } },
    /"models":\{"application\/json":"M"\}/,
    { method: { requestValidatorId: "v" } },
  ],
  "Integration.credentials": [
    { integration: { credentials: "arn:aws:iam::111111111111:role/r" } },
    "closed",
    { integration: {} },
  ],
  "Integration.tlsConfig": [
    { integration: { tlsConfig: { insecureSkipVerification: true } } },
    /"isTlsUnverified":true/,
    { integration: {} },
  ],
  "Integration.passthroughBehavior": [
    { integration: { type: "HTTP", passthroughBehavior: "NEVER" } },
    /"passthrough":"NEVER"/,
    { integration: { type: "HTTP" } },
  ],
  "TlsConfig.insecureSkipVerification": [
    { integration: { tlsConfig: { insecureSkipVerification: true } } },
    /"isTlsUnverified":true/,
    { integration: { tlsConfig: {} } },
  ],
  "Model.schema": [{ method: { requestValidatorId: "v", requestModels: anyModel } }, /\{\\"type\\":\\"object\\"\}/],
  "RequestValidator.validateRequestBody": [
    { method: { requestValidatorId: "v", requestModels: anyModel } },
    "request-validation",
  ],
  "RequestValidator.validateRequestParameters": [
    { method: { requestValidatorId: "v", requestParameters: parameters } },
    "request-validation",
  ],
  "Authorizer.type": [{ method: custom, authorizer: { type: "REQUEST" } }, /"kind":"request","id"/, { method: custom }],
  "Authorizer.providerARNs": [
    { method: pool, authorizer: { type: "COGNITO_USER_POOLS", providerARNs: [poolArn] } },
    /us-east-1_A/,
    { method: pool, authorizer: { type: "COGNITO_USER_POOLS" } },
  ],
  "Authorizer.authorizerUri": [{ method: custom }, /function:f"/],
  "Authorizer.authorizerCredentials": [
    { method: custom, authorizer: { authorizerCredentials: "arn:aws:iam::111111111111:role/r" } },
    "closed",
    { method: custom },
  ],
  "Authorizer.identitySource": [
    { method: custom, authorizer: { identitySource: "method.request.header.X-Token" } },
    /method\.request\.header\.X-Token/,
    { method: custom },
  ],
  "Authorizer.identityValidationExpression": [
    { method: custom, authorizer: { identityValidationExpression: "a+" } },
    /"identityValidationExpression":"a\+"/,
    { method: custom },
  ],
  "Authorizer.authorizerResultTtlInSeconds": [
    { method: custom, authorizer: { authorizerResultTtlInSeconds: 7 } },
    /"resultTtlSeconds":7/,
    { method: custom },
  ],
  "Stage.clientCertificateId": [
    { stage: { clientCertificateId: "c" }, integration: {} },
    "closed",
    { integration: {} },
  ],
  "Stage.webAclArn": [{ stage: { webAclArn: "arn" } }, "webAclArn"],
  "Stage.methodSettings": [{ stage: { methodSettings: settingsOf(1, 2) } }, /"ratePerSecond":1,"burst":2/],
  "MethodSetting.throttlingBurstLimit": [{ stage: { methodSettings: settingsOf(-1, 2) } }, /"method":\{"burst":2\}/],
  "MethodSetting.throttlingRateLimit": [
    { stage: { methodSettings: settingsOf(1, -1) } },
    /"method":\{"ratePerSecond":1\}/,
  ],
  "MethodSetting.requireAuthorizationForCacheControl": [
    cached({ requireAuthorizationForCacheControl: true }),
    /"invalidation":"SUCCEED_WITH_RESPONSE_HEADER"/,
    cached({ requireAuthorizationForCacheControl: false }),
  ],
  "MethodSetting.unauthorizedCacheControlHeaderStrategy": [
    cached({ unauthorizedCacheControlHeaderStrategy: "FAIL_WITH_403" }),
    /"invalidation":"FAIL_WITH_403"/,
    cached({}),
  ],
};

/** Shapes that no plan of a stage shows: their gates read publications, or management itself enforces them. */
const elsewhere: Readonly<Record<string, string>> = {
  ApiKey: "the gate api-key",
  UsagePlan: "the gates api-key and quota",
  ApiStage: "the gate api-key",
  ThrottleSettings: "the gate api-key",
  QuotaSettings: "the gate quota",
  UsagePlanKey: "the gate api-key",
  CreateUsagePlanKeyRequest: "the gate api-key",
  Account: "the gate throttle, and CreateStage",
};

const hasEffect = (plan: RestPlan, effect: Effect): boolean => {
  if (effect instanceof RegExp) return effect.test(JSON.stringify(plan));
  const isOfStage = Object.hasOwn(stageGates, effect) && Boolean(plan[effect as StageGateName]);
  return isOfStage || plan.methods.some((method) => method.steps.some(({ kind }) => kind === effect));
};

describe("a setting that guards something makes a gate of the plan", () => {
  for (const [setting, [configuration, effect, before = {}]] of Object.entries(rows)) {
    it(setting, () => {
      assert.ok(!hasEffect(compile(before), effect), "not without it");
      const plan = compile(configuration);
      assert.ok(hasEffect(plan, effect), JSON.stringify(plan.methods[0]?.steps));
    });
  }

  it("is true of every setting that is enforced or closed", () => {
    const guarding = Object.entries(settings).flatMap(([shape, members]) =>
      Object.entries(members)
        .filter(([, { kind }]) => kind === "enforced" || kind === "closed")
        .map(([member]) => [shape, `${shape}.${member}`] as const),
    );
    const missing = guarding.filter(([shape, name]) => !Object.hasOwn(rows, name) && !Object.hasOwn(elsewhere, shape));
    assert.deepEqual(missing, []);
    const idle = Object.keys(rows).filter((name) => !guarding.some(([, guard]) => guard === name));
    assert.deepEqual(idle, [], "rows of settings that guard nothing");
  });
});

it("every gate of the plan is made by a setting of the table, or is every method's", () => {
  const made = new Set<Effect>(Object.values(rows).map(([, effect]) => effect));
  const gates = Object.entries(steps).flatMap(([kind, facts]) => ("isGate" in facts ? [kind as GateKind] : []));
  const always = new Set(compile({}).methods[0]!.steps.map(({ kind }) => kind));
  // The policy is a member beside its step, and a quota follows the API key.
  const beside = ["quota", "resourcePolicy"];
  const missing = [...gates, ...(Object.keys(stageGates) as StageGateName[])].filter(
    (gate) => !made.has(gate) && !always.has(gate as GateKind) && !beside.includes(gate),
  );
  assert.deepEqual(missing, []);
  assert.ok(hasEffect(compile({ method: { apiKeyRequired: true } }), "quota"));
  assert.ok(hasEffect(compile({ restApi: { policy } }), "resourcePolicy"));
});
