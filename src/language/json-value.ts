/**
 * The closed set of values that JSON text becomes, and that templates, paths and validators work on. It keeps apart what
 * Java keeps apart:
 *
 *   JSON                         here                                          in Java
 *   null, true, "text"           null, boolean, string                         null, Boolean, String
 *   1, -5, 4294967296            number: always a safe integer                 Integer or Long, by its size
 *   9007199254740993, 10^30      bigint: an integer that is no safe one        Long or BigInteger, by its size
 *   1.5, 1.0, 1e5                JavaDouble                                    Double, or BigDecimal if `digits` is set
 *   [ … ]                        array                                         net.minidev.json.JSONArray
 *   { … }                        Map: keeps the order of all keys, and a key   java.util.LinkedHashMap
 *                                named __proto__ is a key like any other
 *
 * Never undefined, never a plain object, never a number with a fraction.
 */
export type JsonValue = null | boolean | string | number | bigint | JavaDouble | JsonArray | JsonObject;
export type JsonArray = JsonValue[];
export type JsonObject = Map<string, JsonValue>;

/** A number with a decimal point or an exponent, or what became of one: it prints as Java prints it, `1.0` as `1.0`. */
export class JavaDouble {
  readonly value: number;
  /** The digits of a BigDecimal: a number with more of them than a Double can hold. */
  readonly digits: string | undefined;

  constructor(value: number, digits?: string) {
    this.value = value;
    this.digits = digits;
  }

  toString(): string {
    return this.digits ?? javaDoubleText(this.value);
  }
}

/** Java's `Double.toString`: `1.0`, `0.001`, `1.0E7`, `1.234E-4`, `NaN`, `-Infinity`. */
export function javaDoubleText(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e7) return Number.isInteger(value) ? `${value}.0` : String(value);
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  if (!Number.isFinite(value)) return String(value);
  const [mantissa = "", exponent = ""] = value.toExponential().split("e");
  return `${mantissa.includes(".") ? mantissa : `${mantissa}.0`}E${Number(exponent)}`;
}

/** An integer as this set holds it: a number where that is exact, else a bigint. */
export function integerOf(value: bigint): number | bigint {
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;
}

/**
 * A number with a decimal point or an exponent, as json-smart reads it: a BigDecimal if it is written with more than 18
 * characters and a Double would lose some of its digits, else a Double.
 */
export function decimalOf(text: string): JavaDouble {
  const value = Number(text);
  if (text.length <= 18 || bigDecimalText(String(value)) === bigDecimalText(text)) return new JavaDouble(value);
  return new JavaDouble(value, bigDecimalText(text));
}

/** What Java's `new BigDecimal(text).toString()` prints. */
function bigDecimalText(text: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+(?=\d)/, "");
  const scale = fraction.length - Number(exponent);
  const adjusted = digits.length - 1 - scale;
  const shown = digits === "0" ? "" : sign;
  if (scale === 0) return shown + digits;
  if (scale > 0 && adjusted >= -6) {
    const padded = digits.padStart(scale + 1, "0");
    return `${shown}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
  }
  const mantissa = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits;
  return `${shown}${mantissa}E${adjusted > 0 ? "+" : ""}${adjusted}`;
}
