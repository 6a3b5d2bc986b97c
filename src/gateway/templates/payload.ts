import type { JsonPath } from "../../language/json-path/json-path.ts";
import { type ParsedJson, parseJsonText } from "../../language/json-text.ts";
import { TemplateMap } from "../../language/vtl/values.ts";

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
    this.#json ??= this.text === "" ? { kind: "value", value: new TemplateMap() } : parseJsonText(this.text);
    return this.#json;
  }

  /** What a path finds, for parameter mappings; undefined if there is nothing, or the body is no JSON. */
  find(path: JsonPath): ReturnType<JsonPath["evaluate"]> {
    const { json } = this;
    return json.kind === "value" ? path.evaluate(json.value) : undefined;
  }
}
