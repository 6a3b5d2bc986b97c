import { bounds } from "../../base/bounds.ts";
import { TemplateMap } from "../../language/java/values.ts";
import type { JsonPath } from "../../language/json-path/json-path.ts";
import { type ParsedJson, parseJsonText } from "../../language/json-text.ts";

/** A body as templates and mappings see it: text, and what that is as JSON, each made once and only if it is asked for. */
export class Payload {
  readonly #bytes: Buffer | undefined;
  #text: string | undefined;
  #json: ParsedJson | undefined = undefined;

  constructor(body: Buffer | string | undefined) {
    this.#bytes = typeof body === "string" ? undefined : body;
    this.#text = typeof body === "string" ? body : body === undefined || body.length === 0 ? "" : undefined;
  }

  /** UTF-8; what is none becomes U+FFFD. */
  get text(): string {
    this.#text ??= this.#bytes!.toString("utf8");
    return this.#text;
  }

  /** What a body is to `$input.json` and `$input.path`. AWS quirk: none at all is an empty object. */
  get json(): ParsedJson {
    this.#json ??= this.text === "" ? { kind: "value", value: new TemplateMap() } : parseJsonBounded(this.text);
    return this.#json;
  }

  /** What a path finds, for parameter mappings; undefined if there is nothing, or the body is no JSON. */
  find(path: JsonPath): ReturnType<JsonPath["evaluate"]> {
    const { json } = this;
    return json.kind === "value" ? path.evaluate(json.value) : undefined;
  }
}

const containersMax = bounds.jsonContainersMax.value;

/**
 * Parses JSON, but not more of it than a thread can afford: `{}` takes eighty times the memory of its text, and 10 MB of
 * it seconds. Brackets within texts count, too; nobody's 10 MB come near the bound by those.
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
