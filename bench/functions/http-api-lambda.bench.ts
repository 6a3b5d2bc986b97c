import {
  ApiGatewayV2Client,
  CreateApiCommand,
  GetIntegrationsCommand,
  UpdateIntegrationCommand,
} from "@aws-sdk/client-apigatewayv2";
import { AddPermissionCommand, CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { strToU8, zipSync } from "fflate";
import { startPortico } from "../../test/portico.ts";
import type { Bench } from "../bench.ts";
import { cpuUsOf, leastCost, load, loadCost } from "../measure.ts";
import { deploy as deployRest } from "./lambda-proxy.bench.ts";

const code =
  "exports.handler = async (event) => ({ statusCode: 200, body: JSON.stringify({ path: event.rawPath ?? event.path }) });";

/** The goal: at least 15,000 requests/s with format 2.0 on two cores, which is 133 µs of a core for client, server and function. */
export const bench: Bench = {
  title: "a warm Node.js function behind an HTTP API; server, function and wrk share two cores",
  needs: ["wrk"],
  async run() {
    const portico = await startPortico({
      // Beyond the throttle of an account.
      args: ["--threads", "2", "--limit", "throttleRate=1000000", "--limit", "throttleBurst=1000000"],
    });
    try {
      const urls = {
        "format 2.0": await deploy(portico.url, "second", "2.0"),
        "format 1.0": await deploy(portico.url, "first", "1.0"),
        "a REST API": await deployRest(portico.url, "rest", code),
      };
      for (const url of Object.values(urls)) await load(url, { seconds: 2 });
      const figures: Record<string, number> = {};
      // The server, its functions, and the clients that have ended.
      const cpuUs = (): number => cpuUsOf(process.pid);
      for (const [name, url] of Object.entries(urls)) {
        const cost = await leastCost(5, () => loadCost(url, cpuUs));
        figures[`requests/s, ${name}`] = cost.rate;
        figures[`CPU µs a request, ${name}`] = cost.cpuUs;
      }
      return figures;
    } finally {
      await portico.stop();
    }
  },
};

/** The URL of an API that quick create put in front of a function. */
async function deploy(endpoint: string, name: string, PayloadFormatVersion: string): Promise<string> {
  const options = {
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "000000000000", secretAccessKey: "any" },
  };
  const lambda = new LambdaClient(options);
  const gateway = new ApiGatewayV2Client(options);
  const { FunctionArn } = await lambda.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Role: "arn:aws:iam::000000000000:role/any",
      Runtime: "nodejs22.x",
      Handler: "index.handler",
      MemorySize: 256,
      Code: { ZipFile: zipSync({ "index.js": strToU8(code) }) },
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
  const { ApiId } = await gateway.send(new CreateApiCommand({ Name: name, ProtocolType: "HTTP", Target: FunctionArn }));
  const { Items = [] } = await gateway.send(new GetIntegrationsCommand({ ApiId }));
  const { IntegrationId } = Items[0]!;
  await gateway.send(new UpdateIntegrationCommand({ ApiId, IntegrationId, PayloadFormatVersion }));
  lambda.destroy();
  gateway.destroy();
  return `${endpoint}/_aws/execute-api/${ApiId}/pets/7`;
}
