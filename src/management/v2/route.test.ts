// Routes and integrations of HTTP APIs, by the official SDK.
import assert from "node:assert/strict";
import { after, beforeEach, describe, it } from "node:test";
import type { CreateIntegrationCommandInput } from "@aws-sdk/client-apigatewayv2";
import { bare, makeV2Client, makeV2Management, refusedV2, scope } from "../../../test/v2-management.ts";
import { type HttpAuthorizer, v2Kinds } from "../../definition/http-api.ts";

const management = makeV2Management({ limits: { routesPerApi: 5, integrationsPerApi: 4 } });
const { store } = management;
const client = makeV2Client(management);
after(() => store.close());
beforeEach(() => store.reset());

const { putApi } = management;
const aUrl = (ApiId: string): CreateIntegrationCommandInput => ({
  ApiId,
  IntegrationType: "HTTP_PROXY",
  IntegrationMethod: "ANY",
  IntegrationUri: "https://example.com",
  PayloadFormatVersion: "1.0",
});

async function putAuthorizer(apiId: string, authorizer: Partial<HttpAuthorizer> & { AuthorizerId: string }) {
  const whole = { Name: "users", AuthorizerType: "JWT", ...authorizer };
  await store.write(scope, (tx) => tx.put(v2Kinds.authorizer, `${apiId}/${authorizer.AuthorizerId}`, whole));
}

describe("routes", () => {
  it("live: create, get, list, update, delete", async () => {
    const ApiId = await putApi();
    const { IntegrationId } = await client.createIntegration(aUrl(ApiId));
    const Target = `integrations/${IntegrationId}`;
    const made = await client.createRoute({ ApiId, RouteKey: "GET /pets/{id}", Target, OperationName: "getPet" });
    assert.equal(made.$metadata.httpStatusCode, 201);
    const { RouteId } = made;
    assert.match(RouteId ?? "", /^[a-z0-9]{7}$/);
    const shown = { ApiKeyRequired: false, AuthorizationType: "NONE", OperationName: "getPet", Target };
    assert.deepEqual(bare(made), { ...shown, RouteId, RouteKey: "GET /pets/{id}" });
    assert.deepEqual(bare(await client.getRoute({ ApiId, RouteId })), bare(made));
    await client.createRoute({ ApiId, RouteKey: "$default" });
    const keys = async () => (await client.getRoutes({ ApiId })).Items?.map(({ RouteKey }) => RouteKey);
    assert.deepEqual(await keys(), ["GET /pets/{id}", "$default"]);
    const updated = await client.updateRoute({ ApiId, RouteId, RouteKey: "ANY /pets/{id}", OperationName: "" });
    const { OperationName: _, ...others } = shown;
    assert.deepEqual(bare(updated), { ...others, RouteId, RouteKey: "ANY /pets/{id}" });
    const gone = await client.deleteRoute({ ApiId, RouteId });
    assert.equal(gone.$metadata.httpStatusCode, 204);
    assert.deepEqual(await keys(), ["$default"]);
  });

  it("are deployed by each change to a stage that deploys by itself, and by nothing else", async () => {
    const ApiId = await putApi();
    const seen = new Set<string | undefined>([await management.deployed(ApiId)]);
    const isNew = async (): Promise<boolean> => {
      const before = seen.size;
      return seen.add(await management.deployed(ApiId)).size > before;
    };
    const { RouteId } = await client.createRoute({ ApiId, RouteKey: "GET /a" });
    assert.equal(await isNew(), true);
    await client.updateRoute({ ApiId, RouteId, OperationName: "a" });
    assert.equal(await isNew(), true);
    await assert.rejects(client.createRoute({ ApiId, RouteKey: "GET /a" }));
    await assert.rejects(client.updateRoute({ ApiId, RouteId, RouteKey: "GET" }));
    await client.updateRoute({ ApiId, RouteId, OperationName: "a" });
    await client.getRoutes({ ApiId });
    assert.equal(await isNew(), false);
    await client.deleteRoute({ ApiId, RouteId });
    assert.equal(await isNew(), true);
    const { IntegrationId } = await client.createIntegration(aUrl(ApiId));
    assert.equal(await isNew(), true);
    await client.updateIntegration({ ApiId, IntegrationId, TimeoutInMillis: 100 });
    assert.equal(await isNew(), true);
    await client.deleteIntegration({ ApiId, IntegrationId });
    assert.equal(await isNew(), true);
  });

  it("come in pages", async () => {
    const ApiId = await putApi();
    for (const path of ["c", "a", "b"]) await client.createRoute({ ApiId, RouteKey: `GET /${path}` });
    const first = await client.getRoutes({ ApiId, MaxResults: "2" });
    const second = await client.getRoutes({ ApiId, MaxResults: "2", NextToken: first.NextToken });
    const keys = [...(first.Items ?? []), ...(second.Items ?? [])].map(({ RouteKey }) => RouteKey);
    assert.deepEqual([keys, second.NextToken], [["GET /c", "GET /a", "GET /b"], undefined]);
    await refusedV2(client.getRoutes({ ApiId, MaxResults: "x" }), "BadRequestException", 400, /maxResults/);
  });

  it("lose authorizer and scopes with an update to a type that has none, and keep them otherwise", async () => {
    const ApiId = await putApi();
    await putAuthorizer(ApiId, { AuthorizerId: "jwt001" });
    const jwt = { AuthorizationType: "JWT" as const, AuthorizerId: "jwt001", AuthorizationScopes: ["read"] };
    const { RouteId } = await client.createRoute({ ApiId, RouteKey: "GET /a", ...jwt });
    const kept = await client.updateRoute({ ApiId, RouteId, OperationName: "a" });
    assert.deepEqual([kept.AuthorizerId, kept.AuthorizationScopes], ["jwt001", ["read"]]);
    const words = "BadRequestException";
    const none = { ApiId, RouteId, AuthorizationType: "NONE" } as const;
    await refusedV2(client.updateRoute({ ...none, AuthorizerId: "jwt001" }), words, 400, /NONE has no authorizer/);
    await refusedV2(client.updateRoute({ ...none, AuthorizationScopes: ["a"] }), words, 400, /Scopes are only valid/);
    const open = await client.updateRoute(none);
    assert.deepEqual(
      [open.AuthorizationType, open.AuthorizerId, open.AuthorizationScopes],
      ["NONE", undefined, undefined],
    );
    await client.updateRoute({ ApiId, RouteId, ...jwt });
    const emptied = await client.updateRoute({
      ApiId,
      RouteId,
      AuthorizationType: "AWS_IAM",
      AuthorizerId: "",
      AuthorizationScopes: [],
    });
    assert.deepEqual([emptied.AuthorizationType, emptied.AuthorizerId], ["AWS_IAM", undefined]);
    await client.updateRoute({ ApiId, RouteId, ...jwt });
    await refusedV2(
      client.updateRoute({ ApiId, RouteId, AuthorizerId: "" }),
      words,
      400,
      /requires a valid JWT authorizer/,
    );
  });

  it("refuse what AWS refuses", async () => {
    const ApiId = await putApi();
    const { RouteId } = await client.createRoute({ ApiId, RouteKey: "GET /a/{x}" });
    const bad = "BadRequestException";
    const create = (input: object) => client.createRoute({ ApiId, RouteKey: "GET /b", ...input });
    await refusedV2(
      create({ RouteKey: "GET /a/{x}" }),
      "ConflictException",
      409,
      "Route with key GET /a/{x} already exists for this API",
    );
    await refusedV2(create({ RouteKey: "GET /a/{y}" }), "ConflictException", 409, /has a conflicting variable/);
    await refusedV2(create({ RouteKey: "" }), bad, 400, "Route key is required");
    await refusedV2(create({ RouteKey: "x" }), bad, 400, /not formatted properly/);
    await refusedV2(create({ RouteKey: `GET /${"x".repeat(1_000_000)}` }), bad, 400, /more than 2048 characters/);
    await refusedV2(create({ Target: "integrations/gone" }), bad, 400, /^Invalid Integration identifier/);
    await refusedV2(create({ ApiKeyRequired: true }), bad, 400, "ApiKeyRequired cannot be set for HTTP protocol Apis.");
    await refusedV2(create({ AuthorizationType: "COGNITO_USER_POOLS" }), bad, 400, /enum value set/);
    for (const [member, value] of Object.entries({
      ModelSelectionExpression: "$request.body.a",
      RequestModels: { a: "b" },
      RequestParameters: { "route.request.header.a": { Required: true } },
      RouteResponseSelectionExpression: "$default",
    })) {
      const message = `${member} cannot be set for HTTP protocol Apis.`;
      await refusedV2(create({ [member]: value }), bad, 400, message);
      await refusedV2(client.updateRoute({ ApiId, RouteId, [member]: value }), bad, 400, message);
    }
    await refusedV2(client.updateRoute({ ApiId, RouteId, RouteKey: "" }), bad, 400, "Route key is required");
    await refusedV2(client.updateRoute({ ApiId, RouteId, Target: "" }), bad, 400, /^Invalid Target/);
    const missing = "NotFoundException";
    for (const call of [
      client.getRoute({ ApiId, RouteId: "gone" }),
      client.updateRoute({ ApiId, RouteId: "gone" }),
      client.deleteRoute({ ApiId, RouteId: "gone" }),
      client.deleteRouteRequestParameter({ ApiId, RouteId: "gone", RequestParameterKey: "a" }),
    ]) {
      await refusedV2(call, missing, 404, "Invalid Route identifier specified");
    }
    await refusedV2(
      client.deleteRouteRequestParameter({ ApiId, RouteId, RequestParameterKey: "a" }),
      missing,
      404,
      "Invalid parameter name specified",
    );
    const noApi = `Invalid API identifier specified ${scope.account}:gone`;
    await refusedV2(client.getRoutes({ ApiId: "gone" }), missing, 404, noApi);
    await refusedV2(create({ ApiId: "gone" }), missing, 404, noApi);
  });

  it("are as many as the limit allows", async () => {
    const ApiId = await putApi();
    for (let each = 0; each < 5; each += 1) await client.createRoute({ ApiId, RouteKey: `GET /${each}` });
    await refusedV2(
      client.createRoute({ ApiId, RouteKey: "GET /6" }),
      "ConflictException",
      429,
      "Maximum number of Routes for this API has been reached. Please contact AWS if you need additional Routes.",
    );
  });

  it("of a quick-created API keep their key, and stay", async () => {
    const ApiId = await putApi();
    const managed = {
      RouteId: "managed",
      RouteKey: "$default",
      ApiKeyRequired: false,
      AuthorizationType: "NONE",
      ApiGatewayManaged: true,
    };
    await store.write(scope, (tx) => tx.put(v2Kinds.route, `${ApiId}/managed`, managed));
    const words = /managed by API Gateway/;
    await refusedV2(
      client.updateRoute({ ApiId, RouteId: "managed", RouteKey: "GET /" }),
      "BadRequestException",
      400,
      words,
    );
    await refusedV2(client.deleteRoute({ ApiId, RouteId: "managed" }), "ConflictException", 409, words);
    const updated = await client.updateRoute({ ApiId, RouteId: "managed", AuthorizationType: "AWS_IAM" });
    assert.equal(updated.AuthorizationType, "AWS_IAM");
  });
});

describe("integrations", () => {
  it("live: create, get, list, update, delete", async () => {
    const ApiId = await putApi();
    const made = await client.createIntegration({ ...aUrl(ApiId), PassthroughBehavior: "WHEN_NO_MATCH" });
    const { IntegrationId } = made;
    assert.match(IntegrationId ?? "", /^[a-z0-9]{7}$/);
    const shown = {
      ConnectionType: "INTERNET",
      IntegrationId,
      IntegrationMethod: "ANY",
      IntegrationType: "HTTP_PROXY",
      IntegrationUri: "https://example.com",
      PayloadFormatVersion: "1.0",
      TimeoutInMillis: 30_000,
    };
    assert.deepEqual(bare(made), shown);
    const updated = await client.updateIntegration({ ApiId, IntegrationId, TimeoutInMillis: 50, Description: "short" });
    assert.deepEqual(bare(updated), { ...shown, TimeoutInMillis: 50, Description: "short" });
    const emptied = await client.updateIntegration({ ApiId, IntegrationId, Description: "" });
    assert.deepEqual(bare(emptied), { ...shown, TimeoutInMillis: 50 });
    assert.deepEqual(bare(await client.getIntegration({ ApiId, IntegrationId })), bare(emptied));
    assert.deepEqual((await client.getIntegrations({ ApiId })).Items, [bare(emptied)]);
    await client.deleteIntegration({ ApiId, IntegrationId });
    assert.deepEqual((await client.getIntegrations({ ApiId })).Items, []);
  });

  it("of a function show POST, and the URI as it was given", async () => {
    const ApiId = await putApi();
    const IntegrationUri = "arn:aws:lambda:eu-west-1:123456789012:function:pets";
    const made = await client.createIntegration({
      ApiId,
      IntegrationType: "AWS_PROXY",
      IntegrationUri,
      PayloadFormatVersion: "2.0",
    });
    assert.deepEqual([made.IntegrationMethod, made.IntegrationUri], ["POST", IntegrationUri]);
  });

  it("merge mappings by key; an empty text, or an empty map, removes one", async () => {
    const ApiId = await putApi();
    const { IntegrationId } = await client.createIntegration({
      ...aUrl(ApiId),
      RequestParameters: { "append:header.a": "1", "append:header.b": "2" },
      ResponseParameters: {
        "200": { "append:header.a": "1", "append:header.b": "2" },
        "404": { "append:header.c": "3" },
      },
    });
    const updated = await client.updateIntegration({
      ApiId,
      IntegrationId,
      RequestParameters: { "append:header.a": "", "append:header.d": "4" },
      ResponseParameters: { "200": { "append:header.b": "5" }, "404": {} },
    });
    assert.deepEqual(updated.RequestParameters, { "append:header.b": "2", "append:header.d": "4" });
    assert.deepEqual(updated.ResponseParameters, { "200": { "append:header.b": "5" } });
    const emptied = await client.updateIntegration({
      ApiId,
      IntegrationId,
      RequestParameters: { "append:header.b": "", "append:header.d": "" },
      ResponseParameters: { "200": {} },
    });
    assert.deepEqual([emptied.RequestParameters, emptied.ResponseParameters], [undefined, undefined]);
  });

  it("are not deleted while a route names them", async () => {
    const ApiId = await putApi();
    const { IntegrationId } = await client.createIntegration(aUrl(ApiId));
    const { RouteId } = await client.createRoute({ ApiId, RouteKey: "GET /", Target: `integrations/${IntegrationId}` });
    const words = `Cannot delete Integration because it is referenced by the following Routes with Ids: [${RouteId}]`;
    await refusedV2(client.deleteIntegration({ ApiId, IntegrationId }), "ConflictException", 409, words);
    await client.deleteRoute({ ApiId, RouteId });
    await client.deleteIntegration({ ApiId, IntegrationId });
  });

  it("refuse what AWS refuses", async () => {
    const ApiId = await putApi();
    const bad = "BadRequestException";
    const create = (input: object) => client.createIntegration({ ...aUrl(ApiId), ...input });
    const { IntegrationId } = await create({});
    const onlyWebSocket = {
      ContentHandlingStrategy: "CONVERT_TO_TEXT",
      RequestTemplates: { a: "b" },
      TemplateSelectionExpression: "$request.body.a",
      PassthroughBehavior: "NEVER",
    };
    for (const [member, value] of Object.entries(onlyWebSocket)) {
      const message = `${member} cannot be set for HTTP protocol Apis.`;
      await refusedV2(create({ [member]: value }), bad, 400, message);
      await refusedV2(client.updateIntegration({ ApiId, IntegrationId, [member]: value }), bad, 400, message);
    }
    await refusedV2(create({ IntegrationType: "MOCK" }), bad, 400, /may only be associated with proxy integrations/);
    await refusedV2(create({ IntegrationType: "OTHER" }), bad, 400, /enum value set/);
    await refusedV2(create({ TimeoutInMillis: 30_001 }), bad, 400, "Timeout should be between 50 ms and 30000 ms");
    await refusedV2(create({ RequestParameters: { "append:header.via": "x" } }), bad, 400, /header via are restricted/);
    await refusedV2(
      create({ IntegrationUri: `http://a/${"x".repeat(1_000_000)}` }),
      bad,
      400,
      /^Invalid IntegrationUri/,
    );
    await refusedV2(
      create({ CredentialsArn: "arn:aws:iam::999999999999:role/other" }),
      "AccessDeniedException",
      403,
      "Cross-account pass role is not allowed.",
    );
    const empty = client.updateIntegration({ ApiId, IntegrationId, IntegrationUri: "" });
    await refusedV2(empty, bad, 400, /^Invalid IntegrationUri/);
    const lambda = client.updateIntegration({ ApiId, IntegrationId, IntegrationType: "AWS_PROXY" });
    await refusedV2(lambda, bad, 400, /^Invalid ARN/);
    for (const call of [
      client.getIntegration({ ApiId, IntegrationId: "gone" }),
      client.updateIntegration({ ApiId, IntegrationId: "gone" }),
      client.deleteIntegration({ ApiId, IntegrationId: "gone" }),
    ]) {
      await refusedV2(call, "NotFoundException", 404, "Invalid Integration identifier specified");
    }
  });

  it("take longer by the operator's limit", async () => {
    const longer = makeV2Management({ limits: { httpIntegrationTimeoutMs: 60_000 } });
    const ApiId = await longer.putApi();
    const other = makeV2Client(longer);
    const made = await other.createIntegration({ ...aUrl(ApiId), TimeoutInMillis: 60_000 });
    assert.equal(made.TimeoutInMillis, 60_000);
    await longer.store.close();
  });

  it("are as many as the limit allows", async () => {
    const ApiId = await putApi();
    for (let each = 0; each < 4; each += 1) await client.createIntegration(aUrl(ApiId));
    await refusedV2(
      client.createIntegration(aUrl(ApiId)),
      "ConflictException",
      429,
      /^Maximum number of Integrations for this API/,
    );
  });
});
