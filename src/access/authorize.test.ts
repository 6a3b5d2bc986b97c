import assert from "node:assert/strict";
import { test } from "node:test";
import { type AccessDecision, authorize, type CallerAccess, type NamedPolicy, problemOf } from "./authorize.ts";
import { parsePolicy } from "./policy.ts";
import type { Principal } from "./principal.ts";

const account = "111111111111";
const action = "execute-api:Invoke";
const resource = `arn:aws:execute-api:us-east-1:${account}:api/prod/GET/pets`;
const call = { action, resource, context: () => null };
const signed = { account, userId: "id", tags: {} };
const user: Principal = { ...signed, kind: "user", arn: `arn:aws:iam::${account}:user/ann`, userName: "ann" };
const roleArn = `arn:aws:iam::${account}:role/r`;
const session: Principal = {
  ...signed,
  kind: "role-session",
  arn: `arn:aws:sts::${account}:assumed-role/r/s`,
  roleArn,
};
const federated: Principal = {
  ...signed,
  kind: "federated-user",
  arn: `arn:aws:sts::${account}:federated-user/bob`,
  userArn: user.arn,
};
const root: Principal = { ...signed, kind: "root", arn: `arn:aws:iam::${account}:root` };

const named = (kind: "identity" | "resource", ...statements: object[]): NamedPolicy => ({
  name: kind,
  policy: parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: statements }), kind),
});
const allow = { Effect: "Allow", Action: "*", Resource: "*" };
const deny = { ...allow, Effect: "Deny" };
const sayings = { allow: [allow], deny: [deny], neither: [] } as const;
type Saying = keyof typeof sayings;
const identityPolicy = (saying: Saying): NamedPolicy => named("identity", ...sayings[saying]);
const resourcePolicy = (saying: Saying, principal: unknown): NamedPolicy =>
  named("resource", ...sayings[saying].map((statement) => ({ ...statement, Principal: principal })));

type Limits = Pick<CallerAccess, "permissionsBoundary" | "sessionPolicies">;
const decide = (
  principal: Principal,
  identity: Saying,
  policy: NamedPolicy | undefined,
  { owner = account, ...limits }: Limits & { readonly owner?: string } = {},
): AccessDecision =>
  authorize(call, { principal, identityPolicies: [identityPolicy(identity)], ...limits }, { account: owner, policy });

// AWS: API Gateway Developer Guide, "How API Gateway resource policies affect authorization workflow".
const tables: readonly [Saying, Saying, AccessDecision["kind"], AccessDecision["kind"]][] = [
  ["allow", "allow", "allowed", "allowed"],
  ["allow", "neither", "allowed", "implicitly-denied"],
  ["allow", "deny", "explicitly-denied", "explicitly-denied"],
  ["neither", "allow", "allowed", "implicitly-denied"],
  ["neither", "neither", "implicitly-denied", "implicitly-denied"],
  ["neither", "deny", "explicitly-denied", "explicitly-denied"],
  ["deny", "allow", "explicitly-denied", "explicitly-denied"],
  ["deny", "neither", "explicitly-denied", "explicitly-denied"],
  ["deny", "deny", "explicitly-denied", "explicitly-denied"],
];

test("an identity's and a resource's policies decide as AWS's tables A and B say", () => {
  for (const [identity, policy, same, other] of tables) {
    const callers: readonly Principal[] = [user, session, { kind: "authorized", account }];
    for (const principal of callers) {
      const said = resourcePolicy(policy, "*");
      const name = `${principal.kind} ${identity} ${policy}`;
      assert.equal(decide(principal, identity, said).kind, same, name);
      assert.equal(decide(principal, identity, said, { owner: "222222222222" }).kind, other, name);
    }
  }
});

test("a caller without an account is decided by the resource's policy alone", () => {
  const anonymous: Principal = { kind: "anonymous" };
  const decided = (policy: NamedPolicy | undefined): string =>
    authorize(call, { principal: anonymous, identityPolicies: [] }, { account, policy }).kind;
  assert.equal(decided(resourcePolicy("allow", "*")), "allowed");
  assert.equal(decided(resourcePolicy("allow", { AWS: account })), "implicitly-denied");
  assert.equal(decided(resourcePolicy("deny", "*")), "explicitly-denied");
  assert.equal(decided(undefined), "implicitly-denied");
});

test("within an account, how a resource's policy names the caller says which limits hold", () => {
  const silent = identityPolicy("neither");
  const byBoundary = { permissionsBoundary: silent };
  const bySession = { sessionPolicies: [silent] };
  const wide = { sessionPolicies: [identityPolicy("allow")] };
  const cases: [Principal, unknown, Limits, AccessDecision["kind"]][] = [
    [user, { AWS: user.arn }, byBoundary, "allowed"],
    [user, { AWS: account }, {}, "implicitly-denied"],
    [session, { AWS: session.arn }, { ...byBoundary, ...bySession }, "allowed"],
    [session, { AWS: roleArn }, {}, "allowed"],
    [session, { AWS: roleArn }, byBoundary, "implicitly-denied"],
    [session, { AWS: roleArn }, bySession, "implicitly-denied"],
    [session, { AWS: [roleArn, session.arn] }, bySession, "allowed"],
    [session, "*", bySession, "allowed"],
    [session, { AWS: `arn:aws:iam::${account}:root` }, {}, "implicitly-denied"],
    [federated, { AWS: federated.arn }, {}, "allowed"],
    [federated, { AWS: user.arn }, {}, "implicitly-denied"],
    [federated, { AWS: user.arn }, wide, "allowed"],
    [federated, { AWS: user.arn }, { ...wide, ...byBoundary }, "implicitly-denied"],
  ];
  for (const [principal, named, limits, expected] of cases) {
    const decision = decide(principal, "neither", resourcePolicy("allow", named), limits);
    assert.equal(decision.kind, expected, `${principal.kind} ${JSON.stringify(named)} ${JSON.stringify(limits)}`);
  }
});

test("boundaries and session policies limit what an identity's policies allow, in AWS's words", () => {
  const decided = (principal: Principal, limits: Limits): string | undefined =>
    problemOf(decide(principal, "allow", undefined, limits), action);
  const all = identityPolicy("allow");
  assert.equal(
    decided(user, { permissionsBoundary: all, sessionPolicies: [identityPolicy("neither"), all] }),
    undefined,
  );
  assert.equal(
    decided(user, { permissionsBoundary: identityPolicy("neither") }),
    "because no permissions boundary allows the execute-api:Invoke action",
  );
  assert.equal(
    decided(session, { sessionPolicies: [identityPolicy("neither")] }),
    "because no session policy allows the execute-api:Invoke action",
  );
  assert.equal(decided(federated, {}), "because no session policy allows the execute-api:Invoke action");
  assert.equal(
    decided(session, { sessionPolicies: [all, identityPolicy("deny")] }),
    "with an explicit deny in a session policy",
  );
  assert.equal(
    problemOf(decide(user, "neither", undefined), action),
    "because no identity-based policy allows the execute-api:Invoke action",
  );
  assert.equal(
    problemOf(decide(user, "allow", undefined, { owner: "222222222222" }), action),
    "because no resource-based policy allows the execute-api:Invoke action",
  );
});

test("a root may do everything in its account that no policy denies to it", () => {
  const asRoot = (policy: NamedPolicy | undefined, owner = account): AccessDecision =>
    authorize(call, { principal: root, identityPolicies: [] }, { account: owner, policy });
  assert.deepEqual(asRoot(undefined), { kind: "allowed", by: undefined });
  assert.equal(asRoot(resourcePolicy("deny", "*")).kind, "explicitly-denied");
  assert.equal(asRoot(undefined, "222222222222").kind, "implicitly-denied");
  assert.equal(asRoot(resourcePolicy("allow", { AWS: account }), "222222222222").kind, "allowed");
});

test("a policy that has to grant the call decides, and leaves it to the account's policies if it names the account", () => {
  const decided = (principal: unknown, identity: Saying): string =>
    authorize(
      call,
      { principal: user, identityPolicies: [identityPolicy(identity)] },
      { account, policy: resourcePolicy("allow", principal), isPolicyDecisive: true },
    ).kind;
  assert.equal(decided({ AWS: "222222222222" }, "allow"), "implicitly-denied");
  assert.equal(decided({ AWS: account }, "allow"), "allowed");
  assert.equal(decided({ AWS: account }, "neither"), "implicitly-denied");
  assert.equal(decided({ AWS: user.arn }, "neither"), "allowed");
});

test("a decision names the policy and the statement", () => {
  const policy = named("resource", { ...deny, Sid: "no", Principal: "*" });
  assert.deepEqual(decide(user, "allow", policy), {
    kind: "explicitly-denied",
    source: "resource",
    by: { source: "resource", policyName: "resource", statement: 0, sid: "no" },
    policyName: "resource",
  });
  const broken = { name: "broken", policy: parsePolicy("{") };
  const decision = decide(user, "allow", broken);
  assert.equal(decision.kind === "explicitly-denied" && decision.policyName, "broken");
});
