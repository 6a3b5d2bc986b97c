import { type HostMethod, HostObject, type HostType, type TemplateValue } from "../../language/java/values.ts";
import { type Meter, TemplateFailure } from "../../language/meter.ts";
import { ofText } from "./of-text.ts";
import { parseJsonBounded } from "./payload.ts";
import { xmlObject } from "./xml-object.ts";

/** AWS: API Gateway Developer Guide, "Variables for data transformations for API Gateway", `$util` functions. */
const functions: Readonly<Record<string, HostMethod<null>>> = {
  escapeJavaScript: ofText(escapeJavaScript),
  parseJson: ofText(parseJson),
  urlEncode: ofText(urlEncode),
  urlDecode: ofText(urlDecode),
  base64Encode: ofText((text) => Buffer.from(text, "utf8").toString("base64")),
  base64Decode: ofText((text) => Buffer.from(text, "base64").toString("utf8")),
};

const type: HostType<null> = {
  name: "$util",
  methods: new Map(Object.entries(functions)),
  property: (_, name) => (name === "xml" ? xmlObject : null),
  text: () => "$util",
};

export const utilObject = HostObject.of(type, null);

/** Escapes as commons-lang 2.6 does. JSON has no `\'`, so templates that make JSON remove it with `.replaceAll`. */
function escapeJavaScript(text: string): string {
  return /[^ -~]|['"\\/]/.test(text) ? text.replace(/[^ -~]|['"\\/]/g, escapeCharacter) : text;
}

const shortEscapes: Readonly<Record<string, string>> = {
  "\b": "\\b",
  "\n": "\\n",
  "\t": "\\t",
  "\f": "\\f",
  "\r": "\\r",
  "'": "\\'",
  '"': '\\"',
  "\\": "\\\\",
  "/": "\\/",
};

function escapeCharacter(character: string): string {
  // commons-lang escapes characters from U+0080 on, so U+007F stays.
  if (character === "\x7f") return character;
  return shortEscapes[character] ?? `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}

function parseJson(text: string, meter: Meter): TemplateValue {
  // Its worst is an empty object in every third character.
  meter.step(text.length);
  const parsed = parseJsonBounded(text);
  if (parsed.kind === "malformed") throw new TemplateFailure(`$util.parseJson: ${parsed.detail}`);
  return parsed.value;
}

/**
 * Encodes as java.net.URLEncoder does: letters, digits and `.-*_` stay, a space becomes `+`, half a surrogate pair
 * becomes `?`.
 */
function urlEncode(text: string): string {
  const whole = text.isWellFormed() ? text : text.replace(/\p{Surrogate}/gu, "?");
  return encodeURIComponent(whole)
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}

/** Decodes as java.net.URLDecoder does: bytes that are not UTF-8 become U+FFFD, and a broken escape is an error. */
function urlDecode(text: string, meter: Meter): string {
  const spaced = text.replaceAll("+", " ");
  if (!spaced.includes("%")) return spaced;
  return spaced.replace(/(?:%[0-9a-fA-F]{2})+|%/g, (escapes) => {
    meter.step(16 + (escapes.length >> 2));
    if (escapes === "%") throw new TemplateFailure("$util.urlDecode: Illegal hex characters in escape (%) pattern");
    return Buffer.from(escapes.replaceAll("%", ""), "hex").toString("utf8");
  });
}
