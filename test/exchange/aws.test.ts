import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import type { Integration, Method } from "../../src/definition/rest-api.ts";
import { below, makeRandom, pick, seedOr } from "../random.ts";
import { until } from "../until.ts";
import { aMethod, aRestApi } from "./a-rest-api.ts";
import { isSignatureRight } from "./aws-signature.ts";
import { type Backend, type GatewayUnderTest, startBackend, startGateway, startRawBackend } from "./start-gateway.ts";

const role = "arn:aws:iam::000000000000:role/gateway";

const anAws = (target: string, overrides: Partial<Integration> = {}): Integration => ({
  type: "AWS",
  httpMethod: "POST",
  uri: `arn:aws:apigateway:eu-west-1:${target}`,
  credentials: role,
  integrationResponses: { "200": { statusCode: "200" } },
  ...overrides,
});

const deploy = (
  gateway: GatewayUnderTest,
  integration: Integration,
  method: Partial<Method> = {},
  binaryMediaTypes: readonly string[] = [],
): void => {
  gateway.deploy(
    aRestApi(
      { "/{proxy+}": { ANY: aMethod(integration, method) } },
      { restApi: { binaryMediaTypes: [...binaryMediaTypes] } },
    ),
  );
};

const startFor = async (backend: { readonly origin: string }, service = "*"): Promise<GatewayUnderTest> =>
  startGateway({ services: { endpoints: { [service]: backend.origin } } });

test("an AWS integration sends what template and mappings make, signed as the role's account", async () => {
  await using backend = await startBackend((_, outgoing) =>
    outgoing.writeHead(200, { "x-amzn-RequestId": "aws-1", "Content-Type": "application/json" }).end('{"sent":true}'),
  );
  await using gateway = await startFor(backend, "sqs");
  deploy(
    gateway,
    anAws("sqs:path/000000000000/orders", {
      requestParameters: {
        "integration.request.header.Content-Type": "'application/x-www-form-urlencoded'",
        "integration.request.header.X-Amz-Custom": "method.request.header.X-In",
        "integration.request.querystring.Version": "'2012-11-05'",
      },
      requestTemplates: { "application/json": "Action=SendMessage&MessageBody=$util.urlEncode($input.body)" },
      integrationResponses: {
        "200": {
          statusCode: "200",
          responseParameters: { "method.response.header.X-Id": "context.awsEndpointRequestId" },
          responseTemplates: { "application/json": '{"ok":$input.json("$.sent")}' },
        },
      },
    }),
  );
  const headers = { "X-In": "a  b", "content-type": "application/json", authorization: "Bearer client" };
  const reply = await gateway.call("/x", { method: "POST", body: '{"n":1}', headers });
  assert.deepEqual([reply.status, reply.text, reply.headers["x-id"]], [200, '{"ok":true}', "aws-1"]);
  const [seen] = backend.requests as [Backend["requests"][number]];
  assert.equal(seen.method, "POST");
  assert.equal(seen.url, "/000000000000/orders?Version=2012-11-05");
  assert.equal(seen.body, "Action=SendMessage&MessageBody=%7B%22n%22%3A1%7D");
  assert.equal(seen.headers["content-type"], "application/x-www-form-urlencoded");
  assert.equal(seen.headers["x-amz-custom"], "a  b");
  assert.match(
    String(seen.headers.authorization),
    /^AWS4-HMAC-SHA256 Credential=000000000000\/\d{8}\/eu-west-1\/sqs\/aws4_request, SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-custom;x-amz-date, Signature=/,
  );
  assert.ok(isSignatureRight(seen, { service: "sqs", secretAccessKey: "portico" }));
});

// Recorded: docs/internals/aws-facts/recorded.md, row 18.
test("an action is said in the query, and no service gets an X-Amz-Target but a mapped one", async () => {
  await using backend = await startBackend();
  await using gateway = await startFor(backend);
  deploy(gateway, anAws("dynamodb:action/PutItem"));
  await gateway.call("/x", {
    method: "POST",
    body: '{"TableName":"t"}',
    headers: { "content-type": "application/json" },
  });
  deploy(gateway, anAws("sns:action/Publish&Version=2010-03-31"));
  await gateway.call("/x", { method: "POST" });
  const [put, publish] = backend.requests as Backend["requests"][number][];
  assert.equal(put!.url, "/?Action=PutItem");
  assert.equal(put!.headers["x-amz-target"], undefined);
  assert.equal(put!.headers["content-type"], "application/json");
  assert.equal(put!.body, '{"TableName":"t"}');
  assert.equal(publish!.url, "/?Action=Publish&Version=2010-03-31");
  assert.equal(publish!.headers["x-amz-target"], undefined);
  for (const [seen, service] of [
    [put!, "dynamodb"],
    [publish!, "sns"],
  ] as const) {
    assert.ok(isSignatureRight(seen, { service, secretAccessKey: "portico" }), service);
  }
});

test("S3 gets a binary body's own bytes, and keys in the one form that it signs", async () => {
  const image = Buffer.from([0xff, 0xd8, 0, 1, 0xfe, 0x0a, 0x80]);
  await using backend = await startBackend((incoming, outgoing) => {
    outgoing.writeHead(200, { "Content-Type": "image/png", ETag: '"e"' });
    outgoing.end(incoming.method === "GET" ? image : undefined);
  });
  await using gateway = await startFor(backend, "s3");
  deploy(
    gateway,
    anAws("s3:path/photos/{key}", {
      httpMethod: "ANY",
      requestParameters: {
        "integration.request.path.key": "method.request.path.proxy",
        "integration.request.header.Content-Type": "method.request.header.Content-Type",
      },
      integrationResponses: {
        "200": {
          statusCode: "200",
          responseParameters: {
            "method.response.header.Content-Type": "integration.response.header.Content-Type",
            "method.response.header.ETag": "integration.response.header.ETag",
          },
        },
      },
    }),
    {},
    ["image/png"],
  );
  const put = await gateway.call("/2026%2Fcat (1).png".replace(" ", "%20"), {
    method: "PUT",
    body: image,
    headers: { "content-type": "image/png" },
  });
  assert.deepEqual([put.status, put.headers.etag], [200, '"e"']);
  const get = await gateway.call("/cat.png", { headers: { accept: "image/png" } });
  assert.deepEqual(get.body, image);
  assert.equal(get.headers["content-type"], "image/png");
  assert.equal(backend.requests[0]!.url, "/photos/2026/cat%20%281%29.png");
  assert.deepEqual(backend.requests[0]!.bytes, image);
  for (const seen of backend.requests) assert.ok(isSignatureRight(seen, { service: "s3", secretAccessKey: "portico" }));
});

test("contentHandling makes bytes of base64 before the request is signed, and base64 of the answer's bytes", async () => {
  await using backend = await startBackend((_, outgoing) =>
    outgoing.writeHead(200, { "Content-Type": "image/png" }).end(Buffer.from([0xff, 0x00])),
  );
  await using gateway = await startFor(backend);
  deploy(
    gateway,
    anAws("s3:path/photos/cat.png", {
      httpMethod: "PUT",
      contentHandling: "CONVERT_TO_BINARY",
      integrationResponses: { "200": { statusCode: "200", contentHandling: "CONVERT_TO_TEXT" } },
    }),
    {},
    ["image/png"],
  );
  const put = await gateway.call("/x", { method: "POST", body: "AAH/", headers: { "content-type": "text/plain" } });
  assert.deepEqual([put.status, put.text], [200, "/wA="]);
  const [seen] = backend.requests as [Backend["requests"][number]];
  assert.deepEqual(seen.bytes, Buffer.from([0, 1, 255]));
  assert.ok(isSignatureRight(seen, { service: "s3", secretAccessKey: "portico" }));
});

test("a service's errors are mapped by their status", async () => {
  await using backend = await startBackend((incoming, outgoing, body) => {
    outgoing.writeHead(Number(body), { "Content-Type": "application/x-amz-json-1.0" });
    outgoing.end('{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"}');
    incoming.resume();
  });
  await using gateway = await startFor(backend);
  const template = '{"problem":"$input.path("$.__type").split("#")[1]"}';
  deploy(
    gateway,
    anAws("dynamodb:action/GetItem", {
      integrationResponses: {
        "200": { statusCode: "200" },
        "400": { statusCode: "400", selectionPattern: "4\\d{2}", responseTemplates: { "application/json": template } },
        "502": { statusCode: "502", selectionPattern: "5\\d{2}", responseTemplates: { "application/json": "{}" } },
      },
    }),
    { methodResponses: { "200": { statusCode: "200" }, "400": { statusCode: "400" }, "502": { statusCode: "502" } } },
  );
  const ask = (status: string): ReturnType<typeof gateway.call> => gateway.call("/x", { method: "POST", body: status });
  const missing = await ask("400");
  assert.deepEqual([missing.status, missing.text], [400, '{"problem":"ResourceNotFoundException"}']);
  assert.equal((await ask("403")).status, 400);
  assert.deepEqual([(await ask("503")).status, (await ask("200")).status], [502, 200]);
});

test("no caller and no template reaches another host, path, action or signature", async () => {
  await using backend = await startBackend();
  await using gateway = await startFor(backend);
  const template = [
    '#set($context.requestOverride.header.Host = "evil.example")',
    '#set($context.requestOverride.header["X-Amz-Date"] = "20000101T000000Z")',
    '#set($context.requestOverride.header["X-Amz-Security-Token"] = "forged")',
    '#set($context.requestOverride.header["X-Amz-Evil"] = "a\r\nX-Injected: 1")',
    '#set($context.requestOverride.path.key = "//evil.example/../..?Action=DeleteBucket")x',
  ].join("");
  deploy(
    gateway,
    anAws("s3:path/photos/{key}", {
      requestParameters: {
        "integration.request.path.key": "method.request.path.proxy",
        "integration.request.header.Host": "'evil.example'",
        "integration.request.header.X-Amz-Date": "'20000101T000000Z'",
      },
      requestTemplates: { "application/json": template },
    }),
  );
  const overridden = await gateway.call("/k", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  assert.equal(overridden.status, 400, "a template's `..` is refused");
  deploy(
    gateway,
    anAws("s3:path/photos/{key}", {
      requestParameters: {
        "integration.request.path.key": "method.request.path.proxy",
        "integration.request.header.Host": "'evil.example'",
        "integration.request.header.X-Amz-Date": "'20000101T000000Z'",
      },
      requestTemplates: {
        "application/json": template.slice(0, template.indexOf("#set($context.requestOverride.path")),
      },
    }),
  );
  const call = (path: string): ReturnType<typeof gateway.call> =>
    gateway.call(path, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer x" },
      body: "{}",
    });
  for (const path of ["/..%2Fother/key", "/%2e%2e/other", "/a/%2E%2E%2Fb"])
    assert.equal((await call(path)).status, 400);
  assert.equal((await call("/k?acl")).status, 200);
  const seen = backend.requests.at(-1)!;
  assert.equal(seen.url, "/photos/k");
  assert.equal(seen.headers.host, new URL(backend.origin).host);
  assert.equal(seen.headers["x-injected"], undefined);
  assert.equal(seen.headers["x-amz-security-token"], undefined);
  assert.equal(seen.rawHeaders.filter((name) => name.toLowerCase() === "authorization").length, 1);
  assert.ok(isSignatureRight(seen, { service: "s3", secretAccessKey: "portico" }));
  deploy(
    gateway,
    anAws("sqs:action/SendMessage&QueueUrl={queue}", {
      requestParameters: { "integration.request.path.queue": "method.request.path.proxy" },
    }),
  );
  await gateway.call("/q&Action=PurgeQueue#x".replace("#", "%23"), { method: "POST" });
  assert.equal(backend.requests.at(-1)!.url, "/?Action=SendMessage&QueueUrl=q%26Action%3DPurgeQueue%23x");
  assert.deepEqual(gateway.errors, []);
});

test("without an endpoint the method answers 500, and the hint names the settings", async () => {
  await using gateway = await startGateway();
  deploy(gateway, anAws("states:action/StartExecution"));
  const reply = await gateway.call("/x", { method: "POST" });
  assert.deepEqual([reply.status, reply.text], [500, '{"message": "Internal server error"}']);
  const hint = String(reply.headers["x-portico-hint"]);
  for (const name of ["--endpoints states=URL", "AWS_ENDPOINT_URL_SFN", "--real-aws"])
    assert.ok(hint.includes(name), hint);
});

test("an unreachable, a slow and a talkative service answer as any backend does", async () => {
  await using slow = await startRawBackend(() => {});
  await using large = await startBackend((_, outgoing) => outgoing.end(Buffer.alloc(20_000)));
  await using broken = await startRawBackend((socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"));
  const ask = async (origin: string, integration: Partial<Integration> = {}): Promise<[number, string]> => {
    await using gateway = await startGateway({ services: { endpoints: { "*": origin } }, payloadBytesMax: 10_000 });
    const responses = { "200": { statusCode: "200", responseTemplates: { "application/json": "$input.body" } } };
    deploy(gateway, anAws("sqs:path/x", { integrationResponses: responses, ...integration }));
    const reply = await gateway.call("/x", { method: "POST", body: "{}" });
    assert.deepEqual(gateway.errors, []);
    return [reply.status, reply.text];
  };
  assert.deepEqual(await ask("http://127.0.0.1:9"), [504, '{"message": "Network error communicating with endpoint"}']);
  assert.deepEqual(await ask(slow.origin, { timeoutInMillis: 50 }), [504, '{"message": "Endpoint request timed out"}']);
  assert.equal((await ask(large.origin))[0], 500);
  assert.equal((await ask(broken.origin))[0], 504);
});

test("whatever 400 random callers send, what reaches the service is in the bucket and rightly signed", async () => {
  const seed = seedOr(20_261_120);
  const random = makeRandom(seed);
  await using backend = await startBackend();
  await using gateway = await startFor(backend);
  deploy(
    gateway,
    anAws("s3:path/photos/{key}?list={list}", {
      httpMethod: "ANY",
      requestParameters: {
        "integration.request.path.key": "method.request.path.proxy",
        "integration.request.path.list": "method.request.querystring.list",
        "integration.request.querystring.q": "method.request.multivaluequerystring.q",
        "integration.request.header.x-amz-meta-note": "method.request.header.X-Note",
      },
    }),
    {},
    ["*/*"],
  );
  const pieces = [..."aZ9-._~!$&'()*+,;=:@/", "%20", "%2F", "%2e", "%25", "%C3%A9", "%ff", "%00", "%0d%0a", "..", "//"];
  const text = (max: number): string => Array.from({ length: below(random, max) }, () => pick(random, pieces)).join("");
  let refused = 0;
  for (let round = 0; round < 400; round++) {
    const note = Buffer.from(Array.from({ length: below(random, 8) }, () => 0x20 + below(random, 0x5f))).toString(
      "latin1",
    );
    const reply = await gateway.call(`/k${text(10)}?list=${text(6)}&q=${text(4)}&q=${text(4)}`, {
      method: pick(random, ["GET", "PUT", "DELETE"]),
      headers: { "X-Note": `${note}é`, "Content-Type": "application/octet-stream" },
    });
    assert.ok(
      reply.status === 200 || reply.status === 400,
      `seed ${seed}, round ${round}: ${reply.status} ${reply.text}`,
    );
    if (reply.status === 400) refused++;
  }
  assert.ok(refused < 200 && backend.requests.length === 400 - refused, `seed ${seed}: ${refused} refused`);
  for (const seen of backend.requests) {
    assert.match(seen.url, /^\/photos\/k[\w\-.~%/]*\?list=[\w\-.~%]*(&q=[\w\-.~%]*)*$/, `seed ${seed}`);
    assert.ok(!seen.url.split("?")[0]!.split("/").includes(".."), `seed ${seed}: ${seen.url}`);
    assert.ok(isSignatureRight(seen, { service: "s3", secretAccessKey: "portico" }), `seed ${seed}: ${seen.url}`);
  }
  assert.deepEqual(gateway.errors, []);
});

const session = (seconds: number, key = "ASIAROLE"): string =>
  `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>${key}</AccessKeyId>` +
  `<SecretAccessKey>role-secret</SecretAccessKey><SessionToken>role/token==</SessionToken>` +
  `<Expiration>${new Date(Date.now() + seconds * 1000).toISOString()}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`;

test("where STS is named, the role is assumed there once, and its session signs", async () => {
  await using sts = await startBackend((_, outgoing) => outgoing.end(session(3_600)));
  await using backend = await startBackend();
  await using gateway = await startGateway({ services: { endpoints: { sts: sts.origin, "*": backend.origin } } });
  deploy(gateway, anAws("sqs:path/x"));
  const replies = await Promise.all(Array.from({ length: 5 }, () => gateway.call("/x", { method: "POST", body: "m" })));
  assert.deepEqual(new Set(replies.map(({ text }) => text)), new Set(["echo m"]));
  assert.equal(sts.requests.length, 1);
  assert.equal(
    sts.requests[0]!.body,
    `Action=AssumeRole&Version=2011-06-15&RoleArn=${encodeURIComponent(role)}&RoleSessionName=BackplaneAssumeRoleSession&DurationSeconds=3600`,
  );
  assert.ok(isSignatureRight(sts.requests[0]!, { service: "sts", secretAccessKey: "portico" }));
  const [seen] = backend.requests as [Backend["requests"][number]];
  assert.match(String(seen.headers.authorization), /Credential=ASIAROLE\//);
  assert.equal(seen.headers["x-amz-security-token"], "role/token==");
  assert.ok(isSignatureRight(seen, { service: "sqs", secretAccessKey: "role-secret" }));
});

test("a role's session outlives its stage's next deployment, and not the stage", async () => {
  await using sts = await startBackend((_, outgoing) => outgoing.end(session(3_600)));
  await using backend = await startBackend();
  await using gateway = await startGateway({ services: { endpoints: { sts: sts.origin, "*": backend.origin } } });
  const send = async (): Promise<number> => {
    deploy(gateway, anAws("sqs:path/x"));
    assert.equal((await gateway.call("/x", { method: "POST", body: "m" })).text, "echo m");
    return sts.requests.length;
  };
  assert.deepEqual([await send(), await send()], [1, 1]);
  gateway.gateway.setPlan("abc123/prod", null);
  assert.equal(await send(), 2);
});

test("requests that wait for the role keep their bodies, and may be given up", async () => {
  const answers: (() => void)[] = [];
  await using sts = await startBackend((_, outgoing) => answers.push(() => outgoing.end(session(3_600))));
  await using backend = await startBackend((_, outgoing, body) => outgoing.end(`${body.length}`));
  await using gateway = await startGateway({ services: { endpoints: { sts: sts.origin, "*": backend.origin } } });
  deploy(gateway, anAws("sqs:path/x"));
  const head = "POST /prod/x HTTP/1.1\r\nHost: abc123.execute-api.us-east-1.localhost\r\nContent-Length: 9\r\n\r\n";
  const socket = connect(gateway.port, "127.0.0.1").on("error", () => {});
  socket.write(head);
  const large = gateway.call("/x", { method: "POST", body: Buffer.alloc(3_000_000, "x") });
  await until(() => answers.length === 1);
  socket.destroy();
  answers[0]!();
  assert.equal((await large).text, "3000000");
  assert.deepEqual([backend.requests.length, sts.requests.length], [1, 1]);
  assert.deepEqual(gateway.errors, []);
});

test("a session that nears its end is renewed while requests go on with it", async () => {
  const answers = [session(300, "ASIAFIRST"), session(3_600, "ASIASECOND")];
  await using sts = await startBackend((_, outgoing) => outgoing.end(answers.shift()));
  await using backend = await startBackend();
  await using gateway = await startGateway({ services: { endpoints: { sts: sts.origin, "*": backend.origin } } });
  deploy(gateway, anAws("sqs:path/x"));
  const key = async (): Promise<string> => {
    await gateway.call("/x", { method: "POST", body: "m" });
    return String(/Credential=(\w+)/.exec(String(backend.requests.at(-1)!.headers.authorization))?.[1]);
  };
  assert.equal(await key(), "ASIAFIRST");
  while ((await key()) === "ASIAFIRST") assert.ok(backend.requests.length < 1_000);
  assert.equal(sts.requests.length, 2);
});

test("a role that can't be assumed is AWS's 500, and nothing is sent", async () => {
  const refusals: readonly (readonly [answer: string, status: number, hint: RegExp])[] = [
    [
      "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no trust</Message></Error></ErrorResponse>",
      403,
      /403 AccessDenied: no trust/,
    ],
    ["<AssumeRoleResponse/>", 200, /no credentials/],
    ["x".repeat(100_000), 200, /too long/],
    [session(-1), 200, /expired/],
  ];
  await using backend = await startBackend();
  for (const [answer, status, hint] of refusals) {
    await using sts = await startBackend((_, outgoing) => outgoing.writeHead(status).end(answer));
    await using gateway = await startGateway({ services: { endpoints: { sts: sts.origin, "*": backend.origin } } });
    deploy(gateway, anAws("sqs:path/x"));
    for (let round = 0; round < 2; round++) {
      const reply = await gateway.call("/x", { method: "POST", body: "m" });
      assert.deepEqual([reply.status, reply.text], [500, '{"message": "Internal server error"}']);
      assert.match(String(reply.headers["x-portico-hint"]), hint);
      if (round === 0 && status === 403) {
        assert.match(
          String(reply.headers["x-portico-hint"]),
          /API Gateway does not have permission to assume the provided role arn/,
        );
      }
    }
    assert.deepEqual(gateway.errors, []);
  }
  assert.equal(backend.requests.length, 0);
});
