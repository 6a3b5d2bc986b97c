// Documentation parts and versions, and a model's template, under the official SDK against a started server.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  APIGatewayClient,
  CreateDocumentationPartCommand,
  CreateDocumentationVersionCommand,
  CreateRestApiCommand,
  DeleteDocumentationPartCommand,
  DeleteDocumentationVersionCommand,
  GetDocumentationPartCommand,
  GetDocumentationPartsCommand,
  GetDocumentationVersionCommand,
  GetDocumentationVersionsCommand,
  GetModelTemplateCommand,
  ImportDocumentationPartsCommand,
  UpdateDocumentationPartCommand,
  UpdateDocumentationVersionCommand,
} from "@aws-sdk/client-api-gateway";
import { elsewhere, refuses, startForSuite, status } from "./sdk-client.ts";

const portico = startForSuite({ args: ["--threads", "1"], exitCode: 0 });
const client = portico.client(APIGatewayClient, elsewhere);
const anApi = async (): Promise<string> => (await client.send(new CreateRestApiCommand({ name: "documented" }))).id!;

describe("documentation, by the SDK", () => {
  it("DocumentationPart: create, get, update, delete", async () => {
    const restApiId = await anApi();
    const create = new CreateDocumentationPartCommand({
      restApiId,
      location: { type: "API" },
      properties: '{"description":"one"}',
    });
    const made = await client.send(create);
    assert.equal(status(made), 201);
    const part = { restApiId, documentationPartId: made.id! };
    await refuses(
      () => client.send(create),
      "ConflictException",
      409,
      "Documentation part already exists for the specified location: type 'API'.",
    );
    const updated = await client.send(
      new UpdateDocumentationPartCommand({
        ...part,
        patchOperations: [{ op: "replace", path: "/properties", value: '{"description":"two"}' }],
      }),
    );
    assert.equal(updated.properties, '{"description":"two"}');
    const got = await client.send(new GetDocumentationPartCommand(part));
    assert.deepEqual(
      [got.properties, got.location?.type, got.location?.path ?? undefined],
      ['{"description":"two"}', "API", undefined],
    );
    assert.equal(status(await client.send(new DeleteDocumentationPartCommand(part))), 202);
    await refuses(
      () => client.send(new GetDocumentationPartCommand(part)),
      "NotFoundException",
      404,
      "Invalid Documentation part identifier specified",
    );
  });

  it("DocumentationParts: import, filter, pages", async () => {
    const restApiId = await anApi();
    const documentationParts = Array.from({ length: 30 }, (_, index) => ({
      location: { type: "RESOURCE", path: `/r${index}` },
      properties: index === 0 ? {} : { index },
    }));
    const document = { swagger: "2.0", "x-amazon-apigateway-documentation": { documentationParts } };
    const body = Buffer.from(JSON.stringify(document));
    const { ids } = await client.send(new ImportDocumentationPartsCommand({ restApiId, body, mode: "overwrite" }));
    assert.equal(ids?.length, 30);
    const seen = new Set<string>();
    let position: string | undefined;
    do {
      const page = await client.send(new GetDocumentationPartsCommand({ restApiId, position }));
      for (const item of page.items ?? []) seen.add(item.id!);
      position = page.position;
    } while (position !== undefined);
    assert.deepEqual(seen, new Set(ids));
    const list = async (filter: object) =>
      (await client.send(new GetDocumentationPartsCommand({ restApiId, ...filter }))).items?.length;
    assert.equal(await list({ path: "/r7" }), 1);
    assert.equal(await list({ type: "METHOD" }), 0);
    assert.equal(await list({ locationStatus: "UNDOCUMENTED" }), 1);
    await refuses(
      () => client.send(new ImportDocumentationPartsCommand({ restApiId, body: Buffer.from("nothing") })),
      "BadRequestException",
      400,
      "Unable to build importer with provided input.",
    );
  });

  it("DocumentationVersion: create, get, list, update, delete", async () => {
    const restApiId = await anApi();
    const create = new CreateDocumentationVersionCommand({ restApiId, documentationVersion: "1.0/a" });
    const made = await client.send(create);
    assert.equal(status(made), 201);
    assert.equal(made.version, "1.0/a");
    assert(made.createdDate instanceof Date);
    await refuses(() => client.send(create), "ConflictException", 409, /already exists/);
    const version = { restApiId, documentationVersion: "1.0/a" };
    const updated = await client.send(
      new UpdateDocumentationVersionCommand({
        ...version,
        patchOperations: [{ op: "replace", path: "/description", value: "first" }],
      }),
    );
    assert.equal(updated.description, "first");
    assert.equal((await client.send(new GetDocumentationVersionCommand(version))).description, "first");
    assert.equal((await client.send(new GetDocumentationVersionsCommand({ restApiId }))).items?.length, 1);
    assert.equal(status(await client.send(new DeleteDocumentationVersionCommand(version))), 202);
    await refuses(() => client.send(new GetDocumentationVersionCommand(version)), "NotFoundException", 404, /version/);
  });

  it("a model has a template", async () => {
    const restApiId = await anApi();
    const { value } = await client.send(new GetModelTemplateCommand({ restApiId, modelName: "Error" }));
    assert.equal(value, `#set($inputRoot = $input.path('$'))\n{\n  "message" : "foo"\n}`);
    await refuses(
      () => client.send(new GetModelTemplateCommand({ restApiId, modelName: "None" })),
      "NotFoundException",
      404,
      "Invalid model name specified: None",
    );
  });
});
