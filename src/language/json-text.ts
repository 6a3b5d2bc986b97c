import { bounds } from "../base/bounds.ts";
import { wholeNumber } from "./java/java-number.ts";
import { JavaDouble, TemplateList, TemplateMap, type TemplateValue } from "./java/values.ts";
import { contextAt, type JsonContext } from "./json-context.ts";
import { decimalOf, isJsonNumber, type JsonNumber, type JsonValue, numberText } from "./json-value.ts";

/**
 * The value of a text, or why it is not JSON. `detail` has the words of Jackson 2.11, which API Gateway quotes, with
 * its `at [Source: …]`. Columns count bytes from 1, and are Jackson's: of the byte after the wrong one.
 */
export type ParsedJson =
  | { readonly kind: "value"; readonly value: JsonValue }
  | { readonly kind: "malformed"; readonly detail: string; readonly line: number; readonly column: number };

const depthMax = bounds.jsonDepthMax.value;
const numberLengthMax = bounds.jsonNumberLengthMax.value;

// The text that is being parsed, and the place in it. Parsing is synchronous, and variables of the module cost half of
// what fields cost.
let text = "";
let at = 0;
let depth = 0;

/**
 * Parses JSON text (RFC 8259) as API Gateway's parsers do: the last of equal keys wins, and numbers keep their Java
 * types (see json-value.ts). A second value behind the first is refused, and a text without a value is malformed. It
 * never throws.
 *
 * 1.2 KB take 1.6 times as long as with JSON.parse. But JSON.parse loses the order of keys like "1" and the difference
 * between 1.0 and 1, and finding out whether a text has any of them costs as much again.
 */
export function parseJsonText(json: string): ParsedJson {
  text = json;
  at = json.charCodeAt(0) === 0xfeff ? 1 : 0;
  depth = 0;
  try {
    skipSpace();
    if (at >= text.length) throw new MalformedJson("No content to map due to end-of-input", at, 0);
    const value = parseValue();
    checkEnd();
    return { kind: "value", value };
  } catch (error) {
    if (!(error instanceof MalformedJson)) throw error;
    const { line, column } = position(error.at, error.consumed);
    return { kind: "malformed", detail: `${error.message}\n at ${sourceAt(line, column)}`, line, column };
  } finally {
    text = "";
  }
}

class MalformedJson extends Error {
  readonly at: number;
  readonly consumed: number;

  /** `at` is the wrong character's index; the parser has read `consumed` bytes of it. */
  constructor(message: string, at: number, consumed = 1) {
    super(message);
    this.at = at;
    this.consumed = consumed;
  }
}

const quote = 34;
const comma = 44;
const minus = 45;
const dot = 46;
const zero = 48;
const nine = 57;
const colon = 58;
const openBracket = 91;
const backslash = 92;
const closeBracket = 93;
const openBrace = 123;
const closeBrace = 125;

/** Skips white space and returns the next character's code, or NaN at the end: every comparison with NaN is false. */
function skipSpace(): number {
  for (;;) {
    const code = text.charCodeAt(at);
    if (code > 32 || (code !== 32 && code !== 10 && code !== 13 && code !== 9)) return code;
    at++;
  }
}

function parseValue(): JsonValue {
  const code = skipSpace();
  if (code === quote) return parseString("VALUE_STRING");
  if (code === openBrace) return parseObject();
  if (code === openBracket) return parseArray();
  if ((code >= zero && code <= nine) || code === minus) return parseNumber(code);
  if (code === 116) return parseWord("true", true);
  if (code === 102) return parseWord("false", false);
  if (code === 110) return parseWord("null", null);
  throw unexpectedValue(code);
}

function parseObject(): TemplateMap {
  const object = new TemplateMap();
  if (++depth > depthMax) throw tooDeep();
  at++;
  let code = skipSpace();
  if (code === closeBrace) {
    at++;
    depth--;
    return object;
  }
  for (;;) {
    if (code !== quote) throw oddName(code);
    const name = parseName();
    code = skipSpace();
    if (code !== colon) throw unexpected(code, "was expecting a colon to separate field name and value");
    at++;
    object.set(name, parseValue());
    code = skipSpace();
    if (code === closeBrace) {
      at++;
      depth--;
      return object;
    }
    if (code !== comma) throw noComma(code);
    at++;
    code = skipSpace();
  }
}

function parseArray(): TemplateList {
  const items: TemplateValue[] = [];
  const array = new TemplateList(items, "json");
  if (++depth > depthMax) throw tooDeep();
  at++;
  let code = skipSpace();
  if (code === closeBracket) {
    at++;
    depth--;
    return array;
  }
  for (;;) {
    items.push(parseValue());
    code = skipSpace();
    if (code === closeBracket) {
      at++;
      depth--;
      return array;
    }
    if (code !== comma) throw noComma(code);
    at++;
  }
}

// Recent names, by their length and two characters: a name that comes again costs no new string and no new hash. Only
// short names are kept, because longer ones are views in V8 that would keep their whole text.
const names: string[] = new Array(256).fill("");
const shortTextLength = 12;

function parseName(): string {
  const start = at + 1;
  for (let end = start; end <= start + shortTextLength; end++) {
    const code = text.charCodeAt(end);
    if (code === backslash || !(code >= 32)) break;
    if (code !== quote) continue;
    const slot = ((end - start) * 31 + text.charCodeAt(start) * 7 + text.charCodeAt(end - 1)) & 255;
    const known = names[slot]!;
    at = end + 1;
    if (known.length === end - start && text.startsWith(known, start)) return known;
    const name = text.slice(start, end);
    names[slot] = name;
    return name;
  }
  return parseString("FIELD_NAME");
}

type StringKind = "VALUE_STRING" | "FIELD_NAME";

function parseString(kind: StringKind): string {
  const start = ++at;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === quote) return text.slice(start, at++);
    if (code === backslash || !(code >= 32)) break;
    at++;
  }
  const parsed = parseLongString(start);
  if (parsed !== undefined) return parsed;
  let result = text.slice(start, at);
  for (;;) {
    const from = at;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === quote) return result + text.slice(from, at++);
      if (code === backslash) break;
      if (!(code >= 32)) throw brokenString(code, kind, start);
      at++;
    }
    result += text.slice(from, at) + parseEscape();
  }
}

/**
 * Parses a long string with escapes by the engine's parser, in a tenth of the time. Returns undefined for short and for
 * broken strings.
 */
function parseLongString(start: number): string | undefined {
  let end = at;
  for (let code = text.charCodeAt(end); code !== quote; code = text.charCodeAt(end)) {
    if (!(code >= 32)) return undefined;
    end += code === backslash ? 2 : 1;
  }
  if (end - start < 128) return undefined;
  try {
    const parsed = JSON.parse(text.slice(start - 1, end + 1)) as string;
    at = end + 1;
    return parsed;
  } catch {
    // The caller then finds the error and words it as Jackson does.
    return undefined;
  }
}

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

function parseEscape(): string {
  const character = text[at + 1];
  if (character === undefined) throw endOfInput(" in character escape sequence");
  if (character !== "u") {
    const escaped = escapes[character];
    if (escaped === undefined) {
      const code = text.codePointAt(at + 1)!;
      throw new MalformedJson(`Unrecognized character escape ${quoted(code)}`, at + 1, byteLength(code));
    }
    at += 2;
    return escaped;
  }
  let value = 0;
  for (let index = at + 2; index < at + 6; index++) {
    const digit = Number.parseInt(text[index] ?? "", 16);
    if (Number.isNaN(digit)) {
      if (index >= text.length) throw endOfInput(" in character escape sequence");
      const said = `Unexpected character (${quoted(firstByte(text.charCodeAt(index)))})`;
      throw new MalformedJson(`${said}: expected a hex-digit for character escape sequence`, index);
    }
    value = value * 16 + digit;
  }
  at += 6;
  return String.fromCharCode(value);
}

function parseNumber(first: number): JsonNumber {
  const start = at;
  let code = first;
  if (code === minus) code = text.charCodeAt(++at);
  const firstDigit = at;
  let value = 0;
  while (code >= zero && code <= nine) {
    value = value * 10 + (code - zero);
    code = text.charCodeAt(++at);
  }
  const digits = at - firstDigit;
  if (digits === 0) throw noDigit(code, start);
  if (digits > 1 && text.charCodeAt(firstDigit) === zero) {
    throw new MalformedJson("Invalid numeric value: Leading zeroes not allowed", firstDigit);
  }
  if (code === dot || code === 101 || code === 69) return parseFraction(start, code, digits, value);
  if (depth === 0) checkRootNumber(code);
  if (digits <= 15) {
    if (value > 0x7fffffff) return wholeNumber(BigInt(first === minus ? -value : value));
    return first === minus ? 0 - value : value;
  }
  checkLength(start);
  return wholeNumber(BigInt(text.slice(start, at)));
}

const powersOfTen = Array.from({ length: 16 }, (_, power) => 10 ** power);

/**
 * Parses the rest of a number, of which `digits` digits make the whole part. It takes plain arguments, because an
 * object would cost as much as all the rest.
 */
function parseFraction(start: number, first: number, digits: number, whole: number): JavaDouble {
  let code = first;
  let value = whole;
  let places = 0;
  if (code === dot) {
    code = text.charCodeAt(++at);
    if (!(code >= zero && code <= nine)) {
      const isEnd = at >= text.length;
      const said = quoted(isEnd ? dot : firstByte(code));
      throw new MalformedJson(
        `Unexpected character (${said}) in numeric value: Decimal point not followed by a digit`,
        isEnd ? at - 1 : at,
      );
    }
    const firstPlace = at;
    while (code >= zero && code <= nine) {
      value = value * 10 + (code - zero);
      code = text.charCodeAt(++at);
    }
    places = at - firstPlace;
  }
  const hasExponent = code === 101 || code === 69;
  if (hasExponent) {
    code = text.charCodeAt(++at);
    if (code === 43 || code === minus) code = text.charCodeAt(++at);
    if (!(code >= zero && code <= nine)) {
      if (at >= text.length) throw endOfInput(` in ${contextAt(text, start).token}`);
      const said = quoted(firstByte(code));
      throw new MalformedJson(
        `Unexpected character (${said}) in numeric value: Exponent indicator not followed by a digit`,
        at,
      );
    }
    while (code >= zero && code <= nine) code = text.charCodeAt(++at);
  }
  if (depth === 0) checkRootNumber(code);
  // Both are whole numbers that a Double holds exactly, so their quotient is the nearest Double. This takes a fifth of
  // the time.
  if (!hasExponent && digits + places <= 15) {
    value /= powersOfTen[places]!;
    return new JavaDouble(text.charCodeAt(start) === minus ? -value : value);
  }
  checkLength(start);
  return decimalOf(text.slice(start, at));
}

/** A long number costs more than linear time; Jackson 2.15 has the same bound and words. */
function checkLength(start: number): void {
  if (at - start <= numberLengthMax) return;
  throw new MalformedJson(
    `Number value length (${at - start}) exceeds the maximum allowed (${numberLengthMax}, from \`StreamReadConstraints.getMaxNumberLength()\`)`,
    at,
    0,
  );
}

function checkRootNumber(code: number): void {
  if (code > 32 || (code >= 0 && code !== 32 && code !== 10 && code !== 13 && code !== 9)) {
    const said = quoted(firstByte(code));
    throw new MalformedJson(`Unexpected character (${said}): Expected space separating root-level values`, at);
  }
}

function parseWord<Value>(word: string, value: Value): Value {
  const next = text.charCodeAt(at + word.length);
  if (!text.startsWith(word, at) || (next >= zero && isIdentifierPart(next))) throw unrecognizedToken();
  at += word.length;
  return value;
}

// The rest of the file only words errors.

function tooDeep(): MalformedJson {
  return new MalformedJson(
    `Document nesting depth (${depth}) exceeds the maximum allowed (${depthMax}, from \`StreamReadConstraints.getMaxNestingDepth()\`)`,
    at,
  );
}

function endOfInput(where: string): MalformedJson {
  return new MalformedJson(`Unexpected end-of-input${where}`, text.length, 0);
}

/** At the end of the text inside an object or array. */
function endOfContainer(context: JsonContext): MalformedJson {
  if (context.isBetween) return endOfInput(` within/between ${context.container} entries`);
  return endOfInput(`: expected close marker for ${context.container} (start marker at ${startOf(context)})`);
}

function startOf(context: JsonContext): string {
  if (context.container === "root") return sourceAt(1, 0);
  const { line, column } = position(context.start, 0);
  return sourceAt(line, column);
}

function wrongClose(code: number, context: JsonContext): MalformedJson {
  const [given, wanted] = code === closeBrace ? ["}", "]"] : ["]", "}"];
  const place = `${context.container} starting at ${startOf(context)}`;
  return new MalformedJson(`Unexpected close marker '${given}': expected '${wanted}' (for ${place})`, at);
}

function unexpected(code: number, reason: string): MalformedJson {
  if (at >= text.length) return endOfContainer(contextAt(text, at));
  if (code < 32) return controlCharacter(code);
  if (code === 47) return unexpectedCharacter(code, comment);
  return unexpectedCharacter(firstByte(code), reason);
}

const comment =
  "maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)";

function unexpectedCharacter(code: number, reason: string, consumed = 1): MalformedJson {
  return new MalformedJson(`Unexpected character (${quoted(code)}): ${reason}`, at, consumed);
}

function controlCharacter(code: number): MalformedJson {
  const said = `Illegal character ((CTRL-CHAR, code ${code}))`;
  return new MalformedJson(`${said}: only regular white space (\\r, \\n, \\t) is allowed between tokens`, at);
}

function brokenString(code: number, kind: StringKind, start: number): MalformedJson {
  if (at >= text.length) {
    if (kind === "VALUE_STRING") return endOfInput(" in VALUE_STRING");
    return endOfInput(at === start ? ": was expecting closing '\"' for name" : " in field name");
  }
  const place = kind === "FIELD_NAME" ? "name" : "string value";
  const said = `Illegal unquoted character ((CTRL-CHAR, code ${code}))`;
  return new MalformedJson(`${said}: has to be escaped using backslash to be included in ${place}`, at);
}

function noComma(code: number): MalformedJson {
  const context = contextAt(text, at);
  if (code === closeBrace || code === closeBracket) return wrongClose(code, context);
  return unexpected(code, `was expecting comma to separate ${context.container} entries`);
}

function oddName(code: number): MalformedJson {
  const context = contextAt(text, at);
  if (code === closeBracket && !context.isBetween) return wrongClose(code, context);
  if (at >= text.length || code < 32 || code === 47) return unexpected(code, "");
  const point = text.codePointAt(at)!;
  return unexpectedCharacter(point, "was expecting double-quote to start field name", byteLength(point));
}

const aValue = "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

function unexpectedValue(code: number): MalformedJson {
  const context = contextAt(text, at);
  if (at >= text.length) return endOfContainer(context);
  if ((code === closeBrace || code === closeBracket) && !context.isBetween) return wrongClose(code, context);
  if (code === closeBrace || code === comma || (code === closeBracket && context.container === "Array")) {
    return unexpectedCharacter(code, "expected a value");
  }
  if (code === 43) {
    const next = text.charCodeAt(++at);
    if (Number.isNaN(next)) return endOfInput(" in a Number value");
    return noDigit(next, at - 1);
  }
  for (const word of ["NaN", "Infinity"]) {
    if (text.startsWith(word, at) && !isIdentifierPart(text.codePointAt(at + word.length))) {
      return nonStandardToken(word, at + word.length);
    }
  }
  const first = firstByte(code);
  if (code < 128 ? isIdentifierPart(code) && code > 32 && !(code >= zero && code <= nine) : first !== 0xd7) {
    return unrecognizedToken();
  }
  return unexpected(code, aValue);
}

/** After a sign: Java's words for infinity, the end, or anything else. */
function noDigit(code: number, start: number): MalformedJson {
  if (at >= text.length) return endOfInput(` in ${contextAt(text, start).token}`);
  const sign = text[start]!;
  for (const word of ["INF", "Infinity"]) {
    if (text.startsWith(word, at)) return nonStandardToken(sign + word, at + word.length);
  }
  const said = quoted(firstByte(code));
  const reason = "expected digit (0-9) to follow minus sign, for valid numeric value";
  return new MalformedJson(`Unexpected character (${said}) in numeric value: ${reason}`, at);
}

function nonStandardToken(token: string, end: number): MalformedJson {
  return new MalformedJson(
    `Non-standard token '${token}': enable JsonParser.Feature.ALLOW_NON_NUMERIC_NUMBERS to allow`,
    end,
    0,
  );
}

const tokenLengthQuoted = 256;

/** The error for a word that JSON does not have. */
function unrecognizedToken(): MalformedJson {
  const first = text.charCodeAt(at);
  // AWS quirk: Jackson takes the first byte of such a character for a character.
  if (first >= 128) {
    const second = Buffer.from(text.slice(at, at + 2))[1] ?? 0;
    return new MalformedJson(`Invalid UTF-8 start byte 0x${second.toString(16)}`, at, 2);
  }
  let end = at;
  let point = text.codePointAt(end);
  while (point !== undefined && isIdentifierPart(point) && end - at < tokenLengthQuoted) {
    end += point > 0xffff ? 2 : 1;
    point = text.codePointAt(end);
  }
  const token = end - at < tokenLengthQuoted ? text.slice(at, end) : `${text.slice(at, end)}...`;
  const expected = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
  const consumed = point === undefined ? 0 : byteLength(point);
  return new MalformedJson(`Unrecognized token '${token}': was expecting ${expected}`, end, consumed);
}

/**
 * Stock Jackson ignores text after the value. Here it is refused, in the words that Jackson has for it.
 * Unconfirmed: AWS's choice; see docs/compatibility.md, "JSON in bodies".
 */
function checkEnd(): void {
  const code = skipSpace();
  if (at >= text.length) return;
  const start = at;
  const type =
    code === openBrace
      ? "START_OBJECT"
      : code === openBracket
        ? "START_ARRAY"
        : code === quote
          ? "VALUE_STRING"
          : typeOfScalar(parseScalar(code));
  throw new MalformedJson(
    `Trailing token (of type ${type}) found after value (bound as \`com.fasterxml.jackson.databind.JsonNode\`): not allowed as per \`DeserializationFeature.FAIL_ON_TRAILING_TOKENS\``,
    start,
    0,
  );
}

function parseScalar(code: number): JsonValue {
  if (code === closeBrace || code === closeBracket) throw wrongClose(code, contextAt("", 0));
  return parseValue();
}

function typeOfScalar(value: JsonValue): string {
  if (value === null) return "VALUE_NULL";
  if (typeof value === "boolean") return value ? "VALUE_TRUE" : "VALUE_FALSE";
  return value instanceof JavaDouble ? "VALUE_NUMBER_FLOAT" : "VALUE_NUMBER_INT";
}

/** `'a' (code 97)`, and beyond one byte also in hex. */
function quoted(code: number): string {
  if (code < 32) return `(CTRL-CHAR, code ${code})`;
  const said = `'${String.fromCodePoint(code)}' (code ${code}`;
  return code > 255 ? `${said} / 0x${code.toString(16)})` : `${said})`;
}

/** Returns the first byte in UTF-8 of a UTF-16 unit, which is what Jackson sees when a character is out of place. */
function firstByte(code: number): number {
  if (code < 0x80) return code;
  if (code < 0x800) return 0xc0 | (code >> 6);
  return code >= 0xd800 && code <= 0xdfff ? 0xf0 : 0xe0 | (code >> 12);
}

function byteLength(point: number): number {
  return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}

const identifierPart = /[\p{L}\p{Nl}\p{Sc}\p{Pc}\p{Nd}\p{Mc}\p{Mn}\p{Cf}\0-\x08\x0e-\x1b\x7f-\x9f]/u;

/** Java's `Character.isJavaIdentifierPart`. */
function isIdentifierPart(point: number | undefined): boolean {
  return point !== undefined && identifierPart.test(String.fromCodePoint(point));
}

/** Returns Jackson's position of a character, or of the byte behind those that were read of it. */
function position(index: number, consumed: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, index);
  let line = 1;
  let rowStart = 0;
  for (const match of before.matchAll(/\r\n|\n|\r/g)) {
    line++;
    rowStart = match.index + match[0].length;
  }
  return { line, column: Buffer.byteLength(before.slice(rowStart)) + 1 + consumed };
}

const sourceBytesQuoted = 500;

/** `[Source: (byte[])"…"; line: 1, column: 2]`: Jackson quotes the text as it is, up to 500 bytes of it. */
function sourceAt(line: number, column: number): string {
  const bytes = Buffer.from(text.length <= sourceBytesQuoted ? text : text.slice(0, sourceBytesQuoted));
  const total = Buffer.byteLength(text);
  const cut = total > sourceBytesQuoted ? `[truncated ${total - sourceBytesQuoted} bytes]` : "";
  const quotedText = bytes.toString("utf8", 0, sourceBytesQuoted);
  return `[Source: (byte[])"${quotedText}"${cut}; line: ${line}, column: ${column}]`;
}

/** Thrown for a value that is nested deeper than any parsed one, such as a list that a template put into itself. */
export class JsonTooDeep extends Error {}

/** Returns compact JSON text with keys in their order, as `$input.json` prints it. Throws {@link JsonTooDeep}. */
export function printJson(value: TemplateValue): string {
  return print(value, 0);
}

function print(value: TemplateValue, level: number): string {
  if (typeof value === "string") return printString(value);
  if (typeof value === "number") return String(value);
  if (value === null || typeof value === "boolean") return String(value);
  if (isJsonNumber(value))
    return value instanceof JavaDouble && !Number.isFinite(value.value) ? "null" : numberText(value);
  if (level >= depthMax) throw new JsonTooDeep(`more than ${depthMax} levels`);
  let printed = "";
  if (value instanceof TemplateList) {
    for (const item of value.items) printed += printed === "" ? print(item, level + 1) : `,${print(item, level + 1)}`;
    return `[${printed}]`;
  }
  if (!(value instanceof TemplateMap)) throw new JsonTooDeep("a value that JSON has not");
  for (const [name, member] of value.entries()) {
    printed += `${printed === "" ? "" : ","}${printString(String(name))}:${print(member, level + 1)}`;
  }
  return `{${printed}}`;
}

const special = /["\\\x00-\x1f\ud800-\udfff]/;

/** Most texts are short and plain, and checking their characters costs a third of JSON.stringify. */
function printString(value: string): string {
  if (value.length > 32) return special.test(value) ? JSON.stringify(value) : `"${value}"`;
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if (code < 32 || code === quote || code === backslash || (code >= 0xd800 && code <= 0xdfff)) {
      return JSON.stringify(value);
    }
  }
  return `"${value}"`;
}
