// What each gate of HTTP APIs refuses, and how. A gate that HTTP APIs do not have says why.

import { type BeyondAws, beyondAwsNames } from "../../src/definition/beyond-aws.ts";
import type { HttpApi, HttpAuthorizer, HttpStage, Route, RouteSettings } from "../../src/definition/http-api.ts";
import type { StageGateName } from "../../src/plan/plan.ts";
import type { GateKind } from "../../src/plan/steps.ts";
import { scope } from "../exchange/fake-keys.ts";
import type { GateTable, Refusal, Row } from "./gate-tables.ts";
import { type Draft, document, foreignKey, nowMs, resultOf, userOf, webAclArn } from "./guarded-api.ts";
import { type GuardedHttpApi, routeNames } from "./guarded-http-api.ts";
import {
  changedSigners,
  foreignSigners,
  makeKeyGates,
  makeWebAclGate,
  unreadableUserPolicy,
} from "./shared-gate-tables.ts";

/** The gates that HTTP APIs lack, and what a plan of theirs never has. */
export const absentFromHttp = {
  "resource-policy": "HTTP APIs have no resource policies",
  resourcePolicy: "HTTP APIs have no resource policies",
  privateEndpoint: "HTTP APIs are public",
} as const satisfies Partial<Record<GateKind | StageGateName, string>>;

export type HttpGate = Exclude<GateKind | StageGateName, keyof typeof absentFromHttp>;

type HttpRow = Row<"http">;

const unauthorized: Refusal = [401, undefined];
const invalid: Refusal = [400, undefined];
const forbidden: Refusal = [403, undefined];
const missing: Refusal = [404, undefined];
const failed: Refusal = [500, undefined];
const throttled: Refusal = [429, undefined];
const closed: Refusal = [501, "NotImplementedException"];
const stillClosed = "the setting closes the route as a whole";

const token = (make: (api: GuardedHttpApi) => string | undefined): Pick<HttpRow, "send"> => ({
  send: ({ headers }, api) => {
    const value = make(api);
    if (value === undefined) delete headers["authorization"];
    else headers["authorization"] = value;
  },
});
const bearer = (...given: Parameters<GuardedHttpApi["tokenOf"]>): Pick<HttpRow, "send"> =>
  token(({ tokenOf }) => `Bearer ${tokenOf(...given)}`);
/** Forgets what the authorizers said before, so that they are asked again. */
const asked = (change: (api: GuardedHttpApi) => void): Pick<HttpRow, "after"> => ({
  after: (api) => {
    api.clock.advance(300_000);
    change(api);
  },
});
const said = (result: unknown): Pick<HttpRow, "after"> =>
  asked(({ functions }) => {
    functions.answer = () => result;
  });
const jwt = { on: ["jwt"] } as const satisfies Partial<HttpRow>;
const simple = { on: ["simple"] } as const satisfies Partial<HttpRow>;
const policy = { on: ["policy"] } as const satisfies Partial<HttpRow>;
const lambda = { on: ["simple", "policy"] } as const satisfies Partial<HttpRow>;
const routeWith = (over: Partial<Route>): Pick<HttpRow, "after"> => ({
  after: (api) =>
    api.configure((definition, stage) => [
      { ...definition, routes: definition.routes.map((route) => ({ ...route, ...over })) },
      stage,
    ]),
});
const authorizerWith = (over: Partial<HttpAuthorizer>): Pick<HttpRow, "after"> => ({
  after: (api) =>
    api.configure((definition, stage) => [
      { ...definition, authorizers: definition.authorizers.map((each) => ({ ...each, ...over })) },
      stage,
    ]),
});
const apiWith = (over: Partial<HttpApi>): Pick<HttpRow, "after"> => ({
  after: (api) => api.configure((definition, stage) => [{ ...definition, api: { ...definition.api, ...over } }, stage]),
});
const stageWith = (over: Partial<HttpStage>): Pick<HttpRow, "after"> => ({
  after: (api) => api.configure((definition, stage) => [definition, { ...stage, ...over }]),
});
const limited = (rate: unknown, burst: unknown): RouteSettings =>
  ({ ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst }) as RouteSettings;
const throttledBy = (settings: RouteSettings): Pick<HttpRow, "after"> => ({
  after: (api) => api.configure((definition, stage) => [definition, { ...stage, DefaultRouteSettings: settings }]),
});
const signedBy = (change: (draft: Draft) => void): Pick<HttpRow, "send"> => ({ send: (draft) => change(draft) });
const tampered = (value: string | undefined): Pick<HttpRow, "send"> => ({
  send: (draft) => {
    draft.tamper = (headers) => {
      if (value === undefined) delete headers["authorization"];
      else headers["authorization"] = value;
    };
  },
});
const setUser = ({ gateway }: GuardedHttpApi, policies: readonly object[]): void =>
  gateway.gateway.callers.setIdentity("user/ann", userOf(scope.account, ...policies));

const tenant = (value: string | undefined): Pick<HttpRow, "send"> => ({
  send: ({ headers }) => {
    if (value === undefined) delete headers["x-tenant"];
    else headers["x-tenant"] = value;
  },
});
const demanding = (header: string, Required: unknown = true): Pick<HttpRow, "after"> =>
  routeWith({ RequestParameters: { [`route.request.header.${header}`]: { Required: Required as boolean } } });

const far = nowMs / 1_000 + 1_000_000;

/** The server is started without a feature. */
const withoutFeature = (feature: BeyondAws): Pick<HttpRow, "after"> => ({
  after: (api) =>
    api.configure((definition, stage) => [definition, stage], {
      beyondAws: beyondAwsNames.filter((one) => one !== feature),
    }),
});

export const http: Readonly<Record<HttpGate, GateTable<"http">>> = {
  ...makeKeyGates<"http">(routeNames, ["none", "jwt", "simple", "policy"], {
    refusals: { noKey: forbidden, throttled, exceeded: throttled, failed },
    misspelt: {
      refusal: closed,
      ...apiWith({ ApiKeySelectionExpression: "$request.header.X-Api-Key" }),
      staysShut: stillClosed,
    },
    moved: apiWith({ ApiKeySelectionExpression: "$context.authorizer.usageIdentifierKey" }),
  }),
  ...makeWebAclGate<"http">(routeNames, { forbidden, closed }, stageWith({ webAclArn: `${webAclArn}2` })),
  authorizer: {
    methods: ["jwt", "simple", "policy"],
    without: { steps: ["authorizer"] },
    faults: {
      absent: [
        { what: "no token", refusal: unauthorized, ...token(() => undefined) },
        { what: "an empty token", refusal: unauthorized, ...token(() => "") },
        { what: "no token behind Bearer", refusal: unauthorized, ...jwt, ...token(() => "Bearer ") },
        { what: "no result", refusal: failed, ...lambda, ...said(null) },
        { what: "a result that does not say", refusal: failed, ...simple, ...said({ context: {} }) },
        {
          what: "in another header",
          refusal: unauthorized,
          send: ({ headers }) => {
            headers["x-authorization"] = headers["authorization"]!;
            delete headers["authorization"];
          },
        },
        {
          what: "an authorizer that is not there",
          refusal: closed,
          ...routeWith({ AuthorizationType: "JWT", AuthorizerId: "none" }),
          staysShut: stillClosed,
        },
      ],
      malformed: [
        { what: "a token that is none", refusal: unauthorized, ...jwt, ...token(() => "Bearer abc") },
        { what: "a result without a policy", refusal: failed, ...policy, ...said({ principalId: "me" }) },
        { what: "a misspelt effect", refusal: failed, ...policy, ...said(resultOf({ Effect: "allow" })) },
        { what: "a result that is a text", refusal: failed, ...simple, ...said({ isAuthorized: "true" }) },
        { what: "a policy where a simple response is asked for", refusal: failed, ...simple, ...said(resultOf()) },
        {
          what: "a token without a signature",
          refusal: unauthorized,
          ...jwt,
          ...token(({ tokenOf }) => `Bearer ${tokenOf().split(".").slice(0, 2).join(".")}.`),
        },
        {
          what: "a token by alg none",
          refusal: unauthorized,
          ...jwt,
          ...bearer({}, foreignKey.privateKey, { alg: "none" }),
        },
        {
          what: "a misspelt type",
          refusal: closed,
          ...authorizerWith({ AuthorizerType: "jwt" as never }),
          staysShut: stillClosed,
        },
      ],
      expired: [
        {
          what: "a token that has expired",
          refusal: unauthorized,
          ...jwt,
          after: ({ clock }) => clock.advance(900_000),
          ...bearer(),
        },
        {
          what: "a token that is not valid yet",
          refusal: unauthorized,
          ...jwt,
          ...bearer({ nbf: nowMs / 1_000 + 600 }),
        },
      ],
      foreign: [
        {
          what: "an Allow of another account's API",
          refusal: forbidden,
          ...policy,
          ...said(resultOf({ Resource: "arn:aws:execute-api:us-east-1:111111111111:http123/*" })),
        },
        {
          what: "an Allow of another route",
          refusal: forbidden,
          ...policy,
          ...said(resultOf({ Resource: `arn:aws:execute-api:us-east-1:${scope.account}:http123/$default/GET/none` })),
        },
        {
          what: "a function that does not permit the API",
          refusal: failed,
          ...lambda,
          ...asked(({ functions }) => {
            functions.facts = { ...functions.facts!, policy: document(), policyRevision: "2" };
          }),
        },
        { what: "another issuer's token", refusal: unauthorized, ...jwt, ...bearer({ iss: "https://issuer.example" }) },
        { what: "another's signature", refusal: unauthorized, ...jwt, ...bearer({}, foreignKey.privateKey) },
        { what: "for another audience", refusal: unauthorized, ...jwt, ...bearer({ aud: "client-2" }) },
        {
          what: "by a key that the issuer does not have",
          refusal: unauthorized,
          ...jwt,
          ...bearer({}, foreignKey.privateKey, { kid: "two" }),
        },
      ],
      unreachable: [
        {
          what: "a function that can't be called",
          refusal: failed,
          ...lambda,
          ...asked(({ functions }) => {
            functions.outcome = () => Promise.reject(new Error("unreachable"));
          }),
        },
        {
          what: "a function that throws",
          refusal: failed,
          ...lambda,
          ...asked(({ functions }) => {
            functions.outcome = () =>
              Promise.resolve({
                kind: "function-error",
                errorMessage: "x",
                payload: Buffer.from("{}"),
                requestId: "r",
              });
          }),
        },
        {
          what: "a function that is gone",
          refusal: failed,
          ...lambda,
          ...asked(({ functions }) => {
            functions.facts = undefined;
          }),
        },
        {
          what: "an issuer that has not answered for long",
          refusal: unauthorized,
          ...jwt,
          after: (api) => {
            api.clock.advance(90_000_000);
            api.issuerKeys = undefined;
          },
          ...bearer({ exp: far }),
        },
      ],
      changed: [
        { what: "a caller who may no more", refusal: forbidden, ...simple, ...said({ isAuthorized: false }) },
        { what: "a Deny", refusal: forbidden, ...policy, ...said(resultOf({ Effect: "Deny" })) },
        {
          what: "a key that the issuer took back",
          refusal: unauthorized,
          ...jwt,
          after: (api) => {
            api.issuerKeys = { two: foreignKey.publicKey };
            api.clock.advance(90_000_000);
          },
          ...bearer({ exp: far }),
        },
        {
          what: "scopes that are asked for",
          refusal: forbidden,
          ...jwt,
          ...routeWith({ AuthorizationType: "JWT", AuthorizerId: "jwt", AuthorizationScopes: ["pets:read"] }),
        },
        {
          what: "another audience",
          refusal: unauthorized,
          ...jwt,
          after: (api) =>
            api.configure((definition, stage) => [
              {
                ...definition,
                authorizers: definition.authorizers.map((each) => ({
                  ...each,
                  JwtConfiguration: { ...each.JwtConfiguration, Audience: ["client-2"] },
                })),
              },
              stage,
            ]),
        },
      ],
    },
  },
  throttle: {
    methods: routeNames,
    without: { steps: ["throttle"] },
    faults: {
      absent: [
        {
          what: "no setting: the account's is used up",
          refusal: throttled,
          options: { accountThrottle: { ratePerSecond: 1, burst: 1 } },
          ...throttledBy({}),
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
          after: (api) =>
            api.configure((definition, stage) => [
              definition,
              {
                ...stage,
                RouteSettings: Object.fromEntries(definition.routes.map(({ RouteKey }) => [RouteKey, limited(0, 0)])),
              },
            ]),
        },
        {
          what: "used up",
          refusal: throttled,
          after: async (api) => {
            api.configure((definition, stage) => [definition, { ...stage, DefaultRouteSettings: limited(1, 1) }]);
            for (const route of routeNames) await api.call(route);
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
        { what: "no signature", refusal: forbidden, ...tampered(undefined) },
        { what: "no policy of the user's", refusal: forbidden, after: (api) => setUser(api, []) },
      ],
      malformed: [
        { what: "a bearer token", refusal: forbidden, ...tampered("Bearer x") },
        { what: "half a signature", refusal: forbidden, ...tampered("AWS4-HMAC-SHA256 Credential=a") },
        { ...unreadableUserPolicy, refusal: forbidden },
      ],
      expired: [
        {
          what: "a signature of yesterday",
          refusal: forbidden,
          ...signedBy((draft) => {
            draft.signing = { nowMs: nowMs - 86_400_000 };
          }),
        },
        {
          what: "a presigned query that has expired",
          refusal: forbidden,
          ...signedBy((draft) => {
            draft.signing = { nowMs: nowMs - 61_000, expiresIn: 60 };
          }),
        },
      ],
      foreign: foreignSigners({ badSignature: forbidden, unknownKey: forbidden, denied: forbidden }),
      unreachable: "callers are published to the thread: one that it was not told of is unknown",
      changed: [
        ...changedSigners({ unknownKey: forbidden, denied: forbidden }),
        {
          what: "an Allow of another route",
          refusal: forbidden,
          after: (api) =>
            setUser(api, [
              {
                Effect: "Allow",
                Action: "execute-api:Invoke",
                Resource: `arn:aws:execute-api:us-east-1:${scope.account}:http123/$default/GET/none`,
              },
            ]),
        },
      ],
    },
  },
  "request-validation": {
    methods: routeNames,
    without: { steps: ["request-validation"] },
    faults: {
      absent: [{ what: "a required header", refusal: invalid, ...tenant(undefined) }],
      malformed: [
        { what: "a blank one", refusal: invalid, ...tenant(" ") },
        {
          what: "a flag that is no truth value",
          refusal: closed,
          ...demanding("x-tenant", "true"),
          staysShut: stillClosed,
        },
      ],
      expired: "nothing of it expires",
      foreign: [
        {
          what: "a model that is not the API's",
          refusal: closed,
          ...routeWith({ RequestModels: { "application/json": "Foreign" } }),
          staysShut: stillClosed,
        },
      ],
      unreachable: "it is part of the plan, and nothing is asked",
      changed: [{ what: "another header", refusal: invalid, ...demanding("x-other") }],
    },
  },
  closed: {
    methods: routeNames,
    without: { steps: ["closed"], members: ["closed"] },
    faults: {
      absent: "what closes is the setting that can't be enforced",
      malformed: [
        { what: "a misspelt authorization", refusal: closed, ...routeWith({ AuthorizationType: "Jwt" }) },
        { what: "a stage's throttle", refusal: closed, ...throttledBy(limited("5", 5)) },
        {
          what: "a required key that is no truth value",
          refusal: closed,
          ...routeWith({ ApiKeyRequired: "true" as never }),
        },
        { what: "API keys that the server may not have", refusal: closed, ...withoutFeature("http-api-keys") },
        {
          what: "validation that the server may not have",
          refusal: closed,
          ...withoutFeature("http-request-validation"),
        },
        { what: "web ACLs that the server may not have", refusal: closed, ...withoutFeature("http-web-acls") },
      ],
      expired: "nothing of it expires",
      foreign: [
        {
          what: "an authorizer of another type",
          refusal: closed,
          ...routeWith({ AuthorizationType: "CUSTOM", AuthorizerId: "jwt" }),
        },
      ],
      unreachable: "it is part of the plan, and nothing is asked",
      changed: [
        {
          what: "an authorizer that was deleted",
          refusal: closed,
          ...routeWith({ AuthorizationType: "JWT", AuthorizerId: "gone" }),
        },
      ],
    },
  },
  isDefaultEndpointDisabled: {
    methods: routeNames,
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
