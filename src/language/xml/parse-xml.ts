import { bounds } from "../../base/bounds.ts";
import { type XmlAttribute, XmlElement } from "./xml-element.ts";

/** A document's root, or what is wrong with the document. Lines and columns count from 1. */
export type ParsedXml =
  | { readonly kind: "element"; readonly element: XmlElement }
  | { readonly kind: "malformed"; readonly detail: string; readonly line: number; readonly column: number };

/**
 * Parses XML 1.0 (fifth edition) with "Namespaces in XML 1.0", strictly, and without document types. So only the five
 * predefined entities and character numbers exist: nothing is expanded, and nothing is fetched. The meter counts each
 * element and attribute.
 */
export function parseXml(text: string, meter?: { step(count: number): void }): ParsedXml {
  const parser = new Parser(text, meter);
  try {
    return { kind: "element", element: parser.document() };
  } catch (error) {
    if (!(error instanceof MalformedXml)) throw error;
    return { kind: "malformed", detail: error.message, ...placeOf(text, error.at) };
  }
}

function placeOf(text: string, at: number): { readonly line: number; readonly column: number } {
  let line = 1;
  let start = 0;
  for (let end = text.indexOf("\n"); end >= 0 && end < at; end = text.indexOf("\n", start)) {
    line++;
    start = end + 1;
  }
  return { line, column: at - start + 1 };
}

class MalformedXml extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

// XML 1.0 §2.3 [4], [4a], without the colon, as namespaces require; a qualified name has at most one.
const nameStart =
  "A-Z_a-z\\xC0-\\xD6\\xD8-\\xF6\\xF8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C\\u200D\\u2070-\\u218F\\u2C00-\\u2FEF" +
  "\\u3001-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFFD\\u{10000}-\\u{EFFFF}";
const name = `[${nameStart}][${nameStart}\\-.0-9\\xB7\\u0300-\\u036F\\u203F\\u2040]*`;
const qualifiedName = new RegExp(`${name}(?::${name})?`, "uy");
const instructionTarget = new RegExp(name, "uy");
const space = /[ \t\r\n]+/y;
const equals = /[ \t\r\n]*=[ \t\r\n]*/y;
const declaration =
  /<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"1\.[0-9]+"|'1\.[0-9]+')(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:"[A-Za-z][\w.-]*"|'[A-Za-z][\w.-]*'))?(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\r\n]*\?>/y;
/** XML 1.0 §2.2 [2]: characters that a document may not contain. */
const noCharacter = /[^\t\n\r -\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;
const reference = /&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([^;&<\s]*));/y;
const named: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

const xmlNamespace = "http://www.w3.org/XML/1998/namespace";
const xmlnsNamespace = "http://www.w3.org/2000/xmlns/";

interface OpenElement {
  readonly element: XmlElement;
  /** The name as it was written, for comparing the end tag. */
  readonly name: string;
  readonly declared: ReadonlySet<string>;
}

/** An attribute as it stands in a start tag. */
interface SourceAttribute {
  readonly name: string;
  readonly value: string;
  readonly at: number;
}

class Parser {
  readonly #text: string;
  readonly #meter: { step(count: number): void } | undefined;
  #at = 0;
  #nodes = 0;
  readonly #open: OpenElement[] = [];
  /** The URIs of each prefix, the innermost last, so that a look-up costs the same at every depth. */
  readonly #namespaces = new Map<string, string[]>([["xml", [xmlNamespace]]]);

  constructor(text: string, meter: { step(count: number): void } | undefined) {
    this.#text = text;
    this.#meter = meter;
  }

  document(): XmlElement {
    const wrong = noCharacter.exec(this.#text);
    if (wrong !== null) {
      const code = wrong[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
      throw new MalformedXml(`U+${code} is no character of XML`, wrong.index);
    }
    if (this.#text.startsWith("\uFEFF")) this.#at = 1;
    this.#take(declaration);
    this.#skipMisc();
    if (this.#startsWith("<!DOCTYPE")) throw this.#wrong("A document type is not taken");
    if (!this.#startsWith("<")) throw this.#wrong("A document begins with an element");
    const root = this.#startTag();
    while (this.#open.length > 0) this.#content();
    this.#skipMisc();
    if (this.#at < this.#text.length) throw this.#wrong("Nothing may follow the document's element");
    return root;
  }

  /** Reads one piece of the content of the innermost open element. */
  #content(): void {
    const { element } = this.#open.at(-1)!;
    const next = this.#text.indexOf("<", this.#at);
    if (next < 0) throw new MalformedXml(`The element ${this.#open.at(-1)!.name} is not closed`, this.#text.length);
    if (next > this.#at) this.#addText(element, this.#characters(next));
    if (this.#startsWith("</")) this.#endTag();
    else if (this.#startsWith("<!--")) this.#comment();
    else if (this.#startsWith("<![CDATA[")) {
      const end = this.#until("]]>", "A CDATA section");
      this.#addText(element, normaliseLines(this.#text.slice(this.#at + 9, end)));
      this.#at = end + 3;
    } else if (this.#startsWith("<?")) this.#instruction();
    else element.children.push(this.#startTag());
  }

  #addText({ children }: XmlElement, text: string): void {
    const last = children.length - 1;
    const before = children[last];
    if (typeof before === "string") children[last] = before + text;
    else if (text !== "") children.push(text);
  }

  #characters(end: number): string {
    const raw = this.#text.slice(this.#at, end);
    const wrong = raw.indexOf("]]>");
    if (wrong >= 0) throw new MalformedXml("]]> stands in text", this.#at + wrong);
    const text = this.#resolve(normaliseLines(raw), this.#at);
    this.#at = end;
    return text;
  }

  /** Replaces references by the characters that they stand for. */
  #resolve(raw: string, at: number): string {
    if (!raw.includes("&")) return raw;
    let resolved = "";
    let done = 0;
    for (;;) {
      const ampersand = raw.indexOf("&", done);
      if (ampersand < 0) return resolved + raw.slice(done);
      reference.lastIndex = ampersand;
      const match = reference.exec(raw);
      if (match === null) throw new MalformedXml("An & begins no reference", at + ampersand);
      const [whole, hexadecimal, decimal, entity = ""] = match;
      resolved += raw.slice(done, ampersand) + this.#referred(hexadecimal, decimal, entity, at + ampersand);
      done = ampersand + whole.length;
    }
  }

  #referred(hexadecimal: string | undefined, decimal: string | undefined, entity: string, at: number): string {
    if (hexadecimal === undefined && decimal === undefined) {
      if (Object.hasOwn(named, entity)) return named[entity]!;
      throw new MalformedXml(`The entity ${entity.slice(0, 64)} is not declared`, at);
    }
    const code = hexadecimal === undefined ? Number(decimal) : Number.parseInt(hexadecimal, 16);
    const character = code <= 0x10ffff ? String.fromCodePoint(code) : "\0";
    if (noCharacter.test(character)) throw new MalformedXml("A reference to what is no character of XML", at);
    return character;
  }

  #startTag(): XmlElement {
    const start = this.#at++;
    const elementName = this.#take(qualifiedName);
    if (elementName === undefined) throw this.#wrong("A name is missing");
    this.#count(start);
    const written: SourceAttribute[] = [];
    for (;;) {
      const hasSpace = this.#take(space) !== undefined;
      if (this.#startsWith(">") || this.#startsWith("/>")) break;
      if (!hasSpace) throw this.#wrong("White space is missing");
      this.#count(this.#at);
      written.push(this.#attribute());
    }
    const declared = this.#declare(written);
    const attributes = this.#resolveAttributes(written);
    const { localName, namespace } = this.#expand(elementName, this.#uriOf("") ?? "", start);
    const element = new XmlElement(localName, namespace, attributes);
    if (this.#open.length >= bounds.xmlDepthMax.value) {
      throw new MalformedXml(`Elements are nested more than ${bounds.xmlDepthMax.value} deep`, start);
    }
    if (this.#startsWith("/>")) {
      this.#at += 2;
      this.#undeclare(declared);
    } else {
      this.#at++;
      this.#open.push({ element, name: elementName, declared });
    }
    return element;
  }

  #attribute(): SourceAttribute {
    const at = this.#at;
    const attributeName = this.#take(qualifiedName);
    if (attributeName === undefined) throw this.#wrong("A name is missing");
    if (this.#take(equals) === undefined) throw this.#wrong(`The attribute ${attributeName} has no value`);
    const quote = this.#text[this.#at];
    if (quote !== '"' && quote !== "'") throw this.#wrong(`The value of ${attributeName} is not quoted`);
    const from = this.#at + 1;
    const end = this.#text.indexOf(quote, from);
    const raw = this.#text.slice(from, end < 0 ? undefined : end);
    const less = raw.indexOf("<");
    if (less >= 0) throw new MalformedXml(`A < stands in the value of ${attributeName}`, from + less);
    if (end < 0) throw this.#wrong(`The value of ${attributeName} is not closed`);
    this.#at = end + 1;
    // XML 1.0 §3.3.3: white space becomes spaces, except white space from references.
    return { name: attributeName, value: this.#resolve(normaliseLines(raw).replace(/[\t\n]/g, " "), from), at };
  }

  #declare(written: readonly SourceAttribute[]): ReadonlySet<string> {
    if (written.length === 0) return noneDeclared;
    const declared = new Set<string>();
    for (const attribute of written) {
      if (!isDeclaration(attribute.name)) continue;
      const prefix = attribute.name.slice("xmlns:".length);
      if (declared.has(prefix)) throw new MalformedXml(`The attribute ${attribute.name} stands twice`, attribute.at);
      const problem = problemOfNamespace(prefix, attribute.value);
      if (problem !== undefined) throw new MalformedXml(problem, attribute.at);
      const uris = this.#namespaces.get(prefix);
      if (uris === undefined) this.#namespaces.set(prefix, [attribute.value]);
      else uris.push(attribute.value);
      declared.add(prefix);
    }
    return declared;
  }

  #undeclare(declared: ReadonlySet<string>): void {
    for (const prefix of declared) this.#namespaces.get(prefix)!.pop();
  }

  #uriOf(prefix: string): string | undefined {
    return this.#namespaces.get(prefix)?.at(-1);
  }

  #resolveAttributes(written: readonly SourceAttribute[]): readonly XmlAttribute[] {
    if (written.length === 0) return noAttributes;
    const attributes: XmlAttribute[] = [];
    const names = new Set<string>();
    for (const { name: attributeName, value, at } of written) {
      if (isDeclaration(attributeName)) continue;
      const { localName, namespace } = this.#expand(attributeName, "", at);
      const expanded = `{${namespace}}${localName}`;
      if (names.has(expanded)) throw new MalformedXml(`The attribute ${attributeName} stands twice`, at);
      names.add(expanded);
      attributes.push({ name: attributeName, localName, namespace, value });
    }
    return attributes;
  }

  #expand(written: string, unprefixed: string, at: number): { localName: string; namespace: string } {
    const colon = written.indexOf(":");
    if (colon < 0) return { localName: written, namespace: unprefixed };
    const prefix = written.slice(0, colon);
    const namespace = this.#uriOf(prefix);
    if (namespace === undefined || namespace === "") {
      throw new MalformedXml(`The prefix ${prefix} is not declared`, at);
    }
    return { localName: written.slice(colon + 1), namespace };
  }

  #endTag(): void {
    const { name: expected, declared } = this.#open.at(-1)!;
    const at = this.#at;
    this.#at += 2;
    if (this.#take(qualifiedName) !== expected) throw new MalformedXml(`The end tag of ${expected} is missing`, at);
    this.#take(space);
    if (!this.#startsWith(">")) throw this.#wrong(`The end tag of ${expected} is not closed`);
    this.#at++;
    this.#open.pop();
    this.#undeclare(declared);
  }

  /** Skips white space, comments and processing instructions around the document's element. */
  #skipMisc(): void {
    for (;;) {
      this.#take(space);
      if (this.#startsWith("<!--")) this.#comment();
      else if (this.#startsWith("<?")) this.#instruction();
      else return;
    }
  }

  #comment(): void {
    const at = this.#at;
    this.#at += 4;
    const end = this.#until("--", "A comment");
    this.#at = end + 3;
    if (this.#text[end + 2] !== ">") throw new MalformedXml("-- stands in a comment", end);
    this.#count(at);
  }

  #instruction(): void {
    const at = this.#at;
    this.#at += 2;
    const target = this.#take(instructionTarget);
    if (target === undefined) throw this.#wrong("A processing instruction has no name");
    if (target.toLowerCase() === "xml")
      throw new MalformedXml("An XML declaration stands at the very beginning only", at);
    const end = this.#until("?>", "A processing instruction");
    if (end > this.#at && this.#take(space) === undefined) throw this.#wrong("White space is missing");
    this.#at = end + 2;
    this.#count(at);
  }

  #count(at: number): void {
    this.#meter?.step(bounds.xmlStepsPerNode.value);
    if (++this.#nodes > bounds.xmlNodesMax.value) {
      throw new MalformedXml(`More than ${bounds.xmlNodesMax.value} elements and attributes`, at);
    }
  }

  #until(end: string, what: string): number {
    const found = this.#text.indexOf(end, this.#at);
    if (found < 0) throw this.#wrong(`${what} is not closed`);
    return found;
  }

  #startsWith(text: string): boolean {
    return this.#text.startsWith(text, this.#at);
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #wrong(message: string): MalformedXml {
    return new MalformedXml(message, this.#at);
  }
}

const noneDeclared: ReadonlySet<string> = new Set();
const noAttributes: readonly XmlAttribute[] = [];

const isDeclaration = (written: string): boolean => written === "xmlns" || written.startsWith("xmlns:");

/** Namespaces in XML 1.0 §3. */
function problemOfNamespace(prefix: string, uri: string): string | undefined {
  if (prefix === "xmlns") return "The prefix xmlns may not be declared";
  if ((prefix === "xml") !== (uri === xmlNamespace)) return `The prefix xml and its namespace belong to each other`;
  if (uri === xmlnsNamespace) return "The namespace of xmlns may not be declared";
  return prefix !== "" && uri === "" ? `The prefix ${prefix} is declared with no namespace` : undefined;
}

/** XML 1.0 §2.11. */
const normaliseLines = (raw: string): string => (raw.includes("\r") ? raw.replace(/\r\n?/g, "\n") : raw);
