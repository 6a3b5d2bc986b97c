// What each gate of WebSocket APIs refuses, and how. A gate that WebSocket APIs do not have says why.

import type { RouteSettings, V2Model } from "../../src/definition/http-api.ts";
import type {
  WebSocketApi,
  WebSocketAuthorizer,
  WebSocketRoute,
  WebSocketStage,
} from "../../src/definition/websocket-api.ts";
import type { StageGateName } from "../../src/plan/plan.ts";
import type { GateKind } from "../../src/plan/steps.ts";
import { scope } from "../exchange/fake-keys.ts";
import type { GateTable, Refusal, Row } from "./gate-tables.ts";
import { type Draft, document, nowMs, resultOf, userOf } from "./guarded-api.ts";
import { connectNames, eventNames, type GuardedWebSocketApi } from "./guarded-websocket-api.ts";
import { changedSigners, foreignSigners, makeKeyGates, unreadableUserPolicy } from "./shared-gate-tables.ts";

/** The gates that WebSocket APIs lack, and what a plan of theirs never has. */
export const absentFromWebSocket = {
  "resource-policy": "WebSocket APIs have no resource policies",
  resourcePolicy: "WebSocket APIs have no resource policies",
  privateEndpoint: "WebSocket APIs are public",
  webAclArn: "AWS WAF protects no WebSocket APIs",
} as const satisfies Partial<Record<GateKind | StageGateName, string>>;

export type WebSocketGate = Exclude<GateKind | StageGateName, keyof typeof absentFromWebSocket>;

type WebSocketRow = Row<"websocket">;

const invalid: Refusal = [400, undefined];
const unauthorized: Refusal = [401, undefined];
const forbidden: Refusal = [403, undefined];
const throttled: Refusal = [429, undefined];
const failed: Refusal = [500, undefined];
const missing: Refusal = [403, "ForbiddenException"];
const closed: Refusal = [501, "NotImplementedException"];
/** A connection ends with its stage. */
const away: Refusal = [1001, undefined];
const stillClosed = "the setting closes the route as a whole";

const query = (parameters: Record<string, string>): Pick<WebSocketRow, "send"> => ({
  send: (draft) => {
    draft.query = parameters;
  },
});
const message = (value: unknown): Pick<WebSocketRow, "send"> => ({
  send: (draft) => {
    draft.message = typeof value === "string" ? value : JSON.stringify(value);
  },
});
const said = (result: unknown): Pick<WebSocketRow, "after"> => ({
  after: ({ functions }) => {
    functions.answer = () => result;
  },
});
const routesWith = (keys: RegExp, over: Partial<WebSocketRoute>): Pick<WebSocketRow, "after"> => ({
  after: (api) =>
    api.configure((definition, stage) => [
      {
        ...definition,
        routes: definition.routes.map((route) => (keys.test(route.RouteKey) ? { ...route, ...over } : route)),
      },
      stage,
    ]),
});
const connectWith = (over: Partial<WebSocketRoute>): Pick<WebSocketRow, "after"> => routesWith(/^\$connect$/, over);
const speakWith = (over: Partial<WebSocketRoute>): Pick<WebSocketRow, "after" | "on"> => ({
  ...routesWith(/^speak$/, over),
  on: ["message"],
});
const authorizerWith = (over: Partial<WebSocketAuthorizer>): Pick<WebSocketRow, "after"> => ({
  after: (api) =>
    api.configure((definition, stage) => [
      { ...definition, authorizers: definition.authorizers.map((each) => ({ ...each, ...over })) },
      stage,
    ]),
});
const modelWith = (over: Partial<V2Model>): Pick<WebSocketRow, "after" | "on"> => ({
  after: (api) =>
    api.configure((definition, stage) => [
      { ...definition, models: definition.models.map((model) => ({ ...model, ...over })) },
      stage,
    ]),
  on: ["message"],
});
const apiWith = (over: Partial<WebSocketApi>): Pick<WebSocketRow, "after"> => ({
  after: (api) => api.configure((definition, stage) => [{ ...definition, api: { ...definition.api, ...over } }, stage]),
});
const stageWith = (over: Partial<WebSocketStage>): Pick<WebSocketRow, "after"> => ({
  after: (api) => api.configure((definition, stage) => [definition, { ...stage, ...over }]),
});
const limited = (rate: unknown, burst: unknown): RouteSettings =>
  ({ ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst }) as RouteSettings;
const throttledBy = (settings: RouteSettings): Pick<WebSocketRow, "after"> =>
  stageWith({ DefaultRouteSettings: settings });
const tampered = (value: string | undefined): Pick<WebSocketRow, "send"> => ({
  send: (draft) => {
    draft.tamper = (headers) => {
      if (value === undefined) delete headers["authorization"];
      else headers["authorization"] = value;
    };
  },
});
const signedBy = (signing: Draft["signing"]): Pick<WebSocketRow, "send"> => ({
  send: (draft) => {
    draft.signing = signing;
  },
});
const setUser = ({ gateway }: GuardedWebSocketApi, policies: readonly object[]): void =>
  gateway.gateway.callers.setIdentity("user/ann", userOf(scope.account, ...policies));
const arnOf = (rest: string, account = scope.account): string =>
  `arn:aws:execute-api:us-east-1:${account}:ws123/${rest}`;

export const websocket: Readonly<Record<WebSocketGate, GateTable<"websocket">>> = {
  ...makeKeyGates<"websocket">(connectNames, ["none", "custom"], {
    refusals: { noKey: forbidden, throttled, exceeded: throttled, failed },
    misspelt: {
      refusal: closed,
      ...apiWith({ ApiKeySelectionExpression: "$request.header.X-Api-Key" }),
      staysShut: stillClosed,
    },
    moved: apiWith({ ApiKeySelectionExpression: "$context.authorizer.usageIdentifierKey" }),
  }),
  authorizer: {
    methods: ["custom"],
    without: { steps: ["authorizer"] },
    faults: {
      absent: [
        { what: "no token", refusal: unauthorized, ...query({ q: "1" }) },
        { what: "an empty token", refusal: unauthorized, ...query({ q: "1", token: "" }) },
        {
          what: "in a header",
          refusal: unauthorized,
          send: (draft) => {
            draft.query = { q: "1" };
            draft.headers["token"] = "abc";
          },
        },
        { what: "no result", refusal: failed, ...said(null) },
        { what: "a result without a policy", refusal: failed, ...said({ principalId: "me" }) },
        {
          what: "no authorizer",
          refusal: closed,
          ...connectWith({ AuthorizationType: "CUSTOM", AuthorizerId: "" }),
          staysShut: stillClosed,
        },
      ],
      malformed: [
        { what: "a token by another name", refusal: unauthorized, ...query({ q: "1", Token: "abc" }) },
        { what: "a misspelt effect", refusal: failed, ...said(resultOf({ Effect: "allow" })) },
        { what: "a result that is a text", refusal: failed, ...said("allow") },
        { what: "a simple response, which HTTP APIs have", refusal: failed, ...said({ isAuthorized: true }) },
        {
          what: "a misspelt type",
          refusal: closed,
          ...authorizerWith({ AuthorizerType: "Request" as never }),
          staysShut: stillClosed,
        },
        {
          what: "an identity source that is none",
          refusal: closed,
          ...authorizerWith({ IdentitySource: ["$request.querystring.token"] }),
          staysShut: stillClosed,
        },
      ],
      expired: "results are not remembered",
      foreign: [
        {
          what: "an Allow of another account's API",
          refusal: forbidden,
          ...said(resultOf({ Resource: arnOf("*", "111111111111") })),
        },
        {
          what: "an Allow of another route",
          refusal: forbidden,
          ...said(resultOf({ Resource: arnOf("custom/speak") })),
        },
        {
          what: "an Allow of another stage",
          refusal: forbidden,
          ...said(resultOf({ Resource: arnOf("none/$connect") })),
        },
        {
          what: "a function that does not permit the API",
          refusal: failed,
          after: ({ functions }) => {
            functions.facts = { ...functions.facts!, policy: document(), policyRevision: "2" };
          },
        },
      ],
      unreachable: [
        {
          what: "a function that can't be called",
          refusal: failed,
          after: ({ functions }) => {
            functions.outcome = () => Promise.reject(new Error("unreachable"));
          },
        },
        {
          what: "a function that throws",
          refusal: failed,
          after: ({ functions }) => {
            functions.outcome = () =>
              Promise.resolve({
                kind: "function-error",
                errorMessage: "x",
                payload: Buffer.from("{}"),
                requestId: "r",
              });
          },
        },
        {
          what: "a function that is gone",
          refusal: failed,
          after: ({ functions }) => {
            functions.facts = undefined;
          },
        },
      ],
      changed: [
        { what: "a Deny", refusal: forbidden, ...said(resultOf({ Effect: "Deny" })) },
        {
          what: "a second identity source",
          refusal: unauthorized,
          ...authorizerWith({ IdentitySource: ["route.request.querystring.token", "route.request.header.X-Tenant"] }),
        },
      ],
    },
  },
  iam: {
    methods: ["iam"],
    without: { steps: ["iam"] },
    faults: {
      absent: [
        { what: "no signature", refusal: forbidden, ...tampered(undefined) },
        { what: "no policy of the user's", refusal: forbidden, after: (api) => setUser(api, []) },
      ],
      malformed: [
        { what: "a bearer token", refusal: forbidden, ...tampered("Bearer x") },
        { what: "half a signature", refusal: forbidden, ...tampered("AWS4-HMAC-SHA256 Credential=a") },
        { ...unreadableUserPolicy, refusal: forbidden },
      ],
      expired: [
        { what: "a signature of yesterday", refusal: forbidden, ...signedBy({ nowMs: nowMs - 86_400_000 }) },
        {
          what: "a presigned URL that has expired",
          refusal: forbidden,
          ...signedBy({ nowMs: nowMs - 61_000, expiresIn: 60 }),
        },
      ],
      foreign: foreignSigners({ badSignature: forbidden, unknownKey: forbidden, denied: forbidden }),
      unreachable: "callers are published to the thread: one that it was not told of is unknown",
      changed: [
        ...changedSigners({ unknownKey: forbidden, denied: forbidden }),
        {
          what: "an Allow of another stage",
          refusal: forbidden,
          after: (api) =>
            setUser(api, [{ Effect: "Allow", Action: "execute-api:Invoke", Resource: arnOf("none/$connect") }]),
        },
        {
          what: "an Allow of callbacks only",
          refusal: forbidden,
          after: (api) =>
            setUser(api, [{ Effect: "Allow", Action: "execute-api:ManageConnections", Resource: arnOf("*") }]),
        },
      ],
    },
  },
  throttle: {
    methods: eventNames,
    without: { steps: ["throttle"] },
    faults: {
      absent: [
        {
          what: "no setting: the account's is used up",
          refusal: throttled,
          options: { accountThrottle: { ratePerSecond: 1, burst: 1 } },
          ...throttledBy({}),
          on: ["message"],
        },
        {
          what: "no setting, and the account makes no more connections",
          refusal: throttled,
          options: { accountThrottle: { ratePerSecond: 1, burst: 1 } },
          ...throttledBy({}),
          on: connectNames,
          staysShut: "the account's new connections are limited by themselves",
        },
      ],
      malformed: [
        { what: "a rate that is no number", refusal: closed, ...throttledBy(limited("5", 5)), staysShut: stillClosed },
        {
          what: "a burst that is no number",
          refusal: closed,
          ...throttledBy(limited(5, null)),
          staysShut: stillClosed,
        },
        { what: "a negative rate", refusal: throttled, ...throttledBy(limited(-5, 5)) },
      ],
      expired: "tokens do not expire",
      foreign: "a bucket is its route's own",
      unreachable: "buckets are in memory that all threads share",
      changed: [
        { what: "a rate of nothing", refusal: throttled, ...throttledBy(limited(0, 5)) },
        {
          what: "a route's own",
          refusal: throttled,
          ...stageWith({ RouteSettings: { $connect: limited(0, 0), speak: limited(0, 0) } }),
        },
        {
          what: "used up",
          refusal: throttled,
          after: async (api) => {
            api.configure((definition, stage) => [definition, { ...stage, DefaultRouteSettings: limited(1, 1) }]);
            for (const event of eventNames) await api.call(event);
          },
        },
      ],
    },
  },
  "request-validation": {
    methods: eventNames,
    without: { steps: ["request-validation"] },
    faults: {
      absent: [
        { what: "a required parameter", refusal: invalid, on: connectNames, ...query({ token: "abc" }) },
        { what: "a required member", refusal: invalid, on: ["message"], ...message({ action: "speak", kind: "text" }) },
        {
          what: "what selects the model",
          refusal: invalid,
          on: ["message"],
          ...message({ action: "speak", text: "x" }),
        },
      ],
      malformed: [
        { what: "a blank one", refusal: invalid, on: connectNames, ...query({ token: "abc", q: " " }) },
        {
          what: "a member of another type",
          refusal: invalid,
          on: ["message"],
          ...message({ action: "speak", kind: "text", text: 1 }),
        },
        {
          what: "a misspelt kind",
          refusal: invalid,
          on: ["message"],
          ...message({ action: "speak", kind: "Text", text: "x" }),
        },
        {
          what: "a kind that is no text",
          refusal: invalid,
          on: ["message"],
          ...message({ action: "speak", kind: ["text"], text: "x" }),
        },
        {
          what: "a name that every object has",
          refusal: invalid,
          on: ["message"],
          ...message('{"action":"speak","kind":"constructor","text":"x"}'),
        },
        {
          what: "a required member that is inherited only",
          refusal: invalid,
          on: ["message"],
          ...message('{"action":"speak","kind":"text","__proto__":{"text":"x"}}'),
        },
        {
          what: "a member twice, of which the last one counts",
          refusal: invalid,
          on: ["message"],
          ...message('{"action":"speak","kind":"text","text":"x","text":1}'),
        },
        {
          what: "a model that is no schema",
          refusal: closed,
          ...modelWith({ Schema: "{" }),
          staysShut: "a stage whose model can't be read is closed",
        },
      ],
      expired: "nothing of it expires",
      foreign: "every caller's request is validated alike",
      unreachable: "it is part of the plan, and nothing is asked",
      changed: [
        {
          what: "another parameter",
          refusal: invalid,
          on: connectNames,
          ...connectWith({ RequestParameters: { "route.request.header.X-Room": { Required: true } } }),
        },
        {
          what: "another model",
          refusal: invalid,
          ...modelWith({ Schema: '{"type":"object","required":["room"]}' }),
        },
        {
          what: "another expression",
          refusal: invalid,
          ...speakWith({ ModelSelectionExpression: "$request.body.action" }),
        },
        { what: "no models for the expression", refusal: invalid, ...speakWith({ RequestModels: {} }) },
      ],
    },
  },
  closed: {
    methods: eventNames,
    without: { steps: ["closed"], members: ["closed"] },
    faults: {
      absent: [
        {
          what: "a route's model",
          refusal: closed,
          ...speakWith({ RequestModels: { text: "Gone" } }),
        },
      ],
      malformed: [
        {
          what: "a misspelt authorization",
          refusal: closed,
          ...routesWith(/^(?:\$connect|speak)$/, { AuthorizationType: "Custom" }),
        },
        { what: "a stage's throttle", refusal: closed, ...throttledBy(limited("5", 5)) },
        {
          what: "a required key that is no truth value",
          refusal: closed,
          ...routesWith(/^(?:\$connect|speak)$/, { ApiKeyRequired: "true" as never }),
        },
        { what: "a key for messages", refusal: closed, ...speakWith({ ApiKeyRequired: true }) },
        { what: "authorization of messages", refusal: closed, ...speakWith({ AuthorizationType: "AWS_IAM" }) },
        {
          what: "a parameter that is none",
          refusal: closed,
          on: connectNames,
          ...connectWith({ RequestParameters: { "route.request.path.q": { Required: true } } }),
        },
        {
          what: "a requirement that is no truth value",
          refusal: closed,
          on: connectNames,
          ...connectWith({ RequestParameters: { "route.request.querystring.q": { Required: "yes" as never } } }),
        },
        {
          what: "an expression that chooses models",
          refusal: closed,
          ...speakWith({ ModelSelectionExpression: "$context.connectionId" }),
        },
        {
          what: "an expression that chooses routes, at the handshake",
          refusal: closed,
          on: connectNames,
          ...apiWith({ RouteSelectionExpression: "$request.header.action" }),
        },
        {
          what: "an expression that chooses routes, on a connection",
          refusal: away,
          on: ["message"],
          ...apiWith({ RouteSelectionExpression: "$request.header.action" }),
          staysShut: "no message finds its route by it",
        },
      ],
      expired: "nothing of it expires",
      foreign: [
        {
          what: "an authorizer of another type",
          refusal: closed,
          on: connectNames,
          ...connectWith({ AuthorizationType: "JWT", AuthorizerId: "auth" }),
        },
      ],
      unreachable: "it is part of the plan, and nothing is asked",
      changed: [
        {
          what: "an authorizer that was deleted",
          refusal: closed,
          on: connectNames,
          ...connectWith({ AuthorizationType: "CUSTOM", AuthorizerId: "gone" }),
        },
      ],
    },
  },
  isDefaultEndpointDisabled: {
    methods: connectNames,
    without: { members: ["isDefaultEndpointDisabled"] },
    faults: {
      absent: "the API's default host is the only one",
      malformed: "it is true or false",
      expired: "nothing of it expires",
      foreign: "the API's default host is the only one",
      unreachable: "it is part of the plan, and nothing is asked",
      changed: [{ what: "disabled", refusal: missing, ...apiWith({ DisableExecuteApiEndpoint: true }) }],
    },
  },
};
