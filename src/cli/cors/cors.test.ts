import assert from "node:assert/strict";
import { test } from "node:test";
import type { Integration, IntegrationResponse, Method } from "@aws-sdk/client-api-gateway";
import type { ApiState } from "./api-state.ts";
import { findCorsProblems } from "./find-cors-problems.ts";
import { type CorsSettings, planCors, usualHeaders } from "./plan-cors.ts";

const origin = "method.response.header.Access-Control-Allow-Origin";
const functionUri =
  "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations";

function anApi(
  resources: Readonly<Record<string, Readonly<Record<string, Method>>>>,
  overrides: Partial<ApiState> = {},
): ApiState {
  return {
    restApiId: "api",
    binaryMediaTypes: [],
    resources: Object.entries(resources).map(([path, methods]) => ({
      resourceId: `id of ${path}`,
      path,
      methods: new Map(Object.entries(methods)),
    })),
    gatewayResponses: [],
    authorizerHeaders: new Map(),
    ...overrides,
  };
}

/** A method with a MOCK and its answers, each declared in a method response. */
function aMock(answers: Readonly<Record<string, Readonly<Record<string, string>>>>, overrides: Method = {}): Method {
  const integrationResponses: Record<string, IntegrationResponse> = {};
  const methodResponses: NonNullable<Method["methodResponses"]> = {};
  for (const [statusCode, responseParameters] of Object.entries(answers)) {
    integrationResponses[statusCode] = { statusCode, responseParameters };
    const declared = Object.keys(responseParameters).map((name) => [name, false]);
    methodResponses[statusCode] = { statusCode, responseParameters: Object.fromEntries(declared) };
  }
  const requestTemplates = { "application/json": '{"statusCode": 200}' };
  return {
    authorizationType: "NONE",
    methodResponses,
    methodIntegration: { type: "MOCK", requestTemplates, integrationResponses },
    ...overrides,
  };
}

const untold = (method: Method): Method => ({
  ...method,
  methodIntegration: { ...method.methodIntegration, requestTemplates: {} },
});

const aProxy = (integration: Integration = { type: "AWS_PROXY", uri: functionUri }): Method => ({
  authorizationType: "NONE",
  methodIntegration: integration,
});

const aPreflight = (
  values: { methods?: string; headers?: string; origin?: string } = {},
  overrides: Method = {},
): Method =>
  aMock(
    {
      "200": {
        [origin]: `'${values.origin ?? "*"}'`,
        "method.response.header.Access-Control-Allow-Methods": `'${values.methods ?? "GET,OPTIONS,PUT"}'`,
        "method.response.header.Access-Control-Allow-Headers": `'${values.headers ?? "Content-Type"}'`,
      },
    },
    overrides,
  );

const readable = { "200": { [origin]: "'*'" } };

const bothDefaults: ApiState["gatewayResponses"] = (["DEFAULT_4XX", "DEFAULT_5XX"] as const).map((responseType) => ({
  responseType,
  responseParameters: { "gatewayresponse.header.Access-Control-Allow-Origin": "'*'" },
}));

const settings: CorsSettings = {
  origin: "*",
  methods: undefined,
  headers: usualHeaders,
  credentials: false,
  maxAgeSeconds: undefined,
  paths: undefined,
  allAnswers: false,
};

const callsOf = (api: ApiState, overrides: Partial<CorsSettings> = {}): string[] =>
  planCors(api, { ...settings, ...overrides }).changes.map(({ of, operation }) => `${of}: ${operation}`);

test("a resource is given a preflight by MOCK, and its successes an origin", () => {
  const { changes } = planCors(anApi({ "/a": { GET: aMock({ "200": {}, "404": {} }) } }), settings);
  assert.deepEqual(
    changes.map(({ of, operation }) => `${of}: ${operation}`),
    [
      "OPTIONS /a: PutMethod",
      "OPTIONS /a: PutIntegration",
      "OPTIONS /a: PutMethodResponse",
      "OPTIONS /a: PutIntegrationResponse",
      "GET /a: UpdateMethodResponse",
      "GET /a: UpdateIntegrationResponse",
      "gateway response DEFAULT_4XX: UpdateGatewayResponse",
      "gateway response DEFAULT_5XX: UpdateGatewayResponse",
    ],
  );
  assert.deepEqual(changes[3]?.input["responseParameters"], {
    "method.response.header.Access-Control-Allow-Headers":
      "'Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token'",
    "method.response.header.Access-Control-Allow-Methods": "'GET,OPTIONS'",
    [origin]: "'*'",
  });
  assert.equal(changes[5]?.input["statusCode"], "200");
});

test("what is as it should be is left alone, and only what differs is changed", () => {
  const api = anApi({ "/a": { OPTIONS: aPreflight(), PUT: aMock(readable) } }, { gatewayResponses: bothDefaults });
  const same = { methods: ["GET", "OPTIONS", "PUT"], headers: ["Content-Type"] };
  assert.deepEqual(callsOf(api, same), []);
  const { changes } = planCors(api, { ...settings, ...same, headers: ["Content-Type", "X-Trace"] });
  assert.deepEqual(
    changes.map(({ operation, input }) => [operation, input["patchOperations"]]),
    [
      [
        "UpdateIntegrationResponse",
        [
          {
            op: "replace",
            path: "/responseParameters/method.response.header.Access-Control-Allow-Headers",
            value: "'Content-Type,X-Trace'",
          },
        ],
      ],
    ],
  );
});

test("credentials are added with an origin, and taken away without", () => {
  const credentials = "method.response.header.Access-Control-Allow-Credentials";
  const wide = anApi({ "/a": { OPTIONS: aPreflight(), GET: aMock(readable) } });
  const added = planCors(wide, { ...settings, origin: "https://a.example", credentials: true });
  assert.match(JSON.stringify(added.changes), /"path":"\/responseParameters\/[^"]*Allow-Credentials","value":"'true'"/);
  const open = anApi({ "/a": { GET: aMock({ "200": { [origin]: "'*'", [credentials]: "'true'" } }) } });
  assert.match(JSON.stringify(planCors(open, settings).changes), /"op":"remove","path":"[^"]*Allow-Credentials"/);
});

test("an OPTIONS method that can't answer preflights is opened, and one with a backend is not touched", () => {
  const guarded = aPreflight({}, { authorizationType: "AWS_IAM", apiKeyRequired: true });
  const api = anApi({ "/a": { OPTIONS: guarded } }, { binaryMediaTypes: ["*/*"] });
  assert.deepEqual(callsOf(api, { methods: ["GET", "OPTIONS", "PUT"], headers: ["Content-Type"] }).slice(0, 2), [
    "OPTIONS /a: UpdateMethod",
    "OPTIONS /a: UpdateIntegration",
  ]);
  const made = planCors(anApi({ "/a": { GET: aProxy() } }, { binaryMediaTypes: ["*/*"] }), settings);
  assert.equal(made.changes[1]?.input["contentHandling"], "CONVERT_TO_TEXT");
  assert.deepEqual(made.notes, ["GET /a: the function f itself has to answer Access-Control-Allow-Origin: *"]);
  const own = planCors(anApi({ "/a": { OPTIONS: aProxy() } }, { gatewayResponses: bothDefaults }), settings);
  assert.deepEqual(own.changes, []);
  assert.match(own.notes[0] ?? "", /OPTIONS \/a is answered by the function f, and left as it is/);
});

test("errors are made readable when that is asked for, and a customised gateway response always", () => {
  const api = anApi(
    { "/a": { GET: aMock({ "200": {}, "404": {} }) } },
    { gatewayResponses: [...bothDefaults, { responseType: "UNAUTHORIZED", statusCode: "401" }] },
  );
  const statuses = (allAnswers: boolean): unknown[] =>
    planCors(api, { ...settings, allAnswers })
      .changes.filter(({ operation }) => operation === "UpdateIntegrationResponse")
      .map(({ input }) => input["statusCode"]);
  assert.deepEqual([statuses(false), statuses(true)], [["200"], ["200", "404"]]);
  assert.deepEqual(planCors(api, settings).notes, ["GET /a: pages can't read its 404; --all-answers lets them"]);
  assert.deepEqual(callsOf(api).slice(-1), ["gateway response UNAUTHORIZED: UpdateGatewayResponse"]);
});

/** What is wrong with an API, by route; gateway responses are well unless they are the case. */
const problemsOf = (api: ApiState, names: boolean | undefined = undefined): string[] =>
  findCorsProblems(api, () => names).map(
    ({ method, path, message }) => `${[method, path].filter(Boolean).join(" ")}: ${message}`,
  );

const well = { gatewayResponses: bothDefaults };

for (const [what, api, names] of [
  ["an API without a trace of CORS", anApi({ "/a": { PUT: aMock({ "200": {} }), DELETE: aProxy() } }), false],
  ["a resource with preflight and origin", anApi({ "/a": { OPTIONS: aPreflight(), PUT: aMock(readable) } }, well)],
  ["a GET that needs no preflight", anApi({ "/a": { GET: aMock(readable) } }, well)],
  ["a backend that is not known", anApi({ "/a": { OPTIONS: aPreflight(), GET: aProxy() } }, well), undefined],
  ["a function that answers ANY", anApi({ "/a": { ANY: aProxy() }, "/b": { OPTIONS: aPreflight() } }, well), true],
  [
    "lists with * and a header in another case",
    anApi(
      {
        "/a": {
          OPTIONS: aPreflight({ methods: "*", headers: "x-api-key" }),
          DELETE: aMock(readable, { apiKeyRequired: true }),
        },
      },
      well,
    ),
  ],
  [
    "values that are mapped, and templates that set headers",
    anApi(
      {
        "/a": {
          OPTIONS: aMock(
            { "200": {} },
            {
              methodIntegration: {
                type: "MOCK",
                requestTemplates: { "application/json": '{"statusCode": 200}' },
                integrationResponses: {
                  "200": {
                    statusCode: "200",
                    responseTemplates: { "application/json": "#set($context.responseOverride.header.x = 1)" },
                  },
                },
              },
            },
          ),
          PUT: aMock({ "200": { [origin]: "stageVariables.origin" } }),
        },
      },
      well,
    ),
  ],
] as const)
  test(`nothing is said of ${what}`, () => assert.deepEqual(problemsOf(api, names), []));

for (const [what, api, expected, names] of [
  [
    "no OPTIONS where a browser asks",
    anApi({ "/a": { PUT: aMock(readable), GET: aMock(readable) } }, well),
    [/^PUT \/a: Browsers ask with OPTIONS before they send this, because of the verb PUT; here is no OPTIONS/],
  ],
  [
    "no OPTIONS where a header is needed",
    anApi(
      { "/a": { GET: aMock(readable, { authorizationType: "CUSTOM", authorizerId: "auth" }) } },
      {
        ...well,
        authorizerHeaders: new Map([["auth", ["X-Token"]]]),
      },
    ),
    [/^GET \/a: Browsers ask .* because it needs the header X-Token/],
  ],
  [
    "a verb and headers that OPTIONS does not allow",
    anApi(
      {
        "/a": {
          OPTIONS: aPreflight({ methods: "GET,OPTIONS", headers: "*" }),
          DELETE: aMock(readable, { authorizationType: "AWS_IAM" }),
        },
      },
      well,
    ),
    [
      /^DELETE \/a: .*Access-Control-Allow-Methods of OPTIONS lacks DELETE/,
      /^DELETE \/a: .*Access-Control-Allow-Headers of OPTIONS lacks Authorization$/,
    ],
  ],
  [
    "a guarded OPTIONS",
    anApi({ "/a": { OPTIONS: aPreflight({}, { apiKeyRequired: true }) } }, well),
    [/^OPTIONS \/a: Preflights have neither key nor token/],
  ],
  [
    "a guarded ANY that gets the preflights",
    anApi({ "/a": { ANY: aMock(readable, { authorizationType: "AWS_IAM" }) } }, well),
    [/^ANY \/a: A preflight goes to ANY, which is guarded/],
  ],
  [
    "a MOCK without a template",
    anApi({ "/a": { OPTIONS: untold(aPreflight()) } }, well),
    [/^OPTIONS \/a: Preflights are refused: .*no request template/],
  ],
  [
    "a MOCK that can't read its template",
    anApi({ "/a": { OPTIONS: aPreflight() } }, { ...well, binaryMediaTypes: ["*/*"] }),
    [/^OPTIONS \/a: Preflights are answered 500: .*CONVERT_TO_TEXT/],
  ],
  [
    "answers without the origin",
    anApi({ "/a": { OPTIONS: aPreflight(), PUT: aMock({ ...readable, "404": {} }) } }, well),
    [/^PUT \/a: What it answers with 404 has no Access-Control-Allow-Origin/],
  ],
  [
    "a function whose code does not name the header",
    anApi({ "/a": { OPTIONS: aPreflight(), GET: aProxy() } }, well),
    [/^GET \/a: Only the function f can set Access-Control-Allow-Origin here/],
    false,
  ],
  [
    "origins that browsers don't take",
    anApi(
      {
        "/a": { OPTIONS: aPreflight({ origin: "https://a.example,https://b.example" }) },
        "/b": { OPTIONS: aPreflight({ origin: "https://a.example/" }) },
        "/c": {
          GET: aMock({
            "200": { [origin]: "'*'", "method.response.header.Access-Control-Allow-Credentials": "'true'" },
          }),
        },
      },
      well,
    ),
    [/^OPTIONS \/a: .*names several origins/, /^OPTIONS \/b: .*equals no origin/, /^GET \/c: .*is \*, which browsers/],
  ],
  [
    "gateway responses that pages can't read",
    anApi(
      { "/a": { OPTIONS: aPreflight() } },
      {
        gatewayResponses: [...bothDefaults.slice(0, 1), { responseType: "UNAUTHORIZED" }],
      },
    ),
    [/^: The gateway's own errors \(gateway responses DEFAULT_5XX, UNAUTHORIZED\)/],
  ],
  [
    "resources that were forgotten, in one line",
    anApi(
      { "/a": { OPTIONS: aPreflight() }, "/b": { GET: aMock({ "200": {} }), PUT: aProxy() }, "/c": { GET: aProxy() } },
      well,
    ),
    [/^GET \/b: Pages of other origins can't call GET \/b, PUT \/b: /],
  ],
] as const)
  test(`a problem is ${what}`, () => {
    const found = problemsOf(api, names);
    assert.equal(found.length, expected.length, found.join("\n"));
    for (const [index, pattern] of expected.entries()) assert.match(found[index] ?? "", pattern);
  });
