// biome-ignore-all lint/suspicious/noTemplateCurlyInString: stage variables are written like template strings.
// TestInvokeMethod on a started server: methods that were never deployed, run in a gateway thread, with AWS's log.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import {
  APIGatewayClient,
  GetResourcesCommand,
  GetStagesCommand,
  ImportRestApiCommand,
  TestInvokeMethodCommand,
  type TestInvokeMethodCommandInput,
  type TestInvokeMethodCommandOutput,
} from "@aws-sdk/client-api-gateway";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { functionOf, permissionOf, refuses, startForSuite } from "./sdk-client.ts";

const model = { type: "object", required: ["name"], properties: { name: { type: "string" } } };
const json = (template: string): object => ({ "application/json": template });
const ok = { responses: { "200": { description: "ok" } } };

const mock = (request: string, response: string): object => ({
  type: "mock",
  requestTemplates: json(request),
  responses: { default: { statusCode: "200", responseTemplates: json(response) } },
});

const document = (backend: string, functionArn: string): object => ({
  openapi: "3.0.1",
  info: { title: "tested", version: "1" },
  "x-amazon-apigateway-request-validators": { all: { validateRequestBody: true, validateRequestParameters: true } },
  components: {
    schemas: { Pet: model },
    securitySchemes: {
      key: { type: "apiKey", name: "x-api-key", in: "header" },
      sigv4: { type: "apiKey", name: "Authorization", in: "header", "x-amazon-apigateway-authtype": "awsSigv4" },
    },
  },
  paths: {
    "/pets/{id}": {
      get: {
        ...ok,
        security: [{ key: [], sigv4: [] }],
        "x-amazon-apigateway-integration": mock(
          '{"statusCode": 200}',
          '{"id": "$input.params(\'id\')", "kind": "$stageVariables.kind", "stage": "$context.stage", "path": "$context.path", "ip": "$context.identity.sourceIp", "key": "$context.identity.apiKey", "arn": "$context.identity.userArn"}',
        ),
      },
      post: {
        ...ok,
        "x-amazon-apigateway-request-validator": "all",
        requestBody: { content: { "application/json": { schema: { $ref: "#/components/schemas/Pet" } } } },
        "x-amazon-apigateway-integration": {
          ...mock('{"statusCode": 200}', '{"taken": true}'),
          passthroughBehavior: "never",
        },
      },
      put: {
        ...ok,
        "x-amazon-apigateway-integration": mock('#set($x = $util.parseJson("{"))\n{"statusCode": 200}', ""),
      },
      patch: {
        ...ok,
        parameters: [
          { name: "id", in: "path", required: true, schema: { type: "string" } },
          { name: "Authorization", in: "header", schema: { type: "string" } },
        ],
        "x-amazon-apigateway-integration": {
          type: "http",
          httpMethod: "POST",
          uri: `${backend}/{id}`,
          requestParameters: {
            "integration.request.path.id": "method.request.path.id",
            "integration.request.header.X-Secret": "method.request.header.Authorization",
          },
          requestTemplates: json('{"in": $input.json("$")}'),
          responses: { default: { statusCode: "200", responseTemplates: json('{"out": $input.json("$.method")}') } },
        },
      },
    },
    "/function": {
      "x-amazon-apigateway-any-method": {
        ...ok,
        "x-amazon-apigateway-integration": {
          type: "aws_proxy",
          httpMethod: "POST",
          uri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`,
        },
      },
    },
    "/custom": {
      post: {
        ...ok,
        "x-amazon-apigateway-integration": {
          type: "aws",
          httpMethod: "POST",
          uri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`,
          responses: { default: { statusCode: "200" } },
        },
      },
    },
    "/nowhere": {
      get: {
        ...ok,
        "x-amazon-apigateway-integration": {
          type: "http_proxy",
          httpMethod: "GET",
          uri: "http://${stageVariables.host}/",
        },
      },
    },
    "/silent": {
      get: {
        ...ok,
        "x-amazon-apigateway-integration": {
          type: "http_proxy",
          httpMethod: "GET",
          uri: `${backend}/silent`,
          timeoutInMillis: 60,
        },
      },
    },
  },
});

describe("TestInvokeMethod", () => {
  const portico = startForSuite();
  const lambda = portico.client(LambdaClient);
  const gateway = portico.client(APIGatewayClient);
  const backend = createServer((incoming, outgoing) => {
    if (incoming.url === "/silent") return;
    let body = "";
    incoming.on("data", (chunk: Buffer) => (body += chunk.toString()));
    incoming.on("end", () => outgoing.end(JSON.stringify({ method: incoming.method, url: incoming.url, body })));
  });
  let restApiId: string;
  const resources = new Map<string, string>();

  before(async () => {
    await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
    const code = "exports.handler = async (event) => ({ statusCode: 200, body: JSON.stringify(event) });";
    const { FunctionArn } = await lambda.send(functionOf("tested", code));
    await lambda.send(permissionOf("tested"));
    const origin = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
    const body = Buffer.from(JSON.stringify(document(origin, FunctionArn!)));
    restApiId = (await gateway.send(new ImportRestApiCommand({ body }))).id!;
    const { items = [] } = await gateway.send(new GetResourcesCommand({ restApiId }));
    for (const { id, path } of items) resources.set(path!, id!);
  });
  after(() => {
    backend.closeAllConnections();
    backend.close();
  });

  const run = (
    route: string,
    input: Omit<TestInvokeMethodCommandInput, "restApiId" | "resourceId" | "httpMethod"> = {},
  ): Promise<TestInvokeMethodCommandOutput> => {
    const [httpMethod, path] = route.split(" ") as [string, string];
    return gateway.send(
      new TestInvokeMethodCommand({ restApiId, resourceId: resources.get(path)!, httpMethod, ...input }),
    );
  };
  /** The log's lines without their dates. */
  const linesOf = ({ log = "" }: TestInvokeMethodCommandOutput): string[] => {
    const [head = "", ...lines] = log.split(
      /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d UTC \d{4} : /m,
    );
    const id = /^Execution log for request ([0-9a-f-]{36})\n$/.exec(head)?.[1];
    assert.ok(id, log);
    return lines.map((line) => {
      assert.ok(line.endsWith("\n"));
      return line.slice(0, -1).replaceAll(id, "ID");
    });
  };

  it("runs a method that is not deployed, without its authorization and key, with AWS's log", async () => {
    const answer = await run("GET /pets/{id}", {
      pathWithQueryString: "/pets/7?size=big",
      stageVariables: { kind: "cat" },
      headers: { day: "Wednesday" },
    });
    assert.deepEqual(JSON.parse(answer.body ?? ""), {
      id: "7",
      kind: "cat",
      stage: "test-invoke-stage",
      path: "/pets/{id}",
      ip: "test-invoke-source-ip",
      key: "test-invoke-api-key",
      arn: "arn:aws:iam::000000000000:root",
    });
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.headers, { "Content-Type": "application/json" });
    assert.deepEqual(answer.multiValueHeaders, { "Content-Type": ["application/json"] });
    assert.equal(typeof answer.latency, "number");
    assert.deepEqual(linesOf(answer), [
      "Starting execution for request: ID",
      "HTTP Method: GET, Resource Path: /pets/7",
      "Method request path: {id=7}",
      "Method request query string: {size=big}",
      "Method request headers: {day=Wednesday}",
      "Method request body before transformations: ",
      `Method response body after transformations: ${answer.body}`,
      "Method response headers: {Content-Type=application/json}",
      "Successfully completed execution",
      "Method completed with status: 200",
    ]);
    assert.deepEqual((await gateway.send(new GetStagesCommand({ restApiId }))).item, []);
  });

  it("shows what an HTTP backend is sent and answers, with secrets masked", async () => {
    const answer = await run("PATCH /pets/{id}", {
      pathWithQueryString: "/pets/8",
      headers: { Authorization: "Bearer 0123456789abcdef0123456789" },
      body: '{"name": "Rex"}',
    });
    assert.deepEqual([answer.status, answer.body], [200, '{"out": "POST"}']);
    const lines = linesOf(answer);
    assert.ok(
      lines.includes('Endpoint request body after transformations: {"in": {"name":"Rex"}}'),
      String(answer.log),
    );
    assert.ok(lines.some((line) => /^Received response\. Status: 200, Integration latency: \d+ ms$/.test(line)));
    assert.ok(
      lines.some((line) => /X-Secret=\*+456789[,}]/.test(line)),
      String(answer.log),
    );
    assert.ok(!answer.log!.includes("0123456789abcdef"));
  });

  it("gives a function the event of a test", async () => {
    const answer = await run("GET /function", { pathWithQueryString: "/function?a=1" });
    const event = JSON.parse(answer.body ?? "");
    assert.deepEqual(
      [event.path, event.headers, event.multiValueHeaders, event.queryStringParameters],
      ["/function", null, null, { a: "1" }],
    );
    const { requestContext } = event;
    assert.equal(requestContext.stage, "test-invoke-stage");
    assert.equal(requestContext.path, "/function");
    assert.equal(requestContext.domainName, "testPrefix.testDomainName");
    assert.equal(requestContext.domainPrefix, "testPrefix");
    assert.equal(requestContext.identity.apiKeyId, "test-invoke-api-key-id");
    assert.match(requestContext.identity.userAgent, /aws-sdk-js/);
    assert.equal((await run("POST /function", { body: "hi" })).status, 200);
  });

  // Recorded: docs/internals/aws-facts/recorded.md, row 16.
  it("logs a function's invocation in AWS's form, and headers in AWS's order", async () => {
    const answer = await run("POST /custom");
    const lines = linesOf(answer);
    assert.equal(answer.status, 200, String(answer.log));
    assert.ok(lines.includes("Endpoint request body after transformations: "), String(answer.log));
    const sent = lines.find((line) => line.startsWith("Endpoint request headers: "))!;
    assert.match(
      sent,
      /\{x-amzn-lambda-integration-tag=test-request, Authorization=\*+\w*, X-Amz-Date=\d{8}T\d{6}Z, x-amzn-apigateway-api-id=\w+, Accept=application\/json, User-Agent=AmazonAPIGateway_\w+, X-Amz-Security-Token=\*+ \[TRUNCATED\]$/,
    );
    assert.ok(
      lines.some((line) =>
        /^Method response headers: \{X-Amzn-Trace-Id=Root=[^,]+, Content-Type=application\/json\}$/.test(line),
      ),
      String(answer.log),
    );
  });

  it("says no more than AWS of an address, and has only the error's type among the headers of a failure", async () => {
    const answer = await run("GET /nowhere");
    assert.deepEqual(answer.headers, { "x-amzn-ErrorType": "InternalServerErrorException" });
    assert.deepEqual(answer.multiValueHeaders, { "x-amzn-ErrorType": ["InternalServerErrorException"] });
    assert.equal(linesOf(answer).at(-2), "Execution failed due to configuration error: Invalid endpoint address");
  });

  it("answers the failure of a template with AWS's 500, and its log names line and column", async () => {
    const answer = await run("PUT /pets/{id}");
    assert.deepEqual([answer.status, answer.body], [500, '{"message": "Internal server error"}']);
    assert.equal(answer.headers?.["x-amzn-ErrorType"], "InternalServerErrorException");
    assert.equal(answer.headers?.["x-portico-hint"], undefined);
    assert.match(
      String(linesOf(answer).at(-2)),
      /^Execution failed due to configuration error: Unable to transform request: the request template for application\/json, line 1, column \d+: /,
    );
  });

  it("answers 415 and what validation refuses", async () => {
    const unsupported = await run("POST /pets/{id}", { headers: { "Content-Type": "text/plain" }, body: "x" });
    assert.deepEqual([unsupported.status, unsupported.body], [415, '{"message": "Unsupported Media Type"}']);
    const invalid = await run("POST /pets/{id}", { body: "{}" });
    assert.deepEqual([invalid.status, invalid.body], [400, '{"message": "Invalid request body"}']);
    assert.equal(
      linesOf(invalid).at(-2),
      'Request body does not match model schema for content type application/json: [object has missing required properties (["name"])]',
    );
    const valid = await run("POST /pets/{id}", { body: '{"name":"Rex"}' });
    assert.equal(valid.status, 200);
    assert.ok(linesOf(valid).includes("Request validation succeeded for content type application/json"));
  });

  it("ends with the integration's time-out", async () => {
    const answer = await run("GET /silent");
    assert.equal(answer.status, 504);
    assert.deepEqual(linesOf(answer).slice(-2), [
      "Execution failed due to a timeout error",
      "Method completed with status: 504",
    ]);
  });

  it("refuses the role of another account, once the test's stage variables say whose it is", async () => {
    const uri = "arn:aws:apigateway:us-east-1:sqs:path/q";
    const credentials = "arn:aws:iam::${stageVariables.account}:role/r";
    const integration = {
      type: "aws",
      httpMethod: "POST",
      uri,
      credentials,
      responses: { default: { statusCode: 200 } },
    };
    const body = JSON.stringify({
      openapi: "3.0.1",
      info: { title: "foreign", version: "1" },
      paths: { "/": { get: { ...ok, "x-amazon-apigateway-integration": integration } } },
    });
    const api = await gateway.send(new ImportRestApiCommand({ body: Buffer.from(body) }));
    const test = (account: string) =>
      gateway.send(
        new TestInvokeMethodCommand({
          restApiId: api.id!,
          resourceId: api.rootResourceId!,
          httpMethod: "GET",
          stageVariables: { account },
        }),
      );
    await refuses(test("999999999999"), "AccessDeniedException", 403, "Cross-account pass role is not allowed.");
    assert.equal((await test("000000000000")).status, 500);
  });

  it("refuses what is not there and headers that can't be sent", async () => {
    await refuses(run("DELETE /pets/{id}"), "NotFoundException", 404, "Invalid Method identifier specified");
    const resourceId = resources.get("/function")!;
    const test = (input: Partial<TestInvokeMethodCommandInput>): Promise<unknown> =>
      gateway.send(new TestInvokeMethodCommand({ restApiId, resourceId, httpMethod: "GET", ...input }));
    await refuses(test({ resourceId: "none" }), "NotFoundException", 404, "Invalid Resource identifier specified");
    await refuses(test({ restApiId: "none" }), "NotFoundException", 404, /^Invalid API identifier specified/);
    await refuses(test({ headers: { "a b": "c" } }), "BadRequestException", 400, "Invalid header name specified: a b");
    await refuses(
      test({ headers: { a: "b\r\nc: d" } }),
      "BadRequestException",
      400,
      "Invalid value specified for header: a",
    );
    await refuses(
      test({ clientCertificateId: "none" }),
      "BadRequestException",
      400,
      "Invalid Client Certificate identifier specified",
    );
  });
});
