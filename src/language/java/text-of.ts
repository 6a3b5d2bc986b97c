/** The texts of values: what `toString()` answers, and JSON. A list from JSON prints JSON, and JSON has texts of other values. */
import { bounds } from "../../base/bounds.ts";
import { type Meter, TemplateFailure } from "../meter.ts";
import { formatDouble } from "./java-number.ts";
import {
  HostObject,
  JavaDouble,
  JavaLong,
  TemplateBlock,
  TemplateEntry,
  TemplateList,
  TemplateMap,
  type TemplateValue,
} from "./values.ts";

/** Java's `toString()`. It returns null only for null and for a block that is printed within itself. */
export function textOf(value: TemplateValue, meter: Meter): string | null {
  if (typeof value === "string") return value;
  if (typeof value === "number") return `${value}`;
  if (value === null) return null;
  return textOfOther(value, meter, 0);
}

/** Returns the text of a value within a collection, where null prints `null`. */
function textWithin(value: TemplateValue, meter: Meter, depth: number): string {
  if (typeof value === "string") return value;
  if (value === null) return "null";
  return textOfOther(value, meter, depth) ?? "null";
}

function textOfOther(value: Exclude<TemplateValue, null | string>, meter: Meter, depth: number): string | null {
  if (typeof value === "bigint") return textOfBig(value, meter);
  if (typeof value !== "object") return String(value);
  if (value instanceof JavaLong) return String(value.value);
  if (value instanceof JavaDouble) return textOfDouble(value, meter);
  if (depth > bounds.templateValueDepthMax.value) {
    throw new TemplateFailure(`A value is nested more than ${bounds.templateValueDepthMax.value} deep`);
  }
  if (value instanceof TemplateList) return textOfList(value, meter, depth);
  if (value instanceof TemplateMap) return textOfMap(value, meter, depth);
  if (value instanceof TemplateEntry) {
    const text = `${textWithin(value.key, meter, depth + 1)}=${textWithin(value.value, meter, depth + 1)}`;
    meter.made(text.length);
    return text;
  }
  if (value instanceof TemplateBlock) return value.render();
  if (value instanceof HostObject) return value.text(meter);
  return "java.util.Iterator";
}

/** A BigInteger of a thousand digits takes as long to print as fifty small numbers. */
function textOfBig(value: bigint, meter: Meter): string {
  const text = String(value);
  meter.step(1 + (text.length >> 4));
  return text;
}

/** Finding the shortest digits of a Double takes as long as printing a few whole numbers. */
function textOfDouble(value: JavaDouble, meter: Meter): string {
  meter.step(2);
  return value.digits ?? formatDouble(value.value);
}

function textOfList(list: TemplateList, meter: Meter, depth: number): string {
  if (list.kind === "json") return writeJson(list, meter);
  // Java prints an address behind the @. No template can use it.
  if (list.kind === "array") return "[Ljava.lang.String;@0";
  meter.step(list.items.length);
  let text = "[";
  for (const [index, item] of list.items.entries()) {
    if (index > 0) text += ", ";
    text += item === list ? "(this Collection)" : textWithin(item, meter, depth + 1);
  }
  meter.made(text.length + 1);
  return `${text}]`;
}

function textOfMap(map: TemplateMap, meter: Meter, depth: number): string {
  meter.step(map.size << 1);
  let text = "{";
  for (const [key, value] of map.entries()) {
    if (text.length > 1) text += ", ";
    text += `${textWithin(key, meter, depth + 1)}=`;
    text += value === map ? "(this Map)" : textWithin(value, meter, depth + 1);
  }
  meter.made(text.length + 1);
  return `${text}}`;
}

/** Returns a value as compact JSON text, as `$input.json` returns it and as lists from JSON print. */
export function writeJson(value: TemplateValue, meter: Meter): string {
  const text = write(value, meter, 0);
  meter.made(text.length);
  return text;
}

function write(value: TemplateValue, meter: Meter, depth: number): string {
  if (value === null) return "null";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "bigint") return textOfBig(value, meter);
  if (value instanceof JavaLong) return String(value.value);
  if (value instanceof JavaDouble) return Number.isFinite(value.value) ? textOfDouble(value, meter) : "null";
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
  meter.step(map.size << 1);
  let text = "{";
  for (const [key, value] of map.entries()) {
    if (text.length > 1) text += ",";
    text += `${JSON.stringify(textOf(key, meter) ?? "null")}:${write(value, meter, depth + 1)}`;
  }
  meter.made(text.length);
  return `${text}}`;
}
