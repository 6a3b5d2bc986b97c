// A request that several gates would refuse gets the refusal of the first one in AWS's order, at every method.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Draft,
  document,
  type GuardedApi,
  type MethodName,
  methodNames,
  settingsOf,
  startGuarded,
} from "./guarded-api.ts";

interface Violation {
  readonly gate: string;
  /** Status and error type of the refusal. */
  readonly refusal: readonly [number, string];
  readonly send?: (draft: Draft) => void;
  readonly after?: (api: GuardedApi) => void;
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

/** What only one of the two gates with equal refusals says. */
const hints: Readonly<Record<string, RegExp>> = { "web ACL": /web ACL/, "API key": /API key/ };

async function check(method: MethodName, violations: readonly Violation[], expected: Violation): Promise<void> {
  await using api = await startGuarded();
  for (const { after } of violations) after?.(api);
  const reply = await api.call(method, (draft) => {
    for (const { send } of violations) send?.(draft);
  });
  assert.deepEqual([reply.status, reply.headers["x-amzn-errortype"]], expected.refusal, reply.text);
  const hint = hints[expected.gate];
  if (hint !== undefined) assert.match(String(reply.headers["x-portico-hint"]), hint);
}

for (const method of methodNames) {
  const order = orders[method];
  describe(`the first gate of the method ${method} that refuses is the one that answers`, () => {
    for (const [index, first] of order.entries()) {
      for (const second of order.slice(index + 1)) {
        it(`${first.gate}, then ${second.gate}`, () => check(method, [second, first], first));
      }
      it(`${first.gate}, then all that follow`, () => check(method, order.slice(index), first));
    }
  });
}

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
