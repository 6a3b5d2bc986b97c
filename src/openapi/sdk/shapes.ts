import { modelNameOf } from "../../definition/model-schema.ts";
import { isObject, listMember, member, membersOf, type JsonObject as Schema } from "../json-value.ts";
import { Names, pascalCase } from "./identifiers.ts";

/** The type of a JSON value, as far as all of the languages can say it. */
export type Shape =
  | { readonly kind: "any" | "number" | "boolean" }
  | { readonly kind: "integer"; readonly isLong: boolean }
  | { readonly kind: "string"; readonly values?: readonly string[] }
  | { readonly kind: "list"; readonly items: Shape }
  | { readonly kind: "map"; readonly values: Shape }
  | { readonly kind: "structure"; readonly name: string };

export interface Structure {
  /** In Pascal case; no two names of an API differ in case only. */
  readonly name: string;
  readonly description: string;
  readonly members: readonly StructureMember[];
}

export interface StructureMember {
  /** As in JSON. */
  readonly name: string;
  readonly shape: Shape;
  readonly isRequired: boolean;
  readonly description: string;
}

interface FoundMember {
  readonly schema: unknown;
  readonly place: Place;
  isRequired: boolean;
}

/** Where a schema stands: its model's text as a whole, for `#/…` in it, and what a structure there is called. */
interface Place {
  readonly model: string;
  readonly root: unknown;
  readonly name: string;
}

const any: Shape = { kind: "any" };
/** Larger structures, longer names: free-form. Java's class files could not hold them. */
const membersMax = 500;
const nameLengthMax = 500;
/** References and parts in a row. */
const depthMax = 50;
/** Schemas looked at for an API: parts of parts may double with each step. */
const stepsMax = 100_000;

/** Reads models into shapes. What a shape can't say (alternatives, tuples, mixed types) is `any`. */
export class ShapeReader {
  readonly #models: ReadonlyMap<string, string>;
  readonly #names = new Names();
  readonly #structures = new Map<string, Structure | undefined>();
  /** By model and pointer; undefined while it is being read. */
  readonly #read = new Map<string, Shape | undefined>();
  #steps = 0;

  constructor(models: ReadonlyMap<string, string>) {
    this.#models = models;
  }

  structures(): readonly Structure[] {
    return [...this.#structures.values()].filter((structure) => structure !== undefined);
  }

  ofModel(model: string): Shape {
    return this.#once(model, "", () => {
      const root = parse(this.#models.get(model));
      return this.#ofSchema(root, { model, root, name: pascalCase(model) }, `${model}#`);
    });
  }

  /** A reference that leads back to itself without a structure between says nothing. */
  #once(model: string, pointer: string, read: () => Shape): Shape {
    const key = `${model}#${pointer}`;
    if (this.#read.has(key)) return this.#read.get(key) ?? any;
    this.#read.set(key, undefined);
    const shape = read();
    this.#read.set(key, shape);
    return shape;
  }

  #ofSchema(schema: unknown, place: Place, key?: string): Shape {
    if (!isObject(schema) || ++this.#steps > stepsMax) return any;
    const reference = schema["$ref"];
    if (typeof reference === "string") return this.#ofReference(reference, place);
    const isObjectType = schema["type"] === undefined || typeOf(schema) === "object";
    if (isObjectType && (isObject(schema["properties"]) || Array.isArray(schema["allOf"]))) {
      return this.#ofStructure(schema, place, key);
    }
    switch (typeOf(schema)) {
      case "string":
        return { kind: "string", ...enumOf(schema) };
      case "number":
        return { kind: "number" };
      case "integer":
        return { kind: "integer", isLong: schema["format"] === "int64" };
      case "boolean":
        return { kind: "boolean" };
      case "array":
        return { kind: "list", items: this.#ofSchema(schema["items"], { ...place, name: `${place.name}Item` }) };
      case "object": {
        const values = schema["additionalProperties"];
        if (!isObject(values)) return any;
        return { kind: "map", values: this.#ofSchema(values, { ...place, name: `${place.name}Value` }) };
      }
      default:
        return any;
    }
  }

  #ofReference(reference: string, place: Place): Shape {
    const model = modelNameOf(reference);
    if (model !== undefined) return this.ofModel(model);
    if (!reference.startsWith("#")) return any;
    const pointer = reference.slice(1);
    return this.#once(place.model, pointer, () => {
      const name = pascalCase(stepsOf(pointer).at(-1) ?? place.model);
      return this.#ofSchema(pointedAt(place.root, pointer), { ...place, name }, `${place.model}#${pointer}`);
    });
  }

  #ofStructure(schema: Schema, place: Place, key: string | undefined): Shape {
    const parts = partsOf(schema);
    if (parts.length === 1 && parts[0] !== schema) return this.#ofSchema(parts[0], place, key);
    const found = new Map<string, FoundMember>();
    this.#gather(schema, place, found, 0);
    if (found.size === 0 || found.size > membersMax) return any;
    const name = this.#names.take(place.name);
    const shape: Shape = { kind: "structure", name };
    // Known before its members are read: they may refer to it.
    if (key !== undefined) this.#read.set(key, shape);
    this.#structures.set(name, undefined);
    const members = Array.from(found, ([wire, { schema: member, place: at, isRequired }]) => ({
      name: wire,
      shape: this.#ofSchema(member, { ...at, name: `${name}${pascalCase(wire)}` }),
      isRequired,
      description: isObject(member) ? textOf(member["description"]) : "",
    }));
    this.#structures.set(name, { name, description: textOf(schema["description"]), members });
    return shape;
  }

  /** The members of a schema and of those that it is made of. */
  #gather(schema: unknown, place: Place, found: Map<string, FoundMember>, depth: number): void {
    const resolved = depth > depthMax || ++this.#steps > stepsMax ? undefined : this.#resolve(schema, place);
    if (resolved === undefined) return;
    const { schema: whole, place: at } = resolved;
    for (const part of listMember(whole, "allOf")) this.#gather(part, at, found, depth + 1);
    for (const [wire, member] of membersOf(whole["properties"])) {
      if (wire.length > nameLengthMax) continue;
      const name = wire.toWellFormed();
      found.set(name, { schema: member, place: at, isRequired: found.get(name)?.isRequired ?? false });
    }
    for (const name of listMember(whole, "required")) {
      const member = typeof name === "string" ? found.get(name.toWellFormed()) : undefined;
      if (member !== undefined) member.isRequired = true;
    }
  }

  /** Follows references, as many as there may be. */
  #resolve(schema: unknown, place: Place): { schema: Schema; place: Place } | undefined {
    let at = { schema, place };
    for (let steps = 0; steps < depthMax && isObject(at.schema); steps++) {
      const reference = at.schema["$ref"];
      if (typeof reference !== "string") return { schema: at.schema, place: at.place };
      const model = modelNameOf(reference);
      if (model === undefined) at = { schema: pointedAt(at.place.root, reference.slice(1)), place: at.place };
      else {
        const root = parse(this.#models.get(model));
        at = { schema: root, place: { ...place, model, root } };
      }
    }
    return undefined;
  }
}

/** `allOf` of one schema, with nothing beside it, is that schema. */
function partsOf(schema: Schema): readonly unknown[] {
  const all = schema["allOf"];
  return Array.isArray(all) && all.length === 1 && !isObject(schema["properties"]) ? all : [schema];
}

/** The one type besides null. */
function typeOf(schema: Schema): string | undefined {
  const types = [schema["type"]].flat().filter((type) => type !== "null");
  return types.length === 1 && typeof types[0] === "string" ? types[0] : undefined;
}

function enumOf(schema: Schema): { values?: readonly string[] } {
  const values = schema["enum"];
  if (!Array.isArray(values) || values.length === 0 || !values.every((value) => typeof value === "string")) return {};
  return { values: values.map((value) => value.toWellFormed()) };
}

const textOf = (value: unknown): string => (typeof value === "string" ? value.toWellFormed() : "");

/** RFC 6901 §6: a JSON Pointer in a fragment. */
const stepsOf = (pointer: string): string[] => pointer.split("/").slice(1).map(unescapePointer);

const pointedAt = (root: unknown, pointer: string): unknown =>
  stepsOf(pointer).reduce<unknown>((at, step) => member(at, step), root);

function unescapePointer(step: string): string {
  let text = step;
  try {
    text = decodeURIComponent(step);
  } catch {
    // Not percent-encoded, then.
  }
  return text.replaceAll("~1", "/").replaceAll("~0", "~");
}

function parse(text = "{}"): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
