import { isObject, type JsonObject } from "./json-value.ts";
import { parseYaml, YamlProblem } from "./parse-yaml.ts";

/** Deeper nesting is no API's, and what walks schemas is recursive. */
const depthMax = 256;
/**
 * Values in the document, and 32 characters of text for one more, with aliases followed, so that few lines of YAML can't
 * mean gigabytes. GitHub's description, 13 MB of JSON, comes to 0.4 million.
 */
const valuesMax = 2_000_000;

export type ParsedDocument =
  | { readonly kind: "parsed"; readonly document: JsonObject }
  /** `reason` is ours: AWS only says that the input is invalid. */
  | { readonly kind: "unreadable"; readonly reason: string };

/** Reads JSON or YAML text within bounds of time, memory and depth, `${name}` of each variable replaced. */
export function parseDocument(bytes: Buffer, variables: ReadonlyMap<string, string>): ParsedDocument {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return unreadable("the document is not UTF-8 text");
  }
  if (text.trim() === "") return unreadable("the document is empty");
  if (text.includes("\0")) return unreadable("the document is binary");
  const parsed = parseText(withVariables(text, variables));
  if (parsed.kind === "unreadable") return parsed;
  const excess = findExcess(parsed.document);
  return excess === undefined ? parsed : unreadable(excess);
}

/** Values are account, region and partition: no character in them means anything to JSON or YAML. */
function withVariables(text: string, variables: ReadonlyMap<string, string>): string {
  let replaced = text;
  for (const [name, value] of variables) {
    if (replaced.includes(`\${${name}}`)) replaced = replaced.replaceAll(`\${${name}}`, value);
  }
  return replaced;
}

function parseText(text: string): ParsedDocument {
  let jsonProblem: string | undefined;
  if (/^\s*[{[]/.test(text)) {
    try {
      return asDocument(JSON.parse(text));
    } catch (error) {
      jsonProblem = (error as Error).message;
    }
  }
  try {
    return asDocument(parseYaml(text));
  } catch (error) {
    if (!(error instanceof YamlProblem)) throw error;
    return unreadable(jsonProblem ?? error.message);
  }
}

function asDocument(value: unknown): ParsedDocument {
  return isObject(value) ? { kind: "parsed", document: value } : unreadable("the document is not an object");
}

function unreadable(reason: string): ParsedDocument {
  return { kind: "unreadable", reason };
}

/** Walks everything once, without recursion, and names the first bound that is broken. */
function findExcess(document: JsonObject): string | undefined {
  const values: object[] = [document];
  const depths: number[] = [1];
  let count = 0;
  while (values.length > 0) {
    const value = values.pop()!;
    const depth = depths.pop()!;
    if (depth > depthMax) return `the document is nested deeper than ${depthMax} levels`;
    if (!Array.isArray(value) && Object.hasOwn(value, "__proto__")) return "the document has a member named __proto__";
    for (const child of Array.isArray(value) ? value : Object.values(value)) {
      count += typeof child === "string" ? 1 + child.length / 32 : 1;
      if (typeof child === "object" && child !== null) {
        values.push(child);
        depths.push(depth + 1);
      }
    }
    if (count > valuesMax) return `the document has more than ${valuesMax} values`;
  }
  return undefined;
}
