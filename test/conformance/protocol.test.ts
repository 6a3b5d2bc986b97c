// The protocol layer under the official SDK: real clients, a loopback server around `handle`, and handlers that answer
// by a script. What is tested is the wire, not what the operations do.
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import {
  APIGatewayClient,
  CreateRestApiCommand,
  CreateStageCommand,
  DeleteRestApiCommand,
  GetDeploymentCommand,
  GetExportCommand,
  GetResourcesCommand,
  GetRestApiCommand,
  GetRestApisCommand,
  GetVpcLinksCommand,
  ImportRestApiCommand,
  PutIntegrationCommand,
  paginateGetRestApis,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateStageCommand,
} from "@aws-sdk/client-api-gateway";
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionCommand,
  InvokeCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { ManualClock } from "../../src/base/clock.ts";
import { randomIds } from "../../src/base/ids.ts";
import { ApiError, notFound } from "../../src/protocol/errors.ts";
import { makeManagement } from "../../src/protocol/management.ts";
import type { CallContext, Handler, ManagementResponse } from "../../src/protocol/operation.ts";
import { page, restPaging } from "../../src/protocol/paging.ts";

/** The handlers of the test under way, by operation. */
let script: Record<string, Handler> = {};
const calls: { operation: string; input: Record<string, unknown>; context: CallContext }[] = [];
let lastResponse: ManagementResponse | undefined;

const scripted = (...operations: string[]): Record<string, Handler> =>
  Object.fromEntries(
    operations.map((operation) => [
      operation,
      async (input, context) => {
        calls.push({ operation, input, context });
        const handler = script[operation];
        return handler ? handler(input, context) : {};
      },
    ]),
  );

const undeclared: string[] = [];
const management = makeManagement(
  [
    {
      model: "apigateway",
      operations: scripted(
        "CreateRestApi",
        "CreateStage",
        "DeleteRestApi",
        "GetDeployment",
        "GetExport",
        "GetResources",
        "GetRestApi",
        "GetRestApis",
        "ImportRestApi",
        "PutIntegration",
        "TagResource",
        "UntagResource",
        "UpdateStage",
      ),
    },
    {
      model: "lambda",
      operations: scripted("CreateFunction", "DeleteFunction", "GetFunction", "Invoke", "UpdateFunctionConfiguration"),
      ownChecks: ["Runtime"],
    },
    { model: "sts", operations: scripted("AssumeRole", "GetCallerIdentity") },
  ],
  {
    clock: new ManualClock(Date.UTC(2026, 10, 20)),
    ids: randomIds,
    bodyBytesMax: 10_000_000,
    logger: { warn: () => {}, error: (message, fields) => console.error(message, fields) },
    onUndeclaredError: (operation, code) => undeclared.push(`${operation} ${code}`),
  },
);

let server: Server;
let restApis: APIGatewayClient;
let lambda: LambdaClient;
let sts: STSClient;

before(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", async () => {
      const headers: Record<string, string> = {};
      for (const [name, value] of Object.entries(request.headers)) headers[name] = [value].flat().join(", ");
      const answer = await management.handle({
        method: request.method ?? "",
        target: request.url ?? "",
        headers,
        body: Buffer.concat(chunks),
      });
      lastResponse = answer;
      response.writeHead(answer.status, answer.headers).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const settings = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: "eu-west-1",
    credentials: { accessKeyId: "123456789012", secretAccessKey: "x" },
    maxAttempts: 1,
  };
  restApis = new APIGatewayClient(settings);
  lambda = new LambdaClient(settings);
  sts = new STSClient(settings);
});

after(() => {
  restApis.destroy();
  lambda.destroy();
  sts.destroy();
  server.closeAllConnections();
  server.close();
  assert.deepEqual(undeclared, []);
});

/** The input that the handler of the last call was given. */
function lastInput(): Record<string, unknown> {
  return calls.at(-1)?.input ?? assert.fail("no call");
}

describe("the SDK's API Gateway client", () => {
  it("creates: members, tags and booleans arrive, and what is answered is read", async () => {
    script = {
      CreateRestApi: async () => ({
        id: "a1b2c3d4e5",
        name: "pets",
        createdDate: 1_700_000_000,
        binaryMediaTypes: ["image/png"],
        endpointConfiguration: { types: ["REGIONAL"] },
        disableExecuteApiEndpoint: false,
        rootResourceId: "r00t",
        tags: { a: "1" },
      }),
    };
    const created = await restApis.send(
      new CreateRestApiCommand({
        name: "pets",
        disableExecuteApiEndpoint: false,
        binaryMediaTypes: ["image/png"],
        minimumCompressionSize: 0,
        endpointConfiguration: { types: ["REGIONAL"] },
        tags: { a: "1" },
      }),
    );
    assert.deepEqual(lastInput(), {
      name: "pets",
      disableExecuteApiEndpoint: false,
      binaryMediaTypes: ["image/png"],
      minimumCompressionSize: 0,
      endpointConfiguration: { types: ["REGIONAL"] },
      tags: { a: "1" },
    });
    assert.equal(calls.at(-1)?.context.account, "123456789012");
    assert.equal(calls.at(-1)?.context.region, "eu-west-1");
    assert.equal(created.$metadata.httpStatusCode, 201);
    assert.match(created.$metadata.requestId ?? "", /^[0-9a-f-]{36}$/);
    assert.deepEqual(created.createdDate, new Date(1_700_000_000_000));
    assert.equal(created.id, "a1b2c3d4e5");
    assert.deepEqual(created.tags, { a: "1" });
  });

  it("imports a document as it is, with its parameters", async () => {
    const body = Buffer.from('{"openapi":"3.0.1","x":"ü"}');
    await restApis.send(
      new ImportRestApiCommand({ body, failOnWarnings: true, parameters: { endpointConfigurationTypes: "REGIONAL" } }),
    );
    assert.deepEqual(lastInput(), {
      failOnWarnings: true,
      parameters: { endpointConfigurationTypes: "REGIONAL" },
      body,
    });
  });

  it("exports: the payload and its headers", async () => {
    script = {
      GetExport: async () => ({
        contentType: "application/yaml",
        contentDisposition: 'attachment; filename="oas30.yaml"',
        body: Buffer.from("openapi: 3.0.1"),
      }),
    };
    const exported = await restApis.send(
      new GetExportCommand({
        restApiId: "a",
        stageName: "prod",
        exportType: "oas30",
        accepts: "application/yaml",
        parameters: { extensions: "integrations" },
      }),
    );
    assert.deepEqual(lastInput(), {
      restApiId: "a",
      stageName: "prod",
      exportType: "oas30",
      accepts: "application/yaml",
      parameters: { extensions: "integrations" },
    });
    assert.equal(exported.contentType, "application/yaml");
    assert.equal(exported.contentDisposition, 'attachment; filename="oas30.yaml"');
    assert.equal(Buffer.from(exported.body ?? []).toString(), "openapi: 3.0.1");
  });

  it("pages through a list", async () => {
    const all = Array.from({ length: 60 }, (_, index) => ({ id: `id${String(index).padStart(3, "0")}` }));
    script = {
      GetRestApis: async (input) => {
        const { position, limit } = input as { position?: string; limit?: number };
        const found = page(all, ({ id }) => id, { limit, token: position }, restPaging);
        return { items: found.items, position: found.next };
      },
    };
    const seen: (string | undefined)[] = [];
    for await (const { items } of paginateGetRestApis({ client: restApis }, {})) {
      seen.push(...(items ?? []).map(({ id }) => id));
    }
    assert.deepEqual(
      seen,
      all.map(({ id }) => id),
    );
    await assert.rejects(restApis.send(new GetRestApisCommand({ position: "bogus" })), {
      name: "BadRequestException",
    });
  });

  it("sends lists in the query, patches, tags and encoded path segments", async () => {
    script = {};
    await restApis.send(new GetResourcesCommand({ restApiId: "a", embed: ["methods"] }));
    assert.deepEqual(lastInput(), { restApiId: "a", embed: ["methods"] });
    await restApis.send(new GetDeploymentCommand({ restApiId: "a", deploymentId: "d/e", embed: ["apisummary"] }));
    assert.deepEqual(lastInput(), { restApiId: "a", deploymentId: "d/e", embed: ["apisummary"] });
    const patchOperations = [{ op: "replace" as const, path: "/variables/a~1b", value: "c" }];
    await restApis.send(new UpdateStageCommand({ restApiId: "a", stageName: "s", patchOperations }));
    assert.deepEqual(lastInput(), { restApiId: "a", stageName: "s", patchOperations });
    const resourceArn = "arn:aws:apigateway:eu-west-1::/restapis/a/stages/s";
    await restApis.send(new TagResourceCommand({ resourceArn, tags: { "a b": "ü" } }));
    assert.deepEqual(lastInput(), { resourceArn, tags: { "a b": "ü" } });
    await restApis.send(new UntagResourceCommand({ resourceArn, tagKeys: ["a b", "c"] }));
    assert.deepEqual(lastInput(), { resourceArn, tagKeys: ["a b", "c"] });
  });

  it("accepts an empty answer", async () => {
    const { $metadata } = await restApis.send(new DeleteRestApiCommand({ restApiId: "a" }));
    assert.equal($metadata.httpStatusCode, 202);
    assert.equal(lastResponse?.body, "");
  });

  it("reads errors: modelled ones, broken constraints and what is not there yet", async () => {
    script = {
      GetRestApi: async () => {
        throw notFound("Invalid API identifier specified 123456789012:a");
      },
      CreateStage: async () => {
        throw new ApiError("TooManyRequestsException", "Too Many Requests", { retryAfterSeconds: 3 });
      },
    };
    await assert.rejects(restApis.send(new GetRestApiCommand({ restApiId: "a" })), {
      name: "NotFoundException",
      message: "Invalid API identifier specified 123456789012:a",
    });
    await assert.rejects(restApis.send(new CreateStageCommand({ restApiId: "a", stageName: "s", deploymentId: "d" })), {
      name: "TooManyRequestsException",
      retryAfterSeconds: "3",
    });
    await assert.rejects(
      restApis.send(
        new PutIntegrationCommand({ restApiId: "a", resourceId: "r", httpMethod: "GET", type: "FTP" as "MOCK" }),
      ),
      { name: "ValidationException", message: /Value 'FTP' at 'putIntegrationInput.type' failed to satisfy/ },
    );
    await assert.rejects(restApis.send(new GetVpcLinksCommand({})), {
      name: "NotImplementedException",
      message: "The operation GetVpcLinks of API Gateway is not implemented yet.",
    });
  });
});

describe("the SDK's Lambda client", () => {
  it("uploads blobs and leaves enums that the service checks alone", async () => {
    script = { CreateFunction: async () => ({ FunctionName: "f", Runtime: "nodejs99.x", CodeSize: 3 }) };
    const created = await lambda.send(
      new CreateFunctionCommand({
        FunctionName: "f",
        Role: "arn:aws:iam::000000000000:role/r",
        Runtime: "nodejs99.x" as "nodejs22.x",
        Handler: "index.handler",
        Code: { ZipFile: Buffer.from([1, 2, 3]) },
        Environment: { Variables: { KEY: "" } },
      }),
    );
    assert.deepEqual(lastInput()["Code"], { ZipFile: Buffer.from([1, 2, 3]) });
    assert.deepEqual(lastInput()["Environment"], { Variables: { KEY: "" } });
    assert.equal(created.CodeSize, 3);
    assert.equal(created.$metadata.httpStatusCode, 201);
  });

  it("invokes: payload, status and headers both ways", async () => {
    script = {
      Invoke: async () => ({
        StatusCode: 200,
        FunctionError: "Unhandled",
        LogResult: "U1RBUlQ=",
        ExecutedVersion: "$LATEST",
        Payload: Buffer.from('{"errorMessage":"x"}'),
      }),
    };
    const invoked = await lambda.send(
      new InvokeCommand({ FunctionName: "f", LogType: "Tail", Payload: Buffer.from("[1]"), Qualifier: "$LATEST" }),
    );
    assert.deepEqual(lastInput()["Payload"], Buffer.from("[1]"));
    assert.equal(lastInput()["Qualifier"], "$LATEST");
    assert.equal(invoked.FunctionError, "Unhandled");
    assert.equal(invoked.LogResult, "U1RBUlQ=");
    assert.equal(Buffer.from(invoked.Payload ?? []).toString(), '{"errorMessage":"x"}');
  });

  it("reads its errors", async () => {
    script = {
      GetFunction: async () => {
        throw new ApiError("ResourceNotFoundException", "Function not found: arn:aws:lambda:eu-west-1:1:function:f");
      },
    };
    await assert.rejects(lambda.send(new GetFunctionCommand({ FunctionName: "f" })), {
      name: "ResourceNotFoundException",
      message: "Function not found: arn:aws:lambda:eu-west-1:1:function:f",
      Type: "User",
    });
    await assert.rejects(
      lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: "f", Timeout: 0 })),
      (error: Error) =>
        error.name === "ValidationException" &&
        error.message ===
          "1 validation error detected: Value '0' at 'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1",
    );
  });

  it("accepts the status that an output gives", async () => {
    script = { DeleteFunction: async () => ({ StatusCode: 204 }) };
    const { $metadata } = await lambda.send(new DeleteFunctionCommand({ FunctionName: "f" }));
    assert.equal($metadata.httpStatusCode, 204);
  });
});

describe("the SDK's STS client", () => {
  it("speaks the query protocol", async () => {
    script = {
      GetCallerIdentity: async (_, { account }) => ({
        Account: account,
        Arn: `arn:aws:iam::${account}:root`,
        UserId: "u",
      }),
      AssumeRole: async () => ({
        Credentials: {
          AccessKeyId: "ASIAIOSFODNN7EXAMPLE",
          SecretAccessKey: "a&<",
          SessionToken: "t",
          Expiration: 1_700_000_000.5,
        },
      }),
    };
    const identity = await sts.send(new GetCallerIdentityCommand({}));
    assert.equal(identity.Account, "123456789012");
    const assumed = await sts.send(
      new AssumeRoleCommand({
        RoleArn: "arn:aws:iam::000000000000:role/r",
        RoleSessionName: "session",
        DurationSeconds: 900,
        Tags: [{ Key: "k", Value: "v" }],
        TransitiveTagKeys: ["k"],
      }),
    );
    assert.deepEqual(lastInput(), {
      RoleArn: "arn:aws:iam::000000000000:role/r",
      RoleSessionName: "session",
      DurationSeconds: 900,
      Tags: [{ Key: "k", Value: "v" }],
      TransitiveTagKeys: ["k"],
    });
    assert.equal(assumed.Credentials?.SecretAccessKey, "a&<");
    assert.deepEqual(assumed.Credentials?.Expiration, new Date(1_700_000_000_500));
  });

  it("reads its errors", async () => {
    script = {
      AssumeRole: async () => {
        throw new ApiError("MalformedPolicyDocumentException", "Bad policy");
      },
    };
    const input = { RoleArn: "arn:aws:iam::000000000000:role/r", RoleSessionName: "session" };
    await assert.rejects(sts.send(new AssumeRoleCommand(input)), {
      name: "MalformedPolicyDocumentException",
      message: "Bad policy",
    });
    await assert.rejects(sts.send(new AssumeRoleCommand({ ...input, DurationSeconds: 1 })), {
      name: "ValidationError",
      message:
        /Value '1' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900/,
    });
  });
});
