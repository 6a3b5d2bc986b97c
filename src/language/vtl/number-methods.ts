import { compareNumbers, isNumber, type JavaNumber, toDouble, toInteger } from "../java/java-number.ts";
import { textOf } from "../java/text-of.ts";
import { isEqual, JavaDouble, JavaLong, type TemplateValue } from "../java/values.ts";
import { type Meter, TemplateFailure } from "../meter.ts";
import { taking } from "./collection-methods.ts";

type Method<Self> = (self: Self, args: readonly TemplateValue[], meter: Meter) => TemplateValue | undefined;

/** Java's narrowing to 64 bits. */
function toLong(value: JavaNumber): JavaLong {
  if (value instanceof JavaDouble) {
    if (Number.isNaN(value.value)) return new JavaLong(0n);
    if (value.value >= 2 ** 63) return new JavaLong(2n ** 63n - 1n);
    if (value.value <= -(2 ** 63)) return new JavaLong(-(2n ** 63n));
    return new JavaLong(BigInt(Math.trunc(value.value)));
  }
  return new JavaLong(BigInt.asIntN(64, toBig(value)));
}

function toBig(value: Exclude<JavaNumber, JavaDouble>): bigint {
  return typeof value === "object" ? value.value : BigInt(value);
}

function notANumber(text: string): TemplateFailure {
  return new TemplateFailure(`For input string: "${text.slice(0, 100)}" (NumberFormatException)`);
}

/** Java: Integer.parseInt, Long.parseLong. */
function parseWhole(text: TemplateValue | undefined, radix: TemplateValue | undefined, bits: number): bigint {
  const base = radix ?? 10;
  if (text === null) throw new TemplateFailure("Cannot parse null string (NumberFormatException)");
  if (typeof text !== "string" || typeof base !== "number" || base < 2 || base > 36) throw notANumber(String(text));
  const match = /^([+-]?)([0-9a-zA-Z]{1,70})$/.exec(text);
  if (match === null) throw notANumber(text);
  let value = 0n;
  for (const character of match[2]!) {
    const digit = Number.parseInt(character, 36);
    if (digit >= base) throw notANumber(text);
    value = value * BigInt(base) + BigInt(digit);
  }
  if (match[1] === "-") value = -value;
  if (BigInt.asIntN(bits, value) !== value) throw notANumber(text);
  return value;
}

/** Java: Double.parseDouble. */
function parseDouble(text: TemplateValue | undefined, meter: Meter): JavaDouble {
  if (typeof text !== "string") throw notANumber(String(text));
  meter.step(text.length >> 4);
  const trimmed = text.trim();
  if (/^[+-]?NaN$/.test(trimmed)) return new JavaDouble(Number.NaN);
  const isNumeric = /^[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400}|Infinity)(?:[eE][+-]?\d{1,9})?[fFdD]?$/.test(
    trimmed,
  );
  if (!isNumeric) throw notANumber(text);
  return new JavaDouble(Number(trimmed.replace(/[fFdD]$/, "")));
}

/** Makes a method that only one kind of number has. */
const ofInteger =
  (method: Method<number>): Method<JavaNumber> =>
  (self, args, meter) =>
    typeof self === "number" ? method(self, args, meter) : undefined;
const ofLong =
  (method: Method<JavaLong>): Method<JavaNumber> =>
  (self, args, meter) =>
    self instanceof JavaLong ? method(self, args, meter) : undefined;
const ofDouble =
  (method: Method<JavaDouble>): Method<JavaNumber> =>
  (self, args, meter) =>
    self instanceof JavaDouble ? method(self, args, meter) : undefined;

function numberOf(self: JavaNumber, args: readonly TemplateValue[], meter: Meter): TemplateValue | undefined {
  const [value, radix] = args;
  if (typeof self === "number") return typeof value === "number" ? value : Number(parseWhole(value, radix, 32));
  if (self instanceof JavaLong) {
    return isNumber(value ?? null) ? toLong(value as JavaNumber) : new JavaLong(parseWhole(value, radix, 64));
  }
  if (self instanceof JavaDouble) {
    return isNumber(value ?? null) ? new JavaDouble(toDouble(value as JavaNumber)) : parseDouble(value, meter);
  }
  return undefined;
}

/** `toString()`, and the static `toString(number)` and `toString(number, radix)` that any instance leads to. */
function numberText(self: JavaNumber, args: readonly TemplateValue[], meter: Meter): TemplateValue | undefined {
  const [value, radix] = args;
  if (args.length === 0) return textOf(self, meter);
  if (!isNumber(value!)) return undefined;
  if (args.length === 1) return textOf(value, meter);
  if (typeof radix !== "number" || value instanceof JavaDouble) return undefined;
  meter.step(String(value).length >> 4);
  return toBig(value).toString(radix >= 2 && radix <= 36 ? radix : 10);
}

function unsignedText(value: TemplateValue | undefined, self: JavaNumber, radix: number): string | undefined {
  if (typeof value === "number" && typeof self === "number") return (value >>> 0).toString(radix);
  if (self instanceof JavaLong && isNumber(value ?? null)) {
    return BigInt.asUintN(64, toLong(value as JavaNumber).value).toString(radix);
  }
  return undefined;
}

/**
 * The methods of Integer, Long, BigInteger and Double, and also the static ones, since Velocity finds them on
 * instances.
 */
export const numberMethods: ReadonlyMap<string, Method<JavaNumber>> = new Map<string, Method<JavaNumber>>([
  ["toString", numberText],
  ["intValue", taking(0, toInteger)],
  ["longValue", taking(0, toLong)],
  ["doubleValue", taking(0, (self) => new JavaDouble(toDouble(self)))],
  ["floatValue", taking(0, (self) => new JavaDouble(Math.fround(toDouble(self))))],
  ["equals", taking(1, (self, [other], meter) => isEqual(self, other!, meter))],
  ["compareTo", taking(1, (self, [other]) => compareSameKind(self, other!))],
  ["hashCode", taking(0, hashCode)],
  [
    "valueOf",
    (self, args, meter) => (args.length === 1 || args.length === 2 ? numberOf(self, args, meter) : undefined),
  ],
  [
    "parseInt",
    ofInteger((_, args) =>
      args.length >= 1 && args.length <= 2 ? Number(parseWhole(args[0], args[1], 32)) : undefined,
    ),
  ],
  [
    "parseLong",
    ofLong((_, args) =>
      args.length >= 1 && args.length <= 2 ? new JavaLong(parseWhole(args[0], args[1], 64)) : undefined,
    ),
  ],
  ["parseDouble", ofDouble(taking(1, (_, [text], meter) => parseDouble(text, meter)))],
  ["isNaN", ofDouble(taking(0, (self) => Number.isNaN(self.value)))],
  ["isInfinite", ofDouble(taking(0, (self) => Math.abs(self.value) === Number.POSITIVE_INFINITY))],
  ["toHexString", taking(1, (self, [value]) => unsignedText(value, self, 16))],
  ["toBinaryString", taking(1, (self, [value]) => unsignedText(value, self, 2))],
  ["toOctalString", taking(1, (self, [value]) => unsignedText(value, self, 8))],
  ["max", taking(2, (self, [left, right]) => pick(self, left!, right!, 1))],
  ["min", taking(2, (self, [left, right]) => pick(self, left!, right!, -1))],
  [
    "signum",
    taking(1, (self, [value]) =>
      typeof self === "number" && typeof value === "number" ? Math.sign(value) : undefined,
    ),
  ],
]);

/** Java: Integer.hashCode, Long.hashCode, Double.hashCode. */
function hashCode(self: JavaNumber): number | undefined {
  if (typeof self === "number") return self;
  if (typeof self === "bigint") return undefined;
  const view = new DataView(new ArrayBuffer(8));
  if (self instanceof JavaLong) view.setBigInt64(0, self.value);
  else view.setFloat64(0, self.value);
  return view.getInt32(0) ^ view.getInt32(4);
}

function compareSameKind(left: JavaNumber, right: TemplateValue): number {
  if (!isSameKind(left, right)) throw new TemplateFailure("compareTo of two kinds of value");
  return Math.sign(compareNumbers(left, right as JavaNumber));
}

function isSameKind(left: TemplateValue, right: TemplateValue): boolean {
  if (left instanceof JavaLong) return right instanceof JavaLong;
  if (left instanceof JavaDouble) return right instanceof JavaDouble;
  return typeof left === typeof right;
}

function pick(self: JavaNumber, left: TemplateValue, right: TemplateValue, sign: number): TemplateValue | undefined {
  if (!isSameKind(self, left) || !isSameKind(self, right)) return undefined;
  return compareNumbers(left as JavaNumber, right as JavaNumber) * sign >= 0 ? left : right;
}

export const booleanMethods: ReadonlyMap<string, Method<boolean>> = new Map<string, Method<boolean>>([
  ["toString", taking(0, (self) => String(self))],
  ["booleanValue", taking(0, (self) => self)],
  ["equals", taking(1, (self, [other]) => self === other)],
  [
    "compareTo",
    taking(1, (self, [other]) => {
      if (typeof other !== "boolean") throw new TemplateFailure("compareTo of two kinds of value");
      return Number(self) - Number(other);
    }),
  ],
  ["hashCode", taking(0, (self) => (self ? 1_231 : 1_237))],
  ["parseBoolean", taking(1, (_, [text]) => typeof text === "string" && isTrue(text))],
  [
    "valueOf",
    taking(1, (_, [value]) => (typeof value === "boolean" ? value : typeof value === "string" && isTrue(value))),
  ],
]);

/** Without a look at all of a long text. */
const isTrue = (text: string): boolean => text.length === 4 && text.toLowerCase() === "true";
