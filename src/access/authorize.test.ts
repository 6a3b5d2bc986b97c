import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type AccessDecision,
  accessOf,
  anonymousAccess,
  authorize,
  type CallerAccess,
  type ParsedPolicy,
  problemOf,
  type Requester,
} from "./authorize.ts";
import { parsePolicy } from "./policy.ts";
import { type Identity, type Principal, principalOfIdentity, principalOfSession, type Session } from "./principal.ts";

const account = "111111111111";
const action = "execute-api:Invoke";
const resource = `arn:aws:execute-api:us-east-1:${account}:api/prod/GET/pets`;
const call = { action, resource, context: () => null };
const identityOf = (kind: Identity["kind"], arn: string, name: string): Identity => ({
  ...{ kind, account, arn, name, id: "AIDAEXAMPLE", path: "/", tags: {}, policies: [] },
});
const ann = identityOf("user", `arn:aws:iam::${account}:user/ann`, "ann");
const role = identityOf("role", `arn:aws:iam::${account}:role/r`, "r");
const sessionOf = (identity: Identity, kind: Session["kind"], name: string): Principal =>
  principalOfSession(
    identity,
    { kind, name, issuerArn: identity.arn, issuerId: identity.id, issuedAt: 0, expiresAt: 1 },
    () => undefined,
  )!;
const as = (principal: Principal): Requester => ({ kind: "principal", principal });
const user = as(principalOfIdentity(ann));
const sessionArn = `arn:aws:sts::${account}:assumed-role/r/s`;
const session = as(sessionOf(role, "assumed-role", "s"));
const federatedArn = `arn:aws:sts::${account}:federated-user/bob`;
const federated = as(sessionOf(ann, "federated-user", "bob"));
const rootIdentity = identityOf("root", `arn:aws:iam::${account}:root`, "root");
const root = as(principalOfIdentity(rootIdentity));
const federatedRoot = as(sessionOf(rootIdentity, "federated-user", "bob"));

const named = (kind: "identity" | "resource", ...statements: object[]): ParsedPolicy => ({
  name: kind,
  policy: parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: statements }), kind),
});
const allow = { Effect: "Allow", Action: "*", Resource: "*" };
const deny = { ...allow, Effect: "Deny" };
const sayings = { allow: [allow], deny: [deny], neither: [] } as const;
type Saying = keyof typeof sayings;
const identityPolicy = (saying: Saying): ParsedPolicy => named("identity", ...sayings[saying]);
const resourcePolicy = (saying: Saying, principal: unknown): ParsedPolicy =>
  named("resource", ...sayings[saying].map((statement) => ({ ...statement, Principal: principal })));

type Limits = Pick<CallerAccess, "permissionsBoundary" | "sessionPolicies">;
const decide = (
  requester: Requester,
  identity: Saying,
  policy: ParsedPolicy | undefined,
  { owner = account, ...limits }: Limits & { readonly owner?: string } = {},
): AccessDecision =>
  authorize(call, { requester, identityPolicies: [identityPolicy(identity)], ...limits }, { account: owner, policy });

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
    const callers: readonly Requester[] = [user, session, { kind: "authorized", account }];
    for (const requester of callers) {
      const said = resourcePolicy(policy, "*");
      const name = `${requester.kind} ${identity} ${policy}`;
      assert.equal(decide(requester, identity, said).kind, same, name);
      assert.equal(decide(requester, identity, said, { owner: "222222222222" }).kind, other, name);
    }
  }
});

test("a caller without an account is decided by the resource's policy alone", () => {
  const decided = (policy: ParsedPolicy | undefined): string =>
    authorize(call, anonymousAccess, { account, policy }).kind;
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
  const cases: [Requester, unknown, Limits, AccessDecision["kind"]][] = [
    [user, { AWS: ann.arn }, byBoundary, "allowed"],
    [user, { AWS: account }, {}, "implicitly-denied"],
    [session, { AWS: sessionArn }, { ...byBoundary, ...bySession }, "allowed"],
    [session, { AWS: role.arn }, {}, "allowed"],
    [session, { AWS: role.arn }, byBoundary, "implicitly-denied"],
    [session, { AWS: role.arn }, bySession, "implicitly-denied"],
    [session, { AWS: [role.arn, sessionArn] }, bySession, "allowed"],
    [session, "*", bySession, "allowed"],
    [session, { AWS: `arn:aws:iam::${account}:root` }, {}, "implicitly-denied"],
    [session, { AWS: role.id }, {}, "allowed"],
    [session, { AWS: role.id }, bySession, "implicitly-denied"],
    [federated, { AWS: federatedArn }, bySession, "allowed"],
    [federated, { AWS: ann.arn }, bySession, "implicitly-denied"],
    [federatedRoot, { AWS: federatedArn }, bySession, "allowed"],
    [federatedRoot, { AWS: account }, bySession, "implicitly-denied"],
    [federated, { AWS: ann.arn }, wide, "allowed"],
    [federated, { AWS: ann.arn }, { ...wide, ...byBoundary }, "implicitly-denied"],
  ];
  for (const [index, [requester, named, limits, expected]] of cases.entries()) {
    const decision = decide(requester, "neither", resourcePolicy("allow", named), limits);
    assert.equal(decision.kind, expected, `row ${index}: ${JSON.stringify(named)}`);
  }
});

test("boundaries and session policies limit what an identity's policies allow, in AWS's words", () => {
  const decided = (requester: Requester, limits: Limits): string | undefined =>
    problemOf(decide(requester, "allow", undefined, limits), action);
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
  const asRoot = (policy: ParsedPolicy | undefined, owner = account): AccessDecision =>
    authorize(call, { requester: root, identityPolicies: [] }, { account: owner, policy });
  assert.deepEqual(asRoot(undefined), { kind: "allowed", by: undefined });
  assert.equal(asRoot(resourcePolicy("deny", "*")).kind, "explicitly-denied");
  assert.equal(asRoot(undefined, "222222222222").kind, "implicitly-denied");
  assert.equal(asRoot(resourcePolicy("allow", { AWS: account }), "222222222222").kind, "allowed");
});

test("a policy that has to grant the call decides, and leaves it to the account's policies if it names the account", () => {
  const decided = (principal: unknown, identity: Saying): string =>
    authorize(
      call,
      { requester: user, identityPolicies: [identityPolicy(identity)] },
      { account, policy: resourcePolicy("allow", principal), isPolicyDecisive: true },
    ).kind;
  assert.equal(decided({ AWS: "222222222222" }, "allow"), "implicitly-denied");
  assert.equal(decided({ AWS: account }, "allow"), "allowed");
  assert.equal(decided({ AWS: account }, "neither"), "implicitly-denied");
  assert.equal(decided({ AWS: ann.arn }, "neither"), "allowed");
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

test("a principal's policies are those of its identity, its boundary and its session, parsed once", () => {
  const document = JSON.stringify({ Statement: allow });
  const identity = { ...ann, policies: [{ name: "all", document }], permissionsBoundary: { name: "b", document } };
  const access = accessOf(principalOfIdentity(identity));
  assert.equal(authorize(call, access, { account }).kind, "allowed");
  const again = accessOf(principalOfIdentity(identity));
  assert.equal(again.identityPolicies, access.identityPolicies);
  assert.equal(again.permissionsBoundary, access.permissionsBoundary);
  const limited = accessOf(sessionOf(identity, "federated-user", "bob"));
  const decision = authorize(call, limited, { account });
  assert.equal(problemOf(decision, action), "because no session policy allows the execute-api:Invoke action");
});

test("of several policies whatever denies counts before whatever allows", () => {
  const broken: ParsedPolicy = { name: "broken", policy: parsePolicy("[", "identity") };
  const [allows, denies, silent] = [identityPolicy("allow"), identityPolicy("deny"), identityPolicy("neither")];
  const decided = (...identityPolicies: readonly ParsedPolicy[]): string =>
    authorize(call, { requester: user, identityPolicies }, { account }).kind;
  assert.equal(decided(), "implicitly-denied");
  assert.equal(decided(silent, allows), "allowed");
  assert.equal(decided(allows, denies), "explicitly-denied");
  assert.equal(decided(denies, allows), "explicitly-denied");
  assert.equal(decided(allows, broken), "explicitly-denied");
});
