import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Portico, startPortico } from "../portico.ts";
import { type Ran, run } from "../tool.ts";

/** Nothing in it is set up for pages of other origins. */
const document = `
openapi: 3.0.1
info: { title: Shop, version: "1" }
x-amazon-apigateway-binary-media-types: ["*/*"]
paths:
  /things:
    put:
      responses: { "200": { description: ok }, "404": { description: none } }
      x-amazon-apigateway-integration: &mock
        type: mock
        contentHandling: CONVERT_TO_TEXT
        requestTemplates: { application/json: '{"statusCode": $input.params("status")}' }
        responses: { default: { statusCode: "200" }, "404": { statusCode: "404" } }
    delete:
      responses: { "200": { description: ok }, "404": { description: none } }
      x-amazon-apigateway-integration: *mock
  /old:
    get:
      responses: { "201": { description: ok } }
      x-amazon-apigateway-integration:
        type: mock
        contentHandling: CONVERT_TO_TEXT
        requestTemplates: { application/json: '{"statusCode": 201}' }
        responses: { default: { statusCode: "201" } }
    options:
      security: [{ sigv4: [] }]
      responses: { "204": { description: ok } }
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: { application/json: '{"statusCode": 204}' }
        responses: { default: { statusCode: "204" } }
  /backend:
    get:
      responses: { "200": { description: ok } }
      x-amazon-apigateway-integration: { type: http_proxy, httpMethod: GET, uri: "http://127.0.0.1:9999/" }
components:
  securitySchemes:
    sigv4: { type: apiKey, name: Authorization, in: header, x-amazon-apigateway-authtype: awsSigv4 }
`;

let portico: Portico;
let folder = "";
let url = "";

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "portico-cors-"));
  portico = await startPortico({ args: ["--threads", "1"] });
  writeFileSync(join(folder, "shop.yaml"), document);
  const imported = await cli("import", "shop.yaml", "--json");
  assert.equal(imported.status, 0, imported.stderr);
  url = `${portico.url}/_aws/execute-api/${(JSON.parse(imported.stdout) as { id: string }).id}/dev`;
});
after(async () => {
  assert.equal(await portico.stop(), 0);
  rmSync(folder, { recursive: true, force: true });
});

const cli = (...args: string[]): Promise<Ran> =>
  run(process.execPath, [join(import.meta.dirname, "../../bin/portico.js"), ...args, "--endpoint", portico.url], {
    cwd: folder,
  });

interface CorsReport {
  readonly applied: boolean;
  readonly changes: readonly { readonly of: string; readonly operation: string }[];
  readonly notes: readonly string[];
  readonly url?: string;
}

async function cors(...flags: string[]): Promise<CorsReport> {
  const { status, stdout, stderr } = await cli("cors", "Shop", "--json", ...flags);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as CorsReport;
}

/** An answer's status and its CORS headers. */
async function ask(method: string, path: string): Promise<readonly [number, Readonly<Record<string, string>>]> {
  const response = await fetch(`${url}${path}`, { method, headers: { Origin: "https://shop.example" } });
  await response.arrayBuffer();
  const headers = [...response.headers]
    .filter(([name]) => name.startsWith("access-control-"))
    .map(([name, value]): [string, string] => [name.replace("access-control-allow-", ""), value]);
  return [response.status, Object.fromEntries(headers)];
}

const usual = "Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token";

test("a dry run tells what would be made, and makes nothing", async () => {
  const { status, stdout } = await cli("cors", "Shop", "--dry-run");
  assert.equal(status, 0);
  assert.match(stdout, /OPTIONS \/things\n +a new method, for everybody\n +a MOCK integration that answers 200\n/);
  assert.match(stdout, /200 Access-Control-Allow-Methods: DELETE,OPTIONS,PUT\n/);
  assert.match(stdout, /GET \/backend: its backend \(HTTP_PROXY http:\/\/127\.0\.0\.1:9999\/\) itself has to answer/);
  assert.match(stdout, /\d+ calls would be made; this is a dry run/);
  const planned = await cors("--dry-run");
  assert.equal(planned.applied, false);
  assert.deepEqual((await cors("--dry-run")).changes, planned.changes);
});

test("what it makes and deploys answers browsers, and is made once", async () => {
  const made = await cors("--deploy", "dev");
  assert.ok(made.changes.length > 10);
  assert.ok(made.url?.endsWith("/dev"), String(made.url));
  assert.deepEqual(await ask("OPTIONS", "/things"), [
    200,
    { origin: "*", methods: "DELETE,OPTIONS,PUT", headers: usual },
  ]);
  assert.deepEqual(await ask("PUT", "/things?status=200"), [200, { origin: "*" }]);
  assert.deepEqual(await ask("PUT", "/things?status=404"), [404, {}]);
  // The OPTIONS method that was there wanted a signature and could not read its template: binary media types.
  assert.deepEqual(await ask("OPTIONS", "/old"), [204, { origin: "*", methods: "GET,OPTIONS", headers: usual }]);
  assert.deepEqual(await ask("GET", "/old"), [201, { origin: "*" }]);
  // Errors of the gateway's own.
  assert.deepEqual(await ask("GET", "/nowhere"), [403, { origin: "*" }]);
  assert.deepEqual(await ask("GET", "/backend"), [504, { origin: "*" }]);
  assert.deepEqual((await cors("--deploy", "dev")).changes, []);
  assert.match((await cli("cors", "Shop")).stdout, /is set up like that already/);
});

test("other settings replace what was there", async () => {
  const flags = ["--origin", "https://shop.example", "--credentials", "--max-age", "60", "--all-answers"];
  await cors(...flags, "--methods", "put,options", "--headers", "Content-Type, X-Trace", "--path", "/things");
  assert.deepEqual(await ask("PUT", "/things?status=200"), [200, { origin: "*" }], "not deployed yet");
  const { changes } = await cors(...flags, "--path", "/old", "--deploy", "dev");
  assert.ok(
    changes.every(({ of }) => of.endsWith(" /old")),
    JSON.stringify(changes),
  );
  const credentials = { origin: "https://shop.example", credentials: "true" };
  assert.deepEqual(await ask("OPTIONS", "/things"), [
    200,
    { ...credentials, methods: "PUT,OPTIONS", headers: "Content-Type,X-Trace", "access-control-max-age": "60" },
  ]);
  assert.deepEqual(await ask("PUT", "/things?status=404"), [404, credentials]);
  await cors("--deploy", "dev");
  assert.deepEqual(await ask("OPTIONS", "/things"), [
    200,
    { origin: "*", methods: "DELETE,OPTIONS,PUT", headers: usual },
  ]);
});

for (const [what, args, pattern, code] of [
  ["an API that is not there", ["Nope"], /There is no API Nope[\s\S]*Shop \(/, 1],
  ["a path that is not there", ["Shop", "--path", "/nope"], /no resource \/nope with methods[\s\S]*\/things/, 1],
  ["what is no origin", ["Shop", "--origin", "https://shop.example/"], /is not an origin/, 2],
  ["several origins", ["Shop", "--origin", "https://a.example,https://b.example"], /is not an origin/, 2],
  ["credentials for everybody", ["Shop", "--credentials"], /--credentials needs names/, 2],
  ["what is no header", ["Shop", "--headers", "a b"], /"a b" can't be the name/, 2],
  ["what is no time", ["Shop", "--max-age", "soon"], /number of seconds/, 2],
] as const)
  test(`${what} is refused, with what to do`, async () => {
    const { status, stderr } = await cli("cors", ...args);
    assert.equal(status, code);
    assert.match(stderr, pattern);
  });
