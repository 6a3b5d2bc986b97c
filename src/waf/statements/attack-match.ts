import { isSqlInjection } from "../detect-sqli.ts";
import { isCrossSiteScript } from "../detect-xss.ts";
import { checkInspection, inspectionCapacity } from "../inspection.ts";
import { anyOf } from "../inspectors.ts";
import type { Matches, StatementLinking, StatementType } from "../statement-type.ts";
import type { Inspection, SqliMatchStatement, XssMatchStatement } from "../web-acl.ts";

/** The steps that looking at a byte takes, at most. */
const stepsPerByte = 24;

/** AWS: AWS WAF Developer Guide, "SQL injection attack rule statement". */
export const sqliMatchStatement: StatementType<SqliMatchStatement> = {
  synopsis: "a part of the request looks like an injection of SQL",
  validate: checkInspection,
  capacity: (body) => inspectionCapacity(body.SensitivityLevel === "HIGH" ? 30 : 20, body),
  link: (body, linking) => linkDetection((text) => isSqlInjection(text, body.SensitivityLevel ?? "LOW"), body, linking),
};

/** AWS: AWS WAF Developer Guide, "Cross-site scripting attack rule statement". */
export const xssMatchStatement: StatementType<XssMatchStatement> = {
  synopsis: "a part of the request looks like cross-site scripting",
  validate: checkInspection,
  capacity: (body) => inspectionCapacity(40, body),
  link: (body, linking) => linkDetection(isCrossSiteScript, body, linking),
};

function linkDetection(
  isAttack: (text: string) => boolean,
  { FieldToMatch, TextTransformations }: Inspection,
  { inspect }: StatementLinking,
): Matches {
  const read = inspect(FieldToMatch, TextTransformations);
  return (evaluation) =>
    anyOf(read(evaluation), (text) => {
      evaluation.spend(32 + text.length * stepsPerByte);
      return isAttack(text);
    });
}
