import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { importProblems, readApiDocument } from "./api-document.ts";
import { ProblemsError } from "./source-text.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "portico-document-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const invocation = (name: string): string =>
  `arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:${name}/invocations`;

const document = `openapi: 3.0.1
info: { title: Orders, version: "1" }
paths:
  /orders/{id}:
    parameters:
      - { name: id, in: path, schema: { type: string, example: "a b" } }
    get:
      parameters:
        - { name: full, in: query, schema: { type: boolean, default: true } }
      x-amazon-apigateway-integration:
        type: aws_proxy
        uri: ${invocation(`\${stageVariables.fn}:live`)}
    x-amazon-apigateway-any-method:
      x-amazon-apigateway-integration: { type: http_proxy, uri: "http://backend/x" }
components:
  schemas:
    Order: { type: object }
`;

test("operations, functions, account and region are read from the document", async () => {
  const file = write("openapi.yaml", document);
  const read = await readApiDocument(file, { variables: { fn: "getOrder" } });
  assert.equal(read.name, "Orders");
  assert.deepEqual([read.account, read.region], ["123456789012", "eu-west-1"]);
  assert.deepEqual(
    read.functions.map((one) => one.name),
    ["getOrder"],
  );
  assert.deepEqual(
    read.operations.map(({ method, path, exampleTarget }) => [method, path, exampleTarget]),
    [
      ["GET", "/orders/{id}", "/orders/a%20b?full=true"],
      ["ANY", "/orders/{id}", "/orders/a%20b"],
    ],
  );
  assert.equal(read.body.toString(), document, "a document that needs nothing is sent as it is");
});

test("the import's messages point to the lines that they are about", async () => {
  const read = await readApiDocument(write("openapi.yaml", document), {});
  const message =
    "Errors found during import:\n\tUnable to put integration on 'GET' for resource at path '/orders/{id}': Invalid x\n" +
    "\tUnable to create model for 'Order': y\n\tUnable to create resource at path '/orders/{id}': z\n" +
    "Additionally, these warnings were found:\n\tsomething general";
  const { problems: located } = await importProblems({ message, hint: undefined }, read);
  assert.deepEqual(
    located.map(({ place, sourceLine }) => [place?.line, place?.column, sourceLine?.trim().slice(0, 12)]),
    [
      [12, 9, "uri: arn:aws"],
      [17, 5, "Order: { typ"],
      [4, 3, "/orders/{id}"],
      [1, 1, "openapi: 3.0"],
    ],
  );
});

test("a refusal that says nothing is told with the server's hint", async () => {
  const read = await readApiDocument(write("openapi.yaml", document), {});
  const hint = "HTTP APIs take OpenAPI 3.0 documents only: openapi has to be 3.0.x";
  const { problems } = await importProblems({ message: "Invalid OpenAPI input.", hint }, read);
  assert.deepEqual(
    problems.map(({ severity, message }) => [severity, message]),
    [["error", `Invalid OpenAPI input: ${hint}`]],
  );
});

for (const [what, text, line, column, message] of [
  ["YAML with a tab", "openapi: 3.0.1\ninfo:\n\ttitle: x\n", 3, 1, /tabs/],
  ["JSON with a missing comma", '{\n  "openapi": "3.0.1"\n  "info": {}\n}', 3, 3, /./],
  ["a key twice", "openapi: 3.0.1\nopenapi: 3.0.1\n", 2, 1, /twice/],
  ["something else", "hello: world\n", 1, 1, /no OpenAPI document/],
  ["a document without a title", "openapi: 3.0.1\ninfo:\n  version: '1'\n", 2, 1, /no name/],
] as const)
  test(`${what} is refused at its place`, async () => {
    await assert.rejects(readApiDocument(write("openapi.yaml", text), {}), (error: ProblemsError) => {
      assert.ok(error instanceof ProblemsError);
      const [first] = error.problems;
      assert.deepEqual([first?.place?.line, first?.place?.column], [line, column]);
      assert.match(first?.message ?? "", message);
      return true;
    });
  });

test("CloudFormation's functions in a document are pointed out", async () => {
  const text = "openapi: 3.0.1\ninfo: { title: A }\npaths:\n  /a:\n    get: { x: !Sub 'arn:x' }\n";
  const [problem] = (await readApiDocument(write("openapi.yaml", text), {})).problems;
  assert.deepEqual([problem?.severity, problem?.place?.line], ["warning", 5]);
});

test("aliases that explode are refused", async () => {
  const levels = Array.from({ length: 12 }, (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i},`.repeat(9)}]`);
  const text = `openapi: 3.0.1\nl0: &l0 [x]\n${levels.join("\n")}\n`;
  await assert.rejects(readApiDocument(write("openapi.yaml", text), {}), /alias/i);
});

test("references to other files become models and parts of the document", async () => {
  write(
    "pet.yaml",
    "type: object\nproperties:\n  owner: { $ref: 'owner.yaml#/Owner' }\n  friends: { type: array, items: { $ref: 'pet.yaml' } }\n",
  );
  write("owner.yaml", "Owner: { type: object, properties: { name: { $ref: '#/Name' } } }\nName: { type: string }\n");
  write("parameters.yaml", "limit: { name: limit, in: query, schema: { type: integer } }\n");
  const file = write(
    "openapi.yaml",
    `openapi: 3.0.1
info: { title: Pets, version: "1" }
paths:
  /pets:
    get:
      parameters:
        - $ref: "./parameters.yaml#/limit"
      responses:
        "200":
          content:
            application/json:
              schema: { $ref: "#/components/schemas/Pet" }
components:
  schemas:
    Pet: { $ref: "./pet.yaml" }
`,
  );
  const read = await readApiDocument(file, {});
  const sent = JSON.parse(read.body.toString());
  assert.deepEqual(sent.paths["/pets"].get.parameters, [{ name: "limit", in: "query", schema: { type: "integer" } }]);
  assert.deepEqual(sent.components.schemas, {
    Pet: {
      type: "object",
      properties: {
        owner: { $ref: "#/components/schemas/Owner" },
        friends: { type: "array", items: { $ref: "#/components/schemas/Pet" } },
      },
    },
    Owner: { type: "object", properties: { name: { $ref: "#/components/schemas/Name" } } },
    Name: { type: "string" },
  });
  assert.deepEqual(
    read.files.map((one) => one.replace(`${folder}/`, "")),
    ["parameters.yaml", "pet.yaml", "owner.yaml"],
  );
});

test("a mapping template may be a file of its own", async () => {
  write("list.vtl", "#set($all = $input.path('$'))\n{ \"count\": $all.size() }\n");
  const file = write(
    "openapi.yaml",
    `openapi: 3.0.1
info: { title: Pets, version: "1" }
paths:
  /pets:
    post:
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates:
          application/json: { $ref: list.vtl }
`,
  );
  const read = await readApiDocument(file, {});
  const sent = JSON.parse(read.body.toString());
  const { requestTemplates } = sent.paths["/pets"].post["x-amazon-apigateway-integration"];
  assert.deepEqual(requestTemplates, {
    "application/json": "#set($all = $input.path('$'))\n{ \"count\": $all.size() }\n",
  });
  assert.deepEqual(read.files, [join(folder, "list.vtl")]);
});

for (const [reference, message] of [
  ["./gone.yaml", /no such file/],
  ["https://example.com/pet.yaml", /on the network/],
  ["./there.yaml#/nothing", /points at nothing/],
  ["./loop.yaml", /refers to itself/],
] as const)
  test(`a reference to ${reference} is refused at its place`, async () => {
    write("there.yaml", "a: 1\n");
    write("loop.yaml", "x: { $ref: './loop.yaml' }\n");
    const text = `openapi: 3.0.1\ninfo: { title: A }\npaths:\n  /a:\n    $ref: "${reference}"\n`;
    await assert.rejects(readApiDocument(write("openapi.yaml", text), {}), (error: ProblemsError) => {
      assert.ok(error instanceof ProblemsError);
      assert.match(error.problems[0]?.message ?? "", message);
      assert.equal(error.problems[0]?.place?.line, 5);
      return true;
    });
  });
