import { isIPv4, isIPv6 } from "node:net";
import { parseEcmaPattern } from "../ecma-pattern.ts";
import { quoted } from "./quoted.ts";
import type { Report } from "./report.ts";

type Format = (text: string, report: Report) => void;

function form(isValid: (text: string) => boolean, say: (text: string) => string): Format {
  return (text, report) => {
    if (!isValid(text)) report.error(say(quoted(text)));
  };
}

const dateTime =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d{1,12})?(?:[Zz]|[+-](\d\d)(?::?(\d\d)(?::?(\d\d))?)?)$/;
const dateTimes = "[yyyy-MM-dd'T'HH:mm:ssZ, yyyy-MM-dd'T'HH:mm:ss.[0-9]{1,12}Z]";

function isDateTime(text: string): boolean {
  const match = dateTime.exec(text);
  if (match === null) return false;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [number, ...number[]];
  const date = new Date(0);
  date.setUTCFullYear(year, month! - 1, day);
  const isDay = date.getUTCMonth() === month! - 1 && date.getUTCDate() === day;
  return (
    isDay &&
    hour! < 24 &&
    minute! < 60 &&
    second! < 60 &&
    Number(match[8] ?? 0) < 24 &&
    Number(match[9] ?? 0) < 60 &&
    Number(match[10] ?? 0) < 60
  );
}

/** Guava's InternetDomainName. */
function isHostname(text: string): boolean {
  const name = text.replace(/[\u3002\uff0e\uff61]/g, ".").replace(/\.$/, "");
  const labels = name.split(".");
  if (name.length > 253 || labels.length > 127) return false;
  // Characters beyond ASCII are not checked.
  const isLabel = (label: string): boolean =>
    label.length > 0 && label.length < 64 && !/[\x00-,./:-@[-^`{-\x7f]|^[-_]|[-_]$/.test(label);
  return labels.every(isLabel) && !/^\d/.test(labels.at(-1)!);
}

/** JavaMail's InternetAddress, strict: an address with a local part and a domain, without blanks. */
function isEmail(given: string): boolean {
  const text = /^[^<>@]*<([^<>]*)>$/.exec(given)?.[1] ?? given;
  const at = text.lastIndexOf("@");
  if (at < 1 || at === text.length - 1 || text.length > 4_096) return false;
  const local = text.slice(0, at);
  const domain = text.slice(at + 1);
  const isQuoted = local.length > 2 && local.startsWith('"') && local.endsWith('"');
  if (!isQuoted && /[\s()<>@,;:\\"[\]\x00-\x1f\x7f]|^\.|\.\.|\.$/.test(local)) return false;
  return /^\[[^[\]\\]*\]$/.test(domain) || !/[^\p{L}\p{N}.-]|^\.|\.\.|\.$/u.test(domain);
}

/** Guava reads an IPv4 address in IPv6's form as IPv4. */
const mappedIpv4 = /^(?:::|(?:0{1,4}:){5}|(?:0{1,4}:){1,4}:)ffff:(?:\d+\.\d+\.\d+\.\d+|[0-9a-f]{1,4}:[0-9a-f]{1,4})$/i;

/** java.net.URI: RFC 2396 with other characters of Unicode; may be relative. */
function isUri(text: string): boolean {
  if (text === "" || /%(?![0-9a-fA-F]{2})/.test(text)) return text === "";
  if (/[\x00-\x20"<>\\^`{|}\x7f-\xa0]/.test(text)) return false;
  const [, scheme, rest = ""] = /^([^:/?#]*):(.*)$/s.exec(text) ?? [undefined, undefined, text];
  if (scheme !== undefined && (!/^[A-Za-z][A-Za-z0-9+.-]*$/.test(scheme) || rest === "" || rest.startsWith("#")))
    return false;
  const authority = /^\/\/([^/?#]*)/.exec(rest)?.[1];
  if (authority === "" && !/^\/\/[/?#]/.test(rest)) return false;
  const path = rest.replace(/[?#].*$/s, "").replace(/^\/\/([^/@]*@)?\[[0-9A-Fa-f:.%]+\]/, "");
  return !/[[\]]/.test(path) && (rest.match(/#/g)?.length ?? 0) < 2;
}

function hex(length: number): Format {
  return (text, report) => {
    if (text.length !== length) {
      report.error(`input string has incorrect length (${text.length}, expected ${length})`);
      return;
    }
    const index = text.search(/[^0-9a-fA-F]/);
    if (index >= 0) report.error(`illegal character "${text[index]}" in input at index ${index}`);
  };
}

/** The formats that fge 2.2 knows for draft 4; it ignores others, `date` and `time` among them. */
export const formats: ReadonlyMap<string, Format> = new Map<string, Format>([
  [
    "date-time",
    form(isDateTime, (text) => `string "${text}" is invalid against requested date format(s) ${dateTimes}`),
  ],
  ["email", form(isEmail, (text) => `string "${text}" is not a valid email address`)],
  ["hostname", form(isHostname, (text) => `string "${text}" is not a valid hostname`)],
  ["ipv4", form(isIPv4, (text) => `string "${text}" is not a valid IPv4 address`)],
  [
    "ipv6",
    form(
      (text) => isIPv6(text) && !mappedIpv4.test(text),
      (text) => `string "${text}" is not a valid IPv6 address`,
    ),
  ],
  ["uri", form(isUri, (text) => `string "${text}" is not a valid URI`)],
  [
    "regex",
    (text, report) => {
      // Compiling a pattern costs more than reading it.
      report.step(text.length * 4);
      if (parseEcmaPattern(text) !== undefined) return;
      report.error(`string "${quoted(text)}" is not a valid ECMA 262 regular expression`);
    },
  ],
  [
    "uuid",
    form(
      (text) => /^[0-9a-fA-F]+(-[0-9a-fA-F]+){4}$/.test(text),
      (text) => `input string "${text}" is not a valid UUID`,
    ),
  ],
  [
    "json-pointer",
    form(
      (text) => /^(\/([^~/]|~[01])*)*$/.test(text),
      (text) => `input string "${text}" is not a valid JSON Pointer`,
    ),
  ],
  [
    "mac",
    form(
      (text) => /^[A-Fa-f0-9]{2}(:[A-Fa-f0-9]{2}){5}$/.test(text),
      (text) => `input string "${text}" is not a valid MAC address`,
    ),
  ],
  ["md5", hex(32)],
  ["sha1", hex(40)],
  ["sha256", hex(64)],
  ["sha512", hex(128)],
  [
    "base64",
    (text, report) => {
      if (text.length % 4 !== 0) {
        report.error(`input has illegal length (must be a multiple of 4, found ${text.length})`);
        return;
      }
      const index = text.replace(/==?$/, "").search(/[^a-zA-Z0-9+/]/);
      if (index >= 0) report.error(`illegal character "${text[index]}" at index ${index} (not in Base64 alphabet)`);
    },
  ],
]);
