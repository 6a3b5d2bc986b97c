// AWS: API Gateway developer guide, "Use generated iOS SDK (Swift) to call API": its names, for its API.
import assert from "node:assert/strict";
import { test } from "node:test";
import { strFromU8, unzipSync } from "fflate";
import { aMethod, aMock, aRestApi } from "../../test/exchange/a-rest-api.ts";
import { problemOfSwift } from "../../test/swift-text.ts";
import type { Method, Model, RestApiDefinition } from "../definition/rest-api.ts";
import { generateSdk } from "./generate-sdk.ts";

const model = (name: string, schema: object): Model => ({
  id: name,
  name,
  contentType: "application/json",
  schema: JSON.stringify(schema),
});

const properties = { a: { type: "number" }, b: { type: "number" }, op: { type: "string" } };
const models = [
  model("Input", { type: "object", properties }),
  model("Result", {
    type: "object",
    properties: {
      input: { $ref: "https://apigateway.amazonaws.com/restapis/abc123/models/Input" },
      all: { type: "array", items: { $ref: "https://apigateway.amazonaws.com/restapis/abc123/models/Input" } },
      class: { type: "string", description: 'a "quoted" /* word\nand \\(another) line' },
    },
  }),
];

const answers = { methodResponses: { "200": { statusCode: "200", responseModels: { "application/json": "Result" } } } };
const method = (httpMethod: string, members: Partial<Method>): Method =>
  aMethod(aMock(), { ...answers, httpMethod, ...members });
const query = (...names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [`method.request.querystring.${name}`, false]));
const path = (...names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [`method.request.path.${name}`, true]));

function filesOf(definition: RestApiDefinition): Readonly<Record<string, string>> {
  const archive = generateSdk(definition, {
    sdkType: "swift",
    parameters: new Map([["classPrefix", "SIMPLE_CALC"]]),
    invokeUrl: "http://localhost:4566/_aws/execute-api/abc123/demo",
    region: "us-east-1",
    generatedAt: 1_700_000_000_000,
  });
  return Object.fromEntries(Object.entries(unzipSync(archive)).map(([name, bytes]) => [name, strFromU8(bytes)]));
}

const calculator = aRestApi(
  {
    "/": {
      GET: method("GET", { requestParameters: query("a", "b", "op") }),
      POST: method("POST", { requestModels: { "application/json": "Input" }, methodResponses: {} }),
    },
    "/{a}/{b}/{op}": { GET: method("GET", { requestParameters: path("a", "b", "op") }) },
    '/x"\\(y)/{proxy+}': {
      GET: method("GET", { requestParameters: { ...path("proxy"), "method.request.header.X-Id": true } }),
    },
  },
  { restApi: { name: "SimpleCalc", description: "Sums */ and /* more" }, models },
);

test("the classes, methods and files of AWS's guide", () => {
  const files = filesOf(calculator);
  const folder = "aws-apigateway-ios-swift/";
  assert.deepEqual(
    Object.keys(files).map((name) => name.slice(folder.length)),
    [
      "Podfile",
      "README.md",
      "generated-src/Bridging_Header.h",
      "generated-src/SIMPLE_CALCInput.swift",
      "generated-src/SIMPLE_CALCResult.swift",
      "generated-src/SIMPLE_CALCSimpleCalcClient.swift",
    ],
  );
  const client = files[`${folder}generated-src/SIMPLE_CALCSimpleCalcClient.swift`]!;
  for (const line of [
    "public class SIMPLE_CALCSimpleCalcClient: AWSAPIGatewayClient {",
    "public func rootGet(a: String?, b: String?, op: String?) -> AWSTask<SIMPLE_CALCResult> {",
    "public func rootPost(body: SIMPLE_CALCInput) -> AWSTask<AnyObject> {",
    "public func aBOpGet(a: String, b: String, op: String) -> AWSTask<SIMPLE_CALCResult> {",
    '"GET", urlString: "/{a}/{b}/{op}", pathParameters: pathParameters,',
    'queryParameters["op"] = op',
    'pathParameters["proxy+"] = proxy',
    'headerParameters["X-Id"] = xId',
    'urlString: "/x\\u{22}\\u{5c}(y)/{proxy+}"'.replace("\\u{22}", '\\"').replace("\\u{5c}", "\\\\"),
    'URL(string: "http://localhost:4566/_aws/execute-api/abc123/demo")',
  ]) {
    assert.ok(client.includes(line), `${line}\n${client}`);
  }
  const result = files[`${folder}generated-src/SIMPLE_CALCResult.swift`]!;
  for (const line of [
    "public var input: SIMPLE_CALCInput?",
    "public var all: [SIMPLE_CALCInput]?",
    "public var class_: String?",
    '"class_": "class",',
    "ValueTransformer.awsmtl_JSONDictionaryTransformer(withModelClass: SIMPLE_CALCInput.self)",
    "ValueTransformer.awsmtl_JSONArrayTransformer(withModelClass: SIMPLE_CALCInput.self)",
  ]) {
    assert.ok(result.includes(line), `${line}\n${result}`);
  }
  assert.match(files[`${folder}Podfile`]!, /pod 'AWSAPIGateway'/);
});

test("whatever names and descriptions say, every literal, comment and bracket ends", () => {
  for (const [name, text] of Object.entries(filesOf(calculator))) {
    if (name.endsWith(".swift")) assert.equal(problemOfSwift(text), undefined, name);
  }
  for (const broken of ['let a = "x', "func a( {", "/* a", 'let a = "\\(b)"', "}"]) {
    assert.notEqual(problemOfSwift(broken), undefined, broken);
  }
});
