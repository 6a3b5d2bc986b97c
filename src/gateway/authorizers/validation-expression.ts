import { bounds } from "../../base/bounds.ts";
import { parseJavaPattern } from "../../language/java/java-pattern.ts";

/**
 * Links an `identityValidationExpression`: the function returns whether a text is one that the authorizer looks at. A text
 * that takes too long to compare is none: its length is the caller's choice.
 * AWS: CreateAuthorizer, identityValidationExpression: the function is called only if there is a match.
 */
export function linkValidation(expression: string | undefined): (text: string) => boolean {
  if (expression === undefined) return () => true;
  const parsed = parseJavaPattern(expression);
  // The compiler closes methods whose expression can't be parsed.
  if (parsed.kind !== "pattern") return () => false;
  const { pattern } = parsed;
  return (text) => {
    let left: number = bounds.identityPatternVisitsMax.value;
    try {
      return pattern.matches(text, (states) => {
        left -= states;
        if (left < 0) throw tooLong;
      });
    } catch (error) {
      if (error === tooLong) return false;
      throw error;
    }
  };
}

const tooLong = new Error("an identity takes too long to compare");
