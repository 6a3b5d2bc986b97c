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
  reading.map((name) => [
    name,
    (self, args, meter) => {
      const map = mapOf(self);
      // The map is made anew for each call.
      meter.step(2 * map.size);
      return callMethod(map, name, args, meter);
    },
  ]);
