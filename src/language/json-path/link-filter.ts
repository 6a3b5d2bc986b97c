import { bounds } from "../../base/bounds.ts";
import { compareDecimals, type Decimal, parseDecimal } from "../decimal.ts";
import { findText } from "../find-text.ts";
import { parseJavaPattern } from "../java/java-pattern.ts";
import { isEqual, TemplateList, TemplateMap, type TemplateValue } from "../java/values.ts";
import { bigDecimalText, isJsonNumber, numberText } from "../json-value.ts";
import { type Evaluation, JsonPathFailure, notFound, PathMismatch, type Test } from "./evaluation.ts";
import type { LinkOptions } from "./linked-path.ts";
import { parsePath, unescapeText } from "./path-parser.ts";
import { type Condition, InvalidPath, type Operand, type Operator } from "./path-syntax.ts";
import { parsePermissiveJson } from "./permissive-json.ts";

/** Matches a text; the states that it visits are counted. */
type MatchText = (text: string, evaluation: Evaluation) => boolean;

/** A side of an operator, like Jayway's ValueNode: its class decides what it equals. */
type Side =
  | { readonly kind: "number"; readonly number: Decimal }
  | { readonly kind: "string"; readonly text: string }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "null" | "undefined" | "path" }
  /** An array or object. `literal` is its text, if it comes from the path or from a text of the document. */
  | { readonly kind: "json"; readonly value: TemplateValue; readonly literal?: string }
  | { readonly kind: "pattern"; readonly matches: MatchText };

const nothing: Side = { kind: "null" };
const missing: Side = { kind: "undefined" };
const yes: Side = { kind: "boolean", value: true };
const no: Side = { kind: "boolean", value: false };

export function linkCondition(condition: Condition, options: LinkOptions): Test {
  switch (condition.kind) {
    case "or":
    case "and": {
      const isOr = condition.kind === "or";
      const tests = condition.of.map((of) => linkCondition(of, options));
      return (item, evaluation) => {
        for (const test of tests) if (test(item, evaluation) === isOr) return isOr;
        return !isOr;
      };
    }
    case "not": {
      const test = linkCondition(condition.of, options);
      return (item, evaluation) => !test(item, evaluation);
    }
    case "exists": {
      const path = options.linkPath(condition.path, { isEachRequired: true, nesting: options.nesting + 1 });
      return (item, evaluation) => {
        evaluation.step(1);
        let exists = true;
        try {
          // Jayway quirk: the existence of `$.a` is also checked on the item.
          path.evaluate(item, evaluation);
        } catch (error) {
          if (error !== notFound) throw error;
          exists = false;
        }
        return exists === condition.isWanted;
      };
    }
    case "comparison": {
      const left = linkOperand(condition.left, options);
      const right = linkOperand(condition.right, options);
      const compare = comparisons[condition.operator];
      return (item, evaluation) => {
        evaluation.step(2);
        return compare(left(item, evaluation), right(item, evaluation), evaluation);
      };
    }
  }
}

type LinkedOperand = (item: TemplateValue, evaluation: Evaluation) => Side;

function linkOperand(operand: Operand, options: LinkOptions): LinkedOperand {
  if (operand.kind === "path") {
    const path = options.linkPath(operand.path, { ...options, nesting: options.nesting + 1 });
    const isFromRoot = operand.path.root === "$";
    return (item, evaluation) => {
      try {
        if (!isFromRoot) return sideOf(path.evaluate(item, evaluation));
        let value = evaluation.cache.get(path);
        if (value === undefined) {
          value = path.evaluate(evaluation.root, evaluation);
          evaluation.cache.set(path, value);
        }
        return sideOf(value);
      } catch (error) {
        if (error === notFound) return missing;
        throw error;
      }
    };
  }
  const side = literalSide(operand);
  return () => {
    if (side === undefined) throw new JsonPathFailure("A literal in a filter is not JSON");
    return side;
  };
}

/** Returns undefined for malformed JSON: only an evaluation that needs it fails. */
function literalSide(operand: Exclude<Operand, { kind: "path" }>): Side | undefined {
  switch (operand.kind) {
    case "null":
      return nothing;
    case "boolean":
      return operand.value ? yes : no;
    case "number":
      return { kind: "number", number: { text: operand.text, value: Number(operand.text) } };
    case "string":
      return textSide(operand.text);
    case "json": {
      const value = parsePermissiveJson(operand.text);
      return value === undefined ? undefined : { kind: "json", value, literal: operand.text };
    }
    case "pattern":
      return { kind: "pattern", matches: linkPattern(operand) };
  }
}

/** Returns a text without the quotes around it and without its backslashes. */
function textSide(text: string): Side {
  if (text.length < 2) return { kind: "string", text };
  const isQuoted = (text[0] === "'" || text[0] === '"') && text.at(-1) === text[0];
  return { kind: "string", text: unescapeText(isQuoted ? text.slice(1, -1) : text, 1) };
}

function linkPattern({ source, flags, column }: Extract<Operand, { kind: "pattern" }>): MatchText {
  const other = /[^isuU]/.exec(flags);
  if (other !== null) throw new InvalidPath(`The flag ${other[0]} of a pattern is not supported`, column);
  const prefix = `${flags.includes("i") ? "(?i)" : ""}${flags.includes("s") ? "(?s)" : ""}`;
  const parsed = parseJavaPattern(prefix + source);
  if (parsed.kind === "unsupported") throw new InvalidPath(`Pattern /${source}/: ${parsed.detail}`, column);
  return (text, evaluation) => parsed.pattern.matches(text, (states) => evaluation.step(states));
}

/** Returns the result of a path as a side. */
function sideOf(value: TemplateValue): Side {
  if (value === null) return nothing;
  if (typeof value === "string") return { kind: "string", text: value };
  if (typeof value === "boolean") return value ? yes : no;
  if (isJsonNumber(value)) {
    const text = numberText(value);
    const number = typeof value === "number" ? { text, value } : parseDecimal(text);
    if (number === undefined) throw new JsonPathFailure(`${text} is no number that can be compared`);
    return { kind: "number", number };
  }
  return { kind: "json", value };
}

/** Returns a list's item as a side. Texts that look like a path or JSON are read as such here. */
function itemSide(item: TemplateValue, evaluation: Evaluation): Side {
  if (typeof item === "object" && item !== null && !isJsonNumber(item)) {
    throw new JsonPathFailure("Could not determine value type");
  }
  if (typeof item !== "string") return sideOf(item);
  evaluation.step(1 + item.length / 16);
  const text = item.trim();
  if ((text.startsWith("$") || text.startsWith("@")) && isPath(text)) return { kind: "path" };
  if (
    text.length > 1 &&
    ((text.startsWith("[") && text.endsWith("]")) || (text.startsWith("{") && text.endsWith("}")))
  ) {
    evaluation.step(text.length);
    const value = parsePermissiveJson(text);
    if (value !== undefined) return { kind: "json", value, literal: item };
  }
  return textSide(item);
}

const pathLengthMax = bounds.jsonPathTextLengthMax.value;

function isPath(text: string): boolean {
  if (text.length > pathLengthMax) return false;
  try {
    parsePath(text);
    return true;
  } catch (error) {
    if (error instanceof InvalidPath) return false;
    throw error;
  }
}

/** Jayway's `left.equals(right)`, which is not the same as `right.equals(left)`. */
function equals(left: Side, right: Side, evaluation: Evaluation): boolean {
  switch (left.kind) {
    case "number": {
      if (right.kind !== "number" && right.kind !== "string") return false;
      const other = right.kind === "number" ? right.number : parseDecimal(right.text);
      return other !== undefined && compareDecimals(left.number, other) === 0;
    }
    case "string":
      if (right.kind === "number") return left.text === bigDecimalText(right.number.text);
      return right.kind === "string" && left.text === right.text;
    case "boolean":
      return right.kind === "boolean" && left.value === right.value;
    case "null":
      return right.kind === "null";
    case "json":
      if (right.kind !== "json") return false;
      if (left.literal !== undefined || right.literal !== undefined) return left.literal === right.literal;
      return isEqual(left.value, right.value, evaluation);
    default:
      return left === right && left.kind !== "undefined";
  }
}

/** Compares by `==`: a literal on the right is parsed, one on the left is not. */
function isSame(left: Side, right: Side, evaluation: Evaluation): boolean {
  if (left.kind !== "json" || right.kind !== "json") return equals(left, right, evaluation);
  if (left === right) return true;
  return left.literal === undefined && isEqual(left.value, right.value, evaluation);
}

type Comparison = (left: Side, right: Side, evaluation: Evaluation) => boolean;

function ordered(isWanted: (order: number) => boolean): Comparison {
  return (left, right) => {
    if (left.kind === "number" && right.kind === "number") {
      return isWanted(compareDecimals(left.number, right.number));
    }
    if (left.kind === "string" && right.kind === "string") {
      return isWanted(left.text < right.text ? -1 : left.text > right.text ? 1 : 0);
    }
    return false;
  };
}

/** Returns the items of a list; undefined for other JSON. Text that is not JSON is a mismatch. */
function listOf(side: Side, evaluation: Evaluation): Side[] | undefined {
  if (side.kind !== "json") throw new PathMismatch("Expected value list node");
  if (!(side.value instanceof TemplateList)) return undefined;
  evaluation.step(side.value.items.length);
  return side.value.items.map((item) => itemSide(item, evaluation));
}

/** Returns whether `wanted` equals an item of the list. */
function contains(list: readonly Side[], wanted: Side, evaluation: Evaluation): boolean {
  evaluation.step(list.length);
  return list.some((item) => equals(wanted, item, evaluation));
}

function isIn(left: Side, right: Side, evaluation: Evaluation): boolean {
  const list = listOf(right, evaluation);
  return list?.some((item) => equals(left, item, evaluation)) ?? false;
}

/** Returns the items of both lists; undefined if one is not a list. */
function bothLists(left: Side, right: Side, evaluation: Evaluation): [Side[], Side[]] | undefined {
  const rightList = listOf(right, evaluation);
  if (rightList === undefined) return undefined;
  const leftList = listOf(left, evaluation);
  return leftList && [leftList, rightList];
}

function mismatch(reason: string): Comparison {
  return () => {
    throw new PathMismatch(reason);
  };
}

const comparisons: Readonly<Record<Operator, Comparison>> = {
  "==": isSame,
  "!=": (left, right, evaluation) => !isSame(left, right, evaluation),
  "===": (left, right, evaluation) => left.kind === right.kind && isSame(left, right, evaluation),
  "!==": (left, right, evaluation) => left.kind !== right.kind || !isSame(left, right, evaluation),
  "<": ordered((order) => order < 0),
  "<=": ordered((order) => order <= 0),
  ">": ordered((order) => order > 0),
  ">=": ordered((order) => order >= 0),
  "=~": (left, right, evaluation) => {
    if (left.kind === "pattern") return right.kind !== "pattern" && matches(left.matches, right, evaluation);
    return right.kind === "pattern" && matches(right.matches, left, evaluation);
  },
  in: isIn,
  nin: (left, right, evaluation) => !isIn(left, right, evaluation),
  contains: (left, right, evaluation) => {
    if (left.kind === "string" && right.kind === "string") return findText(left.text, right.text, 0, evaluation) >= 0;
    if (left.kind !== "json") return false;
    const list = listOf(left, evaluation);
    return list !== undefined && contains(list, right, evaluation);
  },
  size: (left, right) => {
    if (right.kind !== "number") return false;
    const size = Math.trunc(right.number.value) | 0;
    if (left.kind === "string") return left.text.length === size;
    return left.kind === "json" && (left.value instanceof TemplateList ? left.value.items.length : -1) === size;
  },
  empty: (left, right) => {
    if (left.kind !== "string" && left.kind !== "json") return false;
    // Jayway quirk: it takes every object for a Java Collection, which it is not.
    if (left.kind === "json" && left.value instanceof TemplateMap)
      throw new JsonPathFailure("An object is no Collection");
    const isEmpty = left.kind === "string" ? left.text === "" : (left.value as TemplateList).items.length === 0;
    if (right.kind !== "boolean") throw new PathMismatch("Expected boolean node");
    return isEmpty === right.value;
  },
  subsetof: (left, right, evaluation) => {
    const lists = bothLists(left, right, evaluation);
    return lists?.[0].every((item) => contains(lists[1], item, evaluation)) ?? false;
  },
  anyof: (left, right, evaluation) => {
    const lists = bothLists(left, right, evaluation);
    return lists?.[0].some((item) => contains(lists[1], item, evaluation)) ?? false;
  },
  noneof: (left, right, evaluation) => {
    const lists = bothLists(left, right, evaluation);
    return lists !== undefined && !lists[0].some((item) => contains(lists[1], item, evaluation));
  },
  // Jayway has no literal that could stand on the right of these three.
  all: (left) => {
    if (left.kind === "json" || left.kind !== "pattern") throw new PathMismatch("Expected value list node");
    throw new PathMismatch("Expected value list node");
  },
  type: mismatch("Expected class node"),
  matches: mismatch("Expected predicate node"),
  exists: (left, right) => {
    if (left.kind !== "boolean" && right.kind !== "boolean") {
      throw new JsonPathFailure("Failed to evaluate exists expression");
    }
    if (left.kind !== "boolean" || right.kind !== "boolean") throw new PathMismatch("Expected boolean node");
    return left.value === right.value;
  },
};

/** Returns whether a value as a whole, or one of a list's items, matches a pattern. */
function matches(pattern: MatchText, side: Side, evaluation: Evaluation): boolean {
  const list = side.kind === "json" ? listOf(side, evaluation) : undefined;
  return (list ?? [side]).some((item) => {
    const text = inputOf(item);
    evaluation.step(1 + text.length);
    return pattern(text, evaluation);
  });
}

function inputOf(side: Side): string {
  if (side.kind === "string") return side.text;
  if (side.kind === "number") return bigDecimalText(side.number.text);
  return side.kind === "boolean" ? String(side.value) : "";
}
