// biome-ignore-all lint/suspicious/noTemplateCurlyInString: AWS's variables look like JavaScript's.
import assert from "node:assert/strict";
import { test } from "node:test";
import { anHttpApi } from "../../test/exchange/an-http-api.ts";
import type { HttpApiDefinition } from "../definition/http-api.ts";
import { exportHttpApi, exportHttpDocument, type HttpExportOptions } from "./export-http-api.ts";
import { type HttpImportOptions, type HttpImportResult, importHttpApi } from "./import-http-api.ts";

let counter = 0;
const options: HttpImportOptions = {
  basepath: "ignore",
  ids: { id: (length) => `${++counter}`.padStart(length, "a"), uuid: () => "" } as HttpImportOptions["ids"],
  account: "123456789012",
  region: "eu-west-1",
  vpcLinkIds: ["link1"],
};
const empty = anHttpApi({}, { api: { Name: "imported" } });
const asExport: HttpExportOptions = { format: "json", endpoint: "https://x.example", includeExtensions: true };

const importText = (text: string, more: Partial<HttpImportOptions> = {}, base = empty): HttpImportResult =>
  importHttpApi(Buffer.from(text), base, { ...options, ...more });
const document = (more: object): string =>
  JSON.stringify({ openapi: "3.0.1", info: { title: "Pets", version: "1" }, paths: {}, ...more });
function imported(result: HttpImportResult): Extract<HttpImportResult, { kind: "imported" }> {
  assert.ok(result.kind === "imported", JSON.stringify(result));
  return result;
}
function refusal(result: HttpImportResult): string {
  assert.ok(result.kind === "refused", JSON.stringify(result));
  return `${result.message} ${result.reason ?? ""}`;
}
const url = { type: "http_proxy", httpMethod: "GET", uri: "https://backend.example/", payloadFormatVersion: 1.0 };
const get = (more: object = {}) => ({ get: { responses: {}, "x-amazon-apigateway-integration": url, ...more } });

const jwt = {
  type: "oauth2",
  "x-amazon-apigateway-authorizer": {
    type: "jwt",
    identitySource: "$request.header.Authorization",
    jwtConfiguration: { issuer: "https://issuer.example", audience: ["a", "b"] },
  },
};
const request = {
  type: "apiKey",
  name: "X-Key",
  in: "header",
  "x-amazon-apigateway-authorizer": {
    type: "request",
    identitySource: "$request.header.X-Key",
    authorizerUri:
      "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:f/invocations",
    authorizerPayloadFormatVersion: 2.0,
    authorizerResultTtlInSeconds: 300,
    enableSimpleResponses: true,
  },
};
const signed = { type: "apiKey", name: "Authorization", in: "header", "x-amazon-apigateway-authtype": "awsSigv4" };

const everything = document({
  info: { title: "Pets", version: "2", description: "All of it" },
  tags: [{ name: "team", "x-amazon-apigateway-tag-value": "cats" }, { name: "plain" }],
  paths: {
    "/pets": {
      get: { ...get().get, operationId: "listPets", security: [{ jwt: ["pets/read"] }] },
      post: {
        responses: {},
        security: [{ request: [] }],
        "x-amazon-apigateway-integration": { $ref: "#/components/x-amazon-apigateway-integrations/f" },
      },
      put: {
        responses: {},
        security: [{ signed: [] }],
        "x-amazon-apigateway-integration": { $ref: "#/components/x-amazon-apigateway-integrations/f" },
      },
    },
    "/pets/{id}": { "x-amazon-apigateway-any-method": { responses: {}, "x-amazon-apigateway-integration": url } },
    "/private/{proxy+}": {
      get: {
        responses: {},
        "x-amazon-apigateway-integration": {
          type: "HTTP_PROXY",
          httpMethod: "any",
          connectionType: "vpc_link",
          connectionId: "link1",
          uri: "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/a/b/c",
          payloadFormatVersion: "1.0",
          tlsConfig: { serverNameToVerify: "backend.example" },
          timeoutInMillis: 5000,
          requestParameters: { "append:header.X-A": "$request.path", "overwrite:path": "/x" },
          responseParameters: { 403: { "overwrite:statuscode": 404 } },
        },
      },
    },
    "/$default": {
      "x-amazon-apigateway-any-method": { responses: {}, isDefaultRoute: true, "x-amazon-apigateway-integration": url },
    },
    "/queue": {
      post: {
        responses: {},
        "x-amazon-apigateway-auth": { type: "aws_iam" },
        "x-amazon-apigateway-integration": {
          type: "aws_proxy",
          integrationSubtype: "SQS-SendMessage",
          credentials: "arn:aws:iam::${AWS::AccountId}:role/r",
          payloadFormatVersion: "1.0",
          requestParameters: { QueueUrl: "https://q", MessageBody: "$request.body" },
        },
      },
    },
  },
  components: {
    securitySchemes: { jwt, request, signed },
    "x-amazon-apigateway-integrations": {
      f: {
        type: "aws_proxy",
        httpMethod: "POST",
        uri: "arn:aws:lambda:eu-west-1:123456789012:function:f",
        payloadFormatVersion: "2.0",
      },
    },
  },
  "x-amazon-apigateway-cors": {
    allowOrigins: ["https://a.example"],
    allowMethods: ["GET"],
    maxAge: 60,
    allowCredentials: true,
  },
  "x-amazon-apigateway-importexport-version": "1.0",
});

/** What of an API does not depend on ids. */
function shapeOf({ api, routes, integrations, authorizers }: HttpApiDefinition): unknown {
  const { ApiId: _, CreatedDate: __, ...settings } = api;
  const nameOf = (id: string | undefined) => authorizers.find(({ AuthorizerId }) => AuthorizerId === id)?.Name;
  return {
    settings,
    authorizers: authorizers.map(({ AuthorizerId: _, ...rest }) => rest).sort(byText),
    routes: routes
      .map(({ RouteId: _, AuthorizerId, Target, ...rest }) => {
        const found = integrations.find(({ IntegrationId }) => Target === `integrations/${IntegrationId}`);
        const { IntegrationId: __, ...integration } = found ?? { IntegrationId: "" };
        return { ...rest, authorizer: nameOf(AuthorizerId), integration };
      })
      .sort(byText),
  };
}
const byText = (one: unknown, other: unknown): number => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1);

test("a document with everything becomes routes, integrations, authorizers and settings, without a warning", () => {
  const { definition, warnings, info } = imported(importText(everything));
  assert.deepEqual([warnings, info], [[], []]);
  const { api, routes, integrations, authorizers } = definition;
  assert.deepEqual([api.Name, api.Version, api.Description], ["Pets", "2", "All of it"]);
  assert.deepEqual(api.Tags, { team: "cats", plain: "" });
  assert.deepEqual(api.CorsConfiguration, {
    AllowOrigins: ["https://a.example"],
    AllowMethods: ["GET"],
    AllowCredentials: true,
    MaxAge: 60,
  });
  assert.deepEqual(routes.map(({ RouteKey }) => RouteKey).sort(), [
    "$default",
    "ANY /pets/{id}",
    "GET /pets",
    "GET /private/{proxy+}",
    "POST /pets",
    "POST /queue",
    "PUT /pets",
  ]);
  const of = (key: string) => routes.find(({ RouteKey }) => RouteKey === key)!;
  assert.deepEqual(
    ["GET /pets", "POST /pets", "PUT /pets", "POST /queue", "$default"].map((key) => of(key).AuthorizationType),
    ["JWT", "CUSTOM", "AWS_IAM", "AWS_IAM", "NONE"],
  );
  assert.deepEqual(of("GET /pets").AuthorizationScopes, ["pets/read"]);
  assert.equal(of("GET /pets").OperationName, "listPets");
  assert.equal(of("POST /pets").Target, of("PUT /pets").Target, "routes share what they refer to");
  assert.equal(integrations.length, 6);
  const queue = integrations.find(({ IntegrationSubtype }) => IntegrationSubtype !== undefined)!;
  assert.equal(queue.CredentialsArn, "arn:aws:iam::123456789012:role/r");
  const link = integrations.find(({ ConnectionId }) => ConnectionId === "link1")!;
  assert.deepEqual(link.ResponseParameters, { 403: { "overwrite:statuscode": "404" } });
  assert.deepEqual(authorizers.map(({ AuthorizerType }) => AuthorizerType).sort(), ["JWT", "REQUEST"]);
});

test("an export is imported as the same API, from JSON and from YAML", () => {
  const { definition } = imported(importText(everything));
  for (const format of ["json", "yaml"] as const) {
    const again = imported(importText(exportHttpApi(definition, { ...asExport, format })));
    assert.deepEqual(again.warnings, []);
    assert.deepEqual(shapeOf(again.definition), shapeOf(definition), format);
  }
});

test("a second import of one document changes nothing", () => {
  const { definition } = imported(importText(everything));
  const again = imported(importText(everything, {}, definition));
  assert.deepEqual(shapeOf(again.definition), shapeOf(definition));
  assert.deepEqual(
    again.definition.routes.map(({ RouteId }) => RouteId),
    definition.routes.map(({ RouteId }) => RouteId),
  );
});

test("a reimport replaces routes, integrations, authorizers and CORS, and keeps the id and other tags", () => {
  const { definition } = imported(importText(everything));
  const base = { ...definition, api: { ...definition.api, Tags: { mine: "1" } } };
  const { definition: after } = imported(importText(document({ paths: { "/a": get() } }), {}, base));
  assert.deepEqual(
    after.routes.map(({ RouteKey }) => RouteKey),
    ["GET /a"],
  );
  assert.deepEqual([after.integrations.length, after.authorizers.length], [1, 0]);
  assert.deepEqual(
    [after.api.ApiId, after.api.CorsConfiguration, after.api.Tags],
    ["http123", undefined, { mine: "1" }],
  );
});

test("the base path is ignored, comes before paths, or does so without its first segment", () => {
  const paths = { "/e": get() };
  for (const [basepath, key] of [
    ["ignore", "GET /e"],
    ["prepend", "GET /a/b/c/e"],
    ["split", "GET /b/c/e"],
  ] as const) {
    const text = document({
      paths,
      servers: [{ url: "https://x.example/{basePath}", variables: { basePath: { default: "a/b/c" } } }],
    });
    const { definition } = imported(importText(text, { basepath }));
    assert.deepEqual(
      definition.routes.map(({ RouteKey }) => RouteKey),
      [key],
    );
  }
});

test("what HTTP APIs can't have is left out with a warning, and what they ignore is information", () => {
  const mock = { type: "mock", requestTemplates: { "application/json": "{}" } };
  const { definition, warnings, info } = imported(
    importText(
      document({
        paths: { "/a": get({ requestBody: { content: {} } }), "/b": get({ "x-amazon-apigateway-integration": mock }) },
        "x-amazon-apigateway-binary-media-types": ["*/*"],
        "x-amazon-apigateway-policy": { Version: "2012-10-17", Statement: [] },
      }),
    ),
  );
  assert.deepEqual(definition.routes.map(({ RouteKey, Target }) => [RouteKey, Target !== undefined]).sort(), [
    ["GET /a", true],
    ["GET /b", false],
  ]);
  assert.equal(warnings.length, 2, warnings.join());
  assert.match(warnings.join(), /x-amazon-apigateway-policy.*route 'GET \/b'/s);
  assert.equal(info.length, 2, info.join());
});

test("documents that can't be imported are refused with the reason", () => {
  const secured = (security: unknown, schemes: object = { jwt, request, signed }, more: object = {}) =>
    document({ paths: { "/a": get({ security, ...more }) }, components: { securitySchemes: schemes } });
  const rows: [string, RegExp][] = [
    ["", /Invalid OpenAPI input/],
    ["{", /Invalid OpenAPI input/],
    [JSON.stringify({ swagger: "2.0", info: { title: "a" }, paths: {} }), /OpenAPI 3.0 documents only/],
    [JSON.stringify({ openapi: "3.1.0", info: { title: "a" }, paths: {} }), /OpenAPI 3.0 documents only/],
    [JSON.stringify({ openapi: "3.0.1", info: {}, paths: {} }), /title/],
    [secured([{ jwt: [], request: [] }]), /only one security requirement/],
    [secured([{ jwt: [] }, { request: [] }]), /only one security requirement/],
    [secured([{ jwt: [] }, {}]), /optional/],
    [secured([{ gone: [] }]), /'gone' of route 'GET \/a' is not defined/],
    [secured({ jwt: [] }), /Unable to read a guard/],
    [secured([["jwt"]]), /Unable to read a guard/],
    [
      secured([{ jwt: [] }], { jwt: { ...jwt, "x-amazon-apigateway-authorizer": { type: "token" } } }),
      /must be one of/,
    ],
    [secured([{ jwt: [] }], { jwt: { ...jwt, "x-amazon-apigateway-authorizer": [] } }), /Unable to read a guard/],
    [
      secured([{ a: [] }], {
        a: { type: "apiKey", name: "x", in: "header", "x-amazon-apigateway-authtype": "custom" },
      }),
      /is required/,
    ],
    [document({ paths: { "/{a}/x": get(), "/{b}/y": get() } }), /conflicting variable/],
    [document({ paths: { "/a": { ...get(), GET: get().get } } }), /GET of '\/a' is almost get/],
    [document({ info: { title: "a", security: [{ jwt: [] }] } }), /security of 'info' guards nothing there/],
    [document({ paths: { "/x/{id}.json": get() } }), /path parts/],
    [
      document({ paths: { "/a": get({ "x-amazon-apigateway-integration": { $ref: "#/gone" } }) } }),
      /refers to nothing/,
    ],
    [document({ paths: { "/a": get({ "x-amazon-apigateway-integration": "x" }) } }), /has to be an object/],
    [document({ paths: { "/a": get({ "x-amazon-apigateway-auth": { type: "JWT" } }) } }), /Invalid authorizer ID/],
    [document({ paths: { "/a": get({ "x-amazon-apigateway-auth": { type: "AWS_IAMM" } }) } }), /one of the types NONE/],
    [document({ paths: { "/a": { ...get(), security: [{ jwt: [] }] } } }), /security of '\/a' guards nothing there/],
    [secured([], { jwt, request, signed, security: [{ jwt: [] }] }), /security scheme 'security' has to be an object/],
    [
      document({ paths: { "/a": get({ "x-amazon-apigateway-integration": { ...url, security: [{ jwt: [] }] } }) } }),
      /security of x-amazon-apigateway-integration of 'GET \/a' guards nothing there/,
    ],
    [
      document({ paths: { "/a": get({ "x-amazon-apigateway-authorizer": { type: "jwt" } }) } }),
      /x-amazon-apigateway-authorizer of 'GET \/a' guards nothing there/,
    ],
    [document({ "x-amazon-apigateway-importexport-version": "2.0" }), /importexport-version: it has to be 1\.0/],
    [document({ paths: { "/a": get() } }).replace('{"get":', '{"get":{},"get":'), /get is given more than once/],
    [document({ paths: { "/a": get() } }).replace('{"/a":', '{"/a":{},"/a":'), /\/a is given more than once/],
    [document({ "x-amazon-apigateway-cors": [] }), /x-amazon-apigateway-cors/],
    [document({ "x-amazon-apigateway-cors": { allowCredentials: "maybe" } }), /allowCredentials/],
    [document({ "x-amazon-apigateway-cors": { allowOrigins: [{}] } }), /allowOrigins/],
  ];
  for (const [text, reason] of rows) assert.match(refusal(importText(text)), reason, text);
});

test("a misspelt member of CORS is told", () => {
  const cors = { allowOrigins: ["*"], allowMethod: ["GET"], AllowHeaders: ["x"], maxAge: 5, allowCredentials: false };
  const { definition, warnings } = imported(importText(document({ "x-amazon-apigateway-cors": cors })));
  assert.deepEqual(definition.api.CorsConfiguration, { AllowOrigins: ["*"], MaxAge: 5, AllowCredentials: false });
  assert.deepEqual(
    warnings,
    ["allowMethod", "AllowHeaders"].map((name) => `${name} is not a member of x-amazon-apigateway-cors. Ignoring.`),
  );
});

test("a CORS extension that configures nothing is none", () => {
  for (const cors of [{}, { allowOrigin: ["*"] }]) {
    const { definition } = imported(importText(document({ "x-amazon-apigateway-cors": cors })));
    assert.equal(definition.api.CorsConfiguration, undefined);
  }
});

test("the endpoint's IP addresses are imported, exported, and else stay as they were", () => {
  const withAddresses = (ipAddressType: unknown): string =>
    document({ servers: [{ url: "/", "x-amazon-apigateway-endpoint-configuration": { ipAddressType } }] });
  const { definition } = imported(importText(withAddresses("dualstack")));
  assert.equal(definition.api.IpAddressType, "dualstack");
  const exported = exportHttpDocument(definition, { ...asExport, stageName: "dev" });
  assert.equal(imported(importText(JSON.stringify(exported))).definition.api.IpAddressType, "dualstack");
  assert.equal(imported(importText(document({}), {}, definition)).definition.api.IpAddressType, "dualstack");
  assert.equal(imported(importText(withAddresses("ipv4"), {}, definition)).definition.api.IpAddressType, "ipv4");
  for (const wrong of ["ipv6", 4, ["dualstack"]]) {
    assert.match(refusal(importText(withAddresses(wrong))), /ipAddressType .* has to be ipv4 or dualstack/);
  }
});

test("the version of imports may be a number, as YAML has it", () => {
  for (const version of ["1.0", 1.0]) {
    assert.equal(importText(document({ "x-amazon-apigateway-importexport-version": version })).kind, "imported");
  }
});

test("a pattern for tokens, which HTTP APIs do not have, is told", () => {
  const { "x-amazon-apigateway-authorizer": authorizer, ...scheme } = request;
  const filtered = {
    ...scheme,
    "x-amazon-apigateway-authorizer": { ...authorizer, identityValidationExpression: "^x" },
  };
  const { warnings } = imported(importText(document({ components: { securitySchemes: { request: filtered } } })));
  assert.deepEqual(warnings, [
    "identityValidationExpression of security scheme 'request' is not supported by HTTP APIs. Ignoring.",
  ]);
});

test("an export without extensions has the paths alone, and a stage's has its address", () => {
  const { definition } = imported(importText(everything));
  const plain = exportHttpDocument(definition, { ...asExport, includeExtensions: false, stageName: "dev" });
  assert.doesNotMatch(JSON.stringify(plain), /x-amazon/);
  assert.deepEqual(plain["servers"], [
    { url: "https://x.example/{basePath}", variables: { basePath: { default: "dev" } } },
  ]);
  assert.deepEqual(Object.keys(plain["paths"] as object), ["/pets", "/private/{proxy+}", "/queue"]);
});

test("20,000 routes are looked at for conflicts with each other", () => {
  const paths = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`/a${index}/{id}`, { get: {} }]));
  const { definition } = imported(importText(document({ paths: paths(20_000) })));
  assert.equal(definition.routes.length, 20_000);
  assert.match(
    refusal(importText(document({ paths: { ...paths(20_000), "/a19999/{other}": { get: {} } } }))),
    /conflicting variable on the same hierarchical level as "GET \/a19999\/\{id\}"/,
  );
});

const custom = (integration: object) =>
  document({ paths: { "/a": get({ "x-amazon-apigateway-integration": integration }) } });

test("integrations with templates are left out with AWS's words, and made by the name of the feature alone", () => {
  const mock = {
    type: "mock",
    requestTemplates: { "application/json": '{"statusCode": 200}' },
    passthroughBehavior: "when_no_templates",
    requestParameters: { "integration.request.header.x": "method.request.path.id" },
    responses: { default: { responseTemplates: { "application/json": "{}" } }, "4\\d\\d": {} },
  };
  const plain = imported(importText(custom({ ...mock, contentHandling: "CONVERT_TO_TEXT", passthroughBehavior: "x" })));
  assert.deepEqual(plain.definition.integrations, []);
  assert.match(plain.warnings.join(), /may only be associated with proxy integrations.*Ignoring/);
  const beyondAws = ["http-body-templates"] as const;
  const { definition, warnings } = imported(importText(custom(mock), { beyondAws }));
  assert.deepEqual(warnings, []);
  const [{ IntegrationId, ...integration } = { IntegrationId: "" }] = definition.integrations;
  assert.deepEqual(integration, {
    IntegrationType: "MOCK",
    PayloadFormatVersion: "1.0",
    ConnectionType: "INTERNET",
    PassthroughBehavior: "WHEN_NO_TEMPLATES",
    RequestTemplates: mock.requestTemplates,
    RequestParameters: { "integration.request.header.x": "route.request.path.id" },
    TimeoutInMillis: 30_000,
  });
  assert.deepEqual(
    definition.integrationResponses!.map(({ IntegrationResponseKey: key, IntegrationId: id }) => [key, id]).toSorted(),
    [
      ["$default", IntegrationId],
      ["/4\\d\\d/", IntegrationId],
    ],
  );
  for (const [change, reason] of [
    [{ contentHandling: "CONVERT_TO_TEXT" }, /contentHandling is not supported/],
    [{ responses: { default: { statusCode: "200" } } }, /has a statusCode, which HTTP APIs take from the integration/],
    [{ responses: { "(": {} } }, /Invalid integration response key/],
    [{ requestParameters: { "overwrite:path": "/x" } }, /Invalid mapping identifier/],
    [{ connectionType: "VPC_LINK", connectionId: "x" }, /VPC links are only supported/],
  ] as const) {
    const result = imported(importText(custom({ ...mock, ...change }), { beyondAws }));
    assert.match(result.warnings.join(), reason);
    assert.deepEqual(result.definition.integrations, []);
  }
  for (const [change, reason] of [
    [{ requestTemplates: [] }, /requestTemplates has to be a map/],
    [{ passthroughBehavior: "sometimes" }, /passthroughBehavior has to be one of/],
  ] as const) {
    assert.match(refusal(importText(custom({ ...mock, ...change }), { beyondAws })), reason);
  }
});

test("validators are ignored with a warning, and read by the name of the feature alone", () => {
  const validator = "x-amazon-apigateway-request-validator";
  const parameters = [
    { name: "page", in: "query", required: true, schema: {} },
    { name: "filter[a]", in: "query", schema: {} },
    { name: "id", in: "path", required: true, schema: {} },
  ];
  const body = (schema: object) => ({ requestBody: { content: { "application/json": { schema } } } });
  const of = (operation: object, more: object = {}) =>
    document({
      paths: { "/a/{id}": get({ parameters, ...body({ $ref: "#/components/schemas/pet-type" }), ...operation }) },
      components: { schemas: { "pet-type": { type: "object" }, Broken: { $ref: "#/gone" } } },
      [`${validator}s`]: { all: { validateRequestBody: true, validateRequestParameters: true }, none: {} },
      ...more,
    });
  const text = of({ [validator]: "all" });
  const plain = imported(importText(text));
  assert.match(plain.warnings.join(), /request-validators is not supported by HTTP APIs/);
  assert.equal(plain.definition.models, undefined);
  assert.equal(plain.definition.routes[0]!.RequestModels, undefined);
  const options = { beyondAws: ["http-request-validation"] } as const;
  const { definition, warnings } = imported(importText(text, options));
  assert.match(warnings.join(), /renamed 'pet-type' to 'pettype'/);
  assert.match(warnings.join(), /'Broken'/);
  const [route] = definition.routes;
  assert.deepEqual(route!.RequestModels, { "application/json": "pettype" });
  assert.deepEqual(route!.RequestParameters, { "route.request.querystring.page": { Required: true } });
  for (const open of [of({}), of({ [validator]: "none" })]) {
    const { RequestModels, RequestParameters } = imported(importText(open, options)).definition.routes[0]!;
    assert.deepEqual([RequestModels, RequestParameters], [undefined, undefined]);
  }
  const byDefault = imported(importText(of({}, { [validator]: "all" }), options)).definition.routes[0]!;
  assert.deepEqual(byDefault.RequestModels, { "application/json": "pettype" });
  const all = { [validator]: "all" };
  for (const [operation, reason] of [
    [{ [validator]: "gone" }, /request validator 'gone' is not defined/],
    [{ ...all, ...body({ $ref: "#/components/schemas/Broken" }) }, /its validator needs a model for application\/json/],
    [
      { ...all, parameters: [{ name: "a[b]", in: "query", required: true }, parameters[2]] },
      /Invalid mapping expression/,
    ],
  ] as const) {
    assert.match(refusal(importText(of(operation), options)), reason);
  }
});
