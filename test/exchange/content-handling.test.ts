import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Integration, IntegrationResponse, IntegrationType } from "../../src/definition/rest-api.ts";
import type { FunctionClient, InvokeRequest } from "../../src/functions/function-client.ts";
import { aLambdaProxy, aMethod, aMock, aRestApi, functionArn } from "./a-rest-api.ts";
import { type GatewayUnderTest, type Reply, startBackend, startGateway } from "./start-gateway.ts";

type Handling = Integration["contentHandling"];

/** No UTF-8 and no base64. */
const bytes = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff, 0x00, 0xc3, 0x28]);
const base64 = bytes.toString("base64");
const configurationError = '{"message": "Internal server error"}';

const handled = (contentHandling: Handling): Pick<Integration, "contentHandling"> =>
  contentHandling === undefined ? {} : { contentHandling };

const anIntegration = (type: IntegrationType, uri: string, overrides: Partial<Integration> = {}): Integration => ({
  type,
  httpMethod: "POST",
  uri,
  integrationResponses: { "200": { statusCode: "200" } },
  ...overrides,
});

function deploy(gateway: GatewayUnderTest, integration: Integration, binaryMediaTypes: readonly string[]): void {
  gateway.deploy(
    aRestApi({ "/": { ANY: aMethod(integration, { httpMethod: "ANY" }) } }, { restApi: { binaryMediaTypes } }),
  );
}

const post = (gateway: GatewayUnderTest, body: Buffer | string, type: string): Promise<Reply> =>
  gateway.call("/", { method: "POST", body, headers: { "content-type": type } });

/** AWS: API Gateway Developer Guide, "Content type conversions in API Gateway", request payload: every row. */
const requestRows: readonly (readonly [
  payload: string | Buffer,
  contentType: string,
  binaryMediaTypes: readonly string[],
  contentHandling: Handling,
  sent: string | Buffer,
])[] = [
  ["text é", "text/plain", [], undefined, "text é"],
  [base64, "text/plain", [], "CONVERT_TO_BINARY", bytes],
  [base64, "image/png", [], "CONVERT_TO_BINARY", bytes],
  ["text é", "text/plain", [], "CONVERT_TO_TEXT", "text é"],
  ["text é", "text/plain", ["image/png"], undefined, "text é"],
  [base64, "text/plain", ["image/png"], "CONVERT_TO_BINARY", bytes],
  ["text é", "text/plain", ["image/png"], "CONVERT_TO_TEXT", "text é"],
  [bytes, "image/png", ["image/png"], undefined, bytes],
  [bytes, "image/png", ["image/png"], "CONVERT_TO_BINARY", bytes],
  [bytes, "image/png", ["image/png"], "CONVERT_TO_TEXT", base64],
  // Types match without parameters, in any case, and by the wildcard of all types; as recorded, by no other.
  [bytes, "IMAGE/png; q=1", ["image/PNG"], "CONVERT_TO_TEXT", base64],
  ["text é", "image/png", ["image/*", "*/png"], "CONVERT_TO_TEXT", "text é"],
  [bytes, "application/x-whatever", ["*/*"], "CONVERT_TO_TEXT", base64],
  // Empty is empty in every form.
  ["", "text/plain", ["image/png"], "CONVERT_TO_BINARY", ""],
  ["", "image/png", ["image/png"], "CONVERT_TO_TEXT", ""],
];

for (const type of ["HTTP", "HTTP_PROXY"] as const) {
  test(`${type} sends the payload that contentHandling and binaryMediaTypes make of the request's`, async () => {
    await using backend = await startBackend((_, outgoing) => outgoing.end("ok"));
    await using gateway = await startGateway();
    for (const [payload, contentType, binaryMediaTypes, contentHandling, sent] of requestRows) {
      deploy(gateway, anIntegration(type, backend.origin, handled(contentHandling)), binaryMediaTypes);
      const row = `${contentType} with [${binaryMediaTypes}] and ${contentHandling}`;
      assert.equal((await post(gateway, payload, contentType)).status, 200, row);
      const seen = backend.requests.at(-1)!;
      assert.deepEqual(seen.bytes, Buffer.from(sent), row);
      assert.equal(Number(seen.headers["content-length"] ?? 0), Buffer.byteLength(sent), row);
    }
    assert.deepEqual(gateway.errors, []);
  });

  test(`${type} does not send what should be base64 and is not`, async () => {
    await using backend = await startBackend((_, outgoing) => outgoing.end("ok"));
    await using gateway = await startGateway();
    deploy(gateway, anIntegration(type, backend.origin, { contentHandling: "CONVERT_TO_BINARY" }), ["image/png"]);
    for (const payload of ["no base64", "{}", "YQ=a", "YWJj=", "Y", "YQ===", "===", "YWJj\u00e9", "a-_b"]) {
      const reply = await post(gateway, payload, "text/plain");
      assert.deepEqual([reply.status, reply.text], [500, configurationError], payload);
      assert.match(String(reply.headers["x-portico-hint"]), /Unable to base64 decode the body/);
    }
    assert.equal(backend.requests.length, 0);
    for (const [payload, sent] of [
      ["YQ", "a"],
      ["YWI=", "ab"],
      ["YWJj\r\nZGVm\n", "abcdef"],
      ['"YWJj"', "abc"],
    ]) {
      assert.equal((await post(gateway, payload!, "text/plain")).status, 200);
      assert.equal(backend.requests.at(-1)!.body, sent);
    }
  });
}

test("a large body is converted whole, a compressed one after it was decompressed", async () => {
  await using backend = await startBackend((_, outgoing) => outgoing.end("ok"));
  await using gateway = await startGateway();
  const large = Buffer.alloc(300_000, 0xab);
  deploy(gateway, anIntegration("HTTP_PROXY", backend.origin, { contentHandling: "CONVERT_TO_TEXT" }), ["image/png"]);
  await post(gateway, large, "image/png");
  assert.equal(backend.requests.at(-1)!.body, large.toString("base64"));
  const headers = { "content-type": "image/png", "content-encoding": "gzip" };
  await gateway.call("/", { method: "POST", body: gzipSync(bytes), headers });
  assert.equal(backend.requests.at(-1)!.body, base64);
  // Bytes that nothing converts are streamed, as they are.
  deploy(gateway, anIntegration("HTTP_PROXY", backend.origin, { contentHandling: "CONVERT_TO_BINARY" }), ["image/png"]);
  await post(gateway, large, "image/png");
  assert.deepEqual(backend.requests.at(-1)!.bytes, large);
});

test("a request template sees bytes as base64 if they are converted to text, and else fails as on AWS", async () => {
  await using backend = await startBackend((_, outgoing) => outgoing.end("ok"));
  await using gateway = await startGateway();
  const templated = (contentHandling: Handling): Integration =>
    anIntegration("HTTP", backend.origin, {
      ...handled(contentHandling),
      requestTemplates: { "image/png": '{"image":"$input.body"}', "application/json": "$input.path('$.image')" },
    });
  deploy(gateway, templated("CONVERT_TO_TEXT"), ["image/png"]);
  await post(gateway, bytes, "image/png");
  assert.equal(backend.requests.at(-1)!.body, `{"image":"${base64}"}`);
  for (const contentHandling of [undefined, "CONVERT_TO_BINARY"] as const) {
    deploy(gateway, templated(contentHandling), ["image/png"]);
    const reply = await post(gateway, bytes, "image/png");
    assert.deepEqual([reply.status, reply.text], [500, configurationError]);
    assert.match(
      String(reply.headers["x-portico-hint"]),
      /Unable to transform request: image\/png is one of binaryMedia/,
    );
  }
  assert.equal(backend.requests.length, 1);
  // Text becomes bytes after its template.
  await post(gateway, JSON.stringify({ image: base64 }), "application/json");
  assert.deepEqual(backend.requests.at(-1)!.bytes, bytes);
  const undecodable = await post(gateway, '{"image":"no base64"}', "application/json");
  assert.equal(undecodable.text, configurationError);
});

/** A backend that answers with the payload and the type of a row. */
async function startAnswering(): Promise<{
  origin: string;
  answer: { type: string | undefined; payload: Buffer | string };
  [Symbol.asyncDispose](): Promise<void>;
}> {
  const answer: { type: string | undefined; payload: Buffer | string } = { type: undefined, payload: "" };
  const backend = await startBackend((_, outgoing) => {
    outgoing.writeHead(200, answer.type === undefined ? {} : { "Content-Type": answer.type }).end(answer.payload);
  });
  return { origin: backend.origin, answer, [Symbol.asyncDispose]: async () => backend[Symbol.asyncDispose]() };
}

/** AWS: API Gateway Developer Guide, "Content type conversions in API Gateway", response payload: every row. */
const responseRows: readonly (readonly [
  payload: string | Buffer,
  contentType: string | undefined,
  accept: string | undefined,
  binaryMediaTypes: readonly string[],
  contentHandling: Handling,
  got: string | Buffer,
])[] = [
  ["text é", "text/plain", "text/plain", [], undefined, "text é"],
  ["text é", "text/plain", "text/plain", [], "CONVERT_TO_TEXT", "text é"],
  [base64, "text/plain", "text/plain", [], "CONVERT_TO_BINARY", bytes],
  [base64, "image/png", "image/png", [], "CONVERT_TO_BINARY", bytes],
  ["text é", "text/plain", "text/plain", ["image/png"], undefined, "text é"],
  ["text é", "text/plain", "text/plain", ["image/png"], "CONVERT_TO_TEXT", "text é"],
  [base64, "text/plain", "text/plain", ["image/png"], "CONVERT_TO_BINARY", bytes],
  [base64, "text/plain", "image/png", ["image/png"], undefined, bytes],
  [base64, "text/plain", "image/png", ["image/png"], "CONVERT_TO_BINARY", bytes],
  [base64, "text/plain", "image/png", ["image/png"], "CONVERT_TO_TEXT", base64],
  [bytes, "image/png", "text/plain", ["image/png"], undefined, base64],
  [bytes, "image/png", "text/plain", ["image/png"], "CONVERT_TO_TEXT", base64],
  [bytes, "image/png", "text/plain", ["image/png"], "CONVERT_TO_BINARY", bytes],
  [bytes, "image/png", "image/png", ["image/png"], undefined, bytes],
  [bytes, "image/png", "image/png", ["image/png"], "CONVERT_TO_BINARY", bytes],
  [bytes, "image/png", "image/png", ["image/png"], "CONVERT_TO_TEXT", base64],
  // Only the first entry of Accept counts, without its parameters; no Accept is JSON's.
  [base64, "text/plain", "IMAGE/png;q=0.5, text/plain", ["image/png"], undefined, bytes],
  [base64, "text/plain", "text/plain, image/png", ["image/png"], undefined, base64],
  [bytes, "image/png", undefined, ["image/png"], undefined, base64],
  [bytes, "image/png", "*/*", ["image/png"], undefined, base64],
  [bytes, "image/png", undefined, ["*/*"], undefined, bytes],
  // An answer without a type is JSON.
  ["{}", undefined, "text/plain", ["application/json"], undefined, Buffer.from("{}").toString("base64")],
  ["", "image/png", "text/plain", ["image/png"], undefined, ""],
];

test("HTTP answers with the payload that contentHandling and binaryMediaTypes make of the integration's", async () => {
  await using backend = await startAnswering();
  await using gateway = await startGateway();
  for (const [payload, contentType, accept, binaryMediaTypes, contentHandling, got] of responseRows) {
    const response: IntegrationResponse = { statusCode: "200", ...handled(contentHandling) };
    deploy(
      gateway,
      anIntegration("HTTP", backend.origin, { integrationResponses: { "200": response } }),
      binaryMediaTypes,
    );
    Object.assign(backend.answer, { type: contentType, payload });
    const reply = await gateway.call("/", { headers: accept === undefined ? {} : { accept } });
    const row = `${contentType} for ${accept} with [${binaryMediaTypes}] and ${contentHandling}`;
    assert.equal(reply.status, 200, row);
    assert.deepEqual(reply.body, Buffer.from(got), row);
  }
  assert.deepEqual(gateway.errors, []);
});

test("an answer that should be base64 and is not is a configuration error", async () => {
  await using backend = await startAnswering();
  await using gateway = await startGateway();
  deploy(gateway, anIntegration("HTTP", backend.origin), ["image/png"]);
  Object.assign(backend.answer, { type: "application/json", payload: '{"no":"base64"}' });
  const reply = await gateway.call("/", { headers: { accept: "image/png" } });
  assert.deepEqual([reply.status, reply.text], [500, configurationError]);
  assert.match(String(reply.headers["x-portico-hint"]), /Unable to base64 decode the body/);
  assert.equal((await gateway.call("/", { headers: { accept: "application/json" } })).text, '{"no":"base64"}');
});

test("a response template sees bytes as base64 if they are converted to text, and else fails as on AWS", async () => {
  await using backend = await startAnswering();
  await using gateway = await startGateway();
  const answering = (contentHandling: Handling, template: string): Integration =>
    anIntegration("HTTP", backend.origin, {
      integrationResponses: {
        "200": { statusCode: "200", ...handled(contentHandling), responseTemplates: { "application/json": template } },
      },
    });
  const get = (accept: string): Promise<Reply> => gateway.call("/", { headers: { accept } });
  Object.assign(backend.answer, { type: "image/png", payload: bytes });
  deploy(gateway, answering(undefined, '{"image":"$input.body"}'), ["image/png"]);
  assert.equal((await get("application/json")).text, `{"image":"${base64}"}`);
  const opaque = await get("image/png");
  assert.deepEqual([opaque.status, opaque.text], [500, configurationError]);
  assert.match(String(opaque.headers["x-portico-hint"]), /Unable to transform response/);
  deploy(gateway, answering("CONVERT_TO_TEXT", '{"image":"$input.body"}'), ["image/png"]);
  assert.equal((await get("image/png")).text, `{"image":"${base64}"}`);
  // Text becomes bytes after its template.
  Object.assign(backend.answer, { type: "application/json", payload: JSON.stringify({ image: base64 }) });
  deploy(gateway, answering(undefined, "$input.path('$.image')"), ["image/png"]);
  assert.deepEqual((await get("image/png")).body, bytes);
  assert.equal((await get("application/json")).text, base64);
});

test("a MOCK answers with bytes from base64, and needs CONVERT_TO_TEXT where all types are binary", async () => {
  await using gateway = await startGateway();
  const icon = (contentHandling: Handling): Integration =>
    aMock("", {
      integrationResponses: {
        "200": {
          statusCode: "200",
          ...handled(contentHandling),
          responseParameters: { "method.response.header.Content-Type": "'image/x-icon'" },
          responseTemplates: { "application/json": base64 },
        },
      },
    });
  const get = (accept?: string): Promise<Reply> =>
    gateway.call("/", { headers: accept === undefined ? {} : { accept } });
  deploy(gateway, icon("CONVERT_TO_BINARY"), ["image/x-icon"]);
  const reply = await get("image/avif,image/webp,*/*");
  assert.deepEqual([reply.body, reply.headers["content-type"]], [bytes, "image/x-icon"]);
  deploy(gateway, icon(undefined), ["image/x-icon"]);
  assert.deepEqual((await get("image/x-icon")).body, bytes);
  assert.equal((await get("text/html")).text, base64);
  deploy(gateway, icon("CONVERT_TO_TEXT"), ["image/x-icon"]);
  assert.equal((await get("image/x-icon")).text, base64);
  // What the field knows as "CORS fails with */*": AWS can't transform the request, which it takes for binary.
  deploy(gateway, aMock('{"ok":true}'), ["*/*"]);
  const refused = await get();
  assert.deepEqual([refused.status, refused.text], [500, configurationError]);
  assert.match(String(refused.headers["x-portico-hint"]), /contentHandling is not CONVERT_TO_TEXT/);
  deploy(gateway, aMock('{"ok":true}', { contentHandling: "CONVERT_TO_TEXT" }), ["*/*"]);
  assert.equal((await get()).text, '{"ok":true}');
  assert.equal((await get("text/html")).text, '{"ok":true}');
});

test("a MOCK's request template sees bytes as base64", async () => {
  await using gateway = await startGateway();
  const requestTemplates = { "image/png": `{"statusCode": #if($input.body == "${base64}")200#{else}404#end}` };
  deploy(gateway, aMock("seen", { requestTemplates, contentHandling: "CONVERT_TO_TEXT" }), ["image/png"]);
  assert.equal((await post(gateway, bytes, "image/png")).text, "seen");
});

const policy = JSON.stringify({
  Statement: { Effect: "Allow", Principal: "*", Action: "lambda:InvokeFunction", Resource: functionArn },
});

function functionsThat(answer: (request: InvokeRequest) => string): FunctionClient {
  return {
    describe: () => ({ functionArn, policy, policyRevision: "1" }),
    invoke: (request) => Promise.resolve({ kind: "ok", payload: Buffer.from(answer(request)), requestId: "r" }),
    close: () => Promise.resolve(),
  };
}

/** The rules of proxy integrations, which have no contentHandling: it is stored and changes nothing. */
test("AWS_PROXY sends bytes as base64 and decodes base64 by the first type that is accepted", async () => {
  const seen: { body: string; isBase64Encoded: boolean }[] = [];
  const functions = functionsThat(({ payload }) => {
    seen.push(JSON.parse(String(payload)) as { body: string; isBase64Encoded: boolean });
    return JSON.stringify({ statusCode: 200, body: base64, isBase64Encoded: true });
  });
  await using gateway = await startGateway({ functions });
  for (const contentHandling of [undefined, "CONVERT_TO_TEXT", "CONVERT_TO_BINARY"] as const) {
    deploy(gateway, aLambdaProxy(handled(contentHandling)), ["image/png"]);
    await post(gateway, bytes, "image/png");
    assert.deepEqual([seen.at(-1)!.body, seen.at(-1)!.isBase64Encoded], [base64, true]);
    await post(gateway, "text", "text/plain");
    assert.deepEqual([seen.at(-1)!.body, seen.at(-1)!.isBase64Encoded], ["text", false]);
    assert.deepEqual((await gateway.call("/", { headers: { accept: "image/png, */*" } })).body, bytes);
    assert.equal((await gateway.call("/", { headers: { accept: "text/html, image/png" } })).text, base64);
  }
});

test("AWS_PROXY answers 500 where a body should be base64, is not, and is to be decoded", async () => {
  let body = "";
  const functions = functionsThat(() => JSON.stringify({ statusCode: 200, body, isBase64Encoded: true }));
  await using gateway = await startGateway({ functions });
  deploy(gateway, aLambdaProxy(), ["image/png"]);
  const accepting = (accept: string) => gateway.call("/", { headers: { accept } });
  for (body of ["not base64!", "a", "AP8=AP8=", "_-8=", '{"a":1}']) {
    const refused = await accepting("image/png");
    assert.deepEqual([refused.status, refused.text], [500, '{"message": "Internal server error"}'], body);
    assert.match(String(refused.headers["x-portico-hint"]), /Unable to base64 decode the body\./);
    assert.equal((await accepting("text/html")).text, body);
  }
  // Python's base64.encodebytes breaks lines.
  for (body of ["AP8", "AP\n8=\n", ""]) {
    const expected = body === "" ? Buffer.alloc(0) : Buffer.from([0, 255]);
    assert.deepEqual((await accepting("image/png")).body, expected, body);
  }
});

test("a function behind a custom integration takes and gives bytes as base64", async () => {
  const seen: string[] = [];
  const functions = functionsThat(({ payload }) => {
    seen.push(String(payload));
    return JSON.stringify(base64);
  });
  await using gateway = await startGateway({ functions });
  const integration: Integration = {
    ...aLambdaProxy({ contentHandling: "CONVERT_TO_TEXT" }),
    type: "AWS",
    requestTemplates: { "image/png": '{"image":"$input.body"}' },
    integrationResponses: { "200": { statusCode: "200" } },
  };
  deploy(gateway, integration, ["image/png"]);
  const headers = { "content-type": "image/png", accept: "image/png" };
  const reply = await gateway.call("/", { method: "POST", body: bytes, headers });
  assert.deepEqual(reply.body, bytes);
  assert.equal(seen[0], `{"image":"${base64}"}`);
  const text = await gateway.call("/", { method: "POST", body: bytes, headers: { "content-type": "image/png" } });
  assert.equal(text.text, JSON.stringify(base64));
});
