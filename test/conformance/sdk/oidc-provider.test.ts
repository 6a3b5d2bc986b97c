// Tokens of a real OpenID provider, got by a login with authorization code and PKCE, at a JWT authorizer of a started server.
import assert from "node:assert/strict";
import {
  createHash,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { ApiGatewayV2 } from "@aws-sdk/client-apigatewayv2";
import { LambdaClient } from "@aws-sdk/client-lambda";
import Provider from "oidc-provider";
import { functionOf, permissionOf, startForSuite } from "./sdk-client.ts";

const callback = "http://127.0.0.1/signed-in";
const audience = "https://pets.example";
let issuer = "";
let api = "";

/** Answers what the issuer is asked; a test may stand in its place. */
let answer: (incoming: IncomingMessage, outgoing: ServerResponse) => unknown;
/** The requests for the provider's configuration or keys. */
let asked = 0;
const server = createServer((incoming, outgoing) => {
  if (/openid-configuration|jwks/.test(incoming.url ?? "")) asked++;
  void answer(incoming, outgoing);
});

interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
}
const makeKey = (kid: string): SigningKey => ({
  kid,
  privateKey: generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey,
});
const first = makeKey("first");

/** Lets a provider with this key speak for the issuer. */
function provide({ kid, privateKey }: SigningKey): void {
  const provider = new Provider(issuer, {
    clients: [
      {
        ...{ client_id: "app", application_type: "native", token_endpoint_auth_method: "none" },
        ...{ redirect_uris: [callback], grant_types: ["authorization_code"], response_types: ["code"] },
      },
    ],
    // biome-ignore lint/suspicious/noExplicitAny: the provider's types want members of every kind of key.
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid, use: "sig", alg: "RS256" } as any] },
    cookies: { keys: ["a test's"] },
    features: {
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          ...{ scope: "pets:read pets:write", audience, accessTokenTTL: 7_200 },
          ...{ accessTokenFormat: "jwt", jwt: { sign: { alg: "RS256" } } },
        }),
      },
    },
  });
  answer = provider.callback();
}

describe("a JWT authorizer whose issuer is a real OpenID provider", () => {
  const portico = startForSuite({ args: ["--threads", "2"], exitCode: 0 });
  const gateway = portico.client(ApiGatewayV2);
  const lambda = portico.client(LambdaClient);

  before(async () => {
    // The provider says often that it is set up for development.
    for (const word of ["warn", "info"] as const) console[word] = () => undefined;
    await once(server.listen(0, "127.0.0.1"), "listening");
    issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    provide(first);
    const code = "exports.handler = async ({ requestContext }) => requestContext.authorizer?.jwt ?? {};";
    await lambda.send(functionOf("claims", code));
    await lambda.send(permissionOf("claims"));
    const { ApiId } = await gateway.createApi({
      Name: "pets",
      ProtocolType: "HTTP",
      RouteKey: "GET /open",
      Target: "arn:aws:lambda:us-east-1:000000000000:function:claims",
    });
    const { Items: [integration] = [] } = await gateway.getIntegrations({ ApiId });
    const { AuthorizerId } = await gateway.createAuthorizer({
      ...{ ApiId, Name: "users", AuthorizerType: "JWT", IdentitySource: ["$request.header.Authorization"] },
      JwtConfiguration: { Issuer: issuer, Audience: [audience] },
    });
    const guarded = {
      ...{ ApiId, Target: `integrations/${integration!.IntegrationId}` },
      ...{ AuthorizationType: "JWT" as const, AuthorizerId },
    };
    await gateway.createRoute({ ...guarded, RouteKey: "GET /me" });
    await gateway.createRoute({ ...guarded, RouteKey: "GET /read", AuthorizationScopes: ["pets:read"] });
    await gateway.createRoute({ ...guarded, RouteKey: "GET /write", AuthorizationScopes: ["pets:write"] });
    api = `${portico.url}/_aws/execute-api/${ApiId}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  interface Tokens {
    readonly access_token: string;
    readonly id_token: string;
  }

  /** Logs in as a browser does, with the provider's own forms, and exchanges the code. */
  async function login(scope: string): Promise<Tokens> {
    const cookies = new Map<string, string>();
    const visit = async (url: string, form?: Readonly<Record<string, string>>): Promise<string> => {
      const headers = { cookie: [...cookies].map((pair) => pair.join("=")).join("; ") };
      const response = await fetch(url, {
        ...{ redirect: "manual", headers },
        ...(form && { method: "POST", body: new URLSearchParams(form) }),
      });
      await response.body?.cancel();
      for (const line of response.headers.getSetCookie()) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (value === "") cookies.delete(name);
        else cookies.set(name, value);
      }
      return new URL(response.headers.get("location") ?? url, url).href;
    };
    const code_verifier = randomBytes(32).toString("base64url");
    const authorization = new URLSearchParams({
      ...{ client_id: "app", redirect_uri: callback, response_type: "code", scope: `openid ${scope}`, state: "a" },
      ...{
        code_challenge: createHash("sha256").update(code_verifier).digest("base64url"),
        code_challenge_method: "S256",
      },
    });
    let at = await visit(`${issuer}/auth?${authorization}`);
    for (const prompt of ["login", "consent"]) {
      assert.match(at, /\/interaction\//, prompt);
      at = await visit(await visit(at, { prompt, login: "alice", password: "any" }));
    }
    assert.ok(at.startsWith(callback), at);
    const body = new URLSearchParams({
      ...{ grant_type: "authorization_code", client_id: "app", redirect_uri: callback },
      ...{ code: new URL(at).searchParams.get("code") ?? "", code_verifier },
    });
    const response = await fetch(`${issuer}/token`, { method: "POST", body });
    assert.equal(response.status, 200, await response.clone().text());
    return (await response.json()) as Tokens;
  }

  async function call(
    path: string,
    token?: string,
  ): Promise<{ status: number; text: string; challenge: string | null }> {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(api + path, { headers });
    return {
      status: response.status,
      text: await response.text(),
      challenge: response.headers.get("www-authenticate"),
    };
  }
  const statusOf = async (path: string, token?: string): Promise<number> => (await call(path, token)).status;

  const advance = async (seconds: number): Promise<void> => {
    const body = JSON.stringify({ advanceMs: seconds * 1_000 });
    assert.equal((await fetch(`${portico.url}/_portico/clock`, { method: "POST", body })).status, 200);
  };
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

  it("whoever has logged in passes with an access token for this API, as far as its scopes go", async () => {
    const { access_token: token, id_token } = await login("pets:read");
    assert.equal(await statusOf("/me"), 401);
    const { status, text } = await call("/me", token);
    assert.equal(status, 200, text);
    const { claims, scopes } = JSON.parse(text);
    assert.deepEqual([claims.iss, claims.sub, claims.aud, claims.scope], [issuer, "alice", audience, "pets:read"]);
    assert.equal(scopes, null);
    const read = await call("/read", token);
    assert.deepEqual([read.status, JSON.parse(read.text).scopes], [200, ["pets:read"]]);
    const write = await call("/write", token);
    assert.deepEqual([write.status, write.text], [403, '{"message":"Forbidden"}']);
    assert.match(write.challenge ?? "", /^Bearer scope="pets:write" error="insufficient_scope"/);
    // An ID token is for the application that asked for it, and not for this API.
    const other = await call("/me", id_token);
    assert.equal(other.status, 401);
    assert.match(other.challenge ?? "", /error_description="the token does not have a valid audience"/);
  });

  it("no change of a real token passes (RFC 8725)", async () => {
    const { access_token: token } = await login("pets:read");
    assert.equal(await statusOf("/me", token), 200);
    const [head = "", body = "", signature = ""] = token.split(".");
    const header = JSON.parse(Buffer.from(head, "base64url").toString());
    const claims = JSON.parse(Buffer.from(body, "base64url").toString());
    const mine = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    const publicPem = createPublicKey(first.privateKey).export({ type: "spki", format: "pem" });
    const forge = (more: object, said: object = claims): string => {
      const text = `${encode({ ...header, ...more })}.${encode(said)}`;
      return `${text}.${sign("RSA-SHA256", Buffer.from(text), mine.privateKey).toString("base64url")}`;
    };
    const mac = `${encode({ ...header, alg: "HS256" })}.${body}`;
    const jwk = { ...mine.publicKey.export({ format: "jwk" }), kid: "first" };
    const before = asked;
    const rows: Readonly<Record<string, string>> = {
      "no signature": `${encode({ ...header, alg: "none" })}.${body}.`,
      "an empty signature": `${head}.${body}.`,
      "the public key as a secret": `${mac}.${createHmac("sha256", publicPem).update(mac).digest("base64url")}`,
      "another subject": `${head}.${encode({ ...claims, sub: "root" })}.${signature}`,
      "more scopes": `${head}.${encode({ ...claims, scope: "pets:write" })}.${signature}`,
      "another key of the same name": forge({}),
      "a key in the header": forge({ jwk }),
      "the address of a key set": forge({ jku: `${issuer}/mine/jwks` }),
      "the address of a certificate": forge({ x5u: `${issuer}/mine/jwks.pem` }),
      "a path as the key's name": forge({ kid: "../../../../dev/null" }),
      "SQL as the key's name": forge({ kid: "x' UNION SELECT 'key" }),
      "a command as the key's name": forge({ kid: "first|cat /etc/passwd" }),
      "extensions nobody knows": forge({ crit: ["exp"], exp: 9_999_999_999 }),
      "another issuer": forge({}, { ...claims, iss: `${issuer}/mine` }),
      "no expiry": forge({}, { ...claims, exp: undefined }),
      "another encoding of the signature": `${head}.${body}.${signature}==`,
      "a second signature": `${token}.${signature}`,
    };
    for (const [what, forged] of Object.entries(rows)) assert.equal(await statusOf("/me", forged), 401, what);
    // Only the provider's own key set may have been asked for, and for all the names together once in a while.
    assert.ok(asked - before <= 4, `${asked - before} requests to the issuer`);
    // A header of 100 KB is refused before anything reads the token.
    const long = forge({}, { ...claims, pad: "x".repeat(100_000) });
    assert.equal(await statusOf("/me", long), 431);
    assert.equal(await statusOf("/me", token), 200);
  });

  it("an expired token is refused, and one of a key that the provider has given up", async () => {
    const { access_token: old } = await login("pets:read");
    assert.equal(await statusOf("/me", old), 200);
    provide(makeKey("second"));
    const { access_token: young } = await login("pets:read");
    // Anybody can name unknown keys: the issuer is asked for them again after half a minute.
    await advance(31);
    assert.equal(await statusOf("/me", young), 200);
    // Each of the two threads learns of it when a token needs it.
    for (let round = 0; round < 20; round++) assert.equal(await statusOf("/me", young), 200);
    assert.equal(await statusOf("/me", old), 401);
    await advance(7_200);
    const { status, challenge } = await call("/me", young);
    assert.equal(status, 401);
    assert.match(challenge ?? "", /error_description="the token has expired"/);
  });

  it("an issuer that hangs, redirects, answers HTML or too much lets nobody new in, and holds up nobody else", async () => {
    const bad: Readonly<Record<string, typeof answer>> = {
      hangs: () => undefined,
      "drips without end": (_, outgoing) => {
        outgoing.writeHead(200, { "content-type": "application/json" }).write("{");
      },
      redirects: (_, outgoing) => outgoing.writeHead(302, { location: `${issuer}/elsewhere` }).end(),
      "answers HTML": (_, outgoing) =>
        outgoing.writeHead(200, { "content-type": "text/html" }).end("<html>keys</html>"),
      "answers 10 MB": (_, outgoing) => outgoing.end(`{"keys": [], "pad": "${"x".repeat(10_000_000)}"}`),
      "breaks off": (_, outgoing) => outgoing.destroy(),
    };
    const isSilent = new Set(["hangs", "drips without end"]);
    for (const [what, behave] of Object.entries(bad)) {
      const key = makeKey(`key of one that ${what}`);
      await advance(3_601);
      // The clock is ahead of the provider's: a token for the server's time.
      const { now } = (await (
        await fetch(`${portico.url}/_portico/clock`, { method: "POST", body: '{"advanceMs": 0}' })
      ).json()) as { now: number };
      const text = `${encode({ alg: "RS256", kid: key.kid })}.${encode({ iss: issuer, aud: audience, sub: "alice", exp: now / 1_000 + 600 })}`;
      const token = `${text}.${sign("RSA-SHA256", Buffer.from(text), key.privateKey).toString("base64url")}`;
      answer = behave;
      let refusals = 0;
      const refused = async (): Promise<void> => {
        const { status, text: said, challenge } = await call("/me", token);
        refusals++;
        assert.deepEqual([status, said], [401, '{"message":"Unauthorized"}'], what);
        assert.match(challenge ?? "", /OIDC discovery endpoint communication error/, what);
      };
      const waiting = Promise.all(Array.from({ length: 20 }, refused));
      assert.equal(await statusOf("/open"), 200, what);
      if (isSilent.has(what)) assert.equal(refusals, 0, what);
      await waiting;
    }
  });
});
