import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Portico, startPortico } from "../portico.ts";
import { run, tool } from "../tool.ts";
import { type Outcome, type PageCall, type Site, startSite } from "./chromium.ts";

const root = join(import.meta.dirname, "../..");

/** On one line: it stands in YAML. */
const mock = (status: number, body: string, more = ""): string =>
  `{ type: mock, ${more} requestTemplates: { application/json: '{"statusCode": ${status}}' }, ` +
  `responses: { default: { statusCode: "${status}", responseTemplates: { application/json: '${body}' } } } }`;

/** /bare has nothing for browsers; /imported has AWS's recipe. AWS: "Enable CORS on a resource using the API Gateway import API". */
const shop = `
openapi: 3.0.1
info: { title: Shop, version: "1" }
x-amazon-apigateway-request-validators: { body: { validateRequestBody: true, validateRequestParameters: false } }
paths:
  /bare:
    get:
      responses: { "200": { description: ok } }
      x-amazon-apigateway-integration: ${mock(200, '{"got": true}')}
    put:
      x-amazon-apigateway-request-validator: body
      requestBody: { content: { application/json: { schema: { type: object, required: [text] } } } }
      responses: { "200": { description: ok } }
      x-amazon-apigateway-integration: ${mock(200, '{"put": true}')}
  /imported:
    put:
      responses: { "200": { description: ok, headers: { Access-Control-Allow-Origin: { schema: { type: string } } } } }
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: { application/json: '{"statusCode": 200}' }
        responses:
          default:
            statusCode: "200"
            responseParameters: { method.response.header.Access-Control-Allow-Origin: "'*'" }
            responseTemplates: { application/json: '{"imported": true}' }
    options:
      responses:
        "200":
          description: ok
          headers:
            Access-Control-Allow-Origin: { schema: { type: string } }
            Access-Control-Allow-Methods: { schema: { type: string } }
            Access-Control-Allow-Headers: { schema: { type: string } }
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: { application/json: '{"statusCode": 200}' }
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Headers: "'Content-Type,X-Amz-Date,Authorization,X-Api-Key'"
              method.response.header.Access-Control-Allow-Methods: "'*'"
              method.response.header.Access-Control-Allow-Origin: "'*'"
            responseTemplates: { application/json: "{}" }
`;

/** All types are binary: the trap of MOCK preflights. */
const bytes = `
openapi: 3.0.1
info: { title: Bytes, version: "1" }
x-amazon-apigateway-binary-media-types: ["*/*"]
paths:
  /bytes:
    put:
      responses: { "200": { description: ok } }
      x-amazon-apigateway-integration: ${mock(200, '{"bytes": true}', "contentHandling: CONVERT_TO_TEXT,")}
`;

const json = (value: unknown, headers: Readonly<Record<string, string>> = {}): PageCall["init"] & object => ({
  method: "PUT",
  headers: { "Content-Type": "application/json", ...headers },
  body: JSON.stringify(value),
});
const key = { "X-Api-Key": "k" };
const read = (status: number, body: string): Outcome => ({ status, body });
/** All that a page learns: no status, no reason. */
const hidden: Outcome = { error: "TypeError" };
const missing = '{"message":"Missing Authentication Token"}';

interface Case {
  readonly claim: string;
  /** From the server's root: `Shop/before/bare`. */
  readonly to: string;
  readonly init?: PageCall["init"];
  readonly sees: Outcome;
}

const cases: readonly Case[] = [
  {
    claim: "without CORS a preflighted PUT is not sent",
    to: "Shop/before/bare",
    init: json({ text: "a" }, key),
    sees: hidden,
  },
  { claim: "without CORS an answer can't be read", to: "Shop/before/bare", sees: hidden },
  { claim: "without CORS a 403 can't be read", to: "Shop/before/nowhere", sees: hidden },
  {
    claim: "AWS's recipe works from import",
    to: "Shop/before/imported",
    init: json({}, key),
    sees: read(200, '{"imported": true}'),
  },
  {
    claim: "portico cors lets a preflighted PUT with JSON and a header of its own pass",
    to: "Shop/after/bare",
    init: json({ text: "a" }, key),
    sees: read(200, '{"put": true}'),
  },
  { claim: "portico cors lets a GET be read", to: "Shop/after/bare", sees: read(200, '{"got": true}') },
  {
    claim: "the validator's 400 can be read",
    to: "Shop/after/bare",
    init: json({}),
    sees: read(400, '{"message": "Invalid request body"}'),
  },
  { claim: "a 403 of the gateway's own can be read", to: "Shop/after/nowhere", sees: read(403, missing) },
  {
    claim: "a header that is not allowed stops the call",
    to: "Shop/after/bare",
    init: json({ text: "a" }, { "X-Other": "1" }),
    sees: hidden,
  },
  {
    claim: "a verb that is not allowed stops the call",
    to: "Shop/after/bare",
    init: { method: "DELETE" },
    sees: hidden,
  },
  {
    claim: "for every origin there are no cookies",
    to: "Shop/after/bare",
    init: { ...json({ text: "a" }), credentials: "include" },
    sees: hidden,
  },
  {
    claim: "for one origin there are, with --credentials",
    to: "Shop/cookies/bare",
    init: { ...json({ text: "a" }), credentials: "include" },
    sees: read(200, '{"put": true}'),
  },
  { claim: "an origin that is not named can't read", to: "Shop/elsewhere/bare", sees: hidden },
  {
    claim: "a MOCK preflight works with binary media types */*",
    to: "Bytes/dev/bytes",
    init: json({}, key),
    sees: read(200, '{"bytes": true}'),
  },
  {
    claim: "a function behind ANY {proxy+} answers its own preflight, with cookies",
    to: "CORS/dev/feed/today",
    init: { method: "DELETE", credentials: "include", headers: { "X-Trace": "t" } },
    sees: read(200, '{"httpMethod":"DELETE","path":"/feed/today"}'),
  },
  {
    claim: "a failing backend's 504 can be read",
    to: "CORS/dev/notes/1",
    init: json({ text: "a" }, { "X-Trace": "t" }),
    sees: read(504, '{"message": "Network error communicating with endpoint"}'),
  },
];

// Where there is no apt, .ci/install-clients installs no Chromium.
describe(
  "a page of another origin in Chromium",
  tool("chromium", ["--version"], existsSync("/usr/bin/apt-get")),
  () => {
    let portico: Portico;
    let site: Site;
    let folder = "";
    let outcomes: readonly Outcome[] = [];

    const cli = async (...args: string[]): Promise<string> => {
      const command = [join(root, "bin/portico.js"), ...args, "--endpoint", portico.url];
      const { status, stdout, stderr } = await run(process.execPath, command, { cwd: folder });
      assert.equal(status, 0, stderr);
      return stdout;
    };

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), "portico-browser-"));
      portico = await startPortico({ args: ["--threads", "1"] });
      site = await startSite();
      writeFileSync(join(folder, "shop.yaml"), shop);
      writeFileSync(join(folder, "bytes.yaml"), bytes);
      await cli("import", "shop.yaml", "--stage", "before");
      await cli("import", "bytes.yaml");
      await cli("cors", "Shop", "--deploy", "after");
      await cli("cors", "Shop", "--origin", site.origin, "--credentials", "--deploy", "cookies");
      await cli("cors", "Shop", "--origin", "https://elsewhere.example", "--deploy", "elsewhere");
      await cli("cors", "Bytes", "--deploy", "dev");
      // It ends then, and its backend with it; the functions stay.
      await cli("up", join(root, "examples/cors"), "--no-watch");
      const routes = JSON.parse(await cli("routes", "--json")) as { apiName: string; apiId: string }[];
      const calls = cases.map(({ to, init = {} }): PageCall => {
        const [api = "", ...rest] = to.split("/");
        const apiId = routes.find(({ apiName }) => apiName === api)?.apiId;
        return { url: `${portico.url}/_aws/execute-api/${apiId}/${rest.join("/")}`, init };
      });
      outcomes = await site.visit(calls);
    });
    after(async () => {
      await site?.close();
      await portico?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    for (const [index, { claim, sees }] of cases.entries()) test(claim, () => assert.deepEqual(outcomes[index], sees));
  },
);
