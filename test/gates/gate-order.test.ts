// A request that several gates would refuse gets the refusal of the first one in AWS's order, at every method.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { HttpApiDefinition } from "../../src/definition/http-api.ts";
import type { Plan } from "../../src/plan/kinds.ts";
import { start } from "./gate-tables.ts";
import {
  type ApiOf,
  type Draft,
  document,
  type GuardedKind,
  type MethodName,
  type MethodOf,
  methodNames,
  settingsOf,
  startGuarded,
} from "./guarded-api.ts";
import { type RouteName, routeNames } from "./guarded-http-api.ts";
import { type EventName, eventNames } from "./guarded-websocket-api.ts";

interface Violation<Kind extends GuardedKind = "rest"> {
  readonly gate: string;
  /** Status and error type of the refusal. */
  readonly refusal: readonly [number, string | undefined];
  readonly send?: (draft: Draft) => void;
  readonly after?: (api: ApiOf<Kind>) => void;
}

const webAcl: Violation = {
  gate: "web ACL",
  // The same as an API key's refusal, but for the hint.
  refusal: [403, "ForbiddenException"],
  send: (draft) => {
    draft.query["attack"] = "1";
  },
};
const policy: Violation = {
  gate: "resource policy",
  refusal: [403, "AccessDeniedException"],
  send: (draft) => {
    draft.headers["user-agent"] = "evil";
  },
};
const token: Violation = {
  gate: "authorizer",
  refusal: [401, "UnauthorizedException"],
  send: (draft) => {
    draft.headers["authorization"] = "wrong";
  },
};
const signature: Violation = {
  gate: "signature",
  refusal: [403, "InvalidSignatureException"],
  send: (draft) => {
    draft.signing = { region: "eu-west-1" };
  },
};
const key: Violation = {
  gate: "API key",
  refusal: [403, "ForbiddenException"],
  send: (draft) => {
    delete draft.headers["x-api-key"];
  },
};
const throttle: Violation = {
  gate: "throttle",
  refusal: [429, "TooManyRequestsException"],
  after: (api) => api.configure((definition, stage) => [definition, { ...stage, methodSettings: settingsOf(0, 0) }]),
};
const quota: Violation = {
  gate: "quota",
  refusal: [429, "LimitExceededException"],
  after: (api) => api.setUsagePlan({ quota: { limit: 0, offset: 0, period: "DAY" } }),
};
const validation: Violation = {
  gate: "request validation",
  refusal: [400, "BadRequestException"],
  send: (draft) => {
    delete draft.query["q"];
  },
};

/** Each method's gates, in order. */
const orders: Readonly<Record<MethodName, readonly Violation[]>> = {
  none: [webAcl, policy, key, throttle, quota, validation],
  // A policy that denies the call spares the authorizer the question.
  custom: [webAcl, policy, token, key, throttle, quota, validation],
  // Here the policy decides once the token is known to be right, and that the signature is.
  pool: [webAcl, token, policy, key, throttle, quota, validation],
  iam: [webAcl, signature, policy, key, throttle, quota, validation],
};

const limited = { ThrottlingRateLimit: 0, ThrottlingBurstLimit: 0 };
const disabled: Violation<"http"> = {
  gate: "disabled default endpoint",
  refusal: [404, undefined],
  after: (api) =>
    api.configure((definition, stage) => [
      disabledIn(definition),
      // A gate before it may have changed the stage.
      hasThrottle(api.plan()) ? { ...stage, DefaultRouteSettings: limited } : stage,
    ]),
};
const hasThrottle = (plan: Plan): boolean => JSON.stringify(plan.methods).includes('"ratePerSecond":0');
const disabledIn = (definition: HttpApiDefinition): HttpApiDefinition => ({
  ...definition,
  api: { ...definition.api, DisableExecuteApiEndpoint: true },
});
const bearer: Violation<"http"> = { gate: "authorizer", refusal: [401, undefined], send: token.send! };
const nameless: Violation<"http"> = {
  gate: "authorizer",
  refusal: [401, undefined],
  send: (draft) => {
    delete draft.headers["authorization"];
  },
};
const forged: Violation<"http"> = { gate: "signature", refusal: [403, undefined], send: signature.send! };
const routeThrottle: Violation<"http"> = {
  gate: "throttle",
  refusal: [429, undefined],
  // A gate before it may have changed the definition.
  after: (api) =>
    api.configure((definition, stage) => [
      api.plan().isDefaultEndpointDisabled ? disabledIn(definition) : definition,
      { ...stage, DefaultRouteSettings: limited },
    ]),
};

const httpWebAcl: Violation<"http"> = { gate: "web ACL", refusal: [403, undefined], send: webAcl.send! };
const httpKey: Violation<"http"> = { gate: "API key", refusal: [403, undefined], send: key.send! };
const httpQuota: Violation<"http"> = {
  gate: "quota",
  refusal: [429, undefined],
  after: (api) => api.setUsagePlan({ quota: { limit: 0, offset: 0, period: "DAY" } }),
};

/** Each route's gates, in order. */
const httpOrders: Readonly<Record<RouteName, readonly Violation<"http">[]>> = {
  none: [disabled, httpWebAcl, httpKey, routeThrottle, httpQuota],
  jwt: [disabled, httpWebAcl, bearer, httpKey, routeThrottle, httpQuota],
  simple: [disabled, httpWebAcl, nameless, httpKey, routeThrottle, httpQuota],
  policy: [disabled, httpWebAcl, nameless, httpKey, routeThrottle, httpQuota],
  iam: [disabled, httpWebAcl, forged, httpKey, routeThrottle, httpQuota],
};

const tokenless: Violation<"websocket"> = {
  gate: "authorizer",
  refusal: [401, undefined],
  send: (draft) => {
    delete draft.query["token"];
  },
};
const unsigned: Violation<"websocket"> = { gate: "signature", refusal: [403, undefined], send: signature.send! };
const connectKey: Violation<"websocket"> = { gate: "API key", refusal: [403, undefined], send: key.send! };
const eventThrottle: Violation<"websocket"> = {
  gate: "throttle",
  refusal: [429, undefined],
  after: (api) =>
    api.configure((definition, of) => [
      { ...definition, api: { ...definition.api, DisableExecuteApiEndpoint: api.plan().isDefaultEndpointDisabled } },
      { ...of, DefaultRouteSettings: limited },
    ]),
};
const connectQuota: Violation<"websocket"> = {
  gate: "quota",
  refusal: [429, undefined],
  after: httpQuota.after as never,
};
const parameter: Violation<"websocket"> = {
  gate: "request validation",
  refusal: [400, undefined],
  send: validation.send!,
};
const model: Violation<"websocket"> = {
  gate: "request validation",
  refusal: [400, undefined],
  send: (draft) => {
    draft.message = '{"action":"speak","kind":"text"}';
  },
};
const unreachable: Violation<"websocket"> = {
  gate: "disabled default endpoint",
  refusal: [403, "ForbiddenException"],
  after: (api) =>
    api.configure((definition, of) => [
      { ...definition, api: { ...definition.api, DisableExecuteApiEndpoint: true } },
      hasThrottle(api.plan()) ? { ...of, DefaultRouteSettings: limited } : of,
    ]),
};

/** Each event's gates, in order. */
const webSocketOrders: Readonly<Record<EventName, readonly Violation<"websocket">[]>> = {
  none: [unreachable, connectKey, eventThrottle, connectQuota, parameter],
  custom: [unreachable, tokenless, connectKey, eventThrottle, connectQuota, parameter],
  iam: [unreachable, unsigned, connectKey, eventThrottle, connectQuota, parameter],
  message: [eventThrottle, model],
};

/** What only one of the two gates with equal refusals says. */
const hints: Readonly<Record<string, RegExp>> = {
  "web ACL": /web ACL/,
  "API key": /API key/,
  throttle: /route settings|methodSettings/,
  quota: /quota/,
};

async function check<Kind extends GuardedKind>(
  [kind, method]: readonly [Kind, MethodOf<Kind>],
  violations: readonly Violation<Kind>[],
  expected: Violation<Kind>,
): Promise<void> {
  await using api = await start(kind);
  for (const { after } of violations) after?.(api);
  const reply = await api.call(method, (draft) => {
    for (const { send } of violations) send?.(draft);
  });
  assert.deepEqual([reply.status, reply.headers["x-amzn-errortype"]], expected.refusal, reply.text);
  const hint = hints[expected.gate];
  if (hint !== undefined && method !== "message") assert.match(String(reply.headers["x-portico-hint"]), hint);
}

function checkOrder<Kind extends GuardedKind>(
  at: readonly [kind: Kind, method: MethodOf<Kind>],
  order: readonly Violation<Kind>[],
): void {
  describe(`the first gate of the method ${at[1]} of ${at[0]} APIs that refuses is the one that answers`, () => {
    for (const [index, first] of order.entries()) {
      for (const second of order.slice(index + 1)) {
        it(`${first.gate}, then ${second.gate}`, () => check(at, [second, first], first));
      }
      it(`${first.gate}, then all that follow`, () => check(at, order.slice(index), first));
    }
  });
}

for (const method of methodNames) checkOrder(["rest", method], orders[method]);
for (const route of routeNames) checkOrder(["http", route], httpOrders[route]);
for (const event of eventNames) checkOrder(["websocket", event], webSocketOrders[event]);

describe("what a gate refuses costs nothing at the gates behind it", () => {
  it("a request that a gate before them refuses takes no token and is not counted", async () => {
    await using api = await startGuarded();
    api.configure((definition, stage) => [definition, { ...stage, methodSettings: settingsOf(1, 1) }]);
    api.setUsagePlan({ quota: { limit: 1, offset: 0, period: "DAY" } });
    for (const { send } of [webAcl, policy, key]) await api.call("none", send);
    assert.equal((await api.call("none")).status, 200);
    api.clock.advance(10_000);
    assert.deepEqual((await api.call("none")).headers["x-amzn-errortype"], "LimitExceededException");
  });

  it("an authorizer is not asked about a caller whom the web ACL or the resource policy refuses", async () => {
    await using api = await startGuarded();
    for (const { send } of [webAcl, policy]) await api.call("custom", send);
    assert.equal(api.functions.requests.length, 0);
  });

  it("a policy that is withdrawn with a deployment denies nobody any more", async () => {
    await using api = await startGuarded();
    const { send } = policy;
    assert.equal((await api.call("none", send)).status, 403);
    const open = document({ Effect: "Allow", Principal: "*", Action: "execute-api:Invoke", Resource: "*" });
    api.configure((definition, stage) => [{ ...definition, restApi: { ...definition.restApi, policy: open } }, stage]);
    assert.equal((await api.call("none", send)).status, 200);
  });
});
