import { bounds } from "../base/bounds.ts";
import { duplicateMembers } from "../base/duplicate-members.ts";
import { isObject, type JsonObject } from "../base/json-object.ts";
import { parseYaml, YamlProblem } from "./parse-yaml.ts";

/** No API is nested more deeply, and code that walks schemas is recursive. */
const depthMax = bounds.documentDepthMax.value;
/**
 * The number of values in the document, with aliases followed, so that a few lines of YAML can't mean gigabytes. 32
 * characters of text count as one value. GitHub's description, 13 MB of JSON, has 0.4 million.
 */
const valuesMax = bounds.documentValuesMax.value;

export type ParsedDocument =
  | {
      readonly kind: "parsed";
      readonly document: JsonObject;
      /** Names that an object of a JSON text has twice; the last member counts. In YAML they are refused. */
      readonly duplicates: readonly string[];
    }
  /** `reason` has our words: AWS only says that the input is invalid. */
  | { readonly kind: "unreadable"; readonly reason: string };

/** Reads JSON or YAML text within bounds of time, memory and depth, and replaces `${name}` of each variable. */
export function parseDocument(bytes: Buffer, variables: ReadonlyMap<string, string>): ParsedDocument {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return unreadable("the document is not UTF-8 text");
  }
  if (text.trim() === "") return unreadable("the document is empty");
  if (text.includes("\0")) return unreadable("the document is binary");
  const readable = withVariables(text, variables);
  const parsed = parseText(readable);
  if (typeof parsed.problem === "string") return unreadable(parsed.problem);
  if (!isObject(parsed.value)) return unreadable("the document is not an object");
  const measured = measure(parsed.value);
  if (typeof measured === "string") return unreadable(measured);
  const duplicates = parsed.isJson ? duplicateMembers(readable, measured.members) : [];
  return { kind: "parsed", document: parsed.value, duplicates };
}

/**
 * Replaces variables. Their values are account, region and partition, which have no characters with a meaning in JSON
 * or YAML.
 */
function withVariables(text: string, variables: ReadonlyMap<string, string>): string {
  let replaced = text;
  for (const [name, value] of variables) {
    if (replaced.includes(`\${${name}}`)) replaced = replaced.replaceAll(`\${${name}}`, value);
  }
  return replaced;
}

function parseText(text: string): { readonly value?: unknown; readonly isJson: boolean; readonly problem?: string } {
  let jsonProblem: string | undefined;
  if (/^\s*[{[]/.test(text)) {
    try {
      return { value: JSON.parse(text), isJson: true };
    } catch (error) {
      jsonProblem = (error as Error).message;
    }
  }
  try {
    return { value: parseYaml(text), isJson: false };
  } catch (error) {
    if (!(error instanceof YamlProblem)) throw error;
    return { problem: jsonProblem ?? error.message, isJson: false };
  }
}

function unreadable(reason: string): ParsedDocument {
  return { kind: "unreadable", reason };
}

/**
 * Walks everything once, without recursion. Returns the first bound that is broken, or the number of members of all
 * objects.
 */
function measure(document: JsonObject): string | { readonly members: number } {
  const values: object[] = [document];
  const depths: number[] = [1];
  let weight = 0;
  let members = 0;
  while (values.length > 0) {
    const value = values.pop()!;
    const depth = depths.pop()!;
    if (depth > depthMax) return `the document is nested deeper than ${depthMax} levels`;
    if (!Array.isArray(value) && Object.hasOwn(value, "__proto__")) return "the document has a member named __proto__";
    const children: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
    if (children !== value) members += children.length;
    for (const child of children) {
      weight += typeof child === "string" ? 1 + child.length / 32 : 1;
      if (typeof child === "object" && child !== null) {
        values.push(child);
        depths.push(depth + 1);
      }
    }
    if (weight > valuesMax) return `the document has more than ${valuesMax} values`;
  }
  return { members };
}
