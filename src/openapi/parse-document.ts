import { createRequire } from "node:module";
import { isObject, type JsonObject } from "./json-value.ts";

/**
 * YAML is read at about 3 MB/s on the control thread, at some 90 bytes of memory for each of its bytes. AWS takes
 * definition files of 6 MB at most; JSON of any size that the management API lets in costs a tenth.
 */
const yamlCharactersMax = 8 * 1024 * 1024;
/** Deeper nesting is no API's, and what walks schemas is recursive. */
const depthMax = 256;
/** Values in the document with aliases followed, so that few lines of YAML can't mean gigabytes. */
const valuesMax = 4_000_000;
/** Uses of anchors, weighted with the aliases inside of them. */
const aliasesMax = 20_000;

export type ParsedDocument =
  | { readonly kind: "parsed"; readonly document: JsonObject }
  /** `reason` is ours: AWS only says that the input is invalid. */
  | { readonly kind: "unreadable"; readonly reason: string };

const require = createRequire(import.meta.url);

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
  if (text.length > yamlCharactersMax) {
    return unreadable(
      jsonProblem ?? `YAML is read up to ${yamlCharactersMax} characters; the same document as JSON is fine`,
    );
  }
  return parseYaml(text, jsonProblem);
}

function parseYaml(text: string, jsonProblem: string | undefined): ParsedDocument {
  // Loaded with the first document that is no JSON: it costs 30 ms and 3 MB.
  const yaml = require("yaml") as typeof import("yaml");
  try {
    const document = yaml.parseDocument(text, { merge: true, logLevel: "silent" });
    const problem = document.errors[0] ?? document.warnings[0];
    if (problem !== undefined) return unreadable(jsonProblem ?? firstLine(problem.message));
    const value: unknown = document.toJS({ maxAliasCount: aliasesMax });
    const version = document.getIn(["info", "version"], true);
    // `version: 1.10` is a number to YAML; its text is what was meant.
    if (yaml.isScalar(version) && typeof version.value === "number" && version.source !== undefined) {
      (value as { info: { version: string } }).info.version = version.source;
    }
    return asDocument(value);
  } catch (error) {
    return unreadable(firstLine((error as Error).message));
  }
}

/** `Map keys must be unique at line 5, column 3`, without the lines that it shows. */
function firstLine(message: string): string {
  return message.split("\n", 1)[0]!.replace(/:$/, "");
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
      count++;
      if (typeof child === "object" && child !== null) {
        values.push(child);
        depths.push(depth + 1);
      }
    }
    if (count > valuesMax) return `the document has more than ${valuesMax} values`;
  }
  return undefined;
}
