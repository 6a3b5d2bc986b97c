import { type Meter, TemplateFailure } from "../meter.ts";
import { isNumber, type JavaNumber, toDouble } from "./java-number.ts";
import { textOf } from "./text-of.ts";
import { JavaDouble, type TemplateValue } from "./values.ts";

interface Directive {
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
  readonly conversion: string;
}

/**
 * Java's String.format, with the conversions s, S, d, x, X, o, f, e, E, c, b, n and %, the flags - + space 0 , ( and
 * argument positions. Everything else fails with Java's exception.
 */
export function javaFormat(format: string, args: readonly TemplateValue[], meter: Meter): string {
  let next = 0;
  let text = "";
  let at = 0;
  for (const match of format.matchAll(/%(?:(\d{1,3})\$)?([-+ 0,(#]*)(\d{1,4})?(?:\.(\d{1,3}))?([a-zA-Z%])|%/g)) {
    meter.step(16);
    text += format.slice(at, match.index);
    at = match.index + match[0].length;
    const conversion = match[5];
    if (conversion === undefined) throw new TemplateFailure("UnknownFormatConversionException: Conversion = '%'");
    if (conversion === "n" || conversion === "%") {
      text += conversion === "n" ? "\n" : "%";
      continue;
    }
    const position = match[1] === undefined ? next++ : Number(match[1]) - 1;
    const value = args[position];
    if (value === undefined)
      throw new TemplateFailure(`MissingFormatArgumentException: Format specifier '${match[0]}'`);
    const precision = match[4] === undefined ? undefined : Number(match[4]);
    text += padded(converted(value, { flags: match[2]!, width: Number(match[3] ?? 0), precision, conversion }, meter), {
      flags: match[2]!,
      width: Number(match[3] ?? 0),
      precision,
      conversion,
    });
    meter.made(text.length);
  }
  return text + format.slice(at);
}

function converted(value: TemplateValue, directive: Directive, meter: Meter): string {
  const { conversion, precision } = directive;
  switch (conversion.toLowerCase()) {
    case "s": {
      const text = (textOf(value, meter) ?? "null").slice(0, precision);
      return conversion === "S" ? text.toUpperCase() : text;
    }
    case "b": {
      const text = String(typeof value === "boolean" ? value : value !== null).slice(0, precision);
      return conversion === "B" ? text.toUpperCase() : text;
    }
    case "c":
      return typeof value === "number" ? String.fromCodePoint(value) : (textOf(value, meter) ?? "null");
    case "d":
    case "x":
    case "o":
      if (typeof value === "bigint") meter.step(bigSteps);
      return value === null ? "null" : wholeText(value, directive);
    case "f":
    case "e":
      meter.step(bigSteps);
      return value === null ? "null" : doubleText(value, directive);
    default:
      throw new TemplateFailure(`UnknownFormatConversionException: Conversion = '${conversion}'`);
  }
}

/** The steps that printing a number of hundreds of digits takes, as `%f` prints 1e308. */
const bigSteps = 64;

function mismatch(conversion: string, value: TemplateValue): TemplateFailure {
  const kind =
    value instanceof JavaDouble ? "java.lang.Double" : isNumber(value) ? "java.lang.Integer" : "java.lang.String";
  return new TemplateFailure(`IllegalFormatConversionException: ${conversion} != ${kind}`);
}

function wholeText(value: TemplateValue, { conversion, flags }: Directive): string {
  if (!isNumber(value) || value instanceof JavaDouble) throw mismatch(conversion, value);
  const whole: number | bigint = typeof value === "object" ? value.value : value;
  if (conversion === "d") return signed(String(whole < 0 ? -whole : whole), whole < 0, flags);
  const unsigned = typeof whole === "number" ? whole >>> 0 : BigInt.asUintN(64, whole);
  const text = unsigned.toString(conversion === "o" ? 8 : 16);
  return conversion === "X" ? text.toUpperCase() : text;
}

function doubleText(value: TemplateValue, { conversion, precision = 6, flags }: Directive): string {
  if (!(value instanceof JavaDouble)) throw mismatch(conversion, value);
  const number = toDouble(value as JavaNumber);
  const isNegative = number < 0 || Object.is(number, -0);
  if (!Number.isFinite(number)) return Number.isNaN(number) ? "NaN" : isNegative ? "-Infinity" : "Infinity";
  const [digits, exponentText] = Math.abs(number).toExponential().split("e") as [string, string];
  const exponent = number === 0 ? 0 : Number(exponentText);
  const significand = digits.replace(".", "");
  if (conversion.toLowerCase() === "f") {
    return signed(roundedHalfUp(significand, exponent, precision), isNegative, flags);
  }
  const rounded = roundedHalfUp(significand, 0, precision);
  const isCarried = rounded.startsWith("10");
  const scaled = isCarried ? roundedHalfUp(significand, -1, precision) : rounded;
  const power = exponent + (isCarried ? 1 : 0);
  const text = `${scaled}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  return signed(conversion === "E" ? text.toUpperCase() : text, isNegative, flags);
}

/** Rounds d.ddd × 10^exponent to a number of decimals, half up on its shortest digits, as Java's Formatter does. */
function roundedHalfUp(significand: string, exponent: number, decimals: number): string {
  const scale = significand.length - 1 - exponent;
  let whole = BigInt(significand);
  if (scale > decimals) {
    const divisor = 10n ** BigInt(scale - decimals);
    whole = (whole * 2n + divisor) / (divisor * 2n);
  } else whole *= 10n ** BigInt(decimals - scale);
  const text = whole.toString().padStart(decimals + 1, "0");
  return decimals === 0 ? text : `${text.slice(0, -decimals)}.${text.slice(-decimals)}`;
}

function signed(text: string, isNegative: boolean, flags: string): string {
  const grouped = flags.includes(",") ? text.replace(/^\d+/, groupThousands) : text;
  if (isNegative) return flags.includes("(") ? `(${grouped})` : `-${grouped}`;
  return (flags.includes("+") ? "+" : flags.includes(" ") ? " " : "") + grouped;
}

/** In time linear to the digits. */
function groupThousands(digits: string): string {
  const first = digits.length % 3 || 3;
  let text = digits.slice(0, first);
  for (let at = first; at < digits.length; at += 3) text += `,${digits.slice(at, at + 3)}`;
  return text;
}

function padded(text: string, { flags, width, conversion }: Directive): string {
  if (flags.includes("-")) return text.padEnd(width);
  if (!flags.includes("0") || !/[dxXof]/.test(conversion)) return text.padStart(width);
  const sign = /^[-+ (]?/.exec(text)![0];
  return sign + text.slice(sign.length).padStart(width - sign.length, "0");
}
