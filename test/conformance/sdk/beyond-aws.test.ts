// What HTTP APIs have beyond AWS, under the official SDKs against started servers: refused as on AWS without its name, served
// with it, and closed where the name is taken away.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import {
  APIGatewayClient,
  CreateApiKeyCommand,
  CreateUsagePlanCommand,
  CreateUsagePlanKeyCommand,
  GetUsagePlanCommand,
  UpdateApiKeyCommand,
  UpdateUsagePlanCommand,
} from "@aws-sdk/client-api-gateway";
import {
  ApiGatewayV2Client,
  ApiGatewayV2ServiceException,
  CreateApiCommand,
  CreateIntegrationCommand,
  CreateIntegrationResponseCommand,
  CreateModelCommand,
  CreateRouteCommand,
  CreateStageCommand,
  DeleteApiCommand,
  DeleteModelCommand,
  DeleteRouteRequestParameterCommand,
  DeleteStageCommand,
  ExportApiCommand,
  GetIntegrationResponsesCommand,
  GetIntegrationsCommand,
  GetModelsCommand,
  GetRoutesCommand,
  GetStageCommand,
  ImportApiCommand,
  ReimportApiCommand,
  UpdateIntegrationCommand,
  UpdateRouteCommand,
} from "@aws-sdk/client-apigatewayv2";
import {
  AssociateWebACLCommand,
  CreateWebACLCommand,
  DeleteWebACLCommand,
  DisassociateWebACLCommand,
  GetWebACLCommand,
  GetWebACLForResourceCommand,
  ListResourcesForWebACLCommand,
  WAFV2Client,
  WAFV2ServiceException,
} from "@aws-sdk/client-wafv2";
import { type Portico, startPortico } from "../../portico.ts";
import { makeClient, refusal, refuses, startForSuite } from "./sdk-client.ts";

const backend = createServer((incoming, outgoing) => {
  if (incoming.url !== "/echo?from=gateway") {
    outgoing.end("served");
    return;
  }
  const chunks: Buffer[] = [];
  incoming.on("data", (chunk) => chunks.push(chunk));
  incoming.on("end", () => {
    const text = Buffer.concat(chunks).toString();
    const { method, headers } = incoming;
    outgoing.statusCode = text.includes("missing") ? 404 : 200;
    outgoing.setHeader("x-backend", "yes");
    outgoing.end(JSON.stringify({ method, text, tenant: headers["x-tenant"], agent: headers["user-agent"] }));
  });
});
const directory = mkdtempSync(join(tmpdir(), "portico-beyond-"));
let Target = "";
before(async () => {
  await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
  Target = `http://127.0.0.1:${(backend.address() as AddressInfo).port}/`;
});
after(() => {
  backend.close();
  rmSync(directory, { recursive: true, force: true });
});

const stageArn = (apiId: string, stage = "$default"): string =>
  `arn:aws:apigateway:us-east-1::/apis/${apiId}/stages/${stage}`;

/** Clients of one server. */
const clientsOf = (portico: Pick<Portico, "url">) => {
  const rest = makeClient(APIGatewayClient, portico);
  const v2 = makeClient(ApiGatewayV2Client, portico);
  const waf = makeClient(WAFV2Client, portico);
  return {
    rest,
    v2,
    waf,
    async call(
      apiId: string,
      headers: Record<string, string> = {},
      path = "",
      sent: Pick<RequestInit, "method" | "body"> = {},
    ): Promise<[number, string]> {
      const answer = await fetch(`${portico.url}/_aws/execute-api/${apiId}/${path}`, { headers, ...sent });
      return [answer.status, answer.headers.get("x-portico-hint") ?? (await answer.text())];
    },
    async anApi(): Promise<string> {
      return (await v2.send(new CreateApiCommand({ Name: "pets", ProtocolType: "HTTP", Target }))).ApiId!;
    },
    async setRoute(apiId: string, members: object): Promise<void> {
      const { Items } = await v2.send(new GetRoutesCommand({ ApiId: apiId }));
      await v2.send(new UpdateRouteCommand({ ApiId: apiId, RouteId: Items![0]!.RouteId, ...members }));
    },
    async aWebAcl(Name: string, text: string): Promise<string> {
      const visibility = { SampledRequestsEnabled: true, CloudWatchMetricsEnabled: true, MetricName: Name };
      const { Summary } = await waf.send(
        new CreateWebACLCommand({
          Name,
          Scope: "REGIONAL",
          DefaultAction: { Allow: {} },
          VisibilityConfig: visibility,
          Rules: [
            {
              Name: "attack",
              Priority: 1,
              Action: { Block: {} },
              VisibilityConfig: visibility,
              Statement: {
                ByteMatchStatement: {
                  SearchString: new TextEncoder().encode(text),
                  FieldToMatch: { UriPath: {} },
                  TextTransformations: [{ Priority: 0, Type: "NONE" }],
                  PositionalConstraint: "CONTAINS",
                },
              },
            },
          ],
        }),
      );
      return Summary!.ARN!;
    },
    destroy() {
      for (const client of [rest, v2, waf]) client.destroy();
    },
  };
};

const keyless = "$default needs an API key in the header X-API-Key, and the request has none: portico keys";

describe("without --beyond-aws", () => {
  const portico = startForSuite({ exitCode: 0 });
  const it_ = (name: string, run: (clients: ReturnType<typeof clientsOf>) => Promise<void>) =>
    it(name, async () => {
      const clients = clientsOf(portico);
      try {
        await run(clients);
      } finally {
        clients.destroy();
      }
    });

  it_("a route may not require an API key, in AWS's words", async ({ anApi, setRoute, call }) => {
    const apiId = await anApi();
    const refused = await refusal(setRoute(apiId, { ApiKeyRequired: true }), ApiGatewayV2ServiceException);
    assert.deepEqual(
      [refused.name, refused.message],
      ["BadRequestException", "ApiKeyRequired cannot be set for HTTP protocol Apis."],
    );
    assert.deepEqual(await call(apiId), [200, "served"]);
  });

  it_(
    "a route may demand nothing of requests, and there are no models, in AWS's words",
    async ({ v2, anApi, setRoute }) => {
      const apiId = await anApi();
      for (const [member, value] of [
        ["RequestModels", { "application/json": "Pet" }],
        ["RequestParameters", { "route.request.querystring.page": { Required: true } }],
      ] as const) {
        const refused = await refusal(setRoute(apiId, { [member]: value }), ApiGatewayV2ServiceException);
        assert.deepEqual(
          [refused.name, refused.message],
          ["BadRequestException", `${member} cannot be set for HTTP protocol Apis.`],
        );
      }
      const made = v2.send(new CreateModelCommand({ ApiId: apiId, Name: "Pet", Schema: "{}" }));
      const refused = await refusal(made, ApiGatewayV2ServiceException);
      assert.equal(refused.message, "Models are not supported on protocolType HTTP");
    },
  );

  it_("an integration is a proxy without templates, in AWS's words", async ({ v2, anApi }) => {
    const ApiId = await anApi();
    const create = (members: object) =>
      refusal(
        v2.send(new CreateIntegrationCommand({ ApiId, IntegrationType: "MOCK", ...members })),
        ApiGatewayV2ServiceException,
      );
    assert.match(
      (await create({})).message,
      /may only be associated with proxy integrations \(AWS_PROXY, HTTP_PROXY\)$/,
    );
    const templates = { "application/json": "{}" };
    assert.equal(
      (
        await create({
          IntegrationType: "HTTP_PROXY",
          IntegrationUri: Target,
          IntegrationMethod: "ANY",
          PayloadFormatVersion: "1.0",
          RequestTemplates: templates,
        })
      ).message,
      "RequestTemplates cannot be set for HTTP protocol Apis.",
    );
    const { Items } = await v2.send(new GetIntegrationsCommand({ ApiId }));
    const IntegrationId = Items![0]!.IntegrationId!;
    const response = new CreateIntegrationResponseCommand({ ApiId, IntegrationId, IntegrationResponseKey: "$default" });
    assert.equal(
      (await refusal(v2.send(response), ApiGatewayV2ServiceException)).message,
      "Integration responses are not supported on protocolType HTTP",
    );
  });

  it_("a usage plan may not have the stage of an HTTP API", async ({ rest, anApi }) => {
    const apiStages = [{ apiId: await anApi(), stage: "$default" }];
    await refuses(
      rest.send(new CreateUsagePlanCommand({ name: "gold", apiStages })),
      "BadRequestException",
      400,
      /^Invalid API Stage/,
    );
  });

  it_("a usage plan may have the stage of a WebSocket API, as on AWS", async ({ rest, v2 }) => {
    const { ApiId } = await v2.send(
      new CreateApiCommand({
        Name: "chat",
        ProtocolType: "WEBSOCKET",
        RouteSelectionExpression: "$request.body.action",
      }),
    );
    await v2.send(new CreateStageCommand({ ApiId: ApiId!, StageName: "prod" }));
    const apiStages = [{ apiId: ApiId!, stage: "prod" }];
    const plan = await rest.send(new CreateUsagePlanCommand({ name: "chat", apiStages }));
    assert.deepEqual(plan.apiStages, apiStages);
    await v2.send(new DeleteApiCommand({ ApiId: ApiId! }));
    assert.deepEqual((await rest.send(new GetUsagePlanCommand({ usagePlanId: plan.id! }))).apiStages, []);
  });

  it_("a web ACL may not guard it, and nothing says that one does", async ({ waf, anApi, aWebAcl }) => {
    const ResourceArn = stageArn(await anApi());
    const WebACLArn = await aWebAcl("idle", "attack");
    for (const command of [
      new AssociateWebACLCommand({ WebACLArn, ResourceArn }),
      new DisassociateWebACLCommand({ ResourceArn }),
      new GetWebACLForResourceCommand({ ResourceArn }),
    ]) {
      const refused = await refusal(waf.send(command as AssociateWebACLCommand), WAFV2ServiceException);
      assert.equal(refused.name, "WAFInvalidParameterException");
    }
  });
});

describe("with --beyond-aws", () => {
  const features = ["--beyond-aws", "http-api-keys,http-body-templates,http-request-validation,http-web-acls"];
  let portico: Portico;
  let clients: ReturnType<typeof clientsOf>;
  const start = async (args: readonly string[]) => {
    portico = await startPortico({ args: ["--data", directory, ...args] });
    clients = clientsOf(portico);
  };
  const restart = async (args: readonly string[]) => {
    clients.destroy();
    assert.equal(await portico.stop(), 0);
    await start(args);
  };
  before(() => start(features));
  after(async () => {
    clients.destroy();
    assert.equal(await portico.stop(), 0);
  });

  it("a route asks for a key, a usage plan throttles and counts its calls, and without the name it is closed", async () => {
    const { rest, v2 } = clients;
    const apiId = await clients.anApi();
    await clients.setRoute(apiId, { ApiKeyRequired: true });
    assert.deepEqual(await clients.call(apiId), [403, `${keyless} ${apiId} --make NAME makes one`]);
    const key = await rest.send(new CreateApiKeyCommand({ name: "ada", enabled: true }));
    const mine = { "x-api-key": key.value! };
    const other = { "x-api-key": `${key.value!}x` };
    assert.match((await clients.call(apiId, mine))[1], /is in no usage plan that has the stage .*:\$default/);
    const plan = await rest.send(
      new CreateUsagePlanCommand({
        name: "gold",
        apiStages: [{ apiId, stage: "$default" }],
        quota: { limit: 2, period: "MONTH" },
      }),
    );
    await rest.send(new CreateUsagePlanKeyCommand({ usagePlanId: plan.id!, keyId: key.id!, keyType: "API_KEY" }));
    assert.deepEqual(await clients.call(apiId, mine), [200, "served"]);
    assert.equal((await clients.call(apiId, other))[0], 403);

    const patch = (...patchOperations: { op: "add" | "replace" | "remove"; path: string; value?: string }[]) =>
      rest.send(new UpdateUsagePlanCommand({ usagePlanId: plan.id!, patchOperations }));
    // The route $default, by its name in usage plans.
    const throttle = `/apiStages/${apiId}:$default/throttle/~1$default/ANY`;
    await patch(
      { op: "replace", path: `${throttle}/rateLimit`, value: "0" },
      { op: "replace", path: `${throttle}/burstLimit`, value: "0" },
    );
    const throttled = await clients.call(apiId, mine);
    assert.deepEqual([throttled[0], throttled[1].includes("requests a second")], [429, true], throttled[1]);
    await patch({ op: "remove", path: throttle });
    assert.deepEqual(await clients.call(apiId, mine), [200, "served"]);
    const exceeded = await clients.call(apiId, mine);
    assert.deepEqual([exceeded[0], exceeded[1].includes("used up its quota")], [429, true], exceeded[1]);
    await patch({ op: "replace", path: "/quota/limit", value: "100" });

    const patchOperations = [{ op: "replace" as const, path: "/enabled", value: "false" }];
    await rest.send(new UpdateApiKeyCommand({ apiKey: key.id!, patchOperations }));
    assert.equal((await clients.call(apiId, mine))[0], 403);
    await rest.send(
      new UpdateApiKeyCommand({ apiKey: key.id!, patchOperations: [{ ...patchOperations[0]!, value: "true" }] }),
    );
    assert.deepEqual(await clients.call(apiId, mine), [200, "served"]);

    // An export says it as a REST API's does, and an import reads it.
    const exported = await v2.send(
      new ExportApiCommand({ ApiId: apiId, Specification: "OAS30", OutputType: "JSON", IncludeExtensions: true }),
    );
    const Body = new TextDecoder().decode(exported.body);
    assert.deepEqual(JSON.parse(Body).components.securitySchemes, {
      api_key: { type: "apiKey", name: "x-api-key", in: "header" },
    });
    const copy = await v2.send(new ImportApiCommand({ Body, FailOnWarnings: true }));
    const { Items } = await v2.send(new GetRoutesCommand({ ApiId: copy.ApiId! }));
    assert.deepEqual(
      Items!.map(({ RouteKey, ApiKeyRequired }) => [RouteKey, ApiKeyRequired]),
      [["$default", true]],
    );

    await restart([]);
    const [status, hint] = await clients.call(apiId, mine);
    assert.deepEqual([status, hint.includes("ApiKeyRequired, without --beyond-aws http-api-keys")], [501, true], hint);
    // The route can be opened by who manages it, and by nothing else.
    await clients.setRoute(apiId, { ApiKeyRequired: false });
    assert.deepEqual(await clients.call(apiId), [200, "served"]);

    await restart(features);
    await clients.v2.send(new CreateStageCommand({ ApiId: apiId, StageName: "old" }));
    await clients.rest.send(
      new UpdateUsagePlanCommand({
        usagePlanId: plan.id!,
        patchOperations: [{ op: "add", path: "/apiStages", value: `${apiId}:old` }],
      }),
    );
    const stages = async () =>
      (await clients.rest.send(new GetUsagePlanCommand({ usagePlanId: plan.id! }))).apiStages!.map(
        ({ stage }) => stage,
      );
    assert.deepEqual(await stages(), ["$default", "old"]);
    await clients.v2.send(new DeleteStageCommand({ ApiId: apiId, StageName: "old" }));
    assert.deepEqual(await stages(), ["$default"]);
    await clients.v2.send(new DeleteApiCommand({ ApiId: apiId }));
    assert.deepEqual(await stages(), []);
  });

  it("a web ACL guards a stage, can't be deleted meanwhile, and without the name the stage is closed", async () => {
    const apiId = await clients.anApi();
    const ResourceArn = stageArn(apiId);
    const WebACLArn = await clients.aWebAcl("guard", "attack");
    await clients.waf.send(new AssociateWebACLCommand({ WebACLArn, ResourceArn }));
    assert.deepEqual(await clients.call(apiId), [200, "served"]);
    const [status, hint] = await clients.call(apiId, {}, "attack");
    assert.deepEqual([status, hint], [403, "the web ACL's rule attack blocks the request"]);
    assert.equal(
      "webAclArn" in (await clients.v2.send(new GetStageCommand({ ApiId: apiId, StageName: "$default" }))),
      false,
    );
    const listed = await clients.waf.send(
      new ListResourcesForWebACLCommand({ WebACLArn, ResourceType: "API_GATEWAY" }),
    );
    assert.deepEqual(listed.ResourceArns, [ResourceArn]);
    const found = await clients.waf.send(new GetWebACLForResourceCommand({ ResourceArn }));
    assert.equal(found.WebACL!.ARN, WebACLArn);
    const [, Name = "", Id = ""] = /webacl\/([^/]+)\/(.+)$/.exec(WebACLArn) ?? [];
    const remove = async () => {
      const { LockToken } = await clients.waf.send(new GetWebACLCommand({ Name, Id, Scope: "REGIONAL" }));
      return clients.waf.send(new DeleteWebACLCommand({ Name, Id, Scope: "REGIONAL", LockToken }));
    };
    assert.equal((await refusal(remove(), WAFV2ServiceException)).name, "WAFAssociatedItemException");
    const gone = clients.waf.send(new AssociateWebACLCommand({ WebACLArn, ResourceArn: stageArn("nothere") }));
    assert.equal((await refusal(gone, WAFV2ServiceException)).name, "WAFNonexistentItemException");

    const chat = await clients.v2.send(
      new CreateApiCommand({
        Name: "chat",
        ProtocolType: "WEBSOCKET",
        RouteSelectionExpression: "$request.body.action",
      }),
    );
    await clients.v2.send(new CreateStageCommand({ ApiId: chat.ApiId!, StageName: "prod" }));
    const ofChat = clients.waf.send(
      new AssociateWebACLCommand({ WebACLArn, ResourceArn: stageArn(chat.ApiId!, "prod") }),
    );
    assert.equal((await refusal(ofChat, WAFV2ServiceException)).name, "WAFInvalidParameterException");

    await restart([]);
    const [closed, reason] = await clients.call(apiId);
    assert.deepEqual([closed, reason.includes("without --beyond-aws http-web-acls")], [501, true], reason);
    // What is there can still be taken away.
    await clients.waf.send(new DisassociateWebACLCommand({ ResourceArn }));
    assert.deepEqual(await clients.call(apiId, {}, "attack"), [200, "served"]);
    await remove();
  });

  it("a route demands parameters and bodies that match its models, and without the name it is closed", async () => {
    await restart(features);
    const { v2 } = clients;
    const ApiId = await clients.anApi();
    const model = (Name: string, schema: object) =>
      v2.send(new CreateModelCommand({ ApiId, Name, Schema: JSON.stringify(schema), ContentType: "application/json" }));
    await model("Name", { type: "string", minLength: 1 });
    const pet = await model("Pet", {
      type: "object",
      required: ["name"],
      properties: { name: { $ref: `https://apigateway.amazonaws.com/restapis/${ApiId}/models/Name` } },
    });
    const unknown = clients.setRoute(ApiId, { RequestModels: { "application/json": "Dog" } });
    assert.equal(
      (await refusal(unknown, ApiGatewayV2ServiceException)).message,
      "Invalid model identifier specified: Dog",
    );
    await clients.setRoute(ApiId, {
      RequestModels: { "application/json": "Pet" },
      RequestParameters: { "route.request.querystring.page": { Required: true }, "route.request.header.x-a": {} },
    });
    const post = (body: string | Buffer<ArrayBuffer>, path = "?page=1", headers: Record<string, string> = {}) =>
      clients.call(ApiId, { "content-type": "application/json", ...headers }, path, { method: "POST", body });
    assert.deepEqual(await post('{"name":"Rex"}'), [200, "served"]);
    assert.deepEqual(await post(JSON.stringify({ name: "x".repeat(1_000_000) })), [200, "served"]);
    assert.deepEqual(await post(gzipSync('{"name":"Rex"}'), "?page=1", { "content-encoding": "gzip" }), [
      200,
      "served",
    ]);
    // A body of a type without a model is not validated, as REST APIs have it.
    assert.deepEqual(await post("{}", "?page=1", { "content-type": "text/plain" }), [200, "served"]);
    const missing = "Missing required request parameters: [page]";
    for (const [body, path, headers, problem] of [
      ['{"name":"Rex"}', "", {}, missing],
      ['{"name":"Rex"}', "?page=%20", {}, missing],
      ["{}", "?page=1", {}, 'object has missing required properties (["name"])'],
      ['{"name":""}', "?page=1", {}, "is too short"],
      ["{", "?page=1", {}, "Could not parse request body into json"],
      [gzipSync("{}"), "?page=1", { "content-encoding": "gzip" }, "missing required properties"],
      [`[${'"x",'.repeat(300_000)}1]`, "?page=1", {}, "instance type (array) does not match"],
    ] as const) {
      const [status, hint] = await post(body, path, headers);
      assert.deepEqual([status, hint.includes(problem)], [400, true], hint);
    }
    const plain = await fetch(`${portico.url}/_aws/execute-api/${ApiId}/`);
    assert.deepEqual([plain.status, await plain.text()], [400, '{"message":"Bad Request"}']);
    const used = v2.send(new DeleteModelCommand({ ApiId, ModelId: pet.ModelId! }));
    assert.equal(
      (await refusal(used, ApiGatewayV2ServiceException)).message,
      "Cannot delete model 'Pet', is referenced in route: $default",
    );

    // An export says it as a REST API's does, and an import reads it.
    const exportOf = async (id: string) => {
      const exported = await v2.send(
        new ExportApiCommand({ ApiId: id, Specification: "OAS30", OutputType: "JSON", IncludeExtensions: true }),
      );
      return new TextDecoder().decode(exported.body);
    };
    const Body = await exportOf(ApiId);
    const document = JSON.parse(Body);
    assert.deepEqual(document.components.schemas.Pet.properties.name, { $ref: "#/components/schemas/Name" });
    assert.deepEqual(document["x-amazon-apigateway-request-validators"], {
      all: { validateRequestParameters: true, validateRequestBody: true },
    });
    const copy = await v2.send(new ImportApiCommand({ Body, FailOnWarnings: true }));
    const demandsOf = async (id: string) => {
      const { Items } = await v2.send(new GetRoutesCommand({ ApiId: id }));
      const { RequestModels, RequestParameters } = Items![0]!;
      const models = await v2.send(new GetModelsCommand({ ApiId: id }));
      return { RequestModels, RequestParameters, models: models.Items!.map(({ Name }) => Name).toSorted() };
    };
    assert.deepEqual(await demandsOf(copy.ApiId!), await demandsOf(ApiId));
    const strip = (text: string) => ({ ...JSON.parse(text), info: undefined, servers: undefined });
    assert.deepEqual(strip(await exportOf(copy.ApiId!)), strip(Body));
    // A second import keeps what the document has, by the same ids, and drops what it has not.
    const idsOf = async () =>
      (await v2.send(new GetModelsCommand({ ApiId: copy.ApiId! }))).Items!.map(({ ModelId }) => ModelId);
    const ids = await idsOf();
    await v2.send(new ReimportApiCommand({ ApiId: copy.ApiId!, Body, FailOnWarnings: true }));
    assert.deepEqual(await idsOf(), ids);
    const { components: _, ...bare } = document;
    const lost = v2.send(new ReimportApiCommand({ ApiId: copy.ApiId!, Body: JSON.stringify(bare) }));
    assert.match((await refusal(lost, ApiGatewayV2ServiceException)).message, /its validator needs a model/);
    const { "x-amazon-apigateway-request-validators": __, ...unnamed } = document;
    const nameless = v2.send(new ReimportApiCommand({ ApiId: copy.ApiId!, Body: JSON.stringify(unnamed) }));
    assert.match((await refusal(nameless, ApiGatewayV2ServiceException)).message, /request validator 'all' is not def/);

    await restart([]);
    const [status, hint] = await clients.call(ApiId, {}, "?page=1");
    assert.deepEqual(
      [status, hint.includes("RequestModels, without --beyond-aws http-request-validation")],
      [501, true],
      hint,
    );
    const ignored = await clients.v2.send(new ImportApiCommand({ Body }));
    assert.ok(
      ignored.Warnings!.some((warning) => warning.includes("request-validators is not supported")),
      String(ignored.Warnings),
    );
    // The route can be opened by who manages it, and by nothing else.
    const { Items } = await clients.v2.send(new GetRoutesCommand({ ApiId }));
    const RouteId = Items![0]!.RouteId!;
    for (const RequestParameterKey of ["route.request.querystring.page", "route.request.header.x-a"]) {
      await clients.v2.send(new DeleteRouteRequestParameterCommand({ ApiId, RouteId, RequestParameterKey }));
    }
    assert.equal((await clients.call(ApiId))[0], 501);
    await clients.setRoute(ApiId, { RequestModels: { "application/json": "" } });
    assert.deepEqual(await clients.call(ApiId), [200, "served"]);
    await clients.v2.send(new DeleteModelCommand({ ApiId, ModelId: pet.ModelId! }));
  });

  it("templates make requests and answers of integrations that are no proxies, and without the name they are closed", async () => {
    await restart(features);
    const { v2 } = clients;
    const ApiId = await clients.anApi();
    const route = async (RouteKey: string, integration: object) => {
      const { IntegrationId } = await v2.send(
        new CreateIntegrationCommand({ ApiId, IntegrationType: "MOCK", ...integration }),
      );
      await v2.send(new CreateRouteCommand({ ApiId, RouteKey, Target: `integrations/${IntegrationId}` }));
      return IntegrationId!;
    };
    const respond = (IntegrationId: string, IntegrationResponseKey: string, members: object) =>
      v2.send(new CreateIntegrationResponseCommand({ ApiId, IntegrationId, IntegrationResponseKey, ...members }));
    const http = await route("POST /pets/{id}", {
      IntegrationType: "HTTP",
      IntegrationMethod: "PUT",
      IntegrationUri: `${Target}echo?from=gateway`,
      RequestTemplates: { "application/json": '{"pet":$input.json("$.name"),"id":"$input.params(\'id\')"}' },
      RequestParameters: { "integration.request.header.x-tenant": "route.request.path.id" },
      PassthroughBehavior: "NEVER",
    });
    await respond(http, "$default", {
      ResponseTemplates: { "application/json": '{"said":$input.json("$")}' },
      ResponseParameters: {
        "route.response.header.x-shown": "integration.response.header.x-backend",
        "method.response.header.x-fixed": "'1'",
      },
    });
    await respond(http, "/4\\d\\d/", {
      ResponseTemplates: { "application/json": '#set($context.responseOverride.status = 410){"gone":true}' },
    });
    const mock = await route("GET /mock", { RequestTemplates: { "application/json": '{"statusCode": 201}' } });
    await respond(mock, "$default", { ResponseTemplates: { "application/json": '{"path":"$context.path"}' } });

    const call = async (path: string, init: RequestInit = {}) => {
      const answer = await fetch(`${portico.url}/_aws/execute-api/${ApiId}${path}`, init);
      return { status: answer.status, headers: answer.headers, body: await answer.text() };
    };
    const post = (body: string, type = "application/json") =>
      call("/pets/7", { method: "POST", body, headers: { "content-type": type } });
    const made = await post('{"name":"Rex"}');
    assert.deepEqual(
      [made.status, made.headers.get("x-shown"), made.headers.get("x-fixed")],
      [200, "yes", "1"],
      made.body,
    );
    assert.deepEqual(JSON.parse(made.body), {
      said: { method: "PUT", text: '{"pet":"Rex","id":"7"}', tenant: "7", agent: `AmazonAPIGateway_${ApiId}` },
    });
    const gone = await post('{"name":"missing"}');
    assert.deepEqual([gone.status, gone.body], [410, '{"gone":true}']);
    const other = await post("<a/>", "application/xml");
    assert.deepEqual([other.status, other.body], [415, '{"message":"Unsupported Media Type"}']);
    const malformed = await post("{");
    assert.deepEqual([malformed.status, malformed.body], [400, '{"message":"Bad Request"}']);
    const mocked = await call("/mock");
    assert.deepEqual([mocked.status, mocked.body], [201, '{"path":"/mock"}']);
    // An integration that is a proxy is as it was.
    assert.deepEqual(await clients.call(ApiId), [200, "served"]);

    for (const [members, message] of [
      [{ IntegrationType: "HTTP", IntegrationUri: Target }, /HttpMethod/],
      [{ ConnectionType: "VPC_LINK", ConnectionId: "x" }, /VPC links are only supported/],
      [
        { TlsConfig: { ServerNameToVerify: "a.example" } },
        /^TlsConfig cannot be specified for integrations of type MOCK/,
      ],
      [{ ContentHandlingStrategy: "CONVERT_TO_TEXT" }, /^ContentHandlingStrategy cannot be set for HTTP/],
      [{ PayloadFormatVersion: "2.0" }, /^Invalid PayloadFormatVersion specified: 2\.0/],
      [{ RequestParameters: { "overwrite:header.x": "y" } }, /Invalid mapping identifier/],
      [{ RequestParameters: { "integration.request.header.x": "'a\r\nb: c'" } }, /Invalid mapping expression/],
    ] as const) {
      const refused = v2.send(new CreateIntegrationCommand({ ApiId, IntegrationType: "MOCK", ...members }));
      assert.match((await refusal(refused, ApiGatewayV2ServiceException)).message, message);
    }
    const proxy = (await v2.send(new GetIntegrationsCommand({ ApiId }))).Items!.find(
      ({ IntegrationType }) => IntegrationType === "HTTP_PROXY",
    )!;
    const onProxy = await refusal(respond(proxy.IntegrationId!, "$default", {}), ApiGatewayV2ServiceException);
    assert.match(onProxy.message, /^Integration responses are only supported with/);

    // An export says all of it, and an import reads it.
    const exportOf = async (id: string) => {
      const exported = await v2.send(
        new ExportApiCommand({ ApiId: id, Specification: "OAS30", OutputType: "YAML", IncludeExtensions: true }),
      );
      return new TextDecoder().decode(exported.body);
    };
    const Body = await exportOf(ApiId);
    const copy = await v2.send(new ImportApiCommand({ Body, FailOnWarnings: true }));
    const shown = (text: string) => text.slice(text.indexOf("\npaths:"));
    assert.equal(shown(await exportOf(copy.ApiId!)), shown(Body));
    const before = await v2.send(new GetIntegrationsCommand({ ApiId: copy.ApiId! }));
    await v2.send(new ReimportApiCommand({ ApiId: copy.ApiId!, Body, FailOnWarnings: true }));
    assert.equal(shown(await exportOf(copy.ApiId!)), shown(Body));
    assert.deepEqual((await v2.send(new GetIntegrationsCommand({ ApiId: copy.ApiId! }))).Items, before.Items);

    await restart([]);
    const closed = await call("/mock");
    const hint = closed.headers.get("x-portico-hint") ?? "";
    assert.deepEqual(
      [closed.status, hint.includes("IntegrationType MOCK, without --beyond-aws http-body-templates")],
      [501, true],
      hint,
    );
    assert.equal((await post("{}")).status, 501);
    const refused = clients.v2.send(
      new UpdateIntegrationCommand({ ApiId, IntegrationId: http, RequestTemplates: { "text/plain": "x" } }),
    );
    assert.match((await refusal(refused, ApiGatewayV2ServiceException)).message, /may only be associated with proxy/);
    const { Items } = await clients.v2.send(new GetIntegrationResponsesCommand({ ApiId, IntegrationId: http }));
    assert.equal(Items!.length, 2);
  });
});
