// What each gate refuses, and how: the rows of test/gates/gates.test.ts. A kind of gate without rows does not compile.

import type { Method, RestApi, Stage } from "../../src/definition/rest-api.ts";
import { developmentListener } from "../../src/http/listener.ts";
import type { Plan } from "../../src/plan/kinds.ts";
import type { StageGateName } from "../../src/plan/plan.ts";
import type { GateKind, StepKind } from "../../src/plan/steps.ts";

import {
  type ApiOf,
  allowedUser,
  type Draft,
  document,
  foreignKey,
  type GuardedApi,
  type GuardedBase,
  type GuardedKind,
  type GuardedOptions,
  jwtOf,
  type MethodName,
  type MethodOf,
  methodNames,
  nowMs,
  resultOf,
  settingsOf,
  startGuarded,
  webAclArn,
} from "./guarded-api.ts";
import { startGuardedHttp } from "./guarded-http-api.ts";
import { startGuardedWebSocket } from "./guarded-websocket-api.ts";
import { type HttpGate, http } from "./http-gate-tables.ts";
import {
  changedSigners,
  foreignSigners,
  makeKeyGates,
  makeWebAclGate,
  unreadableUserPolicy,
} from "./shared-gate-tables.ts";
import { type WebSocketGate, websocket } from "./websocket-gate-tables.ts";

/** The ways in which what a gate asks for can be wrong. `changed`: it was right, and was withdrawn or changed since. */
export type Fault = "absent" | "malformed" | "expired" | "foreign" | "unreachable" | "changed";

export type Refusal = readonly [status: number, errorType: string | undefined];

export interface Row<Kind extends GuardedKind = "rest"> {
  readonly what: string;
  readonly refusal: Refusal;
  /** The methods that are tried; all of the gate's if absent. */
  readonly on?: readonly MethodOf<Kind>[];
  /** What becomes of the API after a good request has passed. */
  readonly after?: (api: ApiOf<Kind>) => unknown;
  /** How the request differs from a good one. */
  readonly send?: (draft: Draft, api: ApiOf<Kind>) => void;
  readonly options?: GuardedOptions;
  /** Why the request does not pass without the gate either. */
  readonly staysShut?: string;
}

export interface GateTable<Kind extends GuardedKind = "rest"> {
  /** The methods that have the gate. */
  readonly methods: readonly MethodOf<Kind>[];
  readonly options?: GuardedOptions;
  /** What is taken out of the plan together with the gate, so that nothing else stands in its place. */
  readonly without: { readonly steps?: readonly StepKind[]; readonly members?: readonly (keyof Plan)[] };
  /** The rows of each fault, or why there are none. */
  readonly faults: Readonly<Record<Fault, readonly Row<Kind>[] | string>>;
}

const noKey: Refusal = [403, "ForbiddenException"];
const forbidden: Refusal = [403, "ForbiddenException"];
const denied: Refusal = [403, "AccessDeniedException"];
const unauthorized: Refusal = [401, "UnauthorizedException"];
const authorizerFailed: Refusal = [500, "AuthorizerConfigurationException"];
const authorizerError: Refusal = [500, "InternalServerErrorException"];
const throttled: Refusal = [429, "TooManyRequestsException"];
const exceeded: Refusal = [429, "LimitExceededException"];
const invalid: Refusal = [400, "BadRequestException"];
const closed: Refusal = [501, "NotImplementedException"];
const unsigned: Refusal = [403, "MissingAuthenticationTokenException"];
const incomplete: Refusal = [403, "IncompleteSignatureException"];
const unknownKey: Refusal = [403, "UnrecognizedClientException"];
const badSignature: Refusal = [403, "InvalidSignatureException"];

const header = (name: string, value: string | string[] | undefined): Pick<Row, "send"> => ({
  send: (draft) => {
    draft.tamper = (headers) => {
      if (value === undefined) delete headers[name];
      else headers[name] = value;
    };
  },
});
/** A header that is part of what is signed. */
const signedHeader = (name: string, value: string | undefined): Pick<Row, "send"> => ({
  send: (draft) => {
    if (value === undefined) delete draft.headers[name];
    else draft.headers[name] = value;
  },
});
const query = (parameters: Record<string, string>): Pick<Row, "send"> => ({
  send: (draft) => {
    draft.query = parameters;
  },
});
const restApi = (over: Partial<RestApi>): Pick<Row, "after"> => ({
  after: (api) =>
    api.configure((definition, stage) => [{ ...definition, restApi: { ...definition.restApi, ...over } }, stage]),
});
const stageWith = (over: Partial<Stage>): Pick<Row, "after"> => ({
  after: (api) => api.configure((definition, stage) => [definition, { ...stage, ...over }]),
});
const methodWith = (over: Partial<Method>): Pick<Row, "after"> => ({
  after: (api) =>
    api.configure((definition, stage) => [
      {
        ...definition,
        resources: definition.resources.map((resource) => ({
          ...resource,
          resourceMethods: { GET: { ...resource.resourceMethods!["GET"]!, ...over } },
        })),
      },
      stage,
    ]),
});
const authorizerWith = (over: object): Pick<Row, "after"> => ({
  after: (api) =>
    api.configure((definition, stage) => [
      { ...definition, authorizers: definition.authorizers.map((each) => ({ ...each, ...over })) },
      stage,
    ]),
});

/** Forgets what the authorizer said before, so that it is asked again. */
const asked = (change: (api: GuardedApi) => void): Pick<Row, "after"> => ({
  after: (api) => {
    api.clock.advance(300_000);
    change(api);
  },
});
const custom = { on: ["custom"] } as const satisfies Partial<Row>;
const pool = { on: ["pool"] } as const satisfies Partial<Row>;
const stillClosed = "the setting closes the method or the stage as a whole";
const evil = signedHeader("user-agent", "evil");
const invokeDeny = { Effect: "Deny", Principal: "*", Action: "execute-api:Invoke", Resource: "*" };
const toAuthorizer = (outcome: NonNullable<GuardedApi["functions"]["outcome"]>): Pick<Row, "after"> =>
  asked(({ functions }) => {
    functions.outcome = outcome;
  });
const said = (result: unknown): Pick<Row, "after"> =>
  asked(({ functions }) => {
    functions.answer = () => result;
  });

const policyFaults = (on: readonly MethodName[]): GateTable["faults"] => ({
  absent: [
    {
      what: "a policy without statements for the method",
      refusal: denied,
      on: on.filter((name) => name === "none" || name === "pool"),
      ...restApi({
        policy: document({
          ...invokeDeny,
          Effect: "Allow",
          Resource: "arn:aws:execute-api:us-east-1:000000000000:abc123/other/*",
        }),
      }),
    },
  ],
  malformed: [
    { what: "no JSON", refusal: closed, ...restApi({ policy: "{" }), staysShut: stillClosed },
    {
      what: "a misspelt effect",
      refusal: closed,
      ...restApi({ policy: document({ ...invokeDeny, Effect: "allow" }) }),
      staysShut: stillClosed,
    },
    {
      what: "an unknown condition key",
      refusal: closed,
      ...restApi({
        policy: document({ ...invokeDeny, Effect: "Allow", Condition: { StringEquals: { "aws:Nobody": "x" } } }),
      }),
      staysShut: stillClosed,
    },
  ],
  expired: [
    {
      what: "an Allow until yesterday",
      refusal: denied,
      on: on.filter((name) => name === "none" || name === "pool"),
      ...restApi({
        policy: document({
          ...invokeDeny,
          Effect: "Allow",
          Condition: { DateLessThan: { "aws:CurrentTime": "2026-11-19T00:00:00Z" } },
        }),
      }),
    },
  ],
  foreign: [
    { what: "a caller whom it denies", refusal: denied, ...evil },
    {
      what: "an Allow of another account's API",
      refusal: denied,
      on: on.filter((name) => name === "none" || name === "pool"),
      ...restApi({
        policy: document({
          ...invokeDeny,
          Effect: "Allow",
          Resource: "arn:aws:execute-api:us-east-1:111111111111:abc123/prod/*",
        }),
      }),
    },
    {
      what: "an Allow of another account's callers",
      refusal: denied,
      on: on.filter((name) => name === "none" || name === "pool"),
      ...restApi({ policy: document({ ...invokeDeny, Effect: "Allow", Principal: { AWS: "111111111111" } }) }),
    },
  ],
  unreachable: "it is part of the plan, and nothing is asked",
  changed: [{ what: "a Deny that is deployed", refusal: denied, ...restApi({ policy: document(invokeDeny) }) }],
});

const rest: Readonly<Record<GateKind | StageGateName, GateTable>> = {
  "resource-policy": {
    methods: ["none", "pool"],
    without: { steps: ["resource-policy"] },
    faults: policyFaults(["none", "pool"]),
  },
  resourcePolicy: {
    methods: ["custom", "iam"],
    without: { steps: ["resource-policy"], members: ["resourcePolicy"] },
    faults: { ...policyFaults(["custom", "iam"]), absent: "another gate decides alone then", expired: "as above" },
  },
  authorizer: {
    methods: ["custom", "pool"],
    without: { steps: ["authorizer"] },
    faults: {
      absent: [
        { what: "no token", refusal: unauthorized, ...header("authorization", undefined) },
        { what: "an empty token", refusal: unauthorized, ...header("authorization", "") },
        {
          what: "in another header",
          refusal: unauthorized,
          send: ({ headers }) => {
            headers["x-authorization"] = headers["authorization"]!;
            delete headers["authorization"];
          },
        },
        { what: "no result", refusal: authorizerFailed, ...custom, ...said(null) },
        {
          what: "an authorizer that is not there",
          refusal: closed,
          ...methodWith({ authorizerId: "none" }),
          on: ["custom", "pool"],
          staysShut: stillClosed,
        },
      ],
      malformed: [
        { what: "a token of another form", refusal: unauthorized, ...custom, ...header("authorization", "abc") },
        { what: "a token that is none", refusal: unauthorized, ...pool, ...header("authorization", "abc") },
        {
          what: "a token without a signature",
          refusal: unauthorized,
          ...pool,
          ...header("authorization", `${jwtOf().split(".").slice(0, 2).join(".")}.`),
        },
        {
          what: "a token by alg none",
          refusal: unauthorized,
          ...pool,
          ...header("authorization", jwtOf({}, foreignKey.privateKey, { alg: "none" })),
        },
        { what: "a result without a policy", refusal: authorizerFailed, ...custom, ...said({ principalId: "me" }) },
        { what: "a misspelt effect", refusal: authorizerFailed, ...custom, ...said(resultOf({ Effect: "allow" })) },
        {
          what: "a policy that is a number",
          refusal: authorizerFailed,
          ...custom,
          ...said({ principalId: "me", policyDocument: 1 }),
        },
        { what: "a misspelt type", refusal: closed, ...authorizerWith({ type: "token" }), staysShut: stillClosed },
      ],
      expired: [
        {
          what: "a token that has expired",
          refusal: unauthorized,
          ...pool,
          after: ({ clock }) => clock.advance(600_000),
        },
        {
          what: "a token that is not valid yet",
          refusal: unauthorized,
          ...pool,
          ...header("authorization", jwtOf({ nbf: nowMs / 1_000 + 60 })),
        },
        {
          what: "a result that is remembered no longer, of a caller who may no more",
          refusal: denied,
          ...custom,
          ...said(resultOf({ Effect: "Deny" })),
        },
      ],
      foreign: [
        {
          what: "another pool's token",
          refusal: unauthorized,
          ...pool,
          ...header("authorization", jwtOf({ iss: "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Other0002" })),
        },
        {
          what: "another's signature",
          refusal: unauthorized,
          ...pool,
          ...header("authorization", jwtOf({}, foreignKey.privateKey)),
        },
        {
          what: "a token for another use",
          refusal: unauthorized,
          ...pool,
          ...header("authorization", jwtOf({ token_use: "access" })),
        },
        {
          what: "an Allow of another account's API",
          refusal: denied,
          ...custom,
          ...said(resultOf({ Resource: "arn:aws:execute-api:us-east-1:111111111111:abc123/prod/*" })),
        },
        {
          what: "an Allow of another method",
          refusal: denied,
          ...custom,
          ...said(resultOf({ Resource: "arn:aws:execute-api:us-east-1:000000000000:abc123/prod/GET/none" })),
        },
        {
          what: "a function that does not permit the API",
          refusal: authorizerFailed,
          ...custom,
          ...asked(({ functions }) => {
            functions.facts = { ...functions.facts!, policy: document(), policyRevision: "2" };
          }),
        },
      ],
      unreachable: [
        {
          what: "a function that can't be called",
          refusal: authorizerError,
          ...custom,
          ...toAuthorizer(() => Promise.reject(new Error("unreachable"))),
        },
        {
          what: "a function that throws",
          refusal: authorizerFailed,
          ...custom,
          ...toAuthorizer(() =>
            Promise.resolve({ kind: "function-error", errorMessage: "x", payload: Buffer.from("{}"), requestId: "r" }),
          ),
        },
        {
          what: "a function that is gone",
          refusal: authorizerFailed,
          ...custom,
          ...asked(({ functions }) => {
            functions.facts = undefined;
          }),
        },
        {
          what: "a pool that never answered",
          refusal: authorizerFailed,
          ...pool,
          after: (api) => {
            api.clock.advance(90_000_000);
            api.issuerKeys = undefined;
          },
          ...header("authorization", jwtOf({ exp: nowMs / 1_000 + 1_000_000 })),
        },
      ],
      changed: [
        { what: "a caller who may no more", refusal: denied, ...custom, ...said(resultOf({ Resource: "none" })) },
        {
          what: "a key that the pool took back",
          refusal: unauthorized,
          ...pool,
          after: (api) => {
            api.issuerKeys = { two: foreignKey.publicKey };
            api.clock.advance(3_600_001);
          },
          ...header("authorization", jwtOf({ exp: nowMs / 1_000 + 1_000_000 })),
        },
        {
          what: "scopes that are asked for",
          refusal: unauthorized,
          ...pool,
          ...methodWith({ authorizationType: "COGNITO_USER_POOLS", authorizerId: "pool", authorizationScopes: ["a"] }),
        },
      ],
    },
  },
  ...makeKeyGates(methodNames, ["none", "custom", "pool"], {
    refusals: { noKey, throttled, exceeded, failed: [500, "InternalServerErrorException"] },
    misspelt: { refusal: closed, ...restApi({ apiKeySource: "Header" as never }), staysShut: stillClosed },
    moved: restApi({ apiKeySource: "AUTHORIZER" }),
  }),
  throttle: {
    methods: methodNames,
    without: { steps: ["throttle"] },
    faults: {
      absent: [
        {
          what: "no setting: the account's is used up",
          refusal: throttled,
          options: { accountThrottle: { ratePerSecond: 1, burst: 1 } },
          after: (api) => api.configure((definition, stage) => [definition, { ...stage, methodSettings: {} }]),
        },
      ],
      malformed: [
        {
          what: "a rate that is no number",
          refusal: closed,
          ...stageWith({ methodSettings: settingsOf("5", 5) }),
          staysShut: stillClosed,
        },
        {
          what: "a burst that is no number",
          refusal: closed,
          ...stageWith({ methodSettings: settingsOf(5, null) }),
          staysShut: stillClosed,
        },
        { what: "a negative rate", refusal: throttled, ...stageWith({ methodSettings: settingsOf(-5, 5) }) },
      ],
      expired: "tokens do not expire",
      foreign: "a bucket is its method's own",
      unreachable: "buckets are in memory that all threads share",
      changed: [
        { what: "a rate of nothing", refusal: throttled, ...stageWith({ methodSettings: settingsOf(0, 5) }) },
        {
          what: "used up",
          refusal: throttled,
          after: async (api) => {
            api.configure((definition, stage) => [definition, { ...stage, methodSettings: settingsOf(1, 1) }]);
            for (const method of methodNames) await api.call(method);
          },
        },
      ],
    },
  },
  iam: {
    methods: ["iam"],
    without: { steps: ["iam"] },
    faults: {
      absent: [
        { what: "no signature", refusal: unsigned, ...header("authorization", undefined) },
        {
          what: "no policy of the user's",
          refusal: denied,
          after: ({ gateway }) => gateway.gateway.callers.setIdentity("user/ann", { ...allowedUser, policies: [] }),
        },
      ],
      malformed: [
        { what: "a bearer token", refusal: incomplete, ...header("authorization", "Bearer x") },
        { what: "half a signature", refusal: incomplete, ...header("authorization", "AWS4-HMAC-SHA256 Credential=a") },
        {
          what: "a changed header",
          refusal: badSignature,
          ...header("x-api-key", "another"),
          staysShut: "the changed header is the API key",
        },
        { ...unreadableUserPolicy, refusal: denied },
      ],
      expired: [
        {
          what: "a signature of yesterday",
          refusal: badSignature,
          send: (draft) => {
            draft.signing = { nowMs: nowMs - 86_400_000 };
          },
        },
        {
          what: "a signature of tomorrow",
          refusal: badSignature,
          send: (draft) => {
            draft.signing = { nowMs: nowMs + 86_400_000 };
          },
        },
        {
          what: "a presigned query that has expired",
          refusal: badSignature,
          send: (draft) => {
            draft.signing = { nowMs: nowMs - 61_000, expiresIn: 60 };
          },
        },
      ],
      foreign: foreignSigners({ badSignature, unknownKey, denied }),
      unreachable: "callers are published to the thread: one that it was not told of is unknown",
      changed: changedSigners({ unknownKey, denied }),
    },
  },
  "request-validation": {
    methods: methodNames,
    without: { steps: ["request-validation"] },
    faults: {
      absent: [{ what: "a required parameter", refusal: invalid, ...query({}) }],
      malformed: [{ what: "a blank one", refusal: invalid, ...query({ q: " " }) }],
      expired: "nothing of it expires",
      foreign: "every caller's request is validated alike",
      unreachable: "it is part of the plan, and nothing is asked",
      changed: [{ what: "another parameter", refusal: invalid, ...methodParameter("w") }],
    },
  },
  closed: {
    methods: methodNames,
    without: { steps: ["closed"], members: ["closed"] },
    faults: {
      absent: "what closes is the setting that can't be enforced",
      malformed: [
        { what: "a misspelt authorization", refusal: closed, ...methodWith({ authorizationType: "Custom" }) },
        { what: "a stage's throttle", refusal: closed, ...stageWith({ methodSettings: settingsOf("5", 5) }) },
        {
          what: "a policy",
          refusal: closed,
          ...restApi({ policy: "{" }),
          staysShut: "the methods' steps ask the policy, and can't read it",
        },
        { what: "a canary's share", refusal: closed, ...stageWith({ canarySettings: { percentTraffic: 101 } }) },
      ],
      expired: "nothing of it expires",
      foreign: [{ what: "a strict endpoint", refusal: closed, ...restApi({ endpointAccessMode: "STRICT" }) }],
      unreachable: "it is part of the plan, and nothing is asked",
      changed: [
        {
          what: "an authorizer that was deleted",
          refusal: closed,
          on: ["custom", "pool"],
          ...methodWith({ authorizationType: "CUSTOM", authorizerId: "gone" }),
        },
      ],
    },
  },
  isDefaultEndpointDisabled: {
    methods: methodNames,
    without: { members: ["isDefaultEndpointDisabled"] },
    faults: {
      absent: "the API's default host is the only one",
      malformed: "it is true or false",
      expired: "nothing of it expires",
      foreign: "the API's default host is the only one",
      unreachable: "it is part of the plan, and nothing is asked",
      changed: [{ what: "disabled", refusal: forbidden, ...restApi({ disableExecuteApiEndpoint: true }) }],
    },
  },
  privateEndpoint: {
    methods: methodNames,
    options: { isPrivate: true },
    without: { members: ["privateEndpoint"] },
    faults: {
      absent: [outside("a client from outside", {})],
      malformed: [
        {
          what: "an endpoint that the API does not name",
          refusal: forbidden,
          send: (draft) => {
            draft.host = "abc123-vpce-9.execute-api.us-east-1.localhost";
          },
          staysShut: "no public API has such a host",
        },
      ],
      expired: "nothing of it expires",
      foreign: [
        outside("a client who says that it is inside", { "x-forwarded-for": "127.0.0.1", "x-amzn-vpce-id": "vpce-1" }),
      ],
      unreachable: "who is inside follows from the client's address",
      changed: [
        {
          what: "an endpoint that was taken away",
          refusal: forbidden,
          ...restApi({ endpointConfiguration: { types: ["PRIVATE"], vpcEndpointIds: [] } }),
          send: (draft) => {
            draft.host = "abc123-vpce-1.execute-api.us-east-1.localhost";
          },
          staysShut: "no public API has such a host",
        },
      ],
    },
  },
  ...makeWebAclGate(methodNames, { forbidden, closed }, stageWith({ webAclArn: `${webAclArn}2` })),
};

function methodParameter(name: string): Pick<Row, "after"> {
  return {
    after: (api) =>
      api.configure((definition, stage) => [
        {
          ...definition,
          resources: definition.resources.map((resource) => ({
            ...resource,
            resourceMethods: {
              GET: {
                ...resource.resourceMethods!["GET"]!,
                requestParameters: { [`method.request.querystring.${name}`]: true },
              },
            },
          })),
        },
        stage,
      ]),
  };
}

/** A client of a listener that no VPC endpoint leads to. */
function outside(what: string, headers: Record<string, string>): Row {
  let port: number;
  return {
    what,
    refusal: forbidden,
    after: async ({ gateway }) => {
      port = await gateway.open(developmentListener);
    },
    send: (draft) => {
      draft.port = port;
      Object.assign(draft.headers, headers);
    },
  };
}

/** The gates of each kind of API. */
export const gateTables: {
  readonly rest: Readonly<Record<GateKind | StageGateName, GateTable>>;
  readonly http: Readonly<Record<HttpGate, GateTable<"http">>>;
  readonly websocket: Readonly<Record<WebSocketGate, GateTable<"websocket">>>;
} = { rest, http, websocket };

const starters: { readonly [Kind in GuardedKind]: (options?: GuardedOptions) => Promise<ApiOf<Kind>> } = {
  rest: startGuarded,
  http: startGuardedHttp,
  websocket: startGuardedWebSocket,
};

/** The route by which a method of a kind's guarded API is served. */
export const routeKeyOf = (kind: GuardedKind, method: string): string => {
  if (kind !== "websocket") return `GET /${method}`;
  return method === "message" ? "speak" : "$connect";
};

/** Starts the guarded API of a kind. */
export const start = <Kind extends GuardedKind>(
  kind: Kind,
  options?: GuardedOptions,
): Promise<ApiOf<Kind> & GuardedBase<Kind>> =>
  // The table's type says that a kind's starter gives that kind's API; TypeScript can't follow that through the union.
  starters[kind](options) as Promise<ApiOf<Kind> & GuardedBase<Kind>>;

/** The rows of a table, with their faults. */
export const rowsOf = <Kind extends GuardedKind>({ faults }: GateTable<Kind>): (readonly [Fault, Row<Kind>])[] =>
  (Object.entries(faults) as [Fault, readonly Row<Kind>[] | string][]).flatMap(([fault, rows]) =>
    typeof rows === "string" ? [] : rows.map((row) => [fault, row] as const),
  );
