// An acknowledged change of an HTTP API is in effect in every thread, on stages that deploy by themselves.
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import {
  ApiGatewayV2Client,
  CreateApiCommand,
  CreateIntegrationCommand,
  CreateRouteCommand,
  CreateStageCommand,
  DeleteRouteCommand,
  UpdateRouteCommand,
} from "@aws-sdk/client-apigatewayv2";
import { startForSuite } from "../conformance/sdk/sdk-client.ts";

const portico = startForSuite({ args: ["--threads", "3"], exitCode: 0 });
const client = portico.client(ApiGatewayV2Client);

let backend: Server;
before(async () => {
  backend = createServer((_, response) => void response.end("backend"));
  await new Promise<void>((resolve) => void backend.listen(0, "127.0.0.1", resolve));
});
after(() => backend.close());

test("a route that is created, changed or deleted is so in all threads before the call is answered", async () => {
  const { ApiId } = await client.send(new CreateApiCommand({ Name: "pets", ProtocolType: "HTTP" }));
  await client.send(new CreateStageCommand({ ApiId, StageName: "$default", AutoDeploy: true }));
  const { IntegrationId } = await client.send(
    new CreateIntegrationCommand({
      ApiId,
      IntegrationType: "HTTP_PROXY",
      IntegrationMethod: "GET",
      IntegrationUri: `http://127.0.0.1:${(backend.address() as AddressInfo).port}/`,
      PayloadFormatVersion: "1.0",
    }),
  );
  /** Whether the path is a route, as every connection says: each may be another thread's. */
  const isRoute = async (path: string): Promise<boolean> => {
    const found = new Set<boolean>();
    for (let index = 0; index < 12; index++) {
      const url = `${portico.url}/_aws/execute-api/${ApiId}${path}`.replace(/([^:])\/\//g, "$1/");
      const answer = await fetch(url, { headers: { connection: "close" } });
      await answer.arrayBuffer();
      found.add(answer.status !== 404);
    }
    assert.equal(found.size, 1, `all threads say the same of ${path}`);
    return found.has(true);
  };
  const Target = `integrations/${IntegrationId}`;
  for (let round = 0; round < 2; round++) {
    const one = `/one${round}`;
    const two = `/two${round}`;
    assert.equal(await isRoute(one), false);
    const { RouteId } = await client.send(new CreateRouteCommand({ ApiId, RouteKey: `GET ${one}`, Target }));
    assert.equal(await isRoute(one), true);
    await client.send(new UpdateRouteCommand({ ApiId, RouteId, RouteKey: `GET ${two}` }));
    assert.deepEqual([await isRoute(one), await isRoute(two)], [false, true]);
    await client.send(new DeleteRouteCommand({ ApiId, RouteId }));
    assert.equal(await isRoute(two), false);
  }
});
