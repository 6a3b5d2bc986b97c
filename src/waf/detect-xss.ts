import { bounds } from "../base/bounds.ts";

/**
 * Detects cross-site scripting: a text is read as what it would be between tags and in attributes of either quotes or none,
 * and is an attack if it makes a script run there. It is Portico's own, and smaller than what AWS runs:
 * docs/guide/web-acls.md says what it misses.
 */
export function isCrossSiteScript(text: string): boolean {
  if (hasActiveTag(text)) return true;
  if (isActiveUrl(text)) return true;
  // In an attribute's value: what follows the quote that ends it, or a space where there is none.
  for (const quote of ["'", '"', "`"]) {
    const end = text.indexOf(quote);
    if (end >= 0 && hasActiveAttribute(text.slice(end + 1))) return true;
  }
  return /[\s/]on[a-z]{3,30}[\s\0]*=/i.test(text) && hasActiveAttribute(` ${text}`);
}

/** Elements that run or load something by being there. */
const activeTags =
  "applet|base|bgsound|body|embed|form|frame|frameset|handler|iframe|ilayer|import|isindex|layer|link|listener|math|meta|noscript|object|script|set|style|svg|template|vmlframe|xml|xss|animate|animatetransform|animatemotion|foreignobject";
const tagPattern = new RegExp(`<[/\\s\\0]*(?:[a-z][a-z0-9]*:)?(?:${activeTags})(?![a-z0-9-])`, "i");

function hasActiveTag(text: string): boolean {
  if (!text.includes("<")) return false;
  if (tagPattern.test(text)) return true;
  if (/<(?:!(?:doctype|entity|\[cdata\[|attlist|element)|\?(?:xml|import|php))|<!--\s*\[if|<%/i.test(text)) return true;
  let tries = 0;
  for (let at = text.indexOf("<"); at >= 0 && tries < tagsMax; at = text.indexOf("<", at + 1), tries++) {
    if (!/[a-z]/i.test(text[at + 1] ?? "")) continue;
    const end = text.indexOf(">", at);
    if (hasActiveAttribute(text.slice(at + 1, end < 0 ? at + tagCharsMax : Math.min(end, at + tagCharsMax))))
      return true;
  }
  return false;
}

const tagsMax = bounds.wafTagsReadMax.value;
const tagCharsMax = bounds.wafTagCharsMax.value;

/** Whether attributes have an event handler, a script's URL, or a style that runs one. */
function hasActiveAttribute(text: string): boolean {
  // AWS quirk of browsers: a slash, a quote or a control character separates attributes as a space does.
  if (/[\s/"'`\0-\x1f]on[a-z]{3,30}[\s\0]*=/i.test(text)) return true;
  const attributes =
    /[\s/"'`](?:(?:xlink:)?href|src|action|formaction|data|from|to|values|by|background|dynsrc|lowsrc|poster|srcdoc|style|content|code|codebase)[\s\0]*=[\s\0]*("[^"]*|'[^']*|`[^`]*|[^\s>]*)/gi;
  for (const [whole, value = ""] of text.matchAll(attributes)) {
    if (/^.srcdoc/i.test(whole)) return true;
    const plain = value.replace(/^["'`]/, "");
    if (isActiveUrl(plain)) return true;
    if (
      /^.style/i.test(whole) &&
      /expression\s*\(|javascript:|behaviou?r\s*:|-moz-binding|@import/i.test(folded(plain))
    )
      return true;
  }
  return false;
}

const isActiveUrl = (text: string): boolean =>
  /^(?:view-source:|feed:)?(?:javascript|vbscript|livescript|mocha):|^data:(?:text\/html|text\/xml|application\/x(?:ht)?ml|image\/svg)/.test(
    folded(text.slice(0, urlCharsMax)),
  );

const urlCharsMax = bounds.wafUrlCharsMax.value;

/** A URL as a browser reads it: without control characters and leading spaces, with character references decoded. */
const folded = (text: string): string =>
  text
    .replace(/&#(?:x([0-9a-f]{1,6})|([0-9]{1,7}));?/gi, (_, hex: string | undefined, decimal: string | undefined) =>
      String.fromCharCode(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)),
    )
    .replace(/&(?:tab|newline|colon);/gi, (name) => (/colon/i.test(name) ? ":" : ""))
    .replace(/^[\0-\x20\x7f-\xa0]+|[\0-\x1f\x7f-\x9f]+/g, "")
    .toLowerCase();
