import type { Document } from "yaml";
import { bounds } from "../../base/bounds.ts";
import { type Problem, ProblemsError, problemAt } from "./source-text.ts";

/** A JSON or YAML file as its user wrote it. */
export interface Source {
  readonly file: string;
  readonly text: string;
}

/** A parsed file, which knows the place of each value in the text. */
export interface ParsedSource extends Source {
  readonly value: unknown;
}

/** Reads JSON or YAML. Throws a syntax error as a located problem. */
export async function readYaml(source: Source): Promise<ParsedSource> {
  // The fast parser reads JSON. Only a mistake in it needs positions.
  if (/^\s*[{[]/.test(source.text)) {
    try {
      return { ...source, value: JSON.parse(source.text) };
    } catch {
      // YAML is nearly a superset of JSON, so either its parser finds the mistake, or the text is flow-style YAML.
    }
  }
  const document = await parseDocument(source);
  try {
    return { ...source, value: document.toJS({ maxAliasCount: 1000 }) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ProblemsError([{ severity: "error", message, place: { file: source.file, line: 1, column: 1 } }]);
  }
}

async function parseDocument(source: Source): Promise<Document.Parsed> {
  const yaml = await import("yaml");
  const document = yaml.parseDocument(source.text, { prettyErrors: false });
  if (document.errors.length > 0) {
    const problems: Problem[] = document.errors
      .slice(0, 5)
      .map((error) => problemAt("error", inPlainWords(error.code, error.message), source, error.pos[0]));
    throw new ProblemsError(problems);
  }
  return document;
}

/** Words the errors of the library `yaml` that speak of its internals. */
function inPlainWords(code: string, message: string): string {
  if (code === "TAB_AS_INDENT") return "YAML does not allow tabs for indentation: use spaces";
  if (code === "DUPLICATE_KEY") return "This key stands twice in one mapping";
  return message.replace(/^Missing , between flow \w+ items$/, "A comma is missing before this");
}

/**
 * Documents that were parsed for positions: parsing takes long for large documents, and several problems of one are
 * located in turn.
 */
const parsed = new WeakMap<Source, Document.Parsed>();

/** Returns the place of the value at `path`, or of the nearest existing value above it. */
export async function locate(source: Source, path: readonly (string | number)[]): Promise<number> {
  if (source.text.length > parsedCharactersMax) return locateByText(source.text, path);
  const yaml = await import("yaml");
  let document = parsed.get(source);
  if (!document) {
    document = yaml.parseDocument(source.text, { prettyErrors: false, logLevel: "silent" });
    parsed.set(source, document);
  }
  let node: unknown = document.contents;
  let offset = 0;
  for (const part of path) {
    if (yaml.isAlias(node)) node = node.resolve(document);
    if (yaml.isMap(node)) {
      const pair = node.items.find((item) => yaml.isScalar(item.key) && String(item.key.value) === String(part));
      if (!pair) break;
      offset = yaml.isNode(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
      node = pair.value;
    } else if (yaml.isSeq(node)) {
      const item = node.items[Number(part)];
      if (!yaml.isNode(item)) break;
      offset = item.range?.[0] ?? offset;
      node = item;
    } else break;
  }
  return offset;
}

/**
 * Above this size parsing for positions would take seconds, during which the server in this process answers nothing.
 */
const parsedCharactersMax = bounds.projectPositionsCharsMax.value;

/** Finds each key at its first place behind the key above it, which is nearly always right. */
function locateByText(text: string, path: readonly (string | number)[]): number {
  let offset = 0;
  for (const part of path) {
    const found = [`"${part}"`, `\n  ${part}:`, `${part}:`]
      .map((form) => text.indexOf(form, offset))
      .find((at) => at >= 0);
    if (found === undefined) break;
    offset = text[found] === "\n" ? found + 3 : found;
  }
  return offset;
}
