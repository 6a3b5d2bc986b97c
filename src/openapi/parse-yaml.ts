import { createRequire } from "node:module";
import type { Document, Node, YAMLMap } from "yaml";
import { bounds } from "../base/bounds.ts";
import { isObject } from "../base/json-object.ts";

/**
 * The library reads about 3 MB/s, so large documents are read off the control thread, and takes some 60 bytes of memory
 * for each byte of the text. AWS accepts definition files of 6 MB at most. JSON costs a tenth.
 */
const charactersMax = bounds.yamlCharsMax.value;
/** Tokens cost time and memory: a real document has one in five characters, `[1,1,1,…` one in each. */
const lexemesMax = bounds.yamlLexemesMax.value;
const depthMax = bounds.documentDepthMax.value;
/** The number of values, including those that merge keys copy. */
const valuesMax = bounds.documentValuesMax.value;

/** Thrown for malformed text, with a sentence for its writer. */
export class YamlProblem extends Error {}

const require = createRequire(import.meta.url);

/**
 * Reads YAML 1.2 (core schema, with 1.1's merge keys) into plain values. Aliases share what they refer to; duplicate
 * keys, unknown tags and several documents are refused. `info.version` is the text that its writer gave, also where YAML
 * takes it for a number: `1.10`. Throws {@link YamlProblem}.
 */
export function parseYaml(text: string): unknown {
  if (text.length > charactersMax) {
    throw new YamlProblem(`YAML is read up to ${charactersMax} characters; the same document as JSON is fine`);
  }
  // The library is loaded with the first document that needs it, because it costs 30 ms and 3 MB.
  const yaml = require("yaml") as typeof import("yaml");
  if (text.length > lexemesMax) checkLexemes(yaml, text);
  const document = withoutStacks(() =>
    // The parser would compare each key with all before it, and draw a picture of each error. Both are quadratic.
    yaml.parseDocument(text, { logLevel: "error", uniqueKeys: false, prettyErrors: false }),
  );
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) throw new YamlProblem(`${problem.message} at ${position(text, problem.pos[0])}`);
  const value = new Conversion(yaml, text).convert(document as Document.Parsed);
  const version = document.getIn(["info", "version"], true);
  if (yaml.isScalar(version) && typeof version.value === "number" && version.source !== undefined) {
    (value as { info: { version: string } }).info.version = version.source;
  }
  return value;
}

function checkLexemes(yaml: typeof import("yaml"), text: string): void {
  let lexemes = 0;
  for (const _ of new yaml.Lexer().lex(text)) {
    if (++lexemes > lexemesMax)
      throw new YamlProblem("the YAML has too many values; the same document as JSON is fine");
  }
}

/** The parser makes an error object for every flaw, and their stacks cost more than everything else. */
function withoutStacks<T>(work: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

function position(text: string, offset: number): string {
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  return `line ${line}, column ${offset - before.lastIndexOf("\n")}`;
}

/** The library's own conversion searches all anchors for each alias, and copies merged maps without bound. */
class Conversion {
  readonly #yaml: typeof import("yaml");
  readonly #text: string;
  /** The values of anchors; undefined while a value is being made. */
  readonly #anchors = new Map<string, { value?: unknown }>();
  #values = 0;

  constructor(yaml: typeof import("yaml"), text: string) {
    this.#yaml = yaml;
    this.#text = text;
  }

  convert(document: Document.Parsed): unknown {
    return this.#value(document.contents, 1);
  }

  #value(node: Node | null, depth: number): unknown {
    if (depth > depthMax) throw new YamlProblem(`the document is nested deeper than ${depthMax} levels`);
    this.#count();
    if (this.#yaml.isAlias(node)) return this.#aliased(node.source, node);
    const anchor = this.#yaml.isNode(node) && "anchor" in node ? node.anchor : undefined;
    const entry: { value?: unknown } = {};
    if (anchor !== undefined) this.#anchors.set(anchor, entry);
    const value = this.#plainValue(node, depth);
    entry.value = value;
    return value;
  }

  #plainValue(node: Node | null, depth: number): unknown {
    if (this.#yaml.isMap(node)) return this.#map(node, depth);
    if (this.#yaml.isSeq(node)) return node.items.map((item) => this.#value(item as Node, depth + 1));
    return this.#yaml.isScalar(node) ? node.value : null;
  }

  #map(map: YAMLMap, depth: number): Record<string, unknown> {
    const made: Record<string, unknown> = {};
    let merged: unknown[] | undefined;
    for (const { key, value } of map.items) {
      const name = this.#key(key as Node | null);
      const isMerge = name === "<<" && this.#yaml.isScalar(key) && key.type === "PLAIN";
      if (isMerge ? merged !== undefined : Object.hasOwn(made, name)) {
        throw this.#problem(`Map keys must be unique: ${name}`, key as Node);
      }
      const converted = this.#value(value as Node | null, depth + 1);
      if (isMerge) merged = [converted].flat();
      else define(made, name, converted);
    }
    for (const source of merged ?? []) this.#merge(made, source, map);
    return made;
  }

  /** YAML 1.1, "Merge Key Language-Independent Type": a map's own keys win, then the first source that has one. */
  #merge(made: Record<string, unknown>, source: unknown, map: YAMLMap): void {
    if (!isObject(source)) {
      throw this.#problem("Merge sources must be maps or lists of maps", map);
    }
    for (const [name, value] of Object.entries(source)) {
      this.#count();
      if (!Object.hasOwn(made, name)) define(made, name, value);
    }
  }

  #key(key: Node | null): string {
    const value = this.#yaml.isAlias(key) ? this.#aliased(key.source, key) : this.#yaml.isScalar(key) ? key.value : key;
    if (typeof value === "object" && value !== null) throw this.#problem("Map keys must be scalars", key);
    // The library reads `!!merge <<` as a symbol.
    if (typeof value === "symbol") return value.description ?? "";
    return value === null ? "" : String(value);
  }

  #aliased(name: string, node: Node): unknown {
    const entry = this.#anchors.get(name);
    if (entry === undefined) throw this.#problem(`Unresolved alias: ${name}`, node);
    if (!("value" in entry)) throw this.#problem(`Alias inside of what it refers to: ${name}`, node);
    return entry.value;
  }

  #count(): void {
    if (++this.#values > valuesMax) throw new YamlProblem(`the document has more than ${valuesMax} values`);
  }

  #problem(message: string, node: Node | null): YamlProblem {
    return new YamlProblem(`${message} at ${position(this.#text, node?.range?.[0] ?? 0)}`);
  }
}

/** Defines a member. `__proto__` becomes a member like any other, which the caller refuses. */
function define(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name === "__proto__") Object.defineProperty(object, name, { value, enumerable: true, configurable: true });
  else object[name] = value;
}
