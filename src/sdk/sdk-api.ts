import type { Method, Resource, RestApiDefinition } from "../definition/rest-api.ts";
import { Names, noClassNames, pascalCase } from "./identifiers.ts";
import { type Shape, ShapeReader, type Structure } from "./shapes.ts";
import { markdownCode } from "./source-text.ts";

/** An API as its SDKs see it, independent of a language. Its texts are well-formed Unicode. */
export interface SdkApi {
  readonly name: string;
  readonly description: string;
  /** The stage's URL, without a slash at its end. */
  readonly invokeUrl: string;
  readonly region: string;
  readonly operations: readonly SdkOperation[];
  /** The structures of the operations' models, in the order in which they were found. */
  readonly structures: readonly Structure[];
}

export interface SdkOperation {
  readonly httpMethod: string;
  /** `/pets/{petId}` */
  readonly path: string;
  /** The name that its author gave it. */
  readonly operationName?: string;
  readonly parameters: readonly SdkParameter[];
  readonly body?: SdkBody;
  /** The answers below 300 that have models, by status. */
  readonly successes: readonly SdkResponse[];
  readonly failures: readonly SdkResponse[];
}

export interface SdkParameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly isRequired: boolean;
  /** The parameter is a `{proxy+}`: slashes in its value stay. */
  readonly isGreedy: boolean;
}

export interface SdkBody {
  /** The model's name, or `body`. */
  readonly name: string;
  readonly contentType: string;
  /** The shape of a JSON body. It is absent for bytes and text: the media type is not JSON, or there is no model. */
  readonly shape?: Shape;
}

export interface SdkResponse {
  readonly status: number;
  readonly headers: readonly string[];
  readonly model?: { readonly name: string; readonly shape: Shape };
}

interface StageAddress {
  readonly invokeUrl: string;
  readonly region: string;
}

/** Methods whose requests may have a body without a model. */
const withBody = ["POST", "PUT", "PATCH", "DELETE"];

/** Reads a deployed definition. As in AWS's SDKs, ANY methods have no operation. */
export function readSdkApi(definition: RestApiDefinition, served: StageAddress): SdkApi {
  const shapes = new ShapeReader(new Map(definition.models.map((model) => [model.name, model.schema ?? "{}"])));
  const operations = definition.resources
    .toSorted((one, other) => compare(one.path, other.path))
    .flatMap((resource) =>
      Object.values(resource.resourceMethods ?? {})
        .filter(({ httpMethod }) => httpMethod !== "ANY")
        .toSorted((one, other) => compare(one.httpMethod, other.httpMethod))
        .map((method) => readOperation(resource, method, shapes)),
    );
  return {
    name: definition.restApi.name.toWellFormed(),
    description: (definition.restApi.description ?? "").toWellFormed(),
    ...served,
    operations,
    structures: shapes.structures(),
  };
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

function readOperation(resource: Resource, method: Method, shapes: ShapeReader): SdkOperation {
  const body = readBody(method, shapes);
  const responses = Object.values(method.methodResponses ?? {}).map((response): SdkResponse => {
    const model = jsonModelOf(response.responseModels);
    const headers = Object.keys(response.responseParameters ?? {}).flatMap((key) => {
      const name = /^method\.response\.header\.(.+)$/.exec(key)?.[1];
      return name === undefined ? [] : [name.toWellFormed()];
    });
    return {
      status: Number(response.statusCode),
      headers,
      ...(model !== undefined && { model: { name: model, shape: shapes.ofModel(model) } }),
    };
  });
  responses.sort((one, other) => one.status - other.status);
  const operationName = method.operationName?.toWellFormed();
  return {
    httpMethod: method.httpMethod,
    path: resource.path,
    ...(operationName && { operationName }),
    parameters: readParameters(resource.path, method),
    ...(body !== undefined && { body }),
    successes: responses.filter(({ status }) => status < 300),
    failures: responses.filter(({ status }) => status >= 400),
  };
}

/** Reads a method's parameters. Path parameters come from the path, since a method need not declare them. */
function readParameters(path: string, method: Method): SdkParameter[] {
  const parameters = Array.from(
    path.matchAll(/\{([^}+]+)(\+?)\}/g),
    ([, name, plus]): SdkParameter => ({ name: name!, in: "path", isRequired: true, isGreedy: plus === "+" }),
  );
  for (const [key, isRequired] of Object.entries(method.requestParameters ?? {})) {
    const [, location, name] = /^method\.request\.(querystring|header)\.(.+)$/.exec(key) ?? [];
    if (location === undefined || name === undefined) continue;
    const where = location === "header" ? "header" : "query";
    parameters.push({ name: name.toWellFormed(), in: where, isRequired, isGreedy: false });
  }
  return parameters;
}

function readBody(method: Method, shapes: ShapeReader): SdkBody | undefined {
  const json = jsonModelOf(method.requestModels);
  if (json !== undefined) return { name: json, contentType: "application/json", shape: shapes.ofModel(json) };
  const [other] = Object.entries(method.requestModels ?? {});
  if (other !== undefined) return { name: other[1], contentType: other[0].toWellFormed() };
  return withBody.includes(method.httpMethod) ? { name: "body", contentType: "application/json" } : undefined;
}

/** Returns the model for JSON among models by media type. */
function jsonModelOf(models: Readonly<Record<string, string>> | undefined): string | undefined {
  const types = Object.keys(models ?? {});
  const type = types.find((one) => /^application\/([^;]+\+)?json\b|^\$default$/i.test(one));
  return type === undefined ? undefined : models?.[type];
}

/**
 * Returns the name of an operation whose author gave none: `getPetsPetId`, `getApiRoot` for the root.
 * AWS: API Gateway developer guide, "Simple calculator API in API Gateway".
 */
const defaultName = ({ httpMethod, path }: SdkOperation): string =>
  pascalCase(`${httpMethod.toLowerCase()} ${path === "/" ? "ApiRoot" : path}`);

/** Returns the members of a call's input besides the body. Parameters with one name are one member. */
export function inputMembers({ parameters }: SdkOperation): { name: string; isRequired: boolean }[] {
  const members = new Map<string, boolean>();
  for (const { name, isRequired } of parameters) members.set(name, isRequired || (members.get(name) ?? false));
  return Array.from(members, ([name, isRequired]) => ({ name, isRequired }));
}

/** Gives each operation a name of its own, in the form that `write` returns. */
export function nameOperations(
  api: SdkApi,
  write: (name: string) => string,
  reserved: Iterable<string>,
): [string, SdkOperation][] {
  const names = new Names(reserved);
  return api.operations.map((operation) => [
    names.take(write(operation.operationName ?? defaultName(operation))),
    operation,
  ]);
}

/** The error class for each model that is the body of a failure. */
export type Failures = ReadonlyMap<string, { readonly name: string; readonly shape: Shape }>;

/** Names the errors after their models. `suffix` is added to names that do not say that they are errors. */
export function nameFailures(api: SdkApi, suffix: string, reserved: Iterable<string>): Failures {
  const names = new Names([...noClassNames, ...reserved]);
  const failures = new Map<string, { name: string; shape: Shape }>();
  for (const { model } of api.operations.flatMap((operation) => operation.failures)) {
    if (model === undefined || failures.has(model.name)) continue;
    const name = pascalCase(model.name);
    const isError = /(Error|Exception)$/.test(name);
    failures.set(model.name, { name: names.take(isError ? name : `${name}${suffix}`), shape: model.shape });
  }
  return failures;
}

/** Returns a table of a client's methods for its README. */
export function methodTable(methods: readonly (readonly [name: string, operation: SdkOperation])[]): string {
  const rows = methods.map(
    ([name, { httpMethod, path }]) => `| ${markdownCode(name)} | ${markdownCode(`${httpMethod} ${path}`)} |\n`,
  );
  return `| Method | Request |\n|---|---|\n${rows.join("")}`;
}
