// A document with every extension that REST APIs have goes in, comes out, and goes in again, under the official SDK.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  APIGatewayClient,
  CreateDeploymentCommand,
  CreateDocumentationVersionCommand,
  GetExportCommand,
  ImportRestApiCommand,
} from "@aws-sdk/client-api-gateway";
import { elsewhere, startForSuite } from "./sdk-client.ts";

const portico = startForSuite({ args: ["--threads", "1"], exitCode: 0 });
const client = portico.client(APIGatewayClient, elsewhere);

const functionUri =
  "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:f/invocations";

/** The extensions are those of AWS: API Gateway developer guide, "OpenAPI extensions for API Gateway", that are not of HTTP APIs. */
const document = {
  swagger: "2.0",
  info: { title: "everything", version: "7", description: "All extensions" },
  paths: {
    "/pets/{id}": {
      get: {
        summary: "One pet",
        tags: ["pets"],
        operationId: "getPet",
        produces: ["application/json"],
        parameters: [
          { name: "id", in: "path", required: true, type: "string", description: "Whose" },
          { name: "full", in: "query", required: false, type: "string" },
        ],
        responses: {
          200: {
            description: "The pet",
            schema: { $ref: "#/definitions/Pet" },
            headers: { ETag: { type: "string", description: "Its version" } },
          },
          404: { description: "No such pet" },
        },
        security: [{ lambda: [] }, { api_key: [] }],
        "x-amazon-apigateway-request-validator": "params-only",
        "x-amazon-apigateway-integration": {
          type: "http",
          httpMethod: "GET",
          uri: "https://backend.example.com/pets/{id}",
          timeoutInMillis: 5000,
          tlsConfig: { insecureSkipVerification: true },
          passthroughBehavior: "never",
          cacheNamespace: "pets",
          cacheKeyParameters: ["method.request.path.id"],
          requestParameters: {
            "integration.request.path.id": "method.request.path.id",
            "integration.request.header.X-Stage": "context.stage",
          },
          requestTemplates: { "application/json": '{"full": "$input.params(\'full\')"}' },
          responses: {
            default: {
              statusCode: "200",
              responseParameters: { "method.response.header.ETag": "integration.response.header.etag" },
              responseTemplates: { "application/json": "$input.json('$.pet')" },
            },
            "4\\d{2}": { statusCode: "404", contentHandling: "CONVERT_TO_TEXT" },
          },
        },
      },
      post: {
        consumes: ["application/json"],
        parameters: [
          { name: "id", in: "path", required: true, type: "string" },
          { in: "body", name: "Pet", required: true, schema: { $ref: "#/definitions/Pet" } },
        ],
        responses: { 200: { description: "200 response" } },
        security: [{ sigv4: [] }],
        "x-amazon-apigateway-integration": {
          type: "aws_proxy",
          httpMethod: "POST",
          uri: functionUri,
          credentials: "arn:aws:iam::123456789012:role/invoke",
        },
      },
    },
    "/any/{proxy+}": {
      "x-amazon-apigateway-any-method": {
        parameters: [{ name: "proxy", in: "path", required: true, type: "string" }],
        responses: { 200: { description: "200 response" } },
        security: [{ users: ["pets/read"] }],
        "x-amazon-apigateway-integration": {
          type: "http_proxy",
          httpMethod: "ANY",
          uri: "http://backend.example.com/{proxy}",
          connectionType: "VPC_LINK",
          connectionId: "${stageVariables.link}",
          requestParameters: { "integration.request.path.proxy": "method.request.path.proxy" },
        },
      },
    },
  },
  definitions: {
    Pet: { type: "object", required: ["name"], properties: { name: { type: "string" } }, title: "A pet" },
  },
  securityDefinitions: {
    api_key: { type: "apiKey", name: "x-api-key", in: "header" },
    sigv4: { type: "apiKey", name: "Authorization", in: "header", "x-amazon-apigateway-authtype": "awsSigv4" },
    lambda: {
      type: "apiKey",
      name: "X-Token",
      in: "header",
      "x-amazon-apigateway-authtype": "custom",
      "x-amazon-apigateway-authorizer": {
        type: "token",
        authorizerUri: functionUri,
        authorizerCredentials: "arn:aws:iam::123456789012:role/authorize",
        identityValidationExpression: "^Bearer .+",
        authorizerResultTtlInSeconds: 60,
      },
    },
    users: {
      type: "apiKey",
      name: "Authorization",
      in: "header",
      "x-amazon-apigateway-authtype": "cognito_user_pools",
      "x-amazon-apigateway-authorizer": {
        type: "cognito_user_pools",
        providerARNs: ["arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_a"],
      },
    },
  },
  "x-amazon-apigateway-api-key-source": "AUTHORIZER",
  "x-amazon-apigateway-binary-media-types": ["image/png"],
  "x-amazon-apigateway-minimum-compression-size": 1024,
  "x-amazon-apigateway-request-validators": {
    "params-only": { validateRequestParameters: true, validateRequestBody: false },
    all: { validateRequestParameters: true, validateRequestBody: true },
  },
  "x-amazon-apigateway-gateway-responses": {
    DEFAULT_4XX: {
      responseParameters: { "gatewayresponse.header.Access-Control-Allow-Origin": "'*'" },
      responseTemplates: { "application/json": '{"message": $context.error.messageString}' },
    },
    INVALID_API_KEY: { statusCode: "429" },
  },
  "x-amazon-apigateway-policy": {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: "*",
        Action: "execute-api:Invoke",
        Resource: "execute-api:/*",
        Condition: { IpAddress: { "aws:SourceIp": "127.0.0.0/8" } },
      },
    ],
  },
};

for (const exportType of ["swagger", "oas30"]) {
  for (const accepts of ["application/json", "application/yaml"]) {
    test(`a document with all extensions comes back the same, as ${exportType} in ${accepts}`, async () => {
      const first = await goIn(Buffer.from(JSON.stringify(document)));
      const once = await comeOut(first, exportType, accepts);
      for (const text of ["backend.example.com/pets", "Its version", "role/authorize", "params-only", "aws:SourceIp"]) {
        assert.ok(once.includes(text), `${text} was lost:\n${once}`);
      }
      const again = await comeOut(await goIn(Buffer.from(once)), exportType, accepts);
      assert.equal(again, once);
    });
  }
}

async function goIn(body: Buffer): Promise<string> {
  const { id, warnings } = await client.send(new ImportRestApiCommand({ body, failOnWarnings: true }));
  assert.equal(warnings, undefined);
  await client.send(new CreateDeploymentCommand({ restApiId: id, stageName: "prod", variables: { link: "none" } }));
  await client.send(
    new CreateDocumentationVersionCommand({ restApiId: id, documentationVersion: "1", stageName: "prod" }),
  );
  return id!;
}

/** The export, without what each API has of its own. */
async function comeOut(restApiId: string, exportType: string, accepts: string): Promise<string> {
  const parameters = { extensions: "integrations,authorizers,documentation" };
  const { body } = await client.send(
    new GetExportCommand({ restApiId, stageName: "prod", exportType, accepts, parameters }),
  );
  return Buffer.from(body!)
    .toString()
    .replaceAll(restApiId, "API")
    .replaceAll(/(createdDate"?: "?)[\dT:Z-]+/g, "$1now");
}
