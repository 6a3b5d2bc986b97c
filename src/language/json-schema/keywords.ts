import { compareDecimals, type Decimal, isMultiple } from "../decimal.ts";
import { type EcmaPattern, parseEcmaPattern } from "../ecma-pattern.ts";
import { TemplateList, TemplateMap, type TemplateValue } from "../java/values.ts";
import { isJsonNumber, type JsonNumber, numberText } from "../json-value.ts";
import { canonicalText, sortSteps, type Type, types } from "./instance.ts";
import { quoted, quotedJson } from "./quoted.ts";
import type { Report } from "./report.ts";
import type { KeywordContext } from "./schema-compiler.ts";
import type { SchemaNode } from "./schema-node.ts";

interface Place {
  readonly node: SchemaNode;
  /** The schema that the keyword is in. */
  readonly schema: TemplateMap;
  readonly context: KeywordContext;
}

/** Compiles a keyword into the schema's node. The texts are those of fge's json-schema-validator 2.2. */
type Keyword = (value: TemplateValue, place: Place) => void;

const numbers: readonly Type[] = ["integer", "number"];

function countOf(value: TemplateValue, { context }: Place): number {
  if (typeof value === "number" && value >= 0) return value;
  throw context.wrong("must be a count");
}

function textsOf(value: TemplateValue, { context }: Place): string[] {
  if (value instanceof TemplateList && value.items.every((item) => typeof item === "string")) return [...value.items];
  throw context.wrong("must be a list of strings");
}

function membersOf(value: TemplateValue, { context }: Place): [string, TemplateValue][] {
  if (!(value instanceof TemplateMap)) throw context.wrong("must be an object");
  return [...value.entries()].map(([name, member]) => [String(name), member]);
}

function patternOf(source: TemplateValue, { context }: Place): EcmaPattern {
  const pattern = typeof source === "string" ? parseEcmaPattern(source) : undefined;
  if (pattern === undefined) throw context.wrong(`${String(source)} is not a valid ECMA 262 regular expression`);
  return pattern;
}

/** Compiles the schemas of `allOf` and its like. */
function schemasOf(value: TemplateValue, { context }: Place): SchemaNode[] {
  if (!(value instanceof TemplateList) || value.items.length === 0) throw context.wrong("must be a list of schemas");
  return value.items.map((item) => context.schema(item, true));
}

const listText = (texts: readonly string[]): string => JSON.stringify(texts);

const decimalOf = (value: JsonNumber): Decimal => {
  const text = numberText(value);
  return { text, value: Number(text) };
};

/** Makes `maximum` and `minimum`. `side` is how a number beyond the limit compares with it. */
function limit(side: 1 | -1): Keyword {
  const [exclusiveName, comparison, far, strict] =
    side > 0
      ? ["exclusiveMaximum", "greater than the required maximum (maximum", "maximum", "strictly lower than"]
      : ["exclusiveMinimum", "lower than the required minimum (minimum", "minimum", "strictly greater than"];
  return (value, { node, schema, context }) => {
    if (!isJsonNumber(value)) throw context.wrong("must be a number");
    const isExclusive = schema.get(exclusiveName) === true;
    const bound = decimalOf(value);
    const isWrong = (found: number): boolean => found * side > 0 || (isExclusive && found === 0);
    const fail = (found: JsonNumber, report: Report): void => {
      if (compareDecimals(decimalOf(found), bound) * side > 0) {
        report.error(`numeric instance is ${comparison}: ${bound.text}, found: ${numberText(found)})`);
      } else report.error(`numeric instance is not ${strict} the required ${far} ${bound.text}`);
    };
    const isSmall = typeof value === "number";
    const isFar = (found: JsonNumber, report: Report): boolean => {
      if (isSmall && typeof found === "number") return isWrong(found - value);
      const decimal = decimalOf(found);
      report.step(8 + (decimal.text.length >> 5));
      return isWrong(compareDecimals(decimal, bound));
    };
    node.add(numbers, (found, report) => {
      if (isFar(found as JsonNumber, report)) fail(found as JsonNumber, report);
    });
  };
}

/** Characters as Java counts them for this: a pair of surrogates is one. */
function lengthOf(text: string): number {
  let { length } = text;
  for (let index = 0; index < text.length - 1; index++) {
    const code = text.charCodeAt(index);
    if (code >= 0xd800 && code <= 0xdbff && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00) length--;
  }
  return length;
}

const type: Keyword = (value, place) => {
  const names = typeof value === "string" ? [value] : textsOf(value, place);
  const allowed = new Set<string>(names);
  if (names.some((name) => !types.includes(name as Type))) throw place.context.wrong("names no type");
  if (allowed.has("number")) allowed.add("integer");
  const text = listText(types.filter((name) => allowed.has(name)));
  for (const found of types) {
    if (allowed.has(found)) continue;
    place.node.add([found], (_, report) =>
      report.error(`instance type (${found}) does not match any allowed primitive type (allowed: ${text})`),
    );
  }
};

/** Used for a schema's own values, whose size the model's limit bounds. */
const unmetered = { step: (): void => undefined };

/** Returns a text that only equal values of one kind share. */
const formOf = (value: TemplateValue): string =>
  value instanceof TemplateMap ? "object" : value instanceof TemplateList ? `list of ${value.items.length}` : "scalar";

/** A value that is quoted is printed up to 1,024 characters. */
const quotedJsonSteps = 1_000;

const enumeration: Keyword = (value, { node, context }) => {
  if (!(value instanceof TemplateList)) throw context.wrong("must be a list");
  const strings = new Set(value.items.filter((item) => typeof item === "string"));
  const others = value.items.filter((item) => typeof item !== "string");
  const texts = new Set(others.map((item) => canonicalText(item, unmetered)));
  const isOf = new Set(others.map(formOf));
  const text = quotedJson(value);
  const isIn = (found: TemplateValue, report: Report): boolean => {
    if (typeof found === "string") {
      report.step(found.length >> 2);
      return strings.has(found);
    }
    return isOf.has(formOf(found)) && texts.has(canonicalText(found, report));
  };
  node.add(types, (found, report) => {
    if (isIn(found, report)) return;
    report.step(quotedJsonSteps);
    report.error(`instance value (${quotedJson(found)}) not found in enum (possible values: ${text})`);
  });
};

const required: Keyword = (value, place) => {
  const names = textsOf(value, place);
  place.node.add(["object"], (object, report) => {
    report.step(names.length);
    const isComplete = names.every((name) => (object as TemplateMap).has(name));
    if (isComplete) return;
    const missing = names.filter((name) => !(object as TemplateMap).has(name));
    report.error(`object has missing required properties (${quoted(listText([...new Set(missing)].sort()))})`);
  });
};

const additionalProperties: Keyword = (value, place) => {
  const { node, schema, context } = place;
  if (value instanceof TemplateMap) node.additionalProperties = context.schema(value, false);
  if (value !== false) return;
  const properties = schema.get("properties");
  const known = new Set(properties instanceof TemplateMap ? properties.keys() : []);
  const patternProperties = schema.get("patternProperties");
  const patterns = patternProperties instanceof TemplateMap ? [...patternProperties.keys()] : [];
  const matchers = patterns.map((source) => patternOf(source, place));
  const isUnwanted = (name: TemplateValue, report: Report): boolean =>
    !known.has(name) && !matchers.some((pattern) => pattern.isFoundIn(String(name), report));
  node.add(["object"], (object, report) => {
    const unwanted: string[] = [];
    report.step((object as TemplateMap).size * 2);
    for (const name of (object as TemplateMap).keys()) if (isUnwanted(name, report)) unwanted.push(String(name));
    if (unwanted.length === 0) return;
    report.step(sortSteps(unwanted.length));
    const text = quoted(listText(unwanted.sort()));
    report.error(`object instance has properties which are not allowed by the schema: ${text}`);
  });
};

const dependencies: Keyword = (value, place) => {
  const { node, context } = place;
  const members = membersOf(value, place);
  for (const [name, needed] of members) {
    if (needed instanceof TemplateMap) continue;
    const names = typeof needed === "string" ? [needed] : textsOf(needed, place);
    node.add(["object"], (object, report) => {
      if (!(object as TemplateMap).has(name)) return;
      const missing = names.filter((wanted) => !(object as TemplateMap).has(wanted));
      if (missing.length === 0) return;
      const asked = `schema requires ${listText([...names].sort())}; missing: ${listText([...missing].sort())}`;
      report.error(`property "${name}" of object has missing property dependencies (${asked})`);
    });
  }
  for (const [name, schema] of members) {
    if (!(schema instanceof TemplateMap)) continue;
    const inner = context.schema(schema, true);
    node.add(["object"], (object, report, isSorted) => {
      if ((object as TemplateMap).has(name)) inner.validate(object, report, isSorted);
    });
  }
};

/** Returns how many of the schemas a value matches. */
function matchesOf(schemas: readonly SchemaNode[], value: TemplateValue, report: Report): number {
  let count = 0;
  for (const schema of schemas) {
    report.step(2);
    const nested = report.nested();
    schema.validate(value, nested, false);
    if (nested.isSuccess) count++;
  }
  return count;
}

/** Makes a keyword with a list of schemas. `judge` returns the problem for the number of schemas that matched. */
function combination(judge: (matched: number, count: number) => string | undefined): Keyword {
  return (value, place) => {
    const schemas = schemasOf(value, place);
    place.node.add(types, (found, report) => {
      const message = judge(matchesOf(schemas, found, report), schemas.length);
      if (message !== undefined) report.error(message);
    });
  };
}

/** Makes a keyword that limits a count. */
function counted(
  type: Type,
  isWrong: (found: number, count: number) => boolean,
  say: (found: number, count: number, value: TemplateValue) => string,
): Keyword {
  return (value, place) => {
    const count = countOf(value, place);
    place.node.add([type], (found, report) => {
      const size =
        typeof found === "string"
          ? found.length
          : found instanceof TemplateList
            ? found.items.length
            : (found as TemplateMap).size;
      // There are at least as many UTF-16 units as characters, so characters are counted only near the limit.
      if (typeof found !== "string" || (size < count && !isWrong(size, count))) {
        if (isWrong(size, count)) report.error(say(size, count, found));
        return;
      }
      report.step(size >> 2);
      const length = lengthOf(found);
      if (isWrong(length, count)) report.error(say(length, count, found));
    });
  };
}

const below = (found: number, count: number): boolean => found < count;
const above = (found: number, count: number): boolean => found > count;

/** Draft 4's keywords in the order in which fge applies them. Unknown keywords are ignored. */
export const keywords: ReadonlyMap<string, Keyword> = new Map<string, Keyword>([
  [
    "additionalItems",
    (value, { node, schema, context }) => {
      if (value instanceof TemplateMap) node.additionalItems = context.schema(value, false);
      const items = schema.get("items");
      if (value !== false || !(items instanceof TemplateList)) return;
      const allowed = items.items.length;
      node.add(["array"], (array, report) => {
        const found = (array as TemplateList).items.length;
        if (found <= allowed) return;
        report.error(`schema only allows ${allowed} elements in array but instance has ${found} elements`);
      });
    },
  ],
  ["additionalProperties", additionalProperties],
  [
    "allOf",
    combination((matched, count) =>
      matched === count
        ? undefined
        : `instance failed to match all required schemas (matched only ${matched} out of ${count})`,
    ),
  ],
  [
    "anyOf",
    combination((matched, count) =>
      matched > 0 ? undefined : `instance failed to match at least one required schema among ${count}`,
    ),
  ],
  ["dependencies", dependencies],
  ["enum", enumeration],
  [
    "items",
    (value, { node, context }) => {
      if (value instanceof TemplateList) node.items = value.items.map((item) => context.schema(item, false));
      else node.items = context.schema(value, false);
    },
  ],
  [
    "maxItems",
    counted(
      "array",
      above,
      (found, count) => `array is too long: must have at most ${count} elements but instance has ${found} elements`,
    ),
  ],
  [
    "maxLength",
    counted(
      "string",
      above,
      (found, count, text) =>
        `string "${quoted(String(text))}" is too long (length: ${found}, maximum allowed: ${count})`,
    ),
  ],
  [
    "maxProperties",
    counted(
      "object",
      above,
      (found, count) => `object has too many properties (found ${found} but schema requires at most ${count})`,
    ),
  ],
  ["maximum", limit(1)],
  [
    "minItems",
    counted(
      "array",
      below,
      (found, count) => `array is too short: must have at least ${count} elements but instance has ${found} elements`,
    ),
  ],
  [
    "minLength",
    counted(
      "string",
      below,
      (found, count, text) =>
        `string "${quoted(String(text))}" is too short (length: ${found}, required minimum: ${count})`,
    ),
  ],
  [
    "minProperties",
    counted(
      "object",
      below,
      (found, count) => `object has too few properties (found ${found} but schema requires at least ${count})`,
    ),
  ],
  ["minimum", limit(-1)],
  [
    "multipleOf",
    (value, { node, context }) => {
      if (!isJsonNumber(value) || !(Number(numberText(value)) > 0)) throw context.wrong("must be a number above 0");
      const divisor = numberText(value);
      node.add(numbers, (found, report) => {
        const text = numberText(found as JsonNumber);
        report.step(16 + text.length);
        if (isMultiple(text, divisor)) return;
        report.error(`remainder of division is not zero (${text} / ${divisor})`);
      });
    },
  ],
  [
    "not",
    (value, { node, context }) => {
      const inner = context.schema(value, true);
      node.add(types, (found, report) => {
        const nested = report.nested();
        inner.validate(found, nested, false);
        if (nested.isSuccess) report.error("instance matched a schema which it should not have");
      });
    },
  ],
  [
    "oneOf",
    combination((matched, count) =>
      matched === 1 ? undefined : `instance failed to match exactly one schema (matched ${matched} out of ${count})`,
    ),
  ],
  [
    "pattern",
    (value, place) => {
      const pattern = patternOf(value, place);
      place.node.add(["string"], (text, report) => {
        if (pattern.isFoundIn(text as string, report)) return;
        report.error(`ECMA 262 regex "${String(value)}" does not match input string "${quoted(text as string)}"`);
      });
    },
  ],
  [
    "patternProperties",
    (value, place) => {
      for (const [source, schema] of membersOf(value, place)) {
        const node = place.context.schema(schema, false);
        place.node.patternProperties.push({ pattern: patternOf(source, place), node });
      }
    },
  ],
  [
    "properties",
    (value, place) => {
      for (const [name, schema] of membersOf(value, place)) {
        place.node.properties.set(name, place.context.schema(schema, false));
      }
    },
  ],
  ["required", required],
  ["type", type],
  [
    "uniqueItems",
    (value, { node }) => {
      if (value !== true) return;
      node.add(["array"], (array, report) => {
        const { items } = array as TemplateList;
        report.step(items.length);
        const isScalar = items.every((item) => typeof item === "string" || typeof item === "number");
        const distinct = new Set(isScalar ? items : items.map((item) => canonicalText(item, report)));
        if (distinct.size < items.length) report.error("array must not contain duplicate elements");
      });
    },
  ],
]);
