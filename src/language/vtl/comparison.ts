import { compareNumbers, isNumber } from "../java/java-number.ts";
import { textOf } from "../java/text-of.ts";
import { isEqual, isSameText, nothing, type TemplateValue } from "../java/values.ts";
import type { Meter } from "../meter.ts";
import type { ComparisonOperator } from "./template-node.ts";

type Comparison = (left: TemplateValue, right: TemplateValue, meter: Meter) => boolean;

/** The same for two Integers. */
export const integerComparisons: Readonly<Record<ComparisonOperator, (left: number, right: number) => boolean>> = {
  "==": (left, right) => left === right,
  "!=": (left, right) => left !== right,
  "<": (left, right) => left < right,
  "<=": (left, right) => left <= right,
  ">": (left, right) => left > right,
  ">=": (left, right) => left >= right,
};

/** Values without an order compare as false; Velocity logs that. */
const ordered =
  (holds: (difference: number) => boolean): Comparison =>
  (left, right) =>
    isNumber(left) && isNumber(right) && holds(compareNumbers(left, right));

export const comparisons: Readonly<Record<ComparisonOperator, Comparison>> = {
  "==": (left, right, meter) => isSame(left, right, meter),
  "!=": (left, right, meter) => !isSame(left, right, meter),
  "<": ordered((difference) => difference < 0),
  "<=": ordered((difference) => difference <= 0),
  ">": ordered((difference) => difference > 0),
  ">=": ordered((difference) => difference >= 0),
};

/** Velocity's `==`: numbers by value, one kind by `equals`, different kinds by their text. */
function isSame(left: TemplateValue, right: TemplateValue, meter: Meter): boolean {
  if (typeof left === "string" && typeof right === "string") return isSameText(left, right, meter);
  if (left === right) return true;
  if (left === nothing || right === nothing) return isEmpty(left) && isEmpty(right);
  if (left === null || right === null) return false;
  if (isNumber(left) && isNumber(right)) return compareNumbers(left, right) === 0;
  if (isEqual(left, right, meter)) return true;
  return typeof left !== typeof right && textOf(left, meter) === textOf(right, meter);
}

const isEmpty = (value: TemplateValue): boolean => value === nothing || value === null || value === "";
