import { canonicalDecimal } from "../decimal.ts";
import type { StepMeter } from "../ecma-pattern.ts";
import { JavaDouble, TemplateList, TemplateMap, type TemplateValue } from "../java/values.ts";
import { isJsonNumber, numberText } from "../json-value.ts";

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
  // Draft 4: 1.0 is a number and not an integer.
  return value instanceof JavaDouble ? "number" : "integer";
}

/**
 * Returns a text that equal values share, such as 1 and 1.0, or objects in another order. Different values have
 * different texts.
 */
export function canonicalText(value: TemplateValue, meter: StepMeter): string {
  meter.step(8);
  if (typeof value === "string") {
    meter.step(value.length >> 2);
    return JSON.stringify(value);
  }
  if (isJsonNumber(value)) {
    if (typeof value === "number") return String(value);
    const text = numberText(value);
    meter.step(16 + (text.length >> 1));
    return canonicalDecimal(text);
  }
  if (value instanceof TemplateList) return `[${value.items.map((item) => canonicalText(item, meter)).join(",")}]`;
  if (!(value instanceof TemplateMap)) return String(value);
  const members = sortedNames(value, meter).map(
    (name) => `${JSON.stringify(name)}:${canonicalText(value.get(name) ?? null, meter)}`,
  );
  return `{${members.join(",")}}`;
}

/** Sorting n names takes n times the logarithm of n. */
export function sortedNames(map: TemplateMap, meter: StepMeter): string[] {
  meter.step(sortSteps(map.size));
  return [...map.keys()].map(String).sort();
}

export const sortSteps = (count: number): number => 2 * count * Math.ceil(Math.log2(count + 1));
