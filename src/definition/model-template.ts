/** Makes the mapping template that GetModelTemplate answers from a model's schema. */

import { bounds } from "../base/bounds.ts";
import { unescapeSegment } from "../base/json-pointer.ts";
import { modelNameOf } from "./model-schema.ts";

/** Deeper objects are left empty; references may be circular. */
const depthMax = bounds.modelTemplateDepthMax.value;
/** References can multiply values. No template has more than this. */
const valuesMax = bounds.modelTemplateValuesMax.value;

type Schema = Readonly<Record<string, unknown>>;

interface TemplateContext {
  /** The schema that references such as `#/definitions/Name` are relative to. */
  readonly root: Schema;
  readonly schemaOf: (model: string) => string | undefined;
  readonly budget: { values: number };
}

/** Where a value is read from: `$inputRoot.tags`, `$elem.name`. */
interface Place {
  readonly path: string;
  readonly indent: string;
  readonly depth: number;
  /** The number of loops around the place. */
  readonly loops: number;
}

const isSchema = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Returns a template with one sample value for each member and a loop for each array. The form is that of AWS's
 * console, as users quote it: `"foo"` for text, `42` for numbers, `##TODO: Update this foreach loop …`.
 */
export function modelTemplate(text: string | undefined, schemaOf: (model: string) => string | undefined): string {
  const root = parseSchema(text);
  const body = write(
    root,
    { path: "$inputRoot", indent: "", depth: 0, loops: 0 },
    { root, schemaOf, budget: { values: 0 } },
  );
  return `#set($inputRoot = $input.path('$'))\n${body}`;
}

function parseSchema(text: string | undefined): Schema {
  try {
    const schema: unknown = JSON.parse(text ?? "{}");
    return isSchema(schema) ? schema : {};
  } catch {
    return {};
  }
}

function write(given: unknown, place: Place, outer: TemplateContext): string {
  if (place.depth > depthMax || ++outer.budget.values > valuesMax) return "{ }";
  const { schema, root } = resolve(given, outer);
  const writing = { ...outer, root };
  const values = schema["enum"];
  if (Array.isArray(values) && values.length > 0) return JSON.stringify(values[0]);
  switch (typeOf(schema)) {
    case "array":
      return writeArray(schema, place, writing);
    case "string":
      return '"foo"';
    case "integer":
    case "number":
      return "42";
    case "boolean":
      return "true";
    case "null":
      return "null";
    default:
      return writeObject(schema, place, writing);
  }
}

/** Returns `type`, the first one if there are several, else the type that the keywords imply. */
function typeOf(schema: Schema): string {
  const { type } = schema;
  const named: unknown = Array.isArray(type) ? type.find((one) => one !== "null") : type;
  if (typeof named === "string") return named;
  return schema["items"] === undefined ? "object" : "array";
}

/** A property's schema, and the schema that its references are relative to. */
interface Property {
  readonly schema: unknown;
  readonly root: Schema;
}

function writeObject(schema: Schema, place: Place, writing: TemplateContext): string {
  const properties = propertiesOf(schema, writing, 0);
  if (properties.size === 0) return "{ }";
  const indent = `${place.indent}  `;
  const members = [...properties].map(([name, property]) => {
    const inner = { ...place, path: `${place.path}${accessor(name)}`, indent, depth: place.depth + 1 };
    return `${indent}${JSON.stringify(name)} : ${write(property.schema, inner, { ...writing, root: property.root })}`;
  });
  return `{\n${members.join(",\n")}\n${place.indent}}`;
}

/** Returns an object's own properties, and those of `allOf` or of the first alternative. */
function propertiesOf(schema: Schema, writing: TemplateContext, depth: number): ReadonlyMap<string, Property> {
  const properties = new Map<string, Property>();
  if (depth > depthMax || ++writing.budget.values > valuesMax) return properties;
  const listOf = (keyword: string): readonly unknown[] => (Array.isArray(schema[keyword]) ? schema[keyword] : []);
  for (const part of [...listOf("allOf"), ...listOf("oneOf").slice(0, 1), ...listOf("anyOf").slice(0, 1)]) {
    const resolved = resolve(part, writing);
    const inherited = propertiesOf(resolved.schema, { ...writing, root: resolved.root }, depth + 1);
    for (const [name, property] of inherited) properties.set(name, property);
  }
  const own = isSchema(schema["properties"]) ? schema["properties"] : {};
  for (const [name, property] of Object.entries(own)) properties.set(name, { schema: property, root: writing.root });
  return properties;
}

function writeArray(schema: Schema, place: Place, writing: TemplateContext): string {
  const { items } = schema;
  const element = place.loops === 0 ? "elem" : `elem${place.loops + 1}`;
  const indent = `${place.indent}  `;
  const inner = { path: `$${element}`, indent, depth: place.depth + 1, loops: place.loops + 1 };
  return [
    "[",
    "##TODO: Update this foreach loop to reference array from input json",
    `#foreach($${element} in ${place.path})`,
    `${indent}${write(Array.isArray(items) ? items[0] : items, inner, writing)}`,
    "#if($foreach.hasNext),#end",
    "#end",
    `${place.indent}]`,
  ].join("\n");
}

/** Velocity reads names of letters, digits, `-` and `_` after a dot. */
const accessor = (name: string): string =>
  /^[A-Za-z][\w-]*$/.test(name) ? `.${name}` : `.get('${name.replaceAll("'", "")}')`;

/**
 * Follows references to other models and within the schema. Returns also the schema that further references are
 * relative to.
 */
function resolve(
  given: unknown,
  { root, schemaOf }: TemplateContext,
): { readonly schema: Schema; readonly root: Schema } {
  let schema: Schema = isSchema(given) ? given : {};
  let within = root;
  for (let step = 0; step < depthMax && typeof schema["$ref"] === "string"; step++) {
    const reference = schema["$ref"];
    const model = modelNameOf(reference);
    if (model !== undefined) {
      within = parseSchema(schemaOf(model));
      schema = within;
    } else {
      schema = atPointer(within, reference);
    }
  }
  return { schema: "$ref" in schema ? {} : schema, root: within };
}

/** Resolves a JSON Pointer (RFC 6901) within the schema. */
function atPointer(root: Schema, reference: string): Schema {
  let value: unknown = root;
  for (const segment of reference.replace(/^#\/?/, "").split("/")) {
    const name = unescapeSegment(segment);
    if (name !== "") value = isSchema(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  }
  return isSchema(value) ? value : {};
}
