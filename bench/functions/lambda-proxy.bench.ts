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

export const bench: Bench = {
  title: "a warm Node.js function behind AWS_PROXY; server, function and wrk share two cores",
  needs: ["wrk"],
  async run() {
    const portico = await startPortico({ args: ["--threads", "2"] });
    try {
      const url = await deploy(portico.url);
      await load(url, { seconds: 2 });
      return {
        "requests/s, 32 connections": await median(3, () => load(url)),
        "requests/s, 1 connection": await load(url, { connections: 1 }),
      };
    } finally {
      await portico.stop();
    }
  },
};

/** An API of one method with its function; the URL of the method. */
async function deploy(endpoint: string): Promise<string> {
  const options = {
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "000000000000", secretAccessKey: "any" },
  };
  const lambda = new LambdaClient(options);
  const gateway = new APIGatewayClient(options);
  const { FunctionArn } = await lambda.send(
    new CreateFunctionCommand({
      FunctionName: "bench",
      Role: "arn:aws:iam::000000000000:role/any",
      Runtime: "nodejs22.x",
      Handler: "index.handler",
      MemorySize: 256,
      Code: { ZipFile: zipSync({ "index.js": strToU8(code) }) },
    }),
  );
  await lambda.send(
    new AddPermissionCommand({
      FunctionName: "bench",
      StatementId: "gateway",
      Action: "lambda:InvokeFunction",
      Principal: "apigateway.amazonaws.com",
    }),
  );
  const { id: restApiId } = await gateway.send(new CreateRestApiCommand({ name: "bench" }));
  const { items } = await gateway.send(new GetResourcesCommand({ restApiId }));
  const method = { restApiId, resourceId: items?.[0]?.id, httpMethod: "GET" };
  await gateway.send(new PutMethodCommand({ ...method, authorizationType: "NONE" }));
  await gateway.send(
    new PutIntegrationCommand({
      ...method,
      type: "AWS_PROXY",
      integrationHttpMethod: "POST",
      uri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${FunctionArn}/invocations`,
    }),
  );
  await gateway.send(new CreateDeploymentCommand({ restApiId, stageName: "prod" }));
  lambda.destroy();
  gateway.destroy();
  return `${endpoint}/_aws/execute-api/${restApiId}/prod/`;
}
