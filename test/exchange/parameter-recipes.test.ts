// biome-ignore-all lint/suspicious/noTemplateCurlyInString: stage variables are written like template strings.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Integration } from "../../src/definition/rest-api.ts";
import { aMethod, anHttpProxy, aRestApi, aStage } from "./a-rest-api.ts";
import { type Backend, startBackend, startGateway } from "./start-gateway.ts";

// How parameters are renamed, changed, added and dropped on the way to an HTTP backend.
// AWS: API Gateway Developer Guide, "Parameter mapping examples for REST APIs in API Gateway" and "Override your API's
// request and response parameters and status codes".

interface Recipe {
  /** Without a type for both HTTP and HTTP_PROXY. */
  readonly type?: "HTTP" | "HTTP_PROXY";
  /** After the backend's origin. */
  readonly uri?: string;
  readonly mappings?: Readonly<Record<string, string>>;
  readonly template?: string;
  /** Below the route `/r/{id}`. */
  readonly target: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string;
  /** What the backend gets. */
  readonly url: string;
  readonly seen?: Readonly<Record<string, string | undefined>>;
}

const request = "integration.request";

const recipes: Readonly<Record<string, Recipe>> = {
  "a query parameter is renamed; HTTP_PROXY passes the old one, too": {
    type: "HTTP_PROXY",
    mappings: { [`${request}.querystring.new`]: "method.request.querystring.old" },
    target: "/r/1?old=1&other=2",
    url: "/?old=1&other=2&new=1",
  },
  "a query parameter is renamed; HTTP passes nothing else": {
    type: "HTTP",
    mappings: { [`${request}.querystring.new`]: "method.request.querystring.old" },
    target: "/r/1?old=1&other=2",
    url: "/?new=1",
  },
  "a query parameter is changed by a template": {
    type: "HTTP",
    template: '#set($context.requestOverride.querystring.upper = $input.params("q").toUpperCase())',
    target: "/r/1?q=a%26b",
    url: "/?upper=A%26B",
  },
  "a query parameter gets a literal, encoded for the query": {
    mappings: { [`${request}.querystring.v`]: "'a b&c=ü'" },
    target: "/r/1",
    url: "/?v=a%20b%26c%3D%C3%BC",
  },
  "a query parameter of the URI stays beside mapped ones": {
    uri: "/?fixed=1",
    mappings: { [`${request}.querystring.v`]: "method.request.path.id" },
    target: "/r/7",
    url: "/?fixed=1&v=7",
  },
  "a repeated query parameter gives its last value": {
    type: "HTTP",
    mappings: { [`${request}.querystring.last`]: "method.request.querystring.q" },
    target: "/r/1?q=1&q=2",
    url: "/?last=2",
  },
  "a repeated query parameter gives all of its values": {
    type: "HTTP",
    mappings: { [`${request}.querystring.all`]: "method.request.multivaluequerystring.q" },
    target: "/r/1?q=1&q=2&q=",
    url: "/?all=1&all=2&all=",
  },
  "a query parameter's semicolon splits": {
    type: "HTTP",
    mappings: { [`${request}.querystring.b`]: "method.request.querystring.b" },
    target: "/r/1?a=1;b=2",
    url: "/?b=2",
  },
  "braces of a query parameter's name are lost, unless they are escaped": {
    type: "HTTP",
    mappings: {
      [`${request}.querystring.bare`]: "method.request.querystring.filterreceipt",
      [`${request}.header.X-Value`]: "method.request.querystring.v",
    },
    target: "/r/1?filter{receipt}=1&v={x}&%7Bfilterreceipt%7D=2",
    url: "/?bare=1",
    seen: { "x-value": "{x}" },
  },
  "a query parameter that is not there is not sent": {
    mappings: { [`${request}.querystring.v`]: "method.request.querystring.none" },
    target: "/r/1",
    url: "/",
  },
  "a query parameter becomes a header, and a header a query parameter": {
    type: "HTTP",
    mappings: {
      [`${request}.header.X-Q`]: "method.request.querystring.q",
      [`${request}.querystring.h`]: "method.request.header.X-H",
    },
    target: "/r/1?q=from%20query",
    headers: { "X-H": "from header" },
    url: "/?h=from%20header",
    seen: { "x-q": "from query", "x-h": undefined },
  },
  "a header is renamed; HTTP_PROXY passes the old one, too": {
    type: "HTTP_PROXY",
    mappings: { [`${request}.header.X-New`]: "method.request.header.X-Old" },
    target: "/r/1",
    headers: { "X-Old": "v" },
    url: "/",
    seen: { "x-new": "v", "x-old": "v" },
  },
  "a header of the client's is replaced": {
    type: "HTTP_PROXY",
    mappings: { [`${request}.header.x-mine`]: "'gateway'" },
    target: "/r/1",
    headers: { "X-Mine": ["client", "again"] },
    url: "/",
    seen: { "x-mine": "gateway" },
  },
  "a header is emptied by an empty literal": {
    type: "HTTP_PROXY",
    mappings: { [`${request}.header.X-Secret`]: "''" },
    target: "/r/1",
    headers: { "X-Secret": "s" },
    url: "/",
    seen: { "x-secret": "" },
  },
  "a header is changed by a template, whatever is mapped": {
    type: "HTTP",
    mappings: { [`${request}.header.X-Mine`]: "'mapped'" },
    template: "#set($context.requestOverride.header.x-mine = \"over$input.params('X-In')\")",
    target: "/r/1",
    headers: { "X-In": "ride" },
    url: "/",
    seen: { "x-mine": "override" },
  },
  "a header gets several values of a template in one line": {
    type: "HTTP",
    template: '#set($context.requestOverride.header.X-List = ["a", "b"])',
    target: "/r/1",
    url: "/",
    seen: { "x-list": "a,b" },
  },
  "a repeated header gives its last value, or all": {
    type: "HTTP",
    mappings: {
      [`${request}.header.X-Last`]: "method.request.header.X-In",
      [`${request}.header.X-All`]: "method.request.multivalueheader.X-In",
    },
    target: "/r/1",
    headers: { "X-In": ["1", "2"] },
    url: "/",
    seen: { "x-last": "2", "x-all": "1,2" },
  },
  "many parameters make one": {
    type: "HTTP",
    template: "#set($context.requestOverride.header.X-Both = \"$input.params('id')-$input.params('q')\")",
    target: "/r/1?q=2",
    url: "/",
    seen: { "x-both": "1-2" },
  },
  "a path parameter is renamed": {
    uri: "/items/{item}/end",
    mappings: { [`${request}.path.item`]: "method.request.path.id" },
    target: "/r/a%20b",
    url: "/items/a%20b/end",
  },
  "a path parameter comes from the query": {
    type: "HTTP",
    uri: "/items/{item}",
    mappings: { [`${request}.path.item`]: "method.request.querystring.q" },
    target: "/r/1?q=a%2Fb%20c",
    url: "/items/a%2Fb%20c",
  },
  "a path parameter is overridden": {
    type: "HTTP",
    uri: "/items/{item}",
    mappings: { [`${request}.path.item`]: "method.request.path.id" },
    template: '#set($context.requestOverride.path.item = "other/one")',
    target: "/r/1",
    url: "/items/other%2Fone",
  },
  "a path parameter is dropped where the URI has none": { uri: "/items", target: "/r/1", url: "/items" },
  "context and stage variables": {
    mappings: {
      [`${request}.header.X-Stage`]: "context.stage",
      [`${request}.header.X-Verb`]: "context.httpMethod",
      [`${request}.header.X-Resource`]: "context.resourcePath",
      [`${request}.querystring.team`]: "stageVariables.team",
      [`${request}.header.X-None`]: "stageVariables.none",
    },
    target: "/r/1",
    url: "/?team=pets",
    seen: { "x-stage": "prod", "x-verb": "POST", "x-resource": "/r/{id}", "x-none": undefined },
  },
  "values of the body": {
    mappings: {
      [`${request}.header.X-Name`]: "method.request.body.pet.name",
      [`${request}.header.X-Tags`]: "method.request.body.tags",
      [`${request}.querystring.first`]: "method.request.body.tags[0]",
      [`${request}.header.X-None`]: "method.request.body.none",
    },
    target: "/r/1",
    headers: { "Content-Type": "application/json" },
    body: '{"pet":{"name":"Rex"},"tags":["a","b"]}',
    url: "/?first=a",
    seen: { "x-name": "Rex", "x-tags": '["a","b"]', "x-none": undefined },
  },
  "a line break in a value ends no header": {
    mappings: { [`${request}.header.X-Q`]: "method.request.querystring.q" },
    type: "HTTP",
    target: "/r/1?q=a%0d%0aX-Injected:%20b%00c",
    url: "/",
    seen: { "x-q": "aX-Injected: bc", "x-injected": undefined },
  },
};

const integrationOf = (type: "HTTP" | "HTTP_PROXY", { mappings, template, uri = "/" }: Recipe, origin: string) => {
  const integration: Integration = {
    ...anHttpProxy(`${origin}${uri}`),
    type,
    httpMethod: "POST",
    ...(mappings === undefined ? {} : { requestParameters: mappings }),
    ...(template === undefined ? {} : { requestTemplates: { "application/json": `${template}{}` } }),
    ...(type === "HTTP" ? { integrationResponses: { "200": { statusCode: "200" } } } : {}),
  };
  return integration;
};

for (const [name, recipe] of Object.entries(recipes)) {
  test(`parameters: ${name}`, async () => {
    await using backend: Backend = await startBackend();
    await using gateway = await startGateway();
    for (const type of recipe.type === undefined ? (["HTTP", "HTTP_PROXY"] as const) : [recipe.type]) {
      const method = aMethod(integrationOf(type, recipe, backend.origin), { httpMethod: "POST" });
      gateway.deploy(aRestApi({ "/r/{id}": { POST: method } }), aStage({ variables: { team: "pets" } }));
      const { headers = {}, body = "{}" } = recipe;
      const reply = await gateway.call(recipe.target, { method: "POST", headers, body });
      assert.equal(reply.status, 200, `${type}: ${String(reply.headers["x-portico-hint"])}`);
      const seen = backend.requests.at(-1)!;
      assert.equal(seen.url, recipe.url, type);
      for (const [header, value] of Object.entries(recipe.seen ?? {})) {
        assert.equal(seen.headers[header], value, `${type} ${header}`);
      }
    }
    assert.deepEqual(gateway.errors, []);
  });
}

test("response headers are renamed, made of the body, of all values, of the context, and dropped", async () => {
  await using backend = await startBackend((_, outgoing) =>
    outgoing
      .writeHead(
        200,
        [
          ["X-One", "1"],
          ["X-Many", "a"],
          ["X-Many", "b"],
          ["X-Secret", "s"],
        ].flat(),
      )
      .end('{"id":7,"links":{"next":"/2"}}'),
  );
  await using gateway = await startGateway();
  const target = "method.response.header";
  const template = `$input.body#set($context.responseOverride.header.X-Over = "o")`;
  gateway.deploy(
    aRestApi({
      "/": {
        GET: aMethod({
          type: "HTTP",
          httpMethod: "GET",
          uri: backend.origin,
          integrationResponses: {
            "200": {
              statusCode: "200",
              responseParameters: {
                [`${target}.X-New`]: "integration.response.header.X-One",
                [`${target}.X-All`]: "integration.response.multivalueheader.X-Many",
                [`${target}.X-Last`]: "integration.response.header.X-Many",
                [`${target}.X-Id`]: "integration.response.body.id",
                [`${target}.Link`]: "integration.response.body.links.next",
                [`${target}.X-Links`]: "integration.response.body.links",
                [`${target}.X-Fixed`]: "'it is fixed'",
                [`${target}.X-Stage`]: "stageVariables.team",
                [`${target}.X-Path`]: "context.resourcePath",
                [`${target}.X-None`]: "integration.response.header.none",
                [`${target}.X-Over`]: "'mapped'",
              },
              responseTemplates: { "application/json": template },
            },
          },
        }),
      },
    }),
    aStage({ variables: { team: "pets" } }),
  );
  const { headers, rawHeaders } = await gateway.call("/");
  const all = rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1] === "X-All");
  assert.deepEqual(all, ["a", "b"]);
  const shown = [
    "x-new",
    "x-last",
    "x-id",
    "link",
    "x-links",
    "x-fixed",
    "x-stage",
    "x-path",
    "x-none",
    "x-over",
    "x-secret",
  ];
  assert.deepEqual(
    shown.map((name) => headers[name]),
    ["1", "b", "7", "/2", '{"next":"/2"}', "it is fixed", "pets", "/", undefined, "o", undefined],
  );
});
