import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startPortico } from "../portico.ts";
import { until } from "../until.ts";
import { Up } from "./up-process.ts";

const root = join(import.meta.dirname, "../..");
const github = join(root, ".ci/tools/node_modules/@octokit/openapi/generated/api.github.com.json");

const document = (kind: string): string => `
openapi: ${kind}
info: { title: Mocked, version: "1" }
paths:
  /pets:
    get:
      responses:
        "200":
          description: some
          headers: { X-Next: { schema: { type: string, example: "/pets?page=2" } } }
          content: { application/json: { schema: { type: array, items: { $ref: pet.yaml } } } }
        default: { description: an error, content: { application/json: { example: { message: it broke } } } }
    post:
      security: [{ api_key: [] }]
      requestBody: { content: { application/json: { schema: { $ref: pet.yaml } } } }
      responses: { "201": { description: made } }
  /pets/{petId}:
    get:
      parameters: [{ name: petId, in: path, required: true, schema: { type: string } }]
      responses:
        "200":
          description: a pet
          content:
            application/json:
              examples:
                dog: { value: { name: "Rex, $5 #1" } }
                cat: { value: { name: Tom } }
            text/plain: { example: Rex }
        "404":
          description: none
          content: { application/json: { examples: { gone: { value: { message: gone } } } } }
  /owners/{name}/orders/{number}:
    get:
      responses:
        "200":
          description: an order
          content:
            application/json:
              schema: { type: object, properties: { name: { type: string }, number: { type: integer }, note: { const: "$5 #1" } } }
  /own:
    get:
      responses: { "200": { description: ok } }
      x-amazon-apigateway-integration: { type: mock, requestTemplates: { application/json: '{"statusCode": 200}' }, responses: { default: { statusCode: "200", responseTemplates: { application/json: '"own"' } } } }
components:
  securitySchemes: { api_key: { type: apiKey, name: x-api-key, in: header } }
`;

let folder = "";
let up: Up;
let base = "";

const get = async (path: string, headers: Readonly<Record<string, string>> = {}): Promise<[number, string]> => {
  const response = await fetch(`${base}${path}`, { headers });
  return [response.status, await response.text()];
};

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "portico-mock-"));
  writeFileSync(join(folder, "openapi.yaml"), document("3.1.0"));
  writeFileSync(join(folder, "pet.yaml"), "type: object\nproperties: { name: { type: string, example: Rex } }\n");
  up = new Up([folder, "--mock", "--port", "0", "--memory"], folder);
  base = (await up.until(/ at (http:\S+)/))[1] ?? "";
  await up.until(/Ctrl-C stops/);
});

after(async () => {
  assert.equal(await up.stop(), 0);
  rmSync(folder, { recursive: true, force: true });
});

test("it says what is mocked", () => {
  assert.match(up.output, /Mocked: 4 of 5 routes/);
  assert.match(up.output, /GET +\/pets +MOCK \(--mock\)/);
  assert.match(up.output, /GET +\/own +MOCK +http/);
  assert.doesNotMatch(up.output, /warning|error/);
});

test("operations without an integration answer with examples and by their schemas", async () => {
  assert.deepEqual(await get("/pets"), [200, '[{"name":"Rex"}]']);
  assert.equal((await fetch(`${base}/pets`)).headers.get("x-next"), "/pets?page=2");
  assert.deepEqual(await get("/pets/7"), [200, '{"name":"Rex, $5 #1"}']);
  assert.deepEqual(await get("/pets/7", { accept: "text/plain" }), [200, "Rex"]);
  assert.deepEqual(await get("/own"), [200, '"own"']);
  // Nobody has a key of a design.
  assert.equal((await fetch(`${base}/pets`, { method: "POST", body: "{}" })).status, 201);
});

for (const [path, name, number] of [
  ["/owners/Ann/orders/7", "Ann", 7],
  ["/owners/O'Neil/orders/07", "O'Neil", 1],
  ["/owners/a%20b/orders/x", "string", 1],
] as const)
  test(`what is called like a variable of the path is what the path has: ${path}`, async () =>
    assert.deepEqual(JSON.parse((await get(path))[1]), { name, number, note: "$5 #1" }));

for (const [prefer, answer] of [
  ["code=404", [404, '{"message":"gone"}']],
  ["example=cat", [200, '{"name":"Tom"}']],
  ['example="cat"', [200, '{"name":"Tom"}']],
  ["respond-async, example=gone", [404, '{"message":"gone"}']],
  ["code=200; example=cat", [200, '{"name":"Tom"}']],
  ["code=418", [200, '{"name":"Rex, $5 #1"}']],
  ["example=nobody", [200, '{"name":"Rex, $5 #1"}']],
] as const)
  test(`Prefer: ${prefer}`, async () => {
    // Names of headers are lower-case from some clients, and not from others.
    assert.deepEqual(await get("/pets/7", { prefer }), answer);
    assert.deepEqual(await get(`/pets/7?Prefer=${encodeURIComponent(prefer)}`), answer);
  });

test("`default` answers where an error is asked for", async () =>
  assert.deepEqual(await get("/pets", { Prefer: "code=500" }), [500, '{"message":"it broke"}']));

test("pages of other origins may call it", async () => {
  const preflight = await fetch(`${base}/pets`, {
    method: "OPTIONS",
    headers: { Origin: "https://app.example", "Access-Control-Request-Method": "POST" },
  });
  assert.equal(preflight.status, 200);
  assert.equal(preflight.headers.get("access-control-allow-headers"), "*,Authorization");
  assert.equal(preflight.headers.get("access-control-allow-methods"), "*");
  for (const path of ["/pets", "/pets/1", "/nowhere"])
    assert.equal((await fetch(`${base}${path}`)).headers.get("access-control-allow-origin"), "*", path);
});

test("a saved schema in another file is another answer", async () => {
  const from = up.output.length;
  writeFileSync(join(folder, "pet.yaml"), "type: object\nproperties: { name: { type: string, example: Bello } }\n");
  await up.until(/deployed Mocked in \d+ ms/, from);
  assert.deepEqual(await get("/pets"), [200, '[{"name":"Bello"}]']);
});

test("without --mock it is named as a way out, and a server with AWS's limits as the reason", async () => {
  const plain = new Up([folder, "--port", "0", "--memory", "--threads", "1"], folder);
  await plain.until(/With --mock, operations without an integration answer/);
  assert.equal(await plain.stop(), 0);
  const strict = await startPortico({ args: ["--threads", "1"] });
  const named = join(folder, "named.yaml");
  writeFileSync(
    named,
    document("3.0.3").replace("components:", "components:\n  schemas: { simple-pet: { type: object } }"),
  );
  const refused = new Up([named, "--mock", "--no-watch", "--endpoint", strict.url], folder);
  await refused.until(/Model name must be alphanumeric/);
  await refused.until(/Where none runs, `up --mock` starts a server that takes/);
  await strict.stop();
});

test("GitHub's description, of 1,200 operations, with one command", {
  skip: existsSync(github) ? false : "@octokit/openapi is not installed",
}, async () => {
  const large = new Up([github, "--mock", "--port", "0", "--memory", "--threads", "1"], folder);
  const stage = (await large.until(/ at (http:\S+)/, 0, 60_000))[1] ?? "";
  await large.until(/Mocked: all routes/);
  await large.until(/Ctrl-C stops/);
  const repository = await fetch(`${stage}/repos/octocat/Hello-World`);
  assert.equal(((await repository.json()) as { full_name: string }).full_name, "octocat/Hello-World");
  const lacking = await fetch(`${stage}/repos/a/b`, { headers: { prefer: "code=404" } });
  assert.deepEqual([lacking.status, Object.keys((await lacking.json()) as object)[0]], [404, "message"]);
  assert.equal(await large.stop(), 0);
});

test("a document of an HTTP API is mocked as one, and goes on being mocked after a save", async () => {
  const project = mkdtempSync(join(tmpdir(), "portico-up-mock-http-"));
  const write = (name: string): void =>
    writeFileSync(
      join(project, "openapi.yaml"),
      `
openapi: 3.0.1
info: { title: MockedHttp, version: "1" }
x-amazon-apigateway-importexport-version: "1.0"
paths:
  /pets/{petId}:
    get:
      security: [{ jwt: [] }]
      responses:
        "200": { description: a pet, headers: { X-Kind: { schema: { type: string, example: dog } } }, content: { application/json: { schema: { type: object, properties: { petId: { type: string }, name: { const: ${name} } } } } } }
        "404": { description: none, content: { application/json: { example: { message: gone } } } }
    options: { responses: { "200": { description: of CORS } } }
  /$default:
    x-amazon-apigateway-any-method: { isDefaultRoute: true, responses: { "202": { description: all } } }
components:
  securitySchemes: { jwt: { type: http, scheme: bearer } }
`,
    );
  write("Rex");
  const mocked = new Up([project, "--mock", "--port", "0", "--memory"], project);
  try {
    const [, base = ""] = await mocked.until(/stage \$default, at (http:\S+)/);
    await mocked.until(/Ctrl-C stops/);
    assert.match(mocked.output, /Mocked: all routes/);
    assert.doesNotMatch(mocked.output, /answers 50\d|warning/);
    const pet = await fetch(`${base}/pets/seven`, { headers: { origin: "https://app.example" } });
    assert.deepEqual(await pet.json(), { petId: "seven", name: "Rex" });
    assert.equal(pet.headers.get("x-kind"), "dog");
    assert.equal(pet.headers.get("access-control-allow-origin"), "*");
    const gone = await fetch(`${base}/pets/7`, { headers: { prefer: "code=404" } });
    assert.deepEqual([gone.status, await gone.json()], [404, { message: "gone" }]);
    assert.equal((await fetch(`${base}/other`, { method: "POST" })).status, 202);
    write("Tom");
    await until(async () => /Tom/.test(await (await fetch(`${base}/pets/1`)).text()));
  } finally {
    assert.equal(await mocked.stop(), 0);
    rmSync(project, { recursive: true, force: true });
  }
});
