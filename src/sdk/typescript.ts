import type { SdkFiles } from "./generate-sdk.ts";
import { camelCase, Names, pascalCase, snakeCase } from "./identifiers.ts";
import {
  inputMembers,
  methodTable,
  nameOperations,
  type SdkApi,
  type SdkOperation,
  type SdkResponse,
} from "./sdk-api.ts";
import type { SdkParameters } from "./sdk-types.ts";
import { blockComment, jsProperty, jsString } from "./source-text.ts";
import { typescriptModels, typescriptType } from "./typescript-models.ts";

/** The client's other members, and names that no method may have. */
const reserved = ["constructor", "request", "call", "then", "toString", "valueOf", "hasOwnProperty"];

/** Writes a package of TypeScript source over fetch. AWS has no such SDK. */
export function writeTypescript(api: SdkApi, parameters: SdkParameters): SdkFiles {
  const service = pascalCase(parameters.get("service.name") ?? api.name);
  const packageName = parameters.get("typescript.package-name") ?? `${snakeCase(service).replaceAll("_", "-")}-client`;
  const version = parameters.get("typescript.package-version") ?? "1.0.0";
  return {
    folder: packageName.replace(/^@.*\//, ""),
    files: {
      "src/client.ts": clientFile(api, service),
      "src/models.ts": `${blockComment(`The models of ${api.name}.`)}\n${typescriptModels(api)}\nexport {};\n`,
      "package.json": packageFile(packageName, version),
      "tsconfig.json": `${JSON.stringify({ compilerOptions, include: ["src"] }, null, 2)}\n`,
      "README.md": readme(api, service, packageName),
    },
  };
}

const compilerOptions = {
  target: "es2022",
  module: "nodenext",
  lib: ["es2023", "dom", "dom.iterable"],
  strict: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
  erasableSyntaxOnly: true,
  rewriteRelativeImportExtensions: true,
  declaration: true,
  rootDir: "src",
  outDir: "dist",
};

const packageFile = (name: string, version: string): string =>
  `${JSON.stringify(
    {
      name,
      version,
      private: true,
      type: "module",
      exports: { ".": { types: "./dist/client.d.ts", default: "./dist/client.js" } },
      scripts: { build: "tsc" },
    },
    null,
    2,
  )}\n`;

function clientFile(api: SdkApi, service: string): string {
  const names = new Names([`${service}Client`]);
  const inputs: string[] = [];
  const methods = nameOperations(api, camelCase, reserved).map(([name, operation]) => {
    const input = names.take(`${pascalCase(name)}Input`);
    const [type, isOptional] = inputType(operation);
    const comment = `${operation.httpMethod} ${operation.path}`;
    inputs.push(`${blockComment(comment)}export interface ${input} ${type}\n`);
    const failures = operation.failures.map(({ status, model }) => `${status}${model ? ` ${model.name}` : ""}`);
    const doc = failures.length === 0 ? comment : `${comment}\n\nThrows an ApiError: ${failures.join(", ")}.`;
    return `${blockComment(doc, "  ")}  ${name}(input${isOptional ? "?" : ""}: ${input}, options?: CallOptions): Promise<Result<${answerType(operation.successes)}>> {
    return this.call(${facts(operation)}, { ...input }, options);
  }
`;
  });
  return `import type * as models from "./models.ts";
import { ApiClient, type CallOptions, type ClientOptions, type ParameterValue, type Result } from "./runtime.ts";

export {
  ApiConnectionError,
  ApiError,
  type CallOptions,
  type ClientOptions,
  type Credentials,
  isApiError,
  type ParameterValue,
  type Result,
} from "./runtime.ts";
export type { models };

${inputs.join("\n")}
${blockComment(`The client of ${api.name}.\n${api.description}`)}export class ${service}Client extends ApiClient {
  constructor(options: ClientOptions = {}) {
    super({ invokeUrl: ${jsString(api.invokeUrl)}, region: ${jsString(api.region)} }, options);
  }

${methods.join("\n")}}
`;
}

/** Returns the input's type, and whether all of it is optional. */
function inputType(operation: SdkOperation): [string, boolean] {
  const members = inputMembers(operation).map(({ name, isRequired }) => ({
    text: `${jsProperty(name)}${isRequired ? "" : "?"}: ParameterValue`,
    isRequired,
  }));
  const { body } = operation;
  if (body !== undefined) {
    const isRequired = body.shape !== undefined && body.shape.kind !== "any";
    const type = body.shape === undefined ? "unknown" : answer(typescriptType(body.shape, "models."));
    members.push({ text: `${bodyMember(operation)}${isRequired ? "" : "?"}: ${type}`, isRequired });
  }
  const lines = members.map(({ text }) => `  ${text};\n`);
  return [`{\n${lines.join("")}}`, members.every(({ isRequired }) => !isRequired)];
}

/** Returns the name of the body's member: `body`, unless a parameter has that name. */
function bodyMember({ parameters }: SdkOperation): string {
  const names = new Names();
  for (const { name } of parameters) names.take(name);
  return parameters.some(({ name }) => name.toLowerCase() === "body") ? names.take("requestBody") : "body";
}

/** Returns the type of an answer; `unknown` makes callers check a free-form value. */
const answer = (type: string): string => (type === "any" ? "unknown" : type);

function answerType(successes: readonly SdkResponse[]): string {
  const types = successes.flatMap(({ model }) => (model === undefined ? [] : [typescriptType(model.shape, "models.")]));
  return types.length === 0 || types.includes("any") ? "unknown" : [...new Set(types)].join(" | ");
}

function facts(operation: SdkOperation): string {
  const namesIn = (where: string): string =>
    operation.parameters
      .filter((parameter) => parameter.in === where)
      .map(({ name }) => jsString(name))
      .join(", ");
  const members = [
    `method: ${jsString(operation.httpMethod)}`,
    `path: ${jsString(operation.path)}`,
    ...(namesIn("query") === "" ? [] : [`query: [${namesIn("query")}]`]),
    ...(namesIn("header") === "" ? [] : [`headers: [${namesIn("header")}]`]),
    ...(operation.body === undefined
      ? []
      : [`body: ${jsString(bodyMember(operation))}`, `contentType: ${jsString(operation.body.contentType)}`]),
  ];
  return `{ ${members.join(", ")} }`;
}

function readme(api: SdkApi, service: string, packageName: string): string {
  const methods = methodTable(nameOperations(api, camelCase, reserved));
  return `# ${packageName}

A client over \`fetch\`, without dependencies, for browsers and Node.js 20 or newer. \`npx tsc\` (TypeScript 5.7 or newer)
compiles it to \`dist/\`; bundlers and Node.js (22.18 or newer) take \`src/client.ts\` as it is.

\`\`\`ts
import { ${service}Client, isApiError, type models } from ${jsString(packageName)};

const client = new ${service}Client({
  credentials: { accessKeyId: "…", secretAccessKey: "…", sessionToken: "…" }, // signs; leave out without IAM
  apiKey: "…", // sent as x-api-key
  timeoutMs: 10_000,
});
const { status, headers, body } = await client.methodName({ /* parameters by name, and body */ });
\`\`\`

An answer that is not 2xx is thrown as an \`ApiError\` with \`status\`, \`headers\` and \`body\`; no answer as an
\`ApiConnectionError\`. \`client.request(method, path, body)\` makes any other request.

${methods}`;
}
