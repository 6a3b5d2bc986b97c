import { bounds } from "../../base/bounds.ts";
import { TemplateMap } from "../../language/java/values.ts";
import type { JsonPath } from "../../language/json-path/json-path.ts";
import { type ParsedJson, parseJsonText } from "../../language/json-text.ts";
import type { Meter } from "../../language/meter.ts";

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

  /** What it was made of, for another thread to make one of. */
  get source(): Buffer | string {
    return this.#bytes ?? this.text;
  }

  /** Whether a gateway thread leaves it to its jobs' thread to parse this. */
  get isLarge(): boolean {
    return (this.#bytes ?? this.text).length > bounds.payloadBytesMaxHere.value;
  }

  /** What paths of mappings find, as far as that was found beforehand. */
  found: ReadonlyMap<string, string | undefined> | undefined = undefined;

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

  /** Drops what was made of the body, which may take fifty times its memory. It is made again if something asks for it. */
  forgetParsed(): void {
    this.#json = undefined;
    if (this.#bytes !== undefined) this.#text = undefined;
  }

  /** Returns what a path finds, for parameter mappings, or undefined if it finds nothing or the body is not JSON. */
  find(path: JsonPath, meter?: Meter): ReturnType<JsonPath["evaluate"]> {
    const { json } = this;
    return json.kind === "value" ? path.evaluate(json.value, meter) : undefined;
  }
}

/**
 * The payload of a function that failed. Header mappings, and nothing else, look into an `errorMessage` that is JSON
 * text.
 * AWS: API Gateway Developer Guide, "Handle custom Lambda errors in API Gateway".
 */
export class FunctionErrorPayload extends Payload {
  #unfolded: ParsedJson | undefined = undefined;

  override find(path: JsonPath, meter?: Meter): ReturnType<JsonPath["evaluate"]> {
    this.#unfolded ??= this.#unfold();
    return this.#unfolded.kind === "value" ? path.evaluate(this.#unfolded.value, meter) : undefined;
  }

  #unfold(): ParsedJson {
    const json = parseJsonText(this.text);
    if (json.kind === "malformed" || !(json.value instanceof TemplateMap)) return json;
    const message = json.value.get("errorMessage");
    if (typeof message !== "string") return json;
    const inner = parseJsonText(message);
    if (inner.kind === "value" && typeof inner.value === "object") json.value.set("errorMessage", inner.value);
    return json;
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
