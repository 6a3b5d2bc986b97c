import { bounds } from "../base/bounds.ts";
import { type Model, type Shape, shapeOf } from "./model.ts";

/**
 * Adds a problem, in AWS's words, for each constraint that the value breaks: `Value 'x' at 'type' failed to satisfy
 * constraint: Member must satisfy enum value set: [A, B]`.
 */
export type Check = (value: unknown, path: string, problems: string[]) => void;

/** Otherwise the answer would grow with a hostile list. */
const problemsMax = bounds.validationProblemsMax.value;
const quotedLengthMax = bounds.quotedValueLengthMax.value;
/** Patterns are not run on longer texts. */
const patternLengthMax = bounds.patternLengthMax.value;

type EnumOrder = (declared: readonly string[]) => readonly string[];

/** What differs between services: see the dialects of their protocols. */
interface CheckWords {
  readonly enumOrder?: EnumOrder;
  readonly nullableMaps?: readonly string[];
}

/**
 * Makes the checks of shapes, each when it is first used. `exempt` names shapes whose values the service checks itself,
 * since its answer differs (Lambda's Runtime) or its limits can be set.
 */
export function makeChecks(
  model: Model,
  exempt: readonly string[],
  { enumOrder = (declared) => declared, nullableMaps = [] }: CheckWords = {},
): (shapeName: string) => Check {
  const made = new Map<string, Check>();
  const rulesOfShape = (name: string) => (exempt.includes(name) ? [] : rulesOf(shapeOf(model, name), enumOrder));
  const checkOf = (shapeName: string): Check => {
    let check = made.get(shapeName);
    if (!check) {
      check = makeCheck(shapeOf(model, shapeName), {
        model,
        checkOf,
        rulesOf: rulesOfShape,
        own: rulesOfShape(shapeName),
        nullableMaps,
      });
      made.set(shapeName, check);
    }
    return check;
  };
  return checkOf;
}

interface CheckContext {
  readonly model: Model;
  readonly checkOf: (shapeName: string) => Check;
  readonly rulesOf: (shapeName: string) => readonly Rule[];
  readonly own: readonly Rule[];
  readonly nullableMaps: readonly string[];
}

/** One constraint of a shape: its text, and a test of values. */
interface Rule {
  readonly text: string;
  readonly keeps: (value: unknown) => boolean;
}

function makeCheck(shape: Shape, making: CheckContext): Check {
  switch (shape.type) {
    case "structure":
      return makeStructureCheck(shape, making);
    case "list":
      return makeListCheck(shape, making);
    case "map":
      return makeMapCheck(shape, making);
    default: {
      const show = showing(shape);
      return (value, path, problems) => {
        for (const rule of making.own) if (!rule.keeps(value)) report(problems, show(value), path, rule.text);
      };
    }
  }
}

function makeStructureCheck(shape: Shape, { checkOf }: CheckContext): Check {
  const required = new Set(shape.required ?? []);
  const members = Object.entries(shape.members ?? {})
    .filter(([, member]) => member.location === undefined)
    .map(([name, member]) => ({ name, step: lowerFirst(name), shapeName: member.shape, required: required.has(name) }));
  return (value, path, problems) => {
    const source = value as Readonly<Record<string, unknown>>;
    for (const member of members) {
      const given = source[member.name];
      const at = path === "" ? member.step : `${path}.${member.step}`;
      if (given !== undefined) checkOf(member.shapeName)(given, at, problems);
      else if (member.required) report(problems, "Value null", at, notNull);
    }
  };
}

function makeListCheck(shape: Shape, { model, checkOf, rulesOf, own }: CheckContext): Check {
  const memberName = shape.member?.shape ?? "";
  const isScalar = isScalarShape(shapeOf(model, memberName));
  const memberRules = isScalar ? rulesOf(memberName) : [];
  const show = showing(shape);
  return (value, path, problems) => {
    const entries = value as readonly unknown[];
    for (const rule of own) if (!rule.keeps(entries)) report(problems, show(entries), path, rule.text);
    if (entries.includes(null)) report(problems, "Value null", `${path}.${entries.indexOf(null) + 1}.member`, notNull);
    if (isScalar) {
      if (breaksAny(entries, memberRules)) report(problems, show(entries), path, constraintSet("Member", memberRules));
      return;
    }
    const check = checkOf(memberName);
    for (const [index, entry] of entries.entries()) {
      if (problems.length > problemsMax) return;
      if (entry !== null) check(entry, `${path}.${index + 1}.member`, problems);
    }
  };
}

function makeMapCheck(shape: Shape, { model, checkOf, rulesOf, own, nullableMaps }: CheckContext): Check {
  const keyRules = rulesOf(shape.key?.shape ?? "");
  const valueName = shape.value?.shape ?? "";
  const isScalar = isScalarShape(shapeOf(model, valueName));
  const valueRules = isScalar ? rulesOf(valueName) : [];
  const show = showing(shape);
  return (value, path, problems) => {
    const source = value as Readonly<Record<string, unknown>>;
    const keys = Object.keys(source);
    for (const rule of own) if (!rule.keeps(keys)) report(problems, show(source), path, rule.text);
    if (breaksAny(keys, keyRules)) report(problems, show(source), path, constraintSet("Map keys", keyRules));
    const values = keys.map((key) => source[key]);
    const nullAt = values.indexOf(null);
    if (nullAt >= 0 && !nullableMaps.includes(path))
      report(problems, "Value null", `${path}.${cut(keys[nullAt] ?? "")}.member`, notNull);
    if (isScalar) {
      if (breaksAny(values, valueRules)) report(problems, show(source), path, constraintSet("Map value", valueRules));
      return;
    }
    const check = checkOf(valueName);
    for (const [index, entry] of values.entries()) {
      if (problems.length > problemsMax) return;
      if (entry !== null) check(entry, `${path}.${cut(keys[index] ?? "")}.member`, problems);
    }
  };
}

const notNull = "Member must not be null";
const constraintSet = (what: string, rules: readonly Rule[]): string =>
  `${what} must satisfy constraint: [${rules.map((rule) => rule.text).join(", ")}]`;
const breaksAny = (values: readonly unknown[], rules: readonly Rule[]): boolean =>
  rules.length > 0 && values.some((value) => value !== null && rules.some((rule) => !rule.keeps(value)));
const isScalarShape = ({ type }: Shape): boolean => type !== "structure" && type !== "list" && type !== "map";

function report(problems: string[], value: string, path: string, constraint: string): void {
  if (problems.length > problemsMax) return;
  problems.push(`${value} at '${path}' failed to satisfy constraint: ${constraint}`);
}

/** Returns a shape's constraints, in the order in which AWS lists them for the members of a list. */
function rulesOf(shape: Shape, enumOrder: EnumOrder): readonly Rule[] {
  const rules: Rule[] = [];
  const { min, max, pattern } = shape;
  const isNumber = shape.type === "integer" || shape.type === "long" || shape.type === "double";
  const what = isNumber ? "value" : "length";
  const sizeOf = isNumber ? (value: unknown) => value as number : lengthOf;
  if (max !== undefined) {
    rules.push({ text: `Member must have ${what} less than or equal to ${max}`, keeps: (v) => sizeOf(v) <= max });
  }
  if (min !== undefined) {
    rules.push({ text: `Member must have ${what} greater than or equal to ${min}`, keeps: (v) => sizeOf(v) >= min });
  }
  if (pattern !== undefined) rules.push(patternRule(pattern, max));
  if (shape.enum) {
    const allowed = new Set<unknown>(shape.enum);
    const text = `Member must satisfy enum value set: [${enumOrder(shape.enum).join(", ")}]`;
    rules.push({ text, keeps: (value) => allowed.has(value) });
  }
  return rules;
}

/**
 * Makes a pattern's rule. Patterns are Java's and match whole texts. A text that is already too long for the shape is
 * not matched.
 */
function patternRule(pattern: string, max: number | undefined): Rule {
  const expression = compilePattern(pattern);
  const lengthMax = Math.min(max ?? patternLengthMax, patternLengthMax);
  return {
    text: `Member must satisfy regular expression pattern: ${pattern}`,
    keeps: (value) => {
      const text = value as string;
      return text.length > lengthMax ? max !== undefined : expression.test(text);
    },
  };
}

function compilePattern(pattern: string): RegExp {
  const whole = `^(?:${pattern})$`;
  try {
    return new RegExp(whole, "u");
  } catch {
    // Some of Java's escapes (`\@`) are errors in Unicode mode only.
    return new RegExp(whole);
  }
}

const lengthOf = (value: unknown): number => (value as string | Buffer | readonly unknown[]).length;

/** Returns how a problem shows a value of the shape. A sensitive value is not repeated. */
const showing = (shape: Shape): ((value: unknown) => string) => (shape.sensitive ? () => "Value" : quoted);
const quoted = (value: unknown): string => `Value '${cut(inJavasWords(value))}'`;
const cut = (text: string): string => (text.length > quotedLengthMax ? `${text.slice(0, quotedLengthMax)}...` : text);

/** Prints a value as Java does: `[a, b]`, `{k=v}`. It looks only at as much as will be quoted. */
function inJavasWords(value: unknown): string {
  if (value instanceof Buffer) return `java.nio.HeapByteBuffer[pos=0 lim=${value.length} cap=${value.length}]`;
  if (Array.isArray(value)) return `[${value.slice(0, quotedLengthMax).map(inJavasWords).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).slice(0, quotedLengthMax);
    return `{${entries.map(([key, entry]) => `${key}=${inJavasWords(entry)}`).join(", ")}}`;
  }
  return String(value);
}

/** Returns a member's name in a problem's path: `functionName` for `FunctionName`. */
export const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

/** Returns the message for one or more problems. */
export function problemsMessage(problems: readonly string[]): string {
  const count = `${problems.length} validation error${problems.length === 1 ? "" : "s"} detected: `;
  return count + problems.join("; ");
}
