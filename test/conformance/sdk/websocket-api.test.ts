// A WebSocket API that the official SDK makes is served as it was deployed: two-way, by its templates and responses, until it
// is deployed again or deleted.
import assert from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import { it } from "node:test";
import { ApiGatewayV2 } from "@aws-sdk/client-apigatewayv2";
import { WebSocket } from "ws";
import { run } from "../../tool.ts";
import { elsewhere, startForSuite } from "./sdk-client.ts";

const portico = startForSuite({ args: ["--threads", "1"], exitCode: 0 });
const cli = join(import.meta.dirname, "../../../bin/portico.js");
const client = portico.client(ApiGatewayV2 as new (options: object) => ApiGatewayV2, elsewhere);

it("what is deployed is served, and a change only after the next deployment", async () => {
  const { ApiId, ApiEndpoint } = await client.createApi({
    ...{ Name: "chat", ProtocolType: "WEBSOCKET", RouteSelectionExpression: "$request.body.action" },
  });
  const { IntegrationId } = await client.createIntegration({
    ApiId: ApiId!,
    IntegrationType: "MOCK",
    RequestTemplates: { $default: '{"statusCode": 200}' },
  });
  const { IntegrationResponseId } = await client.createIntegrationResponse({
    ApiId: ApiId!,
    IntegrationId: IntegrationId!,
    IntegrationResponseKey: "$default",
    ResponseTemplates: { $default: "one of $context.routeKey" },
  });
  const { RouteId } = await client.createRoute({
    ApiId: ApiId!,
    RouteKey: "join",
    Target: `integrations/${IntegrationId}`,
    RouteResponseSelectionExpression: "$default",
  });
  await client.createRouteResponse({ ApiId: ApiId!, RouteId: RouteId!, RouteResponseKey: "$default" });
  await client.createStage({ ApiId: ApiId!, StageName: "live" });
  const [refused] = (await once(new WebSocket(`${ApiEndpoint}/live`), "error")) as [Error];
  assert.match(refused.message, /403/);
  await client.createDeployment({ ApiId: ApiId!, StageName: "live" });

  const socket = new WebSocket(`${ApiEndpoint}/live`);
  await once(socket, "open");
  const ask = async (message: unknown): Promise<string> => {
    socket.send(JSON.stringify(message));
    const [answer] = await once(socket, "message");
    return String(answer);
  };
  assert.equal(await ask({ action: "join" }), "one of join");
  assert.match(await ask({ action: "leave" }), /"message": ?"Forbidden"/);

  await client.updateIntegrationResponse({
    ApiId: ApiId!,
    IntegrationId: IntegrationId!,
    IntegrationResponseId: IntegrationResponseId!,
    ResponseTemplates: { $default: "two of $context.routeKey" },
  });
  assert.equal(await ask({ action: "join" }), "one of join");
  const status = await run("node", [cli, "status", "--endpoint", portico.url]);
  assert.match(
    status.stdout,
    /The route join has changed: integrationResponses\.\$default\.ResponseTemplates\.\$default/,
  );
  assert.match(status.stdout, new RegExp(`aws apigatewayv2 create-deployment --api-id ${ApiId} --stage-name 'live'`));
  await client.createDeployment({ ApiId: ApiId!, StageName: "live" });
  assert.equal(await ask({ action: "join" }), "two of join");

  const closed = once(socket, "close");
  await client.deleteApi({ ApiId: ApiId! });
  assert.equal((await closed)[0], 1001);
});
