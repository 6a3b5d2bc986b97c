import { readFileSync, statSync } from "node:fs";
import { bounds } from "../../base/bounds.ts";
import { isObject } from "../../base/json-object.ts";
import { UserError } from "../../base/user-error.ts";
import { type MockedDocument, mockDocument } from "../../openapi/mock/mock-document.ts";
import type { ServiceError } from "../../protocol/client.ts";
import {
  type ApiOperation,
  type FunctionReference,
  isHttpApiDocument,
  listFunctionReferences,
  listOperations,
  routeKey,
} from "./api-operations.ts";
import { bundleReferences } from "./bundle-references.ts";
import { deriveApiId } from "./derive-api-id.ts";
import type { ApiSettings } from "./project.ts";
import { locate, readYaml, type Source } from "./read-yaml.ts";
import { type Problem, ProblemsError, problemAt } from "./source-text.ts";
import { type BrokenTemplate, findBrokenTemplates } from "./template-problems.ts";

/** The project's document, ready to be sent. */
export interface ApiDocument {
  readonly source: Source;
  /** The other files that it refers to. */
  readonly files: readonly string[];
  /** The text to import: the file as it is, or a JSON bundle with the files that it refers to. */
  readonly body: Buffer;
  readonly name: string;
  /** The kind of API that it is made. */
  readonly protocol: "REST" | "HTTP";
  readonly operations: readonly ApiOperation[];
  /** The operations that `--mock` answers, such as `GET /pets`. */
  readonly mocked: ReadonlySet<string>;
  readonly functions: readonly FunctionReference[];
  /** The function that answers for mocked operations of an HTTP API. */
  readonly mockFunction?: { readonly name: string; readonly files: Readonly<Record<string, string>> };
  /** Problems that the import does not report. */
  readonly problems: readonly Problem[];
  readonly brokenTemplates: readonly BrokenTemplate[];
  /** The account of the document's functions. The API is made in the same account and region. */
  readonly account: string;
  readonly region: string;
}

/** Returns an operation as mocked: a mock accepts every value in its path. */
const asMocked = (operation: ApiOperation): ApiOperation => ({
  ...operation,
  integration: { type: "MOCK (--mock)", uri: undefined, functionName: undefined },
  exampleTarget: operation.exampleTarget ?? operation.path.replaceAll(/\{[^}]+\}/g, "1"),
});

/** Twice the size of the largest documents that are published; the import itself has AWS's limit. */
const documentBytesMax = bounds.projectDocumentBytesMax.value;

/** Reads the document. Throws its mistakes as located problems. */
export async function readApiDocument(file: string, settings: ApiSettings, isMock = false): Promise<ApiDocument> {
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) throw new ProblemsError([{ severity: "error", message: `${file} is not there` }]);
  if (size > documentBytesMax)
    throw new UserError({
      what: `${file} is too large.`,
      why: `It has ${Math.round(size / 1e6)} MB.`,
      next: "API Gateway imports documents of at most 6 MB: split the API.",
    });
  const text = readFileSync(file, "utf8");
  const source: Source = { file, text };
  const { value } = await readYaml(source);
  if (!isObject(value) || (value["openapi"] === undefined && value["swagger"] === undefined))
    throw new ProblemsError([
      problemAt(
        "error",
        isObject(value) && isObject(value["Resources"])
          ? "This is a template of CloudFormation or SAM, which Portico does not read: its OpenAPI document is wanted"
          : 'This is no OpenAPI document: it has no `openapi: 3.0.1` or `swagger: "2.0"`',
        source,
        0,
      ),
    ]);
  const { document, files } = await bundleReferences(value, file, text);
  const info = isObject(value["info"]) ? value["info"] : {};
  const name = settings.name ?? (typeof info["title"] === "string" ? info["title"] : "");
  if (name === "")
    throw new ProblemsError([
      problemAt("error", "The API has no name: `info` needs a `title`", source, await locate(source, ["info"])),
    ]);
  const titled = isObject(document) ? { ...document, info: { ...info, title: name } } : document;
  const protocol = settings.protocol ?? (isHttpApiDocument(document) ? "HTTP" : "REST");
  const functions = listFunctionReferences(document, settings.variables ?? {});
  const account = functions[0]?.account ?? "000000000000";
  const region = functions[0]?.region ?? "us-east-1";
  const mockName = `portico-mock-${deriveApiId(account, region, name)}`;
  const mockArn = protocol === "HTTP" ? `arn:aws:lambda:${region}:${account}:function:${mockName}` : undefined;
  const mock: MockedDocument | undefined = isMock && isObject(titled) ? mockDocument(titled, mockArn) : undefined;
  const mocked = mock?.mocked ?? new Set<string>();
  const isAsWritten = files.length === 0 && name === info["title"] && mocked.size === 0;
  // Preflights that the gateway answers are no operations of a mock.
  const operations = listOperations(mockArn === undefined ? document : (mock?.document ?? document));
  return {
    source,
    files,
    body: isAsWritten ? Buffer.from(text) : Buffer.from(JSON.stringify(mock?.document ?? titled)),
    name,
    protocol,
    operations: operations.map((one) => (mocked.has(routeKey(one)) ? asMocked(one) : one)),
    mocked,
    functions,
    ...(mock?.functionFiles && { mockFunction: { name: mockName, files: mock.functionFiles } }),
    problems: findCloudFormation(source),
    brokenTemplates: await findBrokenTemplates({ source, written: value, bundled: document }, operations),
    account,
    region,
  };
}

/** Finds the functions of SAM and CloudFormation that a deployment would fill in. Nothing fills them in here. */
function findCloudFormation(source: Source): readonly Problem[] {
  const at = source.text.search(
    /["']?Fn::(Sub|GetAtt|Join|ImportValue)["']?\s*:|:\s+!(Sub|GetAtt|Join|Ref|ImportValue)\s/,
  );
  if (at < 0) return [];
  const message =
    "CloudFormation's functions are not resolved here: write out what stands in their place, such as the ARN";
  return [problemAt("warning", message, source, at)];
}

/** Locates the import's errors and warnings in the document. */
export async function locateImportProblems(
  messages: readonly string[],
  severity: Problem["severity"],
  document: ApiDocument,
): Promise<readonly Problem[]> {
  const { source } = document;
  const problems: Problem[] = [];
  for (const message of messages.slice(0, problemsShown)) {
    const pointer = pointerFor(message, document);
    let offset = await locate(source, pointer);
    // A message names a mapping by its text, which is somewhere below.
    const named = /specified: ([^\s\],]+)[\],]*$/.exec(message)?.[1];
    const at = named === undefined ? -1 : source.text.indexOf(named, offset);
    if (at >= 0 && at - offset < sectionChars) offset = at;
    problems.push(problemAt(severity, message, source, offset));
  }
  const more = messages.length - problemsShown;
  if (more > 0) problems.push({ severity, message: `… and ${more} more` });
  return problems;
}

const problemsShown = 20;
/** About the length of an operation. */
const sectionChars = 4_000;

/** Returns what an import was refused for, located in the document. */
export async function importProblems(
  { message, hint }: Pick<ServiceError, "message" | "hint">,
  document: ApiDocument,
): Promise<ProblemsError> {
  const { errors, warnings } = splitImportMessage(message, hint);
  return new ProblemsError([
    ...(await locateImportProblems(errors, "error", document)),
    ...(await locateImportProblems(warnings, "warning", document)),
  ]);
}

/**
 * Splits `Errors found during import:\n\t…\n\t…Additionally, these warnings were found:\n\t…` into its lines. The reason
 * follows a refusal of one line, because AWS's `Invalid OpenAPI input.` says nothing.
 */
export function splitImportMessage(
  message: string,
  reason: string | undefined,
): { readonly errors: string[]; readonly warnings: string[] } {
  const [errors = "", warnings = ""] = message.split(/Additionally, these warnings were found:/);
  const lines = (text: string): string[] =>
    text
      .replace(/^(Errors|Warnings) found during import:/, "")
      .split(/\r?\n\t?/)
      .map((line) => line.trim())
      .filter((line) => line !== "");
  const told = lines(errors);
  const isAlone = told.length === 1 && reason !== undefined;
  return {
    errors: isAlone ? told.map((error) => `${error.replace(/\.$/, "")}: ${reason}`) : told,
    warnings: lines(warnings),
  };
}

/** The member of an integration that a message is about. */
const integrationMembers: readonly (readonly [RegExp, string])[] = [
  [/mapping (expression|identifier)/i, "requestParameters"],
  [/timeout/i, "timeoutInMillis"],
  [/passthroughBehavior/i, "passthroughBehavior"],
  [/role arn|credentials/i, "credentials"],
  [/integration type|enumeration value for type/i, "type"],
  [/http ?method/i, "httpMethod"],
  [/connection|vpc link/i, "connectionType"],
  [/./, "uri"],
];

/**
 * Returns the place in the document that a message of the import is about: `… on 'GET' for resource at path '/pets': …`
 * and its like.
 */
function pointerFor(message: string, document: ApiDocument): readonly string[] {
  const attribute = /attribute paths\.'([^']*)'\W?(\w+)?/.exec(message);
  if (attribute) return ["paths", attribute[1] ?? "", ...(attribute[2] ? [attribute[2]] : [])];
  const path =
    /path '([^']*)'/.exec(message)?.[1] ??
    /'[A-Z]+ (\/[^']*)'/.exec(message)?.[1] ??
    /at path (\/\S*)\./.exec(message)?.[1];
  if (path !== undefined) return pointerBelowPath(path, message, document);
  const gatewayResponse = /gateway response for '([^']+)'/.exec(message)?.[1];
  if (gatewayResponse) return ["x-amazon-apigateway-gateway-responses", gatewayResponse];
  const isSwagger = /^\s*["']?swagger["']?\s*:/m.test(document.source.text.slice(0, 10_000));
  const scheme = /security (?:definition|scheme):? '([^']+)'/i.exec(message)?.[1];
  if (scheme) return isSwagger ? ["securityDefinitions", scheme] : ["components", "securitySchemes", scheme];
  const model = /model (?:for |named )?'([^']+)'/i.exec(message)?.[1];
  if (model) return isSwagger ? ["definitions", model] : ["components", "schemas", model];
  return [];
}

function pointerBelowPath(path: string, message: string, document: ApiDocument): readonly string[] {
  const verb = /'(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|ANY|X-AMAZON-APIGATEWAY-ANY-METHOD)\b/i.exec(message)?.[1];
  const method = verb?.toUpperCase().replace("X-AMAZON-APIGATEWAY-ANY-METHOD", "ANY");
  const bare = (text: string): string => text.replace(/\/$/, "") || "/";
  const operation = document.operations.find(
    (one) => bare(one.path) === bare(path) && (method === undefined || one.method === method),
  );
  if (!operation) return ["paths", path];
  if (method === undefined) return ["paths", operation.path];
  if (/put method response/i.test(message)) return [...operation.pointer, "responses"];
  if (!/integration/i.test(message)) return operation.pointer;
  const integration = [...operation.pointer, "x-amazon-apigateway-integration"];
  if (/integration response/i.test(message)) return [...integration, "responses"];
  const what = message.slice(message.indexOf("': ") + 3);
  return [...integration, integrationMembers.find(([pattern]) => pattern.test(what))?.[1] ?? "uri"];
}
