import { checkInspection, inspectionCapacity } from "../inspection.ts";
import { anyOf } from "../inspectors.ts";
import type { StatementType } from "../statement-type.ts";
import type { ByteMatchStatement } from "../web-acl.ts";

type Compare = (wanted: string) => (text: string) => boolean;

/** AWS: WAFV2 API reference, "ByteMatchStatement": a word has letters, digits and underscores around it nowhere. */
const comparisons: Readonly<Record<ByteMatchStatement["PositionalConstraint"], Compare>> = {
  EXACTLY: (wanted) => (text) => text === wanted,
  STARTS_WITH: (wanted) => (text) => text.startsWith(wanted),
  ENDS_WITH: (wanted) => (text) => text.endsWith(wanted),
  CONTAINS: (wanted) => (text) => text.includes(wanted),
  CONTAINS_WORD: (wanted) => (text) => {
    for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
      if (!isWordAt(text, at - 1) && !isWordAt(text, at + wanted.length)) return true;
    }
    return false;
  },
};

const isWordAt = (text: string, index: number): boolean => /\w/.test(text[index] ?? "");

export const byteMatchStatement: StatementType<ByteMatchStatement> = {
  synopsis: "a part of the request has a text in it",
  validate: checkInspection,
  // AWS: "String match rule statement": 10 for contains, 2 for the others.
  capacity: (body) => inspectionCapacity(body.PositionalConstraint.startsWith("CONTAINS") ? 10 : 2, body),
  link({ SearchString, FieldToMatch, PositionalConstraint, TextTransformations }, { inspect }) {
    const read = inspect(FieldToMatch, TextTransformations);
    const compare = comparisons[PositionalConstraint](Buffer.from(SearchString, "base64").toString("latin1"));
    return (evaluation) =>
      anyOf(read(evaluation), (text) => {
        evaluation.spend(1 + (text.length >> 4));
        return compare(text);
      });
  },
};
