// User pools in front of methods: whose tokens are taken, what the integration is told, and every way to be refused.
import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { ManualClock } from "../../src/base/clock.ts";
import type { Authorizer, Method, RestApi } from "../../src/definition/rest-api.ts";
import { aLambdaProxy, aMethod, aMock, aRestApi, aStage } from "./a-rest-api.ts";
import { FakeFunctions } from "./fake-functions.ts";
import { type GatewayUnderTest, startGateway } from "./start-gateway.ts";

const poolId = "us-east-1_Portico01";
const issuer = `https://cognito-idp.us-east-1.amazonaws.com/${poolId}`;
const arnOf = (id: string): string => `arn:aws:cognito-idp:us-east-1:000000000000:userpool/${id}`;
const pair = () => generateKeyPairSync("rsa", { modulusLength: 2_048 });
const own = pair();
const foreign = pair();
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });

/** The pools' key sets: the keys by their ids, or undefined where the server fails. */
let keySets: Record<string, Record<string, KeyObject> | undefined> = {};
let asked = 0;
let configuration: object = {};
const cognito = createServer((incoming, outgoing) => {
  asked++;
  if (incoming.url === "/oidc/.well-known/openid-configuration") {
    outgoing.end(JSON.stringify(configuration));
    return;
  }
  const keys = keySets[incoming.url!.split("/")[1]!];
  if (keys === undefined) outgoing.writeHead(503).end();
  else {
    const jwks = Object.entries(keys).map(([kid, key]) => ({
      ...key.export({ format: "jwk" }),
      kid,
      use: "sig",
      alg: "RS256",
    }));
    outgoing.end(JSON.stringify({ keys: jwks }));
  }
});
before(() => once(cognito.listen(0, "127.0.0.1"), "listening"));
after(() => {
  cognito.closeAllConnections();
  cognito.close();
});

const startMs = 1_700_000_000_000;
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const idClaims = {
  sub: "0b1c",
  aud: "client-1",
  iss: issuer,
  token_use: "id",
  exp: startMs / 1_000 + 600,
  email: "a@b",
};
const accessClaims = {
  sub: "0b1c",
  client_id: "c",
  iss: issuer,
  token_use: "access",
  scope: "pets/read pets/write",
  exp: startMs / 1_000 + 600,
};

function jwt(claims: object, { header = {}, key = own.privateKey }: { header?: object; key?: KeyObject } = {}): string {
  const text = `${encode({ alg: "RS256", kid: "one", ...header })}.${encode(claims)}`;
  return `${text}.${sign("RSA-SHA256", Buffer.from(text), key).toString("base64url")}`;
}
const idToken = jwt(idClaims);
const accessToken = jwt(accessClaims);

const provider = (): string => `http://127.0.0.1:${(cognito.address() as AddressInfo).port}/oidc`;

interface Setup {
  /** An OpenID provider stands for the pool. */
  readonly isOpenId?: boolean;
  readonly authorizer?: Partial<Authorizer>;
  readonly method?: Partial<Method>;
  readonly restApi?: Partial<RestApi>;
  readonly functions?: FakeFunctions;
}

async function deployed({
  authorizer = {},
  method = {},
  restApi,
  isOpenId,
  functions,
}: Setup = {}): Promise<GatewayUnderTest & { readonly clock: ManualClock }> {
  keySets = { [poolId]: { one: own.publicKey }, "us-east-1_Other0002": { one: foreign.publicKey } };
  const clock = new ManualClock(startMs);
  const gateway = await startGateway({
    clock,
    services: {
      endpoints: { cognitoidp: `http://127.0.0.1:${(cognito.address() as AddressInfo).port}` },
      ...(isOpenId === true && { userPools: { [poolId]: provider() } }),
    },
    ...(functions && { functions }),
  });
  const guarded = aMethod(aMock("$context.authorizer.claims.sub $context.authorizer.claims['email']"), {
    authorizationType: "COGNITO_USER_POOLS",
    authorizerId: "pool",
    ...method,
  });
  const pool: Authorizer = { id: "pool", name: "pool", type: "COGNITO_USER_POOLS", providerARNs: [arnOf(poolId)] };
  gateway.deploy(
    aRestApi(
      { "/pets/{id}": { GET: guarded }, "/open": { GET: aMethod(aMock("open")) } },
      { authorizers: [{ ...pool, ...authorizer }], ...(restApi && { restApi }) },
    ),
    aStage(),
  );
  return Object.assign(gateway, { clock });
}

const call = (gateway: GatewayUnderTest, token: string | undefined, header = "Authorization") =>
  gateway.call("/pets/1", token === undefined ? {} : { headers: { [header]: token } });

test("an ID token of the pool is let through, with and without Bearer, and its claims are known", async () => {
  const functions = new FakeFunctions();
  await using gateway = await deployed({ functions });
  for (const token of [idToken, `Bearer ${idToken}`, `bearer  ${idToken}`]) {
    const reply = await call(gateway, token);
    assert.deepEqual([reply.status, reply.text], [200, "0b1c a@b"]);
  }
  await using proxied = await deployed({ functions, method: { methodIntegration: aLambdaProxy() } });
  assert.equal((await call(proxied, idToken)).status, 200);
  const { authorizer } = functions.event()["requestContext"] as Record<string, unknown>;
  const { exp, ...claims } = (authorizer as { claims: Record<string, string> }).claims;
  assert.deepEqual(claims, { sub: "0b1c", aud: "client-1", iss: issuer, token_use: "id", email: "a@b" });
  assert.match(exp!, /^Tue Nov 14 22:23:20 UTC 2023$/);
});

test("of two different tokens none counts, whichever is good", async () => {
  await using gateway = await deployed();
  const rows: readonly [readonly string[], number][] = [
    [["x", idToken], 401],
    [[idToken, "x"], 401],
    [["", idToken], 401],
    [[idToken, idToken], 200],
  ];
  for (const [tokens, status] of rows) {
    const reply = await gateway.call("/pets/1", { headers: { Authorization: [...tokens] } });
    assert.equal(reply.status, status, `${tokens.length}`);
  }
});

test("with scopes an access token is needed that has one of them", async () => {
  const rows: readonly [readonly string[], string, number][] = [
    [[], idToken, 200],
    [[], accessToken, 401],
    [["pets/read"], accessToken, 200],
    [["other", "pets/write"], accessToken, 200],
    [["pets"], accessToken, 401],
    [["pets/READ"], accessToken, 401],
    [["pets/read pets/write"], accessToken, 401],
    [[""], accessToken, 401],
    [["pets/read"], idToken, 401],
    [["pets/read"], jwt({ ...idClaims, scope: "pets/read" }), 401],
    [["pets/read"], jwt({ ...accessClaims, scope: undefined }), 401],
    [["pets/read"], jwt({ ...accessClaims, scope: ["pets/read"] }), 401],
  ];
  for (const [authorizationScopes, token, status] of rows) {
    await using gateway = await deployed({ method: { authorizationScopes } });
    for (const time of ["first", "again"]) {
      const reply = await call(gateway, token);
      assert.equal(reply.status, status, `${authorizationScopes.join()} ${time}: ${reply.headers["x-portico-hint"]}`);
    }
  }
});

test("a token of any of several pools is taken, each by its own pool's keys", async () => {
  const other = "us-east-1_Other0002";
  const iss = issuer.replace(poolId, other);
  await using gateway = await deployed({ authorizer: { providerARNs: [arnOf(poolId), arnOf(other)] } });
  assert.equal((await call(gateway, idToken)).status, 200);
  assert.equal((await call(gateway, jwt({ ...idClaims, iss }, { key: foreign.privateKey }))).status, 200);
  assert.equal((await call(gateway, jwt({ ...idClaims, iss }))).status, 401);
  assert.equal((await call(gateway, jwt(idClaims, { key: foreign.privateKey }))).status, 401);
});

/** Known attacks on tokens, and tokens that are wrong in other ways. */
const hmacToken = (): string => {
  const text = `${encode({ alg: "HS256", kid: "one" })}.${encode(idClaims)}`;
  const secret = own.publicKey.export({ type: "spki", format: "pem" });
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
};
const ecToken = (): string => {
  const text = `${encode({ alg: "ES256", kid: "one" })}.${encode(idClaims)}`;
  return `${text}.${sign("sha256", Buffer.from(text), { key: ec.privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
};
const [head, body, signature] = idToken.split(".");
const wrongTokens: Readonly<Record<string, string | undefined>> = {
  absent: undefined,
  empty: "",
  "Bearer alone": "Bearer ",
  "Basic credentials": `Basic ${idToken}`,
  "no token": "abc",
  "alg none": `${encode({ alg: "none", kid: "one" })}.${body}.`,
  "alg none with a signature": `${encode({ alg: "none", kid: "one" })}.${body}.${signature}`,
  "alg NonE": `${encode({ alg: "NonE", kid: "one" })}.${body}.${signature}`,
  "alg HS256 with the public key": hmacToken(),
  "alg ES256": ecToken(),
  "alg RS512": jwt(idClaims, { header: { alg: "RS512" } }),
  "alg absent": jwt(idClaims, { header: { alg: undefined } }),
  "an embedded key": jwt(idClaims, {
    key: foreign.privateKey,
    header: { jwk: foreign.publicKey.export({ format: "jwk" }) },
  }),
  jku: jwt(idClaims, { key: foreign.privateKey, header: { jku: "http://127.0.0.1:1/jwks.json", kid: "two" } }),
  x5u: jwt(idClaims, { key: foreign.privateKey, header: { x5u: "http://127.0.0.1:1/" } }),
  "a critical header": jwt(idClaims, { header: { crit: ["exp"] } }),
  "kid injection": jwt(idClaims, { header: { kid: "../../one" } }),
  "kid of a prototype": jwt(idClaims, { header: { kid: "__proto__" } }),
  "kid absent": jwt(idClaims, { header: { kid: undefined } }),
  "another's signature": jwt(idClaims, { key: foreign.privateKey }),
  "no signature": `${head}.${body}.`,
  "a changed body": `${head}.${encode({ ...idClaims, sub: "admin" })}.${signature}`,
  "a signature with padding": `${idToken}==`,
  "five parts": `${idToken}.a.b`,
  "a huge token": `${head}.${"a".repeat(9_000)}.${signature}`,
  "another issuer": jwt({ ...idClaims, iss: "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Else" }),
  "an issuer that begins alike": jwt({ ...idClaims, iss: `${issuer}/x` }),
  "no issuer": jwt({ ...idClaims, iss: undefined }),
  "no expiry": jwt({ ...idClaims, exp: undefined }),
  "an expiry that is text": jwt({ ...idClaims, exp: String(idClaims.exp) }),
  "not valid yet": jwt({ ...idClaims, nbf: startMs / 1_000 + 60 }),
  "an access token": accessToken,
  "no token_use": jwt({ ...idClaims, token_use: undefined }),
};

for (const [name, token] of Object.entries(wrongTokens)) {
  test(`a token with a fault is 401, each time: ${name}`, async () => {
    await using gateway = await deployed();
    for (const _ of [1, 2]) {
      const reply = await call(gateway, token);
      assert.deepEqual([reply.status, reply.text], [401, '{"message":"Unauthorized"}']);
      assert.equal(reply.headers["x-amzn-errortype"], "UnauthorizedException");
      if (token !== undefined && token.length > 20) {
        assert.equal(String(reply.headers["x-portico-hint"]).includes(token.slice(-20)), false);
      }
    }
    assert.deepEqual(gateway.errors, []);
  });
}

test("a token that was let through before is refused from the second on in which it expires", async () => {
  await using gateway = await deployed();
  assert.equal((await call(gateway, idToken)).status, 200);
  gateway.clock.advance(599_999);
  assert.equal((await call(gateway, idToken)).status, 200);
  gateway.clock.advance(1);
  const reply = await call(gateway, idToken);
  assert.deepEqual([reply.status, reply.text], [401, '{"message":"The incoming token has expired"}']);
});

test("keys are fetched once; a key that the pool no longer has verifies nothing, also what it has verified before", async () => {
  await using gateway = await deployed();
  const lasting = jwt({ ...idClaims, exp: startMs / 1_000 + 1_000_000 });
  asked = 0;
  for (const _ of [1, 2, 3]) assert.equal((await call(gateway, lasting)).status, 200);
  assert.equal(asked, 1);
  keySets[poolId] = { one: foreign.publicKey };
  gateway.clock.advance(3_600_001);
  assert.equal((await call(gateway, lasting)).status, 401);
  keySets[poolId] = { two: own.publicKey };
  gateway.clock.advance(3_600_001);
  assert.equal((await call(gateway, lasting)).status, 401);
  assert.equal(
    (await call(gateway, jwt({ ...idClaims, exp: startMs / 1_000 + 9_000 }, { header: { kid: "two" } }))).status,
    200,
  );
});

test("keys survive an outage of the pool for a day; without keys the answer is AWS's 500", async () => {
  await using gateway = await deployed();
  const lasting = jwt({ ...idClaims, exp: startMs / 1_000 + 1_000_000 });
  keySets = {};
  const refused = await call(gateway, lasting);
  assert.deepEqual([refused.status, refused.text], [500, '{"message":null}']);
  assert.equal(refused.headers["x-amzn-errortype"], "AuthorizerConfigurationException");
  keySets = { [poolId]: { one: own.publicKey } };
  gateway.clock.advance(5_000);
  assert.equal((await call(gateway, lasting)).status, 200);
  keySets = {};
  gateway.clock.advance(86_000_000);
  assert.equal((await call(gateway, lasting)).status, 200);
  gateway.clock.advance(1_000_000);
  assert.equal((await call(gateway, lasting)).status, 500);
});

test("the header and the audience are those that the authorizer names", async () => {
  const authorizer = { identitySource: "method.request.header.X-Token", identityValidationExpression: "client-[0-9]" };
  await using gateway = await deployed({ authorizer });
  assert.equal((await call(gateway, idToken)).status, 401);
  assert.equal((await call(gateway, idToken, "x-token")).status, 200);
  assert.equal((await call(gateway, jwt({ ...idClaims, aud: "client-10" }), "x-token")).status, 401);
});

test("the API's resource policy is asked after the token, and has to allow the call by itself", async () => {
  const policyOf = (Effect: string, Resource: string): string =>
    JSON.stringify({
      Version: "2012-10-17",
      Statement: { Effect, Principal: "*", Action: "execute-api:Invoke", Resource },
    });
  for (const [policy, status] of [
    [policyOf("Allow", "*"), 200],
    [policyOf("Allow", "arn:aws:execute-api:us-east-1:000000000000:abc123/prod/GET/other"), 403],
    [policyOf("Deny", "*"), 403],
  ] as const) {
    await using gateway = await deployed({ restApi: { policy } });
    assert.equal((await call(gateway, idToken)).status, status);
    assert.equal((await call(gateway, "wrong")).status, 401);
  }
});

test("a method whose user pool can't be read is refused, and no other", async () => {
  const rows: readonly [Setup, number][] = [
    [{ method: { authorizerId: "none" } }, 501],
    [{ method: { authorizationType: "COGNITO" } }, 501],
    [{ authorizer: { type: "TOKEN" } }, 501],
    [{ authorizer: { providerARNs: [] } }, 401],
    [{ authorizer: { providerARNs: ["arn:aws:cognito-idp:us-east-1:000000000000:pool/x"] } }, 500],
    [{ authorizer: { providerARNs: [`\${stageVariables.none}`] } }, 500],
    [{ authorizer: { identitySource: "method.request.body.x" } }, 501],
    [{ authorizer: { identityValidationExpression: "(?<=a)b" } }, 501],
  ];
  for (const [setup, status] of rows) {
    await using gateway = await deployed(setup);
    const reply = await call(gateway, idToken);
    assert.equal(reply.status, status, JSON.stringify(setup));
    assert.equal((await gateway.call("/open")).status, 200);
  }
});

test("an OpenID provider that stands for the pool is the only issuer; types and scopes say what a token is for", async () => {
  const iss = provider();
  const id = { ...idClaims, iss, token_use: undefined };
  const access = { ...accessClaims, iss, token_use: undefined };
  const scoped = { method: { authorizationScopes: ["pets/read"] } };
  const jwks_uri = iss.replace("/oidc", `/${poolId}/jwks`);
  const rows: readonly [string, Setup, object, string, number][] = [
    ["an ID token", {}, { issuer: iss, jwks_uri }, jwt(id), 200],
    ["with a type", {}, { issuer: iss, jwks_uri }, jwt(id, { header: { typ: "JWT" } }), 200],
    ["an access token", scoped, { issuer: iss, jwks_uri }, jwt(access, { header: { typ: "at+jwt" } }), 200],
    ["an access token without a type", scoped, { issuer: iss, jwks_uri }, jwt(access), 200],
    ["an ID token for an access token", scoped, { issuer: iss, jwks_uri }, jwt(id), 401],
    ["an access token for an ID token", {}, { issuer: iss, jwks_uri }, jwt(access), 401],
    ["an access token without scopes", {}, { issuer: iss, jwks_uri }, jwt(id, { header: { typ: "at+jwt" } }), 401],
    ["a logout token", {}, { issuer: iss, jwks_uri }, jwt(id, { header: { typ: "logout+jwt" } }), 401],
    ["a type that is no text", {}, { issuer: iss, jwks_uri }, jwt(id, { header: { typ: 1 } }), 401],
    ["the pool's own token", {}, { issuer: iss, jwks_uri }, idToken, 401],
    ["an issuer with a slash", {}, { issuer: iss, jwks_uri }, jwt({ ...id, iss: `${iss}/` }), 401],
    ["another's configuration", {}, { issuer: `${iss}2`, jwks_uri }, jwt(id), 500],
    ["no key set", {}, { issuer: iss }, jwt(id), 500],
    ["a file as key set", {}, { issuer: iss, jwks_uri: "file:///etc/passwd" }, jwt(id), 500],
  ];
  for (const [name, setup, given, token, status] of rows) {
    configuration = given;
    await using gateway = await deployed({ ...setup, isOpenId: true });
    for (const _ of [1, 2]) {
      const reply = await call(gateway, token);
      assert.equal(reply.status, status, `${name}: ${reply.headers["x-portico-hint"]}`);
    }
  }
});
