// `portico up` with a document for an HTTP API: what it makes, what a save changes, and what the other commands show of it.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ApiGatewayV2 } from "@aws-sdk/client-apigatewayv2";
import { makeClient } from "../conformance/sdk/sdk-client.ts";
import { run } from "../tool.ts";
import { until } from "../until.ts";
import { Up } from "./up-process.ts";

const portico = join(import.meta.dirname, "../../bin/portico.js");
const functionArn = "arn:aws:lambda:us-east-1:000000000000:function:hello";

let folder = "";
let up: Up;
let base = "";
let apiId = "";

const integration = { type: "aws_proxy", uri: functionArn, payloadFormatVersion: "2.0" };
function writeDocument(paths: Readonly<Record<string, object>>, more: object = {}): void {
  const items = Object.entries(paths).map(([path, operation]) => {
    const responds = { responses: {}, "x-amazon-apigateway-integration": integration, ...operation };
    const verb = path === "/$default" ? "x-amazon-apigateway-any-method" : "get";
    return [path, { [verb]: responds }];
  });
  const document = {
    openapi: "3.0.1",
    info: { title: "Hello", version: "1" },
    paths: Object.fromEntries(items),
    ...more,
  };
  writeFileSync(join(folder, "openapi.json"), JSON.stringify(document));
}
const get = async (path: string): Promise<readonly [number, string]> => {
  const response = await fetch(`${base}${path}`);
  return [response.status, await response.text()];
};
const command = async (...args: string[]): Promise<string> => {
  const endpoint = new URL(base).origin;
  const ran = await run(process.execPath, [portico, ...args, "--endpoint", endpoint]);
  assert.equal(ran.status, 0, ran.stderr);
  return ran.stdout;
};

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "portico-up-http-"));
  mkdirSync(join(folder, "functions"));
  const code = "export const handler = async ({ routeKey, stageVariables }) => ({ routeKey, stageVariables });";
  writeFileSync(join(folder, "functions", "hello.mjs"), code);
  writeFileSync(join(folder, "portico.yaml"), "api: { variables: { colour: red } }\n");
  writeDocument({ "/hello/{name}": {} });
  up = new Up([folder, "--port", "0", "--memory"], folder);
  const [, id = "", address = ""] = await up.until(/\((\w+)\), stage \$default, at (http:\S+)/);
  apiId = id;
  base = address;
  await up.until(/Ctrl-C stops/);
});
after(async () => {
  assert.equal(await up.stop(), 0);
  rmSync(folder, { recursive: true, force: true });
});

test("a document with what only HTTP APIs have becomes one, at the root of its host", async () => {
  const called = { routeKey: "GET /hello/{name}", stageVariables: { colour: "red" } };
  assert.deepEqual(await get("/hello/ann"), [200, JSON.stringify(called)]);
  assert.deepEqual(await get("/other"), [404, '{"message":"Not Found"}']);
});

test("a save is deployed, and a mistake leaves what was there", async () => {
  const from = up.output.length;
  writeDocument({ "/hello/{name}": {}, "/$default": { isDefaultRoute: true } });
  await up.until(/deployed Hello/, from);
  await until(async () => (await get("/other"))[0] === 200);
  const broken = up.output.length;
  writeDocument({ "/hello/{name}.json": {} });
  await up.until(/path parts/, broken);
  assert.equal((await get("/hello/ann"))[0], 200);
});

test("routes, status and export show it", async () => {
  assert.match(await command("routes", apiId), /ANY +\$default +AWS_PROXY hello/);
  assert.match(await command("routes", apiId), /GET +\/hello\/\{name\} +AWS_PROXY hello/);
  assert.match(await command("status"), /Hello +\w+ +\$default +\w+ +\S+ +up to date/);
  const { paths } = JSON.parse(await command("export", apiId, "$default")) as { paths: object };
  assert.deepEqual(Object.keys(paths).sort(), ["/$default", "/hello/{name}"]);
});

test("the URL of the default route is the stage's own", async () => {
  const routes = JSON.parse(await command("routes", apiId, "--json")) as { path: string; url: string }[];
  const urls = Object.fromEntries(routes.map(({ path, url }) => [path, url]));
  assert.deepEqual(urls, { $default: `${base}/`, "/hello/{name}": `${base}/hello/{name}` });
});

test("explain has the words of HTTP APIs", async () => {
  const missing = await command("explain", "GET", `${base}/hello/ann`);
  assert.match(missing, /route GET \/hello\/\{name\}/);
  const calls = makeClient(ApiGatewayV2, { url: new URL(base).origin });
  const closed = { RouteSettings: { "GET /hello/{name}": { ThrottlingBurstLimit: 0, ThrottlingRateLimit: 0 } } };
  await calls.updateStage({ ApiId: apiId, StageName: "$default", ...closed });
  const throttled = await command("explain", "GET", `${base}/hello/ann`);
  await calls.deleteRouteSettings({ ApiId: apiId, StageName: "$default", RouteKey: "GET /hello/{name}" });
  assert.match(throttled, /the route's throttle has no token left/);
  assert.match(throttled, /the gateway's own answer THROTTLED/);
  assert.doesNotMatch(throttled, /method's|gateway response/);
});

test("routes and status show the custom domain names that lead to a stage", async () => {
  const calls = makeClient(ApiGatewayV2, { url: new URL(base).origin });
  const DomainName = "shop.example";
  const CertificateArn = "arn:aws:acm:us-east-1:000000000000:certificate/a";
  await calls.createDomainName({ DomainName, DomainNameConfigurations: [{ CertificateArn }] });
  await calls.createApiMapping({ DomainName, ApiId: apiId, Stage: "$default", ApiMappingKey: "v1/hello" });
  const { port } = new URL(base);
  const url = `http://shop.example:${port}/v1/hello`;
  assert.ok((await command("routes", apiId)).includes(`also at ${url}\n`));
  const [first] = JSON.parse(await command("routes", apiId, "--json")) as { path: string; domainUrls: string[] }[];
  assert.deepEqual(first?.domainUrls, [url + (first?.path === "$default" ? "/" : first?.path)]);
  assert.match(await command("status"), /custom domain shop\.example\/v1\/hello/);
  await calls.deleteDomainName({ DomainName });
  assert.ok(!(await command("routes", apiId)).includes("also at"));
});

test("the hint for an API without a stage says that it may have none", async () => {
  const calls = makeClient(ApiGatewayV2, { url: new URL(base).origin });
  const { ApiId } = await calls.createApi({ Name: "bare", ProtocolType: "HTTP" });
  const response = await fetch(`${new URL(base).origin}/_aws/execute-api/${ApiId}/a`);
  assert.match(
    response.headers.get("x-portico-hint") ?? "",
    /no stage of an API \w+ is deployed: either it has no stage yet/,
  );
});

test("portico sdk writes a client of its routes that works", async () => {
  const out = join(folder, "clients");
  await command("sdk", apiId, "--language", "typescript", "--out", out);
  const [name = ""] = readdirSync(out);
  const made = (await import(join(out, name, "src/client.ts"))) as Record<string, new () => object>;
  const [, Client] = Object.entries(made).find(([exported]) => exported.endsWith("Client"))!;
  const client = new Client() as { getHelloName(input: object): Promise<unknown> };
  assert.match(JSON.stringify(await client.getHelloName({ name: "ann" })), /GET \/hello\/\{name\}/);
});

for (const [args, next] of [
  [["cors"], /update-api --api-id \w+ --cors-configuration/],
  [["keys"], /Authorizers/],
  [["keys", "--make", "ann"], /Authorizers/],
] as const)
  test(`portico ${args.join(" ")} refuses it, with what to do`, async () => {
    const [name, ...more] = args;
    const endpoint = new URL(base).origin;
    const ran = await run(process.execPath, [portico, name, apiId, ...more, "--endpoint", endpoint]);
    assert.equal(ran.status, 1);
    assert.match(ran.stderr, /Hello is an HTTP API\.[\s\S]*only REST APIs/);
    assert.match(ran.stderr, next);
  });

test("a route that would refuse every preflight is named", async () => {
  const from = up.output.length;
  const security = { security: [{ signed: [] }] };
  writeDocument(
    { "/hello/{name}": {}, "/$default": { isDefaultRoute: true, ...security } },
    {
      "x-amazon-apigateway-cors": { allowOrigins: ["https://app.example"] },
      components: {
        securitySchemes: {
          signed: { type: "apiKey", name: "Authorization", in: "header", "x-amazon-apigateway-authtype": "awsSigv4" },
        },
      },
    },
  );
  await up.until(/No effect has CorsConfiguration for \$default, whose AWS_IAM authorization refuses preflights/, from);
});
