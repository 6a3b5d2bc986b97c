// CORS of HTTP APIs: every combination of what is configured, what is asked, and what answers.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CorsConfiguration } from "../../src/definition/http-api.ts";
import { functionArn } from "./a-rest-api.ts";
import { aFunction, anHttpApi, anHttpStage, answeringKeys, aUrl, host } from "./an-http-api.ts";
import { FakeFunctions } from "./fake-functions.ts";
import { type GatewayUnderTest, type Reply, startBackend, startGateway } from "./start-gateway.ts";

const backend = { integration: aUrl("https://backend.example/") };
const guarded = { ...backend, route: { AuthorizationType: "AWS_IAM" } };
const origin = "https://app.example";

/** GET /pets answers with CORS headers of its own; /any takes all verbs; /own takes OPTIONS; /shut is guarded. */
const routes = {
  "GET /pets": backend,
  "ANY /any": backend,
  "OPTIONS /own": backend,
  "ANY /shut": guarded,
};

const own = {
  "Access-Control-Allow-Origin": "https://backend.example",
  "access-control-ALLOW-credentials": "true",
  "Access-Control-Allow-Methods": "TRACE",
  "Access-Control-Allow-Headers": "x-backend",
  "Access-Control-Expose-Headers": "x-backend",
  "Access-Control-Max-Age": "1",
  "Access-Control-Request-Method": "kept: it is no answer's",
  "X-Backend": "yes",
};

function serve(gateway: GatewayUnderTest, cors: CorsConfiguration | undefined, more: object = {}): void {
  const api = cors === undefined ? {} : { CorsConfiguration: cors };
  const { plan } = gateway.deployHttp(anHttpApi({ ...routes, ...more }, { api, integrations: [] }));
  gateway.gateway.setPlan("http123/$default", answeringKeys(plan, own));
}

/** The CORS headers of an answer, by what follows `access-control-`. */
const corsOf = ({ headers }: Reply): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith("access-control-") && !name.startsWith("access-control-request")
        ? [[name.slice("access-control-".length), value]]
        : [],
    ),
  );

const ask = (
  gateway: GatewayUnderTest,
  path: string,
  headers: Record<string, string>,
  method = "GET",
): Promise<Reply> => gateway.call(path, { host, isWhole: true, method, headers });
const preflight = (gateway: GatewayUnderTest, path: string, from = origin, wants = "PUT"): Promise<Reply> =>
  ask(gateway, path, { Origin: from, "Access-Control-Request-Method": wants }, "OPTIONS");

/** What is configured, with the headers that it gives to preflights and to other requests of an allowed origin. */
const configurations: readonly (readonly [
  CorsConfiguration,
  from: string,
  Record<string, string>,
  Record<string, string>,
])[] = [
  [{ AllowOrigins: ["*"] }, origin, { "allow-origin": "*" }, { "allow-origin": "*" }],
  [{ AllowOrigins: [origin] }, origin, { "allow-origin": origin }, { "allow-origin": origin }],
  [{ AllowOrigins: ["https://*"] }, origin, { "allow-origin": origin }, { "allow-origin": origin }],
  [
    { AllowOrigins: ["http://*", "https://other.example"] },
    "http://localhost:3000",
    { "allow-origin": "http://localhost:3000" },
    { "allow-origin": "http://localhost:3000" },
  ],
  [
    { AllowOrigins: ["*"], AllowMethods: ["GET", "PUT"], AllowHeaders: ["content-type", "x-a"], MaxAge: 0 },
    origin,
    { "allow-origin": "*", "allow-methods": "GET,PUT", "allow-headers": "content-type,x-a", "max-age": "0" },
    { "allow-origin": "*" },
  ],
  [
    { AllowOrigins: [origin], AllowMethods: ["*"], AllowHeaders: ["*"], ExposeHeaders: ["date", "x-b"], MaxAge: -1 },
    origin,
    { "allow-origin": origin, "allow-methods": "*", "allow-headers": "*", "max-age": "-1" },
    { "allow-origin": origin, "expose-headers": "date,x-b" },
  ],
  [
    { AllowOrigins: [origin], AllowCredentials: true, ExposeHeaders: ["*"] },
    origin,
    { "allow-origin": origin, "allow-credentials": "true" },
    { "allow-origin": origin, "allow-credentials": "true", "expose-headers": "*" },
  ],
  // CreateApi refuses it; whoever stores it all the same lets no cookies out.
  [{ AllowOrigins: ["*"], AllowCredentials: true }, origin, { "allow-origin": "*" }, { "allow-origin": "*" }],
];

for (const [cors, from, forPreflights, forOthers] of configurations) {
  test(`corsConfiguration ${JSON.stringify(cors)}`, async () => {
    await using gateway = await startGateway();
    serve(gateway, cors);
    for (const path of ["/pets", "/nowhere", "/any", "/own"]) {
      const reply = await preflight(gateway, path, from);
      assert.deepEqual(corsOf(reply), forPreflights, `preflight ${path}`);
      assert.match(String(reply.headers["apigw-requestid"]), /^[\w-]{15}=$/);
      // What takes OPTIONS takes preflights; the gateway answers the others.
      const isTaken = path === "/any" || path === "/own";
      assert.deepEqual([reply.status, reply.headers["x-backend"]], isTaken ? [200, "yes"] : [204, undefined], path);
    }
    for (const [path, method, status] of [
      ["/pets", "GET", 200],
      ["/any", "OPTIONS", 200],
      ["/nowhere", "GET", 404],
      ["/nowhere", "OPTIONS", 404],
      ["/shut", "GET", 403],
    ] as const) {
      const reply = await ask(gateway, path, { Origin: from }, method);
      assert.deepEqual([reply.status, corsOf(reply)], [status, forOthers], `${method} ${path}`);
      const without = await ask(gateway, path, {}, method);
      assert.deepEqual([without.status, corsOf(without)], [status, {}], `${method} ${path} without Origin`);
    }
    assert.equal(
      (await ask(gateway, "/pets", {})).headers["access-control-request-method"],
      own["Access-Control-Request-Method"],
    );
  });
}

test("an origin that is not allowed gets no CORS headers, and its request is served", async () => {
  await using gateway = await startGateway();
  const absurd = [
    "null",
    "https://app.example.evil",
    "https://APP.example",
    "http://app.example",
    "x".repeat(4_000),
    "*",
    "https://app.example,https://b",
  ];
  serve(gateway, { AllowOrigins: [origin], AllowCredentials: true });
  for (const from of absurd) {
    const asked = await preflight(gateway, "/pets", from);
    assert.deepEqual([asked.status, corsOf(asked)], [204, {}], from);
    const reply = await ask(gateway, "/pets", { Origin: from });
    assert.deepEqual([reply.status, corsOf(reply)], [200, {}], from);
  }
  serve(gateway, { AllowOrigins: ["https://*"] });
  for (const from of ["https://", "http://app.example", "null", "HTTPS://app.example"]) {
    assert.deepEqual(corsOf(await ask(gateway, "/pets", { Origin: from })), {}, from);
  }
  serve(gateway, { AllowMethods: ["GET"] });
  assert.deepEqual(corsOf(await ask(gateway, "/pets", { Origin: origin })), {}, "no origin is allowed");
});

test("headers of functions and backends are replaced, streamed or not", async () => {
  const functions = new FakeFunctions();
  const permission = { Effect: "Allow", Principal: "*", Action: "lambda:InvokeFunction", Resource: functionArn };
  const policy = JSON.stringify({ Version: "2012-10-17", Statement: [permission] });
  functions.facts = { functionArn, policy, policyRevision: "1" };
  functions.answer = () => ({ statusCode: 200, headers: own, body: "from the function" });
  await using server = await startBackend((incoming, outgoing) => {
    if (incoming.url === "/chunked") outgoing.writeHead(200, own).write("from ");
    else outgoing.writeHead(200, own);
    outgoing.end("the backend");
  });
  await using gateway = await startGateway({ functions });
  const kinds = {
    "ANY /function": { integration: aFunction(functionArn) },
    "ANY /whole": { integration: aUrl(`${server.origin}/`) },
    "ANY /chunked": { integration: aUrl(`${server.origin}/chunked`) },
  };
  const api = { CorsConfiguration: { AllowOrigins: [origin], ExposeHeaders: ["x-a"], AllowMethods: ["PUT"] } };
  gateway.deployHttp(anHttpApi(kinds, { api }));
  for (const path of ["/function", "/whole", "/chunked"]) {
    for (const method of ["GET", "PUT"]) {
      const reply = await ask(gateway, path, { Origin: origin }, method);
      assert.equal(reply.status, 200, reply.text);
      assert.deepEqual(corsOf(reply), { "allow-origin": origin, "expose-headers": "x-a" }, `${method} ${path}`);
      assert.equal(reply.headers["x-backend"], "yes");
      assert.deepEqual(corsOf(await ask(gateway, path, {}, method)), {}, `${method} ${path} without Origin`);
    }
    assert.deepEqual(corsOf(await preflight(gateway, path)), { "allow-origin": origin, "allow-methods": "PUT" }, path);
  }
});

test("without corsConfiguration the integration's CORS headers pass, and OPTIONS needs a route", async () => {
  await using gateway = await startGateway();
  serve(gateway, undefined);
  for (const headers of [{}, { Origin: origin }]) {
    const reply = await ask(gateway, "/pets", headers);
    assert.equal(Object.keys(corsOf(reply)).length, 6);
    assert.equal(reply.headers["access-control-allow-origin"], "https://backend.example");
  }
  const asked = await preflight(gateway, "/pets");
  assert.deepEqual([asked.status, corsOf(asked)], [404, {}]);
  assert.match(
    String(asked.headers["x-portico-hint"]),
    /^\/pets has no OPTIONS; it has GET; the API has no corsConfiguration/,
  );
  assert.equal((await preflight(gateway, "/own")).status, 200);
});

test("a preflight is OPTIONS with Origin and Access-Control-Request-Method", async () => {
  await using gateway = await startGateway();
  serve(gateway, { AllowOrigins: ["*"] });
  const wants = { "Access-Control-Request-Method": "PUT" };
  for (const [method, headers] of [
    ["OPTIONS", wants],
    ["OPTIONS", { Origin: origin }],
    ["PUT", { ...wants, Origin: origin }],
  ] as const) {
    assert.equal((await ask(gateway, "/pets", headers, method)).status, 404, `${method} ${JSON.stringify(headers)}`);
  }
});

test("a route with authorization that takes OPTIONS refuses preflights, and a route for OPTIONS lets them pass", async () => {
  await using gateway = await startGateway();
  serve(gateway, { AllowOrigins: [origin] }, { $default: guarded });
  for (const [path, key] of [
    ["/shut", "ANY /shut"],
    ["/pets", "$default"],
  ] as const) {
    const reply = await preflight(gateway, path);
    assert.deepEqual([reply.status, corsOf(reply)], [403, { "allow-origin": origin }], path);
    const trap = `a preflight has no credentials, and ${key} takes it: give OPTIONS a route without authorization`;
    assert.ok(String(reply.headers["x-portico-hint"]).endsWith(trap), String(reply.headers["x-portico-hint"]));
  }
  serve(gateway, { AllowOrigins: [origin] }, { $default: guarded, "OPTIONS /{proxy+}": backend });
  assert.equal((await preflight(gateway, "/pets")).text, "OPTIONS /{proxy+}");
  // AWS: the exact route goes before the greedy one.
  assert.equal((await preflight(gateway, "/shut")).status, 403);
});

test("the stage says which routes refuse preflights", async () => {
  await using gateway = await startGateway();
  const trap = (key: string, open: string): string =>
    `CorsConfiguration for ${key}, whose AWS_IAM authorization refuses preflights (a route ${open} without authorization takes them)`;
  const of = (more: object, cors: CorsConfiguration | undefined = { AllowOrigins: ["*"] }): readonly string[] =>
    gateway.deployHttp(
      anHttpApi({ "GET /x": guarded, ...more }, { api: cors === undefined ? {} : { CorsConfiguration: cors } }),
    ).plan.withoutEffect;
  assert.deepEqual(of({}), []);
  assert.deepEqual(of({ "ANY /a/{id}": guarded }), [trap("ANY /a/{id}", "OPTIONS /a/{id}")]);
  assert.deepEqual(of({ "ANY /a/{id}": guarded, "OPTIONS /a/{name}": backend }), []);
  assert.deepEqual(of({ "ANY /a": guarded, "OPTIONS /{proxy+}": backend }), [trap("ANY /a", "OPTIONS /a")]);
  assert.deepEqual(of({ $default: guarded, "OPTIONS /{all+}": backend }), []);
  assert.deepEqual(of({ $default: guarded, "OPTIONS /{all+}": guarded }), [
    trap("$default", "OPTIONS /{proxy+}"),
    trap("OPTIONS /{all+}", "OPTIONS /{all+}"),
  ]);
  assert.deepEqual(of({ $default: guarded }, undefined).length, 1);
});

test("the hint of a preflight names what the browser stops at", async () => {
  await using gateway = await startGateway();
  serve(gateway, { AllowOrigins: [origin], AllowMethods: ["PUT"], AllowHeaders: ["X-A"] });
  const hintOf = async (headers: Record<string, string>): Promise<unknown> =>
    (await ask(gateway, "/pets", { Origin: origin, "Access-Control-Request-Method": "PUT", ...headers }, "OPTIONS"))
      .headers["x-portico-hint"];
  assert.equal(await hintOf({ "Access-Control-Request-Headers": "x-a" }), undefined);
  assert.equal(await hintOf({ Origin: "null" }), "corsConfiguration does not allow the origin null");
  assert.equal(
    await hintOf({ "Access-Control-Request-Method": "DELETE" }),
    "corsConfiguration does not allow the method DELETE",
  );
  assert.equal(await hintOf({ "Access-Control-Request-Method": "GET" }), undefined);
  assert.equal(
    await hintOf({ "Access-Control-Request-Headers": "x-a, X-B" }),
    "corsConfiguration does not allow the headers x-b",
  );
});

test("a closed route, and a route without a target, answer with the configured headers", async () => {
  await using gateway = await startGateway();
  const api = { CorsConfiguration: { AllowOrigins: ["*"] } };
  const closed = { ...backend, route: { AuthorizationType: "UNKNOWN" } };
  const targetless = { ...backend, route: { Target: "integrations/none" } };
  gateway.deployHttp(anHttpApi({ "GET /closed": closed, "GET /none": targetless }, { api }), anHttpStage());
  for (const [path, status] of [
    ["/closed", 501],
    ["/none", 500],
  ] as const) {
    const reply = await ask(gateway, path, { Origin: origin });
    assert.deepEqual([reply.status, corsOf(reply)], [status, { "allow-origin": "*" }]);
  }
});

test("no preflight, however absurd, passes a guarded route that takes it, or lets a foreign origin in", async () => {
  await using server = await startBackend();
  await using gateway = await startGateway();
  const integration = aUrl(server.origin);
  const shut = { integration, route: { AuthorizationType: "AWS_IAM" } };
  const kinds = { "ANY /shut": shut, "ANY /deep/{proxy+}": shut, $default: shut, "GET /open": { integration } };
  const CorsConfiguration = { AllowOrigins: [origin], AllowMethods: ["*"], AllowHeaders: ["*"], MaxAge: 1 };
  gateway.deployHttp(anHttpApi(kinds, { api: { CorsConfiguration } }));
  const origins = [
    ...[
      "null",
      "",
      "*",
      "file://",
      "https://",
      "https://app.example.",
      "https://app.example:443",
      "HTTPS://APP.EXAMPLE",
    ],
    ...["https://app.example@evil.example", "https://app.example%2eevil", "https://app.example/", ` ${origin}x`],
    ...["javascript:alert(1)", "\xff\xfe", `${origin}, ${origin}`, "x".repeat(6_000)],
  ];
  const methods = ["GET", "get", "TRACE", "*", "GET, PUT", "", "x".repeat(6_000)];
  for (const path of ["/shut", "/deep/a/b", "/open", "/elsewhere"]) {
    for (const from of origins) {
      const reply = await preflight(gateway, path, from);
      assert.deepEqual([reply.status, corsOf(reply)], [403, {}], `${path} from ${from.slice(0, 40)}`);
    }
    for (const wants of methods) {
      const headers = {
        Origin: origin,
        "Access-Control-Request-Method": wants,
        "Access-Control-Request-Headers": `${"x-a,".repeat(500)}authorization`,
      };
      const reply = await ask(gateway, path, headers, "OPTIONS");
      assert.equal(reply.status, 403, `${path} asks for ${wants.slice(0, 20)}`);
      assert.equal(corsOf(reply)["allow-origin"], origin);
      assert.notEqual(corsOf(reply)["allow-headers"], headers["Access-Control-Request-Headers"]);
    }
  }
  assert.deepEqual(server.requests, []);
  assert.deepEqual(gateway.errors, []);
});
