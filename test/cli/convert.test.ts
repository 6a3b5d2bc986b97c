// `portico convert` as its user runs it: what it makes of documents and of deployed APIs, and that both APIs do the same.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Portico, startPortico } from "../portico.ts";
import { type Ran, run } from "../tool.ts";

const root = join(import.meta.dirname, "../..");
const bin = join(root, "bin/portico.js");
let portico: Portico;
let backend: Server;
let folder = "";
let backendUrl = "";

before(async () => {
  portico = await startPortico();
  folder = mkdtempSync(join(tmpdir(), "portico-convert-"));
  // It answers what it got, but for what differs from API to API.
  backend = createServer((request, response) => {
    const { "x-mapped": mapped, "x-fixed": fixed, "content-type": type } = request.headers;
    let body = "";
    request.on("data", (part) => (body += part));
    request.on("end", () => response.end(JSON.stringify([request.method, request.url, mapped, fixed, type, body])));
  });
  await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
  backendUrl = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
});
after(async () => {
  backend.close();
  backend.closeAllConnections();
  await portico.stop();
  rmSync(folder, { recursive: true, force: true });
});

const command = (...args: string[]): Promise<Ran> =>
  run(process.execPath, [bin, ...args, "--endpoint", portico.url], { env: { NO_COLOR: "1" } });

interface DeployedApi {
  readonly id: string;
  readonly url: string;
}

/** Imports a document without a warning. */
async function deployed(file: string, ...more: string[]): Promise<DeployedApi> {
  const { status, stdout, stderr } = await command("import", file, "--deploy", "--json", ...more);
  assert.equal(status, 0, stderr);
  assert.equal(stderr, "");
  return JSON.parse(stdout) as DeployedApi;
}

const toBackend = (path: string, requestParameters: Readonly<Record<string, string>> = {}, more: object = {}) => ({
  responses: {},
  ...more,
  "x-amazon-apigateway-integration": {
    type: "http_proxy",
    httpMethod: "ANY",
    uri: `${backendUrl}${path}`,
    requestParameters,
  },
});

function aDocument(): string {
  const id = { name: "id", in: "path", required: true, schema: { type: "string" } };
  const proxy = { ...id, name: "proxy" };
  const any = "x-amazon-apigateway-any-method";
  const document = {
    openapi: "3.0.1",
    info: { title: "Shop", version: "1" },
    paths: {
      "/": { get: toBackend("/root") },
      "/pets": { get: toBackend("/p", { "integration.request.header.x-fixed": "'yes'" }), post: toBackend("/p") },
      "/pets/{id}": {
        get: toBackend(
          "/p/{pet}",
          {
            "integration.request.path.pet": "method.request.path.id",
            "integration.request.header.x-mapped": "method.request.querystring.q",
          },
          { parameters: [id, { name: "q", in: "query", schema: { type: "string" } }] },
        ),
        delete: toBackend("/p", {}, { security: [{ api_key: [] }] }),
      },
      "/files/{proxy+}": {
        [any]: toBackend(
          "/f/{proxy}",
          { "integration.request.path.proxy": "method.request.path.proxy" },
          { parameters: [proxy] },
        ),
      },
      "/files/secret": { get: toBackend("/secret", {}, { security: [{ api_key: [] }] }) },
    },
    components: { securitySchemes: { api_key: { type: "apiKey", name: "x-api-key", in: "header" } } },
  };
  const file = join(folder, "shop.json");
  writeFileSync(file, JSON.stringify(document));
  return file;
}

test("both APIs ask the backend the same, and what is guarded stays closed", async () => {
  const rest = await deployed(aDocument());
  const out = join(folder, "shop-http.json");
  const ran = await command("convert", rest.id, "--out", out, "--json");
  assert.equal(ran.status, 3, ran.stderr);
  const { losses } = JSON.parse(ran.stdout) as { losses: { where: string; effect: string; what: string }[] };
  assert.deepEqual(losses.map(({ where, effect, what }) => `${where} ${effect}: ${what}`).toSorted(), [
    "API changed: edge-optimized endpoint",
    "DELETE /pets/{id} left out: API key",
    "GET /files/secret closed: API key",
  ]);
  const http = await deployed(out);
  const requests: readonly (readonly [string, string, string?])[] = [
    ["GET", "/"],
    ["GET", "/pets?a=1&a=2&b=%20x"],
    ["POST", "/pets", '{"a":1}'],
    ["GET", "/pets/a%20b?q=hello"],
    ["GET", "/pets/7"],
    ["PUT", "/files/a/b.txt?v=1", "text"],
    ["GET", "/pets/7/"],
  ];
  for (const [method, path, body] of requests) {
    const answers = await Promise.all(
      [rest, http].map(async ({ url }) => {
        const headers = body === undefined ? {} : { "content-type": "application/json" };
        const response = await fetch(url + path, { method, headers, ...(body !== undefined && { body }) });
        return [response.status, await response.text()];
      }),
    );
    assert.deepEqual(answers[1], answers[0], `${method} ${path}`);
    assert.equal(answers[0]?.[0], 200, `${method} ${path}`);
  }
  for (const path of ["/files/secret", "/files/secret/"]) {
    assert.equal((await fetch(rest.url + path)).status, 403, path);
    assert.equal((await fetch(http.url + path)).status, 500, path);
  }
  assert.equal((await fetch(`${http.url}/pets/7`, { method: "DELETE" })).status, 404);
});

test("what is only on the server counts: a policy that acts at once leaves out all", async () => {
  const { id } = await deployed(aDocument());
  const value = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: "*", Action: "execute-api:Invoke", Resource: "*" }],
  });
  const patched = await fetch(`${portico.url}/restapis/${id}`, {
    method: "PATCH",
    body: JSON.stringify({ patchOperations: [{ op: "replace", path: "/policy", value }] }),
  });
  assert.equal(patched.status, 200);
  const ran = await command("convert", id, "--json");
  assert.equal(ran.status, 3);
  const { document } = JSON.parse(ran.stdout) as { document: { paths: object } };
  assert.deepEqual(document.paths, {});
});

for (const example of readdirSync(join(root, "examples"), { withFileTypes: true })) {
  const path = join(root, "examples", example.name);
  if (!example.isDirectory() || !readdirSync(path).includes("openapi.yaml") || example.name === "http-api") continue;
  test(`the example ${example.name} becomes a document that imports without a warning`, async () => {
    const out = join(folder, `${example.name}.yaml`);
    const ran = await command("convert", path, "--yaml", "--out", out);
    assert.ok(ran.status === 0 || ran.status === 3, ran.stderr);
    assert.match(ran.stdout, /WHERE +EFFECT +WHAT +WHAT TO DO/);
    await deployed(out);
  });
}

test("functions and their TOKEN authorizer answer the same behind both", async () => {
  const restFolder = join(folder, "rest");
  const httpFolder = join(folder, "http");
  for (const project of [restFolder, httpFolder]) {
    mkdirSync(join(project, "functions"), { recursive: true });
    writeFileSync(
      join(project, "functions", "show.mjs"),
      `export const handler = async (event) => ({ statusCode: 201, headers: { "x-made": "1" }, body: JSON.stringify([
        event.httpMethod, event.resource, event.pathParameters, event.queryStringParameters,
        event.multiValueQueryStringParameters, event.headers["x-mine"] ?? event.headers["X-Mine"], event.body,
        event.isBase64Encoded, event.requestContext.authorizer?.principalId, event.requestContext.authorizer?.team,
      ]) });`,
    );
    writeFileSync(
      join(project, "functions", "gate.mjs"),
      `export const handler = async ({ authorizationToken, methodArn }) => {
        if (authorizationToken === "none") throw new Error("Unauthorized");
        const Effect = authorizationToken === "let-me-in" ? "Allow" : "Deny";
        const Statement = [{ Action: "execute-api:Invoke", Effect, Resource: methodArn }];
        return { principalId: "ann", policyDocument: { Version: "2012-10-17", Statement }, context: { team: "red" } };
      };`,
    );
  }
  const uriOf = (name: string): string =>
    `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:${name}/invocations`;
  const integration = { type: "aws_proxy", httpMethod: "POST", uri: uriOf("show") };
  const operation = { responses: {}, "x-amazon-apigateway-integration": integration };
  const authorizer = { type: "token", authorizerUri: uriOf("gate"), authorizerResultTtlInSeconds: 0 };
  const scheme = { type: "apiKey", name: "Token", in: "header", "x-amazon-apigateway-authtype": "custom" };
  const document = {
    openapi: "3.0.1",
    info: { title: "Functions", version: "1" },
    paths: {
      "/a/{id}": { get: operation, post: operation },
      "/b": { get: { ...operation, security: [{ gate: [] }] } },
    },
    components: { securitySchemes: { gate: { ...scheme, "x-amazon-apigateway-authorizer": authorizer } } },
  };
  writeFileSync(join(restFolder, "openapi.json"), JSON.stringify(document));
  const converted = await command("convert", restFolder, "--out", join(httpFolder, "openapi.json"));
  assert.equal(converted.status, 0, converted.stderr);
  const urls: string[] = [];
  for (const [project, ...more] of [[restFolder], [httpFolder, "--name", "Converted"]] as const) {
    const up = await command("up", project, "--no-watch", ...more);
    assert.equal(up.status, 0, up.stdout + up.stderr);
    urls.push(/at (http:\S+)/.exec(up.stdout)![1]!);
  }
  const requests: readonly (readonly [string, Readonly<Record<string, string>>, number, string?])[] = [
    ["/a/x?q=1&q=2&r=%2B", { "X-Mine": "1" }, 201],
    ["/a/1", { "content-type": "application/json" }, 201, '{"a":"é"}'],
    ["/b", {}, 401],
    ["/b", { Token: "none" }, 401],
    ["/b", { Token: "other" }, 403],
    ["/b", { Token: "let-me-in" }, 201],
  ];
  for (const [path, headers, status, body] of requests) {
    const answers = await Promise.all(
      urls.map(async (url) => {
        const response = await fetch(url + path, { headers, ...(body !== undefined && { method: "POST", body }) });
        const text = await response.text();
        return [response.status, response.headers.get("x-made"), response.status === 201 ? text : ""];
      }),
    );
    assert.deepEqual(answers[1], answers[0], path);
    assert.equal(answers[0]?.[0], status, path);
  }
});

test("an HTTP API, and a document of one, is refused", async () => {
  const { id } = await deployed(join(folder, "shop-http.json"));
  for (const source of [id, join(root, "examples/http-api")]) {
    const ran = await command("convert", source);
    assert.equal(ran.status, 1);
    assert.match(ran.stderr, /HTTP API already/);
  }
});

test("a document that can't be read is refused with its place", async () => {
  const file = join(folder, "wrong.json");
  const operation = { responses: {}, "x-amazon-apigateway-integration": { type: "http_proxy" } };
  writeFileSync(
    file,
    JSON.stringify(
      { openapi: "3.0.1", info: { title: "W", version: "1" }, paths: { "/a": { get: operation } } },
      null,
      2,
    ),
  );
  const ran = await command("convert", file);
  assert.equal(ran.status, 1);
  assert.equal(ran.stdout, "");
  assert.match(ran.stderr, /wrong\.json:\d+:\d+/);
});
