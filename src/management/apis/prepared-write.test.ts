import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { makeRestManagement } from "../../../test/rest-management.ts";
import type { JobOptions } from "../../base/job.ts";

/** What happens between the next job and its transaction. */
let meanwhile: (() => Promise<unknown>) | undefined;
/** The options of the jobs that ran. */
let jobs: JobOptions[] = [];

const management = makeRestManagement({ edgeApis: 4, resourcesPerApi: 4 }, async (job, input, options = {}) => {
  jobs.push(options);
  const output = await job.run(input);
  const now = meanwhile;
  meanwhile = undefined;
  await now?.();
  return output;
});

const aDocument = (...paths: string[]): object => ({
  openapi: "3.0.1",
  info: { title: "Shop", version: "1" },
  paths: Object.fromEntries(paths.map((path) => [path, { get: { responses: { "200": { description: "" } } } }])),
});

const pathsOf = async (id: string): Promise<string[]> => {
  const { item } = await management.call(`GET /restapis/${id}/resources`);
  return (item as { path: string }[]).map(({ path }) => path).sort();
};

const importApi = async (...paths: string[]): Promise<string> =>
  (await management.call("POST /restapis?mode=import", aDocument(...paths))).id;

const addResource = async (id: string, pathPart: string): Promise<void> => {
  const { rootResourceId } = await management.call(`GET /restapis/${id}`);
  await management.call(`POST /restapis/${id}/resources/${rootResourceId}`, { pathPart });
};

beforeEach(() => {
  jobs = [];
  meanwhile = undefined;
});
after(() => management.close());

test("a document is read once, and no writer waits for it", async () => {
  meanwhile = () => management.call("POST /restapis", { name: "other" });
  const id = await importApi("/a");
  assert.deepEqual(await pathsOf(id), ["/", "/a"]);
  assert.deepEqual(jobs, [{}]);
});

for (const [mode, paths] of [
  ["merge", ["/", "/a", "/b", "/late"]],
  ["overwrite", ["/", "/b"]],
] as const)
  test(`an API that changes while a document for it is read is read again: ${mode}`, async () => {
    const id = await importApi("/a");
    jobs = [];
    meanwhile = () => addResource(id, "late");
    await management.call(`PUT /restapis/${id}?mode=${mode}`, aDocument("/b"));
    assert.deepEqual(await pathsOf(id), paths);
    assert.deepEqual(jobs.slice(0, 2), [{}, { isUrgent: true }]);
    await management.call(`DELETE /restapis/${id}`);
  });

test("what counts for limits is what is there in the end", async () => {
  const id = await importApi("/a");
  meanwhile = () => addResource(id, "late");
  const message = /Unable to create resource at path '\/late': Maximum number of Resources/;
  await management.refuses(`PUT /restapis/${id}?mode=merge`, aDocument("/b", "/c"), 400, message);
  // With the two of the first test there are three, and room for four.
  let last = "";
  meanwhile = async () => {
    last = (await management.call("POST /restapis", { name: "last" })).id;
  };
  await management.refuses("POST /restapis?mode=import", aDocument("/a"), 429, /Maximum number of .*APIs/);
  for (const made of [id, last]) await management.call(`DELETE /restapis/${made}`);
});

test("an API that is deleted while a document for it is read stays deleted", async () => {
  const { item } = await management.call("GET /restapis");
  const id = item.find(({ name }: { name: string }) => name === "Shop").id;
  meanwhile = () => management.call(`DELETE /restapis/${id}`);
  await management.refuses(`PUT /restapis/${id}`, aDocument("/b"), 404, /Invalid API identifier/);
});

test("documentation parts that come while others are read are kept", async () => {
  const id = await importApi("/a");
  const part = (type: string) => ({ location: { type }, properties: { description: type } });
  meanwhile = () =>
    management.call(`POST /restapis/${id}/documentation/parts`, {
      location: { type: "API" },
      properties: '{"description":"late"}',
    });
  await management.call(`PUT /restapis/${id}/documentation/parts?mode=merge`, {
    openapi: "3.0.1",
    "x-amazon-apigateway-documentation": {
      documentationParts: [{ ...part("RESOURCE"), location: { type: "RESOURCE", path: "/a" } }],
    },
  });
  const { item } = await management.call(`GET /restapis/${id}/documentation/parts`);
  assert.equal(item.length, 2);
});
