// What HTTP APIs have beyond AWS, under the official SDKs against started servers: refused as on AWS without its name, served
// with it, and closed where the name is taken away.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
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
  CreateStageCommand,
  DeleteApiCommand,
  DeleteStageCommand,
  ExportApiCommand,
  GetRoutesCommand,
  GetStageCommand,
  ImportApiCommand,
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

const backend = createServer((_, outgoing) => outgoing.end("served"));
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
    async call(apiId: string, headers: Record<string, string> = {}, path = ""): Promise<[number, string]> {
      const answer = await fetch(`${portico.url}/_aws/execute-api/${apiId}/${path}`, { headers });
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

const keyless = "$default needs an API key in the header X-API-Key, and the request has none";

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
  const features = ["--beyond-aws", "http-api-keys,http-web-acls"];
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
    assert.deepEqual(await clients.call(apiId), [403, keyless]);
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
});
