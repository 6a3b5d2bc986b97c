import { AddPermissionCommand, CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { strToU8, zipSync } from "fflate";
import { makeClient } from "../../src/protocol/client.ts";
import { startPortico } from "../../test/portico.ts";
import type { Bench } from "../bench.ts";
import { loadMessages, messageCost } from "../gateway/websocket/load-messages.ts";
import { cpuUsOf, leastCost } from "../measure.ts";

const code = "exports.handler = async ({ body }) => ({ statusCode: 200, body });";

/** The goal: at least 8,000 messages/s on two cores. */
export const bench: Bench = {
  title: "messages that a warm Node.js function answers; server, function and clients share two cores",
  needs: [],
  async run() {
    const portico = await startPortico({
      // Beyond the throttle of an account.
      args: ["--threads", "2", "--limit", "throttleRate=1000000", "--limit", "throttleBurst=1000000"],
    });
    try {
      const url = await deploy(portico.url);
      const message = `{"action":"echo","text":"${"x".repeat(64)}"}`;
      await loadMessages(url, { message, seconds: 3, core: "any" });
      // The least of some: what further instances cost to start belongs to no message.
      const { rate, cpuUs } = await leastCost(3, () =>
        messageCost(url, () => cpuUsOf(portico.pid), { message, core: "any" }),
      );
      const half = await loadMessages(url, { message, connections: 8, underWay: 1, core: "any" });
      return {
        "messages/s": rate,
        "us of a core for a message, in the server and the function": cpuUs,
        "p50 ms of 8 connections that wait": half.p50 ?? Number.NaN,
        "p99 ms of 8 connections that wait": half.p99 ?? Number.NaN,
      };
    } finally {
      await portico.stop();
    }
  },
};

/** The address of a WebSocket API whose function echoes. */
async function deploy(endpoint: string): Promise<string> {
  const lambda = new LambdaClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "000000000000", secretAccessKey: "any" },
  });
  const { FunctionArn } = await lambda.send(
    new CreateFunctionCommand({
      FunctionName: "echo",
      Role: "arn:aws:iam::000000000000:role/any",
      Runtime: "nodejs22.x",
      Handler: "index.handler",
      MemorySize: 256,
      Code: { ZipFile: zipSync({ "index.js": strToU8(code) }) },
    }),
  );
  await lambda.send(
    new AddPermissionCommand({
      FunctionName: "echo",
      StatementId: "gateway",
      Action: "lambda:InvokeFunction",
      Principal: "apigateway.amazonaws.com",
    }),
  );
  lambda.destroy();
  const { call } = makeClient({ endpoint, model: "apigatewayv2" });
  const { ApiId } = await call("CreateApi", {
    Name: "echo",
    ProtocolType: "WEBSOCKET",
    RouteSelectionExpression: "$request.body.action",
  });
  const { IntegrationId } = await call("CreateIntegration", {
    ApiId,
    IntegrationType: "AWS_PROXY",
    IntegrationMethod: "POST",
    IntegrationUri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${FunctionArn}/invocations`,
  });
  const { RouteId } = await call("CreateRoute", {
    ApiId,
    RouteKey: "echo",
    Target: `integrations/${IntegrationId}`,
    RouteResponseSelectionExpression: "$default",
  });
  await call("CreateRouteResponse", { ApiId, RouteId, RouteResponseKey: "$default" });
  await call("CreateStage", { ApiId, StageName: "prod" });
  await call("CreateDeployment", { ApiId, StageName: "prod" });
  return `${endpoint.replace("http:", "ws:")}/_aws/execute-api/${ApiId}/prod`;
}
