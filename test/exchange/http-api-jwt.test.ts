// JWT authorizers in front of routes: whose tokens are taken, and every way to be refused.
import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, test } from "node:test";
import { ManualClock } from "../../src/base/clock.ts";
import type { HttpAuthorizer, Route } from "../../src/definition/http-api.ts";
import { anHttpApi, anHttpStage, aUrl, host } from "./an-http-api.ts";
import { type GatewayUnderTest, type Reply, startGateway } from "./start-gateway.ts";

const pair = (bits = 2_048) => generateKeyPairSync("rsa", { modulusLength: bits });
const own = pair();
const foreign = pair();
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });

/** What the issuer answers, by path; undefined: it does not answer. */
let answers: Record<
  string,
  { readonly status?: number; readonly headers?: Record<string, string>; readonly body: string }
>;
let asked: string[] = [];
const provider = createServer((incoming, outgoing) => {
  asked.push(incoming.url!);
  const answer = answers[incoming.url!];
  if (answer === undefined) outgoing.writeHead(404).end();
  else outgoing.writeHead(answer.status ?? 200, answer.headers ?? {}).end(answer.body);
});
before(() => once(provider.listen(0, "127.0.0.1"), "listening"));
after(() => {
  provider.closeAllConnections();
  provider.close();
});

const issuer = (): string => `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
const configuration = "/.well-known/openid-configuration";
const jwkOf = (kid: string, key: KeyObject, more: object = { use: "sig", alg: "RS256" }): object => ({
  ...key.export({ format: "jwk" }),
  kid,
  ...more,
});
const keySet = (...keys: object[]) => ({ body: JSON.stringify({ keys }) });
beforeEach(() => {
  asked = [];
  answers = {
    [configuration]: { body: JSON.stringify({ issuer: issuer(), jwks_uri: `${issuer()}/keys` }) },
    "/keys": keySet(jwkOf("one", own.publicKey)),
  };
});

const nowMs = 1_700_000_000_000;
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const claims = (more: object = {}): object => ({
  iss: issuer(),
  aud: "client-1",
  sub: "u1",
  iat: nowMs / 1_000 - 60,
  exp: nowMs / 1_000 + 600,
  ...more,
});
const digests: Record<string, string> = { RS256: "RSA-SHA256", RS384: "RSA-SHA384", RS512: "RSA-SHA512" };

function jwt(of: object, header: { alg?: string } & object = {}, key: KeyObject = own.privateKey): string {
  const head = { alg: "RS256", kid: "one", ...header };
  const text = `${encode(head)}.${encode(of)}`;
  return `${text}.${sign(digests[head.alg] ?? "RSA-SHA256", Buffer.from(text), key).toString("base64url")}`;
}

interface Setup {
  readonly authorizer?: Partial<HttpAuthorizer>;
  readonly route?: Partial<Route>;
  readonly clock?: ManualClock;
}

/** The guarded route has no target, so that a caller who passes gets 500. */
async function start({
  authorizer,
  route,
  clock = new ManualClock(nowMs),
}: Setup = {}): Promise<
  GatewayUnderTest & { get(headers?: Record<string, string | string[]>, path?: string): Promise<Reply> }
> {
  const gateway = await startGateway({ clock });
  const { plan } = gateway.deployHttp(
    anHttpApi(
      {
        "GET /pets": {
          integration: aUrl("http://unused/"),
          route: { Target: "", AuthorizationType: "JWT", AuthorizerId: "jwt", ...route },
        },
      },
      {
        authorizers: [
          {
            AuthorizerId: "jwt",
            Name: "jwt",
            AuthorizerType: "JWT",
            IdentitySource: ["$request.header.Authorization"],
            JwtConfiguration: { Issuer: issuer(), Audience: ["client-1", "client-2"] },
            ...authorizer,
          },
        ],
      },
    ),
    anHttpStage(),
  );
  assert.equal(plan.methods[0]!.routeKey, "GET /pets");
  const get = (headers: Record<string, string | string[]> = {}, path = "/pets") =>
    gateway.call(path, { host, isWhole: true, headers });
  return { ...gateway, get, [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose]() };
}

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const passes = (reply: Reply): void => assert.equal(reply.status, 500, JSON.stringify(reply.headers));
const challengeOf = ({ headers }: Reply) => headers["www-authenticate"];
const invalid = (description: string, scope = ""): string =>
  `Bearer scope="${scope}" error="invalid_token" error_description="${description}"`;

test("a token of the issuer passes, with and without Bearer, of each RSA algorithm", async () => {
  answers["/keys"] = keySet(jwkOf("one", own.publicKey, {}));
  await using gateway = await start();
  for (const alg of ["RS256", "RS384", "RS512"]) {
    passes(await gateway.get(bearer(jwt(claims(), { alg }))));
    passes(await gateway.get({ authorization: jwt(claims(), { alg }) }));
    passes(await gateway.get({ authorization: `bearer ${jwt(claims(), { alg })}` }));
  }
  assert.deepEqual(asked, [configuration, "/keys"], "its keys are asked for once");
});

test("a caller without a token is told to bring one", async () => {
  await using gateway = await start();
  const reply = await gateway.get();
  assert.deepEqual([reply.status, reply.text, challengeOf(reply)], [401, '{"message":"Unauthorized"}', "Bearer"]);
});

test("a token is found where the identity source says", async () => {
  await using gateway = await start({ authorizer: { IdentitySource: ["$request.querystring.token"] } });
  passes(await gateway.get({}, `/pets?token=${jwt(claims())}`));
  assert.equal((await gateway.get(bearer(jwt(claims())))).status, 401);
});

test("what a token says of itself is held against the authorizer, with the reason in the answer", async () => {
  await using gateway = await start();
  const now = nowMs / 1_000;
  const rows: [object, string][] = [
    [{ iss: "https://other.example" }, "the token does not have a valid issuer"],
    [{ iss: `${issuer()}/` }, "the token does not have a valid issuer"],
    [{ aud: "other" }, "the token does not have a valid audience"],
    [{ aud: ["other"], client_id: "client-1" }, "the token does not have a valid audience"],
    [{ aud: { "client-1": true } }, "the token does not have a valid audience"],
    [{ aud: undefined, client_id: ["other"] }, "the token does not have a valid audience"],
    [{ aud: undefined, client_id: ["client-1"] }, "the token does not have a valid audience"],
    [{ aud: [["client-1"]] }, "the token does not have a valid audience"],
    [{ exp: now }, "the token has expired"],
    [{ exp: undefined }, "the token has no time of expiry"],
    [{ exp: String(now + 600) }, "the token has no time of expiry"],
    [{ exp: 1e300 }, "the token has no time of expiry"],
    [{ nbf: now + 1 }, "the token is not valid yet"],
    [{ nbf: "0" }, "the token is not valid yet"],
    [{ iat: now + 1 }, "the token is used before it was issued"],
  ];
  for (const [more, description] of rows) {
    const reply = await gateway.get(bearer(jwt(claims(more))));
    assert.equal(reply.status, 401, JSON.stringify(more));
    assert.equal(challengeOf(reply), invalid(description), JSON.stringify(more));
    assert.equal(reply.text, '{"message":"Unauthorized"}');
  }
  for (const more of [{ aud: ["x", "client-2"] }, { aud: undefined, client_id: "client-2" }, { nbf: now, iat: now }]) {
    passes(await gateway.get(bearer(jwt(claims(more)))));
  }
});

test("a token that was seen before is refused once it has expired, or its key is gone", async () => {
  const clock = new ManualClock(nowMs);
  await using gateway = await start({ clock });
  const token = bearer(jwt(claims({ exp: nowMs / 1_000 + 7_200 })));
  passes(await gateway.get(token));
  answers["/keys"] = keySet(jwkOf("one", foreign.publicKey));
  clock.advance(3_600_001);
  assert.equal((await gateway.get(token)).status, 401);
  answers["/keys"] = keySet(jwkOf("one", own.publicKey));
  clock.advance(3_600_000);
  assert.equal(challengeOf(await gateway.get(token)), invalid("the token has expired"));
});

test("keys rotate: a token with a new key's id makes the keys be fetched again", async () => {
  const clock = new ManualClock(nowMs);
  await using gateway = await start({ clock });
  passes(await gateway.get(bearer(jwt(claims()))));
  answers["/keys"] = keySet(jwkOf("two", foreign.publicKey));
  clock.advance(31_000);
  passes(await gateway.get(bearer(jwt(claims(), { kid: "two" } as object, foreign.privateKey))));
});

test("keys that were fetched outlive an outage of the issuer; without keys nobody passes", async () => {
  const clock = new ManualClock(nowMs);
  await using gateway = await start({ clock });
  const token = bearer(jwt(claims({ exp: nowMs / 1_000 + 200_000 })));
  passes(await gateway.get(token));
  answers = {};
  clock.advance(7_200_000);
  passes(await gateway.get(token));
  clock.advance(86_400_000);
  const reply = await gateway.get(token);
  assert.deepEqual([reply.status, challengeOf(reply)], [401, invalid("OIDC discovery endpoint communication error")]);
});

test("an issuer that redirects, lies about itself, answers HTML or too much opens nothing", async () => {
  const rows: [string, () => void][] = [
    ["redirect", () => (answers[configuration] = { status: 302, headers: { location: `${issuer()}/keys` }, body: "" })],
    [
      "other issuer",
      () => (answers[configuration] = { body: JSON.stringify({ issuer: "https://x", jwks_uri: `${issuer()}/keys` }) }),
    ],
    ["HTML", () => (answers[configuration] = { body: "<html>" })],
    [
      "file",
      () => (answers[configuration] = { body: JSON.stringify({ issuer: issuer(), jwks_uri: "file:///etc/passwd" }) }),
    ],
    ["keys HTML", () => (answers["/keys"] = { body: "<html>" })],
    ["no keys", () => (answers["/keys"] = { body: "{}" })],
    [
      "10 MB",
      () =>
        (answers["/keys"] = {
          body: JSON.stringify({ keys: [jwkOf("one", own.publicKey)], pad: "x".repeat(10_000_000) }),
        }),
    ],
  ];
  for (const [what, change] of rows) {
    change();
    await using gateway = await start();
    assert.equal((await gateway.get(bearer(jwt(claims())))).status, 401, what);
    answers[configuration] = { body: JSON.stringify({ issuer: issuer(), jwks_uri: `${issuer()}/keys` }) };
    answers["/keys"] = keySet(jwkOf("one", own.publicKey));
  }
});

test("forged tokens of the known kinds are refused (RFC 8725)", async () => {
  const weak = pair(1_024);
  answers["/keys"] = keySet(
    jwkOf("one", own.publicKey),
    jwkOf("weak", weak.publicKey),
    jwkOf("enc", foreign.publicKey, { use: "enc" }),
    jwkOf("ops", foreign.publicKey, { use: "sig", key_ops: ["encrypt"] }),
    jwkOf("no-list", foreign.publicKey, { key_ops: "verify" }),
    { ...ec.publicKey.export({ format: "jwk" }), kid: "ec", alg: "ES256" },
    { kty: "oct", kid: "oct", k: encode("secret"), alg: "HS256" },
  );
  await using gateway = await start();
  const good = jwt(claims());
  passes(await gateway.get(bearer(good)));
  const [head, body, signature] = good.split(".") as [string, string, string];
  const none = (alg: unknown) => `${encode({ alg, kid: "one" })}.${body}.`;
  const pem = own.publicKey.export({ type: "spki", format: "pem" });
  const mac = `${encode({ alg: "HS256", kid: "one" })}.${body}`;
  const withKey = (more: object) => jwt(claims(), more, foreign.privateKey);
  const rows: Record<string, string> = {
    "alg none": none("none"),
    "alg None": none("None"),
    "alg absent": none(undefined),
    "alg __proto__": none("__proto__"),
    "HS256 with the public key": `${mac}.${createHmac("sha256", pem).update(mac).digest("base64url")}`,
    "HS256 with an oct key": `${encode({ alg: "HS256", kid: "oct" })}.${body}.${signature}`,
    PS256: jwt(claims(), { alg: "PS256" }),
    ES256: jwt(claims(), { alg: "ES256", kid: "ec" } as object),
    "RS384 with a key for RS256": jwt(claims(), { alg: "RS384" }),
    "another key": withKey({}),
    "an embedded key": withKey({ jwk: jwkOf("one", foreign.publicKey) }),
    jku: withKey({ jku: `${issuer()}/evil` }),
    x5u: withKey({ x5u: `${issuer()}/evil`, x5c: [encode("x")] }),
    "kid of a path": withKey({ kid: "../../etc/passwd" }),
    "kid of SQL": withKey({ kid: "one' OR '1'='1" }),
    "kid in a list": withKey({ kid: ["one"] }),
    "no kid": withKey({ kid: undefined }),
    "a weak key": jwt(claims(), { kid: "weak" } as object, weak.privateKey),
    "a key for encryption": jwt(claims(), { kid: "enc" } as object, foreign.privateKey),
    "a key for other operations": jwt(claims(), { kid: "ops" } as object, foreign.privateKey),
    "a key whose operations are no list": jwt(claims(), { kid: "no-list" } as object, foreign.privateKey),
    crit: jwt(claims(), { crit: ["b64"], b64: false } as object),
    "changed claims": `${head}.${encode(claims({ sub: "root" }))}.${signature}`,
    "another encoding": `${head}.${body}.${signature}=`,
    "four parts": `${good}.x`,
    "two parts": `${head}.${body}`,
    "an empty signature": `${head}.${body}.`,
    "a long one with letters after it": jwt(claims({ pad: "x".repeat(5_000) })).padEnd(9_000, "A"),
    "no JSON": `${Buffer.from("x").toString("base64url")}.${body}.${signature}`,
    "a list as claims": jwt([] as object),
  };
  for (const [what, token] of Object.entries(rows)) {
    const reply = await gateway.get(bearer(token));
    assert.equal(reply.status, 401, what);
    assert.match(
      String(challengeOf(reply)),
      /^Bearer scope="" error="invalid_token" error_description="[ -~]+"$/,
      what,
    );
  }
  assert.ok(!asked.includes("/evil"), "no address of a token is asked");
  // Of two different tokens none counts: a backend could read the other one.
  assert.equal((await gateway.get({ authorization: [`Bearer ${good}`, `Bearer ${rows["another key"]}`] })).status, 401);
});

test("a route with scopes wants one of them, in scope or scp", async () => {
  await using gateway = await start({ route: { AuthorizationScopes: ["pets/read", "pets/write"] } });
  for (const more of [{ scope: "a pets/read" }, { scp: ["x", "pets/write"] }, { scp: "pets/read" }]) {
    passes(await gateway.get(bearer(jwt(claims(more)))));
  }
  for (const more of [
    {},
    { scope: "pets" },
    { scope: "pets/readx" },
    { scp: [["pets/read"]] },
    { scope: { a: "pets/read" } },
  ]) {
    const reply = await gateway.get(bearer(jwt(claims(more))));
    assert.deepEqual([reply.status, reply.text], [403, '{"message":"Forbidden"}'], JSON.stringify(more));
    assert.match(String(challengeOf(reply)), /^Bearer scope="pets\/read pets\/write" error="insufficient_scope" /);
  }
});

test("a route closes if its authorizer is not there, is another kind, or can't be read", async () => {
  const rows: [Setup, RegExp][] = [
    [{ route: { AuthorizerId: "gone" } }, /authorizer gone is not there/],
    [{ route: { AuthorizerId: undefined as never } }, /is not there/],
    [{ authorizer: { AuthorizerType: "REQUEST" } }, /is a REQUEST/],
    [{ authorizer: { AuthorizerType: "jwt" as never } }, /is a jwt/],
    [{ route: { AuthorizationType: "jwt" } }, /AuthorizationType jwt/],
    [{ authorizer: { IdentitySource: [] } }, /identitySource/],
    [{ authorizer: { IdentitySource: ["$request.header.A", "$request.header.B"] } }, /identitySource/],
    [{ authorizer: { IdentitySource: ["$request.body.token"] } }, /mapping expression/],
    [{ authorizer: { JwtConfiguration: { Audience: ["client-1"] } } }, /jwtConfiguration/],
    [{ authorizer: { JwtConfiguration: { Issuer: "nowhere" } } }, /jwtConfiguration/],
  ];
  for (const [setup, reason] of rows) {
    await using gateway = await start(setup);
    const reply = await gateway.get(bearer(jwt(claims())));
    assert.equal(reply.status, 501, String(reason));
    assert.match(reply.text, reason);
  }
  // An authorizer without audiences lets no token pass.
  await using gateway = await start({ authorizer: { JwtConfiguration: { Issuer: issuer() } } });
  assert.equal((await gateway.get(bearer(jwt(claims())))).status, 401);
});
