// The gate in front of a stage: what its web ACL sees, what becomes of a request that it blocks, and that nothing passes a web
// ACL that can't be asked.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import type { WafLogging } from "../../src/waf/logging.ts";
import type { FieldToMatch, PublishedWebAcl, Rule, Statement, WebAcl } from "../../src/waf/web-acl.ts";
import { aRule, aWebAcl, base64, noParts, plain } from "../waf/a-web-acl.ts";
import { aMethod, aMock, anHttpProxy, aRestApi, aStage } from "./a-rest-api.ts";
import { type Backend, type GatewayUnderTest, startBackend, startGateway } from "./start-gateway.ts";

const finds = (FieldToMatch: FieldToMatch, text: string): Statement => ({
  ByteMatchStatement: {
    SearchString: base64(text),
    FieldToMatch,
    TextTransformations: plain,
    PositionalConstraint: "CONTAINS",
  },
});
const published = (webAcl: WebAcl): PublishedWebAcl => ({ kind: "web-acl", webAcl, parts: noParts });
const { ARN: webAclArn } = aWebAcl([]);
const stage = aStage({ webAclArn });

/** A gateway with a web ACL in front of an API that passes everything on to the backend. */
async function guarded(
  rules: readonly Rule[],
  backend?: Backend,
  more: Partial<WebAcl> = {},
): Promise<GatewayUnderTest> {
  const gateway = await startGateway({ payloadBytesMax: 200_000 });
  gateway.gateway.setWebAcl(webAclArn, published(aWebAcl(rules, more)));
  const uri = `${backend?.origin ?? "http://127.0.0.1:1"}/{proxy}`;
  const proxy = aMethod(
    anHttpProxy(uri, {
      httpMethod: "ANY",
      requestParameters: { "integration.request.path.proxy": "method.request.path.proxy" },
    }),
    {
      httpMethod: "ANY",
      requestParameters: { "method.request.path.proxy": true },
    },
  );
  gateway.deploy(aRestApi({ "/mock": { GET: aMethod(aMock("served")) }, "/to/{proxy+}": { ANY: proxy } }), stage);
  return gateway;
}

test("nothing passes a web ACL that can't be asked, whatever the reason, and everything once it can", async () => {
  await using gateway = await startGateway();
  gateway.deploy(aRestApi({ "/mock": { GET: aMethod(aMock("served")) } }), stage);
  const open = published(aWebAcl([]));
  const rows: readonly (readonly [what: string, set: () => unknown, reason: RegExp])[] = [
    ["never told of", () => undefined, /the web ACL is not there/],
    [
      "published as closed",
      () => gateway.gateway.setWebAcl(webAclArn, { kind: "closed", reason: "it does not exist" }),
      /it does not exist/,
    ],
    ["withdrawn", () => gateway.gateway.setWebAcl(webAclArn, null), /the web ACL is not there/],
    [
      "with a statement that can't be evaluated",
      () =>
        gateway.gateway.setWebAcl(
          webAclArn,
          published(aWebAcl([aRule("a", { GeoMatchStatement: { CountryCodes: ["DE"] } })])),
        ),
      /GeoMatchStatement/,
    ],
    [
      "with a statement that nobody knows",
      () => gateway.gateway.setWebAcl(webAclArn, published(aWebAcl([aRule("a", { SomeStatement: {} } as never)]))),
      /can't be linked/,
    ],
    ["that is garbage", () => gateway.gateway.setWebAcl(webAclArn, published({} as WebAcl)), /can't be linked/],
    [
      "with a set that is gone",
      () =>
        gateway.gateway.setWebAcl(
          webAclArn,
          published(aWebAcl([aRule("a", { IPSetReferenceStatement: { ARN: "gone" } })])),
        ),
      /does not exist/,
    ],
    ["another one", () => gateway.gateway.setWebAcl(`${webAclArn}2`, open), /does not exist/],
  ];
  for (const [what, set, reason] of rows) {
    set();
    const reply = await gateway.call("/mock");
    assert.equal(reply.status, 501, what);
    assert.match(reply.text, reason, what);
  }
  gateway.gateway.setWebAcl(webAclArn, open);
  assert.equal((await gateway.call("/mock")).text, "served");
  gateway.gateway.setWebAcl(webAclArn, published(aWebAcl([aRule("a", {})])));
  assert.equal((await gateway.call("/mock")).status, 501, "a web ACL that served before does not serve on");
});

test("a blocked request is answered before a route is looked for, with the verb as it was sent", async () => {
  await using gateway = await guarded([aRule("a", finds({ Method: {} }, "DELETE"))]);
  for (const path of ["/mock", "/none", ""]) {
    const reply = await gateway.call(path, { method: "DELETE", headers: { "x-http-method-override": "GET" } });
    assert.deepEqual([reply.status, reply.text], [403, '{"message":"Forbidden"}'], path);
    assert.match(String(reply.headers["x-portico-hint"]), /rule a blocks/);
  }
  assert.equal(
    (await gateway.call("/mock", { method: "POST", headers: { "x-http-method-override": "DELETE" } })).status,
    403,
  );
  assert.equal((await gateway.call("/mock")).text, "served");
  assert.match(gateway.metrics(), /portico_waf_blocked_requests_total 3\n/);
  assert.match(gateway.metrics(), /portico_waf_allowed_requests_total 2\n/);
});

test("the path begins with the stage, however the stage is called", async () => {
  await using gateway = await guarded([
    aRule("a", {
      ByteMatchStatement: {
        ...finds({ UriPath: {} }, "/prod/mock").ByteMatchStatement!,
        PositionalConstraint: "EXACTLY",
      },
    }),
  ]);
  assert.equal((await gateway.call("/mock")).status, 403);
  for (const path of ["/_aws/execute-api/abc123/prod/mock", "/restapis/abc123/prod/_user_request_/mock"]) {
    assert.equal((await gateway.call(path, { isWhole: true, host: "localhost" })).status, 403, path);
  }
});

test("a body that is inspected still reaches the backend as it was sent", async () => {
  await using backend = await startBackend();
  await using gateway = await guarded([aRule("a", finds({ Body: {} }, "evil"))], backend);
  const bodies: readonly (readonly [what: string, body: Buffer, headers: Record<string, string>])[] = [
    ["small", Buffer.from("good"), {}],
    ["none", Buffer.alloc(0), {}],
    ["large", Buffer.alloc(150_000, "x"), {}],
    ["chunked", Buffer.alloc(100_000, "x"), { "transfer-encoding": "chunked" }],
  ];
  for (const [what, body, headers] of bodies) {
    const reply = await gateway.call("/to/x", { method: "POST", body, headers });
    assert.deepEqual([reply.status, backend.requests.at(-1)?.body], [200, body.toString()], what);
  }
  for (const body of ["evil", `${"x".repeat(16_000)}evil`]) {
    assert.equal((await gateway.call("/to/x", { method: "POST", body })).status, 403);
  }
  // It is inspected as it was sent, and decompressed only then.
  const zipped = gzipSync("evil");
  const reply = await gateway.call("/to/x", { method: "POST", body: zipped, headers: { "content-encoding": "gzip" } });
  assert.equal(reply.status, 200);
  assert.equal((await gateway.call("/to/x", { method: "POST", body: "x".repeat(200_001) })).status, 413);
});

test("headers that rules insert reach the backend in place of the client's own", async () => {
  await using backend = await startBackend();
  const insert = { CustomRequestHandling: { InsertHeaders: [{ Name: "Seen", Value: "by waf" }] } };
  await using gateway = await guarded([], backend, { DefaultAction: { Allow: insert } });
  const reply = await gateway.call("/to/x", { headers: { "x-amzn-waf-seen": "forged", "X-Other": "kept" } });
  assert.equal(reply.status, 200);
  const { headers } = backend.requests[0]!;
  assert.deepEqual([headers["x-amzn-waf-seen"], headers["x-other"]], ["by waf", "kept"]);
});

test("a custom response takes the place of the gateway response", async () => {
  const custom = { ResponseCode: 418 as number, ResponseHeaders: [{ Name: "X-Why", Value: "waf" }] };
  await using gateway = await startGateway();
  gateway.gateway.setWebAcl(
    webAclArn,
    published(aWebAcl([], { DefaultAction: { Block: { CustomResponse: { ...custom, ResponseCode: 429 } } } })),
  );
  gateway.deploy(
    aRestApi(
      { "/mock": { GET: aMethod(aMock("served")) } },
      { gatewayResponses: [{ responseType: "WAF_FILTERED", statusCode: "499" }] },
    ),
    stage,
  );
  const reply = await gateway.call("/mock");
  assert.deepEqual([reply.status, reply.text, reply.headers["x-why"]], [429, "", "waf"]);
  gateway.gateway.setWebAcl(webAclArn, published(aWebAcl([], { DefaultAction: { Block: {} } })));
  assert.equal((await gateway.call("/mock")).status, 499);
});

test("a request whose inspection takes too long is blocked, and holds nobody up", async () => {
  const patterns = Array.from({ length: 100 }, (_, index) =>
    aRule(`p${index}`, {
      RegexMatchStatement: {
        RegexString: `x.{${900 + index}}y`,
        FieldToMatch: { Body: {} },
        TextTransformations: plain,
      },
    }),
  );
  await using gateway = await guarded(patterns);
  const blocked = await gateway.call("/mock", { method: "POST", body: "xb".repeat(8_000) });
  assert.equal(blocked.status, 403);
  assert.match(String(blocked.headers["x-portico-hint"]), /takes too long/);
  assert.equal((await gateway.call("/mock")).text, "served");
});

test("logs and samples of a web ACL show no secret, wherever it stands and however its name is written", async () => {
  const lines: string[] = [];
  await using gateway = await startGateway({ onLog: (_group, line) => lines.push(line) });
  const VisibilityConfig = { SampledRequestsEnabled: true, CloudWatchMetricsEnabled: true, MetricName: "counted" };
  const rule = aRule("counted", finds({ UriPath: {} }, "mock"), { Action: { Count: {} }, VisibilityConfig });
  const webAcl = aWebAcl([rule]);
  const logging: WafLogging = { account: "000000000000", region: "us-east-1", group: "waf", redactedFields: [] };
  gateway.gateway.setWebAcl(webAclArn, { kind: "web-acl", webAcl, parts: noParts, logging });
  gateway.deploy(aRestApi({ "/mock": { GET: aMethod(aMock("served")) } }), stage);
  const query = "X-Amz-Signature=hidden1&access_token=hidden2&%61pi%5Fkey=hidden3&plain=shown1";
  const headers = { "X-Auth-Token": "hidden4", Cookie: "hidden5", "X-Client-Secret": "hidden6", "X-Plain": "shown2" };
  await gateway.call(`/mock?${query}`, { headers });
  const { samples } = gateway.gateway.wafSamples({ arn: webAclArn, metric: "counted" });
  assert.deepEqual([lines.length, samples.length], [1, 1]);
  for (const told of [lines.join(), JSON.stringify(samples)]) {
    assert.doesNotMatch(told, /hidden/);
    for (const shown of ["plain=shown1", "shown2"]) assert.ok(told.includes(shown), shown);
  }
});

test("a web ACL's log has a line for each request that its filter keeps, without secrets and redacted fields", async () => {
  const lines: [string, Record<string, unknown>][] = [];
  await using gateway = await startGateway({ onLog: (group, line) => lines.push([group, JSON.parse(line)]) });
  const webAcl = aWebAcl([
    aRule("counted", finds({ UriPath: {} }, "mock"), { Action: { Count: {} }, RuleLabels: [{ Name: "seen" }] }),
    aRule("blocked", finds({ QueryString: {} }, "evil")),
  ]);
  const logging: WafLogging = {
    account: "000000000000",
    region: "us-east-1",
    group: "aws-waf-logs-pets",
    redactedFields: [{ SingleHeader: { Name: "X-Name" } }, { QueryString: {} }],
    filter: {
      DefaultBehavior: "DROP",
      Filters: [
        { Behavior: "KEEP", Requirement: "MEETS_ANY", Conditions: [{ ActionCondition: { Action: "BLOCK" } }] },
        {
          Behavior: "KEEP",
          Requirement: "MEETS_ALL",
          Conditions: [
            { ActionCondition: { Action: "COUNT" } },
            { LabelNameCondition: { LabelName: "awswaf:000000000000:webacl:acl:seen" } },
          ],
        },
      ],
    },
  };
  gateway.gateway.setWebAcl(webAclArn, { kind: "web-acl", webAcl, parts: noParts, logging });
  gateway.deploy(aRestApi({ "/mock": { GET: aMethod(aMock("served")) } }), stage);
  const headers = { authorization: "Bearer secret", "X-Name": "Rex", "X-Api-Key": "secret", "X-Other": "kept" };
  await gateway.call("/mock?q=1", { headers });
  await gateway.call("/other");
  await gateway.call("/other?evil", { headers });
  assert.deepEqual(
    lines.map(([group, line]) => [group, line["action"], line["terminatingRuleId"], line["terminatingRuleType"]]),
    [
      ["aws-waf-logs-pets", "ALLOW", "Default_Action", "REGULAR"],
      ["aws-waf-logs-pets", "BLOCK", "blocked", "REGULAR"],
    ],
  );
  const [first] = lines.map(([, line]) => line);
  assert.deepEqual(first?.["nonTerminatingMatchingRules"], [
    { ruleId: "counted", action: "COUNT", ruleMatchDetails: [] },
  ]);
  assert.deepEqual(first?.["labels"], [{ name: "awswaf:000000000000:webacl:acl:seen" }]);
  assert.equal(first?.["httpSourceId"], "000000000000:abc123:prod");
  const told = JSON.stringify(lines);
  assert.doesNotMatch(told, /secret|Rex|evil|q=1/);
  assert.match(told, /"name":"X-Other","value":"kept"/);
});
