import { isObject, type JsonObject } from "../base/json-object.ts";

/** Returns a member that the object itself has: names come from documents, and `constructor` is not a member. */
export function member(object: unknown, name: string): unknown {
  return isObject(object) && Object.hasOwn(object, name) ? object[name] : undefined;
}

export function objectMember(object: unknown, name: string): JsonObject | undefined {
  const value = member(object, name);
  return isObject(value) ? value : undefined;
}

export function listMember(object: unknown, name: string): readonly unknown[] {
  const value = member(object, name);
  return Array.isArray(value) ? value : [];
}

/** Returns a scalar as text: YAML reads `statusCode: 200` as a number although the document means a string. */
export function scalarText(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
    case "boolean":
      return String(value);
    default:
      return undefined;
  }
}

export function textMember(object: unknown, name: string): string | undefined {
  return scalarText(member(object, name));
}

/** Returns the object's own members with their names. */
export function membersOf(object: unknown): [string, unknown][] {
  return isObject(object) ? Object.entries(object) : [];
}

/**
 * Returns a boolean member, which some writers of YAML and JSON put in quotes; undefined if it is absent or something
 * else.
 */
export function flagMember(object: unknown, name: string): boolean | undefined {
  const text = textMember(object, name)?.toLowerCase();
  return text === "true" ? true : text === "false" ? false : undefined;
}
