import { formatDouble } from "./java/java-number.ts";
import { JavaDouble, JavaLong, type TemplateList, type TemplateMap } from "./java/values.ts";

/**
 * The values that JSON text becomes. Templates use the same values, so that a body is parsed once for validation, paths
 * and templates, and nothing is converted between them.
 *
 *   JSON                   here                                               in Java
 *   null, true, "text"     null, boolean, string                              null, Boolean, String
 *   1, 4294967296, 10^30   number (32 bits), JavaLong, bigint                 Integer, Long, BigInteger
 *   1.5, 1.0, 1e5          JavaDouble                                         Double
 *   1.1234567890123456789  JavaDecimal                                        BigDecimal
 *   [ … ]                  TemplateList of kind `json`                        net.minidev.json.JSONArray
 *   { … }                  TemplateMap: keys of all names, in their order     java.util.LinkedHashMap
 */
export type JsonValue = null | boolean | string | number | bigint | JavaLong | JavaDouble | TemplateList | TemplateMap;

/** A BigDecimal: a number with more digits than a Double has. `value` is the nearest Double. */
export class JavaDecimal extends JavaDouble {
  override readonly digits: string;

  constructor(value: number, digits: string) {
    super(value);
    this.digits = digits;
  }
}

export type JsonNumber = number | bigint | JavaLong | JavaDouble;

export function isJsonNumber(value: unknown): value is JsonNumber {
  return (
    typeof value === "number" || typeof value === "bigint" || value instanceof JavaLong || value instanceof JavaDouble
  );
}

/** Java's `toString()` of a number. */
export function numberText(value: JsonNumber): string {
  if (value instanceof JavaLong) return String(value.value);
  if (value instanceof JavaDecimal) return value.digits;
  return value instanceof JavaDouble ? formatDouble(value.value) : String(value);
}

export function numberValue(value: JsonNumber): number {
  return typeof value === "number" ? value : typeof value === "bigint" ? Number(value) : Number(value.value);
}

/**
 * Reads a number with a decimal point or an exponent as json-smart does: a BigDecimal if it has more than 18 characters
 * and a Double would lose some of its digits, else a Double.
 */
export function decimalOf(text: string): JavaDouble {
  const value = Number(text);
  if (text.length <= 18) return new JavaDouble(value);
  const digits = bigDecimalText(text);
  return bigDecimalText(String(value)) === digits ? new JavaDouble(value) : new JavaDecimal(value, digits);
}

/** Returns what Java's `new BigDecimal(text).toString()` prints. */
export function bigDecimalText(text: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+(?=\d)/, "");
  const scale = fraction.length - Number(exponent);
  const adjusted = digits.length - 1 - scale;
  const minus = sign === "-" && digits !== "0" ? "-" : "";
  if (scale === 0) return minus + digits;
  if (scale > 0 && adjusted >= -6) {
    const padded = digits.padStart(scale + 1, "0");
    return `${minus}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
  }
  const mantissa = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits;
  const power = adjusted === 0 ? "" : `E${adjusted > 0 ? "+" : ""}${adjusted}`;
  return `${minus}${mantissa}${power}`;
}
