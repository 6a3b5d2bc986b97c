import assert from "node:assert/strict";
import { test } from "node:test";
import { aNewRestApi, countingIds } from "../../../test/cases/openapi/builders.ts";
import type { Integration, Method, RestApi, RestApiDefinition, Stage } from "../../definition/rest-api.ts";
import { exportHttpApi } from "../export-http-api.ts";
import type { HttpImportOptions } from "../import-http-api.ts";
import { importHttpApi } from "../import-http-api.ts";
import { type Conversion, convertRestApi } from "./convert-rest-api.ts";

const functionUri =
  "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations";
const toFunction: Integration = { type: "AWS_PROXY", uri: functionUri, httpMethod: "POST" };
const method = (members: Partial<Method> = {}): Method => ({
  httpMethod: "GET",
  authorizationType: "NONE",
  apiKeyRequired: false,
  methodIntegration: toFunction,
  ...members,
});

function anApi(methods: Readonly<Record<string, Method>>, more: Partial<RestApiDefinition> = {}): RestApiDefinition {
  const paths = Map.groupBy(Object.entries(methods), ([key]) => key.split(" ")[1]!);
  return {
    ...aNewRestApi({ endpointConfiguration: { types: ["REGIONAL"] } }),
    resources: [...paths].map(([path, of], index) => ({
      id: `r${index}`,
      path,
      resourceMethods: Object.fromEntries(of.map(([key, one]) => [key.split(" ")[0]!, one])),
    })),
    ...more,
  };
}

const convert = (api: RestApiDefinition, stage?: Partial<Stage>, audiences: readonly string[] = []): Conversion =>
  convertRestApi(api, { audiences, ...(stage !== undefined && { stage }) });
const keysOf = ({ definition }: Conversion): string[] => definition.routes.map(({ RouteKey }) => RouteKey).toSorted();
const lossesOf = ({ losses }: Conversion, where: string): string[] =>
  losses.filter((one) => one.where === where).map(({ effect, what }) => `${effect}: ${what}`);

test("a function, a backend and their guards come over, and the result imports without a word", () => {
  const backend: Integration = {
    type: "HTTP_PROXY",
    httpMethod: "ANY",
    uri: "http://${stageVariables.host}/v1/{pet}/{kind}",
    requestParameters: {
      "integration.request.path.pet": "method.request.path.id",
      "integration.request.path.kind": "'dog'",
      "integration.request.header.x-who": "context.authorizer.claims.sub",
      "integration.request.querystring.from": "'here'",
    },
    timeoutInMillis: 5_000,
  };
  const pool = { id: "p", name: "pool", type: "COGNITO_USER_POOLS" } as const;
  const api = anApi(
    {
      "GET /pets": method({ authorizationType: "AWS_IAM" }),
      "ANY /pets/{id}": method({ methodIntegration: backend, authorizationType: "CUSTOM", authorizerId: "t" }),
      "GET /me": method({ authorizationType: "COGNITO_USER_POOLS", authorizerId: "p", authorizationScopes: ["a/b"] }),
    },
    {
      authorizers: [
        {
          id: "t",
          name: "token",
          type: "TOKEN",
          authorizerUri: functionUri,
          identitySource: "method.request.header.X",
        },
        {
          ...pool,
          identitySource: "method.request.header.Authorization",
          providerARNs: ["arn:aws:cognito-idp:eu-west-1:000000000000:userpool/eu-west-1_abc"],
        },
      ],
    },
  );
  const made = convert(api, undefined, ["client"]);
  assert.deepEqual(keysOf(made), ["ANY /pets/{id}", "GET /me", "GET /pets"]);
  const { routes, integrations, authorizers } = made.definition;
  const mapped = integrations.find(({ IntegrationType }) => IntegrationType === "HTTP_PROXY");
  assert.equal(mapped?.IntegrationUri, "http://${stageVariables.host}/v1/{id}/dog");
  assert.deepEqual(mapped?.RequestParameters, {
    "overwrite:header.x-who": "$context.authorizer.claims.sub",
    "overwrite:querystring.from": "here",
  });
  assert.equal(mapped?.TimeoutInMillis, 5_000);
  const guards = routes.map(({ RouteKey, AuthorizationType, AuthorizationScopes = [] }) =>
    [RouteKey, AuthorizationType, ...AuthorizationScopes].join(" "),
  );
  assert.deepEqual(guards.toSorted(), ["ANY /pets/{id} CUSTOM", "GET /me JWT a/b", "GET /pets AWS_IAM"]);
  const [token, jwt] = authorizers.toSorted((one) => (one.AuthorizerType === "JWT" ? 1 : -1));
  assert.deepEqual(token?.IdentitySource, ["$request.header.X"]);
  assert.equal(token?.AuthorizerResultTtlInSeconds, 300);
  assert.deepEqual(jwt?.JwtConfiguration, {
    Issuer: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc",
    Audience: ["client"],
  });
  const text = exportHttpApi(made.definition, { format: "json", endpoint: "", includeExtensions: true });
  const imported = importHttpApi(
    Buffer.from(text),
    { ...made.definition, routes: [], integrations: [], authorizers: [] },
    importing,
  );
  assert.ok(imported.kind === "imported", JSON.stringify(imported));
  assert.deepEqual([imported.warnings, imported.info], [[], []]);
  assert.equal(imported.definition.routes.length, 3);
});

const importing: HttpImportOptions = {
  basepath: "ignore",
  ids: countingIds(),
  account: "000000000000",
  region: "us-east-1",
  vpcLinkIds: [],
};

test("a guard of a method without a counterpart leaves the method out", () => {
  const validators = [{ id: "v", name: "v", validateRequestBody: true, validateRequestParameters: true }];
  const guards: readonly (readonly [string, Partial<Method>, string])[] = [
    ["an API key", { apiKeyRequired: true }, "API key"],
    [
      "parameters",
      { requestValidatorId: "v", requestParameters: { "method.request.querystring.q": true } },
      "validation of method.request.querystring.q",
    ],
    [
      "a body",
      { requestValidatorId: "v", requestModels: { "application/json": "Pet" } },
      "validation of the body by Pet",
    ],
    ["a validator that is gone", { requestValidatorId: "x" }, "a request validator that is not there"],
    [
      "an authorizer that is gone",
      { authorizationType: "CUSTOM", authorizerId: "x" },
      "authorization CUSTOM without its authorizer",
    ],
    ["an unknown authorization", { authorizationType: "OTHER" }, "authorization OTHER without its authorizer"],
    [
      "an expression",
      { authorizationType: "CUSTOM", authorizerId: "e" },
      "authorizer expression: identityValidationExpression",
    ],
    [
      "two pools",
      { authorizationType: "COGNITO_USER_POOLS", authorizerId: "pools" },
      "authorizer pools: several user pools",
    ],
    [
      "a pool without app clients",
      { authorizationType: "COGNITO_USER_POOLS", authorizerId: "pool" },
      "authorizer pool: a JWT authorizer needs the ids of the app clients whose tokens it takes",
    ],
    [
      "the caller's credentials",
      { methodIntegration: { ...toFunction, credentials: "arn:aws:iam::*:user/*" } },
      "credentials of the caller",
    ],
  ];
  const arn = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_a";
  const identitySource = "method.request.header.Authorization";
  const authorizers = [
    { id: "e", name: "expression", type: "TOKEN", identitySource, identityValidationExpression: "^a" },
    { id: "pools", name: "pools", type: "COGNITO_USER_POOLS", identitySource, providerARNs: [arn, arn] },
    { id: "pool", name: "pool", type: "COGNITO_USER_POOLS", identitySource, providerARNs: [arn] },
  ] as const;
  for (const [name, guard, what] of guards) {
    const made = convert(
      anApi({ "GET /a": method(guard), "GET /b": method() }, { requestValidators: validators, authorizers }),
    );
    assert.deepEqual(keysOf(made), ["GET /b"], name);
    assert.deepEqual(lossesOf(made, "GET /a"), [`left out: ${what}`], name);
  }
});

test("a guard of the whole API without a counterpart leaves all methods out", () => {
  const guards: readonly (readonly [Partial<RestApi>, Partial<Stage>, string])[] = [
    [{ policy: "{}" }, {}, "resource policy"],
    [{ endpointConfiguration: { types: ["PRIVATE"] } }, {}, "private endpoint"],
    [{ endpointConfiguration: { types: ["REGIONAL"], vpcEndpointIds: ["vpce-1"] } }, {}, "private endpoint"],
    [{ securityPolicy: "SecurityPolicy_TLS13_1_3_2025_09" }, {}, "security policy SecurityPolicy_TLS13_1_3_2025_09"],
    [{ endpointAccessMode: "STRICT" }, {}, "endpoint access mode STRICT"],
    [{}, { stageName: "dev", webAclArn: "arn" }, "web ACL"],
  ];
  for (const [settings, stage, what] of guards) {
    const api = anApi({ "GET /a": method(), "ANY /{proxy+}": method() });
    const made = convert({ ...api, restApi: { ...api.restApi, ...settings } }, stage);
    assert.deepEqual(keysOf(made), [], what);
    assert.ok(lossesOf(made, "API").includes(`left out: ${what}`), what);
  }
});

test("integrations without a counterpart are named", () => {
  const integrations: readonly (readonly [Integration, string])[] = [
    [{ type: "MOCK" }, "MOCK integration"],
    [{ type: "HTTP", uri: "http://a" }, "HTTP custom integration with its templates"],
    [{ type: "AWS", uri: functionUri }, "AWS custom integration with its templates"],
    [{ type: "AWS", uri: "arn:aws:apigateway:us-east-1:sqs:path/0/q" }, "AWS integration with sqs"],
    [{ ...toFunction, responseTransferMode: "STREAM" }, "response streaming"],
    [{ ...toFunction, contentHandling: "CONVERT_TO_TEXT" }, "contentHandling CONVERT_TO_TEXT"],
    [
      { ...toFunction, requestParameters: { "integration.request.header.x-amz-invocation-type": "'Event'" } },
      "asynchronous invocation (X-Amz-Invocation-Type)",
    ],
    [{ type: "HTTP_PROXY", httpMethod: "GET", uri: "http://a/", connectionType: "VPC_LINK" }, "private integration"],
    [
      { type: "HTTP_PROXY", httpMethod: "GET", uri: "https://a/", tlsConfig: { insecureSkipVerification: true } },
      "tlsConfig.insecureSkipVerification",
    ],
    [{ type: "HTTP_PROXY", httpMethod: "GET", uri: "http://a/{b}" }, "{b} in the URI, which is filled from nothing"],
    [
      {
        type: "HTTP_PROXY",
        httpMethod: "GET",
        uri: "http://a/",
        requestParameters: { "integration.request.header.a": "context.identity.cognitoIdentityId" },
      },
      "request parameter integration.request.header.a from context.identity.cognitoIdentityId",
    ],
  ];
  for (const [methodIntegration, what] of integrations) {
    const made = convert(anApi({ "GET /a": method({ methodIntegration }) }));
    assert.deepEqual(lossesOf(made, "GET /a"), [`left out: ${what}`]);
  }
  const { methodIntegration: _, ...without } = method();
  assert.deepEqual(lossesOf(convert(anApi({ "GET /a": without })), "GET /a"), ["left out: it has no integration"]);
});

test("a method that is left out is closed where another route would take its requests", () => {
  const made = convert(
    anApi({
      "GET /pets": method({ apiKeyRequired: true }),
      "ANY /pets": method(),
      "GET /admin": method({ apiKeyRequired: true }),
      "GET /alone/a": method({ apiKeyRequired: true }),
      "POST /{proxy+}": method(),
      "GET /{id}": method(),
    }),
  );
  const closed = made.definition.routes.filter(({ Target }) => Target === undefined).map(({ RouteKey }) => RouteKey);
  // A REST API ignores a slash at the end, and POST /{proxy+} would take it.
  assert.deepEqual(closed, ["GET /pets", "GET /pets/", "GET /admin", "GET /admin/"]);
  assert.deepEqual(lossesOf(made, "GET /alone/a"), ["left out: API key"]);
  assert.deepEqual(lossesOf(made, "GET /admin"), ["closed: API key"]);
  assert.ok(keysOf(made).includes("ANY /pets/"));
});

test("a method that would get another one's requests is left out", () => {
  const made = convert(anApi({ "ANY /a/{proxy+}": method({ authorizationType: "AWS_IAM" }), "GET /{x}/b": method() }));
  assert.deepEqual(keysOf(made), ["ANY /a/{proxy+}"]);
  assert.deepEqual(lossesOf(made, "GET /{x}/b"), ["left out: an HTTP API would give it requests of ANY /a/{proxy+}"]);
});

const preflight = (headers: Readonly<Record<string, string>>): Method =>
  method({
    httpMethod: "OPTIONS",
    methodIntegration: {
      type: "MOCK",
      integrationResponses: {
        "200": {
          statusCode: "200",
          responseParameters: Object.fromEntries(
            Object.entries(headers).map(([name, value]) => [
              `method.response.header.Access-Control-${name}`,
              `'${value}'`,
            ]),
          ),
        },
      },
    },
  });

test("preflights of all resources become one configuration, and ANY gives way to them", () => {
  const headers = { "Allow-Origin": "https://a.example", "Allow-Headers": "X-A,X-B", "Allow-Credentials": "true" };
  const made = convert(
    anApi({
      "ANY /a": method(),
      "OPTIONS /a": preflight({ ...headers, "Allow-Methods": "GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS" }),
      "GET /b": method(),
      "OPTIONS /b": preflight({ ...headers, "Allow-Methods": "GET,OPTIONS" }),
    }),
  );
  assert.deepEqual(keysOf(made), ["DELETE /a", "GET /a", "GET /b", "HEAD /a", "PATCH /a", "POST /a", "PUT /a"]);
  assert.deepEqual(made.definition.api.CorsConfiguration, {
    AllowOrigins: ["https://a.example"],
    AllowMethods: ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"],
    AllowHeaders: ["X-A", "X-B"],
    AllowCredentials: true,
  });
});

test("preflights open nothing that pages may not call", () => {
  const any = preflight({ "Allow-Origin": "*", "Allow-Methods": "GET" });
  const apis: readonly (readonly [Readonly<Record<string, Method>>, RegExp])[] = [
    [{ "GET /a": method(), "OPTIONS /a": any, "GET /b": method() }, /\/b has no such method/],
    [
      { "GET /a": method(), "OPTIONS /a": any, "OPTIONS /b": preflight({ "Allow-Origin": "https://b" }) },
      /allow different things/,
    ],
    [
      {
        "GET /a": method(),
        "OPTIONS /a": any,
        "GET /b": method(),
        "OPTIONS /b": preflight({ "Allow-Origin": "*", "Allow-Methods": "POST" }),
      },
      /pages may not call GET \/b now/,
    ],
    [
      { "GET /a": method(), "OPTIONS /a": preflight({ "Allow-Origin": "*", "Allow-Credentials": "true" }) },
      /allow-credentials is not supported/,
    ],
  ];
  for (const [methods, reason] of apis) {
    const made = convert(anApi(methods));
    assert.equal(made.definition.api.CorsConfiguration, undefined);
    assert.match(lossesOf(made, "API").join(), reason);
    assert.deepEqual(lossesOf(made, "OPTIONS /a"), ["left out: MOCK integration"]);
  }
});

test("a stage's throttles, variables and logs are listed", () => {
  const setting = { throttlingRateLimit: 5, throttlingBurstLimit: 2, cachingEnabled: true };
  const made = convert(anApi({ "GET /a": method() }), {
    stageName: "dev",
    methodSettings: { "*/*": setting as Stage["methodSettings"][string] },
    variables: { host: "a" },
    accessLogSettings: { destinationArn: "arn" },
  });
  assert.deepEqual(lossesOf(made, "stage dev"), [
    "set on the stage: throttle of all methods: 5 a second, 2 at once",
    "set on the stage: cache of */*",
    "set on the stage: stage variables host",
    "set on the stage: access log",
  ]);
});
