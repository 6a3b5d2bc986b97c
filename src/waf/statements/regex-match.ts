import { type BytePattern, InvalidPattern, parseBytePattern } from "../byte-pattern.ts";
import { checkInspection, inspectionCapacity } from "../inspection.ts";
import { anyOf } from "../inspectors.ts";
import {
  InvalidRules,
  type Matches,
  NotEvaluable,
  type StatementLinking,
  type StatementType,
} from "../statement-type.ts";
import type { Inspection, RegexMatchStatement, RegexPatternSetReferenceStatement } from "../web-acl.ts";

/** Throws for a pattern that AWS refuses, or that has no automaton of bounded size. */
export function checkPattern(source: string, field: string): void {
  try {
    parseBytePattern(source);
  } catch (error) {
    if (!(error instanceof InvalidPattern)) throw error;
    throw new InvalidRules(field, source, `The regular expression is not valid: ${error.message}.`);
  }
}

export const regexMatchStatement: StatementType<RegexMatchStatement> = {
  synopsis: "a part of the request matches a regular expression",
  validate(body) {
    checkInspection(body);
    checkPattern(body.RegexString, "STATEMENT");
  },
  capacity: (body) => inspectionCapacity(3, body),
  link: (body, linking) => linkPatterns([parseBytePattern(body.RegexString)], body, linking),
};

export const regexPatternSetStatement: StatementType<RegexPatternSetReferenceStatement> = {
  synopsis: "a part of the request matches one of a set of regular expressions",
  validate(body, { parts }) {
    checkInspection(body);
    if (parts.regexPatternSets[body.ARN] !== undefined) return;
    throw new InvalidRules(
      "REGEX_PATTERN_REFERENCE_STATEMENT",
      body.ARN,
      "A reference in your rule statement is not valid.",
    );
  },
  capacity: (body) => inspectionCapacity(25, body),
  link(body, linking) {
    const set = linking.parts.regexPatternSets[body.ARN];
    if (set === undefined) throw new NotEvaluable(`the regex pattern set ${body.ARN} does not exist`);
    const sources = set.RegularExpressionList.map(({ RegexString = "" }) => RegexString);
    return linkPatterns(sources.map(parseBytePattern), body, linking);
  },
};

function linkPatterns(
  patterns: readonly BytePattern[],
  { FieldToMatch, TextTransformations }: Inspection,
  { inspect }: StatementLinking,
): Matches {
  const read = inspect(FieldToMatch, TextTransformations);
  return (evaluation) => {
    const spend = (steps: number): void => evaluation.spend(steps);
    return anyOf(read(evaluation), (text) => patterns.some((pattern) => pattern.isFoundIn(text, spend)));
  };
}
