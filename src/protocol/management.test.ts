import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../base/clock.ts";
import { randomIds } from "../base/ids.ts";
import { type RunJob, runHere } from "../base/job.ts";
import { StorageFailure } from "../base/storage-failure.ts";
import { speaksAwsJson } from "./dialect.ts";
import { ApiError, notFound } from "./errors.ts";
import { makeManagement } from "./management.ts";
import { loadModel, type Model, modelNames, shapeOf } from "./model.ts";
import type { CallContext, ManagementRequest, ManagementResponse, Operations } from "./operation.ts";

const credential = (service: string, accessKeyId = "AKIAIOSFODNN7EXAMPLE", region = "eu-central-1"): string =>
  `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20261120/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0`;

interface Call {
  readonly input: Record<string, unknown>;
  readonly context: CallContext;
}

/** A management API of one service whose handlers note what they are called with. */
function aManagement(model: string, operations: Operations = {}, bodyBytesMax = 1_000_000, runJob?: RunJob) {
  const logged: string[] = [];
  const undeclared: string[] = [];
  const management = makeManagement([{ model, operations }], {
    clock: new ManualClock(Date.UTC(2026, 10, 20)),
    ids: randomIds,
    bodyBytesMax,
    ...(runJob && { runJob }),
    logger: { warn: (message) => logged.push(message), error: (message) => logged.push(message) },
    onUndeclaredError: (operation, code) => undeclared.push(`${operation} ${code}`),
  });
  const send = (request: Partial<Omit<ManagementRequest, "body">> & { body?: string | Buffer }) =>
    management.handle({
      method: request.method ?? "GET",
      target: request.target ?? "/",
      headers: request.headers ?? { host: "localhost:4566" },
      body: Buffer.from(request.body ?? ""),
    });
  return { management, send, logged, undeclared };
}

const json = (response: ManagementResponse): unknown => JSON.parse(response.body.toString());
const xml = (response: ManagementResponse): string => response.body.toString();

/** A request that names an operation, with a label for each place in its path. */
function requestFor(model: Model, operation: string) {
  const { http } = model.operations[operation] ?? assert.fail(operation);
  const { protocol, apiVersion, targetPrefix } = model.metadata;
  if (protocol === "query") {
    return { method: "POST", target: "/", headers: {}, body: `Action=${operation}&Version=${apiVersion}` };
  }
  if (protocol === "json") {
    return { method: "POST", target: "/", headers: { "x-amz-target": `${targetPrefix}.${operation}` }, body: "{}" };
  }
  if (protocol === "smithy-rpc-v2-cbor") {
    const target = `/service/${targetPrefix}/operation/${operation}`;
    return { method: "POST", target, headers: { "smithy-protocol": "rpc-v2-cbor" }, body: "" };
  }
  return { method: http.method, target: http.requestUri.replaceAll(/\{[^}]+\}/g, "label"), headers: {}, body: "" };
}

describe("operations", () => {
  for (const name of modelNames) {
    it(`of ${name} that have no handler answer 501 naming themselves`, async () => {
      const model = loadModel(name);
      const { send } = aManagement(name);
      const service = model.metadata.signingName ?? model.metadata.endpointPrefix;
      for (const operation of Object.keys(model.operations)) {
        const request = requestFor(model, operation);
        for (const headers of [{}, { authorization: credential(service) }]) {
          const response = await send({ ...request, headers: { ...request.headers, ...headers } });
          assert.equal(response.status, 501, `${operation} ${request.target} ${response.body}`);
          const text = response.body.toString();
          assert.match(text, new RegExp(`The operation ${operation} of `));
          if (model.metadata.protocol === "query") assert.match(text, /<Code>NotImplementedException<\/Code>/);
          else if (model.metadata.protocol === "json") assert.match(text, /^{"__type":"NotImplementedException",/);
          else if (model.metadata.protocol === "smithy-rpc-v2-cbor") {
            assert.match(text, /__type.NotImplementedException/);
          } else assert.equal(response.headers["x-amzn-ErrorType"], "NotImplementedException");
        }
      }
    });
  }

  it("must exist in the model", async () => {
    const { send, logged } = aManagement("apigateway", { MakeCoffee: async () => ({}) });
    assert.equal((await send({ target: "/restapis" })).status, 500);
    assert.equal(logged.length, 1);
  });
});

it("parses large bodies elsewhere, and only those that are parsed at all", async () => {
  const jobs: string[] = [];
  const runJob: RunJob = async (job, input) => {
    jobs.push(job.name);
    return structuredClone(await runHere(job, structuredClone(input)));
  };
  const names: unknown[] = [];
  const operations: Operations = {
    CreateRestApi: async (input: { readonly name: string }) => {
      names.push(input.name.length);
      return { id: "a" };
    },
    ImportRestApi: async (input: { readonly body: Buffer }) => {
      names.push(input.body.length);
      return { id: "a" };
    },
  };
  const { send } = aManagement("apigateway", operations, 10_000_000, runJob);
  const create = (name: string, tail = "}") =>
    send({ method: "POST", target: "/restapis", body: `{"name":${JSON.stringify(name)}${tail}` });
  assert.equal((await create("small")).status, 201);
  assert.deepEqual(jobs, []);
  const long = "x".repeat(2_000_000);
  assert.equal((await create(long)).status, 201);
  assert.deepEqual(jobs, ["parse-body"]);
  const broken = await create(long, "");
  assert.equal(broken.status, 400);
  assert.equal(broken.body.toString(), (await create("small", "")).body.toString());
  assert.equal((await send({ method: "POST", target: "/restapis?mode=import", body: long })).status, 201);
  assert.deepEqual(jobs, ["parse-body", "parse-body"]);
  assert.deepEqual(names, [5, 2_000_000, 2_000_000]);
});

describe("a restJson1 input", () => {
  async function bound(
    operation: string,
    request: Parameters<ReturnType<typeof aManagement>["send"]>[0],
    model = "apigateway",
  ) {
    const calls: Call[] = [];
    const { send } = aManagement(model, {
      [operation]: async (input, context) => {
        calls.push({ input, context });
        return {};
      },
    });
    const response = await send(request);
    return { response, input: calls[0]?.input, context: calls[0]?.context };
  }

  it("takes members from path, query and body; unknown ones and nulls are left out", async () => {
    const { input } = await bound("CreateResource", {
      method: "POST",
      target: "/restapis/a1/resources/r%2F1/",
      body: '{"pathPart":"pets","parentId":"forged","mystery":1}',
    });
    assert.deepEqual(input, { restApiId: "a1", parentId: "r/1", pathPart: "pets" });
  });

  it("tells operations apart by a fixed query, and maps take the other parameters", async () => {
    const { input } = await bound("ImportRestApi", {
      method: "POST",
      target: "/restapis?mode=import&failonwarnings=true&endpointConfigurationTypes=REGIONAL&__proto__=x",
      body: "swagger: '2.0'",
    });
    assert.equal(input?.["failOnWarnings"], true);
    assert.deepEqual(Object.entries(input?.["parameters"] as object), [
      ["endpointConfigurationTypes", "REGIONAL"],
      ["__proto__", "x"],
    ]);
    assert.deepEqual(input?.["body"], Buffer.from("swagger: '2.0'"));
  });

  it("reads lists from repeated parameters and from commas", async () => {
    const target = "/restapis/a/resources/r?embed=methods,more&embed=again";
    assert.deepEqual((await bound("GetResource", { target })).input?.["embed"], ["methods", "more", "again"]);
  });

  it("keeps the slashes of a tag ARN", async () => {
    const arn = "arn:aws:apigateway:us-east-1::/restapis/a1";
    const { input } = await bound("UntagResource", {
      method: "DELETE",
      target: `/tags/${encodeURIComponent(arn)}?tagKeys=a&tagKeys=b%20c`,
    });
    assert.deepEqual(input, { resourceArn: arn, tagKeys: ["a", "b c"] });
  });

  it("takes headers and a blob payload", async () => {
    const { input } = await bound(
      "Invoke",
      {
        method: "POST",
        target: "/2015-03-31/functions/hello/invocations?Qualifier=live",
        headers: { "x-amz-invocation-type": "Event" },
        body: "{}",
      },
      "lambda",
    );
    assert.deepEqual(input, {
      FunctionName: "hello",
      InvocationType: "Event",
      Qualifier: "live",
      Payload: Buffer.from("{}"),
    });
  });

  it("is safe from keys that are names of the prototype", async () => {
    const { input } = await bound("CreateRestApi", {
      method: "POST",
      target: "/restapis",
      body: '{"name":"n","__proto__":{"description":"x"},"tags":{"__proto__":"p","constructor":"c"}}',
    });
    assert.deepEqual(Object.keys(input ?? {}), ["name", "tags"]);
    assert.deepEqual(Object.entries(input?.["tags"] as object), [
      ["__proto__", "p"],
      ["constructor", "c"],
    ]);
  });

  const number = "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an";
  const unreadable: readonly (readonly [string, string | Buffer, string])[] = [
    ["broken JSON", '{"name":', "Could not parse request body into json"],
    ["a list", "[]", "Start of list found where not expected"],
    ["a text", '"x"', "class java.lang.String can not be converted to an Structure"],
    ["a boolean for a text", '{"name":true}', "class java.lang.Boolean can not be converted to an String"],
    ["a number for a text", '{"name":1}', `${number} String`],
    [
      "a text for a list",
      '{"name":"n","binaryMediaTypes":"x"}',
      "class java.lang.String can not be converted to an List",
    ],
    ["an object for a text", '{"name":{}}', "Start of structure or map found where not expected."],
    ["a fraction for an integer", '{"name":"n","minimumCompressionSize":1.5}', `${number} Integer`],
    ["a number beyond 32 bits", '{"name":"n","minimumCompressionSize":4294967296}', `${number} Integer`],
    ["invalid UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), "The request body is not valid UTF-8"],
    ["brackets 100,000 deep", "[".repeat(100_000), "The request body nests deeper than 64 levels"],
    ["objects 100,000 deep", '{"a":'.repeat(100_000), "The request body nests deeper than 64 levels"],
  ];
  for (const [what, body, message] of unreadable) {
    it(`that is ${what} is refused`, async () => {
      const { response } = await bound("CreateRestApi", { method: "POST", target: "/restapis", body });
      assert.equal(response.status, 400);
      assert.equal(response.headers["x-amzn-ErrorType"], "SerializationException");
      assert.deepEqual(json(response), { message });
    });
  }

  it("may hold deep brackets within a text", async () => {
    const name = `${'\\"['.repeat(1000)}\\\\`;
    const { response } = await bound("CreateRestApi", {
      method: "POST",
      target: "/restapis",
      body: `{"name":"${name}"}`,
    });
    assert.equal(response.status, 201);
  });

  it("is refused when its path is not percent-encoding", async () => {
    const { response } = await bound("GetRestApi", { target: "/restapis/%zz" });
    assert.equal(response.status, 400);
  });

  it("is refused when it is larger than allowed", async () => {
    const { send } = aManagement("lambda", { CreateFunction: async () => ({}) }, 10);
    const response = await send({ method: "POST", target: "/2015-03-31/functions", body: '{"FunctionName":"x"}' });
    assert.equal(response.status, 413);
    assert.deepEqual(json(response), {
      message: "Request must be smaller than 10 bytes for the CreateFunction operation",
    });
  });

  const problems: readonly (readonly [string, string, string, string, string])[] = [
    [
      "PutIntegration",
      "PUT",
      "/restapis/a/resources/r/methods/GET/integration",
      '{"type":"FTP"}',
      "1 validation error detected: Value 'FTP' at 'putIntegrationInput.type' failed to satisfy constraint: Member must satisfy enum value set: [HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]",
    ],
    [
      "UpdateStage",
      "PATCH",
      "/restapis/a/stages/s",
      '{"patchOperations":[{"op":"replace"},{"op":"squash"}]}',
      "1 validation error detected: Value 'squash' at 'updateStageInput.patchOperations.2.member.op' failed to satisfy constraint: Member must satisfy enum value set: [add, remove, move, test, replace, copy]",
    ],
    [
      "CreateStage",
      "POST",
      "/restapis/a/stages",
      '{"stageName":"s"}',
      "1 validation error detected: Value null at 'createStageInput.deploymentId' failed to satisfy constraint: Member must not be null",
    ],
    [
      "PutMethodResponse",
      "PUT",
      "/restapis/a/resources/r/methods/GET/responses/99",
      "{}",
      "1 validation error detected: Value '99' at 'statusCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [1-5]\\d\\d",
    ],
    [
      "CreateRestApi",
      "POST",
      "/restapis",
      '{"name":"n","binaryMediaTypes":[null],"endpointConfiguration":{"types":["MOON"]}}',
      "2 validation errors detected: Value null at 'createRestApiInput.binaryMediaTypes.1.member' failed to satisfy constraint: Member must not be null; Value '[MOON]' at 'createRestApiInput.endpointConfiguration.types' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [PRIVATE, EDGE, REGIONAL]]",
    ],
    // Recorded: the body's members come before the URI's.
    [
      "PutIntegrationResponse",
      "PUT",
      "/restapis/a/resources/r/methods/GET/integration/responses/99",
      '{"contentHandling":"CONVERT"}',
      "2 validation errors detected: Value 'CONVERT' at 'putIntegrationResponseInput.contentHandling' failed to satisfy constraint: Member must satisfy enum value set: [CONVERT_TO_TEXT, CONVERT_TO_BINARY]; Value '99' at 'statusCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [1-5]\\d\\d",
    ],
  ];
  for (const [operation, method, target, body, message] of problems) {
    it(`of ${operation} that breaks a constraint is told so in AWS's words`, async () => {
      const { response } = await bound(operation, { method, target, body });
      assert.equal(response.status, 400);
      assert.equal(response.headers["x-amzn-ErrorType"], "ValidationException");
      assert.deepEqual(json(response), { message });
    });
  }

  it("of Lambda is refused as Lambda does", async () => {
    const { response } = await bound(
      "CreateFunction",
      {
        method: "POST",
        target: "/2015-03-31/functions",
        body: JSON.stringify({ FunctionName: "f", Role: "nobody", Code: {}, Timeout: 0, Environment: {} }),
      },
      "lambda",
    );
    assert.equal(response.headers["x-amzn-ErrorType"], "ValidationException");
    const pattern = shapeOf(loadModel("lambda"), "RoleArn").pattern;
    assert.deepEqual(json(response), {
      message: `2 validation errors detected: Value 'nobody' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern: ${pattern}; Value '0' at 'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1`,
    });
  });

  it("gives the call's account and region from the credential scope", async () => {
    const target = "/restapis/a";
    const byKey = await bound("GetRestApi", {
      target,
      headers: { authorization: credential("apigateway", "123456789012") },
    });
    assert.equal(byKey.context?.account, "123456789012");
    assert.equal(byKey.context?.region, "eu-central-1");
    const bearer = await bound("GetRestApi", { target, headers: { authorization: "Bearer x", host: "h:1" } });
    assert.equal(bearer.context?.account, "000000000000");
    assert.equal(bearer.context?.region, "us-east-1");
    assert.equal(bearer.context?.host, "h:1");
  });
});

describe("a restJson1 output", () => {
  const answer = async (model: string, operation: string, target: string, output: unknown, method = "GET") => {
    const { send, logged } = aManagement(model, { [operation]: async () => output });
    return { response: await send({ method, target }), logged };
  };

  it("is compact, sorted, by wire names, without what the model does not have", async () => {
    const output = {
      name: "n",
      id: "a1",
      createdDate: 1.5,
      secret: "x",
      description: undefined,
      tags: { b: "1", a: "2" },
    };
    const { response } = await answer("apigateway", "GetRestApi", "/restapis/a1", output);
    assert.equal(response.status, 200);
    assert.equal(response.body, '{"createdDate":1.5,"id":"a1","name":"n","tags":{"a":"2","b":"1"}}\n');
    assert.equal(response.headers["Content-Type"], "application/json");
    assert.match(response.headers["x-amzn-RequestId"] ?? "", /^[0-9a-f-]{36}$/);
    assert.match(response.headers["x-amz-apigw-id"] ?? "", /^[\w-]{15}=$/);
    assert.equal(response.headers["Date"], "Fri, 20 Nov 2026 00:00:00 GMT");
  });

  it("of a list lies under `item`", async () => {
    const { response } = await answer("apigateway", "GetRestApis", "/restapis", {
      items: [{ id: "a" }],
      position: "p",
    });
    assert.equal(response.body, '{"item":[{"id":"a"}],"position":"p"}\n');
  });

  it("is empty with the model's status where there is none", async () => {
    const deleted = await answer("apigateway", "DeleteRestApi", "/restapis/a", undefined, "DELETE");
    assert.equal(deleted.response.status, 202);
    assert.equal(deleted.response.body, "");
    assert.equal(deleted.response.headers["Content-Type"], undefined);
    assert.equal(deleted.response.headers["Content-Length"], "0");
    const untagged = await answer("apigateway", "UntagResource", "/tags/a?tagKeys=b", undefined, "DELETE");
    assert.equal(untagged.response.status, 204);
    assert.equal(untagged.response.headers["Content-Length"], undefined);
  });

  it("puts payload, headers and status where they belong", async () => {
    const { response } = await answer(
      "lambda",
      "Invoke",
      "/2015-03-31/functions/f/invocations",
      { StatusCode: 202, FunctionError: "Unhandled\r\nx: y", Payload: Buffer.from("{}") },
      "POST",
    );
    assert.equal(response.status, 202);
    assert.equal(response.headers["X-Amz-Function-Error"], "Unhandled??x: y");
    assert.equal(response.headers["Content-Type"], "application/json");
    assert.deepEqual(response.body, Buffer.from("{}"));
  });

  it("takes the content type of a document from its member", async () => {
    const { response } = await answer("apigateway", "GetExport", "/restapis/a/stages/s/exports/oas30", {
      contentType: "application/yaml",
      body: Buffer.from("a: 1"),
    });
    assert.equal(response.headers["Content-Type"], "application/yaml");
  });

  it("of a wrong type is our bug: 500, nothing of it shown, logged once", async () => {
    const { response, logged } = await answer("apigateway", "GetRestApi", "/restapis/a", { id: 5 });
    assert.equal(response.status, 500);
    assert.equal(response.headers["x-amzn-ErrorType"], "InternalFailure");
    assert.doesNotMatch(response.body.toString(), /string/);
    assert.equal(logged.length, 1);
  });
});

describe("an error", () => {
  const failing = (model: string, operation: string, error: unknown) =>
    aManagement(model, {
      [operation]: async () => {
        throw error;
      },
    });

  it("has the model's status, its type in a header and one newline", async () => {
    const { send } = failing("apigateway", "GetResource", notFound("Invalid Resource identifier specified"));
    const response = await send({ target: "/restapis/a/resources/r" });
    assert.equal(response.status, 404);
    assert.equal(response.headers["x-amzn-ErrorType"], "NotFoundException");
    assert.equal(response.body, '{"message":"Invalid Resource identifier specified"}\n');
    assert.equal(response.headers["Content-Length"], "52");
  });

  it("of Lambda has its shape's members", async () => {
    const { send } = failing(
      "lambda",
      "GetFunction",
      new ApiError("ResourceNotFoundException", "Function not found: x"),
    );
    const response = await send({ target: "/2015-03-31/functions/f" });
    assert.equal(response.status, 404);
    assert.deepEqual(json(response), { Type: "User", Message: "Function not found: x" });
  });

  it("of the store says in a hint why nothing was written", async () => {
    const error = new StorageFailure("nothing was written: database or disk is full");
    const { send, logged } = failing("apigateway", "GetRestApi", error);
    const response = await send({ target: "/restapis/a" });
    assert.equal(response.status, 500);
    assert.equal(response.headers["x-amzn-ErrorType"], "InternalFailure");
    assert.equal(response.headers["x-portico-hint"], error.message);
    assert.equal(logged.length, 1);
    const other = await failing("apigateway", "GetRestApi", new Error("secret")).send({ target: "/restapis/a" });
    assert.equal(other.headers["x-portico-hint"], undefined);
  });

  it("may ask the caller to wait", async () => {
    const error = new ApiError("TooManyRequestsException", "Too Many Requests", { retryAfterSeconds: 0.5 });
    const response = await failing("apigateway", "GetRestApi", error).send({ target: "/restapis/a" });
    assert.equal(response.status, 429);
    assert.equal(response.headers["Retry-After"], "1");
  });

  it("that the operation does not declare is answered, logged and told", async () => {
    const { send, logged, undeclared } = failing("apigateway", "GetRestApi", new ApiError("GoneException", "gone"));
    const response = await send({ target: "/restapis/a" });
    assert.equal(response.status, 400);
    assert.deepEqual(undeclared, ["GetRestApi GoneException"]);
    assert.equal(logged.length, 1);
  });

  it("that nobody expected is a 500 without its message", async () => {
    const { send, logged } = failing("apigateway", "GetRestApi", new Error("secret"));
    const response = await send({ target: "/restapis/a" });
    assert.equal(response.status, 500);
    assert.doesNotMatch(response.body.toString(), /secret/);
    assert.deepEqual(logged, ["A management operation failed."]);
  });
});

describe("what is no operation", () => {
  for (const [method, target] of [
    ["HEAD", "/restapis"],
    ["OPTIONS", "/restapis"],
    ["POST", "/restapis/a"],
    ["GET", "/restapis//resources"],
    ["GET", `/restapis${"/a".repeat(10_000)}`],
    ["GET", "/nothing"],
    ["get", "/restapis"],
    ["GET", "/v2/mysteries"],
  ] as const) {
    it(`is told so: ${method} ${target.slice(0, 40)}`, async () => {
      const response = await aManagement("apigateway").send({ method, target });
      assert.equal(response.status, 404);
      assert.equal(response.headers["x-amzn-ErrorType"], "UnknownOperationException");
      const isOfNoService = target === "/nothing";
      assert.equal(/portico routes/.test(response.headers["x-portico-hint"] ?? ""), isOfNoService);
    });
  }
});

describe("a request's service", () => {
  const { management } = aManagement("apigateway");
  const owns = (target: string, headers: Record<string, string> = {}, method = "GET", body = "") =>
    management.owns({ method, target, headers, body: Buffer.from(body) });

  it("is its credential scope's", () => {
    assert.deepEqual(owns("/", { authorization: credential("s3") }), { kind: "foreign", service: "s3" });
    assert.deepEqual(owns("/2015-03-31/functions", { authorization: credential("lambda") }), {
      kind: "owned",
      model: "lambda",
    });
    assert.deepEqual(owns("/v2/apis", { authorization: credential("apigateway") }), {
      kind: "owned",
      model: "apigatewayv2",
    });
    assert.deepEqual(owns("/", { authorization: credential("constructor") }), {
      kind: "foreign",
      service: "constructor",
    });
  });

  it("is its path's when it is unsigned", () => {
    for (const name of ["apigateway", "apigatewayv2", "lambda", "apigatewaymanagementapi"] as const) {
      for (const { http } of Object.values(loadModel(name).operations)) {
        assert.deepEqual(owns(http.requestUri), { kind: "owned", model: name }, http.requestUri);
      }
    }
    assert.deepEqual(owns("/favicon.ico"), { kind: "unknown" });
  });

  it("is its target's or its form's", () => {
    assert.deepEqual(owns("/", { "x-amz-target": "DynamoDB_20120810.ListTables" }, "POST"), {
      kind: "foreign",
      service: "DynamoDB_20120810",
    });
    for (const name of modelNames) {
      const { metadata } = loadModel(name);
      if (!speaksAwsJson(metadata)) continue;
      const target = { "x-amz-target": `${metadata.targetPrefix}.AnyOperation` };
      assert.deepEqual(owns("/", target, "POST"), { kind: "owned", model: name });
    }
    assert.deepEqual(owns("/", {}, "POST", "Action=GetUser&Version=2010-05-08"), { kind: "owned", model: "iam" });
    assert.deepEqual(owns("/", {}, "POST", "Action=SendMessage&Version=2012-11-05"), {
      kind: "foreign",
      service: "SendMessage",
    });
  });

  it("that Portico does not have is a 501 that says what to do", async () => {
    const response = await aManagement("apigateway").send({ headers: { authorization: credential("sqs") } });
    assert.equal(response.status, 501);
    assert.deepEqual(json(response), { message: "Portico has no service sqs; --upstream URL passes such calls on." });
  });

  it("that Portico does not have is refused in its own protocol", async () => {
    const { send } = aManagement("apigateway");
    const target = await send({
      method: "POST",
      headers: { "x-amz-target": "DynamoDB_20120810.ListTables" },
      body: "{}",
    });
    assert.equal((json(target) as { __type: string }).__type, "NotImplementedException");
    const s3 = await send({ target: "/bucket", headers: { authorization: credential("s3") } });
    assert.match(xml(s3), /^<Error><Code>NotImplementedException<\/Code><Message>Portico has no service s3;/);
    const form = await send({ method: "POST", body: "Action=SendMessage&Version=2012-11-05" });
    assert.match(xml(form), /<Code>NotImplementedException<\/Code>/);
  });
});

describe("a malformed signature", () => {
  for (const [authorization, status, type] of [
    ["AWS4-HMAC-SHA256", 400, "IncompleteSignatureException"],
    ["AWS4-HMAC-SHA256 Credential=a/b", 400, "IncompleteSignatureException"],
    [credential("apigateway").replace("aws4_request", "aws3"), 403, "InvalidSignatureException"],
    [credential("apigateway", "", "r"), 403, "UnrecognizedClientException"],
    [credential("apigateway", "A", "../x"), 400, "IncompleteSignatureException"],
    [credential("apigateway", "A", "EU WEST"), 403, "InvalidSignatureException"],
  ] as const) {
    it(`is refused: ${authorization.slice(0, 60)}`, async () => {
      const response = await aManagement("apigateway").send({ target: "/restapis", headers: { authorization } });
      assert.equal(response.status, status);
      assert.equal(response.headers["x-amzn-ErrorType"], type);
    });
  }
});

describe("the query protocol", () => {
  it("binds lists and structures and answers XML", async () => {
    let given: unknown;
    const { send } = aManagement("iam", {
      CreateRole: async (input) => {
        given = input;
        return {
          Role: {
            Path: "/",
            RoleName: "a<b",
            RoleId: "i",
            Arn: "arn",
            CreateDate: 0,
            Tags: [{ Key: "k", Value: "&" }],
          },
        };
      },
    });
    const form =
      "Action=CreateRole&Version=2010-05-08&RoleName=r&AssumeRolePolicyDocument=%7B%7D&MaxSessionDuration=3600" +
      "&Tags.member.2.Key=b&Tags.member.2.Value=2&Tags.member.1.Key=a&Tags.member.1.Value=1&Junk.__proto__.x=1";
    const response = await send({ method: "POST", body: form });
    assert.deepEqual(given, {
      RoleName: "r",
      AssumeRolePolicyDocument: "{}",
      MaxSessionDuration: 3600,
      Tags: [
        { Key: "a", Value: "1" },
        { Key: "b", Value: "2" },
      ],
    });
    assert.equal(response.status, 200);
    assert.equal(response.headers["Content-Type"], "text/xml");
    assert.match(
      xml(response),
      /^<CreateRoleResponse xmlns="https:\/\/iam\.amazonaws\.com\/doc\/2010-05-08\/"><CreateRoleResult><Role><Path>\/<\/Path><RoleName>a&lt;b<\/RoleName><RoleId>i<\/RoleId><Arn>arn<\/Arn><CreateDate>1970-01-01T00:00:00Z<\/CreateDate><Tags><member><Key>k<\/Key><Value>&amp;<\/Value><\/member><\/Tags><\/Role><\/CreateRoleResult><ResponseMetadata><RequestId>[0-9a-f-]{36}<\/RequestId><\/ResponseMetadata><\/CreateRoleResponse>\n$/,
    );
  });

  it("answers errors by their codes", async () => {
    const { send } = aManagement("iam", {
      GetRole: async () => {
        throw new ApiError("NoSuchEntityException", "The role with name r cannot be found.");
      },
    });
    const response = await send({ method: "POST", body: "Action=GetRole&Version=2010-05-08&RoleName=r" });
    assert.equal(response.status, 404);
    assert.match(
      xml(response),
      /^<ErrorResponse xmlns="[^"]+"><Error><Type>Sender<\/Type><Code>NoSuchEntity<\/Code><Message>The role with name r cannot be found\.<\/Message><\/Error><RequestId>/,
    );
    const invalid = await send({ method: "POST", body: "Action=GetRole&Version=2010-05-08" });
    assert.equal(invalid.status, 400);
    assert.match(
      xml(invalid),
      /<Code>ValidationError<\/Code><Message>1 validation error detected: Value null at &apos;roleName/,
    );
    const unknown = await send({ method: "POST", body: "Action=Brew&Version=2010-05-08" });
    assert.match(xml(unknown), /<Code>InvalidAction<\/Code>/);
  });
});

describe("AWS JSON 1.1", () => {
  const target = (operation: string) => ({ "x-amz-target": `Logs_20140328.${operation}` });
  const { send } = aManagement("logs", {
    CreateLogGroup: async ({ logGroupName }) => {
      if (logGroupName === "there") {
        throw new ApiError("ResourceAlreadyExistsException", "The specified log group already exists");
      }
      return {};
    },
    GetLogEvents: async (input) => ({ events: [{ timestamp: 1, message: input["logStreamName"] }], mystery: 1 }),
  });
  const post = (operation: string, body: string) => send({ method: "POST", headers: target(operation), body });

  it("takes the operation from its header and all members from the body, and answers in its own type", async () => {
    const response = await post("GetLogEvents", '{"logStreamName":"s","unknown":1}');
    assert.equal(response.status, 200);
    assert.equal(response.headers["Content-Type"], "application/x-amz-json-1.1");
    assert.deepEqual(json(response), { events: [{ timestamp: 1, message: "s" }] });
  });

  it("answers an operation without output with nothing", async () => {
    const response = await post("CreateLogGroup", '{"logGroupName":"new"}');
    assert.deepEqual([response.status, response.body], [200, ""]);
    assert.equal(response.headers["Content-Type"], "application/x-amz-json-1.1");
  });

  it("names an error's type in the body", async () => {
    const thrown = await post("CreateLogGroup", '{"logGroupName":"there"}');
    assert.equal(thrown.status, 400);
    assert.equal(
      thrown.body,
      '{"__type":"ResourceAlreadyExistsException","message":"The specified log group already exists"}',
    );
    const invalid = await post("CreateLogGroup", '{"logGroupName":"a b"}');
    assert.deepEqual(json(invalid), {
      __type: "InvalidParameterException",
      message:
        "1 validation error detected: Value 'a b' at 'logGroupName' failed to satisfy constraint: " +
        "Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+",
    });
    for (const body of ["{", "[]", '{"logGroupName":1}', "\xff"]) {
      const unreadable = await post("CreateLogGroup", body);
      assert.equal(unreadable.status, 400);
      assert.equal((json(unreadable) as { __type: string }).__type, "SerializationException");
    }
  });

  it("says that an operation is not there, or that none is named", async () => {
    const missing = await post("PutMetricFilter", "{}");
    assert.equal(missing.status, 501);
    assert.match(missing.body.toString(), /CloudWatch Logs has no operation PutMetricFilter in Portico/);
    const authorization = credential("logs");
    const nameless = await send({ method: "POST", headers: { authorization }, body: "{}" });
    assert.equal(nameless.status, 404);
    assert.equal((json(nameless) as { __type: string }).__type, "UnknownOperationException");
    assert.equal((await send({ method: "GET", headers: { authorization, ...target("GetLogEvents") } })).status, 404);
  });
});
