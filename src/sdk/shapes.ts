import { bounds } from "../base/bounds.ts";
import { isObject, type JsonObject as Schema } from "../base/json-object.ts";
import { decodeFragmentSegment } from "../base/json-pointer.ts";
import { modelNameOf } from "../definition/model-schema.ts";
import { listMember, member, membersOf, objectMember } from "../openapi/json-value.ts";
import { Names, noClassNames, pascalCase } from "./identifiers.ts";

/** The type of a JSON value, as far as all of the languages can express it. */
export type Shape =
  | { readonly kind: "any" | "number" | "boolean" }
  | { readonly kind: "integer"; readonly isLong: boolean }
  | { readonly kind: "string"; readonly values?: readonly string[] }
  | { readonly kind: "list"; readonly items: Shape }
  | { readonly kind: "map"; readonly values: Shape }
  | { readonly kind: "structure"; readonly name: string };

export interface Structure {
  /** The structure's name in Pascal case. No two names of an API differ in case only. */
  readonly name: string;
  readonly description: string;
  readonly members: readonly StructureMember[];
}

export interface StructureMember {
  /** The member's name in JSON. */
  readonly name: string;
  readonly shape: Shape;
  readonly isRequired: boolean;
  readonly description: string;
}

interface FoundMember {
  readonly schema: unknown;
  readonly root: unknown;
  isRequired: boolean;
}

/** Where a schema stands: its whole model, for `#/…` in it, and the name of a structure there. */
interface Place {
  readonly root: unknown;
  readonly name: string;
}

const any: Shape = { kind: "any" };
/** Larger structures are free-form values, because Java's class files could not hold them. */
const membersMax = bounds.sdkMembersMax.value;
const nameLengthMax = bounds.sdkMemberNameCharsMax.value;
/** The depth of references, parts and nested schemas. */
const depthMax = bounds.sdkDepthMax.value;
/** The number of parts that are looked at for an API, since it may double with each step. */
const stepsMax = bounds.sdkStepsMax.value;

/** Reads models into shapes. Types that a shape can't express (alternatives, tuples, mixed types) are `any`. */
export class ShapeReader {
  readonly #models: ReadonlyMap<string, string>;
  readonly #roots = new Map<string, unknown>();
  readonly #names = new Names(noClassNames);
  readonly #structures = new Map<string, Structure | undefined>();
  /** The shapes by schema: each schema is read once, however many refer to it. Undefined while it is being read. */
  readonly #shapes = new WeakMap<Schema, Shape | undefined>();
  #depth = 0;
  #steps = 0;

  constructor(models: ReadonlyMap<string, string>) {
    this.#models = models;
  }

  structures(): readonly Structure[] {
    return [...this.#structures.values()].filter((structure) => structure !== undefined);
  }

  ofModel(model: string): Shape {
    const root = this.#rootOf(model);
    return this.#ofSchema(root, { root, name: pascalCase(model) });
  }

  #rootOf(model: string): unknown {
    if (!this.#roots.has(model)) this.#roots.set(model, parse(this.#models.get(model)));
    return this.#roots.get(model);
  }

  #ofSchema(schema: unknown, place: Place): Shape {
    if (!isObject(schema) || this.#depth > depthMax) return any;
    // A schema that leads back to itself without a structure in between has no type.
    if (this.#shapes.has(schema)) return this.#shapes.get(schema) ?? any;
    this.#shapes.set(schema, undefined);
    this.#depth += 1;
    const shape = this.#read(schema, place);
    this.#depth -= 1;
    this.#shapes.set(schema, shape);
    return shape;
  }

  #read(schema: Schema, place: Place): Shape {
    const reference = schema["$ref"];
    if (typeof reference === "string") return this.#ofReference(reference, place);
    const isObjectType = schema["type"] === undefined || typeOf(schema) === "object";
    if (isObjectType && (isObject(schema["properties"]) || Array.isArray(schema["allOf"]))) {
      return this.#ofStructure(schema, place);
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
        return { kind: "list", items: this.#ofSchema(schema["items"], within(place, "Item")) };
      case "object": {
        const values = schema["additionalProperties"];
        return isObject(values) ? { kind: "map", values: this.#ofSchema(values, within(place, "Value")) } : any;
      }
      default:
        return any;
    }
  }

  #ofReference(reference: string, { root, name }: Place): Shape {
    const model = modelNameOf(reference);
    if (model !== undefined) return this.ofModel(model);
    const steps = stepsOf(reference.slice(1));
    return this.#ofSchema(pointedAt(root, steps), {
      root,
      name: steps.length === 0 ? name : pascalCase(steps.at(-1)!),
    });
  }

  #ofStructure(schema: Schema, place: Place): Shape {
    const parts = partsOf(schema);
    if (parts.length === 1 && parts[0] !== schema) return this.#ofSchema(parts[0], place);
    const found = new Map<string, FoundMember>();
    this.#gather(schema, place, found, 0);
    if (found.size === 0 || found.size > membersMax) return any;
    const name = this.#names.take(place.name);
    const shape: Shape = { kind: "structure", name };
    // It is registered before its members are read, because they may refer to it.
    this.#shapes.set(schema, shape);
    this.#structures.set(name, undefined);
    const members = Array.from(found, ([wire, { schema: member, root, isRequired }]) => ({
      name: wire,
      shape: this.#ofSchema(member, within({ root, name }, wire)),
      isRequired,
      description: isObject(member) ? textOf(member["description"]) : "",
    }));
    this.#structures.set(name, { name, description: textOf(schema["description"]), members });
    return shape;
  }

  /** Collects the members of a schema and of its parts. */
  #gather(schema: unknown, place: Place, found: Map<string, FoundMember>, depth: number): void {
    if (depth > depthMax || ++this.#steps > stepsMax) return;
    const { schema: whole, root } = this.#resolve(schema, place.root);
    for (const part of listMember(whole, "allOf")) this.#gather(part, { ...place, root }, found, depth + 1);
    for (const [wire, member] of membersOf(objectMember(whole, "properties"))) {
      if (wire.length > nameLengthMax) continue;
      const name = wire.toWellFormed();
      found.set(name, { schema: member, root, isRequired: found.get(name)?.isRequired ?? false });
    }
    for (const name of listMember(whole, "required")) {
      const member = typeof name === "string" ? found.get(name.toWellFormed()) : undefined;
      if (member !== undefined) member.isRequired = true;
    }
  }

  /** Follows references, up to the bound. */
  #resolve(schema: unknown, root: unknown): { schema: unknown; root: unknown } {
    let at = { schema, root };
    for (let steps = 0; steps < depthMax; steps++) {
      const reference = member(at.schema, "$ref");
      if (typeof reference !== "string") return at;
      const model = modelNameOf(reference);
      if (model === undefined) at = { schema: pointedAt(at.root, stepsOf(reference.slice(1))), root: at.root };
      else at = { schema: this.#rootOf(model), root: this.#rootOf(model) };
    }
    return { schema: undefined, root: undefined };
  }
}

const within = ({ root, name }: Place, part: string): Place => ({ root, name: pascalCase(`${name} ${part}`) });

/** Returns the parts of a schema. `allOf` of one schema, with nothing beside it, is that schema. */
function partsOf(schema: Schema): readonly unknown[] {
  const all = schema["allOf"];
  return Array.isArray(all) && all.length === 1 && !isObject(schema["properties"]) ? all : [schema];
}

/** Returns the one type besides null. */
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
const stepsOf = (pointer: string): string[] => pointer.split("/").slice(1).map(decodeFragmentSegment);

const pointedAt = (root: unknown, steps: readonly string[]): unknown =>
  steps.reduce<unknown>((at, step) => member(at, step), root);

function parse(text = "{}"): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
