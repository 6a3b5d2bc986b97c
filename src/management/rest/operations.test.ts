// Every family's life over a store in memory: what is written, what is answered, what is refused.

import assert from "node:assert/strict";
import { after, beforeEach, describe, it } from "node:test";
import { rerunningStore } from "../../../test/contract/rerunning-store.ts";
import { ManualClock } from "../../base/clock.ts";
import { randomIds } from "../../base/ids.ts";
import { definitionIndexes } from "../../definition/indexes.ts";
import { restKinds } from "../../definition/rest-api.ts";
import type { PatchOperation } from "../../families/patch.ts";
import { ApiError } from "../../protocol/errors.ts";
import { type Model as InterfaceModel, loadModel } from "../../protocol/model.ts";
import type { CallContext } from "../../protocol/operation.ts";
import { openSqliteStore } from "../../store/sqlite-store.ts";
import { makeControlLimits } from "../control-limits.ts";
import { makeRestOperations } from "./operations.ts";

const store = rerunningStore(openSqliteStore({ indexes: definitionIndexes }));
after(() => store.close());
beforeEach(() => store.reset());

const clock = new ManualClock(1_700_000_000_500);
const call: CallContext = {
  account: "123456789012",
  region: "eu-west-1",
  requestId: "request",
  clock,
  ids: randomIds,
  host: "localhost:4566",
  accessKeyId: undefined,
  userAgent: undefined,
};
const operations = makeRestOperations({ store, limits: makeControlLimits() });

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at member by member.
type Answer = any;
const run = (operation: string, input: object = {}, over: Partial<CallContext> = {}): Promise<Answer> =>
  operations[operation]!(input, { ...call, ...over });

const model: InterfaceModel = loadModel("apigateway");

async function refuses(operation: string, input: object, code: string, message: string | RegExp): Promise<void> {
  await assert.rejects(
    () => run(operation, input),
    (error) => {
      assert(error instanceof ApiError, String(error));
      assert.equal(error.code, code);
      if (typeof message === "string") assert.equal(error.message, message);
      else assert.match(error.message, message);
      assert(model.operations[operation]!.errors!.includes(code), `${operation} does not declare ${code}`);
      return true;
    },
  );
}

const badRequest = "BadRequestException";
const notFound = "NotFoundException";
const conflict = "ConflictException";

/** An API with `GET /pets/{petId}` on a MOCK. */
async function anApi(): Promise<{
  restApiId: string;
  root: string;
  pets: string;
  resourceId: string;
  httpMethod: string;
}> {
  const { id: restApiId, rootResourceId: root } = await run("CreateRestApi", { name: "pets" });
  const { id: pets } = await run("CreateResource", { restApiId, parentId: root, pathPart: "pets" });
  const { id: resourceId } = await run("CreateResource", { restApiId, parentId: pets, pathPart: "{petId}" });
  const httpMethod = "GET";
  await run("PutMethod", { restApiId, resourceId, httpMethod, authorizationType: "NONE" });
  await run("PutIntegration", { restApiId, resourceId, httpMethod, type: "MOCK" });
  return { restApiId, root, pets, resourceId, httpMethod };
}

const replace = (path: string, value?: string): PatchOperation => ({ op: "replace", path, value });

describe("RestApi", () => {
  it("begins with a root resource, two models and AWS's defaults", async () => {
    const api = await run("CreateRestApi", { name: "pets" });
    assert.match(api.id, /^[a-z0-9]{10}$/);
    assert.match(api.rootResourceId, /^[a-z0-9]{10}$/);
    assert.deepEqual(api, {
      id: api.id,
      name: "pets",
      createdDate: 1_700_000_000,
      apiKeySource: "HEADER",
      endpointConfiguration: { types: ["EDGE"], ipAddressType: "ipv4" },
      disableExecuteApiEndpoint: false,
      rootResourceId: api.rootResourceId,
      apiStatus: "AVAILABLE",
    });
    assert.deepEqual(await run("GetRestApi", { restApiId: api.id }), { ...api, tags: {} });
    const resources = await run("GetResources", { restApiId: api.id });
    assert.deepEqual(resources, { items: [{ id: api.rootResourceId, path: "/" }] });
    const models = await run("GetModels", { restApiId: api.id });
    assert.deepEqual(
      models.items.map((item: Answer) => item.name),
      ["Empty", "Error"],
    );
  });

  it("takes its id from the tag _custom_id_, once everywhere, and does not keep the tag", async () => {
    const tags = { _custom_id_: "my-api", team: "a" };
    const api = await run("CreateRestApi", { name: "pets", tags });
    assert.equal(api.id, "my-api");
    assert.deepEqual(api.tags, { team: "a" });
    await refuses("CreateRestApi", { name: "pets", tags }, conflict, /my-api/);
    await assert.rejects(() => run("CreateRestApi", { name: "pets", tags }, { account: "999999999999" }), /my-api/);
    for (const id of ["", "A", "a/b", "-a", "a-", "a.b", "a".repeat(64)]) {
      await refuses("CreateRestApi", { name: "x", tags: { _custom_id_: id } }, badRequest, /_custom_id_/);
    }
    await run("DeleteRestApi", { restApiId: "my-api" });
    assert.equal((await run("CreateRestApi", { name: "again", tags })).id, "my-api");
  });

  it("answers its policy escaped, as AWS does", async () => {
    const statement = { Effect: "Allow", Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/*" };
    const policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] }, null, 2);
    const api = await run("CreateRestApi", { name: "pets", policy });
    assert.match(api.policy, /^\{\\"Version\\":\\"2012-10-17\\"/);
    assert(api.policy.includes(`\\"arn:aws:execute-api:eu-west-1:123456789012:${api.id}\\/*\\"`));
    const none = await run("UpdateRestApi", { restApiId: api.id, patchOperations: [replace("/policy", "")] });
    assert.equal(none.policy, undefined);
    const input = { restApiId: api.id, patchOperations: [replace("/policy", "{}")] };
    await refuses("UpdateRestApi", input, badRequest, /^Invalid policy document\./);
  });

  it("is changed by patches, in memory of nothing but them", async () => {
    const { id: restApiId } = await run("CreateRestApi", { name: "pets" });
    const patched = await run("UpdateRestApi", {
      restApiId,
      patchOperations: [
        replace("/name", "cats"),
        replace("/description", "text"),
        { op: "add", path: "/binaryMediaTypes/image~1png" },
        replace("/minimumCompressionSize", "1024"),
        replace("/apiKeySource", "AUTHORIZER"),
        replace("/disableExecuteApiEndpoint", "True"),
        replace("/endpointConfiguration/types/EDGE", "REGIONAL"),
      ],
    });
    assert.deepEqual(
      [patched.name, patched.description, patched.binaryMediaTypes, patched.minimumCompressionSize],
      ["cats", "text", ["image/png"], 1024],
    );
    assert.deepEqual(patched.endpointConfiguration, { types: ["REGIONAL"], ipAddressType: "ipv4" });
    const toPrivate = [
      replace("/endpointConfiguration/types/0", "PRIVATE"),
      { op: "add", path: "/endpointConfiguration/vpcEndpointIds", value: "vpce-0a1b" },
    ];
    const closed = await run("UpdateRestApi", { restApiId, patchOperations: toPrivate });
    assert.deepEqual(closed.endpointConfiguration, {
      types: ["PRIVATE"],
      ipAddressType: "dualstack",
      vpcEndpointIds: ["vpce-0a1b"],
    });
    const endpointConfiguration = { types: ["PRIVATE"], vpcEndpointIds: ["vpce-0a1b", "vpc-0a1b"] };
    await refuses(
      "CreateRestApi",
      { name: "a", endpointConfiguration },
      badRequest,
      /^Invalid VPC endpoint id specified: vpc-0a1b$/,
    );
    const misspelt = { op: "add", path: "/endpointConfiguration/vpcEndpointIds", value: "vpc-0a1b" };
    await refuses("UpdateRestApi", { restApiId, patchOperations: [misspelt] }, badRequest, /VPC endpoint id/);
    const toEdge = { restApiId, patchOperations: [replace("/endpointConfiguration/types/PRIVATE", "EDGE")] };
    await refuses("UpdateRestApi", toEdge, badRequest, /PRIVATE/);
    const tooLong = { restApiId, patchOperations: [replace("/name", "x".repeat(1025))] };
    await refuses("UpdateRestApi", tooLong, badRequest, /1024/);
    const noPolicy = { restApiId, patchOperations: [replace("/securityPolicy", "TLS_9")] };
    await refuses("UpdateRestApi", noPolicy, badRequest, /TLS_1_2/);
    assert.deepEqual(await run("GetRestApi", { restApiId }), closed);
  });

  it("is cloned with ids of its own", async () => {
    const { restApiId, httpMethod } = await anApi();
    const clone = await run("CreateRestApi", { name: "clone", cloneFrom: restApiId });
    const paths = async (id: string) =>
      (await run("GetResources", { restApiId: id })).items.map((item: Answer) => item.path).toSorted();
    assert.deepEqual(await paths(clone.id), await paths(restApiId));
    const { items } = await run("GetResources", { restApiId: clone.id, embed: ["methods"] });
    const pet = items.find((item: Answer) => item.path === "/pets/{petId}");
    assert.equal(pet.resourceMethods[httpMethod].methodIntegration.cacheNamespace, pet.id);
    const ids = (await run("GetResources", { restApiId })).items.map((item: Answer) => item.id);
    assert(!ids.includes(pet.id));
    await refuses("CreateRestApi", { name: "x", cloneFrom: "nothing" }, badRequest, /nothing/);
  });

  it("goes with everything below it", async () => {
    const { restApiId } = await anApi();
    await run("CreateDeployment", { restApiId, stageName: "prod" });
    await run("DeleteRestApi", { restApiId });
    for (const kind of Object.values(restKinds)) assert.deepEqual(await store.all(kind), []);
    await refuses("GetRestApi", { restApiId }, notFound, `Invalid API identifier specified 123456789012:${restApiId}`);
    await refuses("GetResources", { restApiId }, notFound, /^Invalid API identifier/);
  });

  it("belongs to its account and region", async () => {
    const { id: restApiId } = await run("CreateRestApi", { name: "pets" });
    for (const over of [{ account: "999999999999" }, { region: "us-east-1" }]) {
      await assert.rejects(() => run("GetRestApi", { restApiId }, over), /Invalid API identifier/);
      assert.deepEqual(await run("GetRestApis", {}, over), { items: [] });
    }
  });

  it("is listed in pages", async () => {
    const few = makeRestOperations({ store, limits: makeControlLimits({ edgeApis: 1000 }) });
    for (let count = 0; count < 30; count++) await few["CreateRestApi"]!({ name: `api ${count}` }, call);
    const first = await run("GetRestApis");
    assert.equal(first.items.length, 25);
    const second = await run("GetRestApis", { position: first.position });
    assert.equal(second.items.length, 5);
    assert.equal(second.position, undefined);
    const names = new Set([...first.items, ...second.items].map((item: Answer) => item.name));
    assert.equal(names.size, 30);
    assert.equal((await run("GetRestApis", { limit: 1000 })).items.length, 30);
    await refuses("GetRestApis", { position: "nonsense" }, badRequest, /position/);
    assert.equal((await run("GetRestApis", { limit: -1 })).items.length, 25);
  });

  it("is refused over the account's limit, or without a name", async () => {
    const few = makeRestOperations({ store, limits: makeControlLimits({ edgeApis: 1 }) });
    await few["CreateRestApi"]!({ name: "one" }, call);
    await assert.rejects(() => few["CreateRestApi"]!({ name: "two" }, call), /^ApiError|Maximum number of Edge APIs/);
    await few["CreateRestApi"]!({ name: "three", endpointConfiguration: { types: ["REGIONAL"] } }, call);
    await refuses("CreateRestApi", { name: " " }, badRequest, /name/);
  });
});

describe("Resource", () => {
  it("knows its path, below parents and after moves", async () => {
    const { restApiId, root, pets, resourceId } = await anApi();
    assert.equal((await run("GetResource", { restApiId, resourceId })).path, "/pets/{petId}");
    const renamed = await run("UpdateResource", {
      restApiId,
      resourceId: pets,
      patchOperations: [replace("/pathPart", "animals")],
    });
    assert.equal(renamed.path, "/animals");
    assert.equal((await run("GetResource", { restApiId, resourceId })).path, "/animals/{petId}");
    const { id: shop } = await run("CreateResource", { restApiId, parentId: root, pathPart: "shop" });
    const move = { restApiId, resourceId: pets, patchOperations: [replace("/parentId", shop)] };
    assert.equal((await run("UpdateResource", move)).path, "/shop/animals");
    assert.equal((await run("GetResource", { restApiId, resourceId })).path, "/shop/animals/{petId}");
    const below = { restApiId, resourceId: shop, patchOperations: [replace("/parentId", resourceId)] };
    await refuses("UpdateResource", below, badRequest, /cyclical/);
  });

  it("is refused where AWS refuses it", async () => {
    const { restApiId, root, pets } = await anApi();
    const create = (parentId: string, pathPart: string) => ({ restApiId, parentId, pathPart });
    await refuses("CreateResource", create("gone", "x"), notFound, "Invalid Resource identifier specified");
    await refuses(
      "CreateResource",
      create(root, "pets"),
      conflict,
      "Another resource with the same parent already has this name: pets",
    );
    await refuses(
      "CreateResource",
      create(pets, "{bizId}"),
      badRequest,
      "A sibling ({petId}) of this resource already has a variable path part -- only one is allowed",
    );
    await refuses("CreateResource", create(pets, "{id}.html"), badRequest, /^Resource's path part only allow/);
    const greedy = await run("CreateResource", create(root, "{proxy+}"));
    await refuses("CreateResource", create(greedy.id, "x"), badRequest, /greedy path variable: \{proxy\+\}/);
    await refuses("DeleteResource", { restApiId, resourceId: root }, badRequest, /root/);
    await refuses("GetResource", { restApiId, resourceId: "gone" }, notFound, "Invalid Resource identifier specified");
  });

  it("embeds its methods only if it is asked to", async () => {
    const { restApiId, resourceId } = await anApi();
    assert.deepEqual((await run("GetResource", { restApiId, resourceId })).resourceMethods, { GET: {} });
    const embedded = await run("GetResource", { restApiId, resourceId, embed: ["methods"] });
    assert.equal(embedded.resourceMethods.GET.methodIntegration.type, "MOCK");
  });

  it("goes with its subtree", async () => {
    const { restApiId, root, pets } = await anApi();
    await run("DeleteResource", { restApiId, resourceId: pets });
    assert.deepEqual(await run("GetResources", { restApiId }), { items: [{ id: root, path: "/" }] });
  });

  it("is refused over the limit, which the server may raise", async () => {
    const { restApiId, root } = await anApi();
    const two = makeRestOperations({ store, limits: makeControlLimits({ resourcesPerApi: 3 }) });
    await assert.rejects(() => two["CreateResource"]!({ restApiId, parentId: root, pathPart: "x" }, call), {
      code: "LimitExceededException",
      message:
        "Maximum number of Resources for this API has been reached. Please contact AWS if you need additional Resources.",
    });
  });

  it("loses no update of many at once", async () => {
    const { restApiId, root } = await anApi();
    const names = Array.from({ length: 40 }, (_, index) => `r${index}`);
    await Promise.all(names.map((pathPart) => run("CreateResource", { restApiId, parentId: root, pathPart })));
    const clash = await Promise.allSettled(
      names.map(() => run("CreateResource", { restApiId, parentId: root, pathPart: "same" })),
    );
    assert.equal(clash.filter((outcome) => outcome.status === "fulfilled").length, 1);
    assert.equal((await run("GetResources", { restApiId, limit: 500 })).items.length, 44);
    const verbs = ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY"];
    await Promise.all(
      verbs.map((httpMethod) =>
        run("PutMethod", { restApiId, resourceId: root, httpMethod, authorizationType: "NONE" }),
      ),
    );
    const { resourceMethods } = await run("GetResource", { restApiId, resourceId: root });
    assert.deepEqual(Object.keys(resourceMethods), verbs.toSorted());
  });
});

describe("Method, Integration and their responses", () => {
  it("live and go together", async () => {
    const { restApiId, resourceId } = await anApi();
    const method = { restApiId, resourceId, httpMethod: "POST" };
    const put = await run("PutMethod", {
      ...method,
      authorizationType: "NONE",
      requestParameters: { "method.request.path.petId": true },
    });
    assert.deepEqual(put, {
      httpMethod: "POST",
      authorizationType: "NONE",
      apiKeyRequired: false,
      requestParameters: { "method.request.path.petId": true },
    });
    const integration = await run("PutIntegration", {
      ...method,
      type: "HTTP",
      integrationHttpMethod: "GET",
      uri: "http://localhost:8080/{id}",
      requestParameters: { "integration.request.path.id": "method.request.path.petId" },
      requestTemplates: { "application/json": "" },
    });
    assert.deepEqual(integration, {
      type: "HTTP",
      httpMethod: "GET",
      uri: "http://localhost:8080/{id}",
      connectionType: "INTERNET",
      requestParameters: { "integration.request.path.id": "method.request.path.petId" },
      requestTemplates: { "application/json": null },
      passthroughBehavior: "WHEN_NO_MATCH",
      timeoutInMillis: 29_000,
      cacheNamespace: resourceId,
      cacheKeyParameters: [],
      responseTransferMode: "BUFFERED",
    });
    const response = { ...method, statusCode: "200" };
    await run("PutMethodResponse", { ...response, responseParameters: { "method.response.header.X": false } });
    await run("PutIntegrationResponse", { ...response, responseParameters: { "method.response.header.X": "'a'" } });
    const whole = await run("GetMethod", method);
    assert.deepEqual(whole.methodResponses["200"].responseParameters, { "method.response.header.X": false });
    assert.deepEqual(whole.methodIntegration.integrationResponses["200"].responseParameters, {
      "method.response.header.X": "'a'",
    });
    // Again: the responses stay.
    await run("PutIntegration", { ...method, type: "MOCK" });
    assert.equal((await run("GetIntegrationResponse", response)).statusCode, "200");
    await run("DeleteIntegration", method);
    await refuses("GetIntegration", method, notFound, "Invalid Integration identifier specified");
    await refuses("GetIntegrationResponse", response, notFound, "Invalid Integration identifier specified");
    await run("DeleteMethodResponse", response);
    await refuses("GetMethodResponse", response, notFound, "Invalid Response status code specified");
    await run("DeleteMethod", method);
    await refuses("GetMethod", method, notFound, "Invalid Method identifier specified");
    await refuses("DeleteMethod", method, notFound, "Invalid Method identifier specified");
  });

  it("are refused where AWS refuses them", async () => {
    const api = await anApi();
    const none = { authorizationType: "NONE" };
    await refuses("PutMethod", { ...api, ...none }, conflict, "Method already exists for this resource");
    await refuses("PutMethod", { ...api, httpMethod: "FETCH", ...none }, badRequest, /HttpMethod/);
    await refuses(
      "PutMethod",
      { ...api, resourceId: "gone", ...none },
      notFound,
      "Invalid Resource identifier specified",
    );
    const validator = { ...api, httpMethod: "PUT", ...none, requestValidatorId: "gone" };
    await refuses("PutMethod", validator, badRequest, "Invalid Request Validator identifier specified");
    const response = { ...api, statusCode: "200" };
    await run("PutMethodResponse", response);
    await refuses("PutMethodResponse", response, conflict, "Response already exists for this resource");
    await refuses(
      "PutIntegrationResponse",
      { ...response, httpMethod: "PUT" },
      notFound,
      "Invalid Method identifier specified",
    );
    await run("PutIntegrationResponse", response);
    await run("PutIntegrationResponse", response);
    await refuses(
      "PutIntegrationResponse",
      { ...response, statusCode: "400" },
      conflict,
      "Integration response with selection pattern default already exists",
    );
  });

  it("are patched", async () => {
    const api = await anApi();
    await run("CreateModel", { restApiId: api.restApiId, name: "Pet", contentType: "application/json", schema: "{}" });
    const method = await run("UpdateMethod", {
      ...api,
      patchOperations: [
        { op: "add", path: "/requestParameters/method.request.header.a" },
        { op: "add", path: "/requestParameters/method.request.querystring.b", value: "true" },
        { op: "add", path: "/requestModels/application~1json", value: "Pet" },
        replace("/apiKeyRequired", "true"),
        replace("/operationName", "getPet"),
      ],
    });
    assert.deepEqual(method.requestParameters, {
      "method.request.header.a": false,
      "method.request.querystring.b": true,
    });
    assert.deepEqual(
      [method.requestModels, method.apiKeyRequired, method.operationName],
      [{ "application/json": "Pet" }, true, "getPet"],
    );
    const wrong = { ...api, patchOperations: [replace("/authorizationType", "CUSTOM")] };
    await refuses("UpdateMethod", wrong, badRequest, /^Invalid authorizer ID specified/);
    const integration = await run("UpdateIntegration", {
      ...api,
      patchOperations: [
        replace("/type", "HTTP_PROXY"),
        replace("/httpMethod", "GET"),
        replace("/uri", "http://localhost:8080/"),
        replace("/timeoutInMillis", "1000"),
        { op: "add", path: "/requestTemplates/application~1json" },
        { op: "add", path: "/cacheKeyParameters/method.request.header.a", value: "" },
      ],
    });
    assert.equal(integration.timeoutInMillis, 1000);
    assert.deepEqual(integration.requestTemplates, { "application/json": null });
    assert.deepEqual(integration.cacheKeyParameters, ["method.request.header.a"]);
    const slow = { ...api, patchOperations: [replace("/timeoutInMillis", "30000")] };
    await refuses("UpdateIntegration", slow, badRequest, "Timeout should be between 50 ms and 29000 ms");
    assert.equal((await run("GetIntegration", api)).timeoutInMillis, 1000);
    await run("PutMethodResponse", { ...api, statusCode: "200" });
    const response = await run("UpdateMethodResponse", {
      ...api,
      statusCode: "200",
      patchOperations: [{ op: "add", path: "/responseParameters/method.response.header.X", value: "true" }],
    });
    assert.deepEqual(response.responseParameters, { "method.response.header.X": true });
    await run("PutIntegrationResponse", { ...api, statusCode: "200" });
    const mapped = await run("UpdateIntegrationResponse", {
      ...api,
      statusCode: "200",
      patchOperations: [
        replace("/selectionPattern", "2\\d\\d"),
        { op: "add", path: "/responseParameters/method.response.header.X", value: "context.requestId" },
        { op: "add", path: "/responseTemplates/text~1plain", value: "$input.body" },
      ],
    });
    assert.deepEqual(mapped, {
      statusCode: "200",
      selectionPattern: "2\\d\\d",
      responseParameters: { "method.response.header.X": "context.requestId" },
      responseTemplates: { "text/plain": "$input.body" },
    });
  });
});

describe("Model, RequestValidator and Authorizer", () => {
  it("live, and stay while they are used", async () => {
    const api = await anApi();
    const { restApiId } = api;
    const contentType = "application/json";
    const pet = await run("CreateModel", { restApiId, name: "Pet", contentType, schema: '{"type":"object"}' });
    assert.match(pet.id, /^[a-z0-9]{6}$/);
    const reference = `https://apigateway.amazonaws.com/restapis/${restApiId}/models/Pet`;
    const schema = JSON.stringify({ type: "array", items: { $ref: reference } });
    await run("CreateModel", { restApiId, name: "Pets", contentType, schema });
    assert.deepEqual(JSON.parse((await run("GetModel", { restApiId, modelName: "Pets", flatten: true })).schema), {
      type: "array",
      items: { $ref: "#/definitions/Pet" },
      definitions: { Pet: { type: "object" } },
    });
    await refuses(
      "CreateModel",
      { restApiId, name: "Pet", contentType, schema },
      conflict,
      "Model name already exists for this REST API",
    );
    await refuses(
      "CreateModel",
      { restApiId, name: "a_b", contentType },
      badRequest,
      "Model name must be alphanumeric: a_b",
    );
    await refuses("GetModel", { restApiId, modelName: "Dog" }, notFound, "Invalid model name specified: Dog");
    await refuses(
      "DeleteModel",
      { restApiId, modelName: "Pet" },
      conflict,
      "Cannot delete model 'Pet', is referenced in model: Pets",
    );
    await run("UpdateMethod", {
      ...api,
      patchOperations: [{ op: "add", path: "/requestModels/application~1json", value: "Pets" }],
    });
    await refuses(
      "DeleteModel",
      { restApiId, modelName: "Pets" },
      conflict,
      "Cannot delete model 'Pets', is referenced in method request: /pets/{petId}/GET",
    );
    const described = await run("UpdateModel", {
      restApiId,
      modelName: "Pet",
      patchOperations: [replace("/description", "a pet"), replace("/schema", "{}")],
    });
    assert.deepEqual([described.description, described.schema], ["a pet", "{}"]);

    const validator = await run("CreateRequestValidator", { restApiId, name: "body", validateRequestBody: true });
    assert.deepEqual(validator, {
      id: validator.id,
      name: "body",
      validateRequestBody: true,
      validateRequestParameters: false,
    });
    await refuses(
      "CreateRequestValidator",
      { restApiId, name: "body" },
      badRequest,
      /^Request Validator name must be unique/,
    );
    const authorizer = await run("CreateAuthorizer", {
      restApiId,
      name: "token",
      type: "TOKEN",
      authorizerUri: "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/f/invocations",
      identitySource: "method.request.header.Authorization",
    });
    assert.deepEqual([authorizer.authType, authorizer.authorizerResultTtlInSeconds], ["custom", undefined]);
    const wrongKind = [replace("/authorizationType", "COGNITO_USER_POOLS"), replace("/authorizerId", authorizer.id)];
    await refuses(
      "UpdateMethod",
      { ...api, patchOperations: wrongKind },
      badRequest,
      /^Invalid authorizer ID specified/,
    );
    await run("UpdateMethod", {
      ...api,
      patchOperations: [
        replace("/authorizationType", "CUSTOM"),
        replace("/authorizerId", authorizer.id),
        replace("/requestValidatorId", validator.id),
      ],
    });
    const validatorId = { restApiId, requestValidatorId: validator.id };
    await refuses("DeleteRequestValidator", validatorId, conflict, /is referenced in method: GET\/\/pets/);
    await refuses(
      "DeleteAuthorizer",
      { restApiId, authorizerId: authorizer.id },
      conflict,
      "Cannot delete authorizer 'token', is referenced in method: GET//pets/{petId}",
    );
    await run("UpdateMethod", {
      ...api,
      patchOperations: [replace("/authorizationType", "NONE"), replace("/requestValidatorId", "")],
    });
    await run("DeleteRequestValidator", validatorId);
    await run("DeleteAuthorizer", { restApiId, authorizerId: authorizer.id });
    assert.deepEqual(await run("GetAuthorizers", { restApiId }), { items: [] });
    await refuses("GetRequestValidator", validatorId, notFound, "Invalid Request Validator identifier specified");
  });

  it("are refused half-made", async () => {
    const { restApiId } = await anApi();
    const uri = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/f/invocations";
    const wrong = [
      { name: "a", type: "TOKEN", identitySource: "method.request.header.A" },
      { name: "a", type: "TOKEN", authorizerUri: uri },
      { name: "a", type: "TOKEN", authorizerUri: uri, identitySource: "method.request.querystring.a" },
      { name: "a", type: "REQUEST", authorizerUri: uri },
      { name: "a", type: "COGNITO_USER_POOLS", identitySource: "method.request.header.A" },
      {
        name: "a",
        type: "TOKEN",
        authorizerUri: uri,
        identitySource: "method.request.header.A",
        authorizerResultTtlInSeconds: 3601,
      },
      {
        name: "a",
        type: "TOKEN",
        authorizerUri: uri,
        identitySource: "method.request.header.A",
        authorizerCredentials: "r",
      },
    ];
    for (const input of wrong) await refuses("CreateAuthorizer", { restApiId, ...input }, badRequest, /./);
    await refuses("CreateRequestValidator", { restApiId, name: " " }, badRequest, /blank/);
  });
});

describe("GatewayResponse", () => {
  it("is one of 21, customised or not", async () => {
    const { restApiId } = await anApi();
    const all = await run("GetGatewayResponses", { restApiId, limit: 1 });
    assert.equal(all.items.length, 21);
    assert.deepEqual(await run("GetGatewayResponse", { restApiId, responseType: "DEFAULT_4XX" }), {
      responseType: "DEFAULT_4XX",
      responseParameters: {},
      responseTemplates: { "application/json": '{"message":$context.error.messageString}' },
      defaultResponse: true,
    });
    const put = { restApiId, responseType: "THROTTLED", statusCode: "420" };
    assert.equal((await run("PutGatewayResponse", put)).defaultResponse, false);
    const parameters = { ...put, responseParameters: { "gatewayresponse.header.X": "a" } };
    await refuses("PutGatewayResponse", parameters, badRequest, /^Invalid mapping expression specified/);
    const patched = await run("UpdateGatewayResponse", {
      ...put,
      patchOperations: [{ op: "add", path: "/responseParameters/gatewayresponse.header.X", value: "'a'" }],
    });
    assert.deepEqual([patched.statusCode, patched.responseParameters], ["420", { "gatewayresponse.header.X": "'a'" }]);
    await run("DeleteGatewayResponse", put);
    assert.equal((await run("GetGatewayResponse", put)).statusCode, "429");
    await refuses("DeleteGatewayResponse", put, notFound, /Gateway response/);
  });
});

describe("Deployment and Stage", () => {
  it("freeze the API and serve it", async () => {
    const api = await anApi();
    const { restApiId } = api;
    const deployment = await run("CreateDeployment", {
      restApiId,
      stageName: "prod",
      description: "first",
      variables: { a: "1" },
    });
    // The model has no member for who deployed, so it stays in the document, for `portico deployments`.
    assert.deepEqual(deployment, {
      id: deployment.id,
      description: "first",
      createdDate: 1_700_000_000,
      createdBy: "arn:aws:iam::123456789012:root",
    });
    assert.deepEqual(await run("GetStage", { restApiId, stageName: "prod" }), {
      stageName: "prod",
      deploymentId: deployment.id,
      cacheClusterEnabled: false,
      cacheClusterStatus: "NOT_AVAILABLE",
      methodSettings: {},
      variables: { a: "1" },
      tracingEnabled: false,
      createdDate: 1_700_000_000,
      lastUpdatedDate: 1_700_000_000,
    });
    await run("DeleteMethod", api);
    const summary = await run("GetDeployment", { restApiId, deploymentId: deployment.id, embed: ["apisummary"] });
    assert.deepEqual(summary.apiSummary, {
      "/pets/{petId}": { GET: { authorizationType: "NONE", apiKeyRequired: false } },
    });
    await refuses("CreateDeployment", { restApiId }, badRequest, "The REST API doesn't contain any methods");
    await run("PutMethod", { ...api, authorizationType: "NONE" });
    await refuses("CreateDeployment", { restApiId }, badRequest, "No integration defined for method");
    await run("PutIntegration", { ...api, type: "MOCK" });
    const second = await run("CreateDeployment", { restApiId, stageName: "prod", variables: { b: "2" } });
    const moved = await run("GetStage", { restApiId, stageName: "prod" });
    assert.deepEqual([moved.deploymentId, moved.variables], [second.id, { a: "1", b: "2" }]);
    const back = { restApiId, stageName: "prod", patchOperations: [replace("/deploymentId", deployment.id)] };
    assert.equal((await run("UpdateStage", back)).deploymentId, deployment.id);
    const inUse = "Active stages pointing to this deployment must be moved or deleted";
    await refuses("DeleteDeployment", { restApiId, deploymentId: deployment.id }, badRequest, inUse);
    await run("DeleteDeployment", { restApiId, deploymentId: second.id });
    const gone = { restApiId, stageName: "prod", patchOperations: [replace("/deploymentId", second.id)] };
    await refuses("UpdateStage", gone, badRequest, "Deployment id does not exist");
    await refuses(
      "GetDeployment",
      { restApiId, deploymentId: second.id },
      notFound,
      "Invalid Deployment identifier specified",
    );
    await run("DeleteStage", { restApiId, stageName: "prod" });
    await run("DeleteDeployment", { restApiId, deploymentId: deployment.id });
    assert.deepEqual(await store.all(restKinds.snapshot), []);
    await refuses("GetStage", { restApiId, stageName: "prod" }, notFound, "Invalid stage identifier specified");
  });

  it("write nothing where something is refused", async () => {
    const { restApiId } = await anApi();
    await refuses("CreateDeployment", { restApiId, stageName: "a b" }, badRequest, "Stage name only allows a-zA-Z0-9_");
    await refuses(
      "CreateDeployment",
      { restApiId, stageName: "a", variables: { "a-b": "c" } },
      badRequest,
      /^Invalid stage variable name: a-b/,
    );
    for (const kind of [restKinds.deployment, restKinds.snapshot, restKinds.stage])
      assert.deepEqual(await store.all(kind), []);
  });

  it("need a policy for a private API", async () => {
    const { restApiId } = await anApi();
    const toPrivate = [replace("/endpointConfiguration/types/0", "PRIVATE")];
    await run("UpdateRestApi", { restApiId, patchOperations: toPrivate });
    const message = "Private REST API doesn't have a resource policy attached to it";
    await refuses("CreateDeployment", { restApiId }, badRequest, message);
  });

  it("are made, listed and limited", async () => {
    const { restApiId } = await anApi();
    const { id: deploymentId } = await run("CreateDeployment", { restApiId });
    const stage = { restApiId, stageName: "s0", deploymentId };
    await run("CreateStage", { ...stage, tags: { team: "a" } });
    await refuses("CreateStage", stage, conflict, "Stage already exists");
    await refuses(
      "CreateStage",
      { ...stage, stageName: "x", deploymentId: "gone" },
      badRequest,
      "Deployment id does not exist",
    );
    for (let count = 1; count < 10; count++) await run("CreateStage", { ...stage, stageName: `s${count}` });
    await refuses("CreateStage", { ...stage, stageName: "s10" }, "LimitExceededException", /^Maximum number of Stages/);
    assert.equal((await run("GetStages", { restApiId })).item.length, 10);
    assert.equal((await run("GetStages", { restApiId, deploymentId: "other" })).item.length, 0);
  });

  it("have method settings by path and verb", async () => {
    const { restApiId } = await anApi();
    await run("CreateDeployment", { restApiId, stageName: "prod" });
    const update = (...patchOperations: readonly PatchOperation[]) =>
      run("UpdateStage", { restApiId, stageName: "prod", patchOperations });
    const all = await update(replace("/*/*/throttling/rateLimit", "50.5"), replace("/*/*/metrics/enabled", "true"));
    assert.deepEqual(all.methodSettings["*/*"], {
      metricsEnabled: true,
      dataTraceEnabled: false,
      throttlingBurstLimit: 5000,
      throttlingRateLimit: 50.5,
      cachingEnabled: false,
      cacheTtlInSeconds: 300,
      cacheDataEncrypted: false,
      requireAuthorizationForCacheControl: true,
      unauthorizedCacheControlHeaderStrategy: "SUCCEED_WITH_RESPONSE_HEADER",
    });
    const one = await update(replace("/~1pets~1{petId}/GET/caching/ttlInSeconds", "5"));
    assert.equal(one.methodSettings["~1pets~1{petId}/GET"].throttlingRateLimit, 50.5);
    const fewer = await update({ op: "remove", path: "/*/*" });
    assert.deepEqual(Object.keys(fewer.methodSettings), ["~1pets~1{petId}/GET"]);
    for (const path of [
      "/~1//logging/dataTrace",
      "/{proxy+}/ANY//throttling/burstLimit",
      "/pets/GET/x/y",
      "/x",
      "/GET/metrics/enabled",
    ]) {
      const input = { restApiId, stageName: "prod", patchOperations: [replace(path, "1")] };
      const start = `Invalid method setting path: ${path}. Must be one of: [/deploymentId, /description, `;
      await assert.rejects(
        () => run("UpdateStage", input),
        (error: Error) => error.message.startsWith(start),
      );
    }
  });

  it("refuse a wrong op on a path of theirs as such", async () => {
    const { restApiId } = await anApi();
    await run("CreateDeployment", { restApiId, stageName: "prod" });
    const input = { restApiId, stageName: "prod", patchOperations: [{ op: "add", path: "/description", value: "x" }] };
    await refuses("UpdateStage", input, badRequest, "Invalid add operation with path: /description");
  });

  it("log only where the account has a role for it", async () => {
    const { restApiId } = await anApi();
    await run("CreateDeployment", { restApiId, stageName: "prod" });
    const info = { restApiId, stageName: "prod", patchOperations: [replace("/*/*/logging/loglevel", "INFO")] };
    const format = "$context.requestId";
    const destination = "arn:aws:logs:eu-west-1:123456789012:log-group:access";
    const access = {
      restApiId,
      stageName: "prod",
      patchOperations: [
        replace("/accessLogSettings/destinationArn", `${destination}:*`),
        replace("/accessLogSettings/format", format),
      ],
    };
    const message = "CloudWatch Logs role ARN must be set in account settings to enable logging";
    await refuses("UpdateStage", info, badRequest, message);
    await refuses("UpdateStage", access, badRequest, message);
    const account = await run("UpdateAccount", {
      patchOperations: [replace("/cloudwatchRoleArn", "arn:aws:iam::123456789012:role/logs")],
    });
    assert.deepEqual(account, {
      cloudwatchRoleArn: "arn:aws:iam::123456789012:role/logs",
      throttleSettings: { rateLimit: 10_000, burstLimit: 5_000 },
      features: ["UsagePlans"],
      apiKeyVersion: "4",
    });
    await run("UpdateStage", info);
    assert.deepEqual((await run("UpdateStage", access)).accessLogSettings, { destinationArn: destination, format });
    const [, , , region, owner] = destination.split(":");
    for (const foreign of [
      destination.replace(`:${owner}:`, ":999999999999:"),
      destination.replace(`:${region}:`, ":ap-south-1:"),
    ]) {
      const elsewhere = [replace("/accessLogSettings/destinationArn", foreign)];
      const words = "Invalid ARN specified in the request";
      await refuses("UpdateStage", { restApiId, stageName: "prod", patchOperations: elsewhere }, badRequest, words);
    }
    const off = [{ op: "remove", path: "/accessLogSettings" }];
    const stage = await run("UpdateStage", { restApiId, stageName: "prod", patchOperations: off });
    assert.equal(stage.accessLogSettings, undefined);
  });

  it("have canaries that are made, promoted and removed", async () => {
    const { restApiId } = await anApi();
    const canarySettings = { percentTraffic: 10, stageVariableOverrides: { sv1: "val2", sv2: "val3" } };
    const canary = { restApiId, stageName: "prod", canarySettings };
    await refuses(
      "CreateDeployment",
      canary,
      badRequest,
      "Invalid deployment content specified.Stage prod must already be created before making a canary release deployment",
    );
    const first = await run("CreateDeployment", { restApiId, stageName: "prod", variables: { sv1: "val1" } });
    const second = await run("CreateDeployment", canary);
    const stage = await run("GetStage", { restApiId, stageName: "prod" });
    assert.equal(stage.deploymentId, first.id);
    assert.deepEqual(stage.canarySettings, {
      deploymentId: second.id,
      percentTraffic: 10,
      stageVariableOverrides: { sv1: "val2", sv2: "val3" },
      useStageCache: false,
    });
    await refuses(
      "CreateDeployment",
      { restApiId, stageName: "prod" },
      badRequest,
      "Invalid deployment content specified.Non canary deployment not supported on stage prod because Canary is enabled. Provide CanarySettings in deploymentInput.",
    );
    const served = { restApiId, deploymentId: second.id };
    await refuses("DeleteDeployment", served, badRequest, /^Active stages/);
    const promoted = await run("UpdateStage", {
      restApiId,
      stageName: "prod",
      patchOperations: [
        replace("/canarySettings/percentTraffic", "0.0"),
        { op: "copy", from: "/canarySettings/stageVariableOverrides", path: "/variables" },
        { op: "copy", from: "/canarySettings/deploymentId", path: "/deploymentId" },
      ],
    });
    assert.equal(promoted.deploymentId, second.id);
    assert.deepEqual(promoted.variables, { sv1: "val2", sv2: "val3" });
    assert.equal(promoted.canarySettings.percentTraffic, 0);
    const removal = [{ op: "remove", path: "/canarySettings" }];
    const plain = await run("UpdateStage", { restApiId, stageName: "prod", patchOperations: removal });
    assert.equal(plain.canarySettings, undefined);
    const made = await run("UpdateStage", {
      restApiId,
      stageName: "prod",
      patchOperations: [replace("/canarySettings/percentTraffic", "5.5")],
    });
    assert.deepEqual(made.canarySettings, { deploymentId: second.id, percentTraffic: 5.5, useStageCache: false });
  });
});

describe("ImportRestApi, PutRestApi and GetExport", () => {
  const mock = { responses: { "200": { description: "ok" } }, "x-amazon-apigateway-integration": { type: "mock" } };
  const aDocument = (paths: object, more: object = {}): Buffer =>
    Buffer.from(JSON.stringify({ openapi: "3.0.1", info: { title: "pets", version: "1.0" }, paths, ...more }));

  it("write a document's difference only", async () => {
    const body = aDocument({ "/a": { get: mock }, "/b": { get: mock } });
    const { id: restApiId } = await run("ImportRestApi", { body });
    const changes: string[] = [];
    const stop = store.subscribe((all) => changes.push(...all.map(({ kind, deleted }) => `${kind} ${deleted}`)));
    await run("PutRestApi", { restApiId, mode: "overwrite", body });
    assert.deepEqual(changes, []);
    await run("PutRestApi", { restApiId, mode: "overwrite", body: aDocument({ "/a": { get: mock, put: mock } }) });
    stop();
    // What the operations' answers are said to be is documentation.
    const changed = ["documentation-part false", "documentation-part true", "resource false", "resource true"];
    assert.deepEqual(changes.toSorted(), changed);
  });

  it("fail on warnings if they are asked to, and else answer them", async () => {
    const body = aDocument({ "/a": { get: { "x-amazon-apigateway-integration": { type: "mock" } } } });
    const imported = await run("ImportRestApi", { body });
    assert.deepEqual(imported.warnings, ["No responses specified for 'GET /a'"]);
    assert.equal((await run("GetRestApi", { restApiId: imported.id })).warnings, undefined);
    await refuses(
      "ImportRestApi",
      { body, failOnWarnings: true },
      badRequest,
      "Warnings found during import:\n\tNo responses specified for 'GET /a'",
    );
    const put = { restApiId: imported.id, body, failOnWarnings: true };
    await refuses("PutRestApi", put, badRequest, /^Warnings found during import:/);
    assert.equal((await store.all(restKinds.restApi)).length, 1);
  });

  it("take the endpoint from the parameters, and never change it", async () => {
    const body = aDocument({ "/a": { get: mock } });
    const types = (endpointConfigurationTypes: string) => ({ body, parameters: { endpointConfigurationTypes } });
    const { id: restApiId, endpointConfiguration } = await run("ImportRestApi", types("PRIVATE"));
    assert.deepEqual(endpointConfiguration, { types: ["PRIVATE"], ipAddressType: "dualstack" });
    const put = await run("PutRestApi", { restApiId, mode: "overwrite", ...types("EDGE") });
    assert.deepEqual(put.endpointConfiguration.types, ["PRIVATE"]);
    await refuses("ImportRestApi", types("HERE"), badRequest, /HERE/);
    await refuses("ImportRestApi", { body, parameters: { basepath: "keep" } }, badRequest, /basepath/);
  });

  it("refuse what is no document, and say why in a hint", async () => {
    const refused = await run("ImportRestApi", { body: Buffer.from("{}") }).catch((error: unknown) => error);
    assert(refused instanceof ApiError);
    assert.equal(refused.message, "Invalid OpenAPI input.");
    assert.match(refused.hint ?? "", /OpenAPI/);
    assert.deepEqual(await store.all(restKinds.apiIdClaim), []);
  });

  it("refuse more resources than an API may have", async () => {
    const few = makeRestOperations({ store, limits: makeControlLimits({ resourcesPerApi: 2 }) });
    const body = aDocument({ "/a": { get: mock }, "/b": { get: mock } });
    await assert.rejects(() => few["ImportRestApi"]!({ body }, call), {
      message: /^Errors found during import:\n\tUnable to create resource at path '\/b': Maximum number of Resources/,
    });
  });

  it("refuse more authorizers than an API may have", async () => {
    const few = makeRestOperations({ store, limits: makeControlLimits({ authorizersPerApi: 1 }) });
    const authorizerUri = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/f/invocations";
    const extension = { "x-amazon-apigateway-authorizer": { type: "token", authorizerUri } };
    const scheme = { type: "apiKey", name: "A", in: "header", ...extension };
    const body = aDocument({}, { components: { securitySchemes: { one: scheme, two: scheme } } });
    await assert.rejects(() => few["ImportRestApi"]!({ body }, call), {
      message: /^Errors found during import:\n\tMaximum number of Authorizers/,
    });
    assert.equal((await run("ImportRestApi", { body })).name, "pets");
  });

  it("take in what AWS refuses with the profile relaxed", async () => {
    const body = aDocument({ "/a/{x}": { get: mock }, "/a/{y}/b": { get: mock } });
    await refuses("ImportRestApi", { body }, badRequest, /A sibling \(\{x\}\)/);
    const relaxed = makeRestOperations({ store, limits: makeControlLimits(), profile: "relaxed" });
    const { warnings } = (await relaxed["ImportRestApi"]!({ body }, call)) as Answer;
    assert.match(warnings.join(), /\{y\}/);
  });

  it("export what is deployed", async () => {
    const { id: restApiId } = await run("ImportRestApi", { body: aDocument({ "/a": { get: mock } }) });
    const wanted = { restApiId, stageName: "prod", exportType: "oas30" };
    await refuses("GetExport", wanted, notFound, "Invalid stage identifier specified");
    await run("CreateDeployment", { restApiId, stageName: "prod" });
    await run("PutRestApi", { restApiId, body: aDocument({ "/b": { get: mock } }) });
    const exported = await run("GetExport", wanted);
    assert.equal(exported.contentType, "application/octet-stream");
    assert.equal(exported.contentDisposition, 'attachment; filename="oas30_1.0.json"');
    assert.deepEqual(Object.keys(JSON.parse(exported.body.toString()).paths), ["/a"]);
    await refuses("GetExport", { ...wanted, exportType: "raml" }, badRequest, /raml/);
    await refuses("GetExport", { ...wanted, parameters: { extensions: "all" } }, badRequest, /all/);
    const extended = await run("GetExport", { ...wanted, parameters: { extensions: "authorizers, integrations" } });
    assert.match(extended.body.toString(), /x-amazon-apigateway-integration/);
  });
});

describe("Tags", () => {
  it("are put on APIs and stages, and taken off", async () => {
    const { restApiId } = await anApi();
    await run("CreateDeployment", { restApiId, stageName: "prod" });
    for (const path of [`/restapis/${restApiId}`, `/restapis/${restApiId}/stages/prod`]) {
      const resourceArn = `arn:aws:apigateway:eu-west-1::${path}`;
      await run("TagResource", { resourceArn, tags: { a: "1", b: "2", "Ü .:+=@_/-9": "ö .:+=@_/-9" } });
      await run("UntagResource", { resourceArn, tagKeys: ["a"] });
      assert.deepEqual(await run("GetTags", { resourceArn }), { tags: { b: "2", "Ü .:+=@_/-9": "ö .:+=@_/-9" } });
      await run("UntagResource", { resourceArn, tagKeys: ["b,x", "Ü .:+=@_/-9"] });
      assert.deepEqual(await run("GetTags", { resourceArn }), { tags: {} });
      await refuses("TagResource", { resourceArn, tags: { "aws:x": "1" } }, badRequest, /aws:/);
      await refuses("TagResource", { resourceArn, tags: { "a,b": "1" } }, badRequest, /a,b/);
      await refuses("TagResource", { resourceArn, tags: { key: "a\nb" } }, badRequest, /key/);
    }
    assert.deepEqual((await run("GetRestApi", { restApiId })).tags, {});
    await refuses("GetTags", { resourceArn: "arn:aws:apigateway:eu-west-1::/restapis/gone" }, notFound, /gone/);
    await refuses("GetTags", { resourceArn: "nonsense" }, badRequest, "Invalid ARN specified in the request");
    const untagged = { resourceArn: "arn:aws:apigateway:eu-west-1::/sdktypes/x" };
    await refuses("GetTags", untagged, badRequest, "Invalid ARN specified in the request");
    const unknown = { resourceArn: "arn:aws:apigateway:eu-west-1::/apikeys/x" };
    await refuses("GetTags", unknown, notFound, "Invalid API Key identifier specified");
  });
});

describe("the operations", () => {
  it("are all of the interface model", () => {
    for (const operation of Object.keys(operations)) assert(operation in model.operations, operation);
  });
});
