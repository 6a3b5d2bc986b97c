import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { after, test } from "node:test";
import { ManualClock } from "../../base/clock.ts";
import { randomIds } from "../../base/ids.ts";
import { ApiError } from "../../protocol/errors.ts";
import type { CallContext, Operations } from "../../protocol/operation.ts";
import { openSqliteStore } from "../../store/sqlite-store.ts";
import { AccessKeyUses } from "../iam/access-key-uses.ts";
import { iamIndexes } from "../iam/documents.ts";
import { makeIamOperations } from "../iam/operations.ts";
import { makeStsOperations } from "./operations.ts";
import { Sessions } from "./sessions.ts";
import type { ProviderKey } from "./web-identity.ts";

const account = "111122223333";
const url = "id.example.com/pool";
const issuer = `https://${url}`;
const arn = `arn:aws:iam::${account}:oidc-provider/${url}`;
const nowMs = 1_800_000_000_000;
const now = nowMs / 1000;

const store = openSqliteStore({ indexes: iamIndexes });
after(() => store.close());
const clock = new ManualClock(nowMs);
const sessions = new Sessions(store);
const call: CallContext = {
  account: "000000000000",
  region: "us-east-1",
  requestId: "r",
  clock,
  ids: randomIds,
  host: "localhost",
  accessKeyId: undefined,
  userAgent: undefined,
};
const own = { ...call, account };
const pair = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const other = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const asked: string[] = [];
const keys: Record<string, ProviderKey> = {
  one: { kind: "key", key: { key: pair.publicKey, algorithm: "RS256" } },
  gone: { kind: "unavailable", problem: "it is down" },
};
const findKey = async (of: string, id: string): Promise<ProviderKey> => {
  asked.push(of);
  return Object.hasOwn(keys, id) ? keys[id]! : { kind: "unknown" };
};
const sts = makeStsOperations(store, sessions, findKey);
const iam: Operations = makeIamOperations(store, { accessKeyUses: new AccessKeyUses(store, clock) });
const run = (operation: string, input: object) => iam[operation]!(input, own);

const statement = (more: object) => ({ Effect: "Allow", Principal: { Federated: arn }, ...more });
const trust = (...statements: object[]): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements.map(statement) });
const action = { Action: "sts:AssumeRoleWithWebIdentity" };
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const claims = { iss: issuer, aud: "client", sub: "me", iat: now - 10, exp: now + 60 };
const header = { alg: "RS256", kid: "one", typ: "JWT" };
const token = (more: object = {}, head: object = {}, key: KeyObject = pair.privateKey): string => {
  const text = `${encode({ ...header, ...head })}.${encode({ ...claims, ...more })}`;
  return `${text}.${sign("RSA-SHA256", Buffer.from(text), key).toString("base64url")}`;
};
// biome-ignore lint/suspicious/noExplicitAny: the answer is looked at member by member.
const assume = (WebIdentityToken: string, more: object = {}, role = "web"): Promise<any> =>
  sts["AssumeRoleWithWebIdentity"]!(
    { RoleArn: `arn:aws:iam::${account}:role/${role}`, RoleSessionName: "session", WebIdentityToken, ...more },
    call,
  );

await run("CreateOpenIDConnectProvider", { Url: issuer, ClientIDList: ["client", "app"] });
for (const [RoleName, document] of [
  ["web", trust(action)],
  ["subject", trust({ ...action, Condition: { StringEquals: { [`${url}:sub`]: "you", [`${url}:aud`]: "client" } } })],
  ["tagged", trust({ Action: ["sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"] })],
  ["users", JSON.stringify({ Statement: { Effect: "Allow", Principal: { AWS: account }, Action: "sts:*" } })],
  ["other", trust(action).replace(url, "id.example.org")],
  ["wrongaction", trust({ Action: "sts:AssumeRole" })],
] as const) {
  await run("CreateRole", { RoleName, AssumeRolePolicyDocument: document });
}

test("a provider's token gives a session of a role that trusts the provider", async () => {
  const made = await assume(token(), { DurationSeconds: 900 });
  assert.deepEqual(
    [made.SubjectFromWebIdentityToken, made.Provider, made.Audience, made.AssumedRoleUser.Arn],
    ["me", issuer, "client", `arn:aws:sts::${account}:assumed-role/web/session`],
  );
  assert.equal(made.Credentials.Expiration, now + 900);
  const found = await sessions.identify(made.Credentials.AccessKeyId, made.Credentials.SessionToken, nowMs);
  assert.equal(found.kind === "known" && found.caller.session?.federatedProvider, arn);
  const several = await assume(token({ aud: ["x", "app"] }));
  assert.equal(several.Audience, "app");
  // The party that the token was issued to is the audience of conditions.
  assert.equal((await assume(token({ azp: "app" }))).Audience, "app");
});

test("everything else is refused, in AWS's words", async () => {
  const text = token();
  const [head, body, signature] = text.split(".");
  const es = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwt = /^The ID Token provided is not a valid JWT/;
  const audience = /^Incorrect token audience$/;
  const none = /^Not authorized to perform sts:AssumeRoleWithWebIdentity$/;
  const missing = /^Couldn't retrieve verification key from your identity provider/;
  const cases: readonly [string, string, RegExp, object?, string?][] = [
    ["garbage", "InvalidIdentityTokenException", jwt],
    ["a.b.c", "InvalidIdentityTokenException", jwt],
    [`${head}.${body}.`, "InvalidIdentityTokenException", jwt],
    [`${head}.${encode({ ...claims, sub: "you" })}.${signature}`, "InvalidIdentityTokenException", jwt],
    [token({}, {}, other.privateKey), "InvalidIdentityTokenException", jwt],
    [token({}, { alg: "none" }), "InvalidIdentityTokenException", jwt],
    [token({}, { alg: "HS256" }), "InvalidIdentityTokenException", jwt],
    [token({}, { crit: ["exp"] }), "InvalidIdentityTokenException", jwt],
    [token({}, { typ: "at+jwt" }), "InvalidIdentityTokenException", jwt],
    [token({ scope: "read" }), "InvalidIdentityTokenException", jwt],
    [token({}, { kid: "two" }), "InvalidIdentityTokenException", missing],
    [token({}, { kid: "__proto__" }), "InvalidIdentityTokenException", missing],
    [token({}, { kid: "gone" }), "IDPCommunicationErrorException", missing],
    [
      token({}, { jwk: es.publicKey.export({ format: "jwk" }) }, es.privateKey as KeyObject),
      "InvalidIdentityTokenException",
      jwt,
    ],
    [
      token({ iss: "https://evil.example.com" }),
      "InvalidIdentityTokenException",
      /^No OpenIDConnect provider found in your account for https:\/\/evil/,
    ],
    [token({ iss: `http://${url}` }), "InvalidIdentityTokenException", /^No OpenIDConnect provider found/],
    [token({ iss: `${issuer}/x` }), "InvalidIdentityTokenException", /^No OpenIDConnect provider found/],
    [token({ exp: now }), "ExpiredTokenException", /^Token expired: current date\/time 1800000000 must be before/],
    [token({ exp: undefined }), "InvalidIdentityTokenException", jwt],
    [token({ nbf: now + 1 }), "InvalidIdentityTokenException", jwt],
    [token({ iat: undefined }), "InvalidIdentityTokenException", /claim: iat/],
    [token({ sub: undefined }), "InvalidIdentityTokenException", /claim: sub/],
    [token({ sub: 1 }), "InvalidIdentityTokenException", /claim: sub/],
    [token({ aud: "else" }), "InvalidIdentityTokenException", audience],
    [token({ aud: undefined }), "InvalidIdentityTokenException", audience],
    [token({ aud: [["client"]] }), "InvalidIdentityTokenException", audience],
    [token({ azp: "else" }), "InvalidIdentityTokenException", audience],
    [text, "AccessDenied", none, {}, "nowhere"],
    [text, "AccessDenied", none, {}, "subject"],
    [text, "AccessDenied", none, {}, "users"],
    [text, "AccessDenied", none, {}, "other"],
    [text, "AccessDenied", none, {}, "wrongaction"],
    [text, "ValidationError", /MaxSessionDuration/, { DurationSeconds: 3_601 }],
    [text, "NotImplementedException", /ProviderId/, { ProviderId: "graph.facebook.com" }],
    [text, "MalformedPolicyDocumentException", /./, { Policy: "{}" }],
    [token({ "https://aws.amazon.com/tags": { principal_tags: { a: ["1"] } } }), "AccessDenied", /sts:TagSession$/],
    [token({ "https://aws.amazon.com/source_identity": "me" }), "AccessDenied", /sts:SetSourceIdentity$/],
    [token({ "https://aws.amazon.com/tags": "x" }), "IDPRejectedClaimException", /./, {}, "tagged"],
    [
      token({ "https://aws.amazon.com/tags": { principal_tags: { a: ["1", "2"] } } }),
      "IDPRejectedClaimException",
      /./,
      {},
      "tagged",
    ],
    [token({ "https://aws.amazon.com/source_identity": "a b" }), "IDPRejectedClaimException", /./, {}, "tagged"],
  ];
  for (const [presented, code, words, more, role] of cases) {
    await assert.rejects(
      assume(presented, more, role),
      (error) => {
        assert.ok(error instanceof ApiError, String(error));
        assert.deepEqual([error.code, words.test(error.message)], [code, true], `${presented} ${error.message}`);
        return true;
      },
      presented,
    );
  }
  assert.deepEqual([...new Set(asked)], [issuer], "nobody but the account's own providers is asked for keys");
});

test("claims count in conditions, and tags and a source identity go into the session", async () => {
  assert.ok((await assume(token({ sub: "you" }), {}, "subject")).Credentials);
  await assert.rejects(assume(token({ sub: "you", azp: "app" }), {}, "subject"), /Not authorized/);
  const { Credentials, SourceIdentity, PackedPolicySize } = await assume(
    token({
      "https://aws.amazon.com/tags": { principal_tags: { team: ["pets"], cost: "1" }, transitive_tag_keys: ["team"] },
      "https://aws.amazon.com/source_identity": "me@example.com",
    }),
    { Policy: '{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}' },
    "tagged",
  );
  assert.equal(SourceIdentity, "me@example.com");
  assert.ok(PackedPolicySize > 0);
  const found = await sessions.identify(Credentials.AccessKeyId, Credentials.SessionToken, nowMs);
  const session = found.kind === "known" ? found.caller.session : undefined;
  assert.deepEqual(
    [session?.tags, session?.transitiveTagKeys, session?.sourceIdentity, session?.policy?.length],
    [{ team: "pets", cost: "1" }, ["team"], "me@example.com", 60],
  );
});
