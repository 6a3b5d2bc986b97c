import { JavaDouble, JavaLong, type ListKind, TemplateList, TemplateMap, type TemplateValue } from "./java/values.ts";
import { JavaDecimal } from "./json-value.ts";

/** A template's value as data that another thread can be sent. */
export type PlainValue =
  | null
  | boolean
  | string
  | number
  | bigint
  | { readonly kind: "long"; readonly value: bigint }
  | { readonly kind: "double"; readonly value: number; readonly digits?: string }
  | { readonly kind: "list"; readonly of: ListKind; readonly items: readonly PlainValue[] }
  | { readonly kind: "map"; readonly entries: readonly (readonly [PlainValue, PlainValue])[] };

/** Returns a value as plain data; what has no life outside its rendering (a block, an iterator, `$util`) becomes null. */
export function toPlainValue(value: TemplateValue): PlainValue {
  if (value === null || typeof value !== "object") return value;
  if (value instanceof JavaLong) return { kind: "long", value: value.value };
  if (value instanceof JavaDouble) {
    return { kind: "double", value: value.value, ...(value.digits !== undefined && { digits: value.digits }) };
  }
  if (value instanceof TemplateList) return { kind: "list", of: value.kind, items: value.items.map(toPlainValue) };
  if (!(value instanceof TemplateMap)) return null;
  return {
    kind: "map",
    entries: [...value.entries()].map(([key, member]) => [toPlainValue(key), toPlainValue(member)]),
  };
}

/** Returns the value that `toPlainValue` was given. */
export function fromPlainValue(plain: PlainValue): TemplateValue {
  if (plain === null || typeof plain !== "object") return plain;
  switch (plain.kind) {
    case "long":
      return new JavaLong(plain.value);
    case "double":
      return plain.digits === undefined ? new JavaDouble(plain.value) : new JavaDecimal(plain.value, plain.digits);
    case "list":
      return new TemplateList(plain.items.map(fromPlainValue), plain.of);
    case "map": {
      const map = new TemplateMap();
      for (const [key, member] of plain.entries) map.set(fromPlainValue(key), fromPlainValue(member));
      return map;
    }
  }
}
