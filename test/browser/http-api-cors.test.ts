import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import type { CorsConfiguration } from "../../src/definition/http-api.ts";
import { anHttpApi, answeringKeys, aUrl } from "../exchange/an-http-api.ts";
import { type GatewayUnderTest, startGateway } from "../exchange/start-gateway.ts";
import { tool } from "../tool.ts";
import { type Outcome, type PageCall, type Site, startSite } from "./chromium.ts";

const backend = { integration: aUrl("https://backend.example/") };
const guarded = { ...backend, route: { AuthorizationType: "AWS_IAM" } };
const routes = { "GET /pets": backend, "PUT /pets": backend, "ANY /shut": guarded };

/** All that a page learns: no status, no reason. */
const hidden: Outcome = { error: "TypeError" };
const read = (status: number, body: string): Outcome => ({ status, body });
const put: PageCall["init"] & object = { method: "PUT", headers: { "Content-Type": "application/json" }, body: "{}" };

interface Case {
  readonly claim: string;
  /** The configuration for pages of an origin. */
  readonly cors: (origin: string) => CorsConfiguration | undefined;
  readonly path: string;
  readonly init?: PageCall["init"];
  readonly sees: Outcome;
}

const open = (): CorsConfiguration => ({ AllowOrigins: ["*"], AllowMethods: ["PUT"], AllowHeaders: ["content-type"] });
const ofOne = (origin: string): CorsConfiguration => ({ ...open(), AllowOrigins: [origin], AllowCredentials: true });

const cases: readonly Case[] = [
  { claim: "without corsConfiguration an answer can't be read", cors: () => undefined, path: "/pets", sees: hidden },
  {
    claim: "without corsConfiguration a preflighted PUT is not sent",
    cors: () => undefined,
    path: "/pets",
    init: put,
    sees: hidden,
  },
  { claim: "a GET can be read", cors: open, path: "/pets", sees: read(200, "GET /pets") },
  { claim: "a preflighted PUT passes", cors: open, path: "/pets", init: put, sees: read(200, "PUT /pets") },
  {
    claim: "http://* is the page's origin, too",
    cors: () => ({ ...open(), AllowOrigins: ["http://*"] }),
    path: "/pets",
    init: put,
    sees: read(200, "PUT /pets"),
  },
  { claim: "https://* is not", cors: () => ({ ...open(), AllowOrigins: ["https://*"] }), path: "/pets", sees: hidden },
  {
    claim: "another origin is not",
    cors: () => ({ ...open(), AllowOrigins: ["http://127.0.0.1"] }),
    path: "/pets",
    sees: hidden,
  },
  {
    claim: "a method that is not allowed stops the call",
    cors: open,
    path: "/pets",
    init: { method: "DELETE" },
    sees: hidden,
  },
  {
    claim: "a header that is not allowed stops the call",
    cors: open,
    path: "/pets",
    init: { ...put, headers: { "X-Other": "1" } },
    sees: hidden,
  },
  {
    claim: "all methods and headers are allowed by *",
    cors: () => ({ ...open(), AllowMethods: ["*"], AllowHeaders: ["*"] }),
    path: "/pets",
    init: { ...put, headers: { "Content-Type": "application/json", "X-Other": "1" } },
    sees: read(200, "PUT /pets"),
  },
  { claim: "the gateway's 404 can be read", cors: open, path: "/nowhere", sees: read(404, '{"message":"Not Found"}') },
  {
    claim: "a refused caller's 403 can be read",
    cors: open,
    path: "/shut",
    sees: read(403, '{"message":"Forbidden"}'),
  },
  {
    claim: "a route with authorization that takes OPTIONS refuses the preflight",
    cors: open,
    path: "/shut",
    init: put,
    sees: hidden,
  },
  {
    claim: "for every origin there are no cookies",
    cors: open,
    path: "/pets",
    init: { ...put, credentials: "include" },
    sees: hidden,
  },
  {
    claim: "for one origin there are",
    cors: ofOne,
    path: "/pets",
    init: { ...put, credentials: "include" },
    sees: read(200, "PUT /pets"),
  },
];

// Where there is no apt, .ci/install-clients installs no Chromium.
describe(
  "a page of another origin calls an HTTP API from Chromium",
  tool("chromium", ["--version"], existsSync("/usr/bin/apt-get")),
  () => {
    let gateway: GatewayUnderTest;
    let site: Site;
    let outcomes: readonly Outcome[] = [];

    before(async () => {
      gateway = await startGateway();
      site = await startSite();
      const calls = cases.map(({ cors, path, init = {} }, index): PageCall => {
        const CorsConfiguration = cors(site.origin);
        const api = { ApiId: `api${index}`, ...(CorsConfiguration && { CorsConfiguration }) };
        const { plan } = gateway.deployHttp(anHttpApi(routes, { api, integrations: [] }));
        // Its answers have CORS headers that count only where the API has none.
        gateway.gateway.setPlan(`api${index}/$default`, answeringKeys(plan, { "Access-Control-Allow-Origin": "null" }));
        return { url: `http://127.0.0.1:${gateway.port}/_aws/execute-api/api${index}${path}`, init };
      });
      outcomes = await site.visit(calls);
    });
    after(async () => {
      await site?.close();
      await gateway?.[Symbol.asyncDispose]();
    });

    for (const [index, { claim, sees }] of cases.entries()) test(claim, () => assert.deepEqual(outcomes[index], sees));
  },
);
