/** A number with all its digits, as filters compare them: Java's BigDecimal. */
export interface Decimal {
  /** The text of `new BigDecimal(text)`. */
  readonly text: string;
  readonly value: number;
}

const form = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,10})?$/;

/** Java's `new BigDecimal(text)`; returns undefined where that throws. */
export function parseDecimal(text: string): Decimal | undefined {
  return form.test(text) ? { text, value: Number(text) } : undefined;
}

/** Java's `compareTo`: returns a number below, at or above 0. */
export function compareDecimals(left: Decimal, right: Decimal): number {
  // Rounding keeps the order, so digits are compared only if both numbers round to the same Double.
  if (left.value !== right.value) return left.value < right.value ? -1 : 1;
  if (left.text === right.text || (isShort(left) && isShort(right))) return 0;
  return compareDigits(partsOf(left.text), partsOf(right.text));
}

/** Numbers with up to 15 digits and small powers differ in their Doubles. */
function isShort({ text, value }: Decimal): boolean {
  return text.length <= 15 && Math.abs(value) < 1e300 && (value === 0 ? !/[1-9]/.test(text) : Math.abs(value) > 1e-300);
}

interface Parts {
  readonly sign: number;
  /** The power of ten of the first digit. */
  readonly power: number;
  readonly digits: string;
}

function partsOf(text: string): Parts {
  const [, minus = "", whole = "", fraction = "", exponent = "0"] =
    /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const all = whole + fraction;
  const digits = all.replace(/^0+/, "");
  const power = Number(exponent) + whole.length - (all.length - digits.length);
  return { sign: digits === "" ? 0 : minus === "-" ? -1 : 1, power, digits: digits.replace(/0+$/, "") };
}

function compareDigits(left: Parts, right: Parts): number {
  if (left.sign !== right.sign) return left.sign - right.sign;
  if (left.sign === 0) return 0;
  if (left.power !== right.power) return left.sign * (left.power - right.power);
  return left.digits === right.digits ? 0 : left.sign * (left.digits < right.digits ? -1 : 1);
}

/** Returns a text that equal numbers share: an integer of up to 20 digits its own, others digits and a power of ten. */
export function canonicalDecimal(text: string): string {
  const { sign, power, digits } = partsOf(text);
  if (sign === 0) return "0";
  const minus = sign < 0 ? "-" : "";
  if (power >= digits.length && power <= 20) return minus + digits.padEnd(power, "0");
  return `${minus}${digits}e${power}`;
}

/** Returns whether a number is a multiple of another. It is exact for all numbers, and false for multiples of 0. */
export function isMultiple(text: string, divisor: string): boolean {
  const number = partsOf(text);
  const step = partsOf(divisor);
  if (step.sign === 0) return false;
  if (number.sign === 0) return true;
  // number = a·10^shift steps of b.
  const a = BigInt(number.digits);
  const b = BigInt(step.digits);
  const shift = number.power - number.digits.length - (step.power - step.digits.length);
  if (shift >= 0) return (a * powerModulo(shift, b)) % b === 0n;
  // a does not end in 0, so b has to supply a factor for each place.
  return -shift <= number.digits.length && a % (b * 10n ** BigInt(-shift)) === 0n;
}

/** 10^exponent mod modulus. */
function powerModulo(exponent: number, modulus: bigint): bigint {
  let result = 1n % modulus;
  let base = 10n % modulus;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = (result * base) % modulus;
    base = (base * base) % modulus;
  }
  return result;
}
