// biome-ignore-all lint/suspicious/noTemplateCurlyInString: stage variables are written like template strings.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Integration, IntegrationResponse, Method } from "./rest-api.ts";
import {
  checkHttpMethod,
  checkHttpUri,
  checkIntegration,
  checkIntegrationResponse,
  checkMethod,
  checkMethodResponse,
  checkModel,
  checkPathPart,
  checkSiblings,
  completeIntegration,
  defaultPatternTaken,
  type References,
} from "./rules.ts";

const everything: References = {
  hasAuthorizer: () => true,
  hasRequestValidator: () => true,
  hasModel: () => true,
};
const nothing: References = { hasAuthorizer: () => false, hasRequestValidator: () => false, hasModel: () => false };
const aMethod = (members: Partial<Method> = {}): Method => ({
  httpMethod: "GET",
  authorizationType: "NONE",
  apiKeyRequired: false,
  ...members,
});
const mapping = (error: string): string =>
  `Invalid mapping expression specified: Validation Result: warnings : [], errors : [${error}]`;

describe("a path part", () => {
  const refusal =
    "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning and the end.";
  for (const part of [
    "pets",
    "v1.0",
    "a_b-c:d",
    "1,2",
    "{petId}",
    "{proxy+}",
    "{a.b}",
    "..",
    "Ä".normalize("NFD")[0]!,
  ]) {
    it(`${part} is allowed`, () => assert.equal(checkPathPart(part), undefined));
  }
  for (const part of [
    "",
    "a b",
    "{id}.html",
    "\\leads",
    "a/b",
    "{}",
    "{+}",
    "{a+b}",
    "{a}{b}",
    "x{a}",
    "ä",
    "a%20b",
    "{a",
    "pets\n",
  ]) {
    it(`${JSON.stringify(part)} is refused`, () => assert.equal(checkPathPart(part), refusal));
  }
});

describe("siblings", () => {
  const cases: readonly [string, readonly string[], string | undefined, string | undefined][] = [
    ["pets", ["dogs", "{id}"], undefined, undefined],
    ["pets", ["pets"], undefined, "Another resource with the same parent already has this name: pets"],
    ["{a}", ["{b}"], "x", "A sibling ({b}) of this resource already has a variable path part -- only one is allowed"],
    [
      "{proxy+}",
      ["{b}"],
      "x",
      "A sibling ({b}) of this resource already has a variable path part -- only one is allowed",
    ],
    ["x", [], "{proxy+}", "Cannot create a child of a resource with a greedy path variable: {proxy+}"],
  ];
  for (const [part, siblings, parent, expected] of cases) {
    it(`${part} beside [${siblings}] below ${parent}: ${expected ?? "allowed"}`, () =>
      assert.equal(checkSiblings(part, siblings, parent), expected));
  }
});

describe("a method", () => {
  const noAuthorizer =
    "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer.";
  const cases: readonly [string, Method, References, string | undefined][] = [
    ["with nothing special is valid", aMethod(), nothing, undefined],
    ["CUSTOM without an authorizer", aMethod({ authorizationType: "CUSTOM" }), everything, noAuthorizer],
    ["CUSTOM with an unknown one", aMethod({ authorizationType: "CUSTOM", authorizerId: "a" }), nothing, noAuthorizer],
    ["CUSTOM with a known one", aMethod({ authorizationType: "CUSTOM", authorizerId: "a" }), everything, undefined],
    [
      "an unknown validator",
      aMethod({ requestValidatorId: "v" }),
      nothing,
      "Invalid Request Validator identifier specified",
    ],
    [
      "an unknown model",
      aMethod({ requestModels: { "application/json": "Pet" } }),
      nothing,
      "Invalid model identifier specified: Pet",
    ],
    [
      "declared parameters",
      aMethod({ requestParameters: { "method.request.querystring.a-b": true } }),
      nothing,
      undefined,
    ],
    [
      "a parameter that is none",
      aMethod({ requestParameters: { "method.request.cookie.a": true } }),
      nothing,
      mapping("Invalid mapping expression specified: method.request.cookie.a"),
    ],
  ];
  for (const [name, method, references, expected] of cases) {
    it(name, () => assert.equal(checkMethod(method, references), expected));
  }
  it("has a known authorization type", () => {
    assert.match(checkMethod(aMethod({ authorizationType: "SECRET" }), everything) ?? "", /SECRET/);
  });
  it("has a verb in upper case", () => {
    assert.equal(checkHttpMethod("ANY"), undefined);
    assert.match(checkHttpMethod("get") ?? "", /Valid options are/);
    assert.match(checkHttpMethod("__proto__") ?? "", /Valid options are/);
  });
  it("has responses of three digits whose models exist", () => {
    assert.equal(checkMethodResponse({ statusCode: "200" }, nothing), undefined);
    assert.equal(checkMethodResponse({ statusCode: "600" }, nothing), "Invalid Response status code specified");
    const response = { statusCode: "200", responseModels: { "application/json": "Pet" } };
    assert.equal(checkMethodResponse(response, nothing), "Invalid model identifier specified: Pet");
    const parameters = { statusCode: "200", responseParameters: { "method.response.body.x": true } };
    assert.equal(
      checkMethodResponse(parameters, nothing),
      mapping("Invalid mapping expression specified: method.response.body.x"),
    );
  });
});

describe("an HTTP backend's address", () => {
  const good = [
    "http://example.com",
    "https://example.com/a/{proxy}?x=1",
    "http://localhost:8080/",
    "http://my_service:3000/x",
    "http://[::1]:3000/",
    "http://127.0.0.1:65535",
    "https://example.com:443/",
    "http://${stageVariables.host}/pets",
    "http://${stageVariables.a}.${stageVariables.b}/pets",
    "http://localhost:${stageVariables.port}/pets/{id}",
    "${stageVariables.url}/pets",
    "${stageVariables.url}",
    "${stageVariables.scheme}://example.com",
    "http://{region}.example.com/",
  ];
  const bad = [
    undefined,
    "",
    "example.com",
    "ftp://example.com",
    "http://",
    "http:///path",
    "http://example.com:81/",
    "http://example.com:22",
    "http://example.com:99999",
    "http://user:secret@example.com/",
    "http://example.com/a b",
    "http://example.com/\r\nX: y",
    "http://exa\\mple.com/",
    "javascript:alert(1)",
    "arn:aws:apigateway:us-east-1:sqs:path/x",
    "http://[::1",
  ];
  for (const uri of good) it(`${uri} is valid`, () => assert.equal(checkHttpUri(uri), undefined));
  for (const uri of bad) {
    it(`${JSON.stringify(uri)} is refused`, () =>
      assert.equal(checkHttpUri(uri), "Invalid HTTP endpoint specified for URI"));
  }
});

describe("an integration", () => {
  const lambda =
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations";
  const role = "arn:aws:iam::123456789012:role/gateway";
  const http: Integration = { type: "HTTP_PROXY", httpMethod: "GET", uri: "http://example.com" };
  const proxy: Integration = { type: "AWS_PROXY", httpMethod: "POST", uri: lambda };
  const sqs: Integration = {
    type: "AWS",
    httpMethod: "POST",
    uri: "arn:aws:apigateway:us-east-1:sqs:path/000000000000/q",
    credentials: role,
  };
  const stream = { responseTransferMode: "STREAM" } as const;
  const streamingUri = lambda
    .replace("2015-03-31", "2021-11-15")
    .replace("/invocations", "/response-streaming-invocations");
  const twoSlashes = (uri: string): string => uri.replace(":path/", ":path//");
  const invalidArn = "Invalid ARN specified in the request";
  const notLambda =
    "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.";
  const { credentials: _none, ...sqsWithoutRole } = sqs;
  const cases: readonly [string, Integration, string | undefined][] = [
    ["MOCK needs nothing", { type: "MOCK" }, undefined],
    ["a template of 300 KB", { type: "MOCK", requestTemplates: { $default: "é".repeat(153_600) } }, undefined],
    [
      "a template of more",
      { type: "MOCK", requestTemplates: { $default: `${"é".repeat(153_600)}x` } },
      "Validation Result: warnings : [], errors : [Invalid mapping template specified for $default: at most 307200 bytes]",
    ],
    ["HTTP_PROXY", http, undefined],
    [
      "without a verb",
      { type: "HTTP", uri: "http://example.com" },
      "Enumeration value for HttpMethod must be non-empty",
    ],
    ["without an address", { type: "HTTP", httpMethod: "GET" }, "Invalid HTTP endpoint specified for URI"],
    ["Lambda", proxy, undefined],
    ["Lambda with an alias", { ...proxy, uri: lambda.replace(":f/", ":f:live/") }, undefined],
    ["Lambda by stage variable", { ...proxy, uri: lambda.replace(":f/", ":${stageVariables.fn}/") }, undefined],
    [
      "Lambda wholly by stage variable",
      { ...proxy, uri: lambda.replace(/arn:aws:lambda.*:f/, "${stageVariables.arn}") },
      undefined,
    ],
    [
      "Lambda with a function's name for its ARN",
      { ...proxy, uri: lambda.replace(/arn:aws:lambda.*:f/, "f") },
      invalidArn,
    ],
    ["a function's bare ARN", { ...proxy, uri: "arn:aws:lambda:us-east-1:000000000000:function:f" }, invalidArn],
    ["another service by AWS_PROXY", { ...proxy, uri: sqs.uri!, credentials: role }, notLambda],
    ["SQS", sqs, undefined],
    [
      "a service that AWS does not call",
      { ...sqs, uri: "arn:aws:apigateway:us-east-1:abc123.execute-api:path/prod/@connections/x" },
      "AWS Service of type execute-api not supported",
    ],
    ["SQS without a role", sqsWithoutRole, "Role ARN must be specified for AWS integrations"],
    [
      "an ARN without path or action",
      { ...sqs, uri: "arn:aws:apigateway:us-east-1:sqs:x/y" },
      "AWS ARN for integration must contain path or action",
    ],
    [
      "a stage variable for path or action, as AWS's guide writes it",
      { ...sqs, uri: "arn:aws:apigateway:us-east-1:sqs:${stageVariables.call}" },
      undefined,
    ],
    [
      "a stage variable behind what is neither path nor action",
      { ...sqs, uri: "arn:aws:apigateway:us-east-1:sqs:x${stageVariables.call}" },
      "AWS ARN for integration must contain path or action",
    ],
    ["a misspelt ARN", { ...sqs, uri: "arn:was:apigateway:us-east-1:sqs:path/x" }, invalidArn],
    ["the caller's credentials", { ...sqs, credentials: "arn:aws:iam::*:user/*" }, undefined],
    [
      "credentials by stage variable",
      { ...sqs, credentials: "arn:aws:iam::${stageVariables.account}:role/r" },
      undefined,
    ],
    [
      "credentials with a variable behind the account, as AWS's guide writes them",
      { ...sqs, credentials: "arn:aws:iam::123456789012:${stageVariables.role}" },
      undefined,
    ],
    [
      "credentials with a variable in place of account and role",
      { ...sqs, credentials: "arn:aws:iam::${stageVariables.role}" },
      invalidArn,
    ],
    ["credentials that are no ARN", { ...http, credentials: "NONE" }, invalidArn],
    ["49 ms", { ...http, timeoutInMillis: 49 }, "Timeout should be between 50 ms and 29000 ms"],
    ["50 ms", { ...http, timeoutInMillis: 50 }, undefined],
    ["a function behind two slashes, as AWS's guide writes it", { ...proxy, uri: twoSlashes(lambda) }, undefined],
    ["a streamed answer behind two slashes", { ...proxy, ...stream, uri: twoSlashes(streamingUri) }, undefined],
    ["a streamed Lambda answer", { ...proxy, ...stream, uri: streamingUri }, undefined],
    [
      "a streamed answer of Invoke",
      { ...proxy, ...stream },
      "Invalid ResponseTransferMode. ResponseTransferMode STREAM is only supported for Lambda functions invoked by InvokeWithResponseStream for AWS_PROXY integrations.",
    ],
    [
      "a buffered answer of InvokeWithResponseStream",
      { ...proxy, uri: streamingUri },
      "Invalid ResponseTransferMode. Cannot use ResponseTransferMode BUFFERED for Lambda functions invoked by InvokeWithResponseStream for AWS_PROXY integrations.",
    ],
    [
      "a stream that would be mapped",
      { ...http, ...stream, type: "HTTP" },
      "Invalid ResponseTransferMode. ResponseTransferMode STREAM is only supported for HTTP_PROXY and AWS_PROXY integrations.",
    ],
    ["29001 ms", { ...http, timeoutInMillis: 29_001 }, "Timeout should be between 50 ms and 29000 ms"],
    ["15 minutes, streamed", { ...http, timeoutInMillis: 900_000, responseTransferMode: "STREAM" }, undefined],
    [
      "longer, streamed",
      { ...http, timeoutInMillis: 900_001, responseTransferMode: "STREAM" },
      "Timeout should be between 50 ms and 900000 ms",
    ],
  ];
  for (const [name, integration, expected] of cases) {
    it(`${name}: ${expected ?? "valid"}`, () => assert.equal(checkIntegration(aMethod(), integration), expected));
  }
  it("may take longer where the server allows it", () => {
    const bounds = { timeoutInMillisMax: 60_000 };
    assert.equal(checkIntegration(aMethod(), { ...http, timeoutInMillis: 60_000 }, bounds), undefined);
  });
  it("over a VPC link names the link", () => {
    assert.equal(
      checkIntegration(aMethod(), { ...http, connectionType: "VPC_LINK", connectionId: "abc123" }),
      undefined,
    );
    assert.match(checkIntegration(aMethod(), { ...http, connectionType: "VPC_LINK" }) ?? "", /Connection ID/);
  });

  const declared = aMethod({
    requestParameters: {
      "method.request.path.id": true,
      "method.request.querystring.q": false,
      "method.request.header.h": false,
    },
  });
  const sources: readonly [string, string | undefined][] = [
    ["method.request.path.id", undefined],
    ["method.request.multivaluequerystring.q", undefined],
    ["method.request.multivalueheader.h", undefined],
    ["method.request.body", undefined],
    ["method.request.body.a.b[0]", undefined],
    ["context.identity.sourceIp", undefined],
    ["stageVariables.a", undefined],
    ["'literal'", undefined],
    ["''", undefined],
    ["method.request.path.petId", "Invalid mapping expression parameter specified: method.request.path.petId"],
    ["test-value", "Invalid mapping expression specified: test-value"],
    ["'a\r\nb: c'", "Invalid mapping expression specified: 'a\r\nb: c'"],
    ["integration.response.header.x", "Invalid mapping expression specified: integration.response.header.x"],
  ];
  for (const [source, error] of sources) {
    it(`maps ${JSON.stringify(source)}: ${error === undefined ? "valid" : "refused"}`, () => {
      const integration = { ...http, requestParameters: { "integration.request.header.x": source } };
      assert.equal(checkIntegration(declared, integration), error && mapping(error));
    });
  }
  it("names all that is wrong with its mappings", () => {
    const requestParameters = { "integration.request.cookie.x": "'a'", "integration.request.header.x": "a" };
    assert.equal(
      checkIntegration(declared, { ...http, requestParameters }),
      mapping("Invalid mapping identifier specified, Invalid mapping expression specified: a"),
    );
  });
  it("caches by parameters that there are", () => {
    assert.equal(checkIntegration(declared, { ...http, cacheKeyParameters: ["method.request.path.id"] }), undefined);
    assert.equal(
      checkIntegration(declared, { ...http, cacheKeyParameters: ["method.request.path.x"] }),
      mapping("Invalid mapping expression parameter specified: method.request.path.x"),
    );
    // Recorded: docs/internals/aws-facts/recorded.md, row 42.
    for (const key of ["method.request.multivaluequerystring.q", "method.request.multivalueheader.h"]) {
      assert.equal(
        checkIntegration(declared, { ...http, cacheKeyParameters: [key] }),
        mapping(`Invalid mapping expression specified: ${key}`),
      );
    }
  });
  it("gets AWS's defaults", () => {
    assert.deepEqual(completeIntegration({ type: "MOCK" }, "abc123"), {
      type: "MOCK",
      passthroughBehavior: "WHEN_NO_MATCH",
      timeoutInMillis: 29_000,
      cacheNamespace: "abc123",
      cacheKeyParameters: [],
      responseTransferMode: "BUFFERED",
    });
  });
});

describe("an integration response", () => {
  const method = aMethod({
    methodResponses: { "200": { statusCode: "200", responseParameters: { "method.response.header.Location": true } } },
    methodIntegration: { type: "MOCK", integrationResponses: { "200": { statusCode: "200" } } },
  });
  const cases: readonly [string, IntegrationResponse, string | undefined][] = [
    ["a second default", { statusCode: "400" }, defaultPatternTaken],
    ["the same default again", { statusCode: "200" }, undefined],
    ["a pattern beside the default", { statusCode: "400", selectionPattern: "4\\d\\d" }, undefined],
    [
      "a mapping without a method response",
      { statusCode: "400", selectionPattern: "4..", responseParameters: { "method.response.header.X": "'a'" } },
      mapping("No method response exists for method."),
    ],
    [
      "an undeclared header",
      { statusCode: "200", responseParameters: { "method.response.header.X": "'a'" } },
      mapping("Invalid mapping expression parameter specified: method.response.header.X"),
    ],
    [
      "a declared header from the backend's",
      {
        statusCode: "200",
        responseParameters: { "method.response.header.Location": "integration.response.header.Location" },
      },
      undefined,
    ],
    [
      "a request's parameter as a source",
      { statusCode: "200", responseParameters: { "method.response.header.Location": "method.request.header.a" } },
      mapping("Invalid mapping expression specified: method.request.header.a"),
    ],
  ];
  for (const [name, response, expected] of cases) {
    it(`${name}: ${expected ?? "valid"}`, () => assert.equal(checkIntegrationResponse(method, response), expected));
  }
});

describe("a model", () => {
  const result = (error: string) => `Invalid model specified: Validation Result: warnings : [], errors : [${error}]`;
  const invalid = "Invalid model schema specified";
  const cases: readonly [string, string | undefined][] = [
    ["{}", undefined],
    ['{"type":"object","properties":{"a":{"type":["string","null"]}},"required":["a"]}', undefined],
    ['{"$ref":"#/definitions/a","definitions":{"a":{"type":"string"}}}', undefined],
    ['{"$ref":"https://apigateway.amazonaws.com/restapis/a/models/Known"}', undefined],
    ['{"$ref":"https://apigateway.amazonaws.com/restapis/a/models/Pet"}', undefined],
    ['{"$ref":"https://apigateway.amazonaws.com/restapis/a/models/Gone"}', "Invalid model specified: Gone"],
    ['{"$ref":"other.json"}', `${invalid}. Model reference must be in canonical form`],
    ["not JSON", invalid],
    ["[]", invalid],
    ['{"type":"text"}', invalid],
    ['{"required":[]}', invalid],
    ['{"enum":["A","A"]}', invalid],
    ['{"properties":{"a":[]}}', invalid],
    ['{"$id":"x"}', `${invalid}. Unsupported keyword(s): ["$id"]`],
    [
      '{"properties":{"a":{"example":1,"nullable":true}}}',
      `${invalid}. Unsupported keyword(s): ["example","nullable"]`,
    ],
    [`${'{"not":'.repeat(100_000)}{}${"}".repeat(100_000)}`, invalid],
    [JSON.stringify({ description: "x".repeat(400 * 1024) }), invalid],
  ];
  for (const [schema, error] of cases) {
    it(`${schema.slice(0, 80)}: ${error ?? "valid"}`, () =>
      assert.equal(
        checkModel("Pet", schema, (name) => name === "Known"),
        error && result(error),
      ));
  }
  it("has an alphanumeric name", () => {
    assert.equal(checkModel("body_1", undefined), "Model name must be alphanumeric: body_1");
  });
});
