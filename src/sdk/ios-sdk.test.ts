// AWS: API Gateway developer guide, "Use generated iOS SDK (Swift) to call API" and its like for Objective-C: their names,
// for their API.
import assert from "node:assert/strict";
import { test } from "node:test";
import { strFromU8, unzipSync } from "fflate";
import { aMethod, aMock, aRestApi } from "../../test/exchange/a-rest-api.ts";
import { problemOfIosText } from "../../test/ios-text.ts";
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
      "new-name": { type: "string" },
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

function filesOf(definition: RestApiDefinition, sdkType = "swift"): Readonly<Record<string, string>> {
  const archive = generateSdk(definition, {
    sdkType,
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

test("the classes, methods and files of AWS's guide, in Swift", () => {
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

test("the classes, methods and files of AWS's guide, in Objective-C", () => {
  const files = filesOf(calculator, "objectivec");
  const folder = "aws-apigateway-ios-objc/";
  assert.deepEqual(
    Object.keys(files).map((name) => name.slice(folder.length)),
    [
      "Podfile",
      "README.md",
      "generated-src/SIMPLE_CALCInput.h",
      "generated-src/SIMPLE_CALCInput.m",
      "generated-src/SIMPLE_CALCResult.h",
      "generated-src/SIMPLE_CALCResult.m",
      "generated-src/SIMPLE_CALCSimpleCalc.h",
      "generated-src/SIMPLE_CALCSimpleCalcClient.h",
      "generated-src/SIMPLE_CALCSimpleCalcClient.m",
    ],
  );
  const file = (name: string): string => files[`${folder}generated-src/SIMPLE_CALC${name}`]!;
  const has = (name: string, lines: readonly string[]): void => {
    for (const line of lines) assert.ok(file(name).includes(line), `${line}\n${file(name)}`);
  };
  has("SimpleCalc.h", ['#import "SIMPLE_CALCSimpleCalcClient.h"']);
  has("SimpleCalcClient.h", [
    '#import "SIMPLE_CALCInput.h"',
    "@interface SIMPLE_CALCSimpleCalcClient : AWSAPIGatewayClient",
    "- (AWSTask *)rootGet:(nullable NSString *)a b:(nullable NSString *)b op:(nullable NSString *)op;",
    "- (AWSTask *)rootPost:(SIMPLE_CALCInput *)body;",
    "- (AWSTask *)aBOpGet:(NSString *)a b:(NSString *)b op:(NSString *)op;",
  ]);
  has("SimpleCalcClient.m", [
    'queryParameters[@"op"] = op;',
    'pathParameters[@"proxy+"] = proxy;',
    'URLString:@"/x\\"\\\\(y)/{proxy+}"',
    "responseClass:[SIMPLE_CALCResult class]];",
  ]);
  has("Result.h", [
    "@class SIMPLE_CALCInput;",
    "@property (nonatomic, strong, nullable) SIMPLE_CALCInput *input;",
    "@property (nonatomic, strong, nullable) NSArray *all;",
    "@property (nonatomic, strong, nullable) NSString *class_;",
    "@property (nonatomic, strong, nullable) NSString *theNewName;",
  ]);
  has("Result.m", [
    '@"class_": @"class",',
    '@"theNewName": @"new-name",',
    "return [NSValueTransformer awsmtl_JSONArrayTransformerWithModelClass:[SIMPLE_CALCInput class]];",
  ]);
});

test("whatever names and descriptions say, every literal, comment and bracket ends", () => {
  for (const [name, text] of Object.entries(filesOf(calculator))) {
    if (name.endsWith(".swift")) assert.equal(problemOfIosText("swift", text), undefined, name);
  }
  for (const [name, text] of Object.entries(filesOf(calculator, "objectivec"))) {
    if (/\.[hm]$/.test(name)) assert.equal(problemOfIosText("objectivec", text), undefined, name);
  }
  for (const broken of ['let a = "x', "func a( {", "/* a", 'let a = "\\(b)"', "}"]) {
    assert.notEqual(problemOfIosText("swift", broken), undefined, broken);
  }
  for (const broken of ['@"x', '@"a??/"', "// a\\", '@"\\x"', "[a b"]) {
    assert.notEqual(problemOfIosText("objectivec", broken), undefined, broken);
  }
});
