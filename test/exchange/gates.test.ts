// Each gate is what refuses: a request that it refuses passes as soon as its step is taken out of the plan, and not before.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../src/base/clock.ts";
import type { Authorizer, Method, MethodSetting, RestApi } from "../../src/definition/rest-api.ts";
import { allocateThrottles, openThrottles } from "../../src/limits/throttles.ts";
import type { Plan } from "../../src/plan/kinds.ts";
import { stageKey } from "../../src/plan/plan.ts";
import type { StepKind } from "../../src/plan/steps.ts";
import { aMethod, aMock, aRestApi, aStage, functionArn } from "./a-rest-api.ts";
import { FakeFunctions } from "./fake-functions.ts";
import { addKey, aKeyTable, scope } from "./fake-keys.ts";
import { startGateway } from "./start-gateway.ts";

interface Gate {
  readonly method?: Partial<Method>;
  readonly restApi?: Partial<RestApi>;
  readonly setting?: Partial<MethodSetting>;
  readonly headers?: Record<string, string>;
  /** What the gate answers, as the last of so many requests. */
  readonly status: number;
  readonly requests?: number;
  /** A later gate that refuses whoever did not come through this one. */
  readonly isBackedBy?: StepKind;
}

/** What makes no decision on who may call, and how much. */
const noGate = "no gate";
const value = "goodKeyOfTwentyOrMore1";
const statement = { Effect: "Deny", Principal: "*", Action: "execute-api:Invoke", Resource: "*" };

/** Every kind of step: a new kind does not compile until it is said here whether it is a gate. */
const gates: { readonly [Kind in StepKind]: typeof noGate | Gate } = {
  "resource-policy": {
    restApi: { policy: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }) },
    status: 403,
  },
  authorizer: {
    method: { authorizationType: "CUSTOM", authorizerId: "auth" },
    headers: { Authorization: "no friend" },
    status: 403,
  },
  iam: { method: { authorizationType: "AWS_IAM" }, status: 403 },
  "api-key": { method: { apiKeyRequired: true }, status: 403, isBackedBy: "quota" },
  quota: { method: { apiKeyRequired: true }, headers: { "x-api-key": value }, status: 429, requests: 3 },
  throttle: { setting: { throttlingRateLimit: 1, throttlingBurstLimit: 2 }, status: 429, requests: 3 },
  "request-validation": {
    method: { requestValidatorId: "v", requestParameters: { "method.request.header.X-Needed": true } },
    status: 400,
  },
  // They refuse every request by themselves: what they stand for is not there.
  closed: noGate,
  misconfigured: noGate,
  "response-compression": noGate,
  "response-cache": noGate,
  mock: noGate,
  http: noGate,
  "http-proxy": noGate,
  "http-api-proxy": noGate,
  "websocket-lambda": noGate,
  "websocket-accept": noGate,
  "http-api-service": noGate,
  aws: noGate,
  lambda: noGate,
  "lambda-proxy": noGate,
  "http-api-lambda": noGate,
  "authorizer-test": noGate,
};

const authorizer: Authorizer = {
  id: "auth",
  name: "auth",
  type: "TOKEN",
  authorizerUri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`,
  identitySource: "method.request.header.Authorization",
};

/** Returns the status of the last of so many requests; `without` are kinds of steps that are taken out of the plan. */
async function lastStatus(
  { method, restApi, setting, headers = {}, requests = 1 }: Gate,
  ...without: readonly StepKind[]
): Promise<number> {
  const begin = Date.UTC(2026, 10, 18, 12);
  const memory = allocateThrottles(begin);
  const throttles = openThrottles(memory, { ratePerSecond: 1e9, burst: 1e9 });
  const apiKeys = aKeyTable();
  addKey(apiKeys, { id: "key", value, plans: ["plan"] }, throttles.clients);
  const functions = new FakeFunctions();
  const may = { Effect: "Allow", Principal: "*", Action: "lambda:InvokeFunction", Resource: functionArn };
  const policy = JSON.stringify({ Version: "2012-10-17", Statement: [may] });
  functions.facts = { functionArn, policy, policyRevision: "1" };
  functions.answer = () => ({ principalId: "me", policyDocument: { Version: "2012-10-17", Statement: [] } });
  await using gateway = await startGateway({ functions, apiKeys, throttles: memory, clock: new ManualClock(begin) });
  gateway.gateway.setUsagePlan("000000000000/us-east-1/plan", {
    slot: apiKeys.planSlot(scope, "plan"),
    ...scope,
    id: "plan",
    stages: [{ apiId: "abc123", stageName: "prod", throttles: {} }],
    quota: { limit: 2, offset: 0, period: "DAY" },
  });
  const { plan } = gateway.deploy(
    aRestApi(
      { "/": { GET: aMethod(aMock("passed"), method) } },
      {
        authorizers: [authorizer],
        requestValidators: [{ id: "v", name: "v", validateRequestBody: false, validateRequestParameters: true }],
        ...(restApi && { restApi }),
      },
    ),
    aStage({ methodSettings: setting === undefined ? {} : { "*/*": setting as MethodSetting } }),
  );
  const kinds = plan.methods[0]!.steps.map(({ kind }) => kind);
  for (const kind of without) assert.ok(kinds.includes(kind), `the plan has the step ${kind}`);
  gateway.gateway.setPlan(stageKey(plan.apiId, plan.stageName), withoutSteps(plan, without));
  let status = 0;
  for (let request = 0; request < requests; request++) status = (await gateway.call("/", { headers })).status;
  return status;
}

const withoutSteps = (plan: Plan, without: readonly StepKind[]): Plan =>
  ({
    ...plan,
    methods: plan.methods.map((method) => ({
      ...method,
      steps: method.steps.filter(({ kind }) => !without.includes(kind)),
    })),
  }) as Plan;

for (const [kind, gate] of Object.entries(gates)) {
  if (gate === noGate) continue;
  test(`nothing but the step ${kind} refuses what it refuses`, async () => {
    const step = kind as StepKind;
    assert.equal(await lastStatus(gate), gate.status);
    const { isBackedBy } = gate;
    if (isBackedBy !== undefined)
      assert.equal(await lastStatus(gate, step), gate.status, `without it ${isBackedBy} refuses`);
    const gone = isBackedBy === undefined ? [step] : [step, isBackedBy];
    assert.equal(await lastStatus(gate, ...gone), 200, "without it the request passes");
  });
}
