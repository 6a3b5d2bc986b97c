import { type GroupStatementType, NotEvaluable } from "../statement-type.ts";
import type { ManagedRuleGroupStatement } from "../web-acl.ts";

/** There are no managed rule groups yet, so a statement with one can't be evaluated. */
const missing = ({ VendorName, Name }: ManagedRuleGroupStatement): NotEvaluable =>
  new NotEvaluable(`the managed rule group ${VendorName} ${Name}`);

export const managedRuleGroupStatement: GroupStatementType<ManagedRuleGroupStatement> = {
  synopsis: "runs the rules of a managed rule group",
  validate(body) {
    throw missing(body);
  },
  capacity(body) {
    throw missing(body);
  },
  find(body) {
    throw missing(body);
  },
  scopeDown: ({ ScopeDownStatement }) => ScopeDownStatement,
};
