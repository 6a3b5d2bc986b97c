import { bounds } from "../../base/bounds.ts";
import { isObject, type JsonObject } from "../../base/json-object.ts";
import { parseEcmaPattern } from "../../language/ecma-pattern.ts";
import { listMember, member, membersOf } from "../json-value.ts";
import { followReference } from "../references.ts";
import { examplePatternText } from "./pattern-example.ts";

export interface SchemaExampleOptions {
  /** The document that `$ref`s lead into. */
  readonly document: JsonObject;
  /** Members for requests only (`writeOnly`) or for responses only (`readOnly`) are left out on the other side. */
  readonly side: "request" | "response";
  /** The number of schemas that all examples together may look at. No example is made after that. */
  readonly stepsMax?: number;
}

/** The number of values in one example. Beyond it only required members are made. */
const valuesMax = bounds.mockValuesMax.value;
/** The number of schemas that one example may look at. */
const stepsOfOneMax = bounds.mockStepsMax.value;
/** The steps that a text by a pattern counts as: finding and checking one takes up to some milliseconds. */
const patternSteps = 500;
/** Below this level only required members are made, because people read shallow examples. */
const optionalDepthMax = bounds.mockOptionalDepthMax.value;
const depthMax = bounds.mockDepthMax.value;
const itemsMax = bounds.mockItemsMax.value;
const textCharactersMax = bounds.mockTextCharsMax.value;

/**
 * Makes values by schema (OpenAPI 3.0 and 3.1, Swagger 2.0), the same each time: the schema's own example, `const`,
 * `default` or first of `enum`, else the plainest value that it allows. Recursion ends as soon as it may, and a schema
 * that contradicts itself gets the nearest value.
 */
export class SchemaExamples {
  readonly #options: SchemaExampleOptions;
  readonly #known = new Map<unknown, unknown>();
  #steps = 0;

  constructor(options: SchemaExampleOptions) {
    this.#options = options;
  }

  /** Returns a value, or undefined if the schema allows none. */
  of(given: unknown): unknown {
    const schema = followReference(this.#options.document, given);
    if (!this.#known.has(schema)) this.#known.set(schema, this.#make(given));
    return this.#known.get(schema);
  }

  #make(schema: unknown): unknown {
    const { stepsMax = Number.POSITIVE_INFINITY } = this.#options;
    const maker = new Maker(this.#options, Math.min(stepsOfOneMax, stepsMax - this.#steps));
    try {
      return maker.make(schema, 0);
    } catch (error) {
      if (error instanceof TooMuch) return undefined;
      throw error;
    } finally {
      this.#steps += maker.steps;
    }
  }
}

/** Thrown when the required members alone are too many. */
class TooMuch extends Error {}

/** Texts of formats. OpenAPI 3.1, "Format Registry"; JSON Schema 2020-12, Validation §7.3. */
const formats: Readonly<Record<string, string>> = {
  "date-time": "2026-01-15T09:30:00Z",
  date: "2026-01-15",
  time: "09:30:00Z",
  duration: "P1D",
  email: "user@example.com",
  "idn-email": "user@example.com",
  hostname: "example.com",
  "idn-hostname": "example.com",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  uri: "https://example.com/",
  url: "https://example.com/",
  iri: "https://example.com/",
  "uri-reference": "/example",
  "iri-reference": "/example",
  "uri-template": "https://example.com/{id}",
  uuid: "123e4567-e89b-12d3-a456-426614174000",
  "json-pointer": "/example",
  "relative-json-pointer": "0",
  regex: "^.*$",
  byte: "ZXhhbXBsZQ==",
  binary: "example",
  password: "********",
};

class Maker {
  readonly #options: SchemaExampleOptions;
  /** The schemas that values are being made for, so that a recursion is noticed. */
  readonly #open = new Set<unknown>();
  /** Their names, for discriminators. */
  readonly #names: (string | undefined)[] = [];
  readonly #stepsMax: number;
  #values = 0;
  steps = 0;

  constructor(options: SchemaExampleOptions, stepsMax: number) {
    this.#options = options;
    this.#stepsMax = stepsMax;
  }

  make(given: unknown, depth: number): unknown {
    this.#values++;
    this.#step();
    const schema = followReference(this.#options.document, given);
    if (schema === undefined || schema === false || depth > depthMax || this.#open.has(schema)) return undefined;
    if (!isObject(schema)) return {};
    this.#open.add(schema);
    this.#names.push(nameOf(given));
    try {
      return this.#makeOf(schema, depth);
    } finally {
      this.#names.pop();
      this.#open.delete(schema);
    }
  }

  #step(count = 1): void {
    this.steps += count;
    if (this.steps > this.#stepsMax) throw new TooMuch();
  }

  #makeOf(schema: JsonObject, depth: number): unknown {
    const own = givenValue(schema);
    if (own !== undefined) return own;
    const flat = this.#flattened(schema, depth);
    const alternatives = [...listMember(flat, "oneOf"), ...listMember(flat, "anyOf")];
    if (alternatives.length > 0) return this.#firstOf(flat, alternatives, depth);
    const merged = givenValue(flat);
    return merged !== undefined ? merged : this.#byType(flat, depth);
  }

  /** Makes a value of the first alternative that allows one, together with the keywords beside the alternatives. */
  #firstOf(flat: JsonObject, alternatives: readonly unknown[], depth: number): unknown {
    const { oneOf: _, anyOf: __, ...base } = flat;
    for (const alternative of alternatives) {
      this.#step();
      const schema = followReference(this.#options.document, alternative);
      if (!isObject(schema) || this.#open.has(schema) || schema["type"] === "null") continue;
      this.#open.add(schema);
      this.#names.push(nameOf(alternative));
      const own = this.#flattened(schema, depth);
      const whole = mergeSchemas(base, base["properties"] === undefined ? own : withoutWholeExample(own));
      const made = this.#makeOf(whole, depth + 1);
      this.#names.pop();
      this.#open.delete(schema);
      if (made !== undefined) return made;
    }
    return alternatives.some((one) => member(followReference(this.#options.document, one), "type") === "null")
      ? null
      : undefined;
  }

  /** Returns a schema with all of `allOf` merged into it. */
  #flattened(schema: JsonObject, depth: number): JsonObject {
    const parts = listMember(schema, "allOf");
    if (parts.length === 0 || depth > depthMax) return schema;
    const { allOf: _, ...own } = schema;
    let flat: JsonObject = {};
    for (const part of parts) {
      this.#step();
      const resolved = followReference(this.#options.document, part);
      if (!isObject(resolved) || this.#open.has(resolved)) continue;
      this.#open.add(resolved);
      flat = mergeSchemas(flat, withoutWholeExample(this.#flattened(resolved, depth + 1)));
      this.#open.delete(resolved);
    }
    return mergeSchemas(flat, own);
  }

  #byType(schema: JsonObject, depth: number): unknown {
    switch (typeOf(schema)) {
      case "object":
        return this.#object(schema, depth);
      case "array":
        return this.#array(schema, depth);
      case "string":
        if (typeof schema["pattern"] === "string") this.#step(patternSteps);
        return textFor(schema);
      case "integer":
        return numberFor(schema, true);
      case "number":
        return numberFor(schema, false);
      case "boolean":
        return true;
      case "null":
        return null;
      default:
        return {};
    }
  }

  #object(schema: JsonObject, depth: number): unknown {
    const required = new Set(listMember(schema, "required").filter((name) => typeof name === "string"));
    const hidden = this.#options.side === "request" ? "readOnly" : "writeOnly";
    const most = countOf(schema["maxProperties"]) ?? Number.POSITIVE_INFINITY;
    const properties = membersOf(schema["properties"]);
    const made: [string, unknown][] = [];
    let optional = most - required.size;
    const kind = kindOf(schema, this.#names.at(-1));
    for (const [name, property] of properties) {
      const isRequired = required.delete(name);
      const isOfOtherSide = member(followReference(this.#options.document, property), hidden) === true;
      if (!isRequired && (isOfOtherSide || depth > optionalDepthMax || this.#values > valuesMax || optional < 1))
        continue;
      const value =
        name === kind?.property ? this.#kindValue(property, kind.value, depth) : this.make(property, depth + 1);
      if (value === undefined && !isRequired) continue;
      // Without a value for a required member there is no object.
      if (value === undefined) return undefined;
      if (!isRequired) optional--;
      made.push([name, value]);
    }
    const others = schema["additionalProperties"];
    for (const name of required)
      made.push([String(name), isObject(others) ? (this.make(others, depth + 1) ?? {}) : {}]);
    const least = Math.min(countOf(schema["minProperties"]) ?? 0, itemsMax);
    const wanted = properties.length === 0 && isObject(others) && made.length === 0 ? Math.max(least, 1) : least;
    for (let number = 1; made.length < Math.min(wanted, most) && others !== false; number++) {
      const value = isObject(others) ? this.make(others, depth + 1) : "string";
      if (value === undefined) break;
      made.push([`property${number}`, value]);
    }
    return Object.fromEntries(made);
  }

  /** Returns the discriminator's value, if its property allows it. */
  #kindValue(property: unknown, value: string, depth: number): unknown {
    const schema = followReference(this.#options.document, property);
    const isAllowed = !["enum", "const"].some((name) => isObject(schema) && Object.hasOwn(schema, name));
    return isAllowed || listMember(schema, "enum").includes(value) ? value : this.make(property, depth + 1);
  }

  #array(schema: JsonObject, depth: number): unknown {
    const least = countOf(schema["minItems"]) ?? 0;
    const most = countOf(schema["maxItems"]) ?? Number.POSITIVE_INFINITY;
    const { items } = schema;
    const leading = Array.isArray(items) ? items : listMember(schema, "prefixItems");
    const rest = Array.isArray(items) ? schema["additionalItems"] : items;
    const isWanted = depth <= optionalDepthMax && this.#values <= valuesMax;
    const count = Math.min(
      Math.max(least, isWanted ? Math.max(leading.length, rest === false ? 0 : 1) : 0),
      most,
      itemsMax,
    );
    const made: unknown[] = [];
    while (made.length < count) {
      const index = made.length;
      const value = this.make(leading[index] ?? rest ?? {}, depth + 1);
      if (value === undefined) break;
      made.push(schema["uniqueItems"] === true ? this.#unlike(made, value, leading[index] ?? rest) : value);
    }
    return made.length < Math.min(least, itemsMax) ? undefined : made;
  }

  /** Returns a value that is not in the list yet, if one is easily found. */
  #unlike(list: readonly unknown[], value: unknown, itemSchema: unknown): unknown {
    const taken = new Set(list.map((each) => JSON.stringify(each)));
    if (!taken.has(JSON.stringify(value))) return value;
    const values = listMember(followReference(this.#options.document, itemSchema), "enum");
    const other = values.find((each) => !taken.has(JSON.stringify(each)));
    if (other !== undefined) return other;
    if (typeof value === "number") return value + list.length;
    if (typeof value === "string") return `${value}${list.length}`;
    return typeof value === "boolean" ? !value : value;
  }
}

const nameOf = (given: unknown): string | undefined => {
  const reference = member(given, "$ref");
  return typeof reference === "string" ? reference.split("/").at(-1) : undefined;
};

/**
 * Returns the value by which an object of the schema of this name says its kind. OpenAPI 3.1, "Discriminator Object";
 * in Swagger 2.0 the discriminator is a text.
 */
function kindOf({ discriminator }: JsonObject, name: string | undefined) {
  const property = typeof discriminator === "string" ? discriminator : member(discriminator, "propertyName");
  if (typeof property !== "string" || name === undefined) return undefined;
  const mapping = membersOf(member(discriminator, "mapping"));
  const mapped = mapping.find(([, target]) => target === name || String(target).endsWith(`/${name}`))?.[0];
  return { property, value: mapped ?? name };
}

/** Returns the value that the schema itself gives. */
function givenValue(schema: JsonObject): unknown {
  if (Object.hasOwn(schema, "example")) return schema["example"];
  const examples = schema["examples"];
  if (Array.isArray(examples) && examples.length > 0) return examples[0];
  if (Object.hasOwn(schema, "x-example")) return schema["x-example"];
  if (Object.hasOwn(schema, "const")) return schema["const"];
  const fallback = schema["default"];
  if (fallback !== undefined && fallback !== null) return fallback;
  const values = listMember(schema, "enum");
  return values.find((value) => value !== null) ?? values[0];
}

function typeOf(schema: JsonObject): unknown {
  const { type } = schema;
  if (Array.isArray(type)) return type.find((one) => one !== "null") ?? type[0];
  if (type !== undefined) return type;
  const has = (...names: readonly string[]): boolean => names.some((name) => Object.hasOwn(schema, name));
  if (has("properties", "required", "additionalProperties", "minProperties")) return "object";
  if (has("items", "prefixItems", "minItems", "uniqueItems")) return "array";
  if (has("pattern", "format", "minLength", "maxLength")) return "string";
  return has("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf") ? "number" : undefined;
}

const countOf = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : undefined;

function textFor(schema: JsonObject): string {
  const { pattern, format } = schema;
  const least = Math.min(countOf(schema["minLength"]) ?? 0, textCharactersMax);
  const most = countOf(schema["maxLength"]) ?? Number.POSITIVE_INFINITY;
  const fits = (text: string): boolean => text.length >= least && text.length <= most;
  const formatted = typeof format === "string" && Object.hasOwn(formats, format) ? formats[format] : undefined;
  if (typeof pattern === "string") {
    const parsed = parseEcmaPattern(pattern);
    const made = [formatted, examplePatternText(pattern)].find(
      (text) => text !== undefined && fits(text) && parsed?.isFoundIn(text),
    );
    if (made !== undefined) return made;
    for (const text of [examplePatternText(pattern)?.padEnd(least, "a"), "a".repeat(least), "0".repeat(least)])
      if (text !== undefined && fits(text) && parsed?.isFoundIn(text)) return text;
  }
  if (formatted !== undefined && fits(formatted)) return formatted;
  const plain = "string".padEnd(least, "string");
  return fits(plain) ? plain : plain.slice(0, most);
}

/** Returns 1 or 0 if allowed, else the allowed number that is nearest to a bound. */
function numberFor(schema: JsonObject, isInteger: boolean): number {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  // In draft 4 `true` excludes the bound; later drafts give an exclusive bound of its own.
  const above =
    typeof exclusiveMinimum === "number" ? exclusiveMinimum : exclusiveMinimum === true ? minimum : undefined;
  const below =
    typeof exclusiveMaximum === "number" ? exclusiveMaximum : exclusiveMaximum === true ? maximum : undefined;
  const least = Math.max(...[minimum, above].map((bound) => (typeof bound === "number" ? bound : -Infinity)));
  const most = Math.min(...[maximum, below].map((bound) => (typeof bound === "number" ? bound : Infinity)));
  const allows = (value: number): boolean =>
    value >= least && value <= most && value !== above && value !== below && (!isInteger || Number.isInteger(value));
  const unit = typeof multipleOf === "number" && multipleOf > 0 ? multipleOf : 1;
  const low = Math.ceil(least / unit);
  const high = Math.floor(most / unit);
  const candidates = [1, 0, low, low + 1, high, high - 1].filter(Number.isFinite).map((count) => plain(count * unit));
  if (multipleOf === undefined) candidates.push(plain(least + (most - least) / 2), least, most);
  return candidates.find(allows) ?? unit;
}

/** Removes traces of binary fractions: 0.30000000000000004 → 0.3. */
const plain = (value: number): number => (Number.isInteger(value) ? value : Number(value.toPrecision(12)));

/** Merges two schemas, as far as making values needs it. */
function mergeSchemas(one: JsonObject, other: JsonObject): JsonObject {
  const merged: Record<string, unknown> = { ...one };
  for (const [name, value] of Object.entries(other)) {
    const known = one[name];
    const merge = Object.hasOwn(mergers, name) && known !== undefined ? mergers[name] : undefined;
    merged[name] = merge === undefined ? value : merge(known, value);
  }
  return merged;
}

type Merge = (one: unknown, other: unknown) => unknown;

const larger: Merge = (one, other) =>
  typeof one === "number" && typeof other === "number" ? Math.max(one, other) : other;
const smaller: Merge = (one, other) =>
  typeof one === "number" && typeof other === "number" ? Math.min(one, other) : other;
const both: Merge = (one, other) => [...new Set([...asList(one), ...asList(other)])];
const common: Merge = (one, other) => {
  const kept = asList(one).filter((value) =>
    asList(other).some((each) => JSON.stringify(each) === JSON.stringify(value)),
  );
  return Array.isArray(other) || Array.isArray(one) ? kept : other;
};

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

const mergers: Readonly<Record<string, Merge>> = {
  properties(one, other) {
    const properties: Record<string, unknown> = { ...(isObject(one) ? one : {}) };
    for (const [name, schema] of membersOf(other)) {
      const known = member(properties, name);
      properties[name] = known === undefined ? schema : { allOf: [known, schema] };
    }
    return properties;
  },
  required: both,
  enum: common,
  type: common,
  oneOf: (one, _other) => one,
  anyOf: (one, _other) => one,
  minimum: larger,
  maximum: smaller,
  minLength: larger,
  maxLength: smaller,
  minItems: larger,
  maxItems: smaller,
  minProperties: larger,
  maxProperties: smaller,
};

/** Removes a part's example of an object, since it shows that part only. */
function withoutWholeExample(schema: JsonObject): JsonObject {
  const isPartial = (name: string): boolean =>
    name === "examples" || (["example", "x-example", "default"].includes(name) && isObject(schema[name]));
  return Object.fromEntries(Object.entries(schema).filter(([name]) => !isPartial(name)));
}
