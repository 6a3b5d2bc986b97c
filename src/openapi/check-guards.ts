/**
 * Finds guards of an API that can't be read. AWS does not document what it does with such a value. Here the import is
 * refused, because a guard that is ignored would leave its method open.
 */
import { isObject, type JsonObject } from "../base/json-object.ts";
import type { ImportLog } from "./import-log.ts";
import { flagMember, listMember, member, membersOf, scalarText } from "./json-value.ts";
import { verbs } from "./read-document.ts";
import type { References } from "./references.ts";

/** Returns what is expected of a value, as the end of a sentence, or undefined if the value is right. */
type Check = (value: unknown) => string | undefined;

const isText = (value: unknown): boolean => scalarText(value) !== undefined;
/** Returns whether a value is a boolean, or a text that writers of YAML and JSON make of one. */
const isFlag = (value: unknown): boolean => /^(true|false)$/i.test(scalarText(value) ?? "");

const text: Check = (value) => (isText(value) ? undefined : "has to be a string");
const string: Check = (value) => (typeof value === "string" ? undefined : "has to be a string");
const flag: Check = (value) => (isFlag(value) ? undefined : "has to be true or false");
const texts: Check = (value) =>
  Array.isArray(value) && value.every(isText) ? undefined : "has to be a list of strings";
const object: Check = (value) => (isObject(value) ? undefined : "has to be an object");
/** A single value has no guard in it; a list may have one that is lost. */
const objectOrNothing: Check = (value) => (Array.isArray(value) ? "has to be an object" : undefined);
const objectOrText: Check = (value) => (typeof value === "string" ? undefined : object(value));
const requirements: Check = (value) =>
  Array.isArray(value) && value.every((one) => isObject(one) && Object.values(one).every((list) => !texts(list)))
    ? undefined
    : "has to be a list of objects, each a security scheme's name with a list of scopes, which may be empty";

const extension = "x-amazon-apigateway-";
const validatorName = { [`${extension}request-validator`]: text };

/** The members that guard something, by the object that they stand in, with the check of their values. */
const guards = {
  document: {
    security: requirements,
    securityDefinitions: object,
    components: object,
    parameters: object,
    consumes: texts,
    [`${extension}policy`]: objectOrText,
    [`${extension}api-key-source`]: text,
    [`${extension}request-validators`]: object,
    [`${extension}endpoint-configuration`]: object,
    [`${extension}security-policy`]: text,
    [`${extension}endpoint-access-mode`]: text,
    ...validatorName,
  },
  components: { securitySchemes: object, parameters: object, requestBodies: object },
  server: { [`${extension}endpoint-configuration`]: object },
  endpointConfiguration: { disableExecuteApiEndpoint: flag, vpcEndpointIds: texts },
  validator: { validateRequestBody: flag, validateRequestParameters: flag },
  scheme: {
    type: text,
    name: string,
    in: string,
    scheme: string,
    [`${extension}authtype`]: text,
    [`${extension}authorizer`]: object,
  },
  authorizer: {
    type: text,
    authorizerUri: text,
    authorizerCredentials: text,
    identitySource: text,
    identityValidationExpression: text,
    providerARNs: texts,
    jwtConfiguration: object,
    authorizerPayloadFormatVersion: text,
    enableSimpleResponses: flag,
  },
  // Without its own method a request would go to the next one that takes it, which may be open.
  pathItem: {
    parameters: (value) => (Array.isArray(value) ? undefined : "has to be a list"),
    ...Object.fromEntries(Object.keys(verbs).map((verb) => [verb, objectOrNothing])),
  },
  operation: {
    security: requirements,
    parameters: (value) => (Array.isArray(value) ? undefined : "has to be a list"),
    requestBody: object,
    consumes: texts,
    [`${extension}auth`]: object,
    ...validatorName,
  },
  auth: { type: text },
  // Where a slip of the indentation puts what is an operation's.
  ofOperation: {},
  parameter: { name: text, in: text, required: flag },
  requestBody: { content: object },
  mediaType: { schema: (value) => (typeof value === "boolean" ? undefined : object(value)) },
} as const satisfies Record<string, Readonly<Record<string, Check>>>;

type Place = keyof typeof guards;

/** Every extension that AWS documents. AWS: API Gateway Developer Guide, "OpenAPI extensions for API Gateway". */
const extensions: ReadonlySet<string> = new Set(
  [
    ...[
      "any-method",
      "cors",
      "api-key-source",
      "auth",
      "authorizer",
      "authtype",
      "binary-media-types",
      "documentation",
    ],
    ...["endpoint-access-mode", "endpoint-configuration", "gateway-responses", "importexport-version", "integration"],
    ...["integrations", "minimum-compression-size", "policy", "request-validator", "request-validators"],
    ...["security-policy", "tag-value", "versioning"],
  ].map((name) => extension + name),
);

/** Guards that API Gateway reads in some places and ignores in all others. */
const guardsOfOnePlace: ReadonlySet<string> = new Set([
  ...["security", "disableExecuteApiEndpoint", "identityValidationExpression"],
  ...[
    "policy",
    "auth",
    "authorizer",
    "authtype",
    "request-validator",
    "request-validators",
    "endpoint-configuration",
  ].map((name) => extension + name),
]);

/** Members of a document whose values are anybody's, or are not about this API's own methods. */
const isForeign = (name: string): boolean =>
  foreignMembers.has(name) || (name.startsWith("x-") && !name.startsWith(extension));

const foreignMembers: ReadonlySet<string> = new Set([
  // The names of schemes are free, too.
  ...["example", "examples", "default", "enum", "const", "security"],
  // Of JSON Schema: lists by the names of properties.
  ...["dependencies", "dependentRequired"],
  ...["callbacks", "webhooks", "pathItems"],
  ...[`${extension}documentation`, `${extension}policy`],
]);

/**
 * Returns whether a member guards something wherever it may stand. Paths and their operations have guards: of two with one
 * name only the last would count.
 */
export const isGuard = (name: string): boolean =>
  guardsOfOnePlace.has(name) || guardsAnywhere.has(name) || name.startsWith("/");

const guardsAnywhere: ReadonlySet<string> = new Set([
  ...["securityDefinitions", "securitySchemes", `${extension}any-method`],
  ...["get", "put", "post", "delete", "options", "head", "patch"],
]);

/** Security schemes that OpenAPI knows. API Gateway ignores those that are neither a key in x-api-key nor an authorizer. */
const schemeTypes: Readonly<Record<string, readonly string[]>> = {
  apiKey: ["name", "in"],
  http: ["scheme"],
  basic: [],
  oauth2: [],
  openIdConnect: [],
  mutualTLS: [],
};
const keyPlaces = ["header", "query", "cookie"];
const parameterPlaces = ["path", "query", "header", "body", "formData", "cookie"];

/** Logs an error, which refuses the import, for each guard of the document that can't be read. */
export function checkGuards(document: JsonObject, references: References, log: ImportLog): void {
  new GuardCheck(references, log).document(document);
}

/** Stands for a reference that leads nowhere. Its reader refuses it. */
const unresolved = Symbol("unresolved");

class GuardCheck {
  readonly #references: References;
  readonly #log: ImportLog;
  /** The objects whose members have been checked. */
  readonly #checked = new Set<object>();

  constructor(references: References, log: ImportLog) {
    this.#references = references;
    this.#log = log;
  }

  document(document: JsonObject): void {
    this.#members("document", document, "the document");
    const components = member(document, "components");
    this.#members("components", components, "components");
    for (const schemes of [document["securityDefinitions"], member(components, "securitySchemes")]) {
      for (const [name, scheme] of membersOf(schemes)) this.#scheme(name, scheme);
    }
    for (const [name, rules] of membersOf(document[`${extension}request-validators`])) {
      const place = `request validator '${name}'`;
      if (isObject(rules)) this.#members("validator", rules, place);
      else this.#refuse(place, "has to be an object");
    }
    const servers = listMember(document, "servers");
    for (const server of servers) this.#members("server", server, "a server");
    this.#endpoints([document, ...servers].map((one) => member(one, `${extension}endpoint-configuration`)));
    for (const [path, item] of membersOf(document["paths"])) {
      if (!path.startsWith("x-")) this.#path(path, this.#resolved(item));
    }
    this.#elsewhere(document);
  }

  /** Of several endpoint configurations only one is read. */
  #endpoints(configurations: readonly unknown[]): void {
    const given = configurations.filter(isObject);
    for (const one of given) this.#members("endpointConfiguration", one, "the endpoint configuration");
    if (new Set(given.map((one) => JSON.stringify(one))).size > 1) {
      this.#refuse("the endpoint configuration", "is given more than once, with different members");
    }
  }

  /** Refuses guards in all objects that have not been checked: nothing reads them there. */
  #elsewhere(document: JsonObject): void {
    const seen = new Set<object>();
    const left = [{ value: document as object, key: "", path: "" }];
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      // An alias of YAML may lead to an object again, or back to itself.
      if (seen.has(next.value)) continue;
      seen.add(next.value);
      for (const [name, value] of Object.entries(next.value)) {
        // What is called `security` may be a header or a property: those are no lists.
        const isGuarding = guardsOfOnePlace.has(name) && (name !== "security" || Array.isArray(value));
        if (isGuarding && !this.#checked.has(next.value)) {
          this.#refuse(`${name} of '${next.path}'`, "guards nothing there");
        }
        const isResponse = name === "default" && next.key === "responses";
        if (typeof value !== "object" || value === null || (isForeign(name) && !isResponse)) continue;
        left.push({ value, key: name, path: next.path === "" ? name : `${next.path}.${name}` });
      }
    }
  }

  #scheme(name: string, source: unknown): void {
    const place = `security scheme '${name}'`;
    const scheme = this.#resolved(source);
    if (!isObject(scheme)) {
      // No other code follows a scheme's reference.
      this.#refuse(place, "has to be an object");
      return;
    }
    this.#members("scheme", scheme, place);
    this.#members("authorizer", member(scheme, `${extension}authorizer`), `the authorizer of ${place}`);
    const type = scheme["type"];
    const wanted = typeof type === "string" && Object.hasOwn(schemeTypes, type) ? schemeTypes[type] : undefined;
    if (wanted === undefined) {
      this.#refuse(`type of ${place}`, `has to be one of ${Object.keys(schemeTypes).join(", ")}`);
      return;
    }
    for (const needed of wanted) {
      if (!/\S/.test(scalarText(scheme[needed]) ?? "")) this.#refuse(`${needed} of ${place}`, "is missing");
    }
    if (type !== "apiKey") return;
    if (!keyPlaces.includes(scalarText(scheme["in"]) ?? ""))
      this.#refuse(`in of ${place}`, `has to be one of ${keyPlaces.join(", ")}`);
    if (isAlmost((scalarText(scheme["name"]) ?? "").toLowerCase(), "x-api-key")) {
      this.#refuse(`name of ${place}`, "is almost x-api-key, the header of API Gateway's keys: it would guard nothing");
    }
  }

  #path(path: string, item: unknown): void {
    const problem = objectOrNothing(item);
    if (problem !== undefined) this.#refuse(`'${path}'`, problem);
    this.#members("pathItem", item, `'${path}'`);
    this.#parameters(item, `'${path}'`);
    for (const [verb, operation] of membersOf(item)) {
      if (
        !isObject(operation) ||
        pathMembers.has(verb) ||
        verb.startsWith("x-") !== (verb === `${extension}any-method`)
      ) {
        continue;
      }
      this.#operation(operation, `'${verb === `${extension}any-method` ? "ANY" : verb.toUpperCase()} ${path}'`);
    }
  }

  #operation(operation: JsonObject, place: string): void {
    this.#members("operation", operation, place);
    this.#parameters(operation, place);
    const auth = operation[`${extension}auth`];
    if (isObject(auth)) {
      this.#members("auth", auth, `${extension}auth of ${place}`);
      if (auth["type"] === undefined) this.#refuse(`type in ${extension}auth of ${place}`, "is missing");
    }
    for (const name of [`${extension}integration`, "responses"]) {
      this.#members("ofOperation", this.#resolved(operation[name]), `${name} of ${place}`);
    }
    const body = this.#resolved(operation["requestBody"]);
    if (isObject(operation["requestBody"]) && body !== unresolved && !isObject(body)) {
      this.#refuse(`requestBody of ${place}`, "has to lead to an object");
    }
    this.#members("requestBody", body, `the body of ${place}`);
    for (const [mediaType, content] of membersOf(member(body, "content"))) {
      const where = `the ${mediaType} body of ${place}`;
      if (isObject(content)) this.#members("mediaType", content, where);
      else this.#refuse(where, "has to be an object");
    }
  }

  #parameters(source: unknown, place: string): void {
    for (const listed of listMember(source, "parameters")) {
      const parameter = this.#resolved(listed);
      if (isObject(parameter)) this.#parameter(parameter, place);
      else if (parameter !== unresolved) this.#refuse(`a parameter of ${place}`, "has to be an object");
    }
  }

  #parameter(parameter: JsonObject, place: string): void {
    const where = `the parameter '${scalarText(parameter["name"]) ?? ""}' of ${place}`;
    this.#members("parameter", parameter, where);
    const location = scalarText(parameter["in"]) ?? "";
    if (location === "body") {
      if (member(parameter, "schema") !== undefined) this.#members("mediaType", parameter, where);
      return;
    }
    // A parameter that is not required guards nothing.
    if (!isText(parameter["name"]) && (location === "path" || flagMember(parameter, "required") === true)) {
      this.#refuse(`name of ${where}`, "is missing");
    }
    if (!parameterPlaces.includes(location)) {
      this.#refuse(`in of ${where}`, `has to be one of ${parameterPlaces.join(", ")}`);
    }
  }

  #members(place: Place, source: unknown, where: string): void {
    if (!isObject(source)) return;
    this.#checked.add(source);
    // References are followed before; where one is left, its reader does not follow it.
    if (Object.hasOwn(source, "$ref")) this.#refuse(`$ref of ${where}`, "is not followed here");
    const checks: Readonly<Record<string, Check>> = guards[place];
    for (const [name, value] of Object.entries(source)) {
      const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
      const problem = check?.(value);
      if (problem !== undefined) this.#refuse(`${name} of ${where}`, problem);
      else if (check === undefined) this.#unknown(name, checks, where);
    }
  }

  /** Refuses an unknown name that may have been meant as a guard's. */
  #unknown(name: string, checks: Readonly<Record<string, Check>>, where: string): void {
    if (guardsOfOnePlace.has(name)) this.#refuse(`${name} of ${where}`, "guards nothing there");
    if (extensions.has(name) || openApiMembers.has(name)) return;
    const lower = name.toLowerCase();
    const flat = flattened(name);
    const beginnings = [-1, 0, 1].map((more) => lower.slice(0, extension.length + more));
    if (
      beginnings.some((beginning) => beginning === extension || isAlmost(beginning, extension)) ||
      /^x?(amazon|amzn|amz|aws)apigateway/.test(flat) ||
      flatExtensions.has(flat.replace(/^x?(?=apigateway)/, "xamazon"))
    ) {
      this.#refuse(`${name} of ${where}`, "is no extension of API Gateway's");
      return;
    }
    // Other vendors' extensions are ignored.
    if (lower.startsWith("x-")) return;
    const meant = [...Object.keys(checks), "$ref"].find((known) => flat === flattened(known) || isAlmost(name, known));
    if (meant !== undefined) this.#refuse(`${name} of ${where}`, `is almost ${meant}: it would guard nothing`);
  }

  #resolved(value: unknown): unknown {
    const resolved = this.#references.resolve(value);
    return resolved.kind === "value" ? resolved.value : unresolved;
  }

  #refuse(what: string, problem: string): void {
    this.#log.error(`Unable to read a guard of the API: ${what} ${problem}`);
  }
}

/** Returns a name without what tells `api-key` from `apiKey` and `API_KEY`. */
const flattened = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");

const flatExtensions: ReadonlySet<string> = new Set([...extensions].map(flattened));

const pathMembers: ReadonlySet<string> = new Set(["parameters", "servers"]);

/** Members of OpenAPI's objects that look like a guard's name and are not. */
const openApiMembers: ReadonlySet<string> = new Set(["schemes", "schema", "schemas", "servers", "server", "tags"]);

/** Returns whether two names differ by one wrong, missing or extra character, or by two swapped ones. */
function isAlmost(given: string, wanted: string): boolean {
  if (given === wanted || Math.abs(given.length - wanted.length) > 1) return false;
  let start = 0;
  while (start < given.length && given[start] === wanted[start]) start++;
  let end = 0;
  const shorter = Math.min(given.length, wanted.length);
  while (end < shorter - start && given.at(-1 - end) === wanted.at(-1 - end)) end++;
  const left = given.length - start - end;
  const right = wanted.length - start - end;
  if (left <= 1 && right <= 1) return true;
  return left === 2 && right === 2 && given[start] === wanted[start + 1] && given[start + 1] === wanted[start];
}
