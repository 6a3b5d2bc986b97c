/** What services say to a member of a wrong JSON type. */
import type { ShapeType } from "./model.ts";

/** Writes the refusal of a JSON value where a shape of another type is wanted. */
export type WrongTypeWords = (value: unknown, wanted: ShapeType) => string;

const names: Readonly<Record<ShapeType, string>> = {
  string: "String",
  boolean: "Boolean",
  integer: "Integer",
  long: "Long",
  double: "Double",
  timestamp: "Timestamp",
  blob: "Blob",
  list: "List",
  map: "Map",
  structure: "Structure",
};

/** Both parsers say the same of a value that opens brackets. */
const container = (value: unknown): string | undefined => {
  if (Array.isArray(value)) return "Start of list found where not expected";
  if (typeof value === "object" && value !== null) return "Start of structure or map found where not expected.";
  return undefined;
};

/** The words of services that read JSON by its tokens: `STRING_VALUE can not be converted to a Boolean`. */
export const tokenWords: WrongTypeWords = (value, wanted) => {
  const name = names[wanted];
  const token = typeof value === "boolean" ? `${value}`.toUpperCase() : (typeof value).toUpperCase();
  return container(value) ?? `${token}_VALUE can not be converted to ${name === "Integer" ? "an" : "a"} ${name}`;
};

const javaClasses: Readonly<Record<string, string>> = {
  boolean: "java.lang.Boolean",
  string: "java.lang.String",
  number: "com.amazon.coral.value.json.numbers.TruncatingBigNumber",
};

/**
 * API Gateway's words, as recorded for booleans and numbers where a text is wanted; `an` stands before every type.
 * Unconfirmed: those of other types; see docs/compatibility.md, "management, wrong types".
 */
export const javaClassWords: WrongTypeWords = (value, wanted) =>
  container(value) ?? `class ${javaClasses[typeof value]} can not be converted to an ${names[wanted]}`;
