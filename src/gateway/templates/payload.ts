import { bounds } from "../../base/bounds.ts";
import { TemplateMap } from "../../language/java/values.ts";
import type { JsonPath } from "../../language/json-path/json-path.ts";
import { type ParsedJson, parseJsonText } from "../../language/json-text.ts";

/**
 * A body as templates and mappings see it: as text and as parsed JSON, each made once and only if something asks for
 * it.
 */
export class Payload {
  readonly #bytes: Buffer | undefined;
  #text: string | undefined;
  #json: ParsedJson | undefined = undefined;

  constructor(body: Buffer | string | undefined) {
    this.#bytes = typeof body === "string" ? undefined : body;
    this.#text = typeof body === "string" ? body : body === undefined || body.length === 0 ? "" : undefined;
  }

  /** The body as UTF-8; bytes that are not UTF-8 become U+FFFD. */
  get text(): string {
    this.#text ??= this.#bytes!.toString("utf8");
    return this.#text;
  }

  /** The body as `$input.json` and `$input.path` see it. AWS quirk: a missing body is an empty object. */
  get json(): ParsedJson {
    this.#json ??= this.text === "" ? { kind: "value", value: new TemplateMap() } : parseJsonBounded(this.text);
    return this.#json;
  }

  /** Returns what a path finds, for parameter mappings, or undefined if it finds nothing or the body is not JSON. */
  find(path: JsonPath): ReturnType<JsonPath["evaluate"]> {
    const { json } = this;
    return json.kind === "value" ? path.evaluate(json.value) : undefined;
  }
}

const containersMax = bounds.jsonContainersMax.value;

/**
 * Parses JSON, but not more of it than a thread can afford: `{}` takes eighty times the memory of its text, and 10 MB
 * of it take seconds. Brackets within strings are counted as well; real documents don't reach the bound by them.
 */
export function parseJsonBounded(text: string): ParsedJson {
  if (text.length > containersMax && countContainers(text) > containersMax) {
    const detail = `More than ${containersMax} objects and arrays`;
    return { kind: "malformed", detail, line: 1, column: 1 };
  }
  return parseJsonText(text);
}

function countContainers(text: string): number {
  let count = 0;
  for (const bracket of ["{", "["]) {
    for (let at = text.indexOf(bracket); at >= 0 && count <= containersMax; at = text.indexOf(bracket, at + 1)) count++;
  }
  return count;
}
