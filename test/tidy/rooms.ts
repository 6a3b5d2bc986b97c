/**
 * Which room may import which. A room is a folder below `src/`; every room may import itself.
 * Type-only imports count. A narrowed entry (`protocol/client.ts`) allows just that file or folder.
 */
export const rooms: Readonly<Record<string, readonly string[]>> = {
  // `portico vtl` renders a template with the gateway's own engine, and without a server; `up --mock` and
  // `convert` read a document; `sdk` writes what AWS has no operation for; `policy explain` decides by policies from files.
  cli: [
    "base",
    "protocol/client.ts",
    "server",
    "gateway/templates/render-alone.ts",
    "openapi/convert",
    "openapi/mock/mock-document.ts",
    "sdk/generate-document-sdk.ts",
    "access/authorize.ts",
    "access/condition-keys.ts",
    "access/policy.ts",
    "access/principal.ts",
    "access/principal-conditions.ts",
    "access/request-signer.ts",
    "access/statement-positions.ts",
  ],
  server: [
    "management",
    "services",
    "families",
    "protocol",
    "openapi",
    "sdk",
    "definition",
    "compiler",
    "plan",
    "gateway",
    "response-cache",
    "http",
    "functions",
    "access",
    "waf",
    "limits",
    "telemetry",
    "language",
    "store",
    "base",
  ],
  management: [
    "families",
    "protocol",
    "definition",
    "openapi",
    "sdk",
    "store",
    "access",
    "limits",
    "telemetry",
    "base",
  ],
  services: [
    "families",
    "protocol",
    "definition",
    "store",
    "access",
    "waf",
    "functions",
    "telemetry",
    "language/log-filter.ts",
    "language/log-query",
    "base",
  ],
  // How a resource family is declared: below both, since services may not import management.
  families: ["protocol", "store", "base"],
  protocol: ["access", "base"],
  openapi: ["definition", "language", "base"],
  sdk: ["openapi", "definition", "language", "base"],
  stacks: ["protocol/client.ts", "base"],
  definition: ["language", "access", "base"],
  compiler: ["definition", "plan", "language", "access", "base"],
  plan: ["base"],
  gateway: [
    "plan",
    "http",
    "language",
    "access",
    "waf",
    "limits",
    "response-cache",
    "telemetry",
    "functions/function-client.ts",
    "base",
  ],
  http: ["base"],
  functions: ["telemetry", "base"],
  access: ["base"],
  waf: ["language/character-class.ts", "base"],
  limits: ["store", "base"],
  "response-cache": ["base"],
  telemetry: ["base"],
  language: ["base"],
  store: ["base"],
  base: [],
};

/**
 * The floors of rooms that have folders inside, and which other floors each may import (type-only imports count). A room's
 * own files stand between them: they may import every floor, and every floor may import them.
 */
export const floors: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  cli: { up: ["cors"], cors: [], policy: [], top: [] },
  gateway: {
    steps: ["integrations", "authorizers", "templates", "responses", "routing"],
    authorizers: ["integrations", "responses"],
    templates: ["integrations", "responses"],
    integrations: ["responses", "routing"],
    rest: ["steps", "authorizers", "responses", "routing"],
    "http-api": ["steps", "authorizers", "responses", "routing"],
    websocket: ["steps", "integrations", "authorizers", "templates", "responses", "routing"],
    responses: [],
    routing: [],
  },
  functions: { bootstrap: [] },
  http: { "http1-client": ["http1"], http1: ["websocket"], websocket: [] },
  language: { vtl: ["java"], "json-path": ["java"], "json-schema": ["java"], "log-query": ["java"], java: [], xml: [] },
  // What both versions of API Gateway share stands below each.
  management: {
    rest: ["apis", "domains", "tags", "vpc-links"],
    v2: ["apis", "domains", "tags", "vpc-links"],
    apis: ["tags"],
    domains: [],
    tags: [],
    "vpc-links": [],
  },
  compiler: { "http-api": [], websocket: ["http-api"] },
  openapi: { convert: [], mock: [] },
  protocol: { models: [] },
  sdk: { runtime: [] },
  server: { pages: [], publications: [], "api-keys": [], enforcement: [], canaries: ["publications"] },
  waf: { statements: [] },
  services: { sts: ["iam"], iam: [], cloudwatch: [], lambda: [], logs: [], wafv2: [], xray: [] },
};

/** What reads the machine's clock, randomness or timers: the server and the adapters to the world outside. */
export const adapters: readonly string[] = [
  "src/server/",
  "src/cli/",
  "src/functions/",
  "src/gateway/authorizers/lambda-authorizer.ts",
  "src/gateway/authorizers/user-pool-keys.ts",
  "src/http/http1/",
  "src/gateway/integrations/",
  "src/sdk/runtime/",
  "src/telemetry/access-log-writer.ts",
  "src/telemetry/batch-sender.ts",
  "src/telemetry/log-sender.ts",
  "src/telemetry/otlp-exporter.ts",
  "src/services/xray/daemon.ts",
  "src/protocol/client.ts",
  "src/base/pending-answers.ts",
];

/** Calls that are banned outside the adapters, and what to use in their place. */
export const bannedCalls: readonly { readonly pattern: RegExp; readonly instead: string }[] = [
  { pattern: /\bDate\.now\(/, instead: "the Clock that is passed in (src/base/clock.ts)" },
  { pattern: /\bnew Date\(\)/, instead: "the Clock that is passed in (src/base/clock.ts)" },
  { pattern: /\bMath\.random\(/, instead: "the IdSource that is passed in (src/base/ids.ts), or node:crypto" },
  { pattern: /\bset(Timeout|Interval)\(/, instead: "a condition to wait for, or an adapter that owns the timer" },
  { pattern: /(?<![.\w])fetch\(/, instead: "an adapter: src/gateway/integrations/ or src/protocol/client.ts" },
];

/** File names that say nothing of what is in them. */
export const forbiddenNames: readonly string[] = [
  "utils",
  "helpers",
  "common",
  "misc",
  "types",
  "data",
  "info",
  "index",
];

/** What only `Exchange` does for the gateway: how an exchange waits, and how an exception ends it. */
export const exchangesOwn: readonly {
  readonly pattern: RegExp;
  readonly owners: readonly string[];
  readonly instead: string;
}[] = [
  {
    // A wrapper's setter that hands an observer on listens to nothing itself.
    pattern: /\.observer = (?!observer;)/,
    // An answer that wraps another one takes the place of its observer.
    owners: [
      "src/gateway/exchange.ts",
      "src/gateway/responses/compressed-answer.ts",
      "src/gateway/responses/recorded-answer.ts",
    ],
    instead: "exchange.suspend(work): the exchange hears of the client's close",
  },
  {
    pattern: /\.onException(\?\.)?\(/,
    owners: [
      "src/gateway/exchange.ts",
      "src/gateway/responses/compressed-answer.ts",
      "src/gateway/responses/recorded-answer.ts",
      // The HTTP client catches what its callbacks throw, since it has to end the connection as well.
      "src/gateway/integrations/backend-call.ts",
      "src/gateway/integrations/backend-pools.ts",
    ],
    instead: "exchange.guard(callback), exchange.wait(promise, goOn) or exchange.follow(promise, callback)",
  },
  {
    pattern: /\b499\b|"DEFAULT_5XX", \{|logger\.error\("an exchange/,
    owners: ["src/gateway/exchange.ts"],
    instead: "an exception, or exchange.onClose()",
  },
  {
    pattern: /\.catch\(/,
    owners: ["src/gateway/exchange.ts"],
    instead: "exchange.wait(promise, goOn)",
  },
];
