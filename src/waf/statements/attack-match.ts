import { checkInspection, inspectionCapacity } from "../inspection.ts";
import { NotEvaluable, type StatementType } from "../statement-type.ts";
import type { SqliMatchStatement, XssMatchStatement } from "../web-acl.ts";

/** AWS: AWS WAF Developer Guide, "SQL injection attack rule statement". */
export const sqliMatchStatement: StatementType<SqliMatchStatement> = {
  synopsis: "a part of the request looks like an injection of SQL",
  validate: checkInspection,
  capacity: (body) => inspectionCapacity(body.SensitivityLevel === "HIGH" ? 30 : 20, body),
  link() {
    throw new NotEvaluable("SqliMatchStatement");
  },
};

/** AWS: AWS WAF Developer Guide, "Cross-site scripting attack rule statement". */
export const xssMatchStatement: StatementType<XssMatchStatement> = {
  synopsis: "a part of the request looks like cross-site scripting",
  validate: checkInspection,
  capacity: (body) => inspectionCapacity(40, body),
  link() {
    throw new NotEvaluable("XssMatchStatement");
  },
};
