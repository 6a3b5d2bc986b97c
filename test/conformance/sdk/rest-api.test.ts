// The REST control plane under the official SDK against a started server: every operation that there is, the errors
// by name and message, pages, patches, imports and exports.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  APIGatewayClient,
  CreateAuthorizerCommand,
  CreateDeploymentCommand,
  CreateModelCommand,
  CreateRequestValidatorCommand,
  CreateResourceCommand,
  CreateRestApiCommand,
  CreateStageCommand,
  DeleteAuthorizerCommand,
  DeleteDeploymentCommand,
  DeleteGatewayResponseCommand,
  DeleteIntegrationCommand,
  DeleteIntegrationResponseCommand,
  DeleteMethodCommand,
  DeleteMethodResponseCommand,
  DeleteModelCommand,
  DeleteRequestValidatorCommand,
  DeleteResourceCommand,
  DeleteRestApiCommand,
  DeleteStageCommand,
  GetAccountCommand,
  GetAuthorizerCommand,
  GetAuthorizersCommand,
  GetDeploymentCommand,
  GetDeploymentsCommand,
  GetExportCommand,
  GetGatewayResponseCommand,
  GetGatewayResponsesCommand,
  GetIntegrationCommand,
  GetIntegrationResponseCommand,
  GetMethodCommand,
  GetMethodResponseCommand,
  GetModelCommand,
  GetModelsCommand,
  GetRequestValidatorCommand,
  GetRequestValidatorsCommand,
  GetResourceCommand,
  GetResourcesCommand,
  GetRestApiCommand,
  GetRestApisCommand,
  GetStageCommand,
  GetStagesCommand,
  GetTagsCommand,
  ImportRestApiCommand,
  PutGatewayResponseCommand,
  PutIntegrationCommand,
  PutIntegrationResponseCommand,
  PutMethodCommand,
  PutMethodResponseCommand,
  PutRestApiCommand,
  paginateGetResources,
  paginateGetRestApis,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAccountCommand,
  UpdateAuthorizerCommand,
  UpdateDeploymentCommand,
  UpdateGatewayResponseCommand,
  UpdateIntegrationCommand,
  UpdateIntegrationResponseCommand,
  UpdateMethodCommand,
  UpdateMethodResponseCommand,
  UpdateModelCommand,
  UpdateRequestValidatorCommand,
  UpdateResourceCommand,
  UpdateRestApiCommand,
  UpdateStageCommand,
} from "@aws-sdk/client-api-gateway";
import { elsewhere, refuses as refusesCall, startForSuite, status } from "./sdk-client.ts";

const portico = startForSuite({ args: ["--limit", "resourcesPerApi=2000", "--threads", "1"], exitCode: 0 });
const client = portico.client(APIGatewayClient, elsewhere);

async function refuses(...expected: Parameters<typeof refusesCall>) {
  const { $metadata } = await refusesCall(...expected);
  assert.match($metadata.requestId ?? "", /^[0-9a-f-]{36}$/);
}

/** An API with `GET /pets` on a MOCK that answers `{"id": 1}`. */
async function anApi() {
  const api = await client.send(
    new CreateRestApiCommand({ name: "pets", endpointConfiguration: { types: ["REGIONAL"] } }),
  );
  const restApiId = api.id!;
  const parentId = api.rootResourceId!;
  const { id } = await client.send(new CreateResourceCommand({ restApiId, parentId, pathPart: "pets" }));
  const method = { restApiId, resourceId: id!, httpMethod: "GET" };
  await client.send(new PutMethodCommand({ ...method, authorizationType: "NONE" }));
  const requestTemplates = { "application/json": '{"statusCode": 200}' };
  await client.send(new PutIntegrationCommand({ ...method, type: "MOCK", requestTemplates }));
  await client.send(new PutMethodResponseCommand({ ...method, statusCode: "200" }));
  const responseTemplates = { "application/json": '{"id": 1}' };
  await client.send(new PutIntegrationResponseCommand({ ...method, statusCode: "200", responseTemplates }));
  return { restApiId, root: parentId, method };
}

describe("a REST API's life, by the SDK", () => {
  it("RestApi: create, get, list, update, tag, delete", async () => {
    const created = await client.send(
      new CreateRestApiCommand({
        name: "one",
        tags: { _custom_id_: "one-api", team: "a" },
        binaryMediaTypes: ["image/png"],
      }),
    );
    assert.equal(status(created), 201);
    assert.equal(created.id, "one-api");
    assert(created.createdDate instanceof Date);
    assert(Math.abs(created.createdDate.getTime() - Date.now()) < 60_000);
    const restApiId = created.id!;
    const got = await client.send(new GetRestApiCommand({ restApiId }));
    assert.deepEqual({ ...got, $metadata: 0 }, { ...created, $metadata: 0 });
    const updated = await client.send(
      new UpdateRestApiCommand({
        restApiId,
        patchOperations: [
          { op: "replace", path: "/name", value: "renamed" },
          { op: "replace", path: "/binaryMediaTypes/image~1png", value: "*/*" },
        ],
      }),
    );
    assert.deepEqual([updated.name, updated.binaryMediaTypes], ["renamed", ["*/*"]]);
    const resourceArn = `arn:aws:apigateway:eu-west-1::/restapis/${restApiId}`;
    assert.equal(status(await client.send(new TagResourceCommand({ resourceArn, tags: { x: "1", y: "2" } }))), 204);
    assert.equal(status(await client.send(new UntagResourceCommand({ resourceArn, tagKeys: ["x", "team"] }))), 204);
    assert.deepEqual((await client.send(new GetTagsCommand({ resourceArn }))).tags, { y: "2" });
    await refuses(
      () =>
        client.send(
          new UpdateRestApiCommand({ restApiId, patchOperations: [{ op: "add", path: "/name", value: "x" }] }),
        ),
      "BadRequestException",
      400,
      "Invalid patch operation specified. Must be one of: [replace]",
    );
    assert.equal(status(await client.send(new DeleteRestApiCommand({ restApiId }))), 202);
    await refuses(
      () => client.send(new GetRestApiCommand({ restApiId })),
      "NotFoundException",
      404,
      "Invalid API identifier specified 123456789012:one-api",
    );
  });

  it("Resource: create, get, list, update, delete", async () => {
    const { restApiId, root, method } = await anApi();
    const { resourceId } = method;
    const got = await client.send(new GetResourceCommand({ restApiId, resourceId, embed: ["methods"] }));
    assert.equal(got.resourceMethods?.["GET"]?.methodIntegration?.type, "MOCK");
    const patchOperations = [{ op: "replace" as const, path: "/pathPart", value: "cats" }];
    const updated = await client.send(new UpdateResourceCommand({ restApiId, resourceId, patchOperations }));
    assert.equal(updated.path, "/cats");
    const list = await client.send(new GetResourcesCommand({ restApiId }));
    assert.deepEqual(list.items?.map((item) => item.path).toSorted(), ["/", "/cats"]);
    await refuses(
      () => client.send(new CreateResourceCommand({ restApiId, parentId: root, pathPart: "cats" })),
      "ConflictException",
      409,
      "Another resource with the same parent already has this name: cats",
    );
    assert.equal(status(await client.send(new DeleteResourceCommand({ restApiId, resourceId }))), 202);
    await refuses(
      () => client.send(new GetResourceCommand({ restApiId, resourceId })),
      "NotFoundException",
      404,
      "Invalid Resource identifier specified",
    );
  });

  it("Method and its response: put, get, update, delete", async () => {
    const { method } = await anApi();
    const get = await client.send(new GetMethodCommand(method));
    assert.equal(get.methodResponses?.["200"]?.statusCode, "200");
    const patchOperations = [
      { op: "add" as const, path: "/requestParameters/method.request.querystring.q", value: "true" },
    ];
    const updated = await client.send(new UpdateMethodCommand({ ...method, patchOperations }));
    assert.deepEqual(updated.requestParameters, { "method.request.querystring.q": true });
    await refuses(
      () => client.send(new PutMethodCommand({ ...method, authorizationType: "NONE" })),
      "ConflictException",
      409,
      "Method already exists for this resource",
    );
    const response = { ...method, statusCode: "200" };
    const header = [{ op: "add" as const, path: "/responseParameters/method.response.header.X", value: "false" }];
    const patched = await client.send(new UpdateMethodResponseCommand({ ...response, patchOperations: header }));
    assert.equal(status(patched), 201);
    assert.deepEqual(patched.responseParameters, { "method.response.header.X": false });
    assert.equal(status(await client.send(new GetMethodResponseCommand(response))), 200);
    await refuses(
      () => client.send(new PutMethodResponseCommand(response)),
      "ConflictException",
      409,
      "Response already exists for this resource",
    );
    assert.equal(status(await client.send(new DeleteMethodResponseCommand(response))), 204);
    assert.equal(status(await client.send(new DeleteMethodCommand(method))), 204);
    await refuses(
      () => client.send(new GetMethodCommand(method)),
      "NotFoundException",
      404,
      "Invalid Method identifier specified",
    );
  });

  it("Integration and its response: put, get, update, delete", async () => {
    const { method } = await anApi();
    const got = await client.send(new GetIntegrationCommand(method));
    assert.deepEqual(
      [got.passthroughBehavior, got.timeoutInMillis, got.cacheNamespace, got.cacheKeyParameters],
      ["WHEN_NO_MATCH", 29_000, method.resourceId, []],
    );
    const patchOperations = [{ op: "add" as const, path: "requestTemplates/text~1plain", value: "{}" }];
    const updated = await client.send(new UpdateIntegrationCommand({ ...method, patchOperations }));
    assert.equal(updated.requestTemplates?.["text/plain"], "{}");
    await refuses(
      () => client.send(new PutIntegrationCommand({ ...method, type: "HTTP", uri: "http://localhost:8080" })),
      "BadRequestException",
      400,
      "Enumeration value for HttpMethod must be non-empty",
    );
    await refuses(
      () =>
        client.send(
          new PutIntegrationCommand({
            ...method,
            type: "HTTP_PROXY",
            integrationHttpMethod: "GET",
            uri: "http://localhost:8080/{petId}",
            requestParameters: { "integration.request.path.petId": "method.request.path.petId" },
          }),
        ),
      "BadRequestException",
      400,
      "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression parameter specified: method.request.path.petId]",
    );
    const response = { ...method, statusCode: "200" };
    const template = [{ op: "replace" as const, path: "/responseTemplates/application~1json", value: "" }];
    const patched = await client.send(new UpdateIntegrationResponseCommand({ ...response, patchOperations: template }));
    assert.equal(status(patched), 200);
    assert.equal(status(await client.send(new GetIntegrationResponseCommand(response))), 200);
    assert.equal(status(await client.send(new DeleteIntegrationResponseCommand(response))), 204);
    assert.equal(status(await client.send(new DeleteIntegrationCommand(method))), 204);
    await refuses(
      () => client.send(new GetIntegrationCommand(method)),
      "NotFoundException",
      404,
      "Invalid Integration identifier specified",
    );
  });

  it("Model, RequestValidator, Authorizer: create, get, list, update, delete", async () => {
    const { restApiId } = await anApi();
    const contentType = "application/json";
    const model = { restApiId, modelName: "Pet" };
    await client.send(new CreateModelCommand({ restApiId, name: "Pet", contentType, schema: '{"type":"object"}' }));
    await refuses(
      () => client.send(new CreateModelCommand({ restApiId, name: "Bad", contentType, schema: '{"$id":"x"}' })),
      "BadRequestException",
      400,
      'Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified. Unsupported keyword(s): ["$id"]]',
    );
    const schema = [{ op: "replace" as const, path: "/schema", value: "{}" }];
    assert.equal((await client.send(new UpdateModelCommand({ ...model, patchOperations: schema }))).schema, "{}");
    assert.equal((await client.send(new GetModelCommand(model))).contentType, contentType);
    assert.equal((await client.send(new GetModelsCommand({ restApiId }))).items?.length, 3);
    assert.equal(status(await client.send(new DeleteModelCommand(model))), 202);
    await refuses(
      () => client.send(new GetModelCommand(model)),
      "NotFoundException",
      404,
      "Invalid model name specified: Pet",
    );

    const { id } = await client.send(
      new CreateRequestValidatorCommand({ restApiId, name: "v", validateRequestBody: true }),
    );
    const validator = { restApiId, requestValidatorId: id! };
    const both = [{ op: "replace" as const, path: "/validateRequestParameters", value: "true" }];
    await client.send(new UpdateRequestValidatorCommand({ ...validator, patchOperations: both }));
    const { $metadata: _, ...stored } = await client.send(new GetRequestValidatorCommand(validator));
    assert.deepEqual(stored, { id, name: "v", validateRequestBody: true, validateRequestParameters: true });
    assert.equal((await client.send(new GetRequestValidatorsCommand({ restApiId }))).items?.length, 1);
    assert.equal(status(await client.send(new DeleteRequestValidatorCommand(validator))), 202);

    const made = await client.send(
      new CreateAuthorizerCommand({
        restApiId,
        name: "a",
        type: "COGNITO_USER_POOLS",
        identitySource: "method.request.header.Authorization",
        providerARNs: ["arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_a"],
      }),
    );
    const authorizer = { restApiId, authorizerId: made.id! };
    const name = [{ op: "replace" as const, path: "/name", value: "b" }];
    assert.equal((await client.send(new UpdateAuthorizerCommand({ ...authorizer, patchOperations: name }))).name, "b");
    assert.equal((await client.send(new GetAuthorizerCommand(authorizer))).authType, "cognito_user_pools");
    assert.equal((await client.send(new GetAuthorizersCommand({ restApiId }))).items?.length, 1);
    assert.equal(status(await client.send(new DeleteAuthorizerCommand(authorizer))), 202);
  });

  it("GatewayResponse and Account: put, get, list, update, delete", async () => {
    const { restApiId } = await anApi();
    const response = { restApiId, responseType: "THROTTLED" as const };
    assert.equal(status(await client.send(new PutGatewayResponseCommand({ ...response, statusCode: "420" }))), 201);
    const patchOperations = [{ op: "replace" as const, path: "/statusCode", value: "421" }];
    const patched = await client.send(new UpdateGatewayResponseCommand({ ...response, patchOperations }));
    assert.deepEqual([patched.statusCode, patched.defaultResponse], ["421", false]);
    assert.equal(status(await client.send(new DeleteGatewayResponseCommand(response))), 202);
    assert.equal((await client.send(new GetGatewayResponseCommand(response))).defaultResponse, true);
    assert.equal((await client.send(new GetGatewayResponsesCommand({ restApiId }))).items?.length, 21);
    const account = await client.send(new GetAccountCommand({}));
    assert.deepEqual(
      [account.throttleSettings, account.features],
      [{ rateLimit: 10_000, burstLimit: 5_000 }, ["UsagePlans"]],
    );
    const role = [{ op: "replace" as const, path: "/cloudwatchRoleArn", value: "arn:aws:iam::123456789012:role/logs" }];
    const updated = await client.send(new UpdateAccountCommand({ patchOperations: role }));
    assert.equal(updated.cloudwatchRoleArn, "arn:aws:iam::123456789012:role/logs");
    const none = [{ op: "replace" as const, path: "/cloudwatchRoleArn", value: "" }];
    assert.equal((await client.send(new UpdateAccountCommand({ patchOperations: none }))).cloudwatchRoleArn, undefined);
  });

  it("Deployment and Stage: create, get, list, update, roll back, delete", async () => {
    const { restApiId, method } = await anApi();
    const first = await client.send(new CreateDeploymentCommand({ restApiId, stageName: "prod", description: "one" }));
    assert.equal(status(first), 201);
    const url = `${portico.url}/_aws/execute-api/${restApiId}/prod/pets`;
    const answer = await fetch(url);
    assert.equal(answer.status, 200);
    const responseTemplates = { "application/json": '{"id": 2}' };
    await client.send(new PutIntegrationResponseCommand({ ...method, statusCode: "200", responseTemplates }));
    const second = await client.send(new CreateDeploymentCommand({ restApiId }));
    const stage = { restApiId, stageName: "prod" };
    const to = (value: string) => [{ op: "replace" as const, path: "/deploymentId", value }];
    await client.send(new UpdateStageCommand({ ...stage, patchOperations: to(second.id!) }));
    assert.equal((await client.send(new GetStageCommand(stage))).deploymentId, second.id);
    await client.send(new UpdateStageCommand({ ...stage, patchOperations: to(first.id!) }));
    assert.equal((await client.send(new GetStagesCommand({ restApiId }))).item?.[0]?.deploymentId, first.id);
    const text = [{ op: "replace" as const, path: "/description", value: "two" }];
    const deployment = { restApiId, deploymentId: second.id! };
    await client.send(new UpdateDeploymentCommand({ ...deployment, patchOperations: text }));
    const summary = await client.send(new GetDeploymentCommand({ ...deployment, embed: ["apisummary"] }));
    assert.equal(summary.description, "two");
    assert.deepEqual(summary.apiSummary, { "/pets": { GET: { authorizationType: "NONE", apiKeyRequired: false } } });
    assert.equal((await client.send(new GetDeploymentsCommand({ restApiId }))).items?.length, 2);
    await client.send(new CreateStageCommand({ restApiId, stageName: "beta", deploymentId: second.id! }));
    await refuses(
      () => client.send(new DeleteDeploymentCommand(deployment)),
      "BadRequestException",
      400,
      "Active stages pointing to this deployment must be moved or deleted",
    );
    assert.equal(status(await client.send(new DeleteStageCommand({ restApiId, stageName: "beta" }))), 202);
    assert.equal(status(await client.send(new DeleteDeploymentCommand(deployment))), 202);
    await client.send(new DeleteStageCommand(stage));
    assert.equal((await fetch(url)).status, 403);
  });
});

describe("pages, by the SDK", () => {
  it("go through more than 25 APIs", async () => {
    const before = new Set<string>();
    for await (const page of paginateGetRestApis({ client }, {}))
      for (const item of page.items ?? []) before.add(item.id!);
    const names = Array.from({ length: 30 }, (_, index) => `page ${index}`);
    await Promise.all(names.map((name) => client.send(new CreateRestApiCommand({ name }))));
    const seen: string[] = [];
    let pages = 0;
    for await (const page of paginateGetRestApis({ client }, {})) {
      pages++;
      assert((page.items?.length ?? 0) <= 25);
      seen.push(...(page.items ?? []).map((item) => item.id!));
    }
    assert.equal(seen.length, before.size + 30);
    assert.equal(new Set(seen).size, seen.length);
    assert.equal(pages, Math.ceil(seen.length / 25));
    const { items, position } = await client.send(new GetRestApisCommand({ limit: 1 }));
    assert.equal(items?.length, 1);
    assert.equal(typeof position, "string");
  });

  it("go through more than 500 resources of an imported API", async () => {
    const paths = Object.fromEntries(
      Array.from({ length: 700 }, (_, index) => [
        `/r${index}`,
        { get: { responses: {}, "x-amazon-apigateway-integration": { type: "mock" } } },
      ]),
    );
    const document = { openapi: "3.0.1", info: { title: "large", version: "1" }, paths };
    const body = Buffer.from(JSON.stringify(document));
    const { id } = await client.send(new ImportRestApiCommand({ body }));
    const seen = new Set<string>();
    const pages: number[] = [];
    for await (const page of paginateGetResources({ client, pageSize: 500 }, { restApiId: id! })) {
      pages.push(page.items?.length ?? 0);
      for (const item of page.items ?? []) seen.add(item.path!);
    }
    assert.deepEqual(pages, [500, 201]);
    assert.equal(seen.size, 701);
    await client.send(new CreateDeploymentCommand({ restApiId: id!, stageName: "prod" }));
  });
});

describe("documents, by the SDK", () => {
  const aDocument = (paths: object, more: object = {}): Buffer =>
    Buffer.from(JSON.stringify({ openapi: "3.0.1", info: { title: "pets", version: "1.0" }, paths, ...more }));
  const mock = { responses: { "200": { description: "ok" } }, "x-amazon-apigateway-integration": { type: "mock" } };
  const routes = async (restApiId: string): Promise<readonly string[]> => {
    const { items } = await client.send(new GetResourcesCommand({ restApiId, limit: 500 }));
    return items!
      .flatMap((item) => Object.keys(item.resourceMethods ?? {}).map((verb) => `${verb} ${item.path}`))
      .toSorted();
  };

  it("are imported, merged, put over, exported", async () => {
    const imported = await client.send(
      new ImportRestApiCommand({
        body: aDocument({ "/a": { get: mock }, "/b/{id}": { post: mock } }),
        parameters: { endpointConfigurationTypes: "REGIONAL" },
      }),
    );
    assert.equal(status(imported), 201);
    const restApiId = imported.id!;
    assert.deepEqual(
      [imported.name, imported.version, imported.endpointConfiguration?.types],
      ["pets", "1.0", ["REGIONAL"]],
    );
    assert.deepEqual(await routes(restApiId), ["GET /a", "POST /b/{id}"]);
    const { items } = await client.send(new GetResourcesCommand({ restApiId }));
    const resourceId = items!.find((item) => item.path === "/a")!.id;

    const merged = await client.send(
      new PutRestApiCommand({
        restApiId,
        mode: "merge",
        body: aDocument({ "/a": { put: mock }, "/c": { get: mock } }),
      }),
    );
    assert.equal(status(merged), 200);
    assert.deepEqual(await routes(restApiId), ["GET /a", "GET /c", "POST /b/{id}", "PUT /a"]);
    await client.send(
      new PutRestApiCommand({ restApiId, mode: "overwrite", body: aDocument({ "/a": { get: mock } }) }),
    );
    assert.deepEqual(await routes(restApiId), ["GET /a"]);
    const kept = await client.send(new GetResourcesCommand({ restApiId }));
    assert.equal(kept.items!.find((item) => item.path === "/a")!.id, resourceId);
    const after = await client.send(new GetRestApiCommand({ restApiId }));
    assert.deepEqual([after.id, after.rootResourceId], [restApiId, imported.rootResourceId]);

    await client.send(new CreateDeploymentCommand({ restApiId, stageName: "prod" }));
    for (const exportType of ["oas30", "swagger"]) {
      for (const accepts of ["application/json", "application/yaml"]) {
        const parameters = { extensions: "integrations" };
        const exported = await client.send(
          new GetExportCommand({ restApiId, stageName: "prod", exportType, accepts, parameters }),
        );
        assert.equal(exported.contentType, "application/octet-stream");
        assert.match(exported.contentDisposition ?? "", new RegExp(`^attachment; filename="${exportType}_`));
        const back = await client.send(new ImportRestApiCommand({ body: exported.body! }));
        assert.deepEqual(await routes(back.id!), ["GET /a"]);
      }
    }
  });

  it("are refused whole, and leave nothing behind", async () => {
    const count = async () => {
      let apis = 0;
      for await (const page of paginateGetRestApis({ client }, {})) apis += page.items?.length ?? 0;
      return apis;
    };
    const before = await count();
    const bad = [
      Buffer.from("not a document: ["),
      Buffer.from("{}"),
      aDocument({ "/{a}/x": { get: mock }, "/{a+}/y": { get: mock } }),
    ];
    for (const body of bad) {
      await assert.rejects(
        () => client.send(new ImportRestApiCommand({ body })),
        (error: Error) => error.name === "BadRequestException",
      );
    }
    assert.equal(await count(), before);
    const { id: restApiId } = await client.send(new ImportRestApiCommand({ body: aDocument({ "/a": { get: mock } }) }));
    await assert.rejects(() =>
      client.send(new PutRestApiCommand({ restApiId: restApiId!, mode: "overwrite", body: bad[2]! })),
    );
    assert.deepEqual(await routes(restApiId!), ["GET /a"]);
  });
});
