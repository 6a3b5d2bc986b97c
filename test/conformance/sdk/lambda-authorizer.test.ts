// Lambda authorizers of served methods, with AWS's SDK: what is deployed, changed, flushed and forgotten, in all threads.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import {
  APIGatewayClient,
  CreateApiKeyCommand,
  CreateDeploymentCommand,
  CreateStageCommand,
  CreateUsagePlanCommand,
  CreateUsagePlanKeyCommand,
  DeleteAuthorizerCommand,
  DeleteStageCommand,
  FlushStageAuthorizersCacheCommand,
  GetAuthorizersCommand,
  GetExportCommand,
  GetStageCommand,
  ImportRestApiCommand,
  PutRestApiCommand,
  UpdateAuthorizerCommand,
} from "@aws-sdk/client-api-gateway";
import { CreateRoleCommand, DeleteRolePolicyCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  AddPermissionCommand,
  DeleteFunctionCommand,
  LambdaClient,
  RemovePermissionCommand,
  UpdateFunctionCodeCommand,
} from "@aws-sdk/client-lambda";
import { functionOf, refuses, startForSuite, status, zip } from "./sdk-client.ts";

const arnOf = (name: string): string => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
const uriOf = (name: string): string =>
  `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${arnOf(name)}/invocations`;

/** Says `effect` of every caller whom it knows; its context has who asked it, and what for. */
const gate = (effect: string): string => `exports.handler = async (event) => {
  const token = event.authorizationToken ?? event.headers["X-Token"];
  if (token === "unknown") throw new Error("Unauthorized");
  if (token === "broken") throw new Error("no such table");
  if (token === "slow") await new Promise((resolve) => setTimeout(resolve, 60_000));
  const statement = { Effect: "${effect}", Action: "execute-api:Invoke", Resource: token === "narrow" ? event.methodArn : "*" };
  return {
    principalId: "known-" + token,
    policyDocument: { Version: "2012-10-17", Statement: [statement] },
    context: { type: event.type, arn: event.methodArn, number: 7, yes: true },
  };
};`;
/** The token is the caller's API key. */
const keeper = `exports.handler = async ({ authorizationToken }) => ({
  principalId: "me",
  policyDocument: { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "execute-api:Invoke", Resource: "*" }] },
  usageIdentifierKey: authorizationToken,
});`;
const echo =
  "exports.handler = async ({ requestContext }) => ({ statusCode: 200, body: JSON.stringify(requestContext.authorizer) })";

const proxy = (name: string, security: string) => ({
  security: [{ [security]: [] }],
  responses: { 200: { description: "ok" } },
  "x-amazon-apigateway-integration": { type: "aws_proxy", httpMethod: "POST", uri: uriOf(name) },
});
const scheme = (authorizer: object, name = "Authorization") => ({
  type: "apiKey",
  in: "header",
  name,
  "x-amazon-apigateway-authtype": "custom",
  "x-amazon-apigateway-authorizer": { authorizerUri: uriOf("gate"), ...authorizer },
});
const document = (over: object = {}): Buffer =>
  Buffer.from(
    JSON.stringify({
      openapi: "3.0.1",
      info: { title: "guarded", version: "1" },
      components: {
        securitySchemes: {
          tokens: scheme({ type: "token", authorizerResultTtlInSeconds: 60, ...over }),
          requests: scheme(
            { type: "request", identitySource: "method.request.header.X-Token", authorizerResultTtlInSeconds: 0 },
            "Unused",
          ),
        },
      },
      paths: {
        "/token/{id}": { get: proxy("echo", "tokens"), delete: proxy("echo", "tokens") },
        "/request": { get: proxy("echo", "requests") },
      },
    }),
  );

describe("Lambda authorizers", () => {
  const portico = startForSuite({ args: ["--threads", "2"] });
  let gateway: APIGatewayClient;
  let lambda: LambdaClient;
  let restApiId: string;
  const permission = (name: string): AddPermissionCommand =>
    new AddPermissionCommand({
      FunctionName: name,
      StatementId: "gateway",
      Action: "lambda:InvokeFunction",
      Principal: "apigateway.amazonaws.com",
      SourceArn: `arn:aws:execute-api:us-east-1:000000000000:${restApiId}/*`,
    });
  const deploy = () => gateway.send(new CreateDeploymentCommand({ restApiId, stageName: "prod" }));

  before(async () => {
    gateway = portico.client(APIGatewayClient);
    lambda = portico.client(LambdaClient);
    const api = await gateway.send(new ImportRestApiCommand({ body: document() }));
    restApiId = api.id!;
    for (const [name, code] of Object.entries({ gate: gate("Allow"), echo })) {
      await lambda.send(functionOf(name, code, { Timeout: 1 }));
      await lambda.send(permission(name));
    }
    await deploy();
  });

  const call = async (
    path: string,
    token?: string,
    { method = "GET", header = "Authorization" } = {},
  ): Promise<{ status: number; text: string; type: string | null; hint: string }> => {
    const reply = await fetch(`${portico.url}/_aws/execute-api/${restApiId}/prod${path}`, {
      method,
      headers: { connection: "close", ...(token === undefined ? {} : { [header]: token }) },
    });
    const { headers } = reply;
    const hint = headers.get("x-portico-hint") ?? "";
    return { status: reply.status, text: await reply.text(), type: headers.get("x-amzn-errortype"), hint };
  };
  /** The statuses that all threads answer: there are enough connections that each takes one. */
  const statuses = async (token: string): Promise<number[]> => {
    const replies = await Promise.all(Array.from({ length: 16 }, () => call("/token/1", token)));
    return [...new Set(replies.map((reply) => reply.status))];
  };
  const flush = () => gateway.send(new FlushStageAuthorizersCacheCommand({ restApiId, stageName: "prod" }));

  it("let those through whom the function knows, and tell the integration who they are", async () => {
    const tokens = await call("/token/7", "me");
    assert.equal(tokens.status, 200, tokens.text);
    const { integrationLatency, ...rest } = JSON.parse(tokens.text);
    assert.ok(integrationLatency >= 0);
    const arn = `arn:aws:execute-api:us-east-1:000000000000:${restApiId}/prod/GET`;
    assert.deepEqual(rest, { principalId: "known-me", type: "TOKEN", arn: `${arn}/token/7`, number: "7", yes: "true" });
    const remembered = JSON.parse((await call("/token/8", "me")).text);
    assert.ok([`${arn}/token/7`, `${arn}/token/8`].includes(remembered.arn));
    const requests = JSON.parse((await call("/request", "me", { header: "X-Token" })).text);
    assert.deepEqual([requests.type, requests.arn], ["REQUEST", `${arn}/request`]);
  });

  it("refuse with AWS's status, type and body, and a hint that helps", async () => {
    const rows: readonly [string | undefined, number, string, string, RegExp][] = [
      [undefined, 401, "UnauthorizedException", '{"message":"Unauthorized"}', /method\.request\.header\.Authorization/],
      ["unknown", 401, "UnauthorizedException", '{"message":"Unauthorized"}', /failed with Unauthorized/],
      ["broken", 500, "AuthorizerConfigurationException", '{"message":null}', /no such table/],
      ["slow", 500, "AuthorizerConfigurationException", '{"message":null}', /Task timed out/],
    ];
    for (const [token, expected, type, text, hint] of rows) {
      const reply = await call("/token/1", token);
      assert.deepEqual([reply.status, reply.type, reply.text], [expected, type, text]);
      assert.match(reply.hint, hint);
    }
  });

  it("keep what was said for one method for all of them", async () => {
    const all = await Promise.all(Array.from({ length: 16 }, () => call("/token/1", "narrow")));
    assert.deepEqual([...new Set(all.map((reply) => reply.status))], [200]);
    const other = await call("/token/1", "narrow", { method: "DELETE" });
    assert.deepEqual([other.status, other.text], [403, '{"Message":"User is not authorized to access this resource"}']);
    assert.match(other.hint, /remembered from an earlier request/);
  });

  it("forget, in all threads, when they are flushed and when the time is over", async () => {
    assert.deepEqual(await statuses("flushed"), [200]);
    await lambda.send(new UpdateFunctionCodeCommand({ FunctionName: "gate", ZipFile: zip(gate("Deny")) }));
    assert.deepEqual(await statuses("flushed"), [200], "remembered");
    assert.equal(status(await flush()), 202);
    assert.deepEqual(await statuses("flushed"), [403]);
    await lambda.send(new UpdateFunctionCodeCommand({ FunctionName: "gate", ZipFile: zip(gate("Allow")) }));
    assert.deepEqual(await statuses("flushed"), [403], "a Deny is remembered as well");
    const advanced = await fetch(`${portico.url}/_portico/clock`, {
      method: "POST",
      body: JSON.stringify({ advanceMs: 60_000 }),
    });
    assert.equal(advanced.status, 200);
    assert.deepEqual(await statuses("flushed"), [200]);
    await refuses(
      gateway.send(new FlushStageAuthorizersCacheCommand({ restApiId, stageName: "none" })),
      "NotFoundException",
      404,
      "Invalid stage identifier specified",
    );
  });

  it("are asked anew by a stage that is made anew, though requests of the deleted one of its name are under way", async () => {
    assert.deepEqual(await statuses("of the deleted"), [200]);
    const { deploymentId } = await gateway.send(new GetStageCommand({ restApiId, stageName: "prod" }));
    const underWay = Array.from({ length: 8 }, () => call("/token/1", "slow"));
    await lambda.send(new UpdateFunctionCodeCommand({ FunctionName: "gate", ZipFile: zip(gate("Deny")) }));
    await gateway.send(new DeleteStageCommand({ restApiId, stageName: "prod" }));
    await gateway.send(new CreateStageCommand({ restApiId, stageName: "prod", deploymentId }));
    assert.deepEqual(await statuses("of the deleted"), [403]);
    await Promise.all(underWay);
    await lambda.send(new UpdateFunctionCodeCommand({ FunctionName: "gate", ZipFile: zip(gate("Allow")) }));
    await flush();
    assert.deepEqual(await statuses("of the deleted"), [200]);
  });

  it("are what was deployed: a change acts with the next deployment, and a used one can't be deleted", async () => {
    const { items = [] } = await gateway.send(new GetAuthorizersCommand({ restApiId }));
    const { id: authorizerId, name } = items.find(({ type }) => type === "TOKEN")!;
    const change = (value: string) =>
      gateway.send(
        new UpdateAuthorizerCommand({
          restApiId,
          authorizerId,
          patchOperations: [{ op: "replace", path: "/identityValidationExpression", value }],
        }),
      );
    await change("Bearer .*");
    assert.equal((await call("/token/1", "deployed")).status, 200);
    await deploy();
    assert.deepEqual(await statuses("deployed"), [401]);
    assert.deepEqual(await statuses("Bearer deployed"), [200]);
    await change(".*");
    await deploy();
    await refuses(
      gateway.send(new DeleteAuthorizerCommand({ restApiId, authorizerId })),
      "ConflictException",
      409,
      new RegExp(`Cannot delete authorizer '${name}', is referenced in method`),
    );
  });

  it("may be invoked by permission only, as soon as it goes", async () => {
    await lambda.send(new RemovePermissionCommand({ FunctionName: "gate", StatementId: "gateway" }));
    assert.deepEqual(await statuses("without permission"), [500]);
    const { hint } = await call("/token/1", "without permission");
    assert.match(hint, /aws lambda add-permission --function-name \S+:gate .*apigateway\.amazonaws\.com/);
    await lambda.send(permission("gate"));
    assert.deepEqual(await statuses("without permission"), [200]);
  });

  it("may be invoked by a role, as long as that is allowed to, also for those who are remembered", async () => {
    const iam = portico.client(IAMClient);
    const allow = (more: object): string =>
      JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...more }] });
    const RoleName = "asker";
    const trust = allow({ Principal: { Service: "apigateway.amazonaws.com" }, Action: "sts:AssumeRole" });
    const invoke = allow({ Action: "lambda:InvokeFunction", Resource: arnOf("gate") });
    const authorizerCredentials = "arn:aws:iam::000000000000:role/asker";
    await gateway.send(
      new PutRestApiCommand({ restApiId, mode: "overwrite", body: document({ authorizerCredentials }) }),
    );
    await deploy();
    await lambda.send(new RemovePermissionCommand({ FunctionName: "gate", StatementId: "gateway" }));
    assert.deepEqual(await statuses("by role"), [500], "there is no role");
    const asked = await (await fetch(`${portico.url}/_portico/status`)).text();
    assert.match(asked, /its authorizer: API Gateway does not have permission to assume the provided role/);
    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }));
    assert.deepEqual(await statuses("by role"), [500], "it may not invoke");
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "p", PolicyDocument: invoke }));
    assert.deepEqual(await statuses("by role"), [200]);
    await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: "p" }));
    assert.deepEqual(await statuses("by role"), [500]);
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "p", PolicyDocument: invoke }));
    await lambda.send(new DeleteFunctionCommand({ FunctionName: "gate" }));
    assert.deepEqual(await statuses("another"), [500], "there is no function");
  });

  it("give the API key of their callers, where the API takes it from them", async () => {
    const keyed = JSON.parse(document().toString());
    keyed["x-amazon-apigateway-api-key-source"] = "AUTHORIZER";
    keyed.components.securitySchemes.key = { type: "apiKey", in: "header", name: "x-api-key" };
    const { tokens } = keyed.components.securitySchemes;
    tokens["x-amazon-apigateway-authorizer"].authorizerUri = uriOf("keeper");
    keyed.paths["/token/{id}"].get.security = [{ tokens: [], key: [] }];
    const { id = "" } = await gateway.send(new ImportRestApiCommand({ body: Buffer.from(JSON.stringify(keyed)) }));
    await lambda.send(functionOf("keeper", keeper));
    for (const name of ["keeper", "echo"]) {
      await lambda.send(
        new AddPermissionCommand({
          FunctionName: name,
          StatementId: "keyed",
          Action: "lambda:InvokeFunction",
          Principal: "apigateway.amazonaws.com",
          SourceArn: `arn:aws:execute-api:us-east-1:000000000000:${id}/*`,
        }),
      );
    }
    await gateway.send(new CreateDeploymentCommand({ restApiId: id, stageName: "prod" }));
    const key = await gateway.send(
      new CreateApiKeyCommand({ name: "k", value: "a-key-of-20-letters-", enabled: true }),
    );
    const ask = async (token: string, more: Record<string, string> = {}): Promise<number> => {
      const url = `${portico.url}/_aws/execute-api/${id}/prod/token/1`;
      const reply = await fetch(url, { headers: { Authorization: token, connection: "close", ...more } });
      await reply.arrayBuffer();
      return reply.status;
    };
    assert.equal(await ask("a-key-of-20-letters-"), 403, "the key is in no plan");
    const apiStages = [{ apiId: id, stage: "prod" }];
    const plan = await gateway.send(
      new CreateUsagePlanCommand({ name: "p", apiStages, quota: { limit: 2, period: "DAY" } }),
    );
    await gateway.send(new CreateUsagePlanKeyCommand({ usagePlanId: plan.id, keyId: key.id, keyType: "API_KEY" }));
    assert.equal(await ask("another-key-of-20-let"), 403);
    assert.equal(
      await ask("another-key-of-20-let", { "x-api-key": "a-key-of-20-letters-" }),
      403,
      "a header is no key",
    );
    assert.deepEqual([await ask("a-key-of-20-letters-"), await ask("a-key-of-20-letters-")], [200, 200]);
    assert.equal(await ask("a-key-of-20-letters-"), 429);
  });

  it("come out of an export as they went in", async () => {
    const { body } = await gateway.send(
      new GetExportCommand({
        restApiId,
        stageName: "prod",
        exportType: "oas30",
        parameters: { extensions: "authorizers" },
        accepts: "application/json",
      }),
    );
    const { tokens } = JSON.parse(Buffer.from(body!).toString()).components.securitySchemes;
    assert.deepEqual(tokens, {
      ...scheme({
        type: "token",
        authorizerResultTtlInSeconds: 60,
        authorizerCredentials: "arn:aws:iam::000000000000:role/asker",
      }),
    });
  });
});
