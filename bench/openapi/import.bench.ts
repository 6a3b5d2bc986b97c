// How long an import takes: `node bench/openapi/import.bench.ts`. Goals: 300 resources 150 ms in JSON and 500 ms in YAML,
// which is read off the control thread, 1,000 operations 1 s; the first of each counts, for a server imports its first
// document cold.
import { importRestApi } from "../../src/openapi/import-rest-api.ts";
import { aNewRestApi, countingIds } from "../../test/cases/openapi/builders.ts";

interface Goal {
  readonly name: string;
  readonly resources: number;
  readonly verbs: readonly string[];
  readonly goalsMs: { readonly json: number; readonly yaml: number };
}

const goals: readonly Goal[] = [
  { name: "300 resources", resources: 300, verbs: ["get"], goalsMs: { json: 150, yaml: 500 } },
  {
    name: "1,000 operations",
    resources: 250,
    verbs: ["get", "post", "put", "delete"],
    goalsMs: { json: 1000, yaml: 1000 },
  },
];
const repetitions = 5;

for (const { name, resources, verbs, goalsMs } of goals) {
  const document = aDocument(resources, verbs);
  const { stringify } = await import("yaml");
  for (const [format, text] of [
    ["json", JSON.stringify(document)],
    ["yaml", stringify(document, { aliasDuplicateObjects: false })],
  ] as const) {
    const bytes = Buffer.from(text);
    const goalMs = goalsMs[format];
    const times = Array.from({ length: repetitions }, () => timeOf(() => importOnce(bytes)));
    const [first, ...others] = times;
    const warm = others.sort((one, other) => one - other)[Math.floor(others.length / 2)]!;
    const line = { name, format, kilobytes: Math.round(bytes.length / 1000), firstMs: first, warmMs: warm, goalMs };
    console.log(JSON.stringify(line));
    if (first! > goalMs) process.exitCode = 1;
  }
}

function importOnce(bytes: Buffer): void {
  const result = importRestApi(bytes, aNewRestApi(), {
    mode: "create",
    basepath: "ignore",
    ids: countingIds(),
    account: "123456789012",
    region: "us-east-1",
  });
  if (result.kind === "refused") throw new Error(result.message);
}

function timeOf(work: () => void): number {
  const started = performance.now();
  work();
  return Math.round((performance.now() - started) * 10) / 10;
}

/** Like a business's API: parameters, models in and out, three responses, a mapped integration, a validator. */
function aDocument(resources: number, verbs: readonly string[]): object {
  const model = (number: number) => ({ $ref: `#/components/schemas/Thing${number % 50}` });
  const content = (number: number) => ({ content: { "application/json": { schema: model(number) } } });
  const operation = (verb: string, number: number) => ({
    operationId: `${verb}Thing${number}`,
    parameters: [
      { name: "id", in: "path", required: true, schema: { type: "string" } },
      { name: "limit", in: "query", schema: { type: "integer" } },
      { name: "X-Trace", in: "header", required: true, schema: { type: "string" } },
    ],
    requestBody: content(number),
    responses: {
      200: { description: "found", headers: { ETag: { schema: { type: "string" } } }, ...content(number + 1) },
      404: { description: "not found" },
      500: { description: "broken", content: { "application/json": { schema: { type: "object" } } } },
    },
    security: [{ key: [] }],
    "x-amazon-apigateway-request-validator": "all",
    "x-amazon-apigateway-integration": {
      type: "http",
      httpMethod: verb.toUpperCase(),
      uri: `https://backend.example.com/things${number}/{id}`,
      requestParameters: {
        "integration.request.path.id": "method.request.path.id",
        "integration.request.querystring.limit": "method.request.querystring.limit",
      },
      requestTemplates: { "application/json": "$input.json('$')" },
      responses: {
        default: {
          statusCode: 200,
          responseParameters: { "method.response.header.ETag": "integration.response.header.ETag" },
        },
        "4\\d\\d": { statusCode: 404 },
        "5\\d\\d": { statusCode: 500, responseTemplates: { "application/json": '{"message":"broken"}' } },
      },
    },
  });
  const paths = Array.from({ length: resources - 1 }, (_, number) => [
    `/things${number}`,
    Object.fromEntries(verbs.map((verb) => [verb, operation(verb, number)])),
  ]);
  const schemas = Array.from({ length: 50 }, (_, number) => [
    `Thing${number}`,
    {
      type: "object",
      required: ["id"],
      properties: {
        id: { type: "string" },
        next: model(number + 1),
        tags: { type: "array", items: { type: "string" } },
      },
    },
  ]);
  return {
    openapi: "3.0.1",
    info: { title: "bench", version: "1" },
    "x-amazon-apigateway-request-validators": { all: { validateRequestBody: true, validateRequestParameters: true } },
    paths: Object.fromEntries(paths),
    components: {
      schemas: Object.fromEntries(schemas),
      securitySchemes: { key: { type: "apiKey", name: "x-api-key", in: "header" } },
    },
  };
}
