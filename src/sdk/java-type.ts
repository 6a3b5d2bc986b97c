import type { Shape } from "./shapes.ts";

/** What the SDKs in Java differ in. */
export interface JavaTypes {
  /** The class of numbers that are no integers. */
  readonly number: string;
  /** Returns the class of a structure, by its name in the API. */
  structureOf(name: string): string;
}

/** Returns a type by its full name, since a model may be called String. */
export function javaType(shape: Shape, types: JavaTypes): string {
  switch (shape.kind) {
    case "string":
      return "java.lang.String";
    case "number":
      return types.number;
    case "integer":
      return shape.isLong ? "java.lang.Long" : "java.lang.Integer";
    case "boolean":
      return "java.lang.Boolean";
    case "list":
      return `java.util.List<${javaType(shape.items, types)}>`;
    case "map":
      return `java.util.Map<java.lang.String, ${javaType(shape.values, types)}>`;
    case "structure":
      return types.structureOf(shape.name);
    case "any":
      return "java.lang.Object";
  }
}
