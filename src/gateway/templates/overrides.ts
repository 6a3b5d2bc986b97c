import { bounds } from "../../base/bounds.ts";
import { textOf } from "../../language/java/text-of.ts";
import {
  type HostMethod,
  HostObject,
  type HostType,
  nothing,
  TemplateList,
  TemplateMap,
  type TemplateValue,
} from "../../language/java/values.ts";
import { Meter, TemplateFailure } from "../../language/meter.ts";
import { fromPlainValue, type PlainValue, toPlainValue } from "../../language/plain-value.ts";
import { isHeaderName, toHeaderValue } from "../responses/header-remapping.ts";
import { mapMethodsOf } from "./map-methods.ts";

interface Override {
  readonly name: string;
  readonly values: readonly string[];
  /** The value as the template set it, which later templates read. */
  readonly given: TemplateValue;
}

/** Values by name; header names compare without case. */
export type OverriddenValues = ReadonlyMap<string, Override>;

type Place = "header" | "querystring" | "path";
type Side = "request" | "response";

/** Overrides as data that another thread can be sent. */
export interface PlainOverrides {
  readonly values: readonly {
    readonly side: Side;
    readonly place: Place;
    readonly key: string;
    readonly name: string;
    readonly values: readonly string[];
    readonly given: PlainValue;
  }[];
  readonly others: Readonly<Record<Side, PlainValue>>;
  readonly chars: number;
  readonly status: number | undefined;
}

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
  /** Members that no override is called like. The response template can read what the request template set. */
  readonly #others: Record<Side, TemplateMap> = { request: new TemplateMap(), response: new TemplateMap() };
  readonly #meter = new Meter();
  #chars = 0;
  status: number | undefined = undefined;

  /** Returns overrides that what is set later in these does not change. */
  copy(): Overrides {
    const copy = new Overrides();
    for (const { side, place, values } of this.#all()) {
      for (const [key, override] of values) copy.#places[side][place].set(key, override);
    }
    for (const side of ["request", "response"] as const) {
      for (const [name, value] of this.#others[side].entries()) copy.#others[side].set(name, value);
    }
    copy.#chars = this.#chars;
    copy.status = this.status;
    return copy;
  }

  toPlain(): PlainOverrides {
    const values = this.#all().flatMap(({ side, place, values: overridden }) =>
      [...overridden].map(([key, { name, values: texts, given }]) => {
        return { side, place, key, name, values: texts, given: toPlainValue(given) };
      }),
    );
    const others = { request: toPlainValue(this.#others.request), response: toPlainValue(this.#others.response) };
    return { values, others, chars: this.#chars, status: this.status };
  }

  static fromPlain({ values, others, chars, status }: PlainOverrides): Overrides {
    const overrides = new Overrides();
    for (const side of ["request", "response"] as const) {
      const map = fromPlainValue(others[side]);
      if (map instanceof TemplateMap) overrides.#others[side] = map;
    }
    for (const { side, place, key, name, values: texts, given } of values) {
      overrides.#places[side][place].set(key, { name, values: texts, given: fromPlainValue(given) });
    }
    overrides.#chars = chars;
    overrides.status = status;
    return overrides;
  }

  #all(): { readonly side: Side; readonly place: Place; readonly values: Map<string, Override> }[] {
    return (["request", "response"] as const).flatMap((side) =>
      (["header", "querystring", "path"] as const).map((place) => ({ side, place, values: this.#places[side][place] })),
    );
  }

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
    for (const text of texts) this.#count(name.length + text.length);
    values.set(key, { name, values: place === "header" ? texts.map(toHeaderValue) : texts, given: value });
  }

  /** Sets the members of a map one after another. */
  setAll(side: "request" | "response", place: Place, map: TemplateMap, meter = this.#meter): void {
    meter.step(map.size);
    for (const [key, value] of map.entries()) this.set(side, place, textOf(key, meter) ?? "", value);
  }

  #count(chars: number): void {
    this.#chars += chars;
    if (this.#chars > bounds.templateOverrideCharsMax.value) {
      throw new TemplateFailure(`Overrides are longer than ${bounds.templateOverrideCharsMax.value} characters`);
    }
  }

  /** Sets `$context.{side}Override.{name}`, which changes nothing but what templates read. */
  setOther(side: "request" | "response", name: string, value: TemplateValue): void {
    this.#count(name.length + (textOf(value, this.#meter)?.length ?? 0));
    this.#others[side].set(name, value);
  }

  other(side: "request" | "response", name: string): TemplateValue {
    return this.#others[side].get(name) ?? null;
  }

  others(side: "request" | "response"): TemplateMap {
    return this.#others[side];
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

/** Returns the values of a place by name, as templates set them. */
function mapOfPlace({ overrides, side, place }: Target): TemplateMap {
  const map = new TemplateMap();
  for (const { name, given } of overrides.of(side, place).values()) map.set(name, given);
  return map;
}

/** `put` and `putAll` do what assignments do, as recorded: docs/internals/aws-facts/recorded.md, row 13. */
const placeMethods = new Map<string, HostMethod<Target>>([
  ...mapMethodsOf(mapOfPlace),
  [
    "get",
    ({ overrides, side, place }, [name]) => (typeof name === "string" ? overrides.get(side, place, name) : undefined),
  ],
  [
    "put",
    ({ overrides, side, place }, args, meter) => {
      const [key, value] = args;
      if (args.length !== 2) return undefined;
      overrides.set(side, place, textOf(key!, meter) ?? "", value!);
      return null;
    },
  ],
  [
    "putAll",
    ({ overrides, side, place }, [map], meter) => {
      if (!(map instanceof TemplateMap)) return undefined;
      overrides.setAll(side, place, map, meter);
      return null;
    },
  ],
]);

const placeType: HostType<Target> = {
  name: "an override",
  methods: placeMethods,
  property: ({ overrides, side, place }, name) => overrides.get(side, place, name),
  assign: ({ overrides, side, place }, name, value) => overrides.set(side, place, name, value),
  text: () => "",
};

/** The places of each side, in the order of `keySet()`, as recorded for requests. */
const places: Readonly<Record<"request" | "response", readonly Place[]>> = {
  request: ["path", "header", "querystring"],
  response: ["header"],
};

function overrideType(side: "request" | "response"): HostType<Overrides> {
  const property = (overrides: Overrides, name: string): TemplateValue => {
    const place = places[side].find((each) => each === name);
    if (place !== undefined) return HostObject.of(placeType, { overrides, side, place });
    return side === "response" && name === "status" ? (overrides.status ?? null) : overrides.other(side, name);
  };
  const assign = (overrides: Overrides, name: string, value: TemplateValue): void => {
    const place = places[side].find((each) => each === name);
    if (side === "response" && name === "status") overrides.setStatus(value);
    else if (place === undefined) overrides.setOther(side, name, value);
    // Unconfirmed: a whole map in a place's stead; see docs/compatibility.md, "overrides".
    else if (value instanceof TemplateMap) overrides.setAll(side, place, value);
    else if (value !== null && value !== nothing)
      throw new TemplateFailure(`$context.${side}Override.${name} is set to what is no map`);
  };
  const mapOf = (overrides: Overrides): TemplateMap => {
    const map = new TemplateMap();
    for (const place of places[side]) map.set(place, property(overrides, place));
    if (side === "response" && overrides.status !== undefined) map.set("status", overrides.status);
    for (const [name, value] of overrides.others(side).entries()) map.set(name, value);
    return map;
  };
  const put: HostMethod<Overrides> = (overrides, args, meter) => {
    if (args.length !== 2) return undefined;
    assign(overrides, textOf(args[0]!, meter) ?? "", args[1]!);
    return null;
  };
  const methods = new Map<string, HostMethod<Overrides>>([...mapMethodsOf(mapOf), ["put", put]]);
  return { name: `$context.${side}Override`, methods, property, assign, text: () => "" };
}

const requestType = overrideType("request");
const responseType = overrideType("response");

/**
 * `$context.requestOverride` and `$context.responseOverride`: both templates can set and read either, as users of AWS
 * do.
 */
export const overridesObject = (overrides: Overrides, side: "request" | "response"): HostObject =>
  HostObject.of(side === "request" ? requestType : responseType, overrides);
