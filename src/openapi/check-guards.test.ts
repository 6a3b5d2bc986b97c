import assert from "node:assert/strict";
import { test } from "node:test";
import { aNewRestApi, countingIds } from "../../test/cases/openapi/builders.ts";
import type { RestApiDefinition } from "../definition/rest-api.ts";
import { parseJsonSchema } from "../language/json-schema/json-schema.ts";
import { importRestApi } from "./import-rest-api.ts";

const uri =
  "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations";
const schemes = {
  sig: { type: "apiKey", name: "Authorization", in: "header", "x-amazon-apigateway-authtype": "awsSigv4" },
  key: { type: "apiKey", name: "x-api-key", in: "header" },
  token: {
    type: "apiKey",
    name: "Auth",
    in: "header",
    "x-amazon-apigateway-authtype": "custom",
    "x-amazon-apigateway-authorizer": {
      type: "token",
      authorizerUri: uri,
      identitySource: "method.request.header.Auth",
      identityValidationExpression: "^x-.*$",
    },
  },
  pool: {
    type: "apiKey",
    name: "Authorization",
    in: "header",
    "x-amazon-apigateway-authtype": "cognito_user_pools",
    "x-amazon-apigateway-authorizer": {
      type: "cognito_user_pools",
      providerARNs: ["arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_a"],
    },
  },
};
const schema = { type: "object", required: ["name"], properties: { name: { type: "string" } } };
const responses = { "200": { description: "ok" } };
const query = { name: "q", in: "query", required: true };
const header = { name: "X-H", in: "header", required: true };
const shared = {
  info: { title: "guarded", version: "1" },
  security: [{ sig: [] }],
  "x-amazon-apigateway-policy": {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/*" }],
  },
  "x-amazon-apigateway-request-validators": { all: { validateRequestBody: true, validateRequestParameters: true } },
  "x-amazon-apigateway-endpoint-configuration": { disableExecuteApiEndpoint: true },
};
const operations = (body: object, parameters: readonly object[]) => ({
  "/inherited": { get: { responses } },
  "/key": { get: { security: [{ key: [], token: [] }], responses } },
  "/pool": { get: { security: [{ pool: ["pets/read"] }], responses } },
  "/extension": { get: { security: [], "x-amazon-apigateway-auth": { type: "AWS_IAM" }, responses } },
  "/body": {
    parameters: [header],
    post: { ...body, parameters: [query, ...parameters], "x-amazon-apigateway-request-validator": "all", responses },
  },
});
const documents = {
  "Swagger 2.0": {
    swagger: "2.0",
    ...shared,
    securityDefinitions: schemes,
    paths: operations({}, [{ in: "body", name: "Pet", schema }]),
  },
  "OpenAPI 3": {
    openapi: "3.0.1",
    ...shared,
    components: { securitySchemes: schemes },
    paths: operations({ requestBody: { content: { "application/json": { schema } } } }, []),
  },
};

const importOf = (document: unknown): RestApiDefinition | undefined => importText(JSON.stringify(document));

function importText(text: string): RestApiDefinition | undefined {
  const options = { mode: "create", basepath: "ignore", ids: countingIds(), account: "000000000000" } as const;
  const result = importRestApi(Buffer.from(text), aNewRestApi(), {
    ...options,
    region: "us-east-1",
  });
  return result.kind === "imported" ? result.definition : undefined;
}

/** What stands before each method, as names of which more is safer. */
function guardsOf(definition: RestApiDefinition): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const { path, resourceMethods } of definition.resources) {
    for (const [verb, method] of Object.entries(resourceMethods ?? {})) {
      const guards = new Set<string>([`authorization ${method.authorizationType}`]);
      if (method.apiKeyRequired) guards.add("API key");
      if (definition.restApi.policy !== undefined) guards.add("policy");
      if (definition.restApi.disableExecuteApiEndpoint) guards.add("endpoint disabled");
      const authorizer = definition.authorizers.find(({ id }) => id === method.authorizerId);
      if (authorizer?.identityValidationExpression !== undefined) guards.add("identity validation");
      if (method.authorizationScopes?.length === 1) guards.add("scope");
      const validator = definition.requestValidators.find(({ id }) => id === method.requestValidatorId);
      if (validator?.validateRequestParameters === true) {
        const required = Object.values(method.requestParameters ?? {}).filter((isRequired) => isRequired);
        for (const index of required.keys()) guards.add(`required parameter ${index}`);
      }
      const name = method.requestModels?.["application/json"];
      const model = definition.models.find((one) => one.name === name);
      if (validator?.validateRequestBody === true && model !== undefined && isEnforced(model.schema!))
        guards.add("model");
      found.set(`${verb} ${path}`, guards);
    }
  }
  return found;
}

/** Does the model ask for a name? One that can't be read closes its method. */
const isEnforced = (schemaText: string): boolean =>
  parseJsonSchema(schemaText, () => undefined).kind === "invalid" || schemaText.includes('"required":["name"]');

const isText = (value: unknown): value is string => typeof value === "string";

/** Values of another type, and texts with one mistake. */
function damagesOf(value: unknown): readonly unknown[] {
  if (isText(value)) return [null, 5, [value], { value }, ...misspelt(value)];
  if (typeof value === "boolean") return [null, 5, "yes", [value], { value }];
  if (Array.isArray(value)) return [null, 5, true, "x", { value }, [value], ...value, Object.assign({}, value)];
  return [null, 5, true, "x", [], [value], [null]];
}

function misspelt(text: string): string[] {
  const middle = Math.floor(text.length / 2);
  const [before, at, after] = [text.slice(0, middle), text[middle] ?? "", text.slice(middle + 1)];
  return [before + after, before + at + at + after, `${before}${after[0] ?? ""}${at}${after.slice(1)}`];
}

type Path = readonly (string | number)[];

function* pathsOf(value: unknown, path: Path = []): Generator<Path> {
  if (path.length > 0) yield path;
  if (typeof value !== "object" || value === null) return;
  for (const key of Object.keys(value)) yield* pathsOf((value as Record<string, unknown>)[key], [...path, key]);
}

const at = (document: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key as string], document);

/** The document with one value replaced, or its key. */
function damaged(document: unknown, path: Path, change: { readonly value?: unknown; readonly key?: string }): unknown {
  const copy = structuredClone(document);
  const parent = at(copy, path.slice(0, -1)) as Record<string, unknown>;
  const key = String(path.at(-1));
  if (change.key === undefined) parent[key] = change.value;
  else {
    parent[change.key] = parent[key];
    delete parent[key];
  }
  return copy;
}

/** What may be any text, so that no mistake can be seen in it: JSON Schema's own words, and names of media types. */
const isFree = (path: Path): boolean => path.includes("schema") || path.at(-2) === "content";
/** An empty list says that a method has no requirements; the schema `true` takes everything. */
const isAsked = (path: Path, value: unknown): boolean =>
  path.at(-1) === "security" ? Array.isArray(value) && value.length === 0 : path.at(-1) === "schema" && value === true;

for (const [name, document] of Object.entries(documents)) {
  test(`${name}: no damage to one value makes any method more open`, () => {
    const whole = importOf(document);
    assert.ok(whole, "the undamaged document is imported");
    const before = guardsOf(whole);
    assert.deepEqual([...before.get("POST /body")!].sort(), [
      "authorization AWS_IAM",
      "endpoint disabled",
      "model",
      "policy",
      "required parameter 0",
      "required parameter 1",
    ]);
    const tell = (path: Path, what: unknown): string => `${path.join(".")} = ${JSON.stringify(what)}`;
    const opened: string[] = [];
    const check = (changed: unknown, what: string): void => {
      const after = importOf(changed);
      if (after === undefined) return;
      for (const [method, guards] of guardsOf(after)) {
        for (const guard of before.get(method) ?? [])
          if (!guards.has(guard)) opened.push(`${what}: ${method}, ${guard}`);
      }
    };
    for (const path of pathsOf(document)) {
      for (const value of damagesOf(at(document, path))) {
        if (isAsked(path, value)) continue;
        if (isText(value) && isText(at(document, path)) && isFree(path)) continue;
        check(damaged(document, path, { value }), tell(path, value));
      }
      const key = String(path.at(-1));
      if (isFree(path) || /^\d+$/.test(key)) continue;
      for (const wrong of [...misspelt(key), key.toUpperCase()]) {
        if (wrong !== key) check(damaged(document, path, { key: wrong }), `${path.join(".")} is called ${wrong}`);
      }
    }
    assert.deepEqual(opened, []);
  });
}

for (const [name, document] of Object.entries(documents)) {
  test(`${name}: no reference in the place of a value makes any method more open`, () => {
    const before = guardsOf(importOf(document)!);
    const opened: string[] = [];
    for (const path of pathsOf(document)) {
      const value = at(document, path);
      if (typeof value !== "object" || path.includes("schema")) continue;
      const referring = damaged(document, path, { value: { $ref: "#/x-moved" } });
      const after = importOf({ ...(referring as object), "x-moved": value });
      if (after === undefined) continue;
      for (const [method, guards] of guardsOf(after))
        for (const guard of before.get(method) ?? [])
          if (!guards.has(guard)) opened.push(`${path.join(".")}: ${method}, ${guard}`);
    }
    assert.deepEqual(opened, []);
  });
}

for (const [name, document] of Object.entries(documents)) {
  test(`${name}: no guard makes a method more open by standing where nothing reads it`, () => {
    const before = guardsOf(importOf(document)!);
    const opened: string[] = [];
    const isRead = (target: object): boolean => "responses" in target || "in" in target || target === document;
    const guards = [...pathsOf(document)].filter((path) => /^x-amazon-|^security$|^disable/.test(String(path.at(-1))));
    for (const path of guards) {
      const value = at(document, path);
      if (Array.isArray(value) && value.length === 0) continue;
      for (const to of pathsOf(document)) {
        const target = at(document, to);
        if (typeof target !== "object" || target === null || Array.isArray(target) || isRead(target)) continue;
        const isWithin = path.every((key, index) => to[index] === key) || to.join() === path.slice(0, -1).join();
        if (isWithin || to.includes("x-amazon-apigateway-policy")) continue;
        const copy = damaged(document, path, { key: "x-moved" });
        (at(copy, to) as Record<string, unknown>)[String(path.at(-1))] = value;
        const after = importOf(copy);
        if (after === undefined) continue;
        for (const [method, guards] of guardsOf(after))
          for (const guard of before.get(method) ?? [])
            if (!guards.has(guard)) opened.push(`${path.join(".")} in ${to.join(".")}: ${method}, ${guard}`);
      }
    }
    assert.deepEqual(opened, []);
  });
}

test("a method that is written wrongly is refused: the one that takes all others may be open", () => {
  const any = { "x-amazon-apigateway-any-method": { responses } };
  const guarded = { "x-amazon-apigateway-auth": { type: "AWS_IAM" }, responses };
  const document = (item: unknown) => ({ openapi: "3.0.1", info: { title: "t" }, paths: { "/a": item } });
  assert.ok(importOf(document({ ...any, get: guarded, trace: { responses }, put: null })));
  for (const verb of ["GET", "Get", "gett", "ge", " get", "x_amazon_apigateway_any_method"]) {
    assert.equal(importOf(document({ ...any, [verb]: guarded })), undefined, verb);
  }
  assert.equal(importOf(document({ ...any, get: [guarded] })), undefined);
  assert.equal(importOf(document([any])), undefined);
});

test("extensions of other vendors are none of API Gateway's", () => {
  const document = { openapi: "3.0.1", info: { title: "t" }, paths: {} };
  for (const name of [
    "x-aliyun-apigateway-auth-type",
    "x-google-api-management",
    "x-yc-apigateway",
    "x-apigateway-x",
  ]) {
    assert.ok(importOf({ ...document, [name]: {} }), name);
  }
  for (const name of [
    "x_amazon_apigateway_policy",
    "x-aws-apigateway-policy",
    "x-apigateway-policy",
    "amazonApiGatewayX",
  ]) {
    assert.equal(importOf({ ...document, [name]: {} }), undefined, name);
  }
});

test("a guard that is given twice is refused, whatever else is", () => {
  const noise = Object.keys({ ...new Array(50).fill(0) }).map((index) => `"x-${index}": 1, "x-${index}": 2`);
  const text = JSON.stringify(documents["OpenAPI 3"]);
  for (const doubled of [
    text.replace('"security":', '"security":[],"security":'),
    text.replace(
      '"x-amazon-apigateway-policy":',
      '"x-amazon-apigateway-p\\u006flicy":{},"x-amazon-apigateway-policy":',
    ),
  ]) {
    assert.notEqual(doubled, text);
    assert.equal(importText(doubled), undefined);
    assert.equal(importText(`{${noise.join()},${doubled.slice(1)}`), undefined);
  }
});

test("a guard in a place where it guards nothing is refused", () => {
  const place = { get: { responses } };
  const guard = { "x-amazon-apigateway-auth": { type: "AWS_IAM" } };
  const policy = { "x-amazon-apigateway-policy": "{}" };
  const document = { openapi: "3.0.1", info: { title: "t", version: "1" } };
  assert.ok(importOf({ ...document, paths: { "/a": { get: { ...place.get, ...guard } } } }));
  assert.equal(importOf({ ...document, paths: { "/a": { ...place, ...guard } } }), undefined);
  assert.equal(importOf({ ...document, ...guard, paths: { "/a": place } }), undefined);
  assert.equal(importOf({ ...document, paths: { "/a": { get: { ...place.get, ...policy } } } }), undefined);
});

test("an object that says how it is made a text is no text", () => {
  const strange = { toString: "x", valueOf: 1 };
  const document = documents["OpenAPI 3"];
  for (const path of pathsOf(document))
    assert.doesNotThrow(() => importOf(damaged(document, path, { value: strange })));
});
