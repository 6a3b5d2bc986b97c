import { bounds } from "../../base/bounds.ts";
import { TemplateFailure } from "../meter.ts";
import { JavaDouble, JavaLong, type TemplateValue } from "./values.ts";

/** Numbers as Velocity 1.7 counts with them: Integer, Long, BigInteger and Double. */
export type JavaNumber = number | bigint | JavaLong | JavaDouble;

const longMin = -(2n ** 63n);
const longMax = 2n ** 63n - 1n;

export function isNumber(value: TemplateValue): value is JavaNumber {
  return (
    typeof value === "number" || typeof value === "bigint" || value instanceof JavaLong || value instanceof JavaDouble
  );
}

/**
 * Returns a whole number as the smallest kind that holds it, as Velocity reads literals and JSON parsers read numbers.
 */
export function wholeNumber(value: bigint): JavaNumber {
  if (value >= -2_147_483_648n && value <= 2_147_483_647n) return Number(value);
  return value >= longMin && value <= longMax ? new JavaLong(value) : value;
}

export function toDouble(value: JavaNumber): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  return Number(value.value);
}

function toWhole(value: Exclude<JavaNumber, JavaDouble>): bigint {
  return typeof value === "object" ? value.value : BigInt(value);
}

/** Returns the exact whole result of two Integers. Whole numbers have no -0, unlike a Double. */
function wholeFromDouble(value: number): JavaNumber {
  return (value | 0) === value ? value + 0 : new JavaLong(BigInt(value));
}

const bigMax = 2n ** BigInt(bounds.templateIntegerBitsMax.value);

function bounded(value: bigint): bigint {
  if (value <= bigMax && value >= -bigMax) return value;
  throw new TemplateFailure(`A number has more than ${bounds.templateIntegerBitsMax.value} bits`);
}

/** Java's `intValue()`: whole numbers wrap around, Doubles stop at the limits. */
export function toInteger(value: JavaNumber): number {
  if (value instanceof JavaDouble) {
    return Number.isNaN(value.value)
      ? 0
      : Math.max(-2_147_483_648, Math.min(2_147_483_647, Math.trunc(value.value))) + 0;
  }
  return typeof value === "number" ? value : Number(BigInt.asIntN(32, toWhole(value)));
}

/** A result's kind is the larger of its operands' kinds, and larger still if it doesn't fit. */
function sized(value: bigint, left: JavaNumber, right: JavaNumber): JavaNumber {
  if (typeof left === "bigint" || typeof right === "bigint") return bounded(value);
  if (value < longMin || value > longMax) return value;
  if (typeof left === "object" || typeof right === "object") return new JavaLong(value);
  return wholeNumber(value);
}

/** The arithmetic operators. They return null where Velocity logs and goes on with null (division by zero). */
export const arithmetic = {
  "+": (left: JavaNumber, right: JavaNumber): JavaNumber => {
    if (typeof left === "number" && typeof right === "number") {
      return wholeFromDouble(left + right);
    }
    if (left instanceof JavaDouble || right instanceof JavaDouble) {
      return new JavaDouble(toDouble(left) + toDouble(right));
    }
    return sized(toWhole(left) + toWhole(right), left, right);
  },
  "-": (left: JavaNumber, right: JavaNumber): JavaNumber => {
    if (typeof left === "number" && typeof right === "number") {
      return wholeFromDouble(left - right);
    }
    if (left instanceof JavaDouble || right instanceof JavaDouble) {
      return new JavaDouble(toDouble(left) - toDouble(right));
    }
    return sized(toWhole(left) - toWhole(right), left, right);
  },
  "*": (left: JavaNumber, right: JavaNumber): JavaNumber => {
    if (typeof left === "number" && typeof right === "number") {
      const product = left * right;
      return Number.isSafeInteger(product)
        ? wholeFromDouble(product)
        : sized(BigInt(left) * BigInt(right), left, right);
    }
    if (left instanceof JavaDouble || right instanceof JavaDouble) {
      return new JavaDouble(toDouble(left) * toDouble(right));
    }
    return sized(toWhole(left) * toWhole(right), left, right);
  },
  "/": (left: JavaNumber, right: JavaNumber): JavaNumber | null => {
    if (toDouble(right) === 0) return null;
    if (typeof left === "number" && typeof right === "number") return wholeFromDouble(Math.trunc(left / right));
    if (left instanceof JavaDouble || right instanceof JavaDouble) {
      return new JavaDouble(toDouble(left) / toDouble(right));
    }
    return sized(toWhole(left) / toWhole(right), left, right);
  },
  "%": (left: JavaNumber, right: JavaNumber): JavaNumber | null => {
    if (toDouble(right) === 0) return null;
    if (typeof left === "number" && typeof right === "number") return wholeFromDouble(left % right);
    if (left instanceof JavaDouble || right instanceof JavaDouble) {
      return new JavaDouble(toDouble(left) % toDouble(right));
    }
    if (typeof left === "bigint" || typeof right === "bigint") return bigMod(toWhole(left), toWhole(right));
    return sized(toWhole(left) % toWhole(right), left, right);
  },
} as const;

/** Java's BigInteger.mod, which Velocity uses for these only, is never negative. */
function bigMod(left: bigint, right: bigint): bigint {
  if (right < 0n) throw new TemplateFailure("BigInteger: modulus not positive (ArithmeticException)");
  const rest = left % right;
  return rest < 0n ? rest + right : rest;
}

/**
 * Returns a number below, at or above zero if left is less than, equal to or more than right, and NaN if they have no
 * order.
 */
export function compareNumbers(left: JavaNumber, right: JavaNumber): number {
  if (typeof left === "number" && typeof right === "number") return left - right;
  if (left instanceof JavaDouble || right instanceof JavaDouble) return toDouble(left) - toDouble(right);
  const difference = toWhole(left) - toWhole(right);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** Java: Double.toString(double). */
export function formatDouble(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e7) {
    const text = String(value);
    return text.includes(".") ? text : `${text}.0`;
  }
  const [digits, exponent] = value.toExponential().split("e") as [string, string];
  return `${digits.includes(".") ? digits : `${digits}.0`}E${Number(exponent)}`;
}
