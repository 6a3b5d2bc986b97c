import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { makeAccessKeyId } from "../../src/access/access-key-id.ts";
import type { Credentials } from "../../src/access/request-signer.ts";
import { decodeCbor } from "../../src/protocol/cbor.ts";
import { readConfig } from "../../src/server/config.ts";
import { type RunningServer, startServer } from "../../src/server/start.ts";
import { makeLogger } from "../../src/telemetry/logger.ts";
import { type SdkSigning, signWithSdk } from "../sdk-signer.ts";

// `--auth enforce` on a running server: every service, and everything that a signature or a policy may lack.

const metricsToken = "a-token-of-prometheus";
const logged: string[] = [];
let server: RunningServer;
let admin: Credentials;

before(async () => {
  const config = await readConfig({
    flags: { memory: true, auth: "enforce", port: "0", threads: "1", metricsToken },
    env: {},
    cwd: "/nowhere",
  });
  server = await startServer(
    config,
    makeLogger("debug", (line) => logged.push(line)),
  );
  assert.ok(server.administrator, "a first start makes an administrator");
  admin = server.administrator;
});
after(() => server.stop());

interface Call {
  readonly service: string;
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly text: string;
}

async function send(method: string, target: string, headers: Record<string, string>, body?: string): Promise<Answer> {
  const response = await fetch(`${server.url}${target}`, { method, headers, ...(body === undefined ? {} : { body }) });
  const answer = Buffer.from(await response.arrayBuffer());
  const isCbor = response.headers.get("content-type") === "application/cbor";
  const text = isCbor ? JSON.stringify(decodeCbor(answer)) : answer.toString();
  const code =
    response.headers.get("x-amzn-errortype") ??
    /<Code>(\w+)<\/Code>/.exec(text)?.[1] ??
    /"__type":"(\w+)"/.exec(text)?.[1] ??
    "";
  return { status: response.status, code, text };
}

type Signing = Partial<SdkSigning>;

async function signed(call: Call, signing: Signing = {}): Promise<{ target: string; headers: Record<string, string> }> {
  const host = new URL(server.url).host;
  return signWithSdk({ ...call, host }, { credentials: admin, service: call.service, ...signing });
}

async function ask(call: Call, signing: Signing = {}): Promise<Answer> {
  const { target, headers } = await signed(call, signing);
  return send(call.method, target, headers, call.body);
}

const form = { "content-type": "application/x-www-form-urlencoded" };
const json11 = (target: string) => ({ "content-type": "application/x-amz-json-1.1", "x-amz-target": target });
const iam = (parameters: Readonly<Record<string, string>>): Call => ({
  service: "iam",
  method: "POST",
  path: "/",
  headers: form,
  body: String(new URLSearchParams({ Version: "2010-05-08", ...parameters })),
});
const sts = (parameters: Readonly<Record<string, string>>): Call => ({
  ...iam({ ...parameters, Version: "2011-06-15" }),
  service: "sts",
});

const xray = (operation: string, input: object): Call => ({
  ...{ service: "xray", method: "POST", path: `/${operation}`, headers: { "content-type": "application/json" } },
  body: JSON.stringify(input),
});

/** A harmless call of each service, and the words of its protocol. */
const services: readonly { readonly name: string; readonly call: Call; readonly words: "rest" | "query" | "json" }[] = [
  { name: "apigateway", words: "rest", call: { service: "apigateway", method: "GET", path: "/restapis" } },
  {
    name: "apigateway with a body",
    words: "rest",
    call: { service: "apigateway", method: "POST", path: "/restapis", body: '{"name":"one"}' },
  },
  { name: "lambda", words: "rest", call: { service: "lambda", method: "GET", path: "/2015-03-31/functions" } },
  { name: "iam", words: "query", call: iam({ Action: "ListUsers" }) },
  { name: "sts", words: "query", call: sts({ Action: "GetCallerIdentity" }) },
  {
    name: "logs",
    words: "json",
    call: {
      service: "logs",
      method: "POST",
      path: "/",
      headers: json11("Logs_20140328.DescribeLogGroups"),
      body: "{}",
    },
  },
  {
    name: "wafv2",
    words: "json",
    call: {
      service: "wafv2",
      method: "POST",
      path: "/",
      headers: json11("AWSWAF_20190729.ListWebACLs"),
      body: '{"Scope":"REGIONAL"}',
    },
  },
  {
    name: "cloudwatch by query",
    words: "query",
    call: { ...iam({ Action: "DescribeAlarms", Version: "2010-08-01" }), service: "monitoring" },
  },
  {
    name: "cloudwatch by JSON",
    words: "json",
    call: {
      service: "monitoring",
      method: "POST",
      path: "/",
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": "GraniteServiceVersion20100801.ListMetrics",
      },
      body: "{}",
    },
  },
  {
    name: "cloudwatch by CBOR",
    words: "rest",
    call: {
      service: "monitoring",
      method: "POST",
      path: "/service/GraniteServiceVersion20100801/operation/ListMetrics",
      headers: { "content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor" },
    },
  },
  { name: "xray", words: "rest", call: xray("GetSamplingRules", {}) },
  { name: "portico's own", words: "rest", call: { service: "portico", method: "GET", path: "/_portico/status" } },
];

type Words = Readonly<Record<"rest" | "query" | "json", readonly [status: number, code: string]>>;

const invalidSignature: Words = {
  rest: [403, "InvalidSignatureException"],
  query: [403, "SignatureDoesNotMatch"],
  json: [400, "InvalidSignatureException"],
};
const incomplete: Words = {
  rest: [400, "IncompleteSignatureException"],
  query: [400, "IncompleteSignature"],
  json: [400, "IncompleteSignatureException"],
};
const unknown: Words = {
  rest: [403, "UnrecognizedClientException"],
  query: [403, "InvalidClientTokenId"],
  json: [400, "UnrecognizedClientException"],
};
const missing: Words = {
  rest: [403, "MissingAuthenticationTokenException"],
  query: [403, "MissingAuthenticationToken"],
  json: [400, "MissingAuthenticationTokenException"],
};
const expired: Words = {
  rest: [403, "ExpiredTokenException"],
  query: [403, "ExpiredToken"],
  json: [400, "ExpiredTokenException"],
};

/** Makes a user with a policy, and returns its key. */
async function makeUser(name: string, policy?: object): Promise<Credentials> {
  await ask(iam({ Action: "CreateUser", UserName: name }));
  if (policy !== undefined) await putPolicy(name, policy);
  return makeKey(name);
}

const putPolicy = (name: string, policy: object): Promise<Answer> =>
  ask(iam({ Action: "PutUserPolicy", UserName: name, PolicyName: "p", PolicyDocument: JSON.stringify(policy) }));

async function makeKey(name: string): Promise<Credentials> {
  const { text } = await ask(iam({ Action: "CreateAccessKey", UserName: name }));
  return {
    accessKeyId: /<AccessKeyId>(.*?)</.exec(text)![1]!,
    secretAccessKey: /<SecretAccessKey>(.*?)</.exec(text)![1]!,
  };
}

const everything = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] };

const minutes = 60_000;

/** Everything that is wrong with a signature. Each row sends the call in its way. */
const refusals: Readonly<Record<string, { readonly words: Words; readonly send: (call: Call) => Promise<Answer> }>> = {
  "no signature": {
    words: missing,
    send: (call) => send(call.method, call.path, { ...call.headers }, call.body),
  },
  "a bearer token": {
    words: incomplete,
    send: (call) => send(call.method, call.path, { ...call.headers, authorization: "Bearer abc" }, call.body),
  },
  "an account's number as key": {
    words: unknown,
    send: (call) => ask(call, { credentials: { accessKeyId: "000000000000", secretAccessKey: "portico" } }),
  },
  "an unknown key": {
    words: unknown,
    send: (call) =>
      ask(call, {
        credentials: {
          accessKeyId: makeAccessKeyId("AKIA", "000000000000", Buffer.alloc(8)),
          secretAccessKey: admin.secretAccessKey,
        },
      }),
  },
  "the wrong secret": {
    words: invalidSignature,
    send: (call) => ask(call, { credentials: { ...admin, secretAccessKey: "x".repeat(40) } }),
  },
  "a session token that is none": {
    words: unknown,
    send: (call) => ask(call, { credentials: { ...admin, sessionToken: "portico" } }),
  },
  "a time before the window": {
    words: invalidSignature,
    send: (call) => ask(call, { nowMs: Date.now() - 20 * minutes }),
  },
  "a time after the window": {
    words: invalidSignature,
    send: (call) => ask(call, { nowMs: Date.now() + 20 * minutes }),
  },
  "another algorithm": {
    words: incomplete,
    send: (call) => changed(call, (text) => text.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")),
  },
  "a misspelt algorithm": {
    words: incomplete,
    send: (call) => changed(call, (text) => text.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA265")),
  },
  "a misspelt parameter": {
    words: incomplete,
    send: (call) => changed(call, (text) => text.replace("SignedHeaders=", "SignedHeader=")),
  },
  "a signature that is cut": {
    words: invalidSignature,
    send: (call) => changed(call, (text) => text.slice(0, -1)),
  },
  "an empty signature": {
    words: incomplete,
    send: (call) => changed(call, (text) => text.replace(/Signature=.*/, "Signature=")),
  },
  "another region in the scope": {
    words: invalidSignature,
    send: (call) => changed(call, (text) => text.replace("us-east-1", "eu-west-1")),
  },
  "a region that is none": {
    words: invalidSignature,
    send: (call) => changed(call, (text) => text.replace("us-east-1", "US_EAST")),
  },
  "a credential of four parts": {
    words: incomplete,
    send: (call) => changed(call, (text) => text.replace("/aws4_request", "")),
  },
  "a query that was not signed": {
    words: invalidSignature,
    send: async (call) => {
      const { target, headers } = await signed(call);
      return send(call.method, `${target}${target.includes("?") ? "&" : "?"}limit=1`, headers, call.body);
    },
  },
  "a path with two readings": {
    words: invalidSignature,
    send: async (call) => {
      const { headers } = await signed(call);
      return send(call.method, `/${call.path}`, headers, call.body);
    },
  },
  "an amz header that was not signed": {
    words: invalidSignature,
    send: async (call) => {
      const { target, headers } = await signed(call);
      return send(call.method, target, { ...headers, "x-amz-other": "1" }, call.body);
    },
  },
};

async function changed(call: Call, change: (authorization: string) => string): Promise<Answer> {
  const { target, headers } = await signed(call);
  return send(call.method, target, { ...headers, authorization: change(headers["authorization"]!) }, call.body);
}

for (const { name, call, words } of services) {
  test(`${name}: signed by the administrator, it is answered`, async () => {
    const { status, text } = await ask(call);
    assert.ok(status === 200 || status === 201, `${status} ${text}`);
    assert.ok([200, 201].includes((await ask(call, { hasChecksum: false })).status), "without a hash in a header");
  });

  for (const [what, refusal] of Object.entries(refusals)) {
    test(`${name}: ${what} is refused`, async () => {
      const answer = await refusal.send(call);
      assert.deepEqual([answer.status, answer.code], refusal.words[words], answer.text);
      assert.ok(!answer.text.includes(admin.secretAccessKey));
    });
  }

  test(`${name}: a user without a policy is denied, and one whose policy is taken away is denied at once`, async () => {
    if (call.body?.includes("GetCallerIdentity")) return;
    const user = `user-${name.replaceAll(/\W/g, "-")}`;
    const credentials = await makeUser(user);
    const denied = async (): Promise<void> => {
      const { code, text } = await ask(call, { credentials });
      assert.match(code, /^AccessDenied/);
      assert.match(
        text,
        /is not authorized to perform: \w+:\w+ on resource: .* because no identity-based policy allows/,
      );
    };
    await denied();
    await putPolicy(user, everything);
    assert.ok((await ask(call, { credentials })).status < 300);
    await ask(iam({ Action: "DeleteUserPolicy", UserName: user, PolicyName: "p" }));
    await denied();
    // A policy that denies counts before one that allows.
    await putPolicy(user, {
      ...everything,
      Statement: [...everything.Statement, { Effect: "Deny", Action: "*", Resource: "*" }],
    });
    assert.match((await ask(call, { credentials })).text, /with an explicit deny in an identity-based policy/);
    // A condition key that nobody knows decides nothing for the caller.
    await putPolicy(user, {
      ...everything,
      Statement: [{ ...everything.Statement[0], Condition: { StringNotEquals: { "aws:Unheard": "of" } } }],
    });
    await denied();
  });

  test(`${name}: an inactive key, and the key of a deleted user, are refused`, async () => {
    const user = `gone-${name.replaceAll(/\W/g, "-")}`;
    const credentials = await makeUser(user, everything);
    const { accessKeyId } = credentials;
    assert.ok((await ask(call, { credentials })).status < 300);
    await ask(iam({ Action: "UpdateAccessKey", UserName: user, AccessKeyId: accessKeyId, Status: "Inactive" }));
    const inactive = await ask(call, { credentials });
    assert.deepEqual([inactive.status, inactive.code], unknown[words]);
    await ask(iam({ Action: "DeleteAccessKey", UserName: user, AccessKeyId: accessKeyId }));
    await ask(iam({ Action: "DeleteUserPolicy", UserName: user, PolicyName: "p" }));
    await ask(iam({ Action: "DeleteUser", UserName: user }));
    const deleted = await ask(call, { credentials });
    assert.deepEqual([deleted.status, deleted.code], unknown[words]);
  });

  test(`${name}: a body that was changed is refused`, async () => {
    if (call.body === undefined) return;
    for (const hasChecksum of [true, false]) {
      const { target, headers } = await signed(call, { hasChecksum });
      const answer = await send(call.method, target, headers, `${call.body} `);
      assert.deepEqual([answer.status, answer.code], invalidSignature[words], answer.text);
    }
  });
}

test("a copy of an API, and a test of its authorizer, use no role that the caller may not pass", async () => {
  const rest = (method: string, path: string, input: object): Call => ({
    service: "apigateway",
    method,
    path,
    body: JSON.stringify(input),
  });
  const make = async (path: string, input: object): Promise<string> => {
    const { status, text } = await ask(rest("POST", path, input));
    assert.equal(status, 201, text);
    return (JSON.parse(text) as { readonly id: string }).id;
  };
  const role = (name: string): string => `arn:aws:iam::000000000000:role/${name}`;
  const authorizerUri =
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations";
  const withRole = async (authorizerCredentials: string): Promise<{ readonly api: string; readonly path: string }> => {
    const api = await make("/restapis", { name: "source" });
    const authorizer = { name: "a", type: "TOKEN", identitySource: "method.request.header.A" };
    const id = await make(`/restapis/${api}/authorizers`, { ...authorizer, authorizerUri, authorizerCredentials });
    return { api, path: `/restapis/${api}/authorizers/${id}` };
  };
  const power = await withRole(role("power"));
  const app = await withRole(role("app-1"));
  const chosen = await withRole(role(`\${stageVariables.role}`));
  const statements = [
    { Effect: "Allow", Action: "apigateway:*", Resource: "*" },
    { Effect: "Allow", Action: "iam:PassRole", Resource: role("app-*") },
  ];
  const copier = { credentials: await makeUser("copier", { Version: "2012-10-17", Statement: statements }) };
  const copy = (cloneFrom: string): Promise<Answer> =>
    ask(rest("POST", "/restapis", { name: "copy", cloneFrom }), copier);
  const passRole = (name: string): RegExp => new RegExp(`iam:PassRole on resource: ${role(name)} because`);
  assert.match((await copy(power.api)).text, passRole("power"));
  assert.equal((await copy(app.api)).status, 201);
  const testWith = (path: string, variables: object): Promise<Answer> =>
    ask(rest("POST", path, { headers: { A: "token" }, stageVariables: variables }), copier);
  assert.match((await testWith(power.path, {})).text, passRole("power"));
  assert.match((await testWith(chosen.path, { role: "power" })).text, passRole("power"));
  assert.equal((await testWith(chosen.path, { role: "app-1" })).status, 200);
});

test("quick create, a change of its target, and documents use no role, and stages no log group, that the caller may not", async () => {
  const role = (name: string): string => `arn:aws:iam::000000000000:role/${name}`;
  const api = (method: string, path: string, input: object, signing?: Signing): Promise<Answer> =>
    ask({ service: "apigateway", method, path, body: JSON.stringify(input) }, signing);
  const statements = [
    { Effect: "Allow", Action: "apigateway:*", Resource: "*" },
    { Effect: "Allow", Action: "iam:PassRole", Resource: role("app-*") },
  ];
  const maker = { credentials: await makeUser("maker", { Version: "2012-10-17", Statement: statements }) };
  const quick = (credentialsArn: string) => ({
    name: "quick",
    protocolType: "HTTP",
    target: "arn:aws:lambda:us-east-1:000000000000:function:f",
    credentialsArn,
  });
  const mayNotPass = new RegExp(`iam:PassRole on resource: ${role("power")} because`);
  assert.match((await api("POST", "/v2/apis", quick(role("power")), maker)).text, mayNotPass);
  const own = await api("POST", "/v2/apis", quick(role("app-1")), maker);
  assert.equal(own.status, 201, own.text);
  const made = await api("POST", "/v2/apis", quick(role("power")));
  // What a document gives a role to is asked for as well, also where the API has the role already.
  const document = (name: string, uri: string) => ({
    body: JSON.stringify({
      openapi: "3.0.1",
      info: { title: "documented", version: "1" },
      paths: {
        "/pets": {
          get: {
            responses: {},
            "x-amazon-apigateway-integration": {
              type: "aws_proxy",
              httpMethod: "POST",
              payloadFormatVersion: "2.0",
              uri: `arn:aws:lambda:us-east-1:000000000000:function:${uri}`,
              credentials: role(name),
            },
          },
        },
      },
    }),
  });
  assert.match((await api("PUT", "/v2/apis", document("power", "f"), maker)).text, mayNotPass);
  const documented = await api("PUT", "/v2/apis", document("power", "f"));
  assert.equal(documented.status, 201, documented.text);
  const path = `/v2/apis/${(JSON.parse(documented.text) as { readonly apiId: string }).apiId}`;
  assert.equal((await api("PUT", path, document("power", "f"), maker)).status, 201, "nothing changes");
  assert.match((await api("PUT", path, document("power", "other"), maker)).text, mayNotPass);
  for (const [{ text }, isForeign] of [
    [own, false],
    [made, true],
  ] as const) {
    const { apiId } = JSON.parse(text) as { readonly apiId: string };
    const change = (input: object): Promise<Answer> => api("PATCH", `/v2/apis/${apiId}`, input, maker);
    const accessLogSettings = {
      destinationArn: "arn:aws:logs:us-east-1:000000000000:log-group:any",
      format: "$context.requestId",
    };
    const logged = await api("PATCH", `/v2/apis/${apiId}/stages/%24default`, { accessLogSettings }, maker);
    assert.match(logged.text, /not authorized to perform: logs:CreateLogDelivery/);
    assert.match((await change({ credentialsArn: role("power") })).text, mayNotPass);
    assert.equal((await change({ description: "changed" })).status, 200);
    // What the role is used for changes, too.
    const moved = await change({ target: "arn:aws:lambda:us-east-1:000000000000:function:other" });
    if (isForeign) assert.match(moved.text, mayNotPass);
    else assert.equal(moved.status, 200, moved.text);
  }
});

test("the metrics' token reads the metrics, and opens nothing else", async () => {
  const bearing = (path: string, authorization: string, method = "GET"): Promise<Answer> =>
    send(method, path, { authorization });
  const metrics = "/_portico/metrics";
  for (const scheme of ["Bearer", "bearer"]) {
    const { status, text } = await bearing(metrics, `${scheme} ${metricsToken}`);
    assert.deepEqual([status, text.includes("portico_requests_total")], [200, true]);
  }
  const others = ["", "Bearer", "Bearer x", metricsToken, `Basic ${metricsToken}`, `Bearer ${metricsToken}x`];
  others.push(`Bearer ${metricsToken.slice(0, -1)}`, `Bearer ${metricsToken}, Bearer ${metricsToken}`);
  for (const wrong of others) {
    const { status, code } = await bearing(metrics, wrong);
    assert.ok(status === 400 || status === 403, `${wrong} ${status}`);
    assert.match(code, /^(?:IncompleteSignature|MissingAuthenticationToken)Exception$/);
  }
  for (const path of ["/_portico/status", "/_portico/docs", "/restapis", "/_portico/metrics/", "/_portico//metrics"]) {
    assert.notEqual((await bearing(path, `Bearer ${metricsToken}`)).status, 200, path);
  }
  assert.equal((await bearing(metrics, `Bearer ${metricsToken}`, "POST")).status, 405);
  assert.equal((await ask({ service: "portico", method: "GET", path: metrics })).status, 200);
  assert.ok(!logged.join("").includes(metricsToken));
});

test("who may send segments reads no traces, and changes only the sampling rules that are allowed", async () => {
  const allow = (Action: string, Resource: string) => ({ Effect: "Allow", Action, Resource });
  const ofTeam = "arn:aws:xray:us-east-1:000000000000:sampling-rule/team-*";
  const Statement = [allow("xray:PutTraceSegments", "*"), allow("xray:*SamplingRule", ofTeam)];
  const credentials = await makeUser("tracer", { Version: "2012-10-17", Statement });
  const now = Date.now() / 1000;
  const trace_id = `1-${Math.floor(now).toString(16)}-cccccccccccccccccccccccc`;
  const segment = { trace_id, id: "cccccccccccccccc", name: "worker", start_time: now, end_time: now + 1 };
  const put = xray("TraceSegments", { TraceSegmentDocuments: [JSON.stringify(segment)] });
  assert.deepEqual((await ask(put, { credentials })).text, '{"UnprocessedTraceSegments":[]}');
  const everyone = { ServiceName: "*", ServiceType: "*", Host: "*", HTTPMethod: "*", URLPath: "*", ResourceARN: "*" };
  const rule = (RuleName: string): Call =>
    xray("CreateSamplingRule", {
      SamplingRule: { RuleName, Priority: 1, FixedRate: 1, ReservoirSize: 0, Version: 1, ...everyone },
    });
  assert.equal((await ask(rule("team-a"), { credentials })).status, 200);
  const range = { StartTime: now - 60, EndTime: now + 60 };
  const refused = [
    ...[xray("Traces", { TraceIds: [trace_id] }), xray("TraceSummaries", range), xray("ServiceGraph", range)],
    ...[
      xray("GetSamplingRules", {}),
      xray("TelemetryRecords", { TelemetryRecords: [] }),
      rule("others"),
      xray("DeleteSamplingRule", { RuleName: "Default" }),
    ],
    xray("UpdateSamplingRule", { SamplingRuleUpdate: { RuleARN: ofTeam.replace("team-*", "others"), FixedRate: 0 } }),
  ];
  for (const call of refused) {
    const answer = await ask(call, { credentials });
    assert.deepEqual([answer.status, answer.code], [403, "AccessDeniedException"], `${call.path} ${call.body}`);
  }
  assert.match((await ask(xray("Traces", { TraceIds: [trace_id] }))).text, /worker/);
});

test("who may not read an API may not copy it", async () => {
  const create = (input: object, signing?: Signing): Promise<Answer> =>
    ask({ service: "apigateway", method: "POST", path: "/restapis", body: JSON.stringify(input) }, signing);
  const { id } = JSON.parse((await create({ name: "secret" })).text) as { readonly id: string };
  const policy = (Resource: string): object => ({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Action: "apigateway:*", Resource: "*" },
      { Effect: "Deny", Action: "apigateway:GET", Resource },
    ],
  });
  const blind = { credentials: await makeUser("blind", policy(`arn:aws:apigateway:*::/restapis/${id}`)) };
  const seeing = { credentials: await makeUser("seeing", policy("arn:aws:apigateway:*::/restapis/other")) };
  const copy = { name: "copy", cloneFrom: id };
  assert.match(
    (await create(copy, blind)).text,
    new RegExp(`apigateway:GET on resource: .*/restapis/${id} with an explicit deny`),
  );
  assert.equal((await create(copy, seeing)).status, 201);
});

test("a session's token that has expired is refused, and one of another key", async () => {
  const { text } = await ask(sts({ Action: "GetSessionToken", DurationSeconds: "900" }));
  const read = (member: string): string => new RegExp(`<${member}>(.*?)<`).exec(text)![1]!;
  const session = {
    accessKeyId: read("AccessKeyId"),
    secretAccessKey: read("SecretAccessKey"),
    sessionToken: read("SessionToken"),
  };
  const call: Call = { service: "apigateway", method: "GET", path: "/restapis" };
  assert.equal((await ask(call, { credentials: session })).status, 200);
  const { sessionToken, ...withoutToken } = session;
  assert.equal((await ask(call, { credentials: withoutToken })).code, "UnrecognizedClientException");
  const other = { ...admin, sessionToken };
  assert.equal((await ask(call, { credentials: other })).code, "UnrecognizedClientException");
  await ask({ service: "portico", method: "POST", path: "/_portico/clock", body: '{"advanceMs":1000000}' });
  const nowMs = Date.now() + 1_000_000;
  for (const { call: one, words } of services) {
    if (one.service === "iam") continue;
    const answer = await ask(one, { credentials: session, nowMs });
    assert.deepEqual([answer.status, answer.code], expired[words], answer.text);
  }
});
