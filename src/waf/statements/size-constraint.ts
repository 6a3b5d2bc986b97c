import { checkInspection, inspectionCapacity } from "../inspection.ts";
import { anyOf } from "../inspectors.ts";
import type { StatementType } from "../statement-type.ts";
import type { SizeConstraintStatement } from "../web-acl.ts";

const comparisons: Readonly<
  Record<SizeConstraintStatement["ComparisonOperator"], (size: number, than: number) => boolean>
> = {
  EQ: (size, than) => size === than,
  NE: (size, than) => size !== than,
  LE: (size, than) => size <= than,
  LT: (size, than) => size < than,
  GE: (size, than) => size >= than,
  GT: (size, than) => size > than,
};

export const sizeConstraintStatement: StatementType<SizeConstraintStatement> = {
  synopsis: "a part of the request is so many bytes long",
  validate: checkInspection,
  capacity: (body) => inspectionCapacity(1, body),
  link({ ComparisonOperator, Size, FieldToMatch, TextTransformations }, { inspect }) {
    const read = inspect(FieldToMatch, TextTransformations);
    const compare = comparisons[ComparisonOperator];
    return (evaluation) => anyOf(read(evaluation), ({ length }) => compare(length, Size));
  },
};
