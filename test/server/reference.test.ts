import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Portico, startPortico } from "../portico.ts";

let portico: Portico;
let path = "";

const mock = {
  type: "mock",
  requestTemplates: { "application/json": '{"statusCode": 200}' },
  responses: { default: { statusCode: "200" } },
};
const shop = {
  openapi: "3.0.1",
  info: { title: "Shop", version: "1", description: "Sells <things>." },
  paths: {
    "/text": {
      get: {
        description: "Only text, which AWS does not export.",
        responses: { "200": { description: "words", content: { "text/plain": { schema: { type: "string" } } } } },
        "x-amazon-apigateway-integration": mock,
      },
    },
  },
  components: { schemas: { Item: { type: "object", properties: { id: { type: "integer", minimum: 5 } } } } },
};

interface DescribedApi {
  readonly id: string;
  readonly info: { readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  readonly servers: unknown;
  readonly examples: Readonly<Record<string, unknown>>;
  readonly item: readonly { readonly id: string; readonly location: { readonly type: string } }[];
}

const call = async (target: string, body?: object): Promise<DescribedApi> => {
  const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const response = await fetch(`${portico.url}${target}`, init);
  assert.ok(response.ok, `${target}: ${response.status}`);
  return (await response.json()) as DescribedApi;
};
const get = async (
  target: string,
  init: RequestInit = {},
): Promise<{ status: number; type: string; text: string; headers: Headers }> => {
  const response = await fetch(`${portico.url}${target}`, init);
  const { status, headers } = response;
  return { status, headers, type: headers.get("content-type") ?? "", text: await response.text() };
};

before(async () => {
  portico = await startPortico({ args: ["--threads", "1"] });
  const { id } = await call("/restapis?mode=import", shop);
  await call(`/restapis/${id}/deployments`, { stageName: "dev" });
  path = `/_portico/docs/${id}/dev`;
});
after(() => portico.stop());

test("the document has the stage's operations, the texts of the parts, and where it answers", async () => {
  const document = await call(`${path}/openapi.json`);
  assert.equal(document.info.description, "Sells <things>.");
  const operation = document.paths["/text"]?.["get"];
  assert.equal(operation?.["description"], "Only text, which AWS does not export.");
  assert.equal(operation?.["x-amazon-apigateway-integration"], undefined);
  const [, , , api] = path.split("/");
  assert.deepEqual(document.servers, [{ url: `/_aws/execute-api/${api}/dev` }]);
  const yaml = await get(`${path}/openapi.yaml`);
  assert.equal(yaml.type, "application/yaml");
  assert.match(yaml.text, /^openapi: 3\.0\.1\n/);
  const { examples } = await call(`${path}/reference.json`);
  assert.deepEqual(examples["Item"], { id: 5 });
});

test("a stage with a documentation version shows that, and not the parts as they are", async () => {
  const [, , , id] = path.split("/");
  await call(`/restapis/${id}/documentation/versions`, { documentationVersion: "v1", stageName: "dev" });
  const { item } = await call(`/restapis/${id}/documentation/parts`);
  const part = (item as unknown as { id: string; location: { type: string } }[]).find(
    (one) => one.location.type === "API",
  )!;
  const patch = { patchOperations: [{ op: "replace", path: "/properties", value: '{"info":{"description":"New."}}' }] };
  const target = `${portico.url}/restapis/${id}/documentation/parts/${part.id}`;
  assert.equal((await fetch(target, { method: "PATCH", body: JSON.stringify(patch) })).status, 200);
  const { info } = await call(`${path}/openapi.json`);
  assert.equal(info.description, "Sells <things>.");
});

test("pages come with a policy that lets only their own files run", async () => {
  for (const target of ["/_portico/docs", "/_portico/docs/", path, `${path}/`]) {
    const page = await get(target);
    assert.deepEqual([page.status, page.type], [200, "text/html; charset=utf-8"], target);
    const policy = page.headers.get("content-security-policy") ?? "";
    assert.match(policy, /default-src 'none'.*script-src 'self'/);
    assert.doesNotMatch(policy, /unsafe|https?:/);
    assert.equal(page.headers.get("x-content-type-options"), "nosniff");
    // All that it refers to is there.
    for (const [, file = ""] of page.text.matchAll(/(?:href|src)="(\/_portico\/docs\/assets\/[^"]+)"/g))
      assert.equal((await get(file)).status, 200, file);
    assert.doesNotMatch(page.text, /https?:|<script>|style=|\son\w+=/);
  }
  const { text } = await get("/_portico/docs/assets/page.mjs");
  for (const [, file = ""] of text.matchAll(/from "\.\/([^"]+)"/g))
    assert.match((await get(`/_portico/docs/assets/${file}`)).type, /^text\/javascript/, file);
});

test("what is not there says what is", async () => {
  const hostile = "/_portico/docs/%3Cscript%3Ealert(1)%3C%2Fscript%3E/dev";
  const page = await get(hostile);
  assert.deepEqual([page.status, page.type], [404, "text/html; charset=utf-8"]);
  assert.match(
    page.text,
    /There is no stage dev of an API &lt;script&gt;alert\(1\)&lt;\/script&gt;\. There are \w+\/dev \(Shop\)/,
  );
  assert.doesNotMatch(page.text, /<script>alert/);
  const document = await get("/_portico/docs/none/dev/openapi.json");
  assert.deepEqual([document.status, document.type], [404, "application/json"]);
  assert.match(document.text, /There is no stage dev of an API none/);
  for (const target of [
    "/_portico/docs/assets/page.html",
    "/_portico/docs/assets/..%2Freference.ts",
    "/_portico/docs/assets/..%2f..%2f..%2fpackage.json",
    "/_portico/docs/assets/constructor",
    "/_portico/docs/assets/%ff",
    `${path}/openapi.json/more`,
    `${path}/__proto__`,
    `${path}/..%2F..%2F..%2F..%2Fetc%2Fpasswd`,
    "/_portico/docs/a",
  ])
    assert.equal((await get(target)).status, 404, target);
});

test("it is read only, and nobody else's pages read it", async () => {
  assert.equal((await get("/_portico/docs", { method: "POST" })).status, 405);
  assert.equal((await get(path, { method: "HEAD" })).status, 200);
  assert.equal((await get(`${path}/openapi.json`, { headers: { origin: "https://evil.example" } })).status, 403);
});
