// Documents of HTTP APIs under the official SDK against a started server: import, reimport, export, and what is refused.
import assert from "node:assert/strict";
import { it } from "node:test";
import {
  ApiGatewayV2Client,
  ApiGatewayV2ServiceException,
  CreateStageCommand,
  ExportApiCommand,
  type ExportApiCommandInput,
  GetApiCommand,
  GetIntegrationsCommand,
  GetRoutesCommand,
  GetStageCommand,
  ImportApiCommand,
  ReimportApiCommand,
} from "@aws-sdk/client-apigatewayv2";
import { elsewhere, refusal, startForSuite } from "./sdk-client.ts";

const portico = startForSuite({ args: ["--threads", "1"], exitCode: 0 });
const client = portico.client(ApiGatewayV2Client, elsewhere);

const integration = {
  type: "http_proxy",
  httpMethod: "GET",
  uri: "https://backend.example/",
  payloadFormatVersion: "1.0",
};
const get = (more: object = {}) => ({
  get: { responses: {}, "x-amazon-apigateway-integration": integration, ...more },
});
const document = (paths: object, more: object = {}): string =>
  JSON.stringify({ openapi: "3.0.1", info: { title: "pets", version: "7" }, paths, ...more });

async function routesOf(ApiId: string): Promise<(string | undefined)[]> {
  const { Items = [] } = await client.send(new GetRoutesCommand({ ApiId }));
  return Items.map(({ RouteKey }) => RouteKey).sort();
}
async function exported(ApiId: string, more: Partial<ExportApiCommandInput> = {}): Promise<string> {
  const input = { ApiId, Specification: "OAS30", OutputType: "JSON", ...more };
  const { body } = await client.send(new ExportApiCommand(input));
  return Buffer.from(body!).toString();
}

it("an API is imported, served by a stage that deploys by itself after each reimport, and exported", async () => {
  const imported = await client.send(
    new ImportApiCommand({
      Body: document(
        { "/pets": get({ "x-amazon-apigateway-auth": { type: "AWS_IAM" } }) },
        {
          tags: [{ name: "team", "x-amazon-apigateway-tag-value": "cats" }],
          "x-amazon-apigateway-cors": { allowOrigins: ["*"] },
        },
      ),
    }),
  );
  const ApiId = imported.ApiId!;
  assert.deepEqual([imported.Name, imported.Version, imported.ProtocolType], ["pets", "7", "HTTP"]);
  assert.deepEqual([imported.Tags, imported.CorsConfiguration], [{ team: "cats" }, { AllowOrigins: ["*"] }]);
  assert.deepEqual([imported.Warnings, imported.ImportInfo], [undefined, undefined]);
  await client.send(new CreateStageCommand({ ApiId, StageName: "$default", AutoDeploy: true }));
  const before = await client.send(new GetStageCommand({ ApiId, StageName: "$default" }));

  const again = await client.send(
    new ReimportApiCommand({ ApiId, Body: document({ "/dogs": get({ requestBody: {} }), "/cats": get() }) }),
  );
  assert.deepEqual([again.ApiId, again.CorsConfiguration, again.Tags], [ApiId, undefined, { team: "cats" }]);
  assert.equal(again.ImportInfo?.length, 1);
  assert.deepEqual(await routesOf(ApiId), ["GET /cats", "GET /dogs"]);
  assert.equal((await client.send(new GetIntegrationsCommand({ ApiId }))).Items?.length, 2);
  const after = await client.send(new GetStageCommand({ ApiId, StageName: "$default" }));
  assert.notEqual(after.DeploymentId, before.DeploymentId);

  const shown = await client.send(new GetApiCommand({ ApiId }));
  const text = await exported(ApiId, { StageName: "$default" });
  assert.deepEqual(JSON.parse(text).servers, [
    { url: `${shown.ApiEndpoint}/{basePath}`, variables: { basePath: { default: "" } } },
  ]);
  assert.deepEqual(Object.keys(JSON.parse(text).paths), ["/cats", "/dogs"]);
  const yaml = await exported(ApiId, { OutputType: "YAML" });
  const copy = await client.send(new ImportApiCommand({ Body: yaml, FailOnWarnings: true }));
  assert.equal(await exported(copy.ApiId!), (await exported(ApiId)).replaceAll(ApiId, copy.ApiId!));
  assert.doesNotMatch(await exported(ApiId, { IncludeExtensions: false }), /x-amazon/);
});

it("a document that is refused, or warned about where warnings count, leaves everything as it was", async () => {
  const { ApiId } = await client.send(new ImportApiCommand({ Body: document({ "/pets": get() }) }));
  const text = await exported(ApiId!);
  const mock = get({ "x-amazon-apigateway-integration": { type: "mock" } });
  const rows: [string, object, RegExp][] = [
    ["{", {}, /Invalid OpenAPI input/],
    [JSON.stringify({ swagger: "2.0", info: { title: "a" }, paths: {} }), {}, /Invalid OpenAPI input/],
    [document({ "/a": get({ security: [{ gone: [] }] }) }), {}, /'gone'/],
    [document({ "/a": mock }), { FailOnWarnings: true }, /Warnings found during import/],
    [document({ "/a": get() }), { Basepath: "other" }, /Invalid basepath/],
    [document({}, { "x-amazon-apigateway-cors": { allowOrigins: ["*"], allowCredentials: true } }), {}, /Errors found/],
    [document({}, { info: { title: "x".repeat(129), version: "1" } }), {}, /Invalid Name: it must have 1 to 128/],
    [document({}, { info: { title: "pets", version: "1".repeat(65) } }), {}, /Invalid Version: it must have 1 to 64/],
    [
      document(Object.fromEntries(Array.from({ length: 301 }, (_, n) => [`/p${n}`, get()]))),
      {},
      /Maximum number of Routes/,
    ],
    [
      document({
        "/a": get({
          "x-amazon-apigateway-integration": { ...integration, credentials: "arn:aws:iam::999999999999:role/r" },
        }),
      }),
      {},
      /./,
    ],
  ];
  for (const [Body, more, message] of rows) {
    for (const call of [new ReimportApiCommand({ ApiId, Body, ...more }), new ImportApiCommand({ Body, ...more })]) {
      const error = await refusal(client.send(call as ReimportApiCommand), ApiGatewayV2ServiceException);
      assert.ok([400, 403].includes(error.$metadata.httpStatusCode ?? 0), `${error.name} ${error.message}`);
      assert.match(error.message, message);
    }
  }
  assert.equal(await exported(ApiId!), text);
});

it("exports of what is not there, or not known, are refused", async () => {
  const { ApiId } = await client.send(new ImportApiCommand({ Body: document({ "/pets": get() }) }));
  const rows: [Partial<ExportApiCommandInput>, number, RegExp][] = [
    [{ ApiId: "gone" }, 404, /Invalid API identifier/],
    [{ StageName: "gone" }, 404, /Invalid stage identifier/],
    [{ Specification: "OAS31" }, 400, /OAS31/],
    [{ OutputType: "XML" }, 400, /XML/],
    [{ ExportVersion: "2.0" }, 400, /2\.0/],
  ];
  for (const [more, code, message] of rows) {
    const error = await refusal(exported(ApiId!, more), ApiGatewayV2ServiceException);
    assert.equal(error.$metadata.httpStatusCode, code, error.message);
    assert.match(error.message, message);
  }
});
