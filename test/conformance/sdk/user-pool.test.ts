// Methods with COGNITO_USER_POOLS, with AWS's SDK, on a started server whose pools are a local server's.
import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import {
  APIGatewayClient,
  CreateAuthorizerCommand,
  CreateDeploymentCommand,
  CreateRestApiCommand,
  GetExportCommand,
  ImportRestApiCommand,
  PutIntegrationCommand,
  PutIntegrationResponseCommand,
  PutMethodCommand,
  PutMethodResponseCommand,
  UpdateMethodCommand,
} from "@aws-sdk/client-api-gateway";
import { type Portico, startPortico } from "../../portico.ts";
import { makeClient } from "./sdk-client.ts";

const poolId = "us-east-1_Served001";
const providerARNs = [`arn:aws:cognito-idp:us-east-1:000000000000:userpool/${poolId}`];
const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
function jwt(claims: object): string {
  const iss = `https://cognito-idp.us-east-1.amazonaws.com/${poolId}`;
  const text = `${encode({ alg: "RS256", kid: "one" })}.${encode({ iss, sub: "0b1c", exp: 9_999_999_999, ...claims })}`;
  return `${text}.${sign("RSA-SHA256", Buffer.from(text), privateKey).toString("base64url")}`;
}
const idToken = jwt({ token_use: "id", aud: "client" });
const accessToken = jwt({ token_use: "access", scope: "pets/read" });

describe("methods with COGNITO_USER_POOLS", () => {
  let portico: Portico;
  let gateway: APIGatewayClient;
  let asked = 0;
  const cognito = createServer((_, outgoing) => {
    asked++;
    outgoing.end(JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "one" }] }));
  });
  before(async () => {
    await once(cognito.listen(0, "127.0.0.1"), "listening");
    portico = await startPortico({
      env: {
        AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER: `http://127.0.0.1:${(cognito.address() as AddressInfo).port}`,
      },
    });
    gateway = makeClient(APIGatewayClient, portico);
  });
  after(async () => {
    gateway.destroy();
    assert.equal(await portico.stop(), 0);
    cognito.closeAllConnections();
    cognito.close();
  });

  /** What all threads answer: there are enough connections that each takes one. */
  const answers = async (restApiId: string, token: string): Promise<string[]> => {
    const replies = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const url = `${portico.url}/_aws/execute-api/${restApiId}/prod/`;
        const reply = await fetch(url, { headers: { Authorization: token, connection: "close" } });
        return `${reply.status} ${await reply.text()}`;
      }),
    );
    return [...new Set(replies)];
  };
  const unauthorized = ['401 {"message":"Unauthorized"}'];

  it("take ID tokens; with scopes, access tokens; both as it was deployed", async () => {
    const { id: restApiId = "", rootResourceId } = await gateway.send(new CreateRestApiCommand({ name: "pools" }));
    const { id: authorizerId } = await gateway.send(
      new CreateAuthorizerCommand({
        restApiId,
        name: "users",
        type: "COGNITO_USER_POOLS",
        providerARNs,
        identitySource: "method.request.header.Authorization",
      }),
    );
    const method = { restApiId, resourceId: rootResourceId, httpMethod: "GET" };
    const authorizationType = "COGNITO_USER_POOLS";
    await gateway.send(new PutMethodCommand({ ...method, authorizationType, authorizerId }));
    await gateway.send(new PutMethodResponseCommand({ ...method, statusCode: "200" }));
    await gateway.send(
      new PutIntegrationCommand({
        ...method,
        type: "MOCK",
        requestTemplates: { "application/json": '{"statusCode": 200}' },
      }),
    );
    await gateway.send(
      new PutIntegrationResponseCommand({
        ...method,
        statusCode: "200",
        responseTemplates: { "application/json": "$context.authorizer.claims.sub" },
      }),
    );
    const deploy = () => gateway.send(new CreateDeploymentCommand({ restApiId, stageName: "prod" }));
    await deploy();
    assert.deepEqual(await answers(restApiId, idToken), ["200 0b1c"]);
    assert.deepEqual(await answers(restApiId, `Bearer ${idToken}`), ["200 0b1c"]);
    assert.deepEqual(await answers(restApiId, accessToken), unauthorized);
    const addScope = (value: string) =>
      gateway.send(
        new UpdateMethodCommand({ ...method, patchOperations: [{ op: "add", path: "/authorizationScopes", value }] }),
      );
    await addScope("pets/read");
    assert.deepEqual(await answers(restApiId, idToken), ["200 0b1c"], "not deployed yet");
    await deploy();
    assert.deepEqual(await answers(restApiId, idToken), unauthorized);
    assert.deepEqual(await answers(restApiId, accessToken), ["200 0b1c"]);
    assert.deepEqual(await answers(restApiId, jwt({ token_use: "access", scope: "pets/write" })), unauthorized);
    await addScope("pets/write");
    await deploy();
    assert.deepEqual(await answers(restApiId, jwt({ token_use: "access", scope: "pets/write" })), ["200 0b1c"]);
    assert.ok(asked <= 2, `each thread fetches the keys once, and the pool was asked ${asked} times`);
  });

  it("are imported with their scopes, and exported as they were imported", async () => {
    const users = {
      type: "apiKey",
      in: "header",
      name: "Authorization",
      "x-amazon-apigateway-authtype": "cognito_user_pools",
      "x-amazon-apigateway-authorizer": { type: "cognito_user_pools", providerARNs },
    };
    const document = {
      openapi: "3.0.1",
      info: { title: "imported pools", version: "1" },
      components: { securitySchemes: { users } },
      paths: {
        "/": {
          get: {
            security: [{ users: ["pets/read"] }],
            responses: { 200: { description: "ok" } },
            "x-amazon-apigateway-integration": {
              type: "mock",
              requestTemplates: { "application/json": '{"statusCode": 200}' },
              responses: { default: { statusCode: "200", responseTemplates: { "application/json": "let in" } } },
            },
          },
        },
      },
    };
    const body = Buffer.from(JSON.stringify(document));
    const { id: restApiId = "" } = await gateway.send(new ImportRestApiCommand({ body }));
    await gateway.send(new CreateDeploymentCommand({ restApiId, stageName: "prod" }));
    assert.deepEqual(await answers(restApiId, accessToken), ["200 let in"]);
    assert.deepEqual(await answers(restApiId, idToken), unauthorized);
    const exported = await gateway.send(
      new GetExportCommand({
        restApiId,
        stageName: "prod",
        exportType: "oas30",
        parameters: { extensions: "authorizers" },
        accepts: "application/json",
      }),
    );
    const { components, paths } = JSON.parse(Buffer.from(exported.body!).toString());
    assert.deepEqual(components.securitySchemes.users, users);
    assert.deepEqual(paths["/"].get.security, [{ users: ["pets/read"] }]);
  });
});
