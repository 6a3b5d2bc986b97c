import {
  HostObject,
  JavaDouble,
  JavaLong,
  TemplateBlock,
  TemplateEntry,
  TemplateIterator,
  TemplateList,
  TemplateMap,
  type TemplateValue,
} from "../java/values.ts";
import { type Meter, TemplateFailure } from "../meter.ts";
import { collectionMethods, entryMethods, getAt, itemAt, iteratorMethods, mapMethods } from "./collection-methods.ts";
import { booleanMethods, numberMethods } from "./number-methods.ts";
import { stringMethods } from "./string-methods.ts";

/** Returns `$of.name`, or null. A map's keys count before everything else. */
export function getProperty(of: TemplateValue, name: string): TemplateValue {
  if (of instanceof TemplateMap) return of.member(name) ?? null;
  if (of instanceof HostObject) return of.property(name);
  if (name === "empty" && (typeof of === "string" || of instanceof TemplateList)) {
    return typeof of === "string" ? of === "" : of.items.length === 0;
  }
  if (of instanceof TemplateEntry) return name === "key" ? of.key : name === "value" ? of.value : null;
  return null;
}

/**
 * Returns `$of[index]`: the value of a map's key, a list's item (a negative index counts from the end), or a host
 * object's property.
 */
export function getIndex(of: TemplateValue, index: TemplateValue, meter: Meter): TemplateValue {
  if (of instanceof TemplateMap) {
    if (typeof index === "string") meter.step(index.length >> 8);
    return of.get(typeof index === "number" && index < 0 ? of.size + index : index) ?? null;
  }
  if (of instanceof TemplateList) return of.kind === "view" ? null : getAt(of, fromEnd(of, index));
  if (of instanceof HostObject) {
    if (typeof index === "string") return of.property(index);
    return of.call("get", [index], meter) ?? null;
  }
  if (typeof index === "number" && index < 0) {
    throw new TemplateFailure(`A negative index, ${index}, on a value that has no size()`);
  }
  return null;
}

function fromEnd(of: TemplateList, index: TemplateValue): TemplateValue {
  return typeof index === "number" && index < 0 ? of.items.length + index : index;
}

/** `#set($of.name = value)` */
export function setProperty(of: TemplateValue, name: string, value: TemplateValue, meter: Meter): void {
  if (of instanceof HostObject) of.assign(name, value);
  else if (of instanceof TemplateMap) putInto(of, name, value, meter);
}

/** `#set($of[index] = value)` */
export function setIndex(of: TemplateValue, index: TemplateValue, value: TemplateValue, meter: Meter): void {
  if (of instanceof TemplateMap) putInto(of, index, value, meter);
  else if (of instanceof TemplateList) {
    const at = fromEnd(of, index);
    if (of.kind === "view" || typeof at !== "number") return;
    itemAt(of, at);
    of.items[at] = value;
  } else if (of instanceof HostObject && typeof index === "string") of.assign(index, value);
}

function putInto(map: TemplateMap, key: TemplateValue, value: TemplateValue, meter: Meter): void {
  map.set(key, value);
  meter.grown(map.size, 1);
}

/**
 * Calls `$of.name(args)`. Returns undefined if the value's kind has no such method for these arguments. The tables hold
 * every method that can be called: no name in a template leads to a member of a JavaScript object.
 */
export function callMethod(
  of: TemplateValue,
  name: string,
  args: readonly TemplateValue[],
  meter: Meter,
): TemplateValue | undefined {
  if (typeof of === "string") return stringMethods.get(name)?.(of, args, meter);
  if (of instanceof HostObject) return of.call(name, args, meter);
  if (of instanceof TemplateMap) return mapMethods.get(name)?.(of, args, meter);
  if (of instanceof TemplateList) return collectionMethods(of).get(name)?.(of, args, meter);
  if (typeof of === "boolean") return booleanMethods.get(name)?.(of, args, meter);
  if (of instanceof TemplateEntry) return entryMethods.get(name)?.(of, args, meter);
  if (of instanceof TemplateIterator) return iteratorMethods.get(name)?.(of, args, meter);
  if (typeof of === "number" || typeof of === "bigint" || of instanceof JavaLong || of instanceof JavaDouble) {
    return numberMethods.get(name)?.(of, args, meter);
  }
  if (of instanceof TemplateBlock) {
    if (name === "toString" && args.length === 0) return of.render();
    if (name === "equals" && args.length === 1) return of === args[0];
  }
  return undefined;
}

/** Returns the items that `#foreach` goes over; undefined if the value has none. What is copied counts as work. */
export function itemsOf(value: TemplateValue, meter: Meter): readonly TemplateValue[] | undefined {
  if (value instanceof TemplateList) return value.items;
  if (value instanceof TemplateMap) {
    meter.step(value.size);
    return [...value.values()];
  }
  if (value instanceof TemplateIterator) {
    meter.step((value.items.length - value.at) >> 2);
    const rest = value.items.slice(value.at);
    value.at = value.items.length;
    return rest;
  }
  if (value instanceof HostObject) return value.items();
  return undefined;
}
