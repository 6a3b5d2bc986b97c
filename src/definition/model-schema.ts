/**
 * Checks the JSON Schemas that API Gateway accepts for a model: draft 4 without other keywords, with references inside
 * the schema or to other models by their canonical address.
 * AWS: API Gateway developer guide, "Data models for REST APIs"; the texts are as users quote them.
 */

import { bounds } from "../base/bounds.ts";
import { isObject } from "../base/json-object.ts";

/** AWS: "Amazon API Gateway quotas and important notes": 400 KB. */
const schemaBytesMax = bounds.modelSchemaBytesMax.value;
/** It is far deeper than any hand-made schema, and bounds the walk's recursion. */
const depthMax = bounds.schemaNestingMax.value;

const modelAddress = /^https:\/\/apigateway\.amazonaws\.com\/restapis\/[^/]+\/models\/([A-Za-z0-9]+)$/;
const simpleTypes = ["array", "boolean", "integer", "null", "number", "object", "string"];

type Walk = {
  readonly unsupported: Set<string>;
  readonly references: Set<string>;
  readonly modelNames: Set<string>;
  isValid: boolean;
};

type KeywordCheck = (value: unknown, walk: Walk, depth: number) => boolean;

const isString: KeywordCheck = (value) => typeof value === "string";
const isNumber: KeywordCheck = (value) => typeof value === "number";
const isBoolean: KeywordCheck = (value) => typeof value === "boolean";
const isCount: KeywordCheck = (value) => typeof value === "number" && Number.isInteger(value) && value >= 0;
const isAnything: KeywordCheck = () => true;
const isSchema: KeywordCheck = (value, walk, depth) => {
  walkSchema(value, walk, depth + 1);
  return true;
};
const isSchemaMap: KeywordCheck = (value, walk, depth) => {
  if (!isObject(value)) return false;
  for (const child of Object.values(value)) walkSchema(child, walk, depth + 1);
  return true;
};
const isSchemaList: KeywordCheck = (value, walk, depth) => {
  if (!Array.isArray(value) || value.length === 0) return false;
  for (const child of value) walkSchema(child, walk, depth + 1);
  return true;
};
const isStringList = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((item) => typeof item === "string") &&
  new Set(value).size === value.length;
const isBooleanOrSchema: KeywordCheck = (value, walk, depth) =>
  typeof value === "boolean" || isSchema(value, walk, depth);

/** Draft 4's keywords with the form of each. JSON Schema draft 4, Core and Validation. */
const keywords: Readonly<Record<string, KeywordCheck>> = {
  $schema: isString,
  id: isString,
  title: isString,
  description: isString,
  default: isAnything,
  format: isString,
  multipleOf: (value) => typeof value === "number" && value > 0,
  maximum: isNumber,
  exclusiveMaximum: isBoolean,
  minimum: isNumber,
  exclusiveMinimum: isBoolean,
  maxLength: isCount,
  minLength: isCount,
  pattern: isString,
  additionalItems: isBooleanOrSchema,
  items: (value, walk, depth) =>
    Array.isArray(value) ? isSchemaList(value, walk, depth) : isSchema(value, walk, depth),
  maxItems: isCount,
  minItems: isCount,
  uniqueItems: isBoolean,
  maxProperties: isCount,
  minProperties: isCount,
  required: isStringList,
  additionalProperties: isBooleanOrSchema,
  definitions: isSchemaMap,
  properties: isSchemaMap,
  patternProperties: isSchemaMap,
  dependencies: (value, walk, depth) =>
    isObject(value) &&
    Object.values(value).every((entry) => (Array.isArray(entry) ? isStringList(entry) : isSchema(entry, walk, depth))),
  enum: (value) =>
    Array.isArray(value) &&
    value.length > 0 &&
    new Set(value.map((item) => JSON.stringify(item))).size === value.length,
  type: (value) =>
    typeof value === "string"
      ? simpleTypes.includes(value)
      : isStringList(value) && (value as string[]).every((item) => simpleTypes.includes(item)),
  allOf: isSchemaList,
  anyOf: isSchemaList,
  oneOf: isSchemaList,
  not: isSchema,
};

function walkSchema(schema: unknown, walk: Walk, depth: number): void {
  if (!isObject(schema) || depth > depthMax) {
    walk.isValid = false;
    return;
  }
  const reference = Object.hasOwn(schema, "$ref") ? schema["$ref"] : undefined;
  if (reference !== undefined) {
    // Draft 4: all other members beside a $ref are ignored.
    noteReference(reference, walk);
    return;
  }
  for (const [keyword, value] of Object.entries(schema)) {
    const check = Object.hasOwn(keywords, keyword) ? keywords[keyword] : undefined;
    if (check === undefined) walk.unsupported.add(keyword);
    else if (!check(value, walk, depth)) walk.isValid = false;
  }
}

function noteReference(reference: unknown, walk: Walk): void {
  if (typeof reference !== "string") {
    walk.isValid = false;
    return;
  }
  if (reference.startsWith("#")) return;
  const model = modelAddress.exec(reference);
  if (model) walk.modelNames.add(model[1]!);
  else walk.references.add(reference);
}

/** Returns the errors that AWS puts between `errors : [` and `]` for a schema text; an empty list for a good one. */
export function schemaErrors(text: string, hasModel: (name: string) => boolean): readonly string[] {
  const invalid = "Invalid model schema specified";
  if (Buffer.byteLength(text) > schemaBytesMax) return [invalid];
  let schema: unknown;
  try {
    schema = JSON.parse(text);
  } catch {
    return [invalid];
  }
  const walk: Walk = { unsupported: new Set(), references: new Set(), modelNames: new Set(), isValid: true };
  walkSchema(schema, walk, 0);
  const details: string[] = [];
  if (walk.unsupported.size > 0) details.push(`Unsupported keyword(s): ${JSON.stringify([...walk.unsupported])}`);
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "REST control plane, words".
  if (walk.references.size > 0) details.push("Model reference must be in canonical form");
  if (details.length > 0) return [`${invalid}. ${details.join(", ")}`];
  if (!walk.isValid) return [invalid];
  return [...walk.modelNames].filter((model) => !hasModel(model)).map((model) => `Invalid model specified: ${model}`);
}

/** Returns the name of the model that a reference addresses. */
export const modelNameOf = (reference: string): string | undefined => modelAddress.exec(reference)?.[1];

/** Returns the models of the API that a schema refers to by address. */
export function referencedModels(text: string | undefined): readonly string[] {
  const found = new Set<string>();
  for (const match of (text ?? "").matchAll(
    /https:\/\/apigateway\.amazonaws\.com\/restapis\/[^/"]+\/models\/([A-Za-z0-9]+)/g,
  )) {
    found.add(match[1]!);
  }
  return [...found];
}
