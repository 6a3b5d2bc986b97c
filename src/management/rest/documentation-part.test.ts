// Documentation: parts, versions, imports, and what stages and exports make of them.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { makeRestManagement, type RestManagement } from "../../../test/rest-management.ts";

let management: RestManagement;
let api: string;
let parts: string;
let versions: string;
before(() => {
  management = makeRestManagement({ documentationPartsPerApi: 5 });
});
after(() => management.close());
beforeEach(async () => {
  await management.store.reset();
  const { id, rootResourceId } = await management.call("POST /restapis", { name: "documented" });
  api = `/restapis/${id}`;
  parts = `${api}/documentation/parts`;
  versions = `${api}/documentation/versions`;
  await management.call(`PUT ${api}/resources/${rootResourceId}/methods/GET`, { authorizationType: "NONE" });
  await management.call(`PUT ${api}/resources/${rootResourceId}/methods/GET/integration`, { type: "MOCK" });
});

const replace = (path: string, value: string) => ({ patchOperations: [{ op: "replace", path, value }] });
const aDocument = (documentationParts: unknown, more = {}) => ({
  openapi: "3.0.1",
  info: { title: "documented", version: "1" },
  paths: {},
  "x-amazon-apigateway-documentation": { documentationParts },
  ...more,
});

describe("documentation parts", () => {
  it("live: create, get, list, change, delete", async () => {
    const made = await management.call(`POST ${parts}`, {
      location: { type: "METHOD", method: "GET" },
      properties: '{"summary":"one"}',
    });
    assert.match(made.id, /^[a-z0-9]{6}$/);
    assert.deepEqual(made.location, { type: "METHOD", path: "/", method: "GET", statusCode: null, name: null });
    assert.deepEqual(await management.call(`GET ${parts}/${made.id}`), made);
    assert.deepEqual(await management.call(`GET ${parts}`), { item: [made] });
    const changed = await management.call(`PATCH ${parts}/${made.id}`, replace("/properties", '{"summary":"two"}'));
    assert.deepEqual(changed, { ...made, properties: '{"summary":"two"}' });
    await management.call(`DELETE ${parts}/${made.id}`);
    const missing = "Invalid Documentation part identifier specified";
    await management.refuses(`GET ${parts}/${made.id}`, undefined, 404, missing);
    await management.refuses(`DELETE ${parts}/${made.id}`, undefined, 404, missing);
  });

  it("show absent members of a location as null", async () => {
    await management.call(`POST ${parts}`, { location: { type: "API" }, properties: "{}" });
    const text = await management.text(`GET ${parts}`);
    assert.match(text, /"location":\{"method":null,"name":null,"path":null,"statusCode":null,"type":"API"\}/);
  });

  it("are one a location, defaults counted", async () => {
    const properties = "{}";
    await management.call(`POST ${parts}`, { location: { type: "API" }, properties });
    await management.call(`POST ${parts}`, { location: { type: "RESPONSE", statusCode: "" }, properties });
    await management.refuses(
      `POST ${parts}`,
      { location: { type: "API" }, properties },
      409,
      "Documentation part already exists for the specified location: type 'API'.",
    );
    await management.refuses(
      `POST ${parts}`,
      { location: { type: "RESPONSE", path: "/", method: "*" }, properties },
      409,
      "Documentation part already exists for the specified location: type 'RESPONSE', path '/', method '*', statusCode '*'.",
    );
  });

  it("refuse locations and contents that are none", async () => {
    const location = { type: "API" };
    for (const [given, message] of [
      [{ type: "RESOURCE", method: "GET" }, /'method' is not valid for type 'RESOURCE'/],
      [{ type: "API", name: "x" }, /'name' is not valid for type 'API'/],
      [{ type: "PATH_PARAMETER" }, /'name' is required/],
      [{ type: "METHOD", method: "get" }, /'method' is not a verb/],
      [{ type: "RESOURCE", path: "pets" }, /'path' has to begin/],
      [{ type: "PAGE" }, /enum value set/],
    ] as const) {
      await management.refuses(`POST ${parts}`, { location: given, properties: "{}" }, 400, message);
    }
    for (const properties of ["", "[]", "null", '"text"', "{"]) {
      await management.refuses(`POST ${parts}`, { location, properties }, 400, /must be a JSON object/);
    }
    const { id } = await management.call(`POST ${parts}`, { location, properties: "{}" });
    await management.refuses(`PATCH ${parts}/${id}`, replace("/properties", "no"), 400, /must be a JSON object/);
    await management.refuses(
      `PATCH ${parts}/${id}`,
      replace("/location", "x"),
      400,
      "Invalid patch path  '/location' specified for op 'replace'. Must be one of: [/properties]",
    );
    assert.deepEqual((await management.call(`GET ${parts}`)).item.length, 1);
  });

  it("are at most as many as the limit says", async () => {
    const aPart = (name: string) => ({ location: { type: "MODEL", name }, properties: "{}" });
    for (const name of ["a", "b", "c", "d", "e"]) await management.call(`POST ${parts}`, aPart(name));
    await management.refuses(`POST ${parts}`, aPart("f"), 429, /Maximum number of Documentation Parts/);
    await management.refuses(`PUT ${parts}`, aDocument([aPart("f")]), 400, /Maximum number of Documentation Parts/);
    assert.equal((await management.call(`GET ${parts}`)).item.length, 5);
  });

  it("are listed by type, name, path, whether they say something, and in pages", async () => {
    await management.call(
      `PUT ${parts}`,
      aDocument([
        { location: { type: "API" }, properties: { a: 1 } },
        { location: { type: "MODEL", name: "Pet" }, properties: {} },
        { location: { type: "METHOD", path: "/pets", method: "GET" }, properties: { a: 1 } },
        { location: { type: "RESOURCE", path: "/pets" }, properties: { a: 1 } },
      ]),
    );
    const count = async (query: string) => (await management.call(`GET ${parts}?${query}`)).item.length;
    assert.equal(await count("type=METHOD"), 1);
    assert.equal(await count("name=Pet"), 1);
    assert.equal(await count("path=/pets"), 2);
    assert.equal(await count("path=/pets&type=RESOURCE"), 1);
    assert.equal(await count("locationStatus=DOCUMENTED"), 3);
    assert.equal(await count("locationStatus=UNDOCUMENTED"), 1);
    const first = await management.call(`GET ${parts}?limit=3&locationStatus=DOCUMENTED`);
    assert.equal(first.position, undefined);
    const page = await management.call(`GET ${parts}?limit=3`);
    const rest = await management.call(`GET ${parts}?limit=3&position=${page.position}`);
    assert.equal(new Set([...page.item, ...rest.item].map((part: { id: string }) => part.id)).size, 4);
  });
});

describe("imports of documentation parts", () => {
  it("merge: new ones are added, contents are merged, ids stay", async () => {
    const { id } = await management.call(`POST ${parts}`, { location: { type: "API" }, properties: '{"a":1,"b":1}' });
    await management.call(`POST ${parts}`, { location: { type: "RESOURCE" }, properties: '{"kept":true}' });
    const { ids, warnings } = await management.call(
      `PUT ${parts}?mode=merge&failonwarnings=true`,
      aDocument([
        { location: { type: "METHOD" }, properties: { c: 3 } },
        { location: { type: "API" }, properties: { b: 2 } },
      ]),
    );
    assert.equal(ids.length, 2);
    assert.equal(ids[0], id);
    assert.equal(warnings, undefined);
    assert.equal((await management.call(`GET ${parts}/${id}`)).properties, '{"a":1,"b":2}');
    assert.equal((await management.call(`GET ${parts}`)).item.length, 3);
  });

  it("overwrite: the collection is what the document says", async () => {
    await management.call(`POST ${parts}`, { location: { type: "API" }, properties: '{"a":1}' });
    await management.call(`POST ${parts}`, { location: { type: "RESOURCE" }, properties: "{}" });
    await management.call(
      `PUT ${parts}?mode=overwrite`,
      aDocument([{ location: { type: "API" }, properties: { b: 2 } }]),
    );
    const { item } = await management.call(`GET ${parts}`);
    assert.deepEqual(
      item.map((part: { properties: string }) => part.properties),
      ['{"b":2}'],
    );
  });

  it("refuse what can't be read, and change nothing", async () => {
    await management.call(`POST ${parts}`, { location: { type: "API" }, properties: '{"a":1}' });
    for (const body of ["", "{", "[]", "openapi: [", '{"x-amazon-apigateway-documentation":{}}']) {
      await management.refuses(
        `PUT ${parts}?mode=overwrite`,
        body,
        400,
        /Unable to build importer with provided input\.|failed to satisfy|Unable to import documentation parts/,
      );
    }
    await management.refuses(
      `PUT ${parts}?mode=overwrite`,
      aDocument([
        { location: { type: "API" }, properties: {} },
        { location: { type: "PAGE" }, properties: {} },
      ]),
      400,
      "Errors found during import:\n\tUnable to create documentation part: Invalid documentation part location type specified: PAGE",
    );
    await management.refuses(
      `PUT ${parts}?failonwarnings=true`,
      { openapi: "3.0.1", info: { title: "t", version: "1" } },
      400,
      /^Warnings found during import:\n\tExtension x-amazon-apigateway-documentation is missing/,
    );
    const { item } = await management.call(`GET ${parts}`);
    assert.deepEqual(
      item.map((part: { properties: string }) => part.properties),
      ['{"a":1}'],
    );
  });

  it("of whole APIs take the parts along, unless they are to be ignored", async () => {
    const document = aDocument([{ location: { type: "API" }, properties: { a: 1 } }]);
    const made = await management.call("POST /restapis?mode=import", document);
    const of = (id: string) => management.call(`GET /restapis/${id}/documentation/parts`);
    const [part] = (await of(made.id)).item;
    assert.equal(part.properties, '{"a":1}');
    await management.call(`PUT /restapis/${made.id}?mode=overwrite&ignore=documentation`, aDocument([]));
    assert.equal((await of(made.id)).item.length, 1);
    const ignored = await management.call("POST /restapis?mode=import&ignore=documentation", document);
    assert.deepEqual(await of(ignored.id), { item: [] });
    await management.call(`PUT /restapis/${made.id}?mode=overwrite`, aDocument([]));
    assert.deepEqual(await of(made.id), { item: [] });
  });

  it("copies of an API have parts of their own", async () => {
    const { id } = await management.call(`POST ${parts}`, { location: { type: "API" }, properties: '{"a":1}' });
    const copy = await management.call("POST /restapis", { name: "copy", cloneFrom: api.split("/")[2] });
    const [part] = (await management.call(`GET /restapis/${copy.id}/documentation/parts`)).item;
    assert.equal(part.properties, '{"a":1}');
    assert.notEqual(part.id, id);
  });
});

describe("documentation versions", () => {
  it("live: create, get, list, change, delete", async () => {
    const made = await management.call(`POST ${versions}`, { documentationVersion: "1.0", description: "first" });
    assert.deepEqual(made, { version: "1.0", createdDate: 1_700_000_000, description: "first" });
    assert.deepEqual(await management.call(`GET ${versions}/1.0`), made);
    assert.deepEqual(await management.call(`GET ${versions}`), { item: [made] });
    const changed = await management.call(`PATCH ${versions}/1.0`, replace("/description", "second"));
    assert.equal(changed.description, "second");
    await management.refuses(`POST ${versions}`, { documentationVersion: "1.0" }, 409, /already exists/);
    await management.refuses(`POST ${versions}`, { documentationVersion: " " }, 400, /Invalid Documentation version/);
    await management.call(`DELETE ${versions}/1.0`);
    await management.refuses(`GET ${versions}/1.0`, undefined, 404, "Invalid Documentation version specified");
  });

  it("keep the parts as they were, for the exports of the stages that show them", async () => {
    await management.call(`POST ${api}/deployments`, { stageName: "dev" });
    const { id } = await management.call(`POST ${parts}`, { location: { type: "API" }, properties: '{"a":1}' });
    const exported = async (extensions: string) =>
      JSON.parse(await management.text(`GET ${api}/stages/dev/exports/oas30?extensions=${extensions}`));
    assert.equal("x-amazon-apigateway-documentation" in (await exported("documentation")), false);
    await management.call(`POST ${versions}`, { documentationVersion: "1.0", stageName: "dev" });
    assert.equal((await management.call(`GET ${api}/stages/dev`)).documentationVersion, "1.0");
    await management.call(`PATCH ${parts}/${id}`, replace("/properties", '{"a":2}'));
    assert.deepEqual((await exported("documentation,integrations"))["x-amazon-apigateway-documentation"], {
      version: "1.0",
      createdDate: "2023-11-14T22:13:20Z",
      documentationParts: [{ location: { type: "API" }, properties: { a: 1 } }],
    });
    assert.equal("x-amazon-apigateway-documentation" in (await exported("integrations")), false);
    const byDefault = JSON.parse(await management.text(`GET ${api}/stages/dev/exports/oas30`));
    assert.deepEqual(byDefault, await exported("documentation"));
  });

  it("of stages have to be there, and stay while a stage shows them", async () => {
    const invalid = "Invalid Documentation version specified";
    const { id: deploymentId } = await management.call(`POST ${api}/deployments`, { stageName: "dev" });
    const stage = { stageName: "prod", deploymentId, documentationVersion: "1.0" };
    await management.refuses(`POST ${api}/stages`, stage, 400, invalid);
    await management.refuses(`PATCH ${api}/stages/dev`, replace("/documentationVersion", "1.0"), 400, invalid);
    await management.refuses(
      `POST ${versions}`,
      { documentationVersion: "1.0", stageName: "none" },
      404,
      "Invalid stage identifier specified",
    );
    await management.refuses(`GET ${versions}/1.0`, undefined, 404, invalid);
    await management.call(`POST ${versions}`, { documentationVersion: "1.0" });
    await management.call(`POST ${api}/stages`, stage);
    await management.refuses(`DELETE ${versions}/1.0`, undefined, 409, /is referenced in stage: prod/);
    await management.call(`PATCH ${api}/stages/prod`, replace("/documentationVersion", ""));
    await management.call(`DELETE ${versions}/1.0`);
  });

  it("go with their API", async () => {
    await management.call(`POST ${parts}`, { location: { type: "API" }, properties: "{}" });
    await management.call(`POST ${versions}`, { documentationVersion: "1.0" });
    await management.call(`DELETE ${api}`);
    for (const kind of ["documentation-part", "documentation-version", "documentation-snapshot"]) {
      assert.deepEqual(await management.store.all(kind), []);
    }
  });
});
