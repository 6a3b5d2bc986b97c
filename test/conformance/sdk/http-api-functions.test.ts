// Functions behind and in front of HTTP APIs on a started server, made with AWS's SDK: quick create, both payload formats,
// permissions, aliases by stage variables, authorizers and what they are remembered for.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import {
  ApiGatewayV2Client,
  CreateApiCommand,
  CreateAuthorizerCommand,
  CreateIntegrationCommand,
  CreateRouteCommand,
  CreateStageCommand,
  ResetAuthorizersCacheCommand,
  UpdateAuthorizerCommand,
  UpdateStageCommand,
} from "@aws-sdk/client-apigatewayv2";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  CreateAliasCommand,
  LambdaClient,
  PublishVersionCommand,
  RemovePermissionCommand,
  UpdateFunctionCodeCommand,
} from "@aws-sdk/client-lambda";
import { functionOf, permissionOf, startForSuite, zip } from "./sdk-client.ts";

const arnOf = (name: string): string => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
const invocationOf = (name: string): string =>
  `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${arnOf(name)}/invocations`;

const echo = "exports.handler = async (event) => event;";
const first =
  "exports.handler = async (event) => ({ statusCode: 200, multiValueHeaders: { 'x-two': ['1', '2'] }, body: JSON.stringify(event) });";
/** Counts how often it was asked. */
const door = `let asked = 0;
exports.handler = async ({ identitySource: [token], routeArn }) => {
  if (token === "unknown") throw new Error("Unauthorized");
  if (token === "broken") throw new Error("no such table");
  return { isAuthorized: token === "secret", context: { asked: ++asked, routeArn, list: ["a", 1] } };
};`;

describe("functions behind and in front of HTTP APIs", () => {
  const portico = startForSuite({ exitCode: 0 });
  const gateway = portico.client(ApiGatewayV2Client);
  const lambda = portico.client(LambdaClient);

  before(async () => {
    for (const [name, code] of Object.entries({ echo, first, door })) {
      await lambda.send(functionOf(name, code));
      await lambda.send(permissionOf(name));
    }
  });

  /** An API whose changes are deployed at once. */
  async function anApi(Target?: string): Promise<string> {
    const target = Target === undefined ? {} : { Target };
    const { ApiId } = await gateway.send(new CreateApiCommand({ Name: "functions", ProtocolType: "HTTP", ...target }));
    if (Target === undefined) {
      await gateway.send(new CreateStageCommand({ ApiId, StageName: "$default", AutoDeploy: true }));
    }
    return ApiId!;
  }

  async function aRoute(ApiId: string, RouteKey: string, uri: string, more: object = {}): Promise<string> {
    const { IntegrationId } = await gateway.send(
      new CreateIntegrationCommand({
        ApiId,
        IntegrationType: "AWS_PROXY",
        IntegrationUri: uri,
        PayloadFormatVersion: "2.0",
        ...more,
      }),
    );
    const { RouteId } = await gateway.send(
      new CreateRouteCommand({ ApiId, RouteKey, Target: `integrations/${IntegrationId}` }),
    );
    return RouteId!;
  }

  const call = (apiId: string, path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${portico.url}/_aws/execute-api/${apiId}${path}`, init);

  it("quick create puts a function behind every path, with events of format 2.0", async () => {
    const apiId = await anApi(arnOf("echo"));
    const reply = await call(apiId, "/any/path?a=1&a=2", {
      method: "POST",
      body: "hello",
      headers: { cookie: "c=1; d=2" },
    });
    assert.deepEqual([reply.status, reply.headers.get("content-type")], [200, "application/json"]);
    const event = (await reply.json()) as Record<string, unknown>;
    const { version, routeKey, rawPath, rawQueryString, cookies, body, isBase64Encoded } = event;
    assert.deepEqual(
      { version, routeKey, rawPath, rawQueryString, cookies, body, isBase64Encoded },
      {
        version: "2.0",
        routeKey: "$default",
        rawPath: "/any/path",
        rawQueryString: "a=1&a=2",
        cookies: ["c=1", "d=2"],
        // fetch says that a text is text/plain.
        body: "hello",
        isBase64Encoded: false,
      },
    );
    const { requestId, stage } = event["requestContext"] as Record<string, unknown>;
    assert.deepEqual([requestId, stage], [reply.headers.get("apigw-requestid"), "$default"]);
  });

  it("a function with format 1.0 gets and answers what REST APIs' functions do", async () => {
    const apiId = await anApi();
    await aRoute(apiId, "GET /pets/{id}", invocationOf("first"), { PayloadFormatVersion: "1.0" });
    const reply = await call(apiId, "/pets/7?a=1&a=2");
    assert.deepEqual([reply.status, reply.headers.get("x-two")], [200, "1, 2"]);
    const { version, resource, path, multiValueQueryStringParameters, pathParameters } = (await reply.json()) as Record<
      string,
      unknown
    >;
    assert.deepEqual(
      [version, resource, path, multiValueQueryStringParameters, pathParameters],
      ["1.0", "/pets/{id}", "/pets/7", { a: ["1", "2"] }, { id: "7" }],
    );
  });

  it("a stage variable chooses the alias, which needs a permission of its own", async () => {
    const apiId = await anApi();
    await lambda.send(functionOf("greeter", "exports.handler = async () => 'hello';"));
    const { Version = "" } = await lambda.send(new PublishVersionCommand({ FunctionName: "greeter" }));
    await lambda.send(new CreateAliasCommand({ FunctionName: "greeter", Name: "live", FunctionVersion: Version }));
    await aRoute(apiId, "GET /", `${arnOf("greeter")}:\${stageVariables.alias}`);
    const StageVariables = { alias: "live" };
    await gateway.send(new UpdateStageCommand({ ApiId: apiId, StageName: "$default", StageVariables }));
    const refused = await call(apiId, "/");
    assert.deepEqual([refused.status, await refused.text()], [500, '{"message":"Internal Server Error"}']);
    assert.match(refused.headers.get("x-portico-hint") ?? "", /add-permission --function-name \S+:greeter:live/);
    await lambda.send(permissionOf("greeter:live"));
    const reply = await call(apiId, "/");
    assert.deepEqual([reply.status, await reply.text()], [200, "hello"]);
    await lambda.send(new RemovePermissionCommand({ FunctionName: "greeter:live", StatementId: "gateway" }));
    assert.equal((await call(apiId, "/")).status, 500);
  });

  it("a stage variable chooses the role, which invokes without a permission", async () => {
    const iam = portico.client(IAMClient);
    const policy = (statement: object): string => JSON.stringify({ Version: "2012-10-17", Statement: statement });
    await iam.send(
      new CreateRoleCommand({
        RoleName: "chosen",
        AssumeRolePolicyDocument: policy({
          Effect: "Allow",
          Principal: { Service: "apigateway.amazonaws.com" },
          Action: "sts:AssumeRole",
        }),
      }),
    );
    await iam.send(
      new PutRolePolicyCommand({
        RoleName: "chosen",
        PolicyName: "invoke",
        PolicyDocument: policy({ Effect: "Allow", Action: "lambda:InvokeFunction", Resource: arnOf("private") }),
      }),
    );
    await lambda.send(functionOf("private", "exports.handler = async () => 'hello';"));
    const apiId = await anApi();
    const CredentialsArn = "arn:aws:iam::000000000000:${stageVariables.role}";
    await aRoute(apiId, "GET /", arnOf("private"), { CredentialsArn });
    for (const [role, status] of [
      ["role/chosen", 200],
      ["role/nobody", 500],
      ["user/chosen", 500],
    ] as const) {
      const StageVariables = { role };
      await gateway.send(new UpdateStageCommand({ ApiId: apiId, StageName: "$default", StageVariables }));
      assert.equal((await call(apiId, "/")).status, status, role);
    }
    await gateway.send(new UpdateStageCommand({ ApiId: apiId, StageName: "$default", StageVariables: { role: "" } }));
    assert.equal((await call(apiId, "/")).status, 500);
  });

  it("a function that fails, or answers what is none, is 500, and one that is too slow 503", async () => {
    const apiId = await anApi();
    const functions = {
      throws: "exports.handler = async () => { throw new Error('boom'); };",
      exits: "exports.handler = async () => process.exit(1);",
      malformed: "exports.handler = async () => ({ statusCode: 200, body: { a: 1 } });",
      late: "exports.handler = () => new Promise(() => setInterval(() => undefined, 1_000));",
    };
    for (const [name, code] of Object.entries(functions)) {
      await lambda.send(functionOf(name, code));
      await lambda.send(permissionOf(name));
      await aRoute(apiId, `GET /${name}`, arnOf(name), { TimeoutInMillis: name === "late" ? 500 : 30_000 });
      const reply = await call(apiId, `/${name}`);
      const [status, message] = name === "late" ? [503, "Service Unavailable"] : [500, "Internal Server Error"];
      assert.deepEqual([reply.status, await reply.json()], [status, { message }], name);
    }
  });

  it("an authorizer with simple responses lets callers in, is remembered in each thread, and is reset", async () => {
    const apiId = await anApi();
    const { AuthorizerId } = await gateway.send(
      new CreateAuthorizerCommand({
        ApiId: apiId,
        Name: "door",
        AuthorizerType: "REQUEST",
        AuthorizerUri: invocationOf("door"),
        AuthorizerPayloadFormatVersion: "2.0",
        EnableSimpleResponses: true,
        IdentitySource: ["$request.header.Authorization"],
        AuthorizerResultTtlInSeconds: 3_600,
      }),
    );
    const { IntegrationId } = await gateway.send(
      new CreateIntegrationCommand({
        ApiId: apiId,
        IntegrationType: "AWS_PROXY",
        IntegrationUri: arnOf("echo"),
        PayloadFormatVersion: "2.0",
      }),
    );
    for (const RouteKey of ["GET /pets/{id}", "$default"]) {
      const Target = `integrations/${IntegrationId}`;
      await gateway.send(
        new CreateRouteCommand({ ApiId: apiId, RouteKey, Target, AuthorizationType: "CUSTOM", AuthorizerId }),
      );
    }
    const ask = (token?: string, path = "/pets/1"): Promise<Response> =>
      call(apiId, path, token === undefined ? {} : { headers: { authorization: token } });
    const rows: readonly [string | undefined, number, string][] = [
      [undefined, 401, "Unauthorized"],
      ["unknown", 401, "Unauthorized"],
      ["wrong", 403, "Forbidden"],
      ["broken", 500, "Internal Server Error"],
    ];
    for (const [token, status, message] of rows) {
      const reply = await ask(token);
      assert.deepEqual([reply.status, await reply.json()], [status, { message }], String(token));
    }
    const contextOf = async (path?: string): Promise<Record<string, unknown>> => {
      const reply = await ask("secret", path);
      assert.equal(reply.status, 200);
      const { requestContext } = (await reply.json()) as { requestContext: { authorizer: { lambda: object } } };
      return requestContext.authorizer.lambda as Record<string, unknown>;
    };
    const told = await contextOf();
    assert.deepEqual(told["list"], ["a", 1]);
    assert.equal(told["routeArn"], `arn:aws:execute-api:us-east-1:000000000000:${apiId}/$default/GET/pets/1`);
    // Two threads ask once each, at most: sixteen answers are of one or two calls.
    const counts = await Promise.all(
      Array.from({ length: 16 }, async (_, n) => (await contextOf(`/other/${n}`))["asked"]),
    );
    assert.ok(new Set([told["asked"], ...counts]).size <= 2, String(counts));
    await lambda.send(
      new UpdateFunctionCodeCommand({
        FunctionName: "door",
        ZipFile: zip("exports.handler = async () => ({ isAuthorized: false });"),
      }),
    );
    assert.equal((await ask("secret")).status, 200);
    await gateway.send(new ResetAuthorizersCacheCommand({ ApiId: apiId, StageName: "$default" }));
    for (let n = 0; n < 8; n++) assert.equal((await ask("secret")).status, 403);
    // Without simple responses, the same answer is none.
    await gateway.send(new UpdateAuthorizerCommand({ ApiId: apiId, AuthorizerId, EnableSimpleResponses: false }));
    assert.equal((await ask("secret")).status, 500);
  });
});
