import {
  APIGatewayClient,
  CreateDeploymentCommand,
  CreateRestApiCommand,
  GetResourcesCommand,
  PutIntegrationCommand,
  PutMethodCommand,
} from "@aws-sdk/client-api-gateway";
import { AddPermissionCommand, CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { strToU8, zipSync } from "fflate";
import { startPortico } from "../../test/portico.ts";
import type { Bench } from "../bench.ts";
import { load, median } from "../measure.ts";

const code = "exports.handler = async (event) => ({ statusCode: 200, body: JSON.stringify({ path: event.path }) });";
const streamingCode = `
  const piece = Buffer.alloc(65_536, 97);
  exports.handler = awslambda.streamifyResponse(async (event, stream) => {
    const answer = awslambda.HttpResponseStream.from(stream, { statusCode: 200 });
    for (let n = 0; n < 16; n++) {
      if (!answer.write(piece)) await new Promise((resolve) => answer.once("drain", resolve));
    }
    answer.end();
  });`;

export const bench: Bench = {
  title: "a warm Node.js function behind AWS_PROXY; server, function and wrk share two cores",
  needs: ["wrk"],
  async run() {
    const portico = await startPortico({
      // Beyond the throttle of an account.
      args: ["--threads", "2", "--limit", "throttleRate=1000000", "--limit", "throttleBurst=1000000"],
    });
    try {
      const url = await deploy(portico.url, "bench", code);
      const streamingUrl = await deploy(portico.url, "streaming", streamingCode);
      await load(url, { seconds: 2 });
      await load(streamingUrl, { seconds: 2 });
      return {
        "requests/s, 32 connections": await median(3, () => load(url)),
        "requests/s, 1 connection": await load(url, { connections: 1 }),
        "streamed answers of 1 MB/s, 8 connections": await median(3, () => load(streamingUrl, { connections: 8 })),
      };
    } finally {
      await portico.stop();
    }
  },
};

const lambdaPath = "arn:aws:apigateway:us-east-1:lambda:path";

/** An API of one method with its function; the URL of the method. */
export async function deploy(endpoint: string, name: string, source: string): Promise<string> {
  const options = {
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "000000000000", secretAccessKey: "any" },
  };
  const lambda = new LambdaClient(options);
  const gateway = new APIGatewayClient(options);
  const { FunctionArn } = await lambda.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Role: "arn:aws:iam::000000000000:role/any",
      Runtime: "nodejs22.x",
      Handler: "index.handler",
      MemorySize: 256,
      Code: { ZipFile: zipSync({ "index.js": strToU8(source) }) },
    }),
  );
  await lambda.send(
    new AddPermissionCommand({
      FunctionName: name,
      StatementId: "gateway",
      Action: "lambda:InvokeFunction",
      Principal: "apigateway.amazonaws.com",
    }),
  );
  const { id: restApiId } = await gateway.send(new CreateRestApiCommand({ name }));
  const { items } = await gateway.send(new GetResourcesCommand({ restApiId }));
  const method = { restApiId, resourceId: items?.[0]?.id, httpMethod: "GET" };
  await gateway.send(new PutMethodCommand({ ...method, authorizationType: "NONE" }));
  await gateway.send(
    new PutIntegrationCommand({
      ...method,
      type: "AWS_PROXY",
      integrationHttpMethod: "POST",
      ...(source === streamingCode
        ? {
            responseTransferMode: "STREAM",
            uri: `${lambdaPath}/2021-11-15/functions/${FunctionArn}/response-streaming-invocations`,
          }
        : { uri: `${lambdaPath}/2015-03-31/functions/${FunctionArn}/invocations` }),
    }),
  );
  await gateway.send(new CreateDeploymentCommand({ restApiId, stageName: "prod" }));
  lambda.destroy();
  gateway.destroy();
  return `${endpoint}/_aws/execute-api/${restApiId}/prod/`;
}
