import { bounds } from "../base/bounds.ts";
import { isObject, type JsonObject } from "../base/json-object.ts";
import { member, membersOf } from "./json-value.ts";
import { nameInSection, type References } from "./references.ts";

/** The input of a schema's conversion, and its findings. */
export interface SchemaConversion {
  readonly documentReferences: References;
  readonly restApiId: string;
  /** Returns the model's name for a schema's name in the document. */
  modelName(schemaName: string): string;
  /** Models that the schema refers to; filled by the conversion. */
  readonly references: Set<string>;
  /** References to something that a model can't refer to; filled by the conversion. */
  readonly unresolved: Set<string>;
}

export const schemaSections = ["#/definitions/", "#/components/schemas/"];

/** Schemas that are deeper than this, with references to deep pointers put in place, are refused. */
const depthMax = bounds.documentDepthMax.value;

type Convert = (value: unknown, conversion: SchemaConversion, depth: number) => unknown;

const asIs: Convert = (value) => value;
const asList: Convert = (value, conversion, depth) =>
  Array.isArray(value) ? value.map((item) => convert(item, conversion, depth)) : value;
const asMap: Convert = (value, conversion, depth) =>
  isObject(value)
    ? Object.fromEntries(membersOf(value).map(([name, item]) => [name, convert(item, conversion, depth)]))
    : value;
const asSchemaOrBoolean: Convert = (value, conversion, depth) =>
  typeof value === "boolean" ? value : convert(value, conversion, depth);
const asItems: Convert = (value, conversion, depth) =>
  Array.isArray(value) ? asList(value, conversion, depth) : convert(value, conversion, depth);
const asUnlessEmpty: Convert = (value) => (Array.isArray(value) && value.length === 0 ? undefined : value);
/** Converts lists of names (draft 4) or a schema. */
const asDependencies: Convert = (value, conversion, depth) =>
  isObject(value)
    ? Object.fromEntries(
        membersOf(value).map(([name, item]) => [name, Array.isArray(item) ? item : convert(item, conversion, depth)]),
      )
    : value;

/** JSON Schema draft 4's keywords, which models are made of. A document's other keywords are left out. */
const keywords = new Map<string, Convert>([
  ...(
    "type title description format default multipleOf maximum minimum exclusiveMaximum exclusiveMinimum maxLength " +
    "minLength pattern maxItems minItems uniqueItems maxProperties minProperties"
  )
    .split(" ")
    .map((name): [string, Convert] => [name, asIs]),
  ["enum", asUnlessEmpty],
  ["required", asUnlessEmpty],
  ["items", asItems],
  ["additionalItems", asSchemaOrBoolean],
  ["additionalProperties", asSchemaOrBoolean],
  ["properties", asMap],
  ["patternProperties", asMap],
  ["dependencies", asDependencies],
  ["allOf", asList],
  ["anyOf", asList],
  ["oneOf", asList],
  ["not", convert],
]);

/**
 * Converts an OpenAPI schema to a model's: JSON Schema draft 4 with references in AWS's canonical form.
 * AWS: API Gateway Developer Guide, "Data models for REST APIs".
 */
export function toModelSchema(schema: unknown, conversion: SchemaConversion): unknown {
  return convert(schema, conversion, 0);
}

/** Returns the canonical form of a reference to a model. */
export function modelReference(restApiId: string, name: string): string {
  return `https://apigateway.amazonaws.com/restapis/${restApiId}/models/${name}`;
}

/** Returns the model's name in a canonical reference. */
export function modelNameIn(reference: string): string | undefined {
  return /^https:\/\/apigateway\.amazonaws\.com\/restapis\/[^/]+\/models\/([^/#?]+)$/.exec(reference)?.[1];
}

function convert(schema: unknown, conversion: SchemaConversion, depth: number): unknown {
  // In OpenAPI 3.1 `true` and `false` are schemas.
  if (schema === true) return {};
  if (schema === false) return { not: {} };
  if (!isObject(schema)) return schema;
  if (depth > depthMax) {
    conversion.unresolved.add("#");
    return {};
  }
  const reference = member(schema, "$ref");
  const referred = typeof reference === "string" ? convertReference(schema, reference, conversion, depth) : undefined;
  // OpenAPI 3.0 and draft 4 ignore keywords beside a reference. Portico reads `nullable` there, as OpenAPI 3.1 would.
  if (referred !== undefined) return member(schema, "nullable") === true ? orNull(referred) : referred;
  const converted: Record<string, unknown> = {};
  // Draft 3 and old documents write `required: true` beside a property's type, which draft 4 does not know.
  for (const [name, value] of membersOf(schema)) {
    if (name === "required" && typeof value === "boolean" && !Object.hasOwn(schema, "properties")) continue;
    const made = keywords.get(name)?.(value, conversion, depth + 1);
    if (made !== undefined) converted[name] = made;
  }
  convertNewerKeywords(schema, converted, conversion, depth + 1);
  return converted;
}

function convertReference(schema: JsonObject, reference: string, conversion: SchemaConversion, depth: number): unknown {
  const named = nameInSection(reference, schemaSections);
  const model = named === undefined ? modelNameIn(reference) : conversion.modelName(named);
  if (model !== undefined) {
    conversion.references.add(model);
    return { $ref: modelReference(conversion.restApiId, model) };
  }
  const resolved = conversion.documentReferences.resolve(schema);
  if (resolved.kind === "unresolved") {
    conversion.unresolved.add(reference);
    return {};
  }
  return convert(resolved.value, conversion, depth + 1);
}

/** Converts keywords of OpenAPI 3.0 (`nullable`) and 3.1 (JSON Schema 2020-12) to draft 4's. */
function convertNewerKeywords(
  schema: JsonObject,
  converted: Record<string, unknown>,
  conversion: SchemaConversion,
  depth: number,
): void {
  if (Object.hasOwn(schema, "const")) converted["enum"] = [schema["const"]];
  for (const [exclusive, bound, sign] of [
    ["exclusiveMinimum", "minimum", 1],
    ["exclusiveMaximum", "maximum", -1],
  ] as const) {
    const limit = schema[exclusive];
    if (typeof limit !== "number") continue;
    const other = schema[bound];
    const isOtherStricter = typeof other === "number" && (other - limit) * sign > 0;
    converted[exclusive] = !isOtherStricter;
    if (!isOtherStricter) converted[bound] = limit;
  }
  if (Array.isArray(schema["prefixItems"])) {
    if (converted["items"] !== undefined) converted["additionalItems"] = converted["items"];
    converted["items"] = asList(schema["prefixItems"], conversion, depth);
  }
  const dependencies = {
    ...membersAsObject(schema["dependentRequired"]),
    ...membersAsObject(schema["dependentSchemas"]),
  };
  if (Object.keys(dependencies).length > 0) converted["dependencies"] = asDependencies(dependencies, conversion, depth);
  if (schema["nullable"] !== true) return;
  if (typeof converted["type"] === "string" && converted["type"] !== "null")
    converted["type"] = [converted["type"], "null"];
  if (Array.isArray(converted["enum"]) && !converted["enum"].includes(null))
    converted["enum"] = [...converted["enum"], null];
}

function membersAsObject(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function orNull(schema: unknown): unknown {
  return { anyOf: [schema, { type: "null" }] };
}

/** Converts a model's schema to a document's: references to models become local ones below `section`. */
export function toDocumentSchema(schema: unknown, section: string, isNullableKnown: boolean): unknown {
  return exportSchema(schema, (name) => `${section}${name}`, isNullableKnown);
}

function exportSchema(value: unknown, reference: (name: string) => string, isNullableKnown: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => exportSchema(item, reference, isNullableKnown));
  if (!isObject(value)) return value;
  const model = typeof value["$ref"] === "string" ? modelNameIn(value["$ref"]) : undefined;
  if (model !== undefined) return { $ref: reference(model) };
  const exported: Record<string, unknown> = {};
  for (const [name, item] of membersOf(value)) {
    // `default` and `enum` contain values, not schemas.
    const isData = name === "default" || name === "enum";
    exported[name] = isData ? item : exportSchema(item, reference, isNullableKnown);
  }
  return isNullableKnown ? withNullable(exported) : exported;
}

/** Writes `nullable`, as OpenAPI 3.0 does where JSON Schema lists the type `null`. */
function withNullable(schema: Record<string, unknown>): Record<string, unknown> {
  const { type, enum: values } = schema;
  if (!Array.isArray(type) || type.length !== 2 || type[1] !== "null" || typeof type[0] !== "string") return schema;
  if (Array.isArray(values) && !values.includes(null)) return schema;
  return { ...schema, type: type[0], nullable: true };
}
