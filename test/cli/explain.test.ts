// `portico explain` against a started server, and the endpoint behind it.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  APIGatewayClient,
  CreateDeploymentCommand,
  ImportRestApiCommand,
  PutRestApiCommand,
} from "@aws-sdk/client-api-gateway";
import { makeClient } from "../conformance/sdk/sdk-client.ts";
import { type Portico, startPortico } from "../portico.ts";
import { type Ran, run } from "../tool.ts";
import { until } from "../until.ts";

const ok = { responses: { "200": { description: "ok" } } };
const secret = "Bearer 0123456789abcdef0123456789abcdef";

const document = (backend: string, more: object = {}): Buffer =>
  Buffer.from(
    JSON.stringify({
      openapi: "3.0.1",
      info: { title: "explained", version: "1" },
      paths: {
        "/pets/{id}": {
          post: {
            ...ok,
            parameters: [
              { name: "id", in: "path", required: true, schema: { type: "string" } },
              { name: "Authorization", in: "header", schema: { type: "string" } },
            ],
            "x-amazon-apigateway-integration": {
              type: "http",
              httpMethod: "POST",
              uri: `${backend}/$\{stageVariables.part}/{id}`,
              requestParameters: {
                "integration.request.path.id": "method.request.path.id",
                "integration.request.header.X-Auth": "method.request.header.Authorization",
              },
              requestTemplates: { "application/json": '{"name": $input.json("$.name")}' },
              responses: {
                default: { statusCode: "500" },
                "2\\d\\d": {
                  statusCode: "200",
                  responseTemplates: { "application/json": '{"is": $input.json("$.url")}' },
                },
              },
            },
          },
        },
        "/broken": {
          get: {
            ...ok,
            "x-amazon-apigateway-integration": {
              type: "mock",
              requestTemplates: { "application/json": '\n  $util.parseJson("{")' },
            },
          },
        },
        "/guarded": {
          get: {
            ...ok,
            security: [{ sigv4: [] }],
            "x-amazon-apigateway-integration": {
              type: "mock",
              requestTemplates: { "application/json": '{"statusCode": 200}' },
              responses: { default: { statusCode: "200" } },
            },
          },
        },
        ...more,
      },
      components: {
        securitySchemes: {
          sigv4: { type: "apiKey", name: "Authorization", in: "header", "x-amazon-apigateway-authtype": "awsSigv4" },
        },
      },
    }),
  );

const backend = createServer((incoming, outgoing) =>
  outgoing.writeHead(201, { "Set-Cookie": "session=abcdef0123456789" }).end(JSON.stringify({ url: incoming.url })),
);
let portico: Portico;
let client: APIGatewayClient;
let origin: string;
let restApiId: string;
let base: string;

before(async () => {
  await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
  portico = await startPortico();
  client = makeClient(APIGatewayClient, portico);
  restApiId = (await client.send(new ImportRestApiCommand({ body: document(origin) }))).id!;
  const variables = { part: "a" };
  await client.send(new CreateDeploymentCommand({ restApiId, stageName: "dev", variables }));
  base = `${portico.url}/_aws/execute-api/${restApiId}/dev`;
});
after(async () => {
  client?.destroy();
  await portico?.stop();
  backend.close();
});

const explain = (...args: string[]): Promise<Ran> =>
  run(process.execPath, [join(import.meta.dirname, "../../bin/portico.js"), "explain", ...args], {
    env: { PORTICO_PORT: String(portico.port) },
  });

/** The tree, without what differs each time. */
async function tree(...args: string[]): Promise<string> {
  const ran = await explain(...args, "--full");
  assert.equal(ran.status, 0, ran.stderr);
  return ran.stdout;
}

test("in short, each step is one line, and what was wrong stands behind it", async () => {
  const ran = await explain("post", `${base}/pets/7`, "-H", `Authorization: ${secret}`, "-d", '{"name": "Rex"}');
  assert.equal(ran.status, 0, ran.stderr);
  const lines = ran.stdout
    .replaceAll(/after \d+ ms/g, "after N ms")
    .replace(/\*{3,}\w*/, "***")
    .trimEnd()
    .split("\n");
  assert.deepEqual(lines, [
    `POST ${base}/pets/7`,
    `  stage dev of explained (${restApiId})`,
    "  route POST /pets/{id} with id=7",
    '  request body, 15 bytes: {"name": "Rex"}',
    '  request template application/json made, 15 bytes: {"name": "Rex"}',
    "  integration.request.path.id = method.request.path.id: 7",
    "  integration.request.header.X-Auth = method.request.header.Authorization: ***",
    `  sent POST ${origin}/a/7: {"name": "Rex"}`,
    "  received 201 after N ms",
    "  integration response 200: the pattern 2\\d\\d matches 201",
    '  received body, 14 bytes: {"url":"/a/7"}',
    '  response template application/json made, 14 bytes: {"is": "/a/7"}',
    '  answered 200 after N ms: {"is": "/a/7"}',
  ]);
  assert.match(ran.stderr, /--full shows headers and whole bodies/);
  const guarded = await explain("GET", `${base}/guarded`);
  assert.match(guarded.stdout, /Execution failed: Missing Authentication Token\n[\s\S]*answered 403 /);
});

test("--from says which statement of a resource policy decides on a client, and from where", async () => {
  const statement = { Effect: "Allow", Principal: "*", Action: "execute-api:Invoke", Resource: "*" };
  const policy = {
    Version: "2012-10-17",
    Statement: [
      statement,
      {
        ...statement,
        Sid: "Office",
        Effect: "Deny",
        Condition: { NotIpAddress: { "aws:SourceIp": "203.0.113.0/24" } },
      },
    ],
  };
  const guarded = { ...JSON.parse(document(origin).toString()), "x-amazon-apigateway-policy": policy };
  const { id } = await client.send(new ImportRestApiCommand({ body: Buffer.from(JSON.stringify(guarded)) }));
  await client.send(new CreateDeploymentCommand({ restApiId: id, stageName: "dev" }));
  const url = `/_aws/execute-api/${id}/dev/broken`;
  const outside = await explain("GET", url, "--from", "198.51.100.1");
  assert.match(outside.stdout, /^ {2}the resource policy denies the call: statement Office$/m);
  assert.match(outside.stdout, /answered 403/);
  const inside = await explain("GET", url, "--from", "203.0.113.7");
  assert.match(inside.stdout, /^ {2}the resource policy allows the call: statement number 1$/m);
  const nowhere = await explain("GET", url, "--from", "somewhere");
  assert.deepEqual([nowhere.status, nowhere.stderr.includes("sourceAddress has to be an IP address.")], [2, true]);
});

test("where the URL has another port than the server that runs the request, that is said", async () => {
  const elsewhere = `http://${restApiId}.execute-api.localhost:1/dev/guarded`;
  const ran = await explain("GET", elsewhere, "--endpoint", portico.url);
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(ran.stderr, new RegExp(`The URL's port is 1; the Portico at http://localhost:${portico.port} runs`));
  assert.doesNotMatch((await explain("GET", `${base}/guarded`)).stderr, /The URL's port/);
  const nobody = await explain("GET", elsewhere);
  assert.equal(nobody.status, 1);
  assert.match(nobody.stderr, /No Portico answers at http:\/\/127\.0\.0\.1:1, which the URL names/);
});

test("a request is followed from its stage to its answer: templates, mappings, what was sent and what came back", async () => {
  const text = await tree("post", `${base}/pets/7`, "-H", `Authorization: ${secret}`, "-d", '{"name": "Rex"}');
  const parts = [
    `POST ${base}/pets/7\n├─ stage dev of explained (${restApiId})\n`,
    "├─ route POST /pets/{id}\n│  └─ id: 7\n",
    "├─ steps\n│  ├─ throttle: gate that refuses with 429 when the throttle of the method or route, or of the account, has no token left\n│  └─ http: calls an HTTP backend",
    '├─ request body, 15 bytes\n│  └─ {"name": "Rex"}\n',
    "├─ request template for application/json: rendered\n",
    '├─ request template application/json made, 15 bytes\n│  └─ {"name": "Rex"}\n',
    "├─ integration.request.path.id = method.request.path.id\n│  └─ 7\n",
    "├─ integration.request.header.X-Auth = method.request.header.Authorization\n│  └─ ***",
    `├─ sent POST ${origin}/a/7\n`,
    "├─ received 201 after ",
    "├─ integration response 200: the pattern 2\\d\\d matches 201\n",
    '├─ received body, 14 bytes\n│  └─ {"url":"/a/7"}\n',
    "├─ response template application/json made, ",
    "└─ answered 200 after ",
    '   └─ body, 14 bytes\n      └─ {"is": "/a/7"}\n',
  ];
  let at = 0;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    assert.ok(found >= 0, `${part} is not, or not there, in\n${text}`);
    at = found;
  }
  assert.doesNotMatch(text, /0123456789abcdef|\x1b/);
});

test("--json has the same as data, with secrets masked, and other stage variables count for one request", async () => {
  const ran = await explain(
    "POST",
    `${base}/pets/7?api_key=abcdefghijkl`,
    "-H",
    `Authorization: ${secret}`,
    "--stage-variable",
    "part=other",
    "--json",
  );
  assert.equal(ran.status, 0, ran.stderr);
  assert.doesNotMatch(ran.stdout, /0123456789abcdef|abcdefghij/);
  const report = JSON.parse(ran.stdout);
  assert.deepEqual([report.method, report.status], ["POST", 200]);
  const kinds = report.events.map(({ kind }: { kind: string }) => kind);
  assert.deepEqual(
    kinds.filter((kind: string) => kind !== "mapping"),
    [
      ...["stage", "request", "request-body", "request-template", "template", "endpoint-request", "endpoint-response"],
      ...["integration-response", "endpoint-response-body", "template", "method-response", "completed", "answer"],
    ],
  );
  const sent = report.events.find(({ kind }: { kind: string }) => kind === "endpoint-request");
  assert.equal(sent.uri, `${origin}/other/7`);
  assert.match(await tree("POST", `${base}/pets/7`), new RegExp(`sent POST ${origin}/a/7`));
});

test("what fails says why: a template with its line, a method that wants a signature, no route, no stage", async () => {
  assert.match(
    await tree("GET", `${base}/broken`),
    /├─ Execution failed due to configuration error: Unable to transform request: the request template for application\/json, line 2, column \d+: [\s\S]*├─ gateway response API_CONFIGURATION_ERROR\n└─ answered 500 /,
  );
  assert.match(await tree("GET", `${base}/guarded`), /├─ gateway response MISSING_AUTHENTICATION_TOKEN/);
  assert.match(
    await tree("GET", `${base}/brokn`),
    /├─ refused: no route matches \/brokn; the nearest are GET \/broken\n/,
  );
  assert.match(await tree("DELETE", `${base}/broken`), /├─ refused: \/broken has no DELETE; it has GET\n/);
  assert.match(
    await tree("GET", `${portico.url}/_aws/execute-api/${restApiId}/prod/x`),
    /├─ refused: API \w+ has no deployed stage "prod"; it has dev\n└─ answered 403 /,
  );
});

test("a route that is not deployed is called that", async () => {
  const later = {
    "/later": { get: { ...ok, "x-amazon-apigateway-integration": { type: "mock", requestTemplates: {} } } },
  };
  await client.send(new PutRestApiCommand({ restApiId, mode: "overwrite", body: document(origin, later) }));
  await until(async () =>
    (await tree("GET", `${base}/later`)).includes("GET /later exists in the definition but is not deployed"),
  );
});

test("the body may come from a file, and the path without the server's address", async () => {
  const file = join(import.meta.dirname, "../../package.json");
  const text = await tree("POST", `/_aws/execute-api/${restApiId}/dev/pets/7`, "-d", `@${file}`);
  assert.match(text, /request template application\/json made, \d+ bytes\n│ {2}└─ \{"name": "portico/);
});

test("a host below localhost leads here, whatever the API's id begins with", async () => {
  for (const api of [restApiId, "7abc"]) {
    const text = await tree(
      "GET",
      `http://${api}.execute-api.us-east-1.localhost:${new URL(portico.url).port}/dev/none`,
    );
    assert.match(text, api === restApiId ? /no route matches \/none/ : /no stage of an API 7abc is deployed/);
  }
});

test("what can't be explained says what to do", async () => {
  for (const [args, pattern] of [
    [["GET", `${portico.url}/nothing`], /is no address of an API[\s\S]*portico routes/],
    [["GET", "no-url", "--endpoint", portico.url], /url has to be an http:, https:, ws: or wss: URL/],
    [["GET", base, "-H", "nocolon"], /-H nocolon is not a header[\s\S]*-H 'Name: value'/],
    [["GET", base, "-H", "a b: c"], /is no header's name/],
    [["G T", base], /method has to be an HTTP method/],
    [["GET", base, "-d", "@/nowhere"], /\/nowhere can't be read/],
    [["GET", base, "--stage-variable", "x"], /--stage-variable x has no value/],
  ] as const) {
    const ran = await explain(...args);
    assert.equal(ran.status, (args as readonly string[]).includes("@/nowhere") ? 1 : 2, ran.stdout);
    assert.match(ran.stderr, pattern);
    assert.doesNotMatch(ran.stderr, /\n {4}at /);
  }
});

test("the endpoint takes no nonsense, and no pages of other origins", async () => {
  const post = (body: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${portico.url}/_portico/explain`, { method: "POST", body, headers });
  const url = base;
  for (const body of [
    "",
    "[",
    "null",
    "[]",
    '{"method":"GET"}',
    JSON.stringify({ method: "GET", url: 1 }),
    JSON.stringify({ method: "GET\r\n", url }),
    JSON.stringify({ method: "GET", url: "file:///etc/passwd" }),
    JSON.stringify({ method: "GET", url, headers: ["a"] }),
    JSON.stringify({ method: "GET", url, headers: ["a", "b\r\nc: d"] }),
    JSON.stringify({ method: "GET", url, headers: { __proto__: 1 } }),
    JSON.stringify({ method: "GET", url, body: "%" }),
    JSON.stringify({ method: "GET", url, stageVariables: { a: 1 } }),
  ]) {
    const answer = await post(body);
    assert.equal(answer.status, 400, body);
    assert.equal(typeof ((await answer.json()) as { message: string }).message, "string");
  }
  const good = JSON.stringify({ method: "GET", url: `${base}/broken` });
  assert.equal((await post(good, { Origin: "https://evil.example" })).status, 403);
  assert.equal((await fetch(`${portico.url}/_portico/explain`)).status, 405);
  const long = await fetch(`${portico.url}/_portico/clock`, { method: "POST", body: " ".repeat(70_000) });
  assert.equal(long.status, 413);
  assert.equal((await post(good)).status, 200);
});
