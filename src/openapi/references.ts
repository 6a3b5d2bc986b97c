import { isObject, type JsonObject, member } from "./json-value.ts";

/** A chain of references longer than this goes round in a circle. */
const hopsMax = 64;

export type Resolved =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "unresolved"; readonly reference: string; readonly reason: string };

/** The name in a reference to an entry of a document's section: `#/components/schemas/Pet` → `Pet`. */
export function nameInSection(reference: string, sections: readonly string[]): string | undefined {
  for (const section of sections) {
    if (!reference.startsWith(section)) continue;
    const token = reference.slice(section.length);
    return token === "" || token.includes("/") ? undefined : decodeToken(token);
  }
  return undefined;
}

/** Follows `$ref`s inside the document (RFC 6901) until there is none. Others are never fetched. */
export function resolveReference(document: JsonObject, value: unknown): Resolved {
  let current = value;
  for (let hops = 0; hops < hopsMax; hops++) {
    const reference = member(current, "$ref");
    if (typeof reference !== "string") return { kind: "value", value: current };
    if (!reference.startsWith("#")) {
      return { kind: "unresolved", reference, reason: "only references within the document are supported" };
    }
    current = valueAt(document, reference);
    if (current === undefined) return { kind: "unresolved", reference, reason: "it refers to nothing" };
  }
  return { kind: "unresolved", reference: String(member(value, "$ref")), reason: "it refers to itself" };
}

/** The value that a reference such as `#/paths/~1pets/get` points at. */
function valueAt(document: JsonObject, reference: string): unknown {
  if (reference === "#") return document;
  if (!reference.startsWith("#/")) return undefined;
  let current: unknown = document;
  for (const token of reference.slice(2).split("/")) {
    const name = decodeToken(token);
    if (Array.isArray(current)) current = /^(0|[1-9]\d{0,8})$/.test(name) ? current[Number(name)] : undefined;
    else current = isObject(current) ? member(current, name) : undefined;
    if (current === undefined) return undefined;
  }
  return current;
}

function decodeToken(token: string): string {
  let text = token;
  try {
    text = decodeURIComponent(token);
  } catch {
    // A stray % stands for itself.
  }
  return text.replaceAll("~1", "/").replaceAll("~0", "~");
}
