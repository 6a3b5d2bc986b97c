import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { deflateSync, gzipSync } from "node:zlib";
import type { Method, Model, RestApiDefinition } from "../../src/definition/rest-api.ts";
import type { FunctionClient, InvokeRequest } from "../../src/functions/function-client.ts";
import { until } from "../until.ts";
import { aLambdaProxy, aMethod, aMock, anHttpProxy, aRestApi, aStage, functionArn } from "./a-rest-api.ts";
import { startBackend, startGateway } from "./start-gateway.ts";

const requestValidators = [
  { id: "all", name: "all", validateRequestBody: true, validateRequestParameters: true },
  { id: "body", name: "body", validateRequestBody: true, validateRequestParameters: false },
  { id: "params", name: "params", validateRequestBody: false, validateRequestParameters: true },
];

const aModel = (name: string, schema: unknown): Model => ({
  id: name,
  name,
  contentType: "application/json",
  schema: JSON.stringify(schema),
});

const pet = aModel("Pet", {
  type: "object",
  required: ["name"],
  properties: { name: { type: "string", minLength: 2 }, type: { enum: ["dog", "cat"] }, price: { type: "number" } },
});
const pets = aModel("Pets", {
  type: "array",
  items: { $ref: "https://apigateway.amazonaws.com/restapis/abc123/models/Pet" },
});

const invalid = '{"message": "Invalid request body"}';

const anApi = (
  routes: Readonly<Record<string, Readonly<Record<string, Method>>>>,
  overrides: Partial<Omit<RestApiDefinition, "restApi">> = {},
): RestApiDefinition => aRestApi(routes, { requestValidators, models: [pet, pets], ...overrides });

const requestTemplates = Object.fromEntries(
  ["json", "pets+json", "xml"].map((type) => [`application/${type}`, '{"statusCode": 200}']),
);
requestTemplates["text/plain"] = '{"statusCode": 200}';

const validated = (overrides: Partial<Method> = {}): Method =>
  aMethod(aMock("ok", { requestTemplates }), {
    httpMethod: "POST",
    requestValidatorId: "body",
    requestModels: { "application/json": "Pet" },
    ...overrides,
  });

test("a request without its required parameters is refused, and its refusal names them", async () => {
  await using gateway = await startGateway();
  const method = aMethod(aMock("ok"), {
    requestValidatorId: "params",
    requestParameters: {
      "method.request.header.X-Two": true,
      "method.request.querystring.q1": true,
      "method.request.querystring.b-2": true,
      "method.request.querystring.optional": false,
      "method.request.header.Optional": false,
      "method.request.path.id": true,
    },
  });
  gateway.deploy(anApi({ "/pets/{id}": { GET: method } }));
  const given = { "x-two": "2" };
  const ok = await gateway.call("/pets/1?q1=1&b-2=%20x", { headers: given });
  assert.deepEqual([ok.status, ok.text], [200, "ok"]);
  const cases: [path: string, headers: Record<string, string | string[]>, named: string][] = [
    ["/pets/1", {}, "X-Two, b-2, q1"],
    ["/pets/1?q1=1&b-2=2", {}, "X-Two"],
    ["/pets/1?q1=&b-2=2", given, "q1"],
    ["/pets/1?q1&b-2=2", given, "q1"],
    ["/pets/1?q1=%20&b-2=2", given, "q1"],
    ["/pets/1?Q1=1&b-2=2", given, "q1"],
    ["/pets/1?q1=1&b-2=2", { "X-Two": " " }, "X-Two"],
    // Integrations get the last value.
    ["/pets/1?q1=1&b-2=2&q1=", given, "q1"],
    ["/pets/1?q1=1&b-2=2", { "X-Two": ["2", ""] }, "X-Two"],
    ["/pets/%20?q1=1&b-2=2", given, "id"],
  ];
  for (const [path, headers, named] of cases) {
    const reply = await gateway.call(path, { headers });
    assert.deepEqual(
      [reply.status, reply.text, reply.headers["x-amzn-errortype"]],
      [400, `{"message": "Missing required request parameters: [${named}]"}`, "BadRequestException"],
      path,
    );
  }
  assert.equal((await gateway.call("/pets/1?q1=&q1=1&b-2=2", { headers: { "X-Two": ["", "2"] } })).status, 200);
});

test("a body is validated with the model of its media type", async () => {
  await using gateway = await startGateway();
  const requestModels = { "application/json": "Pet", "application/PETS+json": "Pets" };
  gateway.deploy(anApi({ "/": { POST: validated({ requestModels }) } }));
  const send = (body: string | Buffer, type?: string | string[]): ReturnType<typeof gateway.call> =>
    gateway.call("/", { method: "POST", body, headers: type === undefined ? {} : { "content-type": type } });
  const good: [body: string, type?: string][] = [
    ['{"name":"Rex","type":"dog","price":1.5}'],
    ['{"name":"Rex"}', "application/json"],
    ['{"name":"Rex"}', "APPLICATION/json; charset=utf-8"],
    ['[{"name":"Rex"},{"name":"Tom"}]', "application/pets+json"],
    ["anything at all", "text/plain"],
    ['{"name":1}', "application/xml"],
    ["", "text/plain"],
  ];
  for (const [body, type] of good) assert.equal((await send(body, type)).status, 200, `${type}: ${body}`);
  const bad: [body: string | Buffer, type?: string][] = [
    ['{"type":"dog"}'],
    ['{"name":"R"}'],
    ['{"name":"Rex","type":"bird"}', "application/json"],
    ['{"name":"Rex","price":"1"}', "application/json;charset=utf-8"],
    ["[]"],
    ["null"],
    ['[{"name":"Rex"},{}]', "application/pets+json"],
    ['{"name":"Rex"'],
    ["no JSON", "application/json"],
    [Buffer.from([0xff, 0xfe, 0x00])],
    [Buffer.from('{"name":"Rex\xff"}', "latin1")],
    [" "],
    [""],
  ];
  for (const [body, type] of bad) {
    const reply = await send(body, type);
    assert.deepEqual([reply.status, reply.text], [400, invalid], `${type}: ${body}`);
    assert.equal(reply.headers["x-amzn-errortype"], "BadRequestException");
    assert.match(String(reply.headers["x-portico-hint"]), /^Request body does not match model schema for content type/);
  }
  assert.equal((await send('{"name":"Rex"}', ["text/plain", "application/json"])).text, invalid);
  assert.equal((await send('{"name":"Rex"}', ["application/json", "application/json"])).status, 200);
});

test("parameters are checked before the body, and each only if the validator says so", async () => {
  await using gateway = await startGateway();
  const requestParameters = { "method.request.querystring.q": true };
  const at = (requestValidatorId: string): Record<string, Method> => ({
    POST: validated({ requestValidatorId, requestParameters }),
  });
  gateway.deploy(anApi({ "/all": at("all"), "/body": at("body"), "/params": at("params"), "/none": at("") }));
  const send = async (path: string): Promise<string> => (await gateway.call(path, { method: "POST", body: "{}" })).text;
  const missing = '{"message": "Missing required request parameters: [q]"}';
  assert.deepEqual(await Promise.all(["/all", "/all?q=1", "/body", "/params", "/params?q=1", "/none"].map(send)), [
    missing,
    invalid,
    invalid,
    missing,
    "ok",
    "ok",
  ]);
});

test("no body is an empty object to its model", async () => {
  await using gateway = await startGateway();
  const any = aModel("Any", { type: "object" });
  const list = aModel("List", { type: "array" });
  const empty = aModel("Empty", {});
  const using = (name: string, verb: string): Record<string, Method> => ({
    [verb]: validated({ httpMethod: verb, requestModels: { "application/json": name } }),
  });
  gateway.deploy(
    anApi(
      {
        "/any": using("Any", "GET"),
        "/empty": using("Empty", "DELETE"),
        "/pet": using("Pet", "GET"),
        "/list": using("List", "POST"),
      },
      { models: [any, list, empty, pet] },
    ),
  );
  assert.equal((await gateway.call("/any")).status, 200);
  assert.equal((await gateway.call("/empty", { method: "DELETE" })).status, 200);
  assert.equal((await gateway.call("/pet")).text, invalid);
  assert.equal((await gateway.call("/list", { method: "POST" })).text, invalid);
});

test("what is wrong with a body is told to gateway responses and access logs", async () => {
  const folder = mkdtempSync(join(tmpdir(), "portico-validation-"));
  try {
    await using gateway = await startGateway({ accessLog: folder });
    const definition = anApi(
      { "/": { POST: validated({ requestValidatorId: "all" }) } },
      {
        gatewayResponses: [
          {
            responseType: "BAD_REQUEST_BODY",
            statusCode: "422",
            responseTemplates: {
              "application/json": '{"m":$context.error.messageString,"why":"$context.error.validationErrorString"}',
              "text/plain": "$context.error.validationErrorString",
            },
          },
        ],
      },
    );
    const format = "$context.error.responseType $context.error.validationErrorString";
    gateway.deploy(
      definition,
      aStage({ accessLogSettings: { destinationArn: "arn:aws:logs:x:1:log-group:g", format } }),
    );
    const reply = await gateway.call("/", { method: "POST", body: '{"type":"dog"}' });
    const problem = '[object has missing required properties (["name"])]';
    assert.deepEqual([reply.status, JSON.parse(reply.text)], [422, { m: "Invalid request body", why: problem }]);
    const text = await gateway.call("/", { method: "POST", body: '{"type":"dog"}', headers: { accept: "text/plain" } });
    assert.equal(text.text, problem);
    await gateway.call("/", { method: "POST", body: '{"name":"Rex"}' });
    gateway.gateway.close();
    const file = join(folder, "g.log");
    await until(() => readFileSync(file, "utf8").includes("\n- -"));
    assert.equal(readFileSync(file, "utf8").split("\n")[0], `BAD_REQUEST_BODY ${JSON.stringify(problem).slice(1, -1)}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a proxy's backend gets the body that was validated, and not one that failed", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  const method = (overrides: Partial<Method> = {}): Method =>
    validated({ methodIntegration: anHttpProxy(backend.origin), ...overrides });
  gateway.deploy(anApi({ "/": { POST: method() }, "/big": { POST: method() } }));
  const good = JSON.stringify({ name: "Rex", text: "é".repeat(100_000) });
  const ok = await gateway.call("/", { method: "POST", body: good });
  assert.deepEqual([ok.status, ok.text], [200, `echo ${good}`]);
  assert.equal(backend.requests[0]!.headers["content-length"], String(Buffer.byteLength(good)));
  assert.equal((await gateway.call("/", { method: "POST", body: "{}" })).text, invalid);
  const unknown = await gateway.call("/", { method: "POST", body: "free", headers: { "content-type": "text/plain" } });
  assert.equal(unknown.text, "echo free");
  // Pieces that come one after the other are put together before they are judged.
  const chunked =
    "POST /prod/ HTTP/1.1\r\nHost: abc123.execute-api.x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n" +
    '8\r\n{"name":\r\n6\r\n"Rex"}\r\n0\r\n\r\n';
  assert.match(await gateway.raw(chunked), /echo \{"name":"Rex"\}/);
  assert.equal(backend.requests.length, 3);
});

test("a function gets the body that was validated", async () => {
  const seen: InvokeRequest[] = [];
  const policy = JSON.stringify({
    Statement: { Effect: "Allow", Principal: "*", Action: "lambda:InvokeFunction", Resource: functionArn },
  });
  const functions: FunctionClient = {
    describe: () => ({ functionArn, policy, policyRevision: "1" }),
    invoke: (request) => {
      seen.push(request);
      return Promise.resolve({ kind: "ok", payload: Buffer.from('{"statusCode":200,"body":"fine"}'), requestId: "r" });
    },
    close: () => Promise.resolve(),
  };
  await using gateway = await startGateway({ functions });
  gateway.deploy(anApi({ "/": { POST: validated({ methodIntegration: aLambdaProxy() }) } }));
  assert.equal((await gateway.call("/", { method: "POST", body: '{"name":"Rex"}' })).text, "fine");
  assert.equal((await gateway.call("/", { method: "POST", body: '{"name":1}' })).text, invalid);
  assert.equal(seen.length, 1);
  assert.equal((JSON.parse(String(seen[0]!.payload)) as { body: string }).body, '{"name":"Rex"}');
});

test("a compressed body is validated as what it holds, within the payload limit", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway({ payloadBytesMax: 100_000 });
  gateway.deploy(anApi({ "/": { POST: validated({ methodIntegration: anHttpProxy(backend.origin) }) } }));
  const send = (body: Buffer, coding: string | string[]): ReturnType<typeof gateway.call> =>
    gateway.call("/", { method: "POST", body, headers: { "content-encoding": coding } });
  const good = Buffer.from('{"name":"Rex"}');
  for (const [body, coding] of [
    [gzipSync(good), "gzip"],
    [gzipSync(good), "GZIP"],
    [deflateSync(good), "deflate"],
    [good, "identity"],
    [good, ""],
    [gzipSync(good), ["identity", "gzip"]],
  ] as const) {
    const reply = await send(body, coding as string | string[]);
    assert.equal(reply.text, 'echo {"name":"Rex"}', String(coding));
    assert.equal(backend.requests.at(-1)!.headers["content-encoding"], undefined);
  }
  assert.equal((await send(gzipSync("{}"), "gzip")).text, invalid);
  const unsupported = '{"message": "Unsupported Media Type"}';
  for (const [body, coding] of [
    [good, "gzip"],
    [good, "br"],
    [gzipSync(good).subarray(0, 20), "gzip"],
    [gzipSync(deflateSync(good)), "deflate, gzip"],
    [gzipSync(deflateSync(good)), ["deflate", "gzip"]],
    [good, "constructor"],
  ] as const) {
    const reply = await send(body, coding as string | string[]);
    assert.deepEqual([reply.status, reply.text], [415, unsupported], String(coding));
  }
  const bomb = await send(gzipSync(Buffer.alloc(50_000_000, " ")), "gzip");
  assert.deepEqual([bomb.status, bomb.text], [413, "HTTP content length exceeded 100000 bytes."]);
  assert.equal(backend.requests.length, 6);
  assert.deepEqual(gateway.errors, []);
});

test("what compressed bodies hold counts towards the memory of all bodies", async () => {
  const waiting: (() => void)[] = [];
  await using backend = await startBackend((_, outgoing) => waiting.push(() => outgoing.end("done")));
  await using gateway = await startGateway({ limits: { bufferedBodyBytesMax: 1_000_000 } });
  gateway.deploy(anApi({ "/": { POST: aMethod(anHttpProxy(backend.origin), { httpMethod: "POST" }) } }));
  const body = gzipSync(Buffer.alloc(600_000));
  const send = (): ReturnType<typeof gateway.call> =>
    gateway.call("/", { method: "POST", body, headers: { "content-encoding": "gzip" } });
  const first = send();
  await until(() => waiting.length === 1);
  assert.equal((await send()).status, 503);
  waiting[0]!();
  assert.equal((await first).text, "done");
  const again = send();
  await until(() => waiting.length === 2);
  waiting[1]!();
  assert.equal((await again).status, 200);
});

test("a body over the payload limit is refused before it is validated", async () => {
  await using gateway = await startGateway({ payloadBytesMax: 1_000 });
  gateway.deploy(anApi({ "/": { POST: validated() } }));
  const reply = await gateway.call("/", { method: "POST", body: JSON.stringify({ name: "x".repeat(2_000) }) });
  assert.equal(reply.status, 413);
});

test("hostile bodies are refused like others: nested deep, with members of Object's prototype, with odd numbers", async () => {
  await using gateway = await startGateway();
  gateway.deploy(anApi({ "/": { POST: validated() } }));
  const send = async (body: string): Promise<string> => (await gateway.call("/", { method: "POST", body })).text;
  assert.equal(await send('{"name":"Rex","__proto__":{"name":1},"constructor":1}'), "ok");
  assert.equal(await send('{"__proto__":{"name":"Rex"}}'), invalid);
  assert.equal(await send(`{"name":"Rex","a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`), invalid);
  assert.equal(await send(`{"name":"Rex","price":1${"0".repeat(100_000)}}`), invalid);
  assert.equal(await send('{"name":"R","name":"Rex"}'), "ok");
  assert.deepEqual(gateway.errors, []);
});

test("the model $default validates bodies of every type that has no model of its own", async () => {
  await using gateway = await startGateway();
  for (const requestModels of [{ $default: "Pet" }, { $default: "Pet", "application/pets+json": "Pets" }]) {
    gateway.deploy(anApi({ "/pets": { POST: validated({ requestModels }) } }));
    const post = (body: string, type: string | undefined) =>
      gateway.call("/pets", { method: "POST", headers: type === undefined ? {} : { "Content-Type": type }, body });
    for (const type of ["application/json", "application/xml", "text/plain", "a/b", "x", "", ";", undefined]) {
      const refused = await post("{}", type);
      assert.deepEqual([refused.status, refused.text], [400, invalid], `type ${type}`);
    }
    for (const type of ["application/json", "application/xml", undefined]) {
      assert.equal((await post('{"name":"Rex"}', type)).status, 200, `type ${type}`);
    }
  }
  const own = await gateway.call("/pets", {
    method: "POST",
    headers: { "Content-Type": "application/pets+json" },
    body: '[{"name":"Rex"}]',
  });
  assert.equal(own.status, 200);
});

test("an empty Content-Type says as little as none: the body is validated as JSON", async () => {
  await using gateway = await startGateway();
  gateway.deploy(anApi({ "/pets": { POST: validated() } }));
  for (const type of ["", " ", ";", "; charset=utf-8"]) {
    const refused = await gateway.call("/pets", { method: "POST", headers: { "Content-Type": type }, body: "{}" });
    assert.deepEqual([refused.status, refused.text], [400, invalid], JSON.stringify(type));
  }
});

test("a required header that Connection names is not there for any integration", async () => {
  await using gateway = await startGateway();
  const requestParameters = { "method.request.header.X-R": true };
  gateway.deploy(anApi({ "/x": { GET: aMethod(aMock("ok"), { requestValidatorId: "params", requestParameters }) } }));
  assert.equal((await gateway.call("/x", { headers: { "X-R": "1" } })).status, 200);
  for (const connection of ["X-R", "x-r", "close, x-r"]) {
    const refused = await gateway.call("/x", { headers: { "X-R": "1", Connection: connection } });
    assert.equal(refused.status, 400, connection);
    assert.match(refused.text, /Missing required request parameters: \[X-R\]/);
  }
});

test("a body that comes too slowly is 408, whether it declares its length or is chunked, buffered or streamed", async () => {
  await using backend = await startBackend((_, outgoing) => outgoing.end("ok"));
  await using gateway = await startGateway({ limits: { bodyTimeoutMs: 50 } });
  const statuses: string[] = [];
  gateway.deploy(
    aRestApi({
      "/buffered": { POST: aMethod(aMock("ok", { requestTemplates: { "application/json": "$input.body" } })) },
      "/streamed": { POST: aMethod(anHttpProxy(backend.origin)) },
    }),
    aStage(),
  );
  for (const path of ["/buffered", "/streamed"]) {
    for (const framing of ["Content-Length: 100", "Content-Length: 100000", "Transfer-Encoding: chunked"]) {
      const head = `POST /prod${path} HTTP/1.1\r\nHost: abc123.execute-api.x\r\n${framing}\r\n\r\n`;
      const reply = await gateway.raw(head);
      statuses.push(reply.slice(9, 12));
      assert.match(reply, /\{"message":"Request Timeout"\}$/, `${path} ${framing}`);
    }
  }
  assert.deepEqual(new Set(statuses), new Set(["408"]));
});
