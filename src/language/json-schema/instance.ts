import { canonicalDecimal } from "../decimal.ts";
import { isJsonNumber, numberText } from "../json-value.ts";
import { JavaDouble, TemplateList, TemplateMap, type TemplateValue } from "../vtl/values.ts";

/** JSON Schema draft 4's primitive types, in their order. */
export const types = ["array", "boolean", "integer", "null", "number", "object", "string"] as const;
export type Type = (typeof types)[number];

export function typeOf(value: TemplateValue): Type {
  if (typeof value === "string") return "string";
  if (typeof value === "number") return "integer";
  if (typeof value === "boolean") return "boolean";
  if (value === null) return "null";
  if (value instanceof TemplateMap) return "object";
  if (value instanceof TemplateList) return "array";
  // Draft 4: 1.0 is a number and no integer.
  return value instanceof JavaDouble ? "number" : "integer";
}

/** Equal values, 1 and 1.0 or objects in another order too, have the same text; others have another. */
export function canonicalText(value: TemplateValue): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (isJsonNumber(value)) return typeof value === "number" ? String(value) : canonicalDecimal(numberText(value));
  if (value instanceof TemplateList) return `[${value.items.map(canonicalText).join(",")}]`;
  if (!(value instanceof TemplateMap)) return String(value);
  const names = [...value.keys()].map(String).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonicalText(value.get(name) ?? null)}`).join(",")}}`;
}
