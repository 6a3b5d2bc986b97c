// Whatever becomes of a plan or of a publication on its way to a thread: what was refused is not let through.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Identity } from "../../src/access/principal.ts";
import type { PublishedAccessKey } from "../../src/gateway/known-callers.ts";
import type { Plan } from "../../src/plan/kinds.ts";
import type { UsagePlanFacts } from "../../src/plan/usage-plan.ts";
import type { PublishedWebAcl } from "../../src/waf/web-acl.ts";
import { scope } from "../exchange/fake-keys.ts";
import { damage } from "./damage.ts";
import { type GateTable, gateTables, type Row, routeKeyOf, rowsOf, start } from "./gate-tables.ts";
import {
  allowedUser,
  ann,
  document,
  type GuardedApi,
  type GuardedKind,
  type MethodName,
  type MethodOf,
  startGuarded,
  userOf,
  webAcl,
  webAclArn,
} from "./guarded-api.ts";

/** Members that a plan or a publication may lack: without them, it says something else that is right, too. */
const optional = new Set<string>([
  ...["method", "verbs", "ratePerSecond", "burst", "scopes", "identityValidationExpression", "value"],
  ...["privateEndpoint", "resourcePolicy", "webAclArn", "closed", "models", "authorizers"],
]);

describe("a plan with one damaged value refuses what it refused before", () => {
  tryAll("rest", gateTables.rest);
  tryAll("http", gateTables.http);
  tryAll("websocket", gateTables.websocket);
});

function tryAll<Kind extends GuardedKind>(kind: Kind, gates: Readonly<Record<string, GateTable<Kind>>>): void {
  for (const [gate, table] of Object.entries(gates)) {
    // One row for each fault of each method shows enough.
    const tried = new Set<string>();
    for (const [fault, row] of rowsOf(table)) {
      const method = (row.on ?? table.methods)[0];
      if (method === undefined || row.staysShut !== undefined || tried.has(`${fault} ${method}`)) continue;
      tried.add(`${fault} ${method}`);
      it(`${kind}: ${gate}: ${fault}: ${row.what}`, () => staysShut(kind, table, row, method));
    }
  }
}

it("a plan with a method without steps closes its stage: nobody would answer", async () => {
  await using api = await startGuarded();
  const [method, ...others] = api.plan().methods;
  api.setPlan({ ...api.plan(), methods: [{ ...method!, steps: [] }, ...others] } as Plan);
  assert.equal((await api.call("none")).status, 501);
});

async function staysShut<Kind extends GuardedKind>(
  kind: Kind,
  table: GateTable<Kind>,
  row: Row<Kind>,
  method: MethodOf<Kind>,
): Promise<void> {
  await using api = await start(kind, { ...table.options, ...row.options });
  await api.call(method);
  await row.after?.(api);
  const { steps = [], members = [] } = table.without;
  const plan = api.plan(method);
  const key = routeKeyOf(kind, method);
  const index = plan.methods.findIndex(({ routeKey }) => routeKey === key);
  const isOfGate = ([name, ofMethod, , step]: readonly (string | number)[]): boolean => {
    if (name !== "methods")
      return members.includes(name as keyof Plan) || (name === "authorizers" && steps.includes("authorizer"));
    return ofMethod === index && typeof step === "number" && steps.includes(plan.methods[index]!.steps[step]!.kind);
  };
  const passed: string[] = [];
  for (const { where, value } of damage<Plan>(plan, optional, isOfGate)) {
    api.setPlan(value);
    const { status } = await api.call(method, row.send && ((draft) => row.send!(draft, api)));
    if (status === 200) passed.push(where);
  }
  assert.deepEqual(passed, []);
}

/** What threads are told beside plans, in a form that refuses the method's caller. */
interface Publication<Value> {
  readonly method: MethodName;
  /** The status of the refusal. */
  readonly status: number;
  readonly value: Value;
  readonly publish: (api: GuardedApi, value: Value) => void;
  readonly send?: Row["send"];
  readonly optional?: readonly string[];
}

const setUser = ({ gateway }: GuardedApi, user: Identity): void =>
  gateway.gateway.callers.setIdentity("user/ann", user);
const setKey = ({ gateway }: GuardedApi, key: PublishedAccessKey): void =>
  gateway.gateway.callers.setAccessKey(ann.accessKeyId, key);
const deny = { Effect: "Deny", Action: "execute-api:Invoke", Resource: "*" };
const allow = { ...deny, Effect: "Allow" };
const plan: UsagePlanFacts = {
  slot: 0,
  ...scope,
  id: "plan",
  stages: [{ apiId: "abc123", stageName: "prod", throttles: {} }],
};
const setPlan = (api: GuardedApi, facts: UsagePlanFacts): void =>
  api.gateway.gateway.setUsagePlan("000000000000/us-east-1/plan", facts);
const publication = <Value>(each: Publication<Value>): Publication<unknown> => each as Publication<unknown>;

const publications: Readonly<Record<string, Publication<unknown>>> = {
  "an inactive access key": publication({
    method: "iam",
    status: 403,
    value: { secret: ann.secretAccessKey, isActive: false, ownerArn: allowedUser.arn },
    publish: setKey,
  }),
  "an access key with another secret": publication({
    method: "iam",
    status: 403,
    value: { secret: "another", isActive: true, ownerArn: allowedUser.arn },
    publish: setKey,
  }),
  "a user without policies": publication({
    method: "iam",
    status: 403,
    value: { ...allowedUser, policies: [] },
    publish: setUser,
  }),
  "a user whom a policy denies": publication({
    method: "iam",
    status: 403,
    value: userOf(scope.account, allow, deny),
    publish: setUser,
  }),
  "a user whom a boundary does not allow": publication({
    method: "iam",
    status: 403,
    value: {
      ...allowedUser,
      permissionsBoundary: { name: "boundary", document: document({ ...allow, Action: "s3:*" }) },
    },
    publish: setUser,
    optional: ["permissionsBoundary"],
  }),
  "another account's user": publication({
    method: "iam",
    status: 403,
    value: { ...userOf("111111111111", allow), arn: allowedUser.arn },
    publish: setUser,
  }),
  "a usage plan with a throttle": publication({
    method: "none",
    status: 429,
    value: { ...plan, throttle: { ratePerSecond: 0, burst: 0 } },
    publish: setPlan,
    optional: ["throttle"],
  }),
  "a usage plan with a method's throttle": publication({
    method: "none",
    status: 429,
    value: { ...plan, stages: [{ ...plan.stages[0]!, throttles: { "/none/GET": { ratePerSecond: 0, burst: 0 } } }] },
    publish: setPlan,
    optional: ["/none/GET"],
  }),
  "a usage plan with a quota": publication({
    method: "none",
    status: 429,
    value: { ...plan, quota: { limit: 0, offset: 0, period: "DAY" } },
    publish: setPlan,
    optional: ["quota"],
  }),
  "a usage plan of another stage": publication({
    method: "none",
    status: 403,
    value: { ...plan, stages: [{ apiId: "abc123", stageName: "dev", throttles: {} }] },
    publish: setPlan,
  }),
  "a web ACL that blocks": publication({
    method: "none",
    status: 403,
    value: webAcl,
    publish: ({ gateway }, value) => gateway.gateway.setWebAcl(webAclArn, value as PublishedWebAcl),
    send: ({ query }) => {
      query["attack"] = "1";
    },
  }),
};

describe("a publication with one damaged value refuses what it refused before", () => {
  for (const [what, { method, status: expected, value, publish, send, optional = [] }] of Object.entries(
    publications,
  )) {
    it(what, async () => {
      await using api = await startGuarded();
      const status = async (): Promise<number> =>
        (await api.call(method, send && ((draft) => send(draft, api)))).status;
      publish(api, value);
      assert.equal(await status(), expected);
      const passed: string[] = [];
      for (const damaged of damage(value, new Set(["ratePerSecond", "burst", ...optional]))) {
        try {
          publish(api, damaged.value);
        } catch {
          // The thread that is told so stops, and another one takes its place.
          continue;
        }
        if ((await status()) === 200) passed.push(damaged.where);
      }
      assert.deepEqual(passed, []);
    });
  }
});
