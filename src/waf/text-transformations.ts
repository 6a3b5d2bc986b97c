import { createHash } from "node:crypto";
import type { TextTransformation, TransformationType } from "./web-acl.ts";

/**
 * AWS WAF's text transformations, on texts of which each character stands for a byte. Every one takes time linear to
 * its text, and none makes it longer than a small multiple. Where AWS's description is silent, they do as ModSecurity's
 * transformations of the same names do, whose words AWS uses.
 * AWS: AWS WAF Developer Guide, "Text transformations in AWS WAF". Unconfirmed: details; see docs/compatibility.md,
 * "WAF, text transformations".
 */
type Transform = (text: string) => string;

const transformations: Readonly<Record<TransformationType, Transform>> = {
  NONE: (text) => text,
  COMPRESS_WHITE_SPACE: (text) => (/[\t-\r\xa0]| {2}/.test(text) ? text.replace(/[\t-\r \xa0]+/g, " ") : text),
  HTML_ENTITY_DECODE: decodeEntities,
  LOWERCASE: lowerCase,
  CMD_LINE: (text) =>
    lowerCase(
      text
        .replace(/[\\"'^]/g, "")
        .replace(/[,;\t-\r ]+/g, " ")
        .replace(/ (?=[/(])/g, ""),
    ),
  URL_DECODE: (text) => decodeUrl(text, false),
  URL_DECODE_UNI: (text) => decodeUrl(text, true),
  BASE64_DECODE: (text) => decodeBase64(/^[A-Za-z0-9+/]*/.exec(text)![0]),
  BASE64_DECODE_EXT: (text) => decodeBase64(text.replace(/[^A-Za-z0-9+/]/g, "")),
  HEX_DECODE: decodeHex,
  MD5: (text) => createHash("md5").update(text, "latin1").digest("latin1"),
  REPLACE_COMMENTS: replaceComments,
  ESCAPE_SEQ_DECODE: decodeEscapes,
  SQL_HEX_DECODE: (text) =>
    text.includes("0x") || text.includes("0X")
      ? text.replace(/0x((?:[0-9a-f]{2})+)/gi, (_, digits: string) => Buffer.from(digits, "hex").toString("latin1"))
      : text,
  CSS_DECODE: decodeCss,
  JS_DECODE: decodeJavaScript,
  NORMALIZE_PATH: normalizePath,
  NORMALIZE_PATH_WIN: (text) => normalizePath(text.replaceAll("\\", "/")),
  REMOVE_NULLS: (text) => text.replaceAll("\0", ""),
  REPLACE_NULLS: (text) => text.replaceAll("\0", " "),
  UTF8_TO_UNICODE: writeUnicode,
};

/** Returns the transformations as one function, in the order of their priorities; undefined if there is nothing to do. */
export function linkTransformations(list: readonly TextTransformation[]): Transform | undefined {
  const steps = [...list]
    .sort((left, right) => left.Priority - right.Priority)
    .filter(({ Type }) => Type !== "NONE")
    .map(({ Type }) => transformations[Type]);
  const [first, ...others] = steps;
  if (first === undefined) return undefined;
  return (text) => others.reduce((value, transform) => transform(value), first(text));
}

/** Converts A to Z only: other letters are bytes of something. */
export function lowerCase(text: string): string {
  if (!/[A-Z]/.test(text)) return text;
  // With bytes above 127, JavaScript's own conversion would change them as well.
  return /^[\0-\x7f]*$/.test(text) ? text.toLowerCase() : text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

const byte = (code: number): string => String.fromCharCode(code & 0xff);
const utf8 = (code: number): string =>
  code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
    ? Buffer.from(String.fromCodePoint(code)).toString("latin1")
    : "";

/** A full-width character (FF01 to FF5E) becomes the ASCII character that it looks like; of others the low byte stays. */
const narrow = (code: number): string => byte(code >= 0xff01 && code <= 0xff5e ? (code & 0xff) + 0x20 : code);

const entities: Readonly<Record<string, string>> = { quot: '"', nbsp: "\xa0", lt: "<", gt: ">", amp: "&" };

function decodeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(
    /&(?:#x([0-9a-f]{1,8});?|#([0-9]{1,10});?|(quot|nbsp|lt|gt|amp)(?:;|(?![0-9a-z])))/gi,
    (whole, hex: string | undefined, decimal: string | undefined, name: string | undefined) => {
      if (name !== undefined) return entities[name.toLowerCase()] ?? whole;
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return code < 0x100 ? byte(code) : utf8(code) || whole;
    },
  );
}

function decodeUrl(text: string, hasUnicode: boolean): string {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced;
  if (!hasUnicode) {
    return spaced.replace(/%([0-9a-fA-F]{2})/g, (_, digits: string) => byte(Number.parseInt(digits, 16)));
  }
  return spaced.replace(
    /%(?:([0-9a-fA-F]{2})|[uU]([0-9a-fA-F]{4}))/g,
    (_, digits: string | undefined, wide: string | undefined) =>
      digits === undefined ? narrow(Number.parseInt(wide!, 16)) : byte(Number.parseInt(digits, 16)),
  );
}

const decodeBase64 = (text: string): string => Buffer.from(text, "base64").toString("latin1");

/** Unconfirmed: what is no pair of digits ends the text; see docs/compatibility.md, "WAF, text transformations". */
function decodeHex(text: string): string {
  return Buffer.from(text, "hex").toString("latin1");
}

function replaceComments(text: string): string {
  let start = text.indexOf("/*");
  if (start < 0) return text;
  let result = "";
  let from = 0;
  while (start >= 0) {
    result += `${text.slice(from, start)} `;
    const end = text.indexOf("*/", start + 2);
    if (end < 0) return result;
    from = end + 2;
    start = text.indexOf("/*", from);
  }
  return result + text.slice(from);
}

const ansi: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "?": "?",
  "'": "'",
  '"': '"',
};

function decodeEscapes(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(
    /\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|([abfnrtv\\?'"]))/g,
    (_, hex: string | undefined, octal: string | undefined, letter: string | undefined) =>
      hex !== undefined
        ? byte(Number.parseInt(hex, 16))
        : octal !== undefined
          ? byte(Number.parseInt(octal, 8))
          : ansi[letter!]!,
  );
}

/** At most six digits, one white space after them; of the number the last two digits count. */
function decodeCss(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(
    /\\(?:([0-9a-fA-F]{1,6})[ \t\n\r\f]?|(\n)|([\s\S]))/g,
    (_, digits: string | undefined, newline: string | undefined, other: string | undefined) => {
      if (digits === undefined) return newline === undefined ? other! : "";
      return narrow(Number.parseInt(digits, 16) & 0xffff);
    },
  );
}

function decodeJavaScript(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(
    /\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([0-3][0-7]{0,2}|[4-7][0-7]?)|([\s\S]))/g,
    (_, wide: string | undefined, hex: string | undefined, octal: string | undefined, letter: string | undefined) => {
      if (wide !== undefined) return narrow(Number.parseInt(wide, 16));
      if (hex !== undefined) return byte(Number.parseInt(hex, 16));
      if (octal !== undefined) return byte(Number.parseInt(octal, 8));
      return letter === "x" || letter === "u" ? letter : (ansi[letter!] ?? letter!);
    },
  );
}

/** Removes repeated slashes, `.` and `..`, but not those `..` that lead out of the beginning. */
function normalizePath(text: string): string {
  if (!text.includes("//") && !/(?:^|\/)\.\.?(?:\/|$)/.test(text)) return text;
  const isAbsolute = text.startsWith("/");
  const endsWithSlash = /(?:^|\/)\.?\.?$/.test(text) && text.length > 1;
  const kept: string[] = [];
  for (const part of text.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") kept.push(part);
    else if (kept.length > 0 && kept.at(-1) !== "..") kept.pop();
    else if (!isAbsolute) kept.push(part);
  }
  const path = (isAbsolute ? "/" : "") + kept.join("/");
  return endsWithSlash && kept.length > 0 && !path.endsWith("/") && kept.at(-1) !== ".." ? `${path}/` : path;
}

/** Writes each character beyond ASCII as `%uHHHH`; a byte that is not UTF-8 stays. */
function writeUnicode(text: string): string {
  if (!/[\x80-\xff]/.test(text)) return text;
  // RFC 3629 §4.
  return text.replace(
    /[\xc2-\xdf][\x80-\xbf]|(?:\xe0[\xa0-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]|\xed[\x80-\x9f])[\x80-\xbf]|(?:\xf0[\x90-\xbf]|[\xf1-\xf3][\x80-\xbf]|\xf4[\x80-\x8f])[\x80-\xbf]{2}/g,
    (sequence) => {
      // The first byte of n gives 7 - n bits, and each other byte six.
      let code = sequence.charCodeAt(0) & (0x7f >> sequence.length);
      for (let index = 1; index < sequence.length; index++) code = (code << 6) | (sequence.charCodeAt(index) & 0x3f);
      return `%u${code.toString(16).padStart(4, "0")}`;
    },
  );
}

/** Those that look at each byte one by one, at their worst. Others run in V8's own loops. */
const slow: ReadonlySet<TransformationType> = new Set([
  "HTML_ENTITY_DECODE",
  "URL_DECODE",
  "URL_DECODE_UNI",
  "CSS_DECODE",
  "JS_DECODE",
  "ESCAPE_SEQ_DECODE",
  "SQL_HEX_DECODE",
  "UTF8_TO_UNICODE",
  "CMD_LINE",
  "LOWERCASE",
  "NORMALIZE_PATH",
  "NORMALIZE_PATH_WIN",
]);

/** Returns the steps of some 6 ns that transformations take for a byte, at most. */
export const stepsPerByte = (list: readonly TextTransformation[]): number =>
  list.reduce((sum, { Type }) => sum + (Type === "NONE" ? 0 : slow.has(Type) ? 4 : 1), 0);
