import type { HostMethod, TemplateMap } from "../../language/java/values.ts";
import { callMethod } from "../../language/vtl/members.ts";

const reading = [
  "containsKey",
  "containsValue",
  "entrySet",
  "get",
  "getOrDefault",
  "isEmpty",
  "keySet",
  "size",
  "toString",
  "values",
];

/** Returns the methods by which a map is read, for a host object that templates see as one. */
export const mapMethodsOf = <Self>(mapOf: (self: Self) => TemplateMap): readonly [string, HostMethod<Self>][] =>
  reading.map((name) => [name, (self, args, meter) => callMethod(mapOf(self), name, args, meter)]);
