// Every operation of API Gateway's second version with what no caller should send: members of wrong types, members that there
// are none, texts of a megabyte, ids of nothing, and ids of another account. What is refused changes nothing.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { makeV2Management, scope } from "../../../test/v2-management.ts";
import { beyondAwsNames } from "../../definition/beyond-aws.ts";
import { loadModel, type Shape, shapeOf, wireName } from "../../protocol/model.ts";
import { makeControlLimits } from "../control-limits.ts";
import { makeRestOperations } from "../rest/operations.ts";

const model = loadModel("apigatewayv2");
const management = makeV2Management({
  beyondAws: beyondAwsNames,
  others: (store) => [{ model: "apigateway", operations: makeRestOperations({ store, limits: makeControlLimits() }) }],
});
after(() => management.store.close());

const { account: owner, region } = scope;
const stranger = "999999999999";

const send = async (method: string, target: string, body?: object | string, account = owner) => {
  const { status, text } = await management.send(method, target, body, account);
  return { status, text, json: text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : {} };
};

/** What the labels of paths are called that the owner has. */
const ids = new Map<string, string>();
const pathOf = (uri: string, labels: (label: string) => string): string =>
  uri.replaceAll(/\{([^}]+)\}/g, (_, label: string) => encodeURIComponent(labels(label)));
const owned = (label: string): string => ids.get(label) ?? assert.fail(`nothing is known of ${label}`);

const url = {
  integrationType: "HTTP_PROXY",
  integrationMethod: "ANY",
  integrationUri: "https://a.example",
  payloadFormatVersion: "1.0",
};
const document = JSON.stringify({ openapi: "3.0.1", info: { title: "t", version: "1" }, paths: {} });
const rule = () => ({
  priority: 5,
  conditions: [],
  actions: [{ invokeApi: { apiId: owned("restApiId"), stage: "prod" } }],
});
const portal = {
  authorization: { none: {} },
  endpointConfiguration: { none: {} },
  portalContent: {
    displayName: "pets",
    theme: {
      customColors: {
        accentColor: "#000000",
        backgroundColor: "#000000",
        errorValidationColor: "#000000",
        headerColor: "#000000",
        navigationColor: "#000000",
        textColor: "#000000",
      },
    },
  },
};
const sharing = (): object => ({
  policyDocument: JSON.stringify({
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow",
      Principal: { AWS: owner },
      Action: "apigateway:GetPortalProduct",
      Resource: `arn:aws:apigateway:${region}:${owner}:/portalproducts/${owned("portalProductId")}`,
    },
  }),
});

/** A whole body for each operation that needs more than what is given in its path. */
const bodies: Readonly<Record<string, () => object>> = {
  CreateApi: () => ({ name: "a", protocolType: "HTTP" }),
  CreateApiMapping: () => ({ apiId: owned("apiId"), stage: "prod", apiMappingKey: "other" }),
  CreateAuthorizer: () => ({
    name: "f2",
    authorizerType: "REQUEST",
    identitySource: ["$request.header.a"],
    authorizerPayloadFormatVersion: "2.0",
    authorizerUri: `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/arn:aws:lambda:${region}:${owner}:function:f/invocations`,
  }),
  CreateDomainName: () => ({
    domainName: "two.example",
    domainNameConfigurations: [{ certificateArn: `arn:aws:acm:${region}:${owner}:certificate/a` }],
  }),
  CreateIntegration: () => url,
  CreateIntegrationResponse: () => ({ integrationResponseKey: "/4../" }),
  CreateModel: () => ({ name: "Two", schema: "{}" }),
  CreatePortal: () => portal,
  CreatePortalProduct: () => ({ displayName: "pets" }),
  CreateProductPage: () => ({ displayContent: { body: "b", title: "t" } }),
  CreateProductRestEndpointPage: () => ({
    restEndpointIdentifier: { identifierParts: { restApiId: "a", stage: "b", path: "/", method: "GET" } },
  }),
  CreateRoute: () => ({ routeKey: "GET /two" }),
  CreateRouteResponse: () => ({ routeResponseKey: "$default" }),
  CreateRoutingRule: rule,
  CreateStage: () => ({ stageName: "two" }),
  CreateVpcLink: () => ({ name: "l", subnetIds: ["subnet-1"] }),
  ImportApi: () => ({ body: document }),
  ReimportApi: () => ({ body: document }),
  PutPortalProductSharingPolicy: sharing,
  PutRoutingRule: rule,
  TagResource: () => ({ tags: { a: "1" } }),
};
const queries: Readonly<Record<string, string>> = {
  ExportApi: "outputType=JSON",
  UntagResource: "tagKeys=a",
};

/** Makes what the operations are tried on: one of everything. */
async function populate(): Promise<void> {
  const make = async (operation: string, label: string | undefined, body: object): Promise<void> => {
    const { http } = model.operations[operation]!;
    const { status, text, json } = await send(http.method, pathOf(http.requestUri, owned), body);
    assert.ok(status < 300, `${operation}: ${text}`);
    if (label !== undefined) ids.set(label, String(json[label]));
  };
  await make("CreateApi", "apiId", {
    name: "chat",
    protocolType: "WEBSOCKET",
    routeSelectionExpression: "$request.body.a",
  });
  await make("CreateRoute", "routeId", { routeKey: "join", routeResponseSelectionExpression: "$default" });
  await make("CreateRouteResponse", "routeResponseId", { routeResponseKey: "$default" });
  const chat = new Map(ids);
  await make("CreateApi", "apiId", { name: "pets", protocolType: "HTTP", tags: { a: "1" } });
  await make("CreateModel", "modelId", { name: "Pet", schema: '{"type":"object"}' });
  await make("CreateIntegration", "integrationId", { integrationType: "MOCK" });
  await make("CreateIntegrationResponse", "integrationResponseId", { integrationResponseKey: "$default" });
  const requestParameters = { "route.request.header.a": { required: true } };
  await make("CreateRoute", "routeId", { routeKey: "GET /", requestParameters });
  await make("CreateAuthorizer", "authorizerId", { ...bodies["CreateAuthorizer"]!(), name: "f" });
  await make("CreateStage", "stageName", { stageName: "prod", routeSettings: { "GET /": { throttlingRateLimit: 1 } } });
  await make("CreateDeployment", "deploymentId", { stageName: "prod" });
  await make("CreateDomainName", "domainName", { ...bodies["CreateDomainName"]!(), domainName: "one.example" });
  await make("CreateApiMapping", "apiMappingId", { apiId: owned("apiId"), stage: "prod" });
  const made = (await send("POST", "/restapis", { name: "rest" })).json;
  ids.set("restApiId", String(made["id"]));
  const method = `/restapis/${made["id"]}/resources/${made["rootResourceId"]}/methods/GET`;
  await send("PUT", method, { authorizationType: "NONE" });
  await send("PUT", `${method}/integration`, { type: "MOCK" });
  await send("POST", `/restapis/${made["id"]}/deployments`, { stageName: "prod" });
  await make("CreateRoutingRule", "routingRuleId", { ...rule(), priority: 1 });
  await make("CreateVpcLink", "vpcLinkId", bodies["CreateVpcLink"]!());
  await make("CreatePortalProduct", "portalProductId", { displayName: "pets" });
  await make("CreateProductPage", "productPageId", bodies["CreateProductPage"]!());
  await make("PutPortalProductSharingPolicy", undefined, sharing());
  await make("CreatePortal", "portalId", portal);
  ids.set("productRestEndpointPageId", "none");
  ids.set("routeResponseId", chat.get("routeResponseId")!);
  ids.set("requestParameterKey", "route.request.header.a");
  ids.set("routeKey", "GET /");
  ids.set("specification", "OAS30");
  ids.set("resource-arn", `arn:aws:apigateway:${region}::/apis/${owned("apiId")}`);
  chatIds = chat;
}
let chatIds: ReadonlyMap<string, string> = new Map();

/** The labels of an operation's path; what only WebSocket APIs have is of the one that there is. */
const labelsOf =
  (operation: string) =>
  (label: string): string =>
    operation.includes("RouteResponse") && chatIds.has(label) ? chatIds.get(label)! : owned(label);

/** Everything that the owner has, as its own calls show it. */
async function everything(): Promise<string> {
  const texts: string[] = [];
  for (const [operation, { http }] of Object.entries(model.operations)) {
    if (http.method !== "GET" || operation === "ExportApi") continue;
    const { status, text } = await send("GET", pathOf(http.requestUri, labelsOf(operation)));
    texts.push(`${operation} ${status} ${text}`);
  }
  return texts.join("\n");
}

interface Attack {
  readonly what: string;
  readonly operation: string;
  readonly target: string;
  readonly body: object | string | undefined;
}

const inputOf = (operation: string): Shape => {
  const { input } = model.operations[operation]!;
  return input === undefined ? { type: "structure" } : shapeOf(model, input.shape);
};

/** The members of an operation's body. */
const bodyMembersOf = (operation: string): readonly (readonly [wire: string, shape: Shape])[] =>
  Object.entries(inputOf(operation).members ?? {}).flatMap(([name, member]) =>
    member.location === undefined ? [[wireName(name, member), shapeOf(model, member.shape)] as const] : [],
  );

function attack(
  operation: string,
  what: string,
  change: { labels?: (label: string) => string; body?: object | string },
): Attack {
  const { requestUri } = model.operations[operation]!.http;
  const path = pathOf(requestUri, change.labels ?? labelsOf(operation));
  const query = queries[operation];
  const body = "body" in change ? change.body : bodies[operation]?.();
  return { what, operation, target: query === undefined ? path : `${path}?${query}`, body };
}

const wrongTypes: Readonly<Record<string, readonly unknown[]>> = {
  string: [{}, [], { a: 1 }, ["a"]],
  boolean: ["perhaps", {}, [], 2],
  integer: ["many", {}, [], 1.5, 1e99, "1e3"],
  double: ["much", {}, []],
  long: ["many", {}, []],
  list: ["a", {}, 1, true, [[[]]], [{ a: 1 }]],
  map: ["a", [], 1, true, { a: {} }, { a: [[]] }],
  structure: ["a", [], 1, true],
  timestamp: [{}, [], "yesterday"],
};

/** A list or map of documents is wrong where texts are, and may be right elsewhere. */
const isWrong = (value: unknown, { member, value: of }: Shape): boolean => {
  const inner = member ?? of;
  const isFilled = typeof value === "object" && value !== null && Object.values(value).length > 0;
  return inner === undefined || !isFilled || shapeOf(model, inner.shape).type === "string";
};

const megabyte = "x".repeat(1_000_000);

/** Members of a domain name's configuration that answers have: in an input they are not read. */
const shownOnly: ReadonlySet<string> = new Set(["ApiGatewayDomainName", "DomainNameStatusMessage", "HostedZoneId"]);

/** Places a long text where a shape has one, at the top or below. */
function longValues(shape: Shape, depth = 0): unknown[] {
  switch (shape.type) {
    case "string":
      return [megabyte];
    case "list":
      return longValues(shapeOf(model, shape.member!.shape), depth + 1).map((value) => [value]);
    case "map":
      return [
        ...longValues(shapeOf(model, shape.value!.shape), depth + 1).map((value) => ({ a: value })),
        ...(depth === 0 ? [{ [megabyte]: shapeOf(model, shape.value!.shape).type === "map" ? { a: "b" } : "a" }] : []),
      ];
    case "structure":
      return depth > 3
        ? []
        : Object.entries(shape.members ?? {})
            .filter(([name]) => !shownOnly.has(name))
            .flatMap(([name, member]) =>
              longValues(shapeOf(model, member.shape), depth + 1).map((value) => ({ [wireName(name, member)]: value })),
            );
    default:
      return [];
  }
}

const names = Object.keys(model.operations);
const writing = names.filter((name) => bodyMembersOf(name).length > 0);

/** Sends the attack. It is refused with a status of the caller's, and by a short answer. */
async function isRefused({ what, operation, target, body }: Attack, account = owner): Promise<void> {
  const { status, text } = await send(model.operations[operation]!.http.method, target, body, account);
  const shown = `${operation}, ${what}: ${status} ${text.slice(0, 300)}`;
  assert.ok(status >= 400 && status < 500, shown);
  assert.ok(text.length < 20_000, `${operation}, ${what}: an answer of ${text.length} characters`);
}

describe("every operation of apigatewayv2 refuses bad input, and what is there stays", () => {
  before(populate);

  const holds = (what: string, makeAttacks: () => readonly Attack[], account = owner): void =>
    void it(what, { timeout: 240_000 }, async () => {
      const state = await everything();
      const attacks = makeAttacks();
      assert.ok(attacks.length > 50, `${attacks.length} attacks`);
      const passed: string[] = [];
      for (const each of attacks) await isRefused(each, account).catch((error) => passed.push(error.message));
      assert.deepEqual(passed, []);
      assert.equal(await everything(), state);
    });

  it("the table has all of them", () => assert.equal(names.length, 103));

  holds("members of wrong types", () =>
    writing.flatMap((operation) =>
      bodyMembersOf(operation).flatMap(([member, shape]) =>
        (wrongTypes[shape.type] ?? [])
          .filter((value) => isWrong(value, shape))
          .map((value) =>
            attack(operation, `${member} = ${JSON.stringify(value)}`, {
              body: { ...bodies[operation]?.(), [member]: value },
            }),
          ),
      ),
    ),
  );

  holds("bodies that are no documents", () =>
    writing.flatMap((operation) =>
      ["{", "[]", '"a"', "1", "\u0000", `${"[".repeat(50_000)}`].map((body) =>
        attack(operation, `the body ${body.slice(0, 10)}`, { body }),
      ),
    ),
  );

  holds("texts of a megabyte", () =>
    writing.flatMap((operation) =>
      bodyMembersOf(operation).flatMap(([member, shape]) =>
        longValues(shape).map((value) =>
          attack(operation, `a megabyte in ${member}`, { body: { ...bodies[operation]?.(), [member]: value } }),
        ),
      ),
    ),
  );

  const strange = [
    "nope",
    "..",
    "a/b",
    "a b",
    "*",
    "\u0000",
    "constructor",
    "__proto__",
    "ü",
    "x".repeat(5_000),
    "'--",
  ];
  holds("ids of nothing", () =>
    names.flatMap((operation) => {
      const { requestUri } = model.operations[operation]!.http;
      return Array.from(requestUri.matchAll(/\{([^}]+)\}/g), ([, label = ""]) => label).flatMap((label) =>
        strange.map((id) =>
          attack(operation, `${label} = ${id.slice(0, 20)}`, {
            labels: (each) => (each === label ? id : labelsOf(operation)(each)),
          }),
        ),
      );
    }),
  );

  holds(
    "ids of another account",
    () =>
      names
        .filter((operation) => model.operations[operation]!.http.requestUri.includes("{"))
        .map((operation) => attack(operation, "of another account", {})),
    stranger,
  );

  it("members that there are none are not kept", async () => {
    for (const operation of writing) {
      const odd = {
        bogus: 1,
        __proto__: { polluted: true },
        constructor: { prototype: { polluted: true } },
        ApiID: "x",
      };
      const text = JSON.stringify({ ...bodies[operation]?.(), ...odd }).replace("{", '{"__proto__":{"polluted":true},');
      const { target } = attack(operation, "unknown members", {});
      const { status, text: answer } = await send(model.operations[operation]!.http.method, target, text);
      assert.ok(status < 500, `${operation}: ${answer}`);
      assert.doesNotMatch(answer, /bogus|polluted/, operation);
      assert.equal(({} as { polluted?: unknown }).polluted, undefined, operation);
    }
  });
});
