import { InvalidRules, type StatementType } from "../statement-type.ts";
import type { Statement } from "../web-acl.ts";

interface Several {
  readonly Statements: readonly Statement[];
}

/** AWS: WAFV2 API reference, "AndStatement" and "OrStatement": more than one statement. */
const checkSeveral =
  (field: string): StatementType<Several>["validate"] =>
  ({ Statements }, { nested }) => {
    if (Statements.length < 2) {
      throw new InvalidRules(field, String(Statements.length), "You must provide at least two statements.");
    }
    for (const statement of Statements) nested(statement);
  };

const sum: StatementType<Several>["capacity"] = ({ Statements }, { nested }) =>
  Statements.reduce((total, statement) => total + nested(statement), 0);

export const andStatement: StatementType<Several> = {
  synopsis: "all of its statements match",
  validate: checkSeveral("AND_STATEMENT"),
  capacity: sum,
  link({ Statements }, { nested }) {
    const all = Statements.map(nested);
    return (evaluation) => all.every((matches) => matches(evaluation));
  },
};

export const orStatement: StatementType<Several> = {
  synopsis: "one of its statements matches",
  validate: checkSeveral("OR_STATEMENT"),
  capacity: sum,
  link({ Statements }, { nested }) {
    const any = Statements.map(nested);
    return (evaluation) => any.some((matches) => matches(evaluation));
  },
};

export const notStatement: StatementType<{ readonly Statement: Statement }> = {
  synopsis: "its statement does not match",
  validate: ({ Statement }, { nested }) => nested(Statement),
  capacity: ({ Statement }, { nested }) => nested(Statement),
  link({ Statement }, { nested }) {
    const matches = nested(Statement);
    return (evaluation) => !matches(evaluation);
  },
};
