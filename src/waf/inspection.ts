import { partKinds } from "./inspectors.ts";
import { InvalidRules } from "./statement-type.ts";
import type { FieldToMatch, Inspection, TextTransformation } from "./web-acl.ts";

/** Throws unless exactly one member is there. The words are AWS's, as users quote them. */
export function requireOne(object: object, field: string, parameter: string): string {
  const given = Object.entries(object).filter(([, value]) => value !== undefined && value !== null);
  if (given.length !== 1) {
    throw new InvalidRules(
      field,
      parameter,
      "You have used none or multiple values for a field that requires exactly one value.",
    );
  }
  return given[0]![0];
}

/** Checks which part of a request a statement inspects, and how. */
export function checkInspection({ FieldToMatch, TextTransformations }: Inspection): void {
  const kind = requireOne(FieldToMatch, "FIELD_TO_MATCH", "FieldToMatch");
  if (!partKinds.includes(kind as keyof FieldToMatch)) throw new InvalidRules("FIELD_TO_MATCH", kind, "It is unknown.");
  const { JsonBody, Headers, Cookies } = FieldToMatch;
  if (JsonBody !== undefined) {
    requireOne(JsonBody.MatchPattern, "JSON_MATCH_PATTERN", "JsonMatchPattern");
    for (const path of JsonBody.MatchPattern.IncludedPaths ?? []) {
      if (path.startsWith("/") && !/~(?![01])/.test(path)) continue;
      throw new InvalidRules("JSON_MATCH_PATTERN", path, "The JSON pointer isn't valid.");
    }
  }
  if (Headers !== undefined) requireOne(Headers.MatchPattern, "HEADER_MATCH_PATTERN", "HeaderMatchPattern");
  if (Cookies !== undefined) requireOne(Cookies.MatchPattern, "COOKIE_MATCH_PATTERN", "CookieMatchPattern");
  checkTransformations(TextTransformations);
}

/** AWS: WAFV2 API reference, "TextTransformation": priorities must all be different. */
export function checkTransformations(transformations: readonly TextTransformation[]): void {
  const priorities = new Set(transformations.map(({ Priority }) => Priority));
  if (priorities.size < transformations.length) {
    throw new InvalidRules("TEXT_TRANSFORMATION", "Priority", "The priorities of text transformations must be unique.");
  }
}

/**
 * Returns the capacity of a statement that inspects a part of the request.
 * AWS: AWS WAF Developer Guide, "Options for request components": all query parameters add 10, JSON doubles the base
 * cost; "Text transformations": each is 10.
 */
export function inspectionCapacity(base: number, { FieldToMatch, TextTransformations }: Inspection): number {
  const part = (FieldToMatch.JsonBody === undefined ? base : base * 2) + (FieldToMatch.AllQueryArguments ? 10 : 0);
  return part + TextTransformations.filter(({ Type }) => Type !== "NONE").length * 10;
}
