import type { Document } from "yaml";
import { bounds } from "../../base/bounds.ts";
import { type Problem, ProblemsError, problemAt } from "./source-text.ts";

/** A JSON or YAML file as its user wrote it. */
export interface Source {
  readonly file: string;
  readonly text: string;
}

/** Its value, and the way from a value's path to its place in the text. */
export interface ParsedSource extends Source {
  readonly value: unknown;
}

/** Reads JSON or YAML; a syntax error is thrown as a located problem. */
export async function readYaml(source: Source): Promise<ParsedSource> {
  // JSON is read by the fast parser; only a mistake in it needs positions.
  if (/^\s*[{[]/.test(source.text)) {
    try {
      return { ...source, value: JSON.parse(source.text) };
    } catch {
      // YAML is nearly a superset: either its parser knows where the mistake is, or it is flow-style YAML.
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

/** The errors of `yaml` that speak of its insides, for people. */
function inPlainWords(code: string, message: string): string {
  if (code === "TAB_AS_INDENT") return "YAML does not allow tabs for indentation: use spaces";
  if (code === "DUPLICATE_KEY") return "This key stands twice in one mapping";
  return message.replace(/^Missing , between flow \w+ items$/, "A comma is missing before this");
}

/** Parsing takes long for large documents; several problems of one are located in turn. */
const parsed = new WeakMap<Source, Document.Parsed>();

/** The place of the value at `path` or, where that is not there, of the nearest thing above it. */
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

/** Above this, parsing for positions would take seconds, in which the server in this process answers nothing. */
const parsedCharactersMax = bounds.projectPositionsCharsMax.value;

/** Each key as it first stands behind the one above it: right nearly always. */
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
