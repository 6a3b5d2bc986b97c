import { bounds } from "../../base/bounds.ts";
import { textOf } from "../../language/java/text-of.ts";
import { HostObject, type HostType, TemplateList, type TemplateValue } from "../../language/java/values.ts";
import { Meter, TemplateFailure } from "../../language/meter.ts";
import { isHeaderName, toHeaderValue } from "../responses/header-remapping.ts";

interface Override {
  readonly name: string;
  readonly values: readonly string[];
  /** The value as the template set it, which later templates read. */
  readonly given: TemplateValue;
}

/** Values by name; header names compare without case. */
export type OverriddenValues = ReadonlyMap<string, Override>;

type Place = "header" | "querystring" | "path";

/**
 * The overrides that templates set for an exchange. They are applied after the whole template and the parameter
 * mappings.
 * AWS: API Gateway Developer Guide, "Use a mapping template to override an API's request and response parameters and
 * status codes".
 */
export class Overrides {
  readonly #places: Record<"request" | "response", Record<Place, Map<string, Override>>> = {
    request: { header: new Map(), querystring: new Map(), path: new Map() },
    response: { header: new Map(), querystring: new Map(), path: new Map() },
  };
  readonly #meter = new Meter();
  #chars = 0;
  status: number | undefined = undefined;

  of(side: "request" | "response", place: Place): OverriddenValues {
    return this.#places[side][place];
  }

  /** Sets `$context.responseOverride.status`. */
  setStatus(value: TemplateValue): void {
    if (this.status !== undefined) throw twice("responseOverride.status");
    const text = textOf(value, this.#meter)?.trim() ?? "";
    const status = /^\d{3}$/.test(text) ? Number(text) : 0;
    if (status < 200 || status > 599) {
      throw new TemplateFailure(`$context.responseOverride.status is ${text.slice(0, 32)}, which is no status`);
    }
    this.status = status;
  }

  /** Sets `$context.{side}Override.{place}.{name}`; a list sets several values. */
  set(side: "request" | "response", place: Place, name: string, value: TemplateValue): void {
    const key = place === "header" ? name.toLowerCase() : name;
    const values = this.#places[side][place];
    if (values.has(key)) throw twice(`${side}Override.${place}.${name}`);
    if (place === "header" && !isHeaderName(name)) {
      throw new TemplateFailure(`${JSON.stringify(name.slice(0, 64))} is no header name`);
    }
    const items = value instanceof TemplateList ? value.items : [value];
    const texts = items.map((item) => textOf(item, this.#meter) ?? "");
    for (const text of texts) this.#chars += name.length + text.length;
    if (this.#chars > bounds.templateOverrideCharsMax.value) {
      throw new TemplateFailure(`Overrides are longer than ${bounds.templateOverrideCharsMax.value} characters`);
    }
    values.set(key, { name, values: place === "header" ? texts.map(toHeaderValue) : texts, given: value });
  }

  /**
   * Returns the value that a template set. Users of AWS echo a MOCK's request body so:
   * `$context.requestOverride.path.body`.
   */
  get(side: "request" | "response", place: Place, name: string): TemplateValue {
    return this.#places[side][place].get(place === "header" ? name.toLowerCase() : name)?.given ?? null;
  }
}

const twice = (name: string): TemplateFailure =>
  new TemplateFailure(`$context.${name} is set twice, and an override may be set only once`);

interface Target {
  readonly overrides: Overrides;
  readonly side: "request" | "response";
  readonly place: Place;
}

const placeType: HostType<Target> = {
  name: "an override",
  methods: new Map(),
  property: ({ overrides, side, place }, name) => overrides.get(side, place, name),
  assign: ({ overrides, side, place }, name, value) => overrides.set(side, place, name, value),
  text: () => "",
};

const requestType: HostType<Overrides> = {
  name: "$context.requestOverride",
  methods: new Map(),
  property: (overrides, name) =>
    name === "header" || name === "querystring" || name === "path"
      ? HostObject.of(placeType, { overrides, side: "request", place: name })
      : null,
  text: () => "",
};

const responseType: HostType<Overrides> = {
  name: "$context.responseOverride",
  methods: new Map(),
  property: (overrides, name) => {
    if (name === "status") return overrides.status ?? null;
    return name === "header" ? HostObject.of(placeType, { overrides, side: "response", place: "header" }) : null;
  },
  assign: (overrides, name, value) => {
    if (name === "status") overrides.setStatus(value);
  },
  text: () => "",
};

/**
 * `$context.requestOverride` and `$context.responseOverride`: both templates can set and read either, as users of AWS
 * do.
 */
export const overridesObject = (overrides: Overrides, side: "request" | "response"): HostObject =>
  HostObject.of(side === "request" ? requestType : responseType, overrides);
