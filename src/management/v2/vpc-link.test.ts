// VPC links of HTTP APIs, and what only WebSocket APIs have, by the official SDK.
import assert from "node:assert/strict";
import { after, beforeEach, describe, it } from "node:test";
import { APIGateway } from "@aws-sdk/client-api-gateway";
import { bare, makeV2Client, makeV2Management, refusedV2 } from "../../../test/v2-management.ts";
import { makeControlLimits } from "../control-limits.ts";
import { makeRestOperations } from "../rest/operations.ts";

const management = makeV2Management({
  limits: { vpcLinksV2: 2 },
  others: (store) => [{ model: "apigateway", operations: makeRestOperations({ store, limits: makeControlLimits() }) }],
});
const client = makeV2Client(management);
const rest = management.client(APIGateway as new (options: object) => APIGateway);
after(() => management.store.close());
beforeEach(() => management.store.reset());

const aLink = { Name: "inside", SubnetIds: ["subnet-0a1b2c"], SecurityGroupIds: ["sg-0a1b2c"] };
const listener =
  "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/my-balancer/50dc6c495c0c9188/0467ef3c8400ae65";
const bad = "BadRequestException";
const missing = "NotFoundException";

describe("VPC links of HTTP APIs", () => {
  it("live: create, get, list, update, tag, delete", async () => {
    const made = await client.createVpcLink({ ...aLink, Tags: { team: "pets" } });
    const { VpcLinkId } = made;
    assert.match(VpcLinkId ?? "", /^[a-z0-9]{6}$/);
    const shown = { ...aLink, VpcLinkId, CreatedDate: new Date(0), VpcLinkVersion: "V2", Tags: { team: "pets" } };
    assert.deepEqual([bare(made), made.$metadata.httpStatusCode], [{ ...shown, VpcLinkStatus: "PENDING" }, 201]);
    const ready = { VpcLinkStatus: "AVAILABLE", VpcLinkStatusMessage: "VPC link is ready to route traffic" };
    assert.deepEqual(bare(await client.getVpcLink({ VpcLinkId })), { ...shown, ...ready });
    const updated = await client.updateVpcLink({ VpcLinkId, Name: "within" });
    assert.deepEqual(bare(updated), { ...shown, ...ready, Name: "within" });
    assert.deepEqual((await client.getVpcLinks({})).Items, [bare(updated)]);
    const deleted = await client.deleteVpcLink({ VpcLinkId });
    assert.equal(deleted.$metadata.httpStatusCode, 202);
    assert.deepEqual((await client.getVpcLinks({})).Items, []);
  });

  it("and those of REST APIs do not see each other", async () => {
    const { VpcLinkId: vpcLinkId } = await client.createVpcLink(aLink);
    const targetArns = ["arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/a/b"];
    const { id: VpcLinkId } = await rest.createVpcLink({ name: "first", targetArns });
    assert.deepEqual(
      (await client.getVpcLinks({})).Items?.map(({ Name }) => Name),
      ["inside"],
    );
    assert.deepEqual(
      (await rest.getVpcLinks({})).items?.map(({ name }) => name),
      ["first"],
    );
    await refusedV2(client.getVpcLink({ VpcLinkId }), missing, 404, "Invalid Vpc Link identifier specified");
    await refusedV2(client.deleteVpcLink({ VpcLinkId }), missing, 404, "Invalid Vpc Link identifier specified");
    for (const call of [rest.getVpcLink({ vpcLinkId }), rest.deleteVpcLink({ vpcLinkId })]) {
      await assert.rejects(call, { name: missing, message: "Invalid Vpc Link identifier specified" });
    }
    const pages: (string | undefined)[] = [];
    for (const name of ["second", "third"]) await rest.createVpcLink({ name, targetArns });
    let position: string | undefined;
    do {
      const page = await rest.getVpcLinks({ limit: 1, position });
      pages.push(...(page.items ?? []).map(({ name }) => name));
      position = page.position;
    } while (position !== undefined);
    assert.deepEqual(pages, ["first", "second", "third"]);
  });

  it("are not deleted while a route goes through them, as it is defined or as it is served", async () => {
    const ApiId = await management.putApi();
    const { VpcLinkId } = await client.createVpcLink(aLink);
    const { IntegrationId } = await client.createIntegration({
      ApiId,
      IntegrationType: "HTTP_PROXY",
      IntegrationMethod: "ANY",
      IntegrationUri: listener,
      PayloadFormatVersion: "1.0",
      ConnectionType: "VPC_LINK",
      ConnectionId: VpcLinkId,
      TlsConfig: { ServerNameToVerify: "pets.example.com" },
    });
    const words = (reference: string) =>
      `Cannot delete vpc link. Vpc link '${VpcLinkId}', is referenced in [${reference}] in format of [Method:Resource].`;
    await refusedV2(client.deleteVpcLink({ VpcLinkId }), bad, 400, words(`ANY:${IntegrationId}`));
    const Target = `integrations/${IntegrationId}`;
    const { RouteId } = await client.createRoute({ ApiId, RouteKey: "GET /pets", Target });
    await refusedV2(client.deleteVpcLink({ VpcLinkId }), bad, 400, words(`GET:${RouteId}`));
    await client.updateStage({ ApiId, StageName: "$default", AutoDeploy: false });
    const updated = await client.updateIntegration({
      ApiId,
      IntegrationId,
      ConnectionType: "INTERNET",
      IntegrationUri: "https://example.com",
    });
    assert.deepEqual([updated.ConnectionId, updated.TlsConfig], [undefined, undefined]);
    await refusedV2(client.deleteVpcLink({ VpcLinkId }), bad, 400, words(`GET:${RouteId}`));
    await client.updateStage({ ApiId, StageName: "$default", AutoDeploy: true });
    await client.deleteVpcLink({ VpcLinkId });
  });

  it("refuse what can't be", async () => {
    const create = (input: object) => client.createVpcLink({ ...aLink, ...input });
    await refusedV2(create({ Name: " " }), bad, 400, "Name cannot be empty");
    await refusedV2(create({ Name: "x".repeat(129) }), bad, 400, /^Invalid Name/);
    await refusedV2(create({ SubnetIds: [] }), bad, 400, /1 to 10 subnets/);
    await refusedV2(
      create({ SubnetIds: Array.from({ length: 11 }, (_, each) => `subnet-${each}`) }),
      bad,
      400,
      /1 to 10/,
    );
    await refusedV2(create({ SubnetIds: ["vpc-1"] }), bad, 400, /^Invalid SubnetIds/);
    await refusedV2(create({ SecurityGroupIds: ["group"] }), bad, 400, /^Invalid SecurityGroupIds/);
    const { VpcLinkId } = await create({});
    await refusedV2(client.updateVpcLink({ VpcLinkId, Name: "" }), bad, 400, "Name cannot be empty");
    await refusedV2(client.updateVpcLink({ VpcLinkId: "gone" }), missing, 404, /^Invalid Vpc Link/);
    await create({});
    await refusedV2(create({}), "TooManyRequestsException", 429, /^Maximum number of VPC Links/);
  });
});

describe("models, route responses and integration responses", () => {
  it("are refused on HTTP APIs, and none is there", async () => {
    const ApiId = await management.putApi();
    const { RouteId } = await client.createRoute({ ApiId, RouteKey: "GET /" });
    const { IntegrationId } = await client.createIntegration({
      ApiId,
      IntegrationType: "HTTP_PROXY",
      IntegrationMethod: "ANY",
      IntegrationUri: "https://example.com",
      PayloadFormatVersion: "1.0",
    });
    const model = client.createModel({ ApiId, Name: "Pet", Schema: "{}" });
    await refusedV2(model, bad, 400, "Models are not supported on protocolType HTTP");
    const route = client.createRouteResponse({ ApiId, RouteId, RouteResponseKey: "$default" });
    await refusedV2(route, bad, 400, "Route responses are not supported on protocolType HTTP");
    const integration = client.createIntegrationResponse({ ApiId, IntegrationId, IntegrationResponseKey: "$default" });
    await refusedV2(integration, bad, 400, "Integration responses are not supported on protocolType HTTP");
    assert.deepEqual((await client.getModels({ ApiId })).Items, []);
    assert.deepEqual((await client.getRouteResponses({ ApiId, RouteId })).Items, []);
    assert.deepEqual((await client.getIntegrationResponses({ ApiId, IntegrationId })).Items, []);
    const gone = {
      ApiId,
      ModelId: "gone",
      RouteId,
      RouteResponseId: "gone",
      IntegrationId,
      IntegrationResponseId: "gone",
    };
    const calls: readonly [string, Promise<unknown>][] = [
      ["Model", client.getModel(gone)],
      ["Model", client.getModelTemplate(gone)],
      ["Model", client.updateModel(gone)],
      ["Model", client.deleteModel(gone)],
      ["RouteResponse", client.getRouteResponse(gone)],
      ["RouteResponse", client.updateRouteResponse(gone)],
      ["RouteResponse", client.deleteRouteResponse(gone)],
      ["IntegrationResponse", client.getIntegrationResponse(gone)],
      ["IntegrationResponse", client.updateIntegrationResponse(gone)],
      ["IntegrationResponse", client.deleteIntegrationResponse(gone)],
      ["Route", client.getRouteResponses({ ApiId, RouteId: "gone" })],
      ["Route", client.createRouteResponse({ ApiId, RouteId: "gone", RouteResponseKey: "$default" })],
      ["Integration", client.getIntegrationResponses({ ApiId, IntegrationId: "gone" })],
    ];
    for (const [item, call] of calls) await refusedV2(call, missing, 404, `Invalid ${item} identifier specified`);
    await refusedV2(client.getModels({ ApiId: "gone" }), missing, 404, /^Invalid API identifier specified/);
  });
});
