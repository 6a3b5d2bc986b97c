import { bounds } from "../base/bounds.ts";
import { isObject, type JsonObject } from "../base/json-object.ts";
import { decodeFragmentSegment } from "../base/json-pointer.ts";
import { member } from "./json-value.ts";

/** A longer chain of references is taken for a circle. */
const hopsMax = bounds.referenceHopsMax.value;
/** GitHub's description, with 1,200 operations and 4,000 references, weighs 0.05 million. */
const weightMax = bounds.referenceWeightMax.value;

export type ResolvedReference =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "unresolved"; readonly reference: string; readonly reason: string };

/** Returns the name in a reference to an entry of a section: `#/components/schemas/Pet` → `Pet`. */
export function nameInSection(reference: string, sections: readonly string[]): string | undefined {
  for (const section of sections) {
    if (!reference.startsWith(section)) continue;
    const token = reference.slice(section.length);
    return token === "" || token.includes("/") ? undefined : decodeFragmentSegment(token);
  }
  return undefined;
}

/**
 * Follows `$ref`s inside the document (RFC 6901). Others are never fetched. Everything that is reached by reference
 * counts against a budget, because a document of a megabyte could otherwise mean many gigabytes.
 */
export class References {
  readonly #document: JsonObject;
  readonly #weights = new Map<object, number>();
  #weight = 0;

  constructor(document: JsonObject) {
    this.#document = document;
  }

  /** Returns what a value refers to, over any number of references, or the value itself if it is not a reference. */
  resolve(value: unknown): ResolvedReference {
    let current = value;
    for (let hops = 0; hops < hopsMax; hops++) {
      const reference = member(current, "$ref");
      if (typeof reference !== "string") {
        if (hops > 0) this.#weight += this.#weightOf(current);
        if (this.#weight <= weightMax) return { kind: "value", value: current };
        return {
          kind: "unresolved",
          reference: firstReference(value),
          reason: "the document's references mean too much",
        };
      }
      if (!reference.startsWith("#")) {
        return { kind: "unresolved", reference, reason: "only references within the document are supported" };
      }
      current = valueAt(this.#document, reference);
      if (current === undefined) return { kind: "unresolved", reference, reason: "it refers to nothing" };
    }
    return { kind: "unresolved", reference: firstReference(value), reason: "it refers to itself" };
  }

  #weightOf(value: unknown): number {
    if (typeof value !== "object" || value === null) return 1;
    const known = this.#weights.get(value);
    if (known !== undefined) return known;
    const weight = weigh(value);
    this.#weights.set(value, weight);
    return weight;
  }
}

/**
 * Returns what a value refers to inside the document, or undefined. It uses no budget: its callers bound their work
 * themselves.
 */
export function followReference(document: JsonObject, value: unknown): unknown {
  let current = value;
  for (let hops = 0; hops < hopsMax; hops++) {
    const reference = member(current, "$ref");
    if (typeof reference !== "string") return current;
    current = valueAt(document, reference);
  }
  return undefined;
}

/** Counts values, and characters of long text. */
function weigh(root: object): number {
  let weight = 1;
  const values: object[] = [root];
  for (let value = values.pop(); value !== undefined; value = values.pop()) {
    for (const child of Array.isArray(value) ? value : Object.values(value)) {
      weight += typeof child === "string" ? 1 + child.length / 32 : 1;
      if (typeof child === "object" && child !== null) values.push(child);
    }
  }
  return weight;
}

function firstReference(value: unknown): string {
  return String(member(value, "$ref"));
}

/** Returns the value that a reference such as `#/paths/~1pets/get` points at. */
function valueAt(document: JsonObject, reference: string): unknown {
  if (reference === "#") return document;
  if (!reference.startsWith("#/")) return undefined;
  let current: unknown = document;
  for (const token of reference.slice(2).split("/")) {
    const name = decodeFragmentSegment(token);
    if (Array.isArray(current)) current = /^(0|[1-9]\d{0,8})$/.test(name) ? current[Number(name)] : undefined;
    else current = isObject(current) ? member(current, name) : undefined;
    if (current === undefined) return undefined;
  }
  return current;
}
