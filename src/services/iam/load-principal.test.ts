import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Session } from "../../access/principal.ts";
import { openSqliteStore } from "../../store/sqlite-store.ts";
import { everywhere } from "../../store/store.ts";
import {
  type AccessKeyDocument,
  type GroupDocument,
  iamIndexes,
  iamKinds,
  iamScope,
  type PolicyDocument,
  type RoleDocument,
  type UserDocument,
} from "./documents.ts";
import { loadAccessKey, loadIdentity, loadSession } from "./load-principal.ts";

const account = "111122223333";
const scope = iamScope(account);
const arnOf = (kind: string, name: string): string => `arn:aws:iam::${account}:${kind}/${name}`;
const entity = (kind: string, id: string, name: string) => ({
  path: "/",
  name,
  id,
  arn: arnOf(kind, name),
  createdAt: 0,
  inlinePolicies: {},
  attachedPolicies: [],
});
const group: GroupDocument = {
  ...entity("group", "AGPA", "Team"),
  inlinePolicies: { ofGroup: "group's" },
  attachedPolicies: ["arn:aws:iam::aws:policy/IAMReadOnlyAccess"],
};
const user: UserDocument = {
  ...entity("user", "AIDA", "Bob"),
  inlinePolicies: { own: "own" },
  attachedPolicies: [arnOf("policy", "managed")],
  permissionsBoundary: arnOf("policy", "gone"),
  groups: ["team"],
  accessKeys: ["AKIAONE"],
  tags: { team: "pets" },
};
const role: RoleDocument = {
  ...entity("role", "AROA", "Worker"),
  maxSessionSeconds: 3_600,
  trustPolicy: "trust",
  tags: { Team: "cats", cost: "1" },
};
const policy: PolicyDocument = {
  ...entity("policy", "ANPA", "managed"),
  updatedAt: 0,
  defaultVersionId: "v2",
  nextVersion: 3,
  versions: [
    { id: "v1", document: "old", createdAt: 0 },
    { id: "v2", document: "managed", createdAt: 0 },
  ],
  tags: {},
};
const key: AccessKeyDocument = {
  id: "AKIAONE",
  secret: "secret",
  isActive: true,
  createdAt: 0,
  account,
  ownerArn: user.arn,
};

const store = openSqliteStore({ indexes: iamIndexes });
after(() => store.close());
await store.write(scope, async (tx) => {
  await tx.put(iamKinds.user, "bob", user);
  await tx.put(iamKinds.role, "worker", role);
  await tx.put(iamKinds.group, "team", group);
  await tx.put(iamKinds.policy, "managed", policy);
  await tx.in(everywhere).put(iamKinds.accessKey, key.id, key);
  await tx
    .in(everywhere)
    .put(iamKinds.accessKey, "AKIATWO", { ...key, id: "AKIATWO", ownerArn: arnOf("user", "gone") });
});
const read = <T>(load: (tx: Parameters<Parameters<typeof store.read>[1]>[0]) => Promise<T>): Promise<T> =>
  store.read(everywhere, load);

test("a key's principal has all policies of its user, and says from which documents", async () => {
  const loaded = await read((tx) => loadAccessKey(tx, "AKIAONE"));
  assert.equal(loaded.key?.secret, "secret");
  const { identity, arn, userId, userName, type, sessionPolicies } = loaded.principal!;
  assert.deepEqual([arn, userId, userName, type, sessionPolicies], [user.arn, "AIDA", "Bob", "User", undefined]);
  assert.deepEqual(
    identity.policies.map(({ name, arn: of, group: by, document }) => [name, of, by, document.slice(0, 7)]),
    [
      ["own", undefined, undefined, "own"],
      ["managed", arnOf("policy", "managed"), undefined, "managed"],
      ["ofGroup", undefined, "Team", "group's"],
      ["IAMReadOnlyAccess", "arn:aws:iam::aws:policy/IAMReadOnlyAccess", "Team", '{"Versi'],
    ],
  );
  assert.equal(identity.permissionsBoundary?.document, "", "a boundary that is gone denies everything");
  assert.deepEqual(
    loaded.sources.map(({ kind, id, scope: { account: of } }) => `${of} ${kind} ${id}`),
    [
      "* iam-access-key AKIAONE",
      `${account} iam-user bob`,
      `${account} iam-policy managed`,
      `${account} iam-group team`,
      `${account} iam-policy gone`,
    ],
  );
});

test("nobody is found for what does not exist, is another's or is misspelt, and its documents are watched", async () => {
  for (const [arn, kinds] of [
    [arnOf("user", "bob"), ["iam-user"]],
    [arnOf("user", "Nobody"), ["iam-user"]],
    [`arn:aws:iam::${account}:user/x/Bob`, ["iam-user"]],
    ["arn:aws:iam::999999999999:user/Bob", ["iam-user"]],
    [arnOf("role", "Bob"), ["iam-role"]],
    [arnOf("group", "Team"), []],
    [arnOf("user", ""), []],
    [`arn:aws:sts::${account}:assumed-role/Worker/me`, []],
    [`${user.arn}\n`, []],
    ["", []],
    ["AIDA", []],
  ] as const) {
    const { identity, sources } = await read((tx) => loadIdentity(tx, arn));
    assert.equal(identity, undefined, arn);
    assert.deepEqual(
      sources.map(({ kind }) => kind),
      kinds,
      arn,
    );
  }
  assert.deepEqual((await read((tx) => loadAccessKey(tx, "AKIANONE"))).principal, undefined);
  const orphan = await read((tx) => loadAccessKey(tx, "AKIATWO"));
  assert.deepEqual([orphan.principal, orphan.key?.id], [undefined, "AKIATWO"]);
});

test("every account has a root, who has no policies", async () => {
  const { identity } = await read((tx) => loadIdentity(tx, "arn:aws:iam::999999999999:root"));
  assert.deepEqual([identity?.kind, identity?.id, identity?.policies], ["root", "999999999999", []]);
});

test("a session is of the identity that it was made for, with its tags and policies", async () => {
  const session: Session = {
    kind: "assumed-role",
    issuerArn: role.arn,
    issuerId: role.id,
    name: "me",
    issuedAt: 0,
    expiresAt: 1,
    policy: "inline",
    policyArns: [arnOf("policy", "managed"), arnOf("policy", "gone"), "arn:aws:iam::999999999999:policy/managed"],
    tags: { team: "dogs" },
  };
  const { principal, sources } = await read((tx) => loadSession(tx, session));
  assert.deepEqual(
    [principal?.arn, principal?.userId, principal?.principalArn, principal?.type, principal?.tags],
    [`arn:aws:sts::${account}:assumed-role/Worker/me`, "AROA:me", role.arn, "AssumedRole", { cost: "1", team: "dogs" }],
  );
  assert.deepEqual(
    principal?.sessionPolicies?.map(({ document }) => document),
    ["inline", "managed", "", ""],
  );
  assert.deepEqual(
    sources.map(({ id }) => id),
    ["worker", "managed", "gone", "managed"],
  );
  for (const changed of [{ issuerId: "AROB" }, { issuerArn: arnOf("role", "worker") }, { issuerArn: user.arn }]) {
    assert.equal((await read((tx) => loadSession(tx, { ...session, ...changed }))).principal, undefined);
  }
  const federated: Session = {
    kind: "federated-user",
    issuerArn: user.arn,
    issuerId: user.id,
    name: "eve",
    issuedAt: 0,
    expiresAt: 1,
  };
  const eve = (await read((tx) => loadSession(tx, federated))).principal;
  assert.deepEqual(
    [eve?.arn, eve?.userId, eve?.type, eve?.userName, eve?.sessionPolicies],
    [`arn:aws:sts::${account}:federated-user/eve`, `${account}:eve`, "FederatedUser", undefined, []],
  );
});
