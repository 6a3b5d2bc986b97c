import { textOf } from "../java/text-of.ts";
import {
  type TemplateIterator as Iterator,
  isEqual,
  type ListKind,
  TemplateEntry,
  TemplateIterator,
  TemplateList,
  TemplateMap,
  type TemplateValue,
} from "../java/values.ts";
import { type Meter, TemplateFailure } from "../meter.ts";

type Method<Self> = (self: Self, args: readonly TemplateValue[], meter: Meter) => TemplateValue | undefined;
type Methods<Self> = ReadonlyMap<string, Method<Self>>;

/** Makes a method that exists for one number of arguments only. */
export function taking<Self>(count: number, method: Method<Self>): Method<Self> {
  return (self, args, meter) => (args.length === count ? method(self, args, meter) : undefined);
}

function itemsOfCollection(value: TemplateValue | undefined): readonly TemplateValue[] | undefined {
  return value instanceof TemplateList && value.kind !== "array" ? value.items : undefined;
}

/** Returns the item at an index. If there is none, Java throws, so the template ends. */
export function itemAt(list: TemplateList, index: number): TemplateValue {
  const item = list.items[index];
  if (item === undefined) throw outOfBounds(index, list.items.length);
  return item;
}

export function getAt(list: TemplateList, index: TemplateValue | undefined): TemplateValue {
  return typeof index === "number" ? itemAt(list, index) : null;
}

function outOfBounds(index: number, length: number): TemplateFailure {
  return new TemplateFailure(`Index ${index} out of bounds for length ${length}`);
}

function positionOf(list: TemplateList, value: TemplateValue, meter: Meter): number {
  meter.step(list.items.length >> 1);
  return list.items.findIndex((item) => isEqual(item, value, meter));
}

/** Keeps only the items that pass, and returns whether any item was removed. */
function retain(list: TemplateList, passes: (item: TemplateValue) => boolean, meter: Meter): boolean {
  const { items } = list;
  meter.step(items.length);
  let kept = 0;
  // In place: a spread of so many items would be too many arguments.
  for (const item of items.slice()) if (passes(item)) items[kept++] = item;
  const isChanged = kept !== items.length;
  items.length = kept;
  return isChanged;
}

/** The methods that every collection has. */
const collectionBasics: Methods<TemplateList> = new Map<string, Method<TemplateList>>([
  ["size", taking(0, (list) => list.items.length)],
  ["isEmpty", taking(0, (list) => list.items.length === 0)],
  ["contains", taking(1, (list, [value], meter) => positionOf(list, value!, meter) >= 0)],
  [
    "containsAll",
    taking(1, (list, [values], meter) =>
      itemsOfCollection(values)?.every((item) => {
        meter.step(1);
        return positionOf(list, item, meter) >= 0;
      }),
    ),
  ],
  ["iterator", taking(0, (list, _, meter) => new TemplateIterator(copyOf(list.items, "list", meter).items))],
  ["toArray", taking(0, (list, _, meter) => copyOf(list.items, "array", meter))],
  ["toString", taking(0, (list, _, meter) => textOf(list, meter))],
  ["equals", taking(1, (list, [other], meter) => isEqual(list, other!, meter))],
]);

function copyOf(items: readonly TemplateValue[], kind: "array" | "list", meter: Meter): TemplateList {
  meter.step(items.length >> 2);
  return new TemplateList([...items], kind);
}

function add(list: TemplateList, args: readonly TemplateValue[], meter: Meter): TemplateValue | undefined {
  meter.grown(list.items.length + 1, 1);
  if (args.length === 1) {
    list.items.push(args[0]!);
    return true;
  }
  const [index, value] = args;
  if (args.length !== 2 || typeof index !== "number") return undefined;
  if (index < 0 || index > list.items.length) throw outOfBounds(index, list.items.length);
  meter.step((list.items.length - index) >> 5);
  list.items.splice(index, 0, value!);
  return null;
}

function addAll(list: TemplateList, args: readonly TemplateValue[], meter: Meter): TemplateValue | undefined {
  const added = itemsOfCollection(args.at(-1));
  const index = args.length === 2 ? args[0] : list.items.length;
  if (added === undefined || args.length > 2 || typeof index !== "number") return undefined;
  if (index < 0 || index > list.items.length) throw outOfBounds(index, list.items.length);
  meter.grown(list.items.length + added.length, added.length);
  meter.step(list.items.length - index);
  const tail = list.items.splice(index);
  for (const item of [...added, ...tail]) list.items.push(item);
  return added.length > 0;
}

/** Removes by index if the argument is an Integer, else by value. */
function remove(list: TemplateList, value: TemplateValue, meter: Meter): TemplateValue {
  meter.step(list.items.length >> 6);
  if (typeof value === "number") {
    const item = itemAt(list, value);
    list.items.splice(value, 1);
    return item;
  }
  const at = positionOf(list, value, meter);
  if (at >= 0) list.items.splice(at, 1);
  return at >= 0;
}

function subList(list: TemplateList, from: TemplateValue, to: TemplateValue, meter: Meter): TemplateValue | undefined {
  if (typeof from !== "number" || typeof to !== "number") return undefined;
  if (from < 0 || to > list.items.length || from > to) {
    throw new TemplateFailure(`subList(${from}, ${to}) of a list of ${list.items.length}`);
  }
  meter.step((to - from) >> 2);
  return new TemplateList(list.items.slice(from, to), list.kind);
}

const positionMethods: Methods<TemplateList> = new Map<string, Method<TemplateList>>([
  ...collectionBasics,
  ["get", taking(1, (list, [index]) => (typeof index === "number" ? itemAt(list, index) : undefined))],
  [
    "set",
    taking(2, (list, [index, value]) => {
      if (typeof index !== "number") return undefined;
      const before = itemAt(list, index);
      list.items[index] = value!;
      return before;
    }),
  ],
]);

const listMethods: Methods<TemplateList> = new Map<string, Method<TemplateList>>([
  ...positionMethods,
  ["add", add],
  ["addAll", addAll],
  ["remove", taking(1, (list, [value], meter) => remove(list, value!, meter))],
  [
    "removeAll",
    taking(1, (list, [values], meter) => {
      if (itemsOfCollection(values) === undefined) return undefined;
      const removed = copyOf(itemsOfCollection(values)!, "list", meter);
      return retain(list, (item) => positionOf(removed, item, meter) < 0, meter);
    }),
  ],
  [
    "retainAll",
    taking(1, (list, [values], meter) => {
      if (itemsOfCollection(values) === undefined) return undefined;
      const kept = copyOf(itemsOfCollection(values)!, "list", meter);
      return retain(list, (item) => positionOf(kept, item, meter) >= 0, meter);
    }),
  ],
  [
    "clear",
    taking(0, (list) => {
      list.items.length = 0;
      return null;
    }),
  ],
  ["indexOf", taking(1, (list, [value], meter) => positionOf(list, value!, meter))],
  [
    "lastIndexOf",
    taking(1, (list, [value], meter) => {
      meter.step(list.items.length >> 1);
      return list.items.findLastIndex((item) => isEqual(item, value!, meter));
    }),
  ],
  ["subList", taking(2, (list, [from, to], meter) => subList(list, from!, to!, meter))],
]);

function refuseToAdd(): never {
  throw new TemplateFailure("UnsupportedOperationException: a view of a map takes no elements");
}

const viewMethods: Methods<TemplateList> = new Map<string, Method<TemplateList>>([
  ...collectionBasics,
  ["add", taking(1, refuseToAdd)],
  ["addAll", taking(1, refuseToAdd)],
]);

const jsonListMethods: Methods<TemplateList> = new Map<string, Method<TemplateList>>([
  ...listMethods,
  // AWS: "Variables for data transformations for API Gateway", $input.path(): `$input.path('$.pets').count()` is 3.
  ["count", taking(0, (list) => list.items.length)],
]);

/**
 * Returns the methods of a list's kind. A view (`keySet()`) has no indexes; an array has no methods that change its
 * size.
 */
export function collectionMethods(list: TemplateList): Methods<TemplateList> {
  return methodsByKind[list.kind];
}

const methodsByKind: Readonly<Record<ListKind, Methods<TemplateList>>> = {
  list: listMethods,
  json: jsonListMethods,
  array: positionMethods,
  view: viewMethods,
};

/** Makes a view of a map's members. Each member costs a step, and is looked at after that. */
function viewOf(map: TemplateMap, itemsIn: () => TemplateValue[], meter: Meter): TemplateList {
  meter.step(map.size);
  return new TemplateList(itemsIn(), "view", map);
}

/** Looking for a long text means reading it. */
function withKey(count: number, method: Method<TemplateMap>): Method<TemplateMap> {
  return taking(count, (map, args, meter) => {
    if (typeof args[0] === "string") meter.step(args[0].length >> 8);
    return method(map, args, meter);
  });
}

function put(map: TemplateMap, key: TemplateValue, value: TemplateValue, meter: Meter): TemplateValue {
  const before = map.get(key) ?? null;
  map.set(key, value);
  meter.grown(map.size, 1);
  return before;
}

export const mapMethods: Methods<TemplateMap> = new Map<string, Method<TemplateMap>>([
  ["size", taking(0, (map) => map.size)],
  ["isEmpty", taking(0, (map) => map.size === 0)],
  ["get", withKey(1, (map, [key]) => map.get(key!) ?? null)],
  ["getOrDefault", withKey(2, (map, [key, otherwise]) => (map.has(key!) ? map.get(key!)! : otherwise!))],
  ["put", withKey(2, (map, [key, value], meter) => put(map, key!, value!, meter))],
  ["putIfAbsent", withKey(2, (map, [key, value], meter) => map.get(key!) ?? put(map, key!, value!, meter))],
  [
    "putAll",
    taking(1, (map, [other], meter) => {
      if (!(other instanceof TemplateMap)) return undefined;
      // A member costs as much as several items of a list: it is hashed, and the map grows again and again.
      meter.step(other.size << 2);
      for (const [key, value] of [...other.entries()]) put(map, key, value, meter);
      return null;
    }),
  ],
  ["containsKey", withKey(1, (map, [key]) => map.has(key!))],
  [
    "containsValue",
    taking(1, (map, [value], meter) => {
      meter.step(map.size);
      return [...map.values()].some((other) => isEqual(other, value!, meter));
    }),
  ],
  [
    "remove",
    withKey(1, (map, [key]) => {
      const before = map.get(key!) ?? null;
      map.delete(key!);
      return before;
    }),
  ],
  [
    "clear",
    taking(0, (map) => {
      map.clear();
      return null;
    }),
  ],
  ["keySet", taking(0, (map, _, meter) => viewOf(map, () => [...map.keys()], meter))],
  ["values", taking(0, (map, _, meter) => viewOf(map, () => [...map.values()], meter))],
  [
    "entrySet",
    taking(0, (map, _, meter) => {
      meter.step(map.size);
      return viewOf(map, () => [...map.keys()].map((key) => new TemplateEntry(map, key)), meter);
    }),
  ],
  ["toString", taking(0, (map, _, meter) => textOf(map, meter))],
  ["equals", taking(1, (map, [other], meter) => isEqual(map, other!, meter))],
]);

export const entryMethods: Methods<TemplateEntry> = new Map<string, Method<TemplateEntry>>([
  ["getKey", taking(0, (entry) => entry.key)],
  ["getValue", taking(0, (entry) => entry.value)],
  ["setValue", taking(1, (entry, [value], meter) => put(entry.map, entry.key, value!, meter))],
  ["toString", taking(0, (entry, _, meter) => textOf(entry, meter))],
  ["equals", taking(1, (entry, [other], meter) => isEqual(entry, other!, meter))],
]);

export const iteratorMethods: Methods<Iterator> = new Map<string, Method<Iterator>>([
  ["hasNext", taking(0, (iterator) => iterator.at < iterator.items.length)],
  [
    "next",
    taking(0, (iterator) => {
      const item = iterator.items[iterator.at];
      if (item === undefined) throw new TemplateFailure("next() of an iterator that has no more elements");
      iterator.at++;
      return item;
    }),
  ],
]);
