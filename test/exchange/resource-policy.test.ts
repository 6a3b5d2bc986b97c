// Resource policies of REST APIs: who passes, and what a refusal looks like.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIpNetwork } from "../../src/base/ip-address.ts";
import { noSurroundings } from "../../src/compiler/surroundings.ts";
import type { RestApiDefinition } from "../../src/definition/rest-api.ts";
import { developmentListener, publicListener } from "../../src/http/listener.ts";
import { aMethod, aMock, aRestApi, aStage } from "./a-rest-api.ts";
import { type GatewayUnderTest, startGateway } from "./start-gateway.ts";

const arn = "arn:aws:execute-api:us-east-1:000000000000:abc123/prod";
const allowAll = { Effect: "Allow", Principal: "*", Action: "execute-api:Invoke", Resource: "*" };
const document = (...statements: readonly unknown[]): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements });
const anApi = (policy: string): RestApiDefinition =>
  aRestApi(
    {
      "/": { GET: aMethod(aMock("root")) },
      "/pets": { GET: aMethod(aMock("pets")) },
      "/pets/{id}": { ANY: aMethod(aMock("pet")) },
      "/a b": { GET: aMethod(aMock("space")) },
      "/files/{proxy+}": { GET: aMethod(aMock("file")) },
    },
    { restApi: { policy } },
  );

const statusOf = async (gateway: GatewayUnderTest, path: string, options = {}): Promise<number> =>
  (await gateway.call(path, options)).status;

test("a caller whom the policy allows is served, and another gets AWS's refusal", async () => {
  await using gateway = await startGateway();
  gateway.deploy(anApi(document({ ...allowAll, Resource: `${arn}/GET/pets/*` })));
  assert.equal((await gateway.call("/pets/1")).text, "pet");
  const refused = await gateway.call("/pets");
  assert.equal(refused.status, 403);
  assert.equal(
    refused.text,
    '{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: ' +
      'arn:aws:execute-api:us-east-1:********0000:abc123/prod/GET/pets"}',
  );
  assert.equal(refused.headers["x-amzn-errortype"], "AccessDeniedException");
  assert.equal(refused.headers["x-portico-hint"], "no statement of the API's resource policy allows this call");
  assert.equal(await statusOf(gateway, "/pets/1", { method: "POST" }), 403, "the verb is the request's own");
  const root = await gateway.call("/");
  assert.match(root.text, /prod\/GET\/"}$/);
});

test("a Deny counts before every Allow, and the refusal says so", async () => {
  await using gateway = await startGateway();
  gateway.deploy(
    anApi(document(allowAll, { ...allowAll, Sid: "NoPets", Effect: "Deny", Resource: `${arn}/GET/pets` })),
  );
  assert.equal(await statusOf(gateway, "/"), 200);
  const refused = await gateway.call("/pets");
  assert.match(refused.text, /prod\/GET\/pets with an explicit deny"}$/);
  assert.equal(refused.headers["x-portico-hint"], "the API's resource policy denies this call by its statement NoPets");
});

test("a path whose method ARN is longer than 1,600 bytes is 414 where a policy is asked", async () => {
  await using gateway = await startGateway();
  gateway.deploy(anApi(document(allowAll)));
  const rest = 1_600 - `${arn}/GET/pets/`.length;
  assert.equal(await statusOf(gateway, `/pets/${"x".repeat(rest)}`), 200);
  const reply = await gateway.call(`/pets/${"x".repeat(rest + 1)}`);
  assert.deepEqual([reply.status, reply.text], [414, '{"message":"Request URI too long"}']);
  gateway.deploy(aRestApi({ "/pets/{id}": { ANY: aMethod(aMock("pet")) } }));
  assert.equal(await statusOf(gateway, `/pets/${"x".repeat(rest + 1)}`), 200, "without a policy");
});

test("access logs say what the policy decided", async () => {
  const lines: string[] = [];
  await using gateway = await startGateway({ onLog: (_, line) => lines.push(line) });
  const accessLogSettings = {
    destinationArn: "arn:aws:logs:us-east-1:000000000000:log-group:access",
    format: "$context.authorize.status $context.authorize.error $context.requestId",
  };
  gateway.deploy(anApi(document({ ...allowAll, Resource: `${arn}/GET/pets/*` })), aStage({ accessLogSettings }));
  await gateway.call("/pets/1");
  await gateway.call("/pets");
  assert.match(lines[0]!, /^200 - /);
  assert.match(
    lines[1]!,
    /^403 User: anonymous is not authorized to perform: execute-api:Invoke on resource: \S+\/pets /,
  );
});

test("no spelling of a path leads past a statement about it", async () => {
  await using gateway = await startGateway();
  const deny = (path: string): string =>
    document(allowAll, { ...allowAll, Effect: "Deny", Resource: `${arn}/GET/${path}` });
  const rows: readonly (readonly [resource: string, path: string])[] = [
    ["pets", "/pets/"],
    ["pets", "/%70ets"],
    ["pets", "/%70ets/"],
    ["pets", "//pets"],
    ["pets/secret", "/pets/s%65cret"],
    ["pets/secret", "/pets/secret/"],
    ["a b", "/a%20b"],
    ["a%20b", "/a%20b"],
    ["files/x/secret", "/files/x%2Fsecret"],
    ["files/x/secret", "/files/x/%73ecret//"],
    ["files/x/secret", "/files/x//secret"],
    ["files/secret", "/files//secret"],
    ["files/x/secret", "/files/./x/./secret/."],
    ["files/x/secret", "/files/%2e/x/.%2f/secret"],
    ["files/x/secret", "/files/y/../x/secret"],
    ["files/x/secret", "/files/../../files/x//secret"],
  ];
  for (const [resource, path] of rows) {
    gateway.deploy(anApi(document(allowAll)));
    assert.equal(await statusOf(gateway, path), 200, `${path} without the Deny`);
    gateway.deploy(anApi(deny(resource)));
    assert.equal(await statusOf(gateway, path), 403, `${path} by ${resource}`);
  }
});

test("an Allow has to allow every form of the path", async () => {
  await using gateway = await startGateway();
  gateway.deploy(anApi(document({ ...allowAll, Resource: `${arn}/GET/pets/p%75blic*` })));
  assert.equal(await statusOf(gateway, "/pets/p%75blic"), 403);
  gateway.deploy(anApi(document({ ...allowAll, Resource: `${arn}/GET/pets/public` })));
  assert.equal(await statusOf(gateway, "/pets/public"), 200);
  assert.equal(await statusOf(gateway, "/pets/p%75blic"), 403);
});

test("a path or verb that no method serves is answered before the policy is asked", async () => {
  await using gateway = await startGateway();
  gateway.deploy(anApi(document({ ...allowAll, Effect: "Deny" })));
  for (const options of [{ path: "/none" }, { path: "/pets", method: "POST" }]) {
    assert.equal((await gateway.call(options.path, options)).text, '{"message":"Missing Authentication Token"}');
  }
});

test("the refusal is the gateway response ACCESS_DENIED, and says why only on listeners with hints", async () => {
  await using gateway = await startGateway({ listener: publicListener });
  const customised = {
    responseType: "ACCESS_DENIED",
    statusCode: "404",
    responseParameters: { "gatewayresponse.header.X-Type": "context.error.responseType" },
    responseTemplates: { "application/json": '{"no":$context.error.messageString}' },
  };
  gateway.deploy({ ...anApi(document({ ...allowAll, Effect: "Deny" })), gatewayResponses: [customised] });
  const refused = await gateway.call("/pets");
  assert.equal(refused.status, 404);
  assert.equal(refused.headers["x-type"], "ACCESS_DENIED");
  assert.match(refused.text, /^{"no":"User: anonymous is not authorized .* with an explicit deny"}$/);
  assert.equal(refused.headers["x-portico-hint"], undefined);
});

/** The gate, row by row: nobody passes but those whom a policy that is understood allows. */
const allow = (condition?: object, more: object = {}): object => ({
  ...allowAll,
  ...(condition && { Condition: condition }),
  ...more,
});
const deny = (condition: object): object => ({ ...allowAll, Effect: "Deny", Condition: condition });
const here = { "aws:SourceIp": "127.0.0.0/8" };
const rows: Readonly<Record<string, readonly [policy: string | undefined, status: number]>> = {
  "no policy": [undefined, 200],
  "an empty text, which is none": ["", 200],
  "blanks, which are none": [" \n", 200],
  "an allow": [document(allow()), 200],
  "an allow for the stage": [document(allow(undefined, { Resource: `${arn}/*` })), 200],
  "an allow for another API": [document(allow(undefined, { Resource: arn.replace("abc123", "other") })), 403],
  "an allow for another account's API": [
    document(allow(undefined, { Resource: arn.replace("000000000000", "111111111111") })),
    403,
  ],
  "an allow for another region": [document(allow(undefined, { Resource: arn.replace("us-east-1", "eu-west-1") })), 403],
  "an allow for another stage": [document(allow(undefined, { Resource: arn.replace("prod", "dev") })), 403],
  "an allow for another action": [document(allow(undefined, { Action: "execute-api:InvalidateCache" })), 403],
  "an allow for all actions": [document(allow(undefined, { Action: "execute-api:*" })), 200],
  "an allow for a foreign account": [document(allow(undefined, { Principal: { AWS: "111111111111" } })), 403],
  "an allow for the own account": [document(allow(undefined, { Principal: { AWS: "000000000000" } })), 403],
  "an allow for a role": [document(allow(undefined, { Principal: { AWS: "arn:aws:iam::000000000000:role/r" } })), 403],
  "an allow for a service": [document(allow(undefined, { Principal: { Service: "apigateway.amazonaws.com" } })), 403],
  "an allow for all but some": [
    document({ ...allow(), Principal: undefined, NotPrincipal: { AWS: "111111111111" } }),
    200,
  ],
  "an allow for here": [document(allow({ IpAddress: here })), 200],
  "an allow for here, mapped into IPv6": [
    document(allow({ IpAddress: { "aws:SourceIp": "::ffff:127.0.0.1/128" } })),
    200,
  ],
  "an allow for elsewhere": [document(allow({ IpAddress: { "aws:SourceIp": "203.0.113.0/24" } })), 403],
  "an allow for no network": [document(allow({ IpAddress: { "aws:SourceIp": "somewhere" } })), 403],
  "a deny of elsewhere": [document(allow(), deny({ IpAddress: { "aws:SourceIp": "203.0.113.0/24" } })), 200],
  "a deny of all but here": [document(allow(), deny({ NotIpAddress: here })), 200],
  "a deny of here": [document(allow(), deny({ IpAddress: here })), 403],
  "a deny of no network": [document(allow(), deny({ IpAddress: { "aws:SourceIp": "somewhere" } })), 403],
  "an address of a VPC, of a public API": [document(allow({ IpAddress: { "aws:VpcSourceIp": "127.0.0.0/8" } })), 403],
  "a deny of all but an endpoint": [document(allow(), deny({ StringNotEquals: { "aws:SourceVpce": "vpce-1" } })), 403],
  "an operator that is none": [document(allow({ StringIs: { "aws:SourceIp": "127.0.0.1" } })), 403],
  "a deny with an operator that is none": [document(allow(), deny({ StringIs: { "aws:SourceIp": "1.1.1.1" } })), 403],
  "a time that has passed": [document(allow({ DateLessThan: { "aws:CurrentTime": "2020-01-01T00:00:00Z" } })), 403],
  "a time to come": [document(allow({ DateLessThan: { "aws:CurrentTime": "2999-01-01T00:00:00Z" } })), 200],
  "a second to come": [document(allow({ NumericLessThan: { "aws:EpochTime": "32472144000" } })), 200],
  "a time that is none": [document(allow({ DateLessThan: { "aws:CurrentTime": "tomorrow" } })), 403],
  "a referer": [document(allow({ StringLike: { "aws:Referer": "https://portico.example/*" } })), 200],
  "another referer": [document(allow({ StringLike: { "aws:Referer": "https://other.example/*" } })), 403],
  "a user agent": [document(allow({ StringEquals: { "aws:UserAgent": "test" } })), 200],
  "a user agent that is absent": [document(allow({ Null: { "aws:UserAgent": "true" } })), 403],
  TLS: [document(allow({ Bool: { "aws:SecureTransport": "true" } })), 403],
  "no TLS": [document(allow({ Bool: { "aws:SecureTransport": "false" } })), 200],
  "a principal's key": [document(allow({ StringEquals: { "aws:PrincipalAccount": "000000000000" } })), 403],
  "a principal's tag": [document(allow({ StringEquals: { "aws:PrincipalTag/team": "a" } })), 403],
  "a key that nobody knows": [document(allow({ StringEquals: { "aws:PrincipalOrgID": "o-1" } })), 501],
  "a key that is misspelt": [document(allow({ IpAddress: { "aws:SourceIP4": "127.0.0.1" } })), 501],
  "a key that nobody knows, beside a deny": [
    document(allow(), deny({ StringEquals: { "aws:PrincipalOrgID": "o-1" } })),
    501,
  ],
  "a text that is no JSON": ["{", 501],
  "an escaped text": [JSON.stringify(document(allow())), 501],
  "a list": ["[]", 501],
  null: ["null", 501],
  "no statement": [JSON.stringify({ Version: "2012-10-17" }), 501],
  "no statements": [document(), 403],
  "a statement that is a text": [document("Allow"), 501],
  "a misspelt element": [document({ ...allow(), Conditon: { IpAddress: here } }), 501],
  "an effect that is none": [document({ ...allow(), Effect: "allow" }), 501],
  "no effect": [document({ ...allow(), Effect: undefined }), 501],
  "no principal": [document({ ...allow(), Principal: undefined }), 501],
  "a principal that is a number": [document({ ...allow(), Principal: 1 }), 501],
  "no action": [document({ ...allow(), Action: undefined }), 501],
  "no resource": [document({ ...allow(), Resource: undefined }), 501],
  "a resource that is an object": [document({ ...allow(), Resource: {} }), 501],
  "a condition that is a list": [document({ ...allow(), Condition: [] }), 501],
  "a member that stands twice": [
    document(allow()).replace('"Effect":"Allow"', '"Effect":"Deny","Effect":"Allow"'),
    501,
  ],
  "an unknown version": [document(allow()).replace("2012-10-17", "2099-01-01"), 501],
};

test("the gate lets nobody pass whom the policy does not allow", async (t) => {
  await using gateway = await startGateway();
  for (const [name, [policy, status]] of Object.entries(rows)) {
    await t.test(`${name}: ${status}`, async () => {
      gateway.deploy(
        aRestApi({ "/": { GET: aMethod(aMock("in")) } }, { restApi: policy === undefined ? {} : { policy } }),
      );
      const headers = {
        "User-Agent": "test",
        Referer: "https://portico.example/page",
        "X-Forwarded-For": "203.0.113.7",
      };
      const reply = await gateway.call("/", { headers });
      assert.equal(reply.status, status, reply.text);
      assert.equal(reply.text === "in", status === 200);
      if (status === 501) assert.match(reply.text, /Portico does not do this yet: resource policy/);
    });
  }
});

const inside = {
  ...developmentListener,
  vpcEndpoints: [
    { id: "vpce-small", vpcId: undefined, network: parseIpNetwork("127.0.0.1")! },
    { id: "vpce-1", vpcId: "vpc-1", network: parseIpNetwork("127.0.0.0/8")! },
    { id: "vpce-2", vpcId: "vpc-2", network: parseIpNetwork("10.0.0.0/8")! },
  ],
  trustedProxies: [parseIpNetwork("127.0.0.2")!],
};
const privately = {
  endpointConfiguration: { types: ["PRIVATE" as const], vpcEndpointIds: ["vpce-1", "vpce-2"] },
};
const withEndpoints = { ...noSurroundings, hasVpcEndpoints: true };
const hostOf = (label: string): string => `${label}.execute-api.us-east-1.localhost`;

test("a private API answers those who come through a VPC endpoint, as its policy says", async () => {
  await using gateway = await startGateway({ listener: inside });
  const deploy = (policy: string | undefined, more: object = {}): void => {
    const who = '{"vpce":"$context.identity.vpceId","vpc":"$context.identity.vpcId","ip":"$context.identity.sourceIp"}';
    const restApi = { ...privately, ...more, ...(policy === undefined ? {} : { policy }) };
    gateway.deploy(aRestApi({ "/": { GET: aMethod(aMock(who)) } }, { restApi }), undefined, withEndpoints);
  };
  const refused = "User: anonymous is not authorized";
  const rows: Readonly<Record<string, readonly [policy: string | undefined, label: string, answer: string | RegExp]>> =
    {
      "without a policy, nobody": [undefined, "abc123", new RegExp(refused)],
      "by the API's host": [document(allow()), "abc123", '{"vpce":"vpce-small","vpc":"","ip":"127.0.0.1"}'],
      "by an endpoint's host": [document(allow()), "abc123-vpce-1", '{"vpce":"vpce-1","vpc":"vpc-1","ip":"127.0.0.1"}'],
      "by an endpoint in whose network the client is not": [
        document(allow()),
        "abc123-vpce-2",
        '{"message":"Forbidden"}',
      ],
      "by an endpoint that the API does not name": [document(allow()), "abc123-vpce-small", '{"message":"Forbidden"}'],
      "by an endpoint that is none": [document(allow()), "abc123-vpce-", '{"message":"Forbidden"}'],
      "an endpoint that is allowed": [
        document(allow({ StringEquals: { "aws:SourceVpce": "vpce-1" } })),
        "abc123-vpce-1",
        /vpce-1/,
      ],
      "an endpoint that is not": [
        document(allow({ StringEquals: { "aws:SourceVpce": "vpce-1" } })),
        "abc123",
        new RegExp(refused),
      ],
      "AWS's own example": [
        document(allow(), deny({ StringNotEquals: { "aws:SourceVpce": "vpce-1" } })),
        "abc123-vpce-1",
        /vpce-1/,
      ],
      "AWS's own example, elsewhere": [
        document(allow(), deny({ StringNotEquals: { "aws:SourceVpce": "vpce-1" } })),
        "abc123",
        /explicit deny/,
      ],
      "a VPC that is allowed": [
        document(allow({ StringEquals: { "aws:SourceVpc": "vpc-1" } })),
        "abc123-vpce-1",
        /vpc-1/,
      ],
      "a VPC that nobody knows": [
        document(allow({ StringNotEquals: { "aws:SourceVpc": "vpc-9" } })),
        "abc123",
        new RegExp(refused),
      ],
      "an address in the VPC": [
        document(allow({ IpAddress: { "aws:VpcSourceIp": "127.0.0.1" } })),
        "abc123-vpce-1",
        /vpce-1/,
      ],
      "aws:SourceIp, which private calls lack": [
        document(allow({ IpAddress: { "aws:SourceIp": "127.0.0.1" } })),
        "abc123",
        new RegExp(refused),
      ],
    };
  for (const [name, [policy, label, answer]] of Object.entries(rows)) {
    deploy(policy);
    const { text } = await gateway.call("/", { host: hostOf(label) });
    if (typeof answer === "string") assert.equal(text, answer, name);
    else assert.match(text, answer, name);
  }
});

test("a private API answers nobody from outside, whatever the request claims", async () => {
  await using gateway = await startGateway({ listener: { ...inside, vpcEndpoints: [inside.vpcEndpoints[2]!] } });
  const restApi = { ...privately, policy: document(allow()) };
  gateway.deploy(aRestApi({ "/": { GET: aMethod(aMock("in")) } }, { restApi }), undefined, withEndpoints);
  const forged = { "X-Forwarded-For": "10.0.0.1", "x-amzn-vpce-id": "vpce-2", "X-Real-Ip": "10.0.0.1" };
  for (const [label, path] of [
    ["abc123", "/"],
    ["abc123-vpce-2", "/"],
    ["abc123", "/none"],
  ] as const) {
    const reply = await gateway.call(path, { host: hostOf(label), headers: forged });
    assert.deepEqual([reply.status, reply.text], [403, '{"message":"Forbidden"}'], label + path);
    assert.match(String(reply.headers["x-portico-hint"]), /client's address 127\.0\.0\.1 is in no network/);
  }
});

test("a VPC endpoint's own name leads to the private API that a header names, and to no other", async () => {
  await using gateway = await startGateway({ listener: inside });
  const restApi = { ...privately, policy: document(allow()) };
  const routes = { "/": { GET: aMethod(aMock("$context.identity.vpceId")) } };
  gateway.deploy(aRestApi(routes, { restApi }), undefined, withEndpoints);
  const call = (label: string, apiId: string) =>
    gateway.call("/", { host: hostOf(label), headers: { "X-Apigw-Api-Id": apiId } });
  assert.equal((await call("vpce-1-01234567", "abc123")).text, "vpce-1");
  // The API's vpcEndpointIds are about the alias only.
  assert.equal((await call("vpce-small-01234567", "abc123")).text, "vpce-small");
  const nowhere: readonly (readonly [label: string, apiId: string])[] = [
    ["vpce-2-01234567", "abc123"],
    ["vpce-none-01234567", "abc123"],
    ["vpce-1-01234567", "gone"],
    ["vpce-1-01234567", ""],
    ["vpce-1-01234567", "abc123/prod"],
    ["gone", "abc123"],
  ];
  for (const [label, apiId] of nowhere) {
    const reply = await call(label, apiId);
    assert.deepEqual([reply.status, reply.text], [403, '{"message":"Forbidden"}'], `${label} ${apiId}`);
  }
  gateway.deploy(aRestApi(routes));
  assert.equal((await call("vpce-1-01234567", "abc123")).status, 403);
});

test("URLs of a private API have 8,192 bytes at most", async () => {
  await using gateway = await startGateway({ listener: inside });
  const restApi = { ...privately, policy: document(allow()) };
  gateway.deploy(aRestApi({ "/": { GET: aMethod(aMock("in")) } }, { restApi }), undefined, withEndpoints);
  const call = (bytes: number) =>
    gateway.call(`/prod/?${"q".repeat(bytes - "/prod/?".length)}`, { host: hostOf("abc123"), isWhole: true });
  assert.equal((await call(8_192)).text, "in");
  const reply = await call(8_193);
  assert.deepEqual([reply.status, reply.text], [414, '{"message":"Request URI too long"}']);
  assert.match(String(reply.headers["x-portico-hint"]), /a URL of a private API may have 8192 bytes/);
});

test("a private API is reached by no public custom domain name, not even from inside", async () => {
  await using gateway = await startGateway({ listener: inside });
  const restApi = { ...privately, policy: document(allow()) };
  gateway.deploy(aRestApi({ "/": { GET: aMethod(aMock("in")) } }, { restApi }), undefined, withEndpoints);
  const mappings = [{ key: "", apiId: "abc123", stageName: "prod" }];
  const scope = { account: "000000000000", region: "us-east-1" };
  gateway.gateway.setCustomDomain("api.example.com", { ...scope, rules: [], mappings });
  const reply = await gateway.call("/", { host: "api.example.com", isWhole: true });
  assert.deepEqual([reply.status, reply.text], [403, '{"message":"Forbidden"}']);
  assert.match(String(reply.headers["x-portico-hint"]), /the custom domain name is public/);
  gateway.deploy(aRestApi({ "/": { GET: aMethod(aMock("out")) } }));
  assert.equal((await gateway.call("/", { host: "api.example.com", isWhole: true })).text, "out");
});

test("a private API stays closed without VPC endpoints, and a host with one leads to no public API", async () => {
  await using gateway = await startGateway();
  const routes = { "/": { GET: aMethod(aMock("in")) } };
  gateway.deploy(aRestApi(routes, { restApi: { ...privately, policy: document(allow()) } }));
  const closed = await gateway.call("/");
  assert.equal(closed.status, 501);
  assert.match(closed.text, /endpointConfiguration PRIVATE, without --vpc-endpoint/);
  gateway.deploy(aRestApi(routes));
  assert.equal((await gateway.call("/")).text, "in");
  assert.equal((await gateway.call("/", { host: hostOf("abc123-vpce-1") })).text, '{"message":"Forbidden"}');
});
