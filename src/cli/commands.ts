import type { ConfigFlags } from "../server/config.ts";
import type { Output } from "./output.ts";

/** The input of a command. */
export interface Invocation {
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  /** The server's settings from flags, for commands that may start a server. */
  readonly serverFlags: ConfigFlags;
  readonly output: Output;
}

/** Runs a command, and returns the process's exit code. */
export type Run = (invocation: Invocation) => Promise<number>;

export interface CommandOption {
  /** The flags in commander's form: `--stage <NAME>`. */
  readonly flags: string;
  readonly help: string;
  readonly choices?: readonly string[];
  /** The option may be given several times. */
  readonly repeats?: boolean;
  /** The form of each value, and words for it. */
  readonly form?: { readonly pattern: RegExp; readonly says: string };
}

/** How `portico --help` groups the commands. */
export const commandGroups = {
  serve: "Serve:",
  define: "Define, and hand on:",
  look: "Look, and find out why:",
} as const;

export interface CommandFacts {
  readonly name: string;
  readonly group: keyof typeof commandGroups;
  readonly synopsis: string;
  /** The arguments in commander's form: `<FILE>` is required, `[API]` is optional. */
  readonly arguments: readonly { readonly name: string; readonly help: string }[];
  readonly options: readonly CommandOption[];
  /** All of the server's settings are also flags of this command. */
  readonly takesServerSettings: boolean;
  readonly examples: readonly string[];
  /** Loads the command's code, which only the command that is run needs. */
  readonly load: () => Promise<Run>;
}

const endpoint: CommandOption = {
  flags: "--endpoint <URL>",
  help: "the running server (default: by PORTICO_HOST and PORTICO_PORT, else AWS_ENDPOINT_URL, else http://127.0.0.1:4566)",
};
const json: CommandOption = { flags: "--json", help: "print JSON" };
const header: CommandOption = {
  flags: "-H, --header <HEADER>",
  help: "'Name: value'; several times for several headers",
  repeats: true,
};
const accountForm = { pattern: /^\d{12}$/, says: "It takes twelve digits." };
const account: CommandOption = {
  flags: "--account <ID>",
  help: "the API's account (default: the one in which it is deployed, else 000000000000)",
  form: accountForm,
};
const region: CommandOption = {
  flags: "--region <NAME>",
  help: "the API's region (default: the one in which it is deployed, else us-east-1)",
};
/** The functions in a document say which account it belongs to. */
const newAccount: CommandOption = {
  flags: "--account <ID>",
  help: "the API's account (default: that of the document's functions, else 000000000000)",
  form: accountForm,
};
const newRegion: CommandOption = {
  flags: "--region <NAME>",
  help: "the API's region (default: that of the document's functions, else us-east-1)",
};

/** Every command. `--help`, the docs and the program itself read this table. */
export const commands: readonly CommandFacts[] = [
  {
    name: "up",
    group: "serve",
    synopsis: "serve an OpenAPI document and its functions, and deploy again on each save",
    arguments: [{ name: "<PATH>", help: "the document, or a folder with an openapi.yaml and functions/" }],
    options: [
      { flags: "--endpoint <URL>", help: "use this running server" },
      { flags: "--name <NAME>", help: "the API's name (default: the document's title)" },
      { flags: "--stage <NAME>", help: "the stage to deploy to (default: dev; of an HTTP API $default)" },
      { flags: "--http", help: "make an HTTP API, even if nothing in the document asks for one" },
      { flags: "--no-watch", help: "deploy once; with a running server, then end" },
      {
        flags: "--mock",
        help: "answer operations that have no integration with the document's examples, or with values made from its schemas",
      },
    ],
    takesServerSettings: true,
    examples: [
      "portico up examples/petstore",
      "portico up api.yaml --port 8080 --memory",
      "portico up api.yaml --mock",
    ],
    load: async () => (await import("./run-up.ts")).runUp,
  },
  {
    name: "serve",
    group: "serve",
    synopsis: "run the server",
    arguments: [],
    options: [],
    takesServerSettings: true,
    examples: ["portico serve", "portico serve --port 8080 --data /var/lib/portico --threads 4"],
    load: async () => (await import("./run-serve.ts")).runServe,
  },
  {
    name: "repair",
    group: "serve",
    synopsis: "save what can be read of a damaged data directory, and keep the damaged files",
    arguments: [],
    options: [],
    takesServerSettings: true,
    examples: ["portico repair", "portico repair --data /var/lib/portico"],
    load: async () => (await import("./run-repair.ts")).runRepair,
  },
  {
    name: "auth",
    group: "serve",
    synopsis: "make an administrator's access key in a data directory, for a server with --auth enforce",
    arguments: [{ name: "<create-key>", help: "the words `create-key`" }],
    options: [],
    takesServerSettings: true,
    examples: ["portico auth create-key", 'eval "$(portico auth create-key --data /var/lib/portico)"'],
    load: async () => (await import("./run-auth.ts")).runAuth,
  },
  {
    name: "import",
    group: "define",
    synopsis: "make an API from an OpenAPI document",
    arguments: [{ name: "<FILE>", help: "the document, JSON or YAML" }],
    options: [
      { flags: "--name <NAME>", help: "the API's name (default: the document's title)" },
      { flags: "--deploy", help: "also deploy it" },
      {
        flags: "--stage <NAME>",
        help: "deploy it to this stage (default with --deploy: dev; of an HTTP API $default)",
      },
      { flags: "--http", help: "make an HTTP API, even if nothing in the document asks for one" },
      newAccount,
      newRegion,
      json,
      endpoint,
    ],
    takesServerSettings: false,
    examples: ["portico import openapi.yaml", "portico import openapi.yaml --name Orders --stage prod"],
    load: async () => (await import("./run-import.ts")).runImport,
  },
  {
    name: "export",
    group: "define",
    synopsis: "write what a stage serves as an OpenAPI document",
    arguments: [
      { name: "<API>", help: "the API's id or name" },
      { name: "<STAGE>", help: "the stage" },
    ],
    options: [
      { flags: "--format <FORMAT>", help: "the document's format (default: oas30)", choices: ["oas30", "swagger"] },
      { flags: "--yaml", help: "YAML instead of JSON" },
      { flags: "--postman", help: "a Postman collection instead, whose variables are the address and the credentials" },
      {
        flags: "--extensions <NAMES>",
        help: "any of integrations, authorizers, apigateway, documentation and validators, separated by commas",
        form: {
          pattern:
            /^(?:integrations|authorizers|apigateway|documentation|postman|validators)(?:,(?:integrations|authorizers|apigateway|documentation|postman|validators))*$/,
          says: "It takes any of integrations, authorizers, apigateway, documentation, postman and validators, separated by commas.",
        },
      },
      account,
      region,
      endpoint,
    ],
    takesServerSettings: false,
    examples: ["portico export Petstore dev --yaml --extensions integrations > petstore.yaml"],
    load: async () => (await import("./run-export.ts")).runExport,
  },
  {
    name: "convert",
    group: "define",
    synopsis: "write a REST API as the document of an HTTP API, and list what has no counterpart",
    arguments: [{ name: "<SOURCE>", help: "a REST API's document, or the id or name of a deployed API" }],
    options: [
      { flags: "--out <FILE>", help: "write the document to this file (default: standard output)" },
      { flags: "--yaml", help: "YAML instead of JSON" },
      { flags: "--name <NAME>", help: "the name, for a document (default: its title)" },
      { flags: "--stage <NAME>", help: "the stage of a deployed API (default: its only one)" },
      {
        flags: "--audience <ID>",
        help: "an app client of the user pool whose tokens methods with a Cognito authorizer take; several times for several",
        repeats: true,
      },
      account,
      region,
      json,
      endpoint,
    ],
    takesServerSettings: false,
    examples: [
      "portico convert openapi.yaml --yaml --out http-api.yaml",
      "portico convert Petstore --stage dev --audience 3n4b5urk1ft4fl3mg5e62d9ado --out http-api.json",
    ],
    load: async () => (await import("./run-convert.ts")).runConvert,
  },
  {
    name: "cors",
    group: "define",
    synopsis: "let pages of other origins call an API, as AWS's console does under Enable CORS",
    arguments: [{ name: "<API>", help: "the API's id or name" }],
    options: [
      { flags: "--origin <ORIGIN>", help: "the one origin that may (default: *, every origin)" },
      {
        flags: "--methods <NAMES>",
        help: "the methods that it may use, separated by commas (default: those of each resource)",
      },
      {
        flags: "--headers <NAMES>",
        help: "the headers that it may send, separated by commas (default: those of AWS's console)",
      },
      { flags: "--credentials", help: "allow cookies and client certificates; needs --origin" },
      { flags: "--max-age <SECONDS>", help: "how long a browser may remember the permission" },
      { flags: "--path <PATHS>", help: "only these resources, separated by commas (default: all)" },
      { flags: "--all-answers", help: "let pages also read answers that are errors" },
      { flags: "--deploy <STAGE>", help: "then deploy to this stage; without it nothing is deployed" },
      { flags: "--dry-run", help: "show what would change, and change nothing" },
      account,
      region,
      json,
      endpoint,
    ],
    takesServerSettings: false,
    examples: [
      "portico cors Petstore --dry-run",
      "portico cors Petstore --origin https://shop.example --credentials --deploy dev",
      "portico cors Petstore --path /pets,/pets/{petId} --headers Content-Type,X-Api-Key",
    ],
    load: async () => (await import("./run-cors.ts")).runCors,
  },
  {
    name: "sdk",
    group: "define",
    synopsis: "write an SDK of what a stage serves",
    arguments: [{ name: "<API>", help: "the API's id or name" }],
    options: [
      {
        flags: "--language <NAME>",
        help: "the SDK's language; required",
        choices: ["javascript", "java", "android", "swift", "objectivec", "ruby", "typescript", "python"],
      },
      { flags: "--out <PATH>", help: "a folder for the SDK's folder (default: here), or a file that ends with .zip" },
      { flags: "--stage <NAME>", help: "the stage (default: the only one)" },
      {
        flags: "--set <NAME=VALUE...>",
        help: "parameters as GetSdk has them: service.name, java.package-name, ruby.gem-version, … (by default names are made from the API's)",
      },
      account,
      region,
      endpoint,
    ],
    takesServerSettings: false,
    examples: [
      "portico sdk Petstore --language typescript --out clients",
      "portico sdk Petstore --language java --set service.name=Pets java.package-name=com.example.pets",
    ],
    load: async () => (await import("./run-sdk.ts")).runSdk,
  },
  {
    name: "routes",
    group: "look",
    synopsis: "list what a running server serves, with URLs",
    arguments: [{ name: "[API]", help: "an API's id or name (default: all)" }],
    options: [json, endpoint],
    takesServerSettings: false,
    examples: ["portico routes", "portico routes Petstore --json"],
    load: async () => (await import("./run-routes.ts")).runRoutes,
  },
  {
    name: "keys",
    group: "look",
    synopsis: "list the API keys that a stage lets in, or make one",
    arguments: [
      { name: "<API>", help: "an API's id or name" },
      { name: "[STAGE]", help: "its stage (default: its only one)" },
    ],
    options: [
      { flags: "--make <NAME>", help: "make a key, in the stage's usage plan; without a plan, make that as well" },
      json,
      account,
      region,
      endpoint,
    ],
    takesServerSettings: false,
    examples: ["portico keys Petstore", "portico keys Petstore prod --make ada"],
    load: async () => (await import("./run-keys.ts")).runKeys,
  },
  {
    name: "status",
    group: "look",
    synopsis: "show which stages lag behind their definition, and how",
    arguments: [],
    options: [json, endpoint],
    takesServerSettings: false,
    examples: ["portico status", "portico status --json"],
    load: async () => (await import("./run-status.ts")).runStatus,
  },
  {
    name: "top",
    group: "look",
    synopsis: "watch what each route gets: rate, errors, latency, cache hits, throttles",
    arguments: [{ name: "[API]", help: "an API's id or name (default: all)" }],
    options: [
      { flags: "--interval <SECONDS>", help: "how often the figures are made (default: 2)" },
      { flags: "--once", help: "end after the first figures" },
      { flags: "--json", help: "print a line of JSON for each interval" },
      endpoint,
    ],
    takesServerSettings: false,
    examples: ["portico top", "portico top Petstore --interval 10", "portico top --json --once"],
    load: async () => (await import("./run-top.ts")).runTop,
  },
  {
    name: "canary",
    group: "define",
    synopsis: "start, promote, roll back or show a stage's canary",
    arguments: [
      { name: "<ACTION>", help: "start, promote, rollback, unguard or status" },
      { name: "<API>", help: "an API's id or name" },
      { name: "[STAGE]", help: "its stage (default: its only one)" },
    ],
    options: [
      {
        flags: "--percent <N>",
        help: "start: the canary's share of the requests, 0 to 100 (default: 10, or as it is)",
      },
      { flags: "--deployment <ID>", help: "start: make this deployment the canary, instead of a new one" },
      {
        flags: "--variable <NAME=VALUE>",
        help: "start: a stage variable of the canary's own; several times",
        repeats: true,
      },
      { flags: "--stage-cache", help: "start: let the canary use the stage's response cache" },
      {
        flags: "--guard",
        help: "start: let the server raise the share in steps, and promote the canary or roll it back",
      },
      { flags: "--steps <N,N,…>", help: "with --guard: shares in percent (default: 5,25,50)" },
      { flags: "--step-seconds <N>", help: "with --guard: the least time of a step (default: 300)" },
      {
        flags: "--step-requests <N>",
        help: "with --guard: requests of each side that a step waits for (default: 200)",
      },
      { flags: "--confidence <N>", help: "with --guard: how sure it must be to roll back, in percent (default: 99)" },
      {
        flags: "--error-tolerance <N>",
        help: "with --guard: percentage points more 5XX that are borne (default: 0.5), or none",
      },
      {
        flags: "--latency-tolerance <N>",
        help: "with --guard: percent by which the p90 may be slower (default: 25), or none",
      },
      {
        flags: "--metric <NAME=VALUE,…>",
        help: "with --guard: a metric of yours for both sides; the guide says how",
      },
      json,
      account,
      region,
      endpoint,
    ],
    takesServerSettings: false,
    examples: [
      "portico canary start Petstore prod --percent 5",
      "portico canary start Petstore prod --guard --steps 5,25,50 --step-seconds 600",
      "portico canary status Petstore prod",
      "portico canary promote Petstore prod",
    ],
    load: async () => (await import("./run-canary.ts")).runCanary,
  },
  {
    name: "deployments",
    group: "look",
    synopsis: "list an API's deployments: when, by whom, and what each changed",
    arguments: [{ name: "<API>", help: "an API's id or name" }],
    options: [json, endpoint],
    takesServerSettings: false,
    examples: ["portico deployments Petstore", "portico deployments Petstore --json"],
    load: async () => (await import("./run-deployments.ts")).runDeployments,
  },
  {
    name: "rollback",
    group: "define",
    synopsis: "point a stage at an earlier deployment",
    arguments: [
      { name: "<API>", help: "an API's id or name" },
      { name: "[STAGE]", help: "its stage (default: its only one)" },
    ],
    options: [
      { flags: "--to <DEPLOYMENT>", help: "its id (default: the one before the stage's own)" },
      json,
      account,
      region,
      endpoint,
    ],
    takesServerSettings: false,
    examples: ["portico rollback Petstore prod", "portico rollback Petstore prod --to abc123"],
    load: async () => (await import("./run-deployments.ts")).runRollback,
  },
  {
    name: "explain",
    group: "look",
    synopsis: "send a request, and show what the gateway saw and did at each step",
    arguments: [
      { name: "<METHOD>", help: "GET, POST, …; GET if only a URL is given" },
      { name: "[URL]", help: "the URL as a client calls it; `portico routes` lists them" },
    ],
    options: [
      header,
      {
        flags: "--message <TEXT>",
        help: "a message to send on the WebSocket at the URL; @FILE reads it from a file, @- from standard input",
      },
      { flags: "-d, --data <BODY>", help: "the body; @FILE reads it from a file, @- from standard input" },
      {
        flags: "--stage-variable <NAME=VALUE>",
        help: "a stage variable for this request, in place of the stage's; several times for several variables",
        repeats: true,
      },
      { flags: "--from <ADDRESS>", help: "the client's IP address; 127.0.0.1 by default" },
      { flags: "--full", help: "show everything that each step saw and did, with headers and bodies" },
      json,
      endpoint,
    ],
    takesServerSettings: false,
    examples: [
      "portico explain GET http://localhost:4566/_aws/execute-api/abc123/dev/pets/7",
      `portico explain POST /_aws/execute-api/abc123/dev/pets -H 'Content-Type: application/json' -d '{"name":"Rex"}'`,
      `portico explain ws://localhost:4566/_aws/execute-api/abc123/dev --message '{"action":"join"}'`,
    ],
    load: async () => (await import("./run-explain.ts")).runExplain,
  },
  {
    name: "policy",
    group: "look",
    synopsis: "say whether policies allow a call, by which statement, and why each other statement does not count",
    arguments: [{ name: "<explain>", help: "the word `explain`" }],
    options: [
      { flags: "--action <NAME>", help: "the action, such as execute-api:Invoke; required" },
      { flags: "--resource <ARN>", help: "the resource's ARN (default: *)" },
      {
        flags: "--principal <ARN>",
        help: "who calls: a user, a role, a role's session or an account's root; its policies are the running server's, unless --policy is given (default: somebody without credentials)",
      },
      {
        flags: "--policy <FILE>",
        help: "an identity's policy; several times for several policies; - is standard input",
        repeats: true,
      },
      {
        flags: "--resource-policy <FILE>",
        help: "the resource's policy (default: without --policy, that of the API in the resource's ARN)",
      },
      { flags: "--boundary <FILE>", help: "the permissions boundary (default: the principal's)" },
      { flags: "--session-policy <FILE>", help: "a session policy; several times for several", repeats: true },
      {
        flags: "--context <KEY=VALUE>",
        help: "a condition key's value, such as aws:SourceIp=192.0.2.1; several times for several keys or values; KEY alone says that the call lacks it",
        repeats: true,
      },
      json,
      endpoint,
    ],
    takesServerSettings: false,
    examples: [
      "portico policy explain --policy may-read.json --action execute-api:Invoke --resource arn:aws:execute-api:us-east-1:000000000000:abc123/dev/GET/pets",
      "portico policy explain --principal arn:aws:iam::000000000000:user/ann --action execute-api:Invoke --resource arn:aws:execute-api:us-east-1:000000000000:abc123/dev/GET/pets --context aws:SourceIp=192.0.2.1",
    ],
    load: async () => (await import("./run-policy.ts")).runPolicy,
  },
  {
    name: "logs",
    group: "look",
    synopsis: "show what functions print, and the access and execution logs of APIs",
    arguments: [
      { name: "[TARGET]", help: "a function, a log group, or an API's id or name (default: list the groups)" },
    ],
    options: [
      { flags: "--follow", help: "go on with new lines, until Ctrl-C" },
      { flags: "--since <TIME>", help: "the earliest time: 30s, 10m, 2h, 7d, or a date (default: 10m)" },
      { flags: "--filter <PATTERN>", help: "only events that match, in CloudWatch Logs' filter pattern syntax" },
      {
        flags: "--account <ID>",
        help: "the log groups' account (default: those of deployed APIs, and 000000000000)",
        form: accountForm,
      },
      { flags: "--region <NAME>", help: "the log groups' region (default: those of deployed APIs, and us-east-1)" },
      { flags: "--json", help: "print JSON, one event a line" },
      endpoint,
    ],
    takesServerSettings: false,
    examples: ["portico logs", "portico logs my-function --follow", "portico logs Petstore --since 1h --filter ERROR"],
    load: async () => (await import("./run-logs.ts")).runLogs,
  },
  {
    name: "ws",
    group: "look",
    synopsis: "talk to a WebSocket API: each line is a message, and what comes is printed",
    arguments: [
      { name: "<TARGET>", help: "a ws://, wss:// or http:// URL, or the name or id of a deployed WebSocket API" },
    ],
    options: [
      { flags: "--stage <NAME>", help: "the API's stage, if it has several" },
      header,
      { flags: "--protocol <NAME>", help: "a subprotocol to ask for; several times for several", repeats: true },
      { flags: "--sign", help: "sign the handshake with the AWS credentials that are set, for AWS_IAM" },
      { flags: "--region <NAME>", help: "the region to sign for (default: AWS_REGION, else us-east-1)" },
      { flags: "--listen", help: "send nothing, and print what comes until Ctrl-C" },
      {
        flags: "--resume",
        help: "connect again when the connection is lost, and get what was missed (a server with --beyond-aws websocket-resume)",
      },
      {
        flags: "--wait <SECONDS>",
        help: "how long to stay for answers after the last line of a pipe (default: 2)",
        form: { pattern: /^\d{1,5}(?:\.\d+)?$/, says: "It takes a number of seconds." },
      },
      { flags: "--json", help: "print JSON, one event a line" },
      endpoint,
    ],
    takesServerSettings: false,
    examples: [
      "portico ws Chat",
      "portico ws ws://localhost:4566/_aws/execute-api/abc123/dev -H 'Authorization: Bearer abc'",
      `echo '{"action":"add","x":1,"y":2}' | portico ws Calculator --json`,
      "portico ws Chat --listen",
      "portico ws Chat --listen --resume",
    ],
    load: async () => (await import("./run-ws.ts")).runWs,
  },
  {
    name: "vtl",
    group: "look",
    synopsis: "render a mapping template, without a server",
    arguments: [{ name: "<TEMPLATE>", help: "the file with the template" }],
    options: [
      { flags: "--body <FILE>", help: "the request's body, or the integration's answer; - is standard input" },
      { flags: "--context <FILE>", help: "JSON with values of $context; all others are made up" },
      { flags: "--params <FILE>", help: "JSON with path, querystring and header, as $input.params() has them" },
      { flags: "--stage-variables <FILE>", help: "JSON with the values of $stageVariables" },
      { flags: "--content-type <TYPE>", help: "the content type of the request or answer (default: application/json)" },
      { flags: "--response", help: "render it as the template of an integration response" },
      { flags: "--watch", help: "render it again when one of the files is saved" },
      json,
    ],
    takesServerSettings: false,
    examples: [
      "portico vtl request.vtl --body order.json",
      "portico vtl response.vtl --response --body answer.xml --watch",
    ],
    load: async () => (await import("./run-vtl.ts")).runVtl,
  },
];
