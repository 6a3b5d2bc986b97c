// An acknowledged change of an HTTP API is in effect in every thread, on stages that deploy by themselves.
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import {
  ApiGatewayV2Client,
  CreateApiCommand,
  CreateAuthorizerCommand,
  CreateDeploymentCommand,
  CreateIntegrationCommand,
  CreateRouteCommand,
  CreateStageCommand,
  DeleteAuthorizerCommand,
  DeleteRouteCommand,
  UpdateApiCommand,
  UpdateAuthorizerCommand,
  UpdateIntegrationCommand,
  UpdateRouteCommand,
} from "@aws-sdk/client-apigatewayv2";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { functionOf, permissionOf, startForSuite } from "../conformance/sdk/sdk-client.ts";

const portico = startForSuite({ args: ["--threads", "3"], exitCode: 0 });
const client = portico.client(ApiGatewayV2Client);

let backend: Server;
before(async () => {
  backend = createServer((_, response) => void response.end("backend"));
  await new Promise<void>((resolve) => void backend.listen(0, "127.0.0.1", resolve));
});
after(() => backend.close());

const toBackend = (ApiId: string | undefined) =>
  client.send(
    new CreateIntegrationCommand({
      ApiId,
      IntegrationType: "HTTP_PROXY",
      IntegrationMethod: "GET",
      IntegrationUri: `http://127.0.0.1:${(backend.address() as AddressInfo).port}/`,
      PayloadFormatVersion: "1.0",
    }),
  );

test("a route that is created, changed or deleted is so in all threads before the call is answered", async () => {
  const { ApiId } = await client.send(new CreateApiCommand({ Name: "pets", ProtocolType: "HTTP" }));
  await client.send(new CreateStageCommand({ ApiId, StageName: "$default", AutoDeploy: true }));
  const { IntegrationId } = await toBackend(ApiId);
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

test("without automatic deployments nothing that an API is changed to is served until CreateDeployment", async () => {
  const lambda = portico.client(LambdaClient);
  for (const [name, isAuthorized] of Object.entries({ yes: true, no: false })) {
    await lambda.send(functionOf(name, `exports.handler = async () => ({ isAuthorized: ${isAuthorized} });`));
    await lambda.send(permissionOf(name));
  }
  const uri = (name: string): string =>
    `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:${name}/invocations`;
  const { ApiId } = await client.send(new CreateApiCommand({ Name: "still", ProtocolType: "HTTP" }));
  const { AuthorizerId } = await client.send(
    new CreateAuthorizerCommand({
      ApiId,
      Name: "asks",
      AuthorizerType: "REQUEST",
      AuthorizerUri: uri("no"),
      AuthorizerPayloadFormatVersion: "2.0",
      AuthorizerResultTtlInSeconds: 0,
      EnableSimpleResponses: true,
      IdentitySource: ["$request.header.x-key"],
    }),
  );
  const { IntegrationId } = await toBackend(ApiId);
  const Target = `integrations/${IntegrationId}`;
  const shut = { AuthorizationType: "CUSTOM", AuthorizerId } as const;
  const { RouteId } = await client.send(new CreateRouteCommand({ ApiId, RouteKey: "GET /", Target, ...shut }));
  await client.send(new CreateStageCommand({ ApiId, StageName: "live" }));
  await client.send(new CreateDeploymentCommand({ ApiId, StageName: "live" }));
  const base = `${portico.url}/_aws/execute-api/${ApiId}/live`;
  const preflight = { Origin: "https://a.example", "Access-Control-Request-Method": "GET" };
  const served = async () => {
    const seen = await Promise.all([
      fetch(base, { headers: { "x-key": "1" } }),
      fetch(base),
      fetch(`${base}/more`),
      fetch(`${base}/`, { method: "OPTIONS", headers: preflight }),
    ]);
    await Promise.all(seen.map((answer) => answer.arrayBuffer()));
    return seen.map(({ status }) => status);
  };
  const before = [403, 401, 404, 404];
  assert.deepEqual(await served(), before);
  const authorizer = { ApiId, AuthorizerId };
  for (const change of [
    new UpdateAuthorizerCommand({ ...authorizer, AuthorizerUri: uri("yes") }),
    new UpdateAuthorizerCommand({ ...authorizer, IdentitySource: [] }),
    new UpdateApiCommand({ ApiId, CorsConfiguration: { AllowOrigins: ["https://a.example"] } }),
    new CreateRouteCommand({ ApiId, RouteKey: "GET /more", Target }),
    new UpdateIntegrationCommand({ ApiId, IntegrationId, IntegrationUri: "http://backend.invalid/" }),
    new UpdateRouteCommand({ ApiId, RouteId, AuthorizationType: "NONE" }),
    new DeleteAuthorizerCommand(authorizer),
  ]) {
    await client.send(change as UpdateApiCommand);
    assert.deepEqual(await served(), before, change.constructor.name);
  }
  await client.send(new CreateDeploymentCommand({ ApiId, StageName: "live" }));
  assert.deepEqual(await served(), [503, 503, 503, 204]);
});
