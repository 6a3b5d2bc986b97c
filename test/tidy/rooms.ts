/**
 * Which room may import which: DESIGN.md §6 as data. A room is a folder below `src/`; every room may import itself.
 * Type-only imports count. A narrowed entry (`protocol/client.ts`) allows just that file or folder.
 */
export const rooms: Readonly<Record<string, readonly string[]>> = {
  // `portico vtl` renders a template with the gateway's own engine, and without a server; `up --mock` reads a document.
  cli: ["base", "protocol/client.ts", "server", "gateway/templates/render-alone.ts", "openapi/mock/mock-document.ts"],
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
    "http",
    "functions",
    "access",
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
    "functions",
    "telemetry",
    "language/log-filter.ts",
    "base",
  ],
  // How a resource family is declared: below both, since services may not import management.
  families: ["protocol", "store", "base"],
  protocol: ["access", "base"],
  openapi: ["definition", "language", "base"],
  sdk: ["openapi", "definition", "language", "base"],
  stacks: ["protocol/client.ts", "base"],
  definition: ["language", "base"],
  compiler: ["definition", "plan", "language", "access", "base"],
  plan: ["base"],
  gateway: ["plan", "http", "language", "access", "limits", "telemetry", "functions/function-client.ts", "base"],
  http: ["base"],
  functions: ["telemetry", "base"],
  access: ["base"],
  limits: ["store", "base"],
  telemetry: ["base"],
  language: ["base"],
  store: ["base"],
  base: [],
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
  "src/telemetry/log-sender.ts",
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
