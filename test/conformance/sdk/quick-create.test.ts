// Quick create as a user tries it: one call in front of a function or a URL, and the endpoint that it answers is called.
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import {
  ApiGatewayV2Client,
  CreateApiCommand,
  DeleteApiCommand,
  GetIntegrationsCommand,
  GetRoutesCommand,
  UpdateApiCommand,
} from "@aws-sdk/client-apigatewayv2";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { functionOf, permissionOf, startForSuite } from "./sdk-client.ts";

describe("quick create", () => {
  const portico = startForSuite({ args: ["--threads", "2"], exitCode: 0 });
  const client = portico.client(ApiGatewayV2Client);
  const lambda = portico.client(LambdaClient);

  let backend: Server;
  let backendUrl: string;
  before(async () => {
    backend = createServer((request, response) => void response.end(`backend ${request.method} ${request.url}`));
    await new Promise<void>((resolve) => void backend.listen(0, "127.0.0.1", resolve));
    backendUrl = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
    const code = `exports.handler = async ({ version, routeKey, rawPath }) => ({ version, routeKey, rawPath });`;
    await lambda.send(functionOf("quick", code));
    await lambda.send(permissionOf("quick"));
  });
  after(() => backend.close());

  const Target = "arn:aws:lambda:us-east-1:000000000000:function:quick";

  async function ask(url: string, method = "GET"): Promise<[status: number, text: string]> {
    const answer = await fetch(url, { method });
    return [answer.status, await answer.text()];
  }

  it("in front of a function serves all paths at once, with payload format 2.0", async () => {
    const { ApiEndpoint } = await client.send(new CreateApiCommand({ Name: "f", ProtocolType: "HTTP", Target }));
    const [status, text] = await ask(`${ApiEndpoint}/pets/1`, "POST");
    assert.equal(status, 200, text);
    assert.deepEqual(JSON.parse(text), { version: "2.0", routeKey: "$default", rawPath: "/pets/1" });
  });

  it("in front of a URL, with a route key of its own, serves that route only", async () => {
    const made = await client.send(
      new CreateApiCommand({ Name: "u", ProtocolType: "HTTP", Target: `${backendUrl}/store`, RouteKey: "GET /pets" }),
    );
    const { ApiEndpoint, ApiId } = made;
    assert.deepEqual(await ask(`${ApiEndpoint}/pets`), [200, "backend GET /store"]);
    assert.deepEqual(await ask(`${ApiEndpoint}/pets`, "POST"), [404, '{"message":"Not Found"}']);
    const { Items: integrations } = await client.send(new GetIntegrationsCommand({ ApiId }));
    const { Items: routes } = await client.send(new GetRoutesCommand({ ApiId }));
    const [{ IntegrationId, ...integration }, { RouteId: _, ...route }] = [integrations![0]!, routes![0]!];
    assert.deepEqual(integration, {
      ApiGatewayManaged: true,
      ConnectionType: "INTERNET",
      IntegrationMethod: "ANY",
      IntegrationType: "HTTP_PROXY",
      IntegrationUri: `${backendUrl}/store`,
      PayloadFormatVersion: "1.0",
      TimeoutInMillis: 30_000,
    });
    assert.deepEqual(route, {
      ApiGatewayManaged: true,
      ApiKeyRequired: false,
      AuthorizationType: "NONE",
      RouteKey: "GET /pets",
      Target: `integrations/${IntegrationId}`,
    });
  });

  it("a new target and a new route key are served when the update is answered, and nothing after the deletion", async () => {
    const made = await client.send(new CreateApiCommand({ Name: "c", ProtocolType: "HTTP", Target: backendUrl }));
    const { ApiEndpoint, ApiId } = made;
    assert.deepEqual(await ask(`${ApiEndpoint}/a/b?c=d`), [200, "backend GET /a/b?c=d"]);
    await client.send(new UpdateApiCommand({ ApiId, Target }));
    assert.equal(JSON.parse((await ask(`${ApiEndpoint}/a`))[1]).version, "2.0");
    await client.send(new UpdateApiCommand({ ApiId, RouteKey: "GET /only" }));
    assert.equal((await ask(`${ApiEndpoint}/a`))[0], 404);
    assert.equal(JSON.parse((await ask(`${ApiEndpoint}/only`))[1]).routeKey, "GET /only");
    await client.send(new UpdateApiCommand({ ApiId, DisableExecuteApiEndpoint: true }));
    assert.equal((await ask(`${ApiEndpoint}/only`))[0], 404);
    await client.send(new UpdateApiCommand({ ApiId, DisableExecuteApiEndpoint: false }));
    assert.equal((await ask(`${ApiEndpoint}/only`))[0], 200);
    await client.send(new DeleteApiCommand({ ApiId }));
    assert.notEqual((await ask(`${ApiEndpoint}/only`))[0], 200);
  });
});
