// Methods with authorizationType AWS_IAM: who passes, and what each refusal looks like.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it, test } from "node:test";
import { gzipSync } from "node:zlib";
import { accountOfAccessKey } from "../../src/access/access-key-id.ts";
import type { Identity, Session } from "../../src/access/principal.ts";
import type { Credentials } from "../../src/access/request-signer.ts";
import { SessionSeal } from "../../src/access/session-seal.ts";
import type { Integration, Method, RestApiDefinition } from "../../src/definition/rest-api.ts";
import { signWithSdk } from "../sdk-signer.ts";
import { until } from "../until.ts";
import { aLambdaProxy, aMethod, aMock, aRestApi, aStage, functionArn } from "./a-rest-api.ts";
import { FakeFunctions } from "./fake-functions.ts";
import { type GatewayUnderTest, type Reply, startGateway } from "./start-gateway.ts";

const account = "000000000000";
const host = "abc123.execute-api.localhost";
const arn = `arn:aws:execute-api:us-east-1:${account}:abc123/prod`;
const nowMs = Date.UTC(2026, 10, 20, 12, 0, 0);
const guarded = (text: string, overrides: Partial<Method> = {}): Method =>
  aMethod(aMock(text), { authorizationType: "AWS_IAM", ...overrides });
const whoAmI =
  '{"accessKey":"$context.identity.accessKey","accountId":"$context.identity.accountId","caller":"$context.identity.caller",' +
  '"user":"$context.identity.user","userArn":"$context.identity.userArn","org":"$!context.identity.principalOrgId"}';

const anApi = (restApi: { policy?: string } = {}): RestApiDefinition =>
  aRestApi(
    {
      "/pets": { GET: guarded("pets"), POST: guarded("$input.body") },
      "/pets/{id}": { ANY: guarded("pet") },
      "/me": { GET: guarded(whoAmI) },
      "/open": { GET: aMethod(aMock("open")) },
    },
    { restApi },
  );

const document = (...statements: readonly object[]): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements });
const allow = (resource: string): object => ({ Effect: "Allow", Action: "execute-api:Invoke", Resource: resource });

const userOf = (ofAccount: string, ...statements: readonly object[]): Identity => ({
  kind: "user",
  account: ofAccount,
  arn: `arn:aws:iam::${ofAccount}:user/ann`,
  id: "AIDAEXAMPLE",
  name: "ann",
  path: "/",
  tags: {},
  policies: statements.length === 0 ? [] : [{ name: "own", document: document(...statements) }],
});
const role: Identity = {
  ...userOf(account, allow(`${arn}/*`)),
  kind: "role",
  arn: `arn:aws:iam::${account}:role/reader`,
  id: "AROAEXAMPLE",
  name: "reader",
};

const ann: Credentials = { accessKeyId: "AKIAANN", secretAccessKey: "ann's secret" };
const sessionKey = Buffer.alloc(32, 7);
const seal = new SessionSeal(sessionKey);
const session: Session = {
  kind: "assumed-role",
  issuerArn: role.arn,
  issuerId: role.id,
  name: "me",
  issuedAt: nowMs / 1000,
  expiresAt: nowMs / 1000 + 3_600,
};
const credentialsOf = (of: Session, accessKeyId = "ASIAONE"): Credentials => ({
  accessKeyId,
  secretAccessKey: seal.secretOf(accessKeyId),
  sessionToken: seal.sealSession(accessKeyId, of),
});

async function start(
  definition = anApi(),
  options: Parameters<typeof startGateway>[0] = {},
): Promise<GatewayUnderTest> {
  const under = await startGateway({ nowMs, ...options });
  under.deploy(definition);
  const { callers } = under.gateway;
  callers.setIdentity("user/ann", userOf(account, allow(`${arn}/*`)));
  callers.setIdentity("role/reader", role);
  callers.setAccessKey("AKIAANN", { secret: ann.secretAccessKey, isActive: true, ownerArn: userOf(account).arn });
  callers.setSessionKey(sessionKey.toString("base64"));
  return under;
}

interface SignedCall {
  readonly method?: string;
  readonly path?: string;
  readonly query?: Record<string, string | string[]>;
  readonly headers?: Record<string, string>;
  readonly body?: Buffer | string;
  readonly by?: Credentials;
  readonly with?: Partial<Parameters<typeof signWithSdk>[1]>;
  /** Changes the request after it was signed. */
  readonly change?: (sent: {
    target: string;
    headers: Record<string, string | string[]>;
    body?: Buffer | string | undefined;
    method: string;
  }) => void;
}

async function call(under: GatewayUnderTest, options: SignedCall = {}): Promise<Reply> {
  const { method = "GET", path = "/pets", query = {}, headers = {}, body, by = ann } = options;
  const signed = await signWithSdk(
    { method, host, path: `/prod${path}`, query, headers, body },
    { credentials: by, nowMs, ...options.with },
  );
  const sent = {
    target: signed.target,
    headers: { ...signed.headers } as Record<string, string | string[]>,
    body,
    method,
  };
  options.change?.(sent);
  const { host: _, ...rest } = sent.headers;
  return under.call(sent.target, {
    isWhole: true,
    host: String(_ ?? host),
    method: sent.method,
    headers: rest,
    ...(sent.body !== undefined && { body: sent.body }),
  });
}

test("a user whose policy allows the path is served, and another path is refused in AWS's words", async () => {
  await using under = await start();
  under.gateway.callers.setIdentity("user/ann", userOf(account, allow(`${arn}/GET/pets/1`)));
  assert.equal((await call(under, { path: "/pets/1" })).text, "pet");
  const refused = await call(under, { path: "/pets/2" });
  assert.equal(refused.status, 403);
  assert.equal(
    refused.text,
    `{"Message":"User: arn:aws:iam::${account}:user/ann is not authorized to perform: execute-api:Invoke on resource: ` +
      "arn:aws:execute-api:us-east-1:********0000:abc123/prod/GET/pets/2 because no identity-based policy allows the " +
      'execute-api:Invoke action"}',
  );
  assert.equal(refused.headers["x-amzn-errortype"], "AccessDeniedException");
  assert.match(
    String(refused.headers["x-portico-hint"]),
    /^no policy allows .*user\/ann execute-api:Invoke on arn.* Which were asked: portico policy explain --principal arn/,
  );
  assert.equal((await call(under, { path: "/pets/1", method: "DELETE" })).status, 403);
  under.gateway.callers.setIdentity(
    "user/ann",
    userOf(account, allow("*"), { ...allow(`${arn}/GET/pets`), Effect: "Deny", Sid: "NoList" }),
  );
  const denied = await call(under);
  assert.match(denied.text, /prod\/GET\/pets with an explicit deny in an identity-based policy"}$/);
  assert.match(String(denied.headers["x-portico-hint"]), /the policy own denies .* statement NoList/);
});

test("the caller is told to the integration, as a user and as a session", async () => {
  await using under = await start();
  assert.deepEqual(JSON.parse((await call(under, { path: "/me" })).text), {
    accessKey: "AKIAANN",
    accountId: account,
    caller: "AIDAEXAMPLE",
    user: "AIDAEXAMPLE",
    userArn: `arn:aws:iam::${account}:user/ann`,
    org: "",
  });
  const told = JSON.parse((await call(under, { path: "/me", by: credentialsOf(session) })).text) as Record<
    string,
    string
  >;
  assert.deepEqual(
    [told["caller"], told["userArn"]],
    ["AROAEXAMPLE:me", `arn:aws:sts::${account}:assumed-role/reader/me`],
  );
});

describe("a request that is not signed as it should be", () => {
  const rows: readonly (readonly [string, SignedCall, status: number, type: string, RegExp])[] = [
    [
      "unsigned",
      { change: ({ headers }) => delete headers["authorization"] },
      403,
      "MissingAuthenticationTokenException",
      /^\{"message":"Missing Authentication Token"\}$/,
    ],
    [
      "with a bearer token",
      {
        change: ({ headers }) => {
          headers["authorization"] = "Bearer x";
        },
      },
      403,
      "IncompleteSignatureException",
      /^\{"message":"Invalid key=value pair \(missing equal-sign\) in Authorization header \(hashed with SHA-256 and encoded with Base64\): '.{44}'\."\}$/,
    ],
    [
      "with a basic password",
      {
        change: ({ headers }) => {
          headers["authorization"] = "Basic eDp5";
        },
      },
      403,
      "IncompleteSignatureException",
      /Invalid key=value pair/,
    ],
    [
      "with half a signature",
      {
        change: ({ headers }) => {
          headers["authorization"] = "AWS4-HMAC-SHA256 Credential=a";
        },
      },
      403,
      "IncompleteSignatureException",
      /^\{"message":"Authorization header requires 'Signature' parameter\. Authorization header requires 'SignedHeaders' parameter\. \(Hashed/,
    ],
    [
      "of another algorithm",
      {
        change: ({ headers }) => {
          headers["authorization"] = String(headers["authorization"]).replace("HMAC-SHA256", "ECDSA-P256-SHA256");
        },
      },
      403,
      "IncompleteSignatureException",
      /Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'/,
    ],
    [
      "with its header twice",
      {
        change: ({ headers }) => {
          headers["authorization"] = [String(headers["authorization"]), "Bearer x"];
        },
      },
      403,
      "IncompleteSignatureException",
      /Invalid key=value pair/,
    ],
    [
      "by an unknown key",
      { by: { ...ann, accessKeyId: "AKIANOBODY" } },
      403,
      "UnrecognizedClientException",
      /^\{"message":"The security token included in the request is invalid\."\}$/,
    ],
    [
      "by an account's number",
      { by: { ...ann, accessKeyId: account } },
      403,
      "UnrecognizedClientException",
      /security token included in the request is invalid\./,
    ],
    [
      "with another secret",
      { by: { ...ann, secretAccessKey: "guessed" } },
      403,
      "InvalidSignatureException",
      /^\{"message":"The request signature we calculated does not match .*\\n\\nThe Canonical String for this request should have been\\n'GET\\n\/prod\/pets\\n/,
    ],
    [
      "before it is time",
      { with: { nowMs: nowMs + 301_000 } },
      403,
      "InvalidSignatureException",
      /^\{"message":"Signature not yet current: 20261120T120501Z is still later than 20261120T120500Z \(20261120T120000Z \+ 5 min\.\)"\}$/,
    ],
    [
      "too late",
      { with: { nowMs: nowMs - 301_000 } },
      403,
      "InvalidSignatureException",
      /^\{"message":"Signature expired: 20261120T115459Z is now earlier than 20261120T115500Z \(20261120T120000Z - 5 min\.\)"\}$/,
    ],
    [
      "for another region",
      { with: { region: "eu-west-1" } },
      403,
      "InvalidSignatureException",
      /^\{"message":"Credential should be scoped to a valid region, not 'eu-west-1'\. "\}$/,
    ],
    [
      "for another service",
      { with: { service: "lambda" } },
      403,
      "InvalidSignatureException",
      /^\{"message":"Credential should be scoped to correct service: 'execute-api'\. "\}$/,
    ],
    [
      "for another path",
      {
        change: (sent) => {
          sent.target = "/prod/pets/1";
        },
      },
      403,
      "InvalidSignatureException",
      /does not match/,
    ],
    [
      "for another query",
      {
        query: { a: "1" },
        change: (sent) => {
          sent.target = "/prod/pets?a=2";
        },
      },
      403,
      "InvalidSignatureException",
      /does not match/,
    ],
    [
      "for another verb",
      {
        path: "/pets/1",
        change: (sent) => {
          sent.method = "DELETE";
        },
      },
      403,
      "InvalidSignatureException",
      /does not match/,
    ],
    [
      "for another verb that a header chooses",
      {
        path: "/pets/1",
        change: ({ headers }) => {
          headers["x-http-method-override"] = "DELETE";
        },
      },
      403,
      "InvalidSignatureException",
      /'x-http-method-override' must be a 'SignedHeader'/,
    ],
    [
      "for another header",
      {
        headers: { "x-amz-meta": "1" },
        change: ({ headers }) => {
          headers["x-amz-meta"] = "2";
        },
      },
      403,
      "InvalidSignatureException",
      /does not match/,
    ],
    [
      "for another host",
      {
        change: ({ headers }) => {
          headers["host"] = "abc123.execute-api.elsewhere";
        },
      },
      403,
      "InvalidSignatureException",
      /does not match/,
    ],
    [
      "for another body, with its hash",
      {
        method: "POST",
        body: "a",
        change: (sent) => {
          sent.body = "b";
        },
      },
      403,
      "InvalidSignatureException",
      /does not match/,
    ],
    [
      "for another body, without its hash",
      {
        method: "POST",
        body: "a",
        with: { hasChecksum: false },
        change: (sent) => {
          sent.body = "b";
        },
      },
      403,
      "InvalidSignatureException",
      /does not match/,
    ],
    [
      "for a body that does not come",
      {
        method: "POST",
        body: "a",
        change: (sent) => {
          sent.body = undefined;
        },
      },
      403,
      "InvalidSignatureException",
      /does not match/,
    ],
    [
      "for chunks",
      { method: "POST", body: "a", headers: { "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" } },
      403,
      "InvalidSignatureException",
      /'X-Amz-Content-Sha256' is not supported/,
    ],
    [
      "in the query, expired",
      { with: { expiresIn: 60, nowMs: nowMs - 61_000 } },
      403,
      "InvalidSignatureException",
      /Signature expired: .* - 60 sec\.\)/,
    ],
    [
      "in the query, for longer than a week",
      {
        with: { expiresIn: 604_800 },
        change: (sent) => {
          sent.target = sent.target.replace("604800", "604801");
        },
      },
      403,
      "InvalidSignatureException",
      /must be less than a week/,
    ],
    [
      "with a token that was not made here",
      { by: { ...ann, sessionToken: "IQoJb3JpZ2lu" } },
      403,
      "UnrecognizedClientException",
      /security token included in the request is invalid\./,
    ],
    [
      "with another session's token",
      { by: { ...credentialsOf(session, "ASIATWO"), accessKeyId: "ASIAONE" } },
      403,
      "UnrecognizedClientException",
      /security token included/,
    ],
    [
      "by a session without its token",
      { by: { accessKeyId: "ASIAONE", secretAccessKey: seal.secretOf("ASIAONE") } },
      403,
      "UnrecognizedClientException",
      /security token included/,
    ],
    [
      "by a session that has ended",
      { by: credentialsOf({ ...session, expiresAt: nowMs / 1000 }) },
      403,
      "ExpiredTokenException",
      /^\{"message":"The security token included in the request is expired"\}$/,
    ],
    [
      "by a session of a role that was made again",
      { by: credentialsOf({ ...session, issuerId: "AROAFORMER" }) },
      403,
      "UnrecognizedClientException",
      /security token included/,
    ],
    [
      "by a session of a role that is gone",
      { by: credentialsOf({ ...session, issuerArn: `${role.arn}s` }) },
      403,
      "UnrecognizedClientException",
      /security token included/,
    ],
  ];
  for (const [name, signed, status, type, body] of rows) {
    it(`is refused: ${name}`, async () => {
      await using under = await start();
      const reply = await call(under, signed);
      assert.equal(reply.status, status, reply.text);
      assert.equal(reply.headers["x-amzn-errortype"], type);
      assert.match(reply.text, body);
      assert.doesNotMatch(`${reply.text}${String(reply.headers["x-portico-hint"])}`, /ann's secret|Bearer x|eDp5/);
      assert.deepEqual(under.errors, []);
    });
  }
});

test("a path whose method ARN is longer than 1,600 bytes is 414, signed or not", async () => {
  await using under = await start();
  const rest = 1_600 - `${arn}/GET/pets/`.length;
  assert.equal((await call(under, { path: `/pets/${"x".repeat(rest)}` })).status, 200);
  const path = `/pets/${"x".repeat(rest + 1)}`;
  for (const reply of [await call(under, { path }), await under.call(path)]) {
    assert.deepEqual([reply.status, reply.text], [414, '{"message":"Request URI too long"}']);
  }
});

test("headers, presigned queries, hashed, unhashed, compressed and unsigned bodies are verified", async () => {
  await using under = await start();
  const accepted: readonly SignedCall[] = [
    {},
    { with: { hasChecksum: false } },
    { with: { expiresIn: 604_800, nowMs: nowMs - 604_000_000 } },
    { query: { "b c": ["2", "1"], a: "é+%", "": "" } },
    { by: credentialsOf(session) },
    { by: credentialsOf(session), with: { expiresIn: 60 } },
    { path: "/pets/a%20b%2Fc" },
    { path: "//pets/1" },
  ];
  for (const options of accepted) assert.equal((await call(under, options)).status, 200, JSON.stringify(options));
  const body = JSON.stringify({ name: "Rex" });
  for (const options of [
    { body },
    { body, with: { hasChecksum: false } },
    { body: gzipSync(body), headers: { "content-encoding": "gzip" } },
    { body: gzipSync(body), headers: { "content-encoding": "gzip" }, with: { hasChecksum: false } },
    { body, headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" } },
    { body, with: { hasChecksum: false, expiresIn: 60 } },
  ] satisfies SignedCall[]) {
    const reply = await call(under, { method: "POST", ...options });
    assert.deepEqual([reply.status, reply.text], [200, ""], JSON.stringify(options));
  }
});

test("a signature does not count for another path that is signed alike", async () => {
  const definition = aRestApi({
    "/pets": { GET: guarded("pets") },
    "/all/{proxy+}": { GET: guarded("all") },
  });
  await using under = await start(definition);
  const statusOf = async (path: string): Promise<number> => {
    const change: SignedCall["change"] = (sent) => {
      sent.target = `/prod${path}`;
    };
    return (await call(under, { path: "/pets", change })).status;
  };
  assert.equal(await statusOf("/pets"), 200);
  assert.equal(await statusOf("//pets"), 200);
  for (const path of ["/all/../pets", "/all/x/../../pets", "/all/./../pets"]) {
    assert.equal(await statusOf(path), 403, path);
  }
  for (const path of ["/all//pets", "/all/./pets", "/all/pets/..", "/all/pets//", "/all/."]) {
    assert.equal((await call(under, { path })).status, 403, path);
  }
  assert.equal((await call(under, { path: "/all/.../..pets/a." })).status, 200);
});

test("what changes about a caller counts at once", async () => {
  await using under = await start();
  const { callers } = under.gateway;
  const key = { secret: ann.secretAccessKey, isActive: true, ownerArn: userOf(account).arn };
  const statuses = async (): Promise<number[]> => [
    (await call(under)).status,
    (await call(under, { by: credentialsOf(session) })).status,
  ];
  assert.deepEqual(await statuses(), [200, 200]);
  callers.setAccessKey("AKIAANN", { ...key, isActive: false });
  assert.deepEqual(await statuses(), [403, 200]);
  callers.setAccessKey("AKIAANN", { ...key, secret: "another" });
  assert.deepEqual(await statuses(), [403, 200]);
  callers.setAccessKey("AKIAANN", key);
  callers.setIdentity("role/reader", { ...role, policies: [] });
  assert.deepEqual(await statuses(), [200, 403]);
  callers.setIdentity("role/reader", null);
  assert.deepEqual(await statuses(), [200, 403]);
  callers.setIdentity("role/reader", { ...role, id: "AROANEW" });
  assert.deepEqual(await statuses(), [200, 403]);
  callers.setIdentity("role/reader", role);
  callers.setIdentity("user/ann", null);
  assert.deepEqual(await statuses(), [403, 200]);
  callers.setIdentity("user/ann", userOf(account, allow("*")));
  callers.setAccessKey("AKIAANN", null);
  assert.deepEqual(await statuses(), [403, 200]);
  callers.setSessionKey(Buffer.alloc(32, 8).toString("base64"));
  assert.deepEqual(await statuses(), [403, 403]);
  callers.setSessionKey(null);
  assert.deepEqual(await statuses(), [403, 403]);
});

test("a session may do what its role and all of its own policies allow", async () => {
  await using under = await start(anApi(), {});
  const limited = (policy: string, policyArns?: readonly string[]): Credentials =>
    credentialsOf({ ...session, policy, ...(policyArns && { policyArns }) });
  const status = async (by: Credentials, path: string): Promise<number> => (await call(under, { by, path })).status;
  const onlyOne = limited(document(allow(`${arn}/GET/pets/1`)));
  assert.deepEqual([await status(onlyOne, "/pets/1"), await status(onlyOne, "/pets/2")], [200, 403]);
  const managed = `arn:aws:iam::${account}:policy/two`;
  const twice = credentialsOf({ ...session, policyArns: [managed] });
  assert.equal(await status(twice, "/pets/2"), 403, "a policy that is not there allows nothing");
  under.gateway.callers.setPolicy("two", { arn: managed, document: document(allow(`${arn}/GET/pets/2`)) });
  assert.deepEqual([await status(twice, "/pets/2"), await status(twice, "/pets/1")], [200, 403]);
});

describe("a resource policy beside it", () => {
  const principal = { AWS: `arn:aws:iam::${account}:user/ann` };
  const rows: readonly (readonly [string, own: object[], policy: object | undefined, same: number, other: number])[] = [
    ["allow, allow", [allow("*")], { ...allow("*"), Principal: "*" }, 200, 200],
    ["allow, silent", [allow("*")], { ...allow(`${arn}/GET/none`), Principal: "*" }, 200, 403],
    ["allow, none", [allow("*")], undefined, 200, 403],
    ["allow, deny", [allow("*")], { ...allow("*"), Principal: "*", Effect: "Deny" }, 403, 403],
    ["silent, allow by name", [], { ...allow("*"), Principal: principal }, 200, 403],
    ["silent, none", [], undefined, 403, 403],
    ["deny, allow", [{ ...allow("*"), Effect: "Deny" }], { ...allow("*"), Principal: "*" }, 403, 403],
  ];
  for (const [name, own, statement, same, other] of rows) {
    it(`counts as AWS's tables A and B say: ${name}`, async () => {
      await using under = await start(anApi(statement === undefined ? {} : { policy: document(statement) }));
      for (const [of, status] of [
        [account, same],
        ["999999999999", other],
      ] as const) {
        const user = userOf(of, ...own);
        under.gateway.callers.setIdentity("user/ann", user);
        under.gateway.callers.setAccessKey("AKIAANN", {
          secret: ann.secretAccessKey,
          isActive: true,
          ownerArn: user.arn,
        });
        const reply = await call(under);
        assert.equal(reply.status, status, `${of}: ${reply.text}`);
      }
    });
  }
});

test("a root needs no policy, and only its own account's methods are open to it", async () => {
  await using under = await start();
  const asRoot = async (of: string): Promise<number> => {
    under.gateway.callers.setAccessKey("AKIAROOT", {
      secret: "s",
      isActive: true,
      ownerArn: `arn:aws:iam::${of}:root`,
    });
    return (await call(under, { by: { accessKeyId: "AKIAROOT", secretAccessKey: "s" } })).status;
  };
  assert.deepEqual([await asRoot(account), await asRoot("999999999999")], [200, 403]);
});

test("methods without AWS_IAM don't look at signatures, and unknown routes answer as AWS's", async () => {
  await using under = await start();
  assert.equal((await call(under, { path: "/open", by: { ...ann, secretAccessKey: "wrong" } })).status, 200);
  assert.equal((await call(under, { path: "/none" })).text, '{"message":"Missing Authentication Token"}');
  const foreign = await under.call("/none", { headers: { Authorization: "Bearer x" } });
  assert.match(foreign.text, /^\{"message":"Invalid key=value pair \(missing equal-sign\)/);
});

test("a customised gateway response answers for each type of refusal", async () => {
  const responses = [
    "MISSING_AUTHENTICATION_TOKEN",
    "INVALID_SIGNATURE",
    "EXPIRED_TOKEN",
    "ACCESS_DENIED",
    "DEFAULT_4XX",
  ];
  const definition = {
    ...anApi(),
    gatewayResponses: responses.map((responseType, index) => ({
      responseType,
      statusCode: String(410 + index),
      responseParameters: {},
      responseTemplates: { "application/json": `${responseType} $context.error.responseType` },
      defaultResponse: false,
    })),
  } as unknown as RestApiDefinition;
  await using under = await start(definition);
  const answer = async (options: SignedCall): Promise<string> => {
    const reply = await call(under, options);
    return `${reply.status} ${reply.text}`;
  };
  const without = (value?: string): SignedCall => ({
    change: ({ headers }) => {
      if (value === undefined) delete headers["authorization"];
      else headers["authorization"] = value;
    },
  });
  assert.equal(await answer(without()), "410 MISSING_AUTHENTICATION_TOKEN MISSING_AUTHENTICATION_TOKEN");
  assert.equal(await answer({ by: { ...ann, secretAccessKey: "x" } }), "411 INVALID_SIGNATURE INVALID_SIGNATURE");
  assert.equal(await answer({ by: credentialsOf({ ...session, expiresAt: 1 }) }), "412 EXPIRED_TOKEN EXPIRED_TOKEN");
  under.gateway.callers.setIdentity("user/ann", userOf(account));
  assert.equal(await answer({}), "413 ACCESS_DENIED ACCESS_DENIED");
  assert.equal(await answer(without("Bearer x")), "414 DEFAULT_4XX DEFAULT_4XX");
});

test("tokens of more sessions than are remembered, and keys and tokens that nobody has, are looked up all the same", async () => {
  await using under = await start();
  const { callers } = under.gateway;
  for (let count = 0; count < 100_000; count++) {
    assert.equal(callers.find(`AKIA${count}`, undefined, nowMs).kind, "refused");
    if (count < 2_000) assert.equal(callers.find("ASIAONE", `portico2.${count}`, nowMs).kind, "refused");
  }
  for (let count = 0; count < 3_000; count++) {
    const { accessKeyId, sessionToken } = credentialsOf(session, `ASIA${count}`);
    assert.equal(callers.find(accessKeyId, sessionToken, nowMs).kind, "found");
  }
});

describe("an integration with the caller's own credentials", () => {
  const credentials = "arn:aws:iam::*:user/*";
  const invoke = { Effect: "Allow", Action: "lambda:InvokeFunction", Resource: functionArn };
  const startWith = (
    integration: Integration,
    options: Parameters<typeof startGateway>[0],
  ): Promise<GatewayUnderTest> =>
    start(aRestApi({ "/pets": { GET: guarded("", { methodIntegration: integration }) } }), options);

  it("invokes a function that the caller, or the function's policy, allows it", async () => {
    const functions = new FakeFunctions();
    functions.facts = { functionArn, policyRevision: "1" } as typeof functions.facts;
    const cases: readonly (readonly [string, Identity, policy: object | undefined, number])[] = [
      ["neither", userOf(account, allow("*")), undefined, 500],
      ["the caller's", userOf(account, allow("*"), invoke), undefined, 200],
      ["the caller's denies", userOf(account, allow("*"), invoke, { ...invoke, Effect: "Deny" }), undefined, 500],
      [
        "the function's, for the caller",
        userOf(account, allow("*")),
        { ...invoke, Principal: { AWS: userOf(account).arn } },
        200,
      ],
      [
        "the function's, for API Gateway",
        userOf(account, allow("*")),
        { ...invoke, Principal: { Service: "apigateway.amazonaws.com" } },
        500,
      ],
    ];
    for (const [name, user, policy, status] of cases) {
      functions.facts = {
        functionArn,
        policyRevision: name,
        ...(policy && { policy: document(policy) }),
      } as typeof functions.facts;
      for (const integration of [
        aLambdaProxy({ credentials }),
        aLambdaProxy({ credentials, type: "AWS", integrationResponses: { "200": { statusCode: "200" } } }),
      ]) {
        await using under = await startWith(integration, { functions });
        under.gateway.callers.setIdentity("user/ann", user);
        const reply = await call(under);
        assert.equal(reply.status, status, `${name}: ${reply.text} ${String(reply.headers["x-portico-hint"])}`);
        if (name === "neither") {
          assert.equal(
            reply.headers["x-portico-hint"],
            `Execution failed due to configuration error: User: ${user.arn} is not authorized to perform: ` +
              `lambda:InvokeFunction on resource: ${functionArn} because no identity-based policy allows the ` +
              "lambda:InvokeFunction action",
          );
        }
      }
    }
  });

  it("calls a service that the caller's policies allow, signed with a session of the caller", async () => {
    const seen: IncomingMessage[] = [];
    const server = createServer((incoming, answer) => {
      seen.push(incoming);
      incoming.resume().once("end", () => answer.end("{}"));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const integration: Integration = {
      type: "AWS",
      httpMethod: "POST",
      uri: "arn:aws:apigateway:us-east-1:sqs:path/000000000000/orders",
      credentials,
      requestTemplates: { "application/json": "Action=SendMessage&MessageBody=x" },
      integrationResponses: { "200": { statusCode: "200" } },
    };
    try {
      await using under = await startWith(integration, { services: { endpoints: { sqs: origin } } });
      const send = {
        Effect: "Allow",
        Action: "sqs:SendMessage",
        Resource: "arn:aws:sqs:us-east-1:000000000000:orders",
      };
      const refused = await call(under);
      assert.equal(refused.status, 500);
      assert.match(
        String(refused.headers["x-portico-hint"]),
        /user\/ann is not authorized to perform: sqs:SendMessage/,
      );
      assert.equal(seen.length, 0);
      under.gateway.callers.setIdentity("user/ann", userOf(account, allow("*"), send));
      under.gateway.callers.setIdentity("role/reader", {
        ...role,
        policies: userOf(account, allow("*"), send).policies,
      });
      const sessions: (Session | undefined)[] = [];
      for (const by of [ann, ann, credentialsOf(session)]) {
        const reply = await call(under, { by });
        assert.equal(reply.status, 200, String(reply.headers["x-portico-hint"]));
        const { headers } = seen.at(-1)!;
        const accessKeyId = /Credential=(ASIA[A-Z2-7]{16})\//.exec(headers.authorization ?? "")?.[1] ?? "";
        assert.equal(accountOfAccessKey(accessKeyId), account);
        sessions.push(seal.openSession(accessKeyId, String(headers["x-amz-security-token"])));
        assert.doesNotMatch(JSON.stringify(headers), /AKIAANN|ann's secret/);
      }
      assert.deepEqual(
        sessions.map((made) => made && [made.kind, made.issuerArn, made.expiresAt]),
        [
          ["user", userOf(account).arn, nowMs / 1000 + 900],
          ["user", userOf(account).arn, nowMs / 1000 + 900],
          ["assumed-role", role.arn, session.expiresAt],
        ],
      );
      under.gateway.callers.setSessionKey(null);
      assert.equal((await call(under)).status, 500, "no session can be made");
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  it("never goes to AWS itself, which does not know the caller", async () => {
    const integration: Integration = {
      type: "AWS",
      httpMethod: "POST",
      uri: "arn:aws:apigateway:us-east-1:sqs:path/000000000000/orders",
      credentials,
      integrationResponses: { "200": { statusCode: "200" } },
    };
    const ofAws = { accessKeyId: "AKIAREAL", secretAccessKey: "real" };
    await using under = await startWith(integration, { services: { endpoints: {}, credentials: ofAws } });
    const reply = await call(under);
    assert.equal(reply.status, 500);
    assert.match(String(reply.headers["x-portico-hint"]), /AWS does not know the callers of this server/);
  });
});

test("access logs say how authentication and authorization went", async () => {
  const lines: string[] = [];
  await using under = await start(anApi(), { onLog: (_group, message) => lines.push(message) });
  const destinationArn = "arn:aws:logs:us-east-1:000000000000:log-group:access";
  const names = ["authenticate.status", "authenticate.error", "authorize.status", "authorize.error", "identity.user"];
  const format = names.map((name) => `$context.${name}`).join("|");
  under.deploy(anApi(), aStage({ accessLogSettings: { destinationArn, format } }));
  await call(under);
  await call(under, { by: { ...ann, secretAccessKey: "wrong" } });
  await call(under, { change: ({ headers }) => delete headers["authorization"] });
  under.gateway.callers.setIdentity("user/ann", userOf(account));
  await call(under);
  await until(() => lines.length === 4, { what: "the access log is written" });
  assert.deepEqual(
    lines.map((line) => line.trim()),
    [
      "200|-|200|-|AIDAEXAMPLE",
      "403|The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key " +
        "and signing method. Consult the service documentation for details.|-|-|-",
      "403|Missing Authentication Token|-|-|-",
      "200|-|403|because no identity-based policy allows the execute-api:Invoke action|AIDAEXAMPLE",
    ],
  );
});

test("the lines of a refusal's message break neither a header nor a line of a log", async () => {
  const lines: string[] = [];
  const definition = {
    ...anApi(),
    gatewayResponses: [
      {
        responseType: "INVALID_SIGNATURE",
        responseParameters: { "gatewayresponse.header.X-Why": "context.error.message" },
        responseTemplates: {},
        defaultResponse: false,
      },
    ],
  } as unknown as RestApiDefinition;
  await using under = await start(definition, { onLog: (_group, message) => lines.push(message) });
  const destinationArn = "arn:aws:logs:us-east-1:000000000000:log-group:access";
  const format = "$context.status $context.error.message";
  under.deploy(definition, aStage({ accessLogSettings: { destinationArn, format } }));
  const reply = await call(under, { by: { ...ann, secretAccessKey: "wrong" } });
  assert.equal(reply.status, 403);
  assert.doesNotMatch(String(reply.headers["x-why"]), /\n/);
  await until(() => lines.length > 0, { what: "the access log is written" });
  assert.match(lines.join(), /^403 The request signature we calculated/);
  assert.doesNotMatch(lines[0]!, /\n[\s\S]/);
});
