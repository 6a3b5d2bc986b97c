// Lambda's custom integration on a started server with two gateway threads: templates around a function, error messages
// mapped to statuses, and asynchronous invocations that outlive their request.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  APIGatewayClient,
  CreateDeploymentCommand,
  CreateRestApiCommand,
  GetResourcesCommand,
  PutIntegrationCommand,
  PutIntegrationResponseCommand,
  PutMethodCommand,
  PutMethodResponseCommand,
} from "@aws-sdk/client-api-gateway";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { until } from "../../until.ts";
import { functionOf, permissionOf, startForSuite } from "./sdk-client.ts";

const code = `const fs = require("node:fs");
exports.handler = async (event) => {
  if (event.file) fs.writeFileSync(event.file, JSON.stringify(event));
  if (event.fail) throw new Error("[BadRequest] " + event.fail);
  return { greeting: "Hello, " + event.name };
};`;

const requestTemplate = `{"name": "$input.params('name')", "fail": "$input.params('fail')", "file": "$input.params('file')"}`;

describe("functions behind the integration type AWS", () => {
  const portico = startForSuite();
  const lambda = portico.client(LambdaClient);
  const gateway = portico.client(APIGatewayClient);
  let url: string;
  const folder = mkdtempSync(join(tmpdir(), "portico-test-"));

  before(async () => {
    const { FunctionArn } = await lambda.send(functionOf("custom", code));
    await lambda.send(permissionOf("custom"));
    const { id: restApiId } = await gateway.send(new CreateRestApiCommand({ name: "custom" }));
    const { items } = await gateway.send(new GetResourcesCommand({ restApiId }));
    const resourceId = items?.[0]?.id;
    const uri = `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${FunctionArn}/invocations`;
    for (const httpMethod of ["GET", "POST"]) {
      const method = { restApiId, resourceId, httpMethod };
      await gateway.send(new PutMethodCommand({ ...method, authorizationType: "NONE" }));
      for (const statusCode of ["200", "400"])
        await gateway.send(new PutMethodResponseCommand({ ...method, statusCode }));
      await gateway.send(
        new PutIntegrationCommand({
          ...method,
          type: "AWS",
          integrationHttpMethod: "POST",
          uri,
          requestTemplates: { "application/json": requestTemplate },
          ...(httpMethod === "POST"
            ? { requestParameters: { "integration.request.header.X-Amz-Invocation-Type": "'Event'" } }
            : {}),
        }),
      );
      await gateway.send(
        new PutIntegrationResponseCommand({
          ...method,
          statusCode: "200",
          responseTemplates: { "application/json": `#set($answer = $input.path('$'))$!answer.greeting!` },
        }),
      );
      await gateway.send(
        new PutIntegrationResponseCommand({
          ...method,
          statusCode: "400",
          selectionPattern: "\\[BadRequest\\].*",
          responseTemplates: { "application/json": `{"message": $input.json('$.errorMessage')}` },
        }),
      );
    }
    await gateway.send(new CreateDeploymentCommand({ restApiId, stageName: "prod" }));
    url = `${portico.url}/_aws/execute-api/${restApiId}/prod/`;
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("gets what the request template makes, and its output is mapped", async () => {
    const response = await fetch(`${url}?name=Ada`);
    assert.deepEqual([response.status, await response.text()], [200, "Hello, Ada!"]);
  });

  it("has its error messages mapped to statuses", async () => {
    const response = await fetch(`${url}?fail=no+name`);
    assert.deepEqual([response.status, await response.text()], [400, '{"message": "[BadRequest] no name"}']);
  });

  it("runs after the request was answered, if the invocation type is Event", async () => {
    const files = Array.from({ length: 4 }, (_, index) => join(folder, `event-${index}`));
    for (const file of files) {
      // A connection of its own, so that it may come to any thread.
      const response = await fetch(`${url}?name=Grace&file=${encodeURIComponent(file)}`, {
        method: "POST",
        headers: { connection: "close" },
      });
      assert.deepEqual([response.status, await response.text()], [200, "!"]);
    }
    await until(() => files.every((file) => existsSync(file) && readFileSync(file, "utf8") !== ""));
    assert.equal((JSON.parse(readFileSync(files[0]!, "utf8")) as { name: string }).name, "Grace");
  });
});
