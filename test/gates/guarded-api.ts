// An API with every gate, what lets a request through all of them, and what each of them knows.

import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Identity } from "../../src/access/principal.ts";
import type { Credentials } from "../../src/access/request-signer.ts";
import { ManualClock } from "../../src/base/clock.ts";
import { parseIpNetwork } from "../../src/base/ip-address.ts";
import { noSurroundings, type Surroundings } from "../../src/compiler/surroundings.ts";
import type { HttpApiDefinition, HttpStage } from "../../src/definition/http-api.ts";
import type { MethodSetting, RestApiDefinition, Stage } from "../../src/definition/rest-api.ts";
import type { WebSocketApiDefinition, WebSocketStage } from "../../src/definition/websocket-api.ts";
import { developmentListener, type Listener } from "../../src/http/listener.ts";
import type { ApiKeyTable } from "../../src/limits/api-key-table.ts";
import { allocateThrottles, openThrottles, type ThrottleLimit, type Throttles } from "../../src/limits/throttles.ts";
import type { Plan, PlanOf } from "../../src/plan/kinds.ts";
import { stageKey } from "../../src/plan/plan.ts";
import type { RestPlan } from "../../src/plan/rest-plan.ts";
import type { StepKind } from "../../src/plan/steps.ts";
import type { UsagePlanFacts } from "../../src/plan/usage-plan.ts";
import type { PublishedWebAcl } from "../../src/waf/web-acl.ts";
import { aMethod, aMock, aRestApi, aStage, functionArn } from "../exchange/a-rest-api.ts";
import { FakeFunctions } from "../exchange/fake-functions.ts";
import { addKey, aKeyTable, scope } from "../exchange/fake-keys.ts";
import { type GatewayUnderTest, type Reply, startGateway } from "../exchange/start-gateway.ts";
import { type SdkSigning, signWithSdk } from "../sdk-signer.ts";
import { aRule, aWebAcl, base64, noParts, plain } from "../waf/a-web-acl.ts";
import type { GuardedHttpApi, RouteName } from "./guarded-http-api.ts";
import type { EventName, GuardedWebSocketApi } from "./guarded-websocket-api.ts";

/** The methods of the API: one for each way to find out who calls. Each has all gates that it can have. */
export const methodNames = ["none", "custom", "pool", "iam"] as const;
export type MethodName = (typeof methodNames)[number];

export const nowMs = Date.UTC(2026, 10, 20, 12);
export const keyValue = "goodKeyOfTwentyOrMore1";
export const ann: Credentials = { accessKeyId: "AKIAANN", secretAccessKey: "ann's secret" };
export const webAclArn = aWebAcl([]).ARN;

const { account } = scope;
const stageArn = `arn:aws:execute-api:us-east-1:${account}:abc123/prod`;
const poolId = "us-east-1_Portico01";
const issuer = `https://cognito-idp.us-east-1.amazonaws.com/${poolId}`;
export const poolKey = generateKeyPairSync("rsa", { modulusLength: 2_048 });
export const foreignKey = generateKeyPairSync("rsa", { modulusLength: 2_048 });

export const document = (...statements: readonly object[]): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements });
const invoke = { Effect: "Allow", Action: "execute-api:Invoke", Resource: "*" };

/** Denies whoever calls itself evil, and allows the methods at which it decides alone. */
const resourcePolicy = document(
  { ...invoke, Principal: "*", Resource: [`${stageArn}/GET/none`, `${stageArn}/GET/pool`] },
  { ...invoke, Principal: "*", Effect: "Deny", Condition: { StringEquals: { "aws:UserAgent": "evil" } } },
);

export const userOf = (ofAccount: string, ...statements: readonly object[]): Identity => ({
  kind: "user",
  account: ofAccount,
  arn: `arn:aws:iam::${ofAccount}:user/ann`,
  id: "AIDAEXAMPLE",
  name: "ann",
  path: "/",
  tags: {},
  policies: [{ name: "own", document: document(...statements) }],
});
export const allowedUser = userOf(account, invoke);

export const jwtOf = (claims: object = {}, key: KeyObject = poolKey.privateKey, header: object = {}): string => {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const all = { sub: "0b1c", aud: "client-1", iss: issuer, token_use: "id", exp: nowMs / 1_000 + 600, ...claims };
  const text = `${encode({ alg: "RS256", kid: "one", ...header })}.${encode(all)}`;
  return `${text}.${sign("RSA-SHA256", Buffer.from(text), key).toString("base64url")}`;
};

export const webAcl: PublishedWebAcl = {
  kind: "web-acl",
  parts: noParts,
  webAcl: aWebAcl([
    aRule("no-attack", {
      ByteMatchStatement: {
        SearchString: base64("attack"),
        FieldToMatch: { QueryString: {} },
        TextTransformations: plain,
        PositionalConstraint: "CONTAINS",
      },
    }),
  ]),
};

/** What the authorizer's function says of a caller. */
export const resultOf = (statement: object = {}): object => ({
  principalId: "me",
  policyDocument: { Version: "2012-10-17", Statement: [{ ...invoke, ...statement }] },
});

const definition: RestApiDefinition = aRestApi(
  Object.fromEntries(
    Object.entries({
      none: {},
      custom: { authorizationType: "CUSTOM", authorizerId: "token" },
      pool: { authorizationType: "COGNITO_USER_POOLS", authorizerId: "pool" },
      iam: { authorizationType: "AWS_IAM" },
    }).map(([name, authorization]) => [
      `/${name}`,
      {
        GET: aMethod(aMock("served"), {
          ...authorization,
          apiKeyRequired: true,
          requestValidatorId: "all",
          requestParameters: { "method.request.querystring.q": true },
        }),
      },
    ]),
  ),
  {
    restApi: { policy: resourcePolicy },
    requestValidators: [{ id: "all", name: "all", validateRequestBody: true, validateRequestParameters: true }],
    authorizers: [
      {
        id: "token",
        name: "token",
        type: "TOKEN",
        authorizerUri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`,
        identitySource: "method.request.header.Authorization",
        identityValidationExpression: "Bearer [a-z]+",
        authorizerResultTtlInSeconds: 300,
      },
      {
        id: "pool",
        name: "pool",
        type: "COGNITO_USER_POOLS",
        providerARNs: [`arn:aws:cognito-idp:us-east-1:${account}:userpool/${poolId}`],
        identitySource: "method.request.header.Authorization",
      },
    ],
  },
);

/** With throttles that no test reaches unless it changes them. */
const stage = aStage({ webAclArn, methodSettings: settingsOf(100_000, 100_000) });

export function settingsOf(rate: unknown, burst: unknown): Stage["methodSettings"] {
  return { "*/*": { throttlingRateLimit: rate, throttlingBurstLimit: burst } as unknown as MethodSetting };
}

/** A request, before it is signed. */
export interface Draft {
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  credentials: Credentials;
  signing: Partial<SdkSigning>;
  port?: number;
  host: string;
  /** What is sent on a connection, where no handshake is tried. */
  message?: string;
  /** Changes headers after the request was signed. */
  tamper: (headers: Record<string, string | string[]>) => void;
}

/** The kinds of API, each of which has tables of its gates. */
export type GuardedKind = keyof GuardedKinds;

/** What the guarded APIs of each kind are made of. */
export interface GuardedKinds {
  readonly rest: {
    readonly definition: RestApiDefinition;
    readonly stage: Stage;
    readonly method: MethodName;
    readonly api: GuardedApi;
  };
  readonly http: {
    readonly definition: HttpApiDefinition;
    readonly stage: HttpStage;
    readonly method: RouteName;
    readonly api: GuardedHttpApi;
  };
  readonly websocket: {
    readonly definition: WebSocketApiDefinition;
    readonly stage: WebSocketStage;
    readonly method: EventName;
    readonly api: GuardedWebSocketApi;
  };
}

export type MethodOf<Kind extends GuardedKind> = GuardedKinds[Kind]["method"];
export type ApiOf<Kind extends GuardedKind> = GuardedKinds[Kind]["api"];
type Configuration<Kind extends GuardedKind> = readonly [
  definition: GuardedKinds[Kind]["definition"],
  stage: GuardedKinds[Kind]["stage"],
];

/** What the guarded APIs of all kinds have. */
export interface GuardedBase<Kind extends GuardedKind> extends AsyncDisposable {
  readonly gateway: GatewayUnderTest;
  readonly clock: ManualClock;
  readonly functions: FakeFunctions;
  readonly throttles: Throttles;
  /** The API keys, with the good one in a usage plan of the stage. */
  readonly table: ApiKeyTable;
  setUsagePlan(facts?: Partial<UsagePlanFacts>): void;
  /** The keys of the user pool or issuer; undefined if nobody answers for them. */
  issuerKeys: Readonly<Record<string, KeyObject>> | undefined;
  /** The plan that serves a method. One serves all but those of WebSocket APIs. */
  plan(method?: MethodOf<Kind>): PlanOf<Kind>;
  /** Deploys the API in another form. */
  configure(
    change: (definition: GuardedKinds[Kind]["definition"], stage: GuardedKinds[Kind]["stage"]) => Configuration<Kind>,
    surroundings?: Partial<Surroundings>,
  ): void;
  setPlan(plan: Plan): void;
  /** Calls a method with what all its gates ask for, but for what `change` makes of it. */
  call(method: MethodOf<Kind>, change?: (draft: Draft) => void): Promise<Reply>;
}

export type GuardedApi = GuardedBase<"rest">;

/** Returns what sets the usage plan of the good key, for some stages of an API. */
export const usagePlanSetter =
  (gateway: GatewayUnderTest, table: ApiKeyTable, apiId: string, ...stageNames: readonly string[]) =>
  (facts: Partial<UsagePlanFacts> = {}): void =>
    gateway.gateway.setUsagePlan(`${account}/us-east-1/plan`, {
      slot: table.planSlot(scope, "plan"),
      ...scope,
      id: "plan",
      stages: stageNames.map((stageName) => ({ apiId, stageName, throttles: {} })),
      ...facts,
    });

export interface GuardedOptions {
  readonly accountThrottle?: ThrottleLimit;
  readonly saved?: () => Promise<boolean>;
  readonly isPrivate?: boolean;
}

const inside: Listener = {
  ...developmentListener,
  vpcEndpoints: [{ id: "vpce-1", vpcId: "vpc-1", network: parseIpNetwork("127.0.0.0/8")! }],
};

export async function startGuarded(options: GuardedOptions = {}): Promise<GuardedApi> {
  const clock = new ManualClock(nowMs);
  const functions = new FakeFunctions();
  functions.facts = {
    functionArn,
    policy: document({ Effect: "Allow", Principal: "*", Action: "lambda:InvokeFunction", Resource: functionArn }),
    policyRevision: "1",
  };
  functions.answer = () => resultOf();
  const table = aKeyTable();
  const memory = allocateThrottles(nowMs);
  const throttles = openThrottles(memory, { ratePerSecond: 1e9, burst: 1e9 });
  const cognito = createServer((_, outgoing) => {
    if (api.issuerKeys === undefined) outgoing.writeHead(503).end();
    else {
      const keys = Object.entries(api.issuerKeys).map(([kid, key]) => ({
        ...key.export({ format: "jwk" }),
        kid,
        alg: "RS256",
      }));
      outgoing.end(JSON.stringify({ keys }));
    }
  });
  await new Promise<void>((resolve) => cognito.listen(0, "127.0.0.1", resolve));
  const gateway = await startGateway({
    clock,
    functions,
    apiKeys: table,
    throttles: memory,
    ...(options.isPrivate === true && { listener: inside }),
    ...(options.accountThrottle && { accountThrottle: options.accountThrottle }),
    ...(options.saved && { usageSaving: { hurry() {}, save: options.saved } }),
    services: { endpoints: { cognitoidp: `http://127.0.0.1:${(cognito.address() as AddressInfo).port}` } },
  });
  const surroundings: Surroundings = { ...noSurroundings, hasVpcEndpoints: options.isPrivate === true };
  const deploy = (configuration: Configuration<"rest">): RestPlan =>
    gateway.deploy(...configuration, surroundings).plan as RestPlan;
  const base: RestApiDefinition = options.isPrivate
    ? {
        ...definition,
        restApi: {
          ...definition.restApi,
          endpointConfiguration: { types: ["PRIVATE"], vpcEndpointIds: ["vpce-1"] },
        },
      }
    : definition;
  let plan = deploy([base, stage]);
  const api: GuardedApi = {
    gateway,
    clock,
    functions,
    table,
    throttles,
    issuerKeys: { one: poolKey.publicKey },
    plan: () => plan,
    configure(change) {
      plan = deploy(change(base, stage));
    },
    setPlan(changed) {
      gateway.gateway.setPlan(stageKey(changed.apiId, changed.stageName), changed);
    },
    setUsagePlan: usagePlanSetter(gateway, table, "abc123", "prod"),
    call: (method, change) =>
      callGuarded(
        gateway,
        {
          path: `/prod/${method}`,
          host: "abc123.execute-api.us-east-1.localhost",
          query: { q: "1" },
          headers: { "x-api-key": keyValue, "user-agent": "test", ...authorizations[method]() },
          isSigned: method === "iam",
        },
        change,
      ),
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      cognito.closeAllConnections();
      cognito.close();
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

const authorizations: Readonly<Record<MethodName, () => Record<string, string>>> = {
  none: () => ({}),
  custom: () => ({ authorization: "Bearer abc" }),
  pool: () => ({ authorization: jwtOf() }),
  iam: () => ({}),
};

/** A request that all gates let through. */
export type GoodRequest = Partial<Draft> & Pick<Draft, "path" | "host" | "headers"> & { readonly isSigned: boolean };

/** Sends a request that all gates let through, but for what `change` makes of it. */
export async function callGuarded(
  gateway: GatewayUnderTest,
  good: GoodRequest,
  change?: (draft: Draft) => void,
): Promise<Reply> {
  const { target, headers, host, port } = await writeRequest(good, change);
  return gateway.call(target, { isWhole: true, headers, host, ...(port !== undefined && { port }) });
}

/** Returns the request as it is sent, signed and changed after that. */
export async function writeRequest(
  { isSigned, ...good }: GoodRequest,
  change: (draft: Draft) => void = () => {},
): Promise<Pick<Draft, "host" | "port"> & { target: string; headers: Record<string, string | string[]> }> {
  const draft: Draft = { query: {}, credentials: ann, signing: {}, tamper: () => {}, ...good };
  change(draft);
  const { path, query, host, port } = draft;
  const search = String(new URLSearchParams(query));
  let target = search === "" ? path : `${path}?${search}`;
  let headers: Record<string, string | string[]> = draft.headers;
  if (isSigned) {
    const unsigned = { method: "GET", host, path, query, headers: draft.headers };
    const signed = await signWithSdk(unsigned, { credentials: draft.credentials, nowMs, ...draft.signing });
    target = signed.target;
    headers = { ...signed.headers };
  }
  draft.tamper(headers);
  delete headers["host"];
  return { target, headers, host, ...(port !== undefined && { port }) };
}

/** The plan without the steps of some kinds and without some members. A method without steps gets the others' integration. */
export function planWithout(plan: Plan, kinds: readonly StepKind[], members: readonly (keyof Plan)[] = []): Plan {
  const dropped = new Set<string>(members);
  const rest: Partial<Plan> = Object.fromEntries(Object.entries(plan).filter(([name]) => !dropped.has(name)));
  const integration = {
    kind: "mock",
    request: { passthrough: "NEVER", templates: { "application/json": '{"statusCode": 200}' } },
    responses: [{ statusCode: 200, isDeclared: true, headers: [], templates: { "application/json": "served" } }],
  } as const;
  const methods = plan.methods.map((method) => {
    const steps = method.steps.filter(({ kind }) => !kinds.includes(kind));
    return { ...method, steps: steps.length === 0 ? [integration] : steps };
  });
  // A plan that does not say whether the default endpoint is disabled refuses, so it has to say that it is not.
  return { isDefaultEndpointDisabled: false, ...rest, methods } as Plan;
}
