// An HTTP API with every gate that it can have, and what lets a request through all of them.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { ManualClock } from "../../src/base/clock.ts";
import { noSurroundings, type Surroundings } from "../../src/compiler/surroundings.ts";
import { beyondAwsNames } from "../../src/definition/beyond-aws.ts";
import type { HttpApiDefinition, HttpStage } from "../../src/definition/http-api.ts";
import { allocateThrottles, fillThrottles, openThrottles } from "../../src/limits/throttles.ts";
import type { HttpApiPlan } from "../../src/plan/http-api-plan.ts";
import { stageKey } from "../../src/plan/plan.ts";
import { functionArn } from "../exchange/a-rest-api.ts";
import { anHttpApi, anHttpStage, answer, aUrl } from "../exchange/an-http-api.ts";
import { FakeFunctions } from "../exchange/fake-functions.ts";
import { addKey, aKeyTable } from "../exchange/fake-keys.ts";
import { startGateway } from "../exchange/start-gateway.ts";
import {
  allowedUser,
  ann,
  callGuarded,
  document,
  type GuardedBase,
  type GuardedOptions,
  jwtOf,
  keyValue,
  nowMs,
  poolKey,
  resultOf,
  usagePlanSetter,
  webAcl,
  webAclArn,
} from "./guarded-api.ts";

/** The routes of the API: one for each way to find out who calls. Each has all gates that it can have. */
export const routeNames = ["none", "jwt", "simple", "policy", "iam"] as const;
export type RouteName = (typeof routeNames)[number];

export interface GuardedHttpApi extends GuardedBase<"http"> {
  /** A token that the issuer signed. */
  tokenOf(claims?: object, key?: typeof poolKey.privateKey, header?: object): string;
}

/** With throttles that no test reaches unless it changes them. */
const stage = anHttpStage({
  webAclArn,
  DefaultRouteSettings: { ThrottlingRateLimit: 100_000, ThrottlingBurstLimit: 100_000 },
});
const integration = aUrl("https://backend.example/");

const request = {
  AuthorizerType: "REQUEST",
  AuthorizerUri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`,
  AuthorizerPayloadFormatVersion: "2.0",
  AuthorizerResultTtlInSeconds: 300,
  IdentitySource: ["$request.header.Authorization"],
} as const;

const keyed = {
  ApiKeyRequired: true,
  RequestParameters: { "route.request.header.x-tenant": { Required: true } },
} as const;

const definitionOf = (issuer: string): HttpApiDefinition =>
  anHttpApi(
    {
      "GET /none": { integration, route: keyed },
      "GET /jwt": { integration, route: { ...keyed, AuthorizationType: "JWT", AuthorizerId: "jwt" } },
      "GET /simple": { integration, route: { ...keyed, AuthorizationType: "CUSTOM", AuthorizerId: "simple" } },
      "GET /policy": { integration, route: { ...keyed, AuthorizationType: "CUSTOM", AuthorizerId: "policy" } },
      "GET /iam": { integration, route: { ...keyed, AuthorizationType: "AWS_IAM" } },
    },
    {
      // Each route answers by a step that `servedBy` puts there.
      integrations: [],
      authorizers: [
        {
          AuthorizerId: "jwt",
          Name: "jwt",
          AuthorizerType: "JWT",
          IdentitySource: ["$request.header.Authorization"],
          JwtConfiguration: { Issuer: issuer, Audience: ["client-1"] },
        },
        { ...request, AuthorizerId: "simple", Name: "simple", EnableSimpleResponses: true },
        { ...request, AuthorizerId: "policy", Name: "policy" },
      ],
    },
  );

const surroundings: Surroundings = { ...noSurroundings, beyondAws: beyondAwsNames };

/** One for all APIs, each of which begins with full buckets: memory that is shared is given back late. */
const memory = allocateThrottles(nowMs);

const servedBy = (plan: HttpApiPlan): HttpApiPlan => ({
  ...plan,
  methods: plan.methods.map((method) => ({
    ...method,
    steps: method.steps.map((step) => (step.kind === "misconfigured" ? answer("served") : step)),
  })),
});

export async function startGuardedHttp(options: GuardedOptions = {}): Promise<GuardedHttpApi> {
  const clock = new ManualClock(nowMs);
  const functions = new FakeFunctions();
  const permission = { Effect: "Allow", Principal: "*", Action: "lambda:InvokeFunction", Resource: functionArn };
  functions.facts = { functionArn, policy: document(permission), policyRevision: "1" };
  functions.answer = ({ routeKey }) => (routeKey === "GET /simple" ? { isAuthorized: true } : resultOf());
  fillThrottles(memory);
  const table = aKeyTable();
  const throttles = openThrottles(memory, { ratePerSecond: 1e9, burst: 1e9 });
  const provider = createServer((incoming, outgoing) => {
    if (api.issuerKeys === undefined) outgoing.writeHead(503).end();
    else if (incoming.url === "/keys") {
      const keys = Object.entries(api.issuerKeys).map(([kid, key]) => ({ ...key.export({ format: "jwk" }), kid }));
      outgoing.end(JSON.stringify({ keys: keys.map((key) => ({ ...key, alg: "RS256", use: "sig" })) }));
    } else outgoing.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/keys` }));
  });
  await new Promise<void>((resolve) => provider.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  const gateway = await startGateway({
    clock,
    functions,
    apiKeys: table,
    throttles: memory,
    ...(options.saved && { usageSaving: { hurry() {}, save: options.saved } }),
    ...(options.accountThrottle && { accountThrottle: options.accountThrottle }),
  });
  const tokenOf: GuardedHttpApi["tokenOf"] = (claims = {}, key = poolKey.privateKey, header = {}) =>
    jwtOf({ iss: issuer, ...claims }, key, header);
  const setPlan: GuardedHttpApi["setPlan"] = (plan) =>
    void gateway.gateway.setPlan(stageKey(plan.apiId, plan.stageName), plan);
  const deploy = (definition: HttpApiDefinition, of: HttpStage, among = surroundings): HttpApiPlan => {
    const plan = servedBy(gateway.deployHttp(definition, of, among).plan as HttpApiPlan);
    setPlan(plan);
    return plan;
  };
  const base = definitionOf(issuer);
  let plan = deploy(base, stage);
  const authorizations: Readonly<Record<RouteName, () => Record<string, string>>> = {
    none: () => ({}),
    jwt: () => ({ authorization: `Bearer ${tokenOf()}` }),
    simple: () => ({ authorization: "secret" }),
    policy: () => ({ authorization: "secret" }),
    iam: () => ({}),
  };
  const api: GuardedHttpApi = {
    gateway,
    clock,
    functions,
    table,
    throttles,
    setUsagePlan: usagePlanSetter(gateway, table, "http123", "$default"),
    issuerKeys: { one: poolKey.publicKey },
    tokenOf,
    plan: () => plan,
    configure(change, over) {
      plan = deploy(...change(base, stage), { ...surroundings, ...over });
    },
    setPlan,
    call: (route, change) =>
      callGuarded(
        gateway,
        {
          path: `/${route}`,
          host: "http123.execute-api.us-east-1.localhost",
          headers: { "x-api-key": keyValue, "user-agent": "test", "x-tenant": "a", ...authorizations[route]() },
          isSigned: route === "iam",
        },
        change,
      ),
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      provider.closeAllConnections();
      provider.close();
    },
  };
  const { callers } = gateway.gateway;
  callers.setIdentity("user/ann", allowedUser);
  callers.setAccessKey(ann.accessKeyId, { secret: ann.secretAccessKey, isActive: true, ownerArn: allowedUser.arn });
  gateway.gateway.setWebAcl(webAclArn, webAcl);
  api.setUsagePlan();
  addKey(table, { id: "key", value: keyValue, plans: ["plan"] }, throttles.clients);
  return api;
}
