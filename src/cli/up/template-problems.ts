import { dirname, resolve } from "node:path";
import { isObject } from "../../base/json-object.ts";
import { findTemplateProblem } from "../../gateway/templates/render-alone.ts";
import { type ApiOperation, integrationKey, resolveReference, routeKey } from "./api-operations.ts";
import { locate, type Source } from "./read-yaml.ts";
import { type Problem, placeAt, problemAt } from "./source-text.ts";

/** A mapping template that can't be parsed. */
export interface BrokenTemplate {
  /** The same for the same place in the document, whatever the template says. */
  readonly key: string;
  /** A warning: AWS accepts such a template, and answers 500 to the requests that need it. */
  readonly problem: Problem;
}

interface FoundTemplate {
  /** Such as `request template for application/json`. */
  readonly name: string;
  readonly pointer: readonly string[];
  readonly text: string;
}

interface BundledDocument {
  readonly source: Source;
  /** As it is written, and with everything that it refers to in other files. */
  readonly written: unknown;
  readonly bundled: unknown;
}

/** Finds the mapping templates of a document that can't be parsed, with their places. */
export async function findBrokenTemplates(
  document: BundledDocument,
  operations: readonly ApiOperation[],
): Promise<readonly BrokenTemplate[]> {
  const broken: BrokenTemplate[] = [];
  for (const operation of operations) {
    for (const template of templatesOf(document.bundled, operation)) {
      const found = findTemplateProblem(template.text);
      if (found === undefined) continue;
      const where = `The ${template.name} of ${routeKey(operation)}`;
      const message = `${where} can't be parsed (its line ${found.line}, column ${found.column}): ${found.message}`;
      const problem = await placed(message, document, { ...template, ...found });
      broken.push({ key: `${routeKey(operation)} ${template.name}`, problem });
    }
  }
  return broken;
}

function templatesOf(document: unknown, { pointer }: ApiOperation): readonly FoundTemplate[] {
  const operation = valueAt(document, pointer);
  const integration =
    isObject(document) && isObject(operation) ? resolveReference(document, operation[integrationKey]) : undefined;
  if (!isObject(integration)) return [];
  const at = [...pointer, integrationKey];
  const found = texts("request template for", integration["requestTemplates"], [...at, "requestTemplates"]);
  const responses = isObject(integration["responses"]) ? integration["responses"] : {};
  for (const [key, response] of Object.entries(responses)) {
    if (!isObject(response)) continue;
    const below = [...at, "responses", key, "responseTemplates"];
    found.push(...texts(`response template (${key}) for`, response["responseTemplates"], below));
  }
  return found;
}

const texts = (name: string, templates: unknown, pointer: readonly string[]): FoundTemplate[] =>
  Object.entries(isObject(templates) ? templates : {}).flatMap(([mediaType, text]) =>
    typeof text === "string" ? [{ name: `${name} ${mediaType}`, pointer: [...pointer, mediaType], text }] : [],
  );

const valueAt = (document: unknown, pointer: readonly string[]): unknown =>
  pointer.reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), document);

/** Finds the place in the template's own file, in a block of the document, or that of the template's key. */
async function placed(
  message: string,
  { source, written }: BundledDocument,
  { pointer, text, line, column }: FoundTemplate & { readonly line: number; readonly column: number },
): Promise<Problem> {
  const original = valueAt(written, pointer);
  const templateLine = text.split("\n")[line - 1] ?? "";
  if (isObject(original) && typeof original["$ref"] === "string") {
    const file = resolve(dirname(source.file), decodeURIComponent(original["$ref"]));
    return { severity: "warning", message, place: { file, line, column }, sourceLine: templateLine };
  }
  const offset = await locate(source, pointer);
  // A block (`|`) begins on the line behind its key, and is indented.
  const documentLine = placeAt(source.file, source.text, offset).line + line;
  const sourceLine = source.text.split("\n")[documentLine - 1] ?? "";
  const isBlock = templateLine.trim() !== "" && sourceLine.trimEnd().endsWith(templateLine.trimEnd());
  if (!isBlock) return problemAt("warning", message, source, offset);
  const indent = sourceLine.trimEnd().length - templateLine.trimEnd().length;
  const place = { file: source.file, line: documentLine, column: column + indent };
  return { severity: "warning", message, place, sourceLine };
}
