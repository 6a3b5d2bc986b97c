// Writes what is made from tables: docs/reference/. `npm run generate`; with --check nothing is written,
// and a file that is not what would be written fails.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeControlLimits } from "../src/management/control-limits.ts";
import { makeRestOperations } from "../src/management/rest/operations.ts";
import { makeV2Operations } from "../src/management/v2/operations.ts";
import { loadModel, type ModelName, modelNames } from "../src/protocol/model.ts";
import { makeAlarmOperations } from "../src/services/cloudwatch/alarm-operations.ts";
import { metricOperations } from "../src/services/cloudwatch/operations.ts";
import { makeIamOperations } from "../src/services/iam/operations.ts";
import { makeLambdaOperations } from "../src/services/lambda/operations.ts";
import { servedLogsOperations } from "../src/services/logs/operation-names.ts";
import { makeStsOperations } from "../src/services/sts/operations.ts";
import { makeWafOperations } from "../src/services/wafv2/operations.ts";
import { makeSamplingOperations } from "../src/services/xray/sampling-rules.ts";
import { traceOperationNames } from "../src/services/xray/trace-operation-names.ts";
import { commandLinePage } from "./command-line-page.ts";
import { settingsPage, v2SettingsPage } from "./settings-page.ts";

const root = join(import.meta.dirname, "..");
const isCheck = process.argv.includes("--check");

/** Only the tables' names are read: no operation is called, so none needs what it works with. */
const unused = <T>(): T => ({}) as T;

const served: Readonly<Partial<Record<ModelName, Readonly<Record<string, unknown>>>>> = {
  apigateway: makeRestOperations({
    store: unused(),
    limits: makeControlLimits(),
    testInvocation: unused(),
    authorizerTest: unused(),
  }),
  apigatewayv2: makeV2Operations({ store: unused(), limits: makeControlLimits() }),
  lambda: makeLambdaOperations(unused()),
  iam: makeIamOperations(unused(), unused()),
  sts: makeStsOperations(unused(), unused(), unused()),
  logs: Object.fromEntries(servedLogsOperations.map((name) => [name, true])),
  cloudwatch: { ...metricOperations, ...makeAlarmOperations(unused(), unused()) },
  wafv2: makeWafOperations(unused(), unused()),
  xray: {
    ...Object.fromEntries(traceOperationNames.map((name) => [name, true])),
    ...makeSamplingOperations(unused(), unused()),
  },
};

const titles: Readonly<Record<ModelName, string>> = {
  apigateway: "API Gateway: REST APIs",
  apigatewayv2: "API Gateway V2: HTTP and WebSocket APIs",
  apigatewaymanagementapi: "API Gateway Management API: WebSocket connections",
  lambda: "Lambda",
  sts: "STS",
  iam: "IAM",
  logs: "CloudWatch Logs",
  cloudwatch: "CloudWatch",
  wafv2: "WAF (wafv2)",
  xray: "X-Ray",
};

function operationsPage(): string {
  const lines = [
    "# Operations",
    "",
    "<!-- Written by `npm run generate` from the interface models and the services' tables. Do not edit. -->",
    "",
    "Portico knows every operation of these services. A *served* one does what it does on AWS, except where",
    "[compatibility.md](../compatibility.md) says otherwise. Any other answers 501 `NotImplementedException` and names itself.",
    "",
    "| Service | Operations | Served |",
    "|---|---|---|",
  ];
  for (const name of modelNames) {
    const count = Object.keys(loadModel(name).operations).length;
    const servedCount = Object.keys(served[name] ?? {}).length;
    lines.push(`| [${titles[name]}](#${anchor(titles[name])}) (\`${name}\`) | ${count} | ${servedCount} |`);
  }
  for (const name of modelNames) lines.push("", `## ${titles[name]}`, "", ...operationRows(name));
  return `${lines.join("\n")}\n`;
}

function operationRows(name: ModelName): string[] {
  const model = loadModel(name);
  const handlers = served[name] ?? {};
  const unknown = Object.keys(handlers).find((operation) => !(operation in model.operations));
  if (unknown !== undefined) throw new Error(`${name} has a handler for ${unknown}, which its model does not have.`);
  const { protocol, targetPrefix } = model.metadata;
  const requests = {
    query: (operation: string) => `Action=${operation}`,
    json: (operation: string) => `X-Amz-Target: ${targetPrefix}.${operation}`,
    "smithy-rpc-v2-cbor": (operation: string) => `Action=${operation}`,
    "rest-json": (_: string, { method, requestUri }: { method: string; requestUri: string }) =>
      `${method} ${requestUri}`,
  };
  const rows = Object.entries(model.operations).map(([operation, { http }]) => {
    const request = requests[protocol](operation, http);
    return `| ${operation} | \`${request}\` | ${operation in handlers ? "served" : "501"} |`;
  });
  return ["| Operation | Request | State |", "|---|---|---|", ...rows];
}

/** The anchor of a heading, as GitHub makes it. */
const anchor = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, "")
    .replaceAll(" ", "-");

const pages: Readonly<Record<string, string>> = {
  "docs/reference/command-line.md": commandLinePage(),
  "docs/reference/operations.md": operationsPage(),
  "docs/reference/settings.md": settingsPage(),
  "docs/reference/settings-v2.md": v2SettingsPage(),
};
let isStale = false;
for (const [file, text] of Object.entries(pages)) {
  const path = join(root, file);
  if (!isCheck) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } else if (readOrNothing(path) !== text) {
    console.error(`${file} is not what its tables say; run \`npm run generate\` and commit it.`);
    isStale = true;
  }
}
process.exit(isStale ? 1 : 0);

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
