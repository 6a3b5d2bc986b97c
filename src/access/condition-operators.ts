/**
 * The operators of a statement's Condition, as a table. AWS: IAM User Guide, "IAM JSON policy elements: Condition
 * operators", "Multivalued context keys".
 */
import type { ConditionContext } from "./condition-keys.ts";
import { compileIpRange } from "./ip-range.ts";
import { compileTemplate, type Match, type TextTemplate } from "./policy-variables.ts";
import { compilePattern, hasSteps, type PatternPart, patternParts, type TextTest, takeSteps } from "./wildcards.ts";

/** Says what a call makes of a condition: of the key's value, and of all keys' values for variables. */
export type ConditionTest = (actual: ReturnType<ConditionContext>, context: ConditionContext) => Match;

/** Compares one value of the call with one of the policy's. */
type ValueTest = (actual: string, context: ConditionContext) => Match;

/** Prepares one of the policy's values. Returns undefined for a value that the operator can't take. */
type CompileValue = (wanted: string, hasVariables: boolean) => ValueTest | undefined;

const literalParts = (text: string): readonly PatternPart[] => (text === "" ? [] : [text]);
const ofTemplate = (template: TextTemplate | undefined): ValueTest | undefined => template?.matches;

const equals: CompileValue = (wanted, hasVariables) =>
  ofTemplate(compileTemplate(wanted, { hasVariables, partsOf: literalParts }));

const equalsIgnoringCase: CompileValue = (wanted, hasVariables) => {
  const compile = (parts: readonly PatternPart[]): TextTest => {
    const test = compilePattern(parts.map((part) => (typeof part === "string" ? part.toLowerCase() : part)));
    return (actual) => {
      takeSteps(actual.length >> 4);
      return test(actual.toLowerCase());
    };
  };
  return ofTemplate(compileTemplate(wanted, { hasVariables, partsOf: literalParts, compile, compileWidened: compile }));
};

const like: CompileValue = (wanted, hasVariables) =>
  ofTemplate(compileTemplate(wanted, { hasVariables, partsOf: patternParts }));

const arnLike: CompileValue = (wanted, hasVariables) =>
  ofTemplate(compileTemplate(wanted, { hasVariables, partsOf: patternParts, compile: compileArn }));

/**
 * Compares each of an ARN's six parts by itself: a wildcard does not reach over a colon, except in the last part. `*`
 * alone is every text.
 */
function compileArn(parts: readonly PatternPart[]): TextTest | undefined {
  if (parts.length > 0 && parts.every((part) => typeof part === "symbol" && part.description === "*"))
    return () => true;
  const six: PatternPart[][] = [[]];
  for (const part of parts) {
    if (typeof part !== "string") six.at(-1)!.push(part);
    else {
      const [first, ...rest] = part.split(":");
      six.at(-1)!.push(first!);
      for (const text of rest) {
        if (six.length < 6) six.push([text]);
        else six.at(-1)!.push(`:${text}`);
      }
    }
  }
  if (six.length < 6 || six[0]!.length !== 1 || six[0]![0] !== "arn") return undefined;
  const tests = six.map(compilePattern);
  return (arn) => {
    const actual = splitArn(arn);
    return actual !== undefined && tests.every((test, index) => test(actual[index]!));
  };
}

let lastArn = "";
let lastParts: readonly string[] | undefined;

/** Returns an ARN's six parts. One call's ARN is compared with many patterns. */
function splitArn(arn: string): readonly string[] | undefined {
  if (arn !== lastArn) {
    const parts = arn.split(":");
    lastParts = parts.length < 6 || parts[0] !== "arn" ? undefined : [...parts.slice(0, 5), parts.slice(5).join(":")];
    lastArn = arn;
  }
  return lastParts;
}

type Compare = (actual: number, wanted: number) => boolean;

/** Compares values that `read` makes numbers of. A value that it can't read is no answer. */
const compared =
  (read: (text: string) => number | undefined, compare: Compare): CompileValue =>
  (wanted) => {
    const right = read(wanted);
    if (right === undefined) return undefined;
    let lastText: string | undefined;
    let left: number | undefined;
    return (actual) => {
      if (actual !== lastText) {
        left = read(actual);
        lastText = actual;
      }
      return left === undefined ? "unknown" : compare(left, right) ? "yes" : "no";
    };
  };

/** A number of at most 15 digits, which is exact. */
function readNumber(text: string): number | undefined {
  return text.length <= 17 && /^[+-]?\d{1,15}(?:\.\d*)?$|^[+-]?\d{0,15}\.\d+$/.test(text) ? Number(text) : undefined;
}

/**
 * Reads a date as milliseconds since 1970: ISO 8601 in one of the forms of W3C's note, or seconds since 1970. Four digits
 * are a year.
 */
function readDate(text: string): number | undefined {
  if (text.length > 40) return undefined;
  const form =
    /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:\d\d))?)?)?$/.exec(text) ?? undefined;
  if (form === undefined) return /^(?:\d{1,3}|\d{5,13})(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : undefined;
  const [, year, month = "01", day = "01", hour = "00", minute = "00", second = "00", fraction = "", zone = "Z"] = form;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${fraction.slice(0, 4)}${zone}`);
  // The 30th of February would become a day of March.
  const days = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  return Number.isNaN(ms) || Number(day) > days ? undefined : ms;
}

const comparisons: readonly (readonly [string, Compare])[] = [
  ["equals", (actual, wanted) => actual === wanted],
  ["lessthan", (actual, wanted) => actual < wanted],
  ["lessthanequals", (actual, wanted) => actual <= wanted],
  ["greaterthan", (actual, wanted) => actual > wanted],
  ["greaterthanequals", (actual, wanted) => actual >= wanted],
];

const truth: CompileValue = (wanted) => {
  const lower = wanted.toLowerCase();
  if (lower !== "true" && lower !== "false") return undefined;
  return (actual) => (actual === lower || actual.toLowerCase() === lower ? "yes" : "no");
};

/** Compares bytes that are both written in base64. */
const binary: CompileValue = (wanted) => {
  const bytes = Buffer.from(wanted, "base64");
  if (bytes.toString("base64") !== wanted) return undefined;
  return (actual) => (bytes.equals(Buffer.from(actual, "base64")) ? "yes" : "no");
};

const ipAddress: CompileValue = (wanted) => {
  const contains = compileIpRange(wanted);
  if (contains === undefined) return undefined;
  return (actual) => {
    const isIn = contains(actual);
    return isIn === undefined ? "unknown" : isIn ? "yes" : "no";
  };
};

/** Names are in lower case: AWS does not look at their case. */
const operators: ReadonlyMap<string, CompileValue> = new Map([
  ["stringequals", equals],
  ["stringequalsignorecase", equalsIgnoringCase],
  ["stringlike", like],
  ["arnequals", arnLike],
  ["arnlike", arnLike],
  ["bool", truth],
  ["binaryequals", binary],
  ["ipaddress", ipAddress],
  ...comparisons.map(([name, compare]) => [`numeric${name}`, compared(readNumber, compare)] as const),
  ...comparisons.map(([name, compare]) => [`date${name}`, compared(readDate, compare)] as const),
]);

/** Operators that turn another around. */
const negations: ReadonlyMap<string, string> = new Map([
  ["stringnotequals", "stringequals"],
  ["stringnotequalsignorecase", "stringequalsignorecase"],
  ["stringnotlike", "stringlike"],
  ["arnnotequals", "arnequals"],
  ["arnnotlike", "arnlike"],
  ["numericnotequals", "numericequals"],
  ["datenotequals", "dateequals"],
  ["notipaddress", "ipaddress"],
]);

const operatorForm = /^(?:(forallvalues|foranyvalue):)?(.*?)(ifexists)?$/s;

/** Returns whether there is such an operator, with its qualifier and `IfExists`. */
export function isConditionOperator(operator: string): boolean {
  const [, qualifier, named = "", ifExists] = operatorForm.exec(operator.toLowerCase())!;
  if (named === "null") return qualifier === undefined && ifExists === undefined;
  return operators.has(named) || negations.has(named);
}

const unknown: ConditionTest = () => "unknown";

/** Prepares one operator with the values of one key. `hasVariables` says that the policy's version has them. */
export function compileCondition(operator: string, wanted: readonly string[], hasVariables: boolean): ConditionTest {
  const [, qualifier, named, ifExists] = operatorForm.exec(operator.toLowerCase())!;
  // Without a value, nothing is asked for.
  if (wanted.length === 0) return unknown;
  if (named === "null") return qualifier || ifExists ? unknown : existence(wanted);
  const isNegated = negations.has(named!);
  const compile = operators.get(negations.get(named!) ?? named!);
  if (compile === undefined) return unknown;
  const compareOne = anyOf(
    wanted.map((value) => compile(value, hasVariables)),
    isNegated,
  );
  // AWS: a key that is missing matches an operator that is negated or ends in IfExists.
  const ifMissing: Match =
    ifExists || qualifier === "forallvalues" ? "yes" : qualifier === "foranyvalue" ? "no" : isNegated ? "yes" : "no";
  return (actual, context) => {
    if (actual === undefined) return "unknown";
    if (actual === null) return ifMissing;
    if (typeof actual === "string") {
      const match = compareOne(actual, context);
      // AWS: to set operators, a value that is empty is as good as none. Where that makes a difference, nobody is let in.
      return actual !== "" || qualifier === undefined || match === ifMissing ? match : "unknown";
    }
    if (actual.length === 0) return ifMissing;
    if (actual.length === 1) return compareOne(actual[0]!, context);
    // AWS: keys with several values want a set operator.
    if (qualifier === undefined) return "unknown";
    const decisive: Match = qualifier === "forallvalues" ? "no" : "yes";
    let isUnknown = false;
    for (const one of actual) {
      const match = compareOne(one, context);
      if (match === decisive) return match;
      isUnknown ||= match === "unknown";
      if (!hasSteps()) return "unknown";
    }
    return isUnknown ? "unknown" : decisive === "no" ? "yes" : "no";
  };
}

/** Joins a condition's values: one of them has to match, or, if the operator is negated, none may. */
function anyOf(tests: readonly (ValueTest | undefined)[], isNegated: boolean): ValueTest {
  const positive: Match = isNegated ? "no" : "yes";
  const negative: Match = isNegated ? "yes" : "no";
  const sound = tests.filter((test) => test !== undefined);
  const none: Match = sound.length < tests.length ? "unknown" : negative;
  return (actual, context) => {
    takeSteps(sound.length);
    let isUnknown = false;
    for (const test of sound) {
      const match = test(actual, context);
      if (match === "yes") return positive;
      isUnknown ||= match === "unknown";
    }
    return isUnknown ? "unknown" : none;
  };
}

/** AWS: "Condition operator to check existence of condition keys": "true" wants the key to be absent. */
function existence(wanted: readonly string[]): ConditionTest {
  if (!wanted.every((value) => /^(?:true|false)$/i.test(value))) return unknown;
  const folded = new Set(wanted.map((value) => value.toLowerCase()));
  return (actual) => {
    if (actual === undefined) return "unknown";
    const isAbsent = actual === null || (typeof actual !== "string" && actual.length === 0);
    return folded.has(String(isAbsent)) ? "yes" : "no";
  };
}
