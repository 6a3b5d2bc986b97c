import { once } from "node:events";
import {
  ApiGatewayV2Client,
  CreateApiCommand,
  CreateDeploymentCommand,
  CreateIntegrationCommand,
  CreateIntegrationResponseCommand,
  CreateRouteCommand,
  CreateRouteResponseCommand,
  CreateStageCommand,
} from "@aws-sdk/client-apigatewayv2";

const region = "us-east-1";
const credentials = { accessKeyId: "test", secretAccessKey: "test" };

/** An API whose `$default` tells the connection's id; its `$disconnect` tells `backend`. Returns the API's id. */
export async function mockApi(url: string, backend?: string): Promise<string> {
  const client = new ApiGatewayV2Client({ endpoint: url, region, credentials });
  const { ApiId = "" } = await client.send(
    new CreateApiCommand({ Name: "mock", ProtocolType: "WEBSOCKET", RouteSelectionExpression: "$request.body.action" }),
  );
  const told = '{"id": "$context.connectionId"}';
  const { IntegrationId } = await client.send(
    new CreateIntegrationCommand({
      ApiId,
      IntegrationType: "MOCK",
      RequestTemplates: { $default: '{"statusCode": 200}' },
      TemplateSelectionExpression: "\\$default",
    }),
  );
  await client.send(
    new CreateIntegrationResponseCommand({
      ApiId,
      IntegrationId,
      IntegrationResponseKey: "$default",
      ResponseTemplates: { $default: told },
      TemplateSelectionExpression: "\\$default",
    }),
  );
  const { RouteId } = await client.send(
    new CreateRouteCommand({
      ApiId,
      RouteKey: "$default",
      Target: `integrations/${IntegrationId}`,
      RouteResponseSelectionExpression: "$default",
    }),
  );
  await client.send(new CreateRouteResponseCommand({ ApiId, RouteId, RouteResponseKey: "$default" }));
  if (backend !== undefined) {
    const end = await client.send(
      new CreateIntegrationCommand({
        ApiId,
        IntegrationType: "HTTP",
        IntegrationMethod: "POST",
        IntegrationUri: backend,
        RequestTemplates: { $default: told },
        TemplateSelectionExpression: "\\$default",
      }),
    );
    const Target = `integrations/${end.IntegrationId}`;
    await client.send(new CreateRouteCommand({ ApiId, RouteKey: "$disconnect", Target }));
  }
  await client.send(new CreateStageCommand({ ApiId, StageName: "prod" }));
  await client.send(new CreateDeploymentCommand({ ApiId, StageName: "prod" }));
  client.destroy();
  return ApiId;
}

export async function connectMock(url: string): Promise<{ readonly socket: WebSocket; readonly id: string }> {
  const socket = new WebSocket(url);
  await once(socket, "open");
  socket.send("{}");
  const [{ data }] = (await once(socket, "message")) as [MessageEvent];
  return { socket, id: JSON.parse(String(data)).id };
}

/** Lets a backend judge who connects, and deploys that. Returns the route's id. */
export async function addConnectRoute(url: string, ApiId: string, backend: string): Promise<string> {
  const client = new ApiGatewayV2Client({ endpoint: url, region, credentials });
  const { IntegrationId } = await client.send(
    new CreateIntegrationCommand({
      ApiId,
      IntegrationType: "HTTP_PROXY",
      IntegrationMethod: "POST",
      IntegrationUri: backend,
    }),
  );
  const { RouteId = "" } = await client.send(
    new CreateRouteCommand({ ApiId, RouteKey: "$connect", Target: `integrations/${IntegrationId}` }),
  );
  client.destroy();
  await deploy(url, ApiId);
  return RouteId;
}

export async function deploy(url: string, ApiId: string): Promise<void> {
  const client = new ApiGatewayV2Client({ endpoint: url, region, credentials });
  await client.send(new CreateDeploymentCommand({ ApiId, StageName: "prod" }));
  client.destroy();
}
