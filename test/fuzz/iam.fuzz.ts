// Calls of IAM and STS made from the interface models, sound ones and broken ones, against the real operations; and policies
// made of their own pieces, of which each that IAM takes is evaluated.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { parsePolicy } from "../../src/access/policy.ts";
import { Role } from "../../src/access/role-access.ts";
import { ManualClock } from "../../src/base/clock.ts";
import { randomIds } from "../../src/base/ids.ts";
import { ApiError } from "../../src/protocol/errors.ts";
import { makeManagement } from "../../src/protocol/management.ts";
import { loadModel } from "../../src/protocol/model.ts";
import { AccessKeyUses } from "../../src/services/iam/access-key-uses.ts";
import { readOwnership } from "../../src/services/iam/count-entity.ts";
import { type AccessKeyDocument, iamIndexes, iamKinds, type UserDocument } from "../../src/services/iam/documents.ts";
import { loadAccessKey, loadIdentity } from "../../src/services/iam/load-principal.ts";
import { loadRole } from "../../src/services/iam/load-role.ts";
import { makeIamOperations } from "../../src/services/iam/operations.ts";
import { validatePolicy } from "../../src/services/iam/policy-grammar.ts";
import { makeStsOperations } from "../../src/services/sts/operations.ts";
import { type SessionCredentials, Sessions } from "../../src/services/sts/sessions.ts";
import { openSqliteStore } from "../../src/store/sqlite-store.ts";
import { below, seed } from "../random.ts";
import { within } from "../until.ts";
import { brokenRequest, durationMs, oneOf, random, soundValue, texts } from "./from-models.ts";

const store = openSqliteStore({ indexes: iamIndexes });
after(() => store.close());
const faults: unknown[] = [];
const sessions = new Sessions(store);
const clock = new ManualClock(Date.UTC(2026, 10, 20));
const operations = makeIamOperations(store, { accessKeyUses: new AccessKeyUses(store, clock) });
const management = makeManagement(
  [
    { model: "iam", operations },
    { model: "sts", operations: makeStsOperations(store, sessions, async () => ({ kind: "unknown" })) },
  ],
  {
    clock,
    ids: randomIds,
    bodyBytesMax: 6_000_000,
    logger: { warn: () => {}, error: (message, fields) => faults.push(message, fields) },
    onUndeclaredError: (operation, code) => faults.push(`${operation} does not declare ${code}`),
    identify: ({ accessKeyId }, token, nowMs) => sessions.identify(accessKeyId, token, nowMs),
  },
);
const model = loadModel("iam");
const account = "123456789012";
const names = ["r", "R2", "__proto__", "constructor"];
const accessKeys = new Array<string>(8).fill("AKIAQAAAAAAAAAAAAAAA");
const providers = ["id.example.com", "id.example.com/constructor", "__proto__"].map(
  (url) => `arn:aws:iam::${account}:oidc-provider/${url}`,
);
const arns = [
  ...names.map((name) => `arn:aws:iam::${account}:policy/${name}`),
  "arn:aws:iam::aws:policy/AdministratorAccess",
  "arn:aws:iam::aws:policy/Nothing",
];
const trust = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}';
const may = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}';
texts.push(...arns, trust, may, "v1", "v2", "/a/", "[".repeat(10_000));

const elements = ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource"];
const values: readonly (() => unknown)[] = [
  () => oneOf(["Allow", "Deny", "allow"]),
  () => oneOf(["*", "sts:AssumeRole", "s3:*", "s3:Get?bject", "*:*", "lambda:InvokeFunction", "x"]),
  () => oneOf(["arn:aws:s3:::a/*", "arn:*", "arn:aws:iam::1:role/${aws:username}", `arn:aws:s3:::${"*a".repeat(99)}`]),
  () => ({
    [oneOf(["AWS", "Service", "__proto__", "Federated"])]: oneOf(["*", account, "a.amazonaws.com", 1, [], {}]),
  }),
  () => [oneOf(["*", "s3:*"]), oneOf(["sts:*", 1, null])],
  () => oneOf([null, 1, "", [], {}, true]),
];

function aPolicy(): string {
  const statement = (): unknown => {
    const made: Record<string, unknown> = { Effect: oneOf(["Allow", "Deny"]), Action: "*", Resource: "*" };
    if (random() < 0.5) {
      delete made["Resource"];
      Object.assign(made, { Principal: "*", Action: "sts:AssumeRole" });
    }
    for (let n = below(random, 3); n > 0; n--) made[oneOf(elements)] = oneOf(values)();
    if (random() < 0.3) {
      const operator = oneOf([
        "StringLike",
        "Null",
        "Bool",
        "ForAnyValue:StringEquals",
        "ArnLikeIfExists",
        "constructor",
      ]);
      made["Condition"] = {
        [operator]: { [oneOf(["aws:SourceArn", "__proto__", "x"])]: oneOf(["*", "true", ["a"], {}]) },
      };
    }
    return random() < 0.05 ? oneOf(values)() : made;
  };
  const Statement = random() < 0.5 ? statement() : [statement(), statement()];
  const text = JSON.stringify({ Version: "2012-10-17", Statement });
  return random() < 0.05 ? text.slice(0, below(random, text.length)) : text;
}

async function soundCall(operation: string): Promise<number> {
  const shape = model.operations[operation]?.input?.shape;
  const input = (shape === undefined ? {} : (soundValue(model, shape) ?? {})) as Record<string, unknown>;
  const form = new URLSearchParams({ Action: operation, Version: model.metadata.apiVersion });
  for (const [name, value] of Object.entries(input)) {
    if (typeof value !== "object") form.set(name, String(value));
    else if (name === "Tags") form.set("Tags.member.1.Key", oneOf(names));
  }
  if (form.has("Tags.member.1.Key")) form.set("Tags.member.1.Value", "v");
  if (form.has("TagKeys") || operation.startsWith("Untag")) form.set("TagKeys.member.1", oneOf(names));
  for (const [name, choices] of [
    ["RoleName", names],
    ["UserName", names],
    ["GroupName", names],
    ["NewUserName", names],
    ["NewGroupName", names],
    ["AccessKeyId", accessKeys],
    ["AccountAlias", ["acme", "acme-2"]],
    ["OpenIDConnectProviderArn", providers],
    ["Url", ["https://id.example.com", "https://id.example.com/constructor"]],
    ["PolicyName", names],
    ["PolicyArn", arns],
    ["PermissionsBoundary", arns],
    ["VersionId", ["v1", "v2", "v3"]],
  ] as const) {
    if (form.has(name) || shape === undefined || name in input) form.set(name, oneOf(choices));
  }
  for (const name of ["PolicyDocument", "AssumeRolePolicyDocument"]) {
    if (!(name in membersOf(operation))) continue;
    const sound = name === "PolicyDocument" && operation !== "UpdateAssumeRolePolicy" ? may : trust;
    form.set(name, random() < 0.5 ? sound : aPolicy());
  }
  for (const name of requiredOf(operation)) {
    if (/^(Role|User|Group|Policy)Name$/.test(name)) form.set(name, oneOf(names));
    if (name === "PolicyArn") form.set(name, oneOf(arns));
  }
  // Some calls come with a user's own key.
  const caller = random() < 0.2 ? oneOf(accessKeys) : account;
  const credential = `${caller}/20261120/us-east-1/iam/aws4_request`;
  const answer = await management.handle({
    method: "POST",
    target: "/",
    headers: {
      host: "localhost",
      authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=0`,
    },
    body: Buffer.from(form.toString()),
  });
  assert.deepEqual(faults, [], `${operation} ${form}`);
  assert.ok(answer.status < 500, `${operation}: ${answer.body}`);
  const made = /<AccessKeyId>(AKIA[A-Z2-7]{16})<\/AccessKeyId>/.exec(String(answer.body));
  if (operation === "CreateAccessKey" && made !== null) accessKeys[below(random, 8)] = made[1]!;
  return answer.status;
}

const membersOf = (operation: string): object =>
  model.shapes[model.operations[operation]?.input?.shape ?? ""]?.members ?? {};
const requiredOf = (operation: string): readonly string[] =>
  model.shapes[model.operations[operation]?.input?.shape ?? ""]?.required ?? [];

/** What random calls have to succeed with for their run to be worth anything. */
const expected: readonly string[] = [
  "CreateRole",
  "GetRole",
  "PutRolePolicy",
  "AttachRolePolicy",
  "CreatePolicy",
  "DeleteRole",
  "CreateUser",
  "UpdateUser",
  "CreateGroup",
  "UpdateGroup",
  "AddUserToGroup",
  "AttachUserPolicy",
  "CreateAccessKey",
  "UpdateAccessKey",
  "GetAccountAuthorizationDetails",
  "CreateOpenIDConnectProvider",
];

describe(`fuzz: IAM (PORTICO_FUZZ_SEED=${seed})`, () => {
  it("calls are answered, and broken ones refused, without a fault of ours", async () => {
    const isTimeLeft = within(durationMs);
    const answered = new Map<string, number>();
    const unanswered = (): string[] => expected.filter((operation) => !answered.has(operation));
    // A slow machine makes fewer calls in that time, and has to see every kind of item all the same.
    for (let calls = 0; isTimeLeft() || (unanswered().length > 0 && calls < 50_000); calls++) {
      if (random() < 0.2) {
        const request = brokenRequest(["iam", "sts"]);
        const answer = await management.handle(request);
        assert.deepEqual(faults, [], request.body.toString("latin1", 0, 2_000));
        assert.ok(answer.status < 500 || answer.status === 501, String(answer.body));
        continue;
      }
      const operation = oneOf([...Object.keys(operations), "CreateRole", "CreatePolicy", "CreateUser", "CreateGroup"]);
      if ((await soundCall(operation)) === 200) answered.set(operation, (answered.get(operation) ?? 0) + 1);
    }
    assert.deepEqual(unanswered(), [], JSON.stringify([...answered]));
    // Whatever has become of them, users, keys and sessions belong together.
    await store.read({ account, region: "aws-global" }, async (tx) => {
      const users = (await tx.list<UserDocument>(iamKinds.user)).map(({ body }) => body);
      for (const user of users) {
        const { identity } = await loadIdentity(tx, user.arn);
        assert.equal(identity?.id, user.id);
        for (const id of user.accessKeys) {
          const { key, principal } = await loadAccessKey(tx, id);
          assert.deepEqual([key?.ownerArn, principal?.userId], [user.arn, user.id]);
        }
      }
      const { rootAccessKeys, users: counted } = await readOwnership(tx);
      const all = await store.all<AccessKeyDocument>(iamKinds.accessKey);
      const keys = all.filter(({ body }) => body.account === account);
      assert.equal(keys.length, rootAccessKeys.length + users.flatMap((user) => user.accessKeys).length);
      assert.equal(counted, users.length);
    });
    // The roles can be read and asked.
    for (const name of names) {
      const { role } = await store.read({ account, region: "x" }, (tx) =>
        loadRole(tx, `arn:aws:iam::${account}:role/${name}`),
      );
      if (role === undefined) continue;
      new Role(role).canBeAssumed({ servicePrincipal: "apigateway.amazonaws.com", context: () => undefined });
      new Role(role).problemWith({ action: "s3:GetObject", resource: "*", context: () => undefined });
    }
  });

  it("a session token that was changed, or comes with another key, is nobody's", async () => {
    const issued: SessionCredentials[] = [];
    for (let n = 0; n < 8; n++) {
      const session = {
        kind: oneOf(["user", "federated-user"] as const),
        issuerArn: `arn:aws:iam::${account}:root`,
        issuerId: account,
        name: oneOf(names),
        issuedAt: 0,
        expiresAt: 2_000_000_000,
        tags: { [oneOf(names)]: oneOf(texts).slice(0, 256) },
        ...(random() < 0.5 && { policy: aPolicy() }),
      };
      issued.push(await sessions.issue(account, session));
    }
    const isTimeLeft = within(durationMs / 4);
    while (isTimeLeft()) {
      const one = oneOf(issued);
      const other = oneOf(issued);
      const isOwn = one === other;
      const known = await sessions.identify(one.AccessKeyId, other.SessionToken, 0);
      assert.equal(known.kind, isOwn ? "known" : "invalid");
      const at = "portico2.".length + below(random, one.SessionToken.length - "portico2.".length - 2);
      const letter = oneOf([..."Ab9+/=. \u0000é"]);
      const changed = one.SessionToken.slice(0, at) + letter + one.SessionToken.slice(at + (random() < 0.8 ? 1 : 0));
      const decision = await sessions.identify(one.AccessKeyId, changed, 0);
      // Base64 has several spellings of one token.
      const isSame = Buffer.from(changed, "base64").equals(Buffer.from(one.SessionToken, "base64"));
      assert.equal(decision.kind, isSame ? "known" : "invalid", changed);
    }
  });

  it("a policy that IAM takes is one that can be evaluated", () => {
    const isTimeLeft = within(durationMs / 2);
    const taken = { identity: 0, trust: 0 };
    while (isTimeLeft()) {
      const text = aPolicy();
      for (const kind of ["identity", "trust"] as const) {
        try {
          validatePolicy(text, kind);
        } catch (error) {
          assert.ok(error instanceof ApiError, String(error));
          continue;
        }
        taken[kind]++;
        const decision = parsePolicy(text, kind).decide({
          action: "sts:AssumeRole",
          resource: `arn:aws:s3:::${"a".repeat(200)}`,
          isResourcePrefix: random() < 0.5,
          awsPrincipal: { account, arns: [] },
          context: (key) => (key === "aws:sourcearn" ? "arn:aws:execute-api:us-east-1:1:a/b" : null),
        });
        assert.notEqual(decision.kind, "unreadable", text);
      }
    }
    assert.ok(taken.identity > 0 && taken.trust > 0, JSON.stringify(taken));
  });
});
