import { bounds } from "../../base/bounds.ts";
import { type Meter, TemplateFailure } from "../meter.ts";
import { formatDouble } from "./java-number.ts";
import { HostObject, JavaDouble, JavaLong, TemplateList, TemplateMap, type TemplateValue, textOf } from "./values.ts";

/** Returns a value as compact JSON text, as `$input.json` returns it and as lists from JSON print. */
export function writeJson(value: TemplateValue, meter: Meter): string {
  const text = write(value, meter, 0);
  meter.made(text.length);
  return text;
}

function write(value: TemplateValue, meter: Meter, depth: number): string {
  if (value === null) return "null";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (value instanceof JavaLong) return String(value.value);
  if (value instanceof JavaDouble)
    return Number.isFinite(value.value) ? (value.digits ?? formatDouble(value.value)) : "null";
  if (depth > bounds.templateValueDepthMax.value) {
    throw new TemplateFailure(`A value is nested more than ${bounds.templateValueDepthMax.value} deep`);
  }
  if (value instanceof TemplateList) return writeList(value, meter, depth);
  if (value instanceof TemplateMap) return writeMap(value, meter, depth);
  if (value instanceof HostObject) return JSON.stringify(value.text(meter));
  return JSON.stringify(textOf(value, meter) ?? "");
}

function writeList(list: TemplateList, meter: Meter, depth: number): string {
  meter.step(list.items.length);
  let text = "[";
  for (const [index, item] of list.items.entries()) text += (index > 0 ? "," : "") + write(item, meter, depth + 1);
  meter.made(text.length);
  return `${text}]`;
}

function writeMap(map: TemplateMap, meter: Meter, depth: number): string {
  meter.step(map.size);
  let text = "{";
  for (const [key, value] of map.entries()) {
    if (text.length > 1) text += ",";
    text += `${JSON.stringify(textOf(key, meter) ?? "null")}:${write(value, meter, depth + 1)}`;
  }
  meter.made(text.length);
  return `${text}}`;
}
