import { type GroupStatementType, InvalidRules, NotEvaluable } from "../statement-type.ts";
import type { RuleGroupReferenceStatement } from "../web-acl.ts";

const field = "RULE_GROUP_REFERENCE_STATEMENT";

export const ruleGroupStatement: GroupStatementType<RuleGroupReferenceStatement> = {
  synopsis: "runs the rules of a rule group of the account's",
  validate({ ARN, ExcludedRules = [], RuleActionOverrides = [] }, { parts }) {
    const group = parts.ruleGroups[ARN];
    if (group === undefined) throw new InvalidRules(field, ARN, "A reference in your rule statement is not valid.");
    const names = new Set(group.Rules.map(({ Name }) => Name));
    for (const { Name } of [...ExcludedRules, ...RuleActionOverrides]) {
      // AWS: WAFV2 API reference, "RuleActionOverride": an unknown name makes the update fail.
      if (!names.has(Name)) throw new InvalidRules("EXCLUDED_RULE", Name, "The rule group has no rule of that name.");
    }
  },
  capacity: ({ ARN }, { ruleGroups }) => ruleGroups[ARN]?.Capacity ?? 0,
  find({ ARN }, { ruleGroups }) {
    const group = ruleGroups[ARN];
    if (group === undefined) throw new NotEvaluable(`the rule group ${ARN} does not exist`);
    return {
      rules: group.Rules,
      labelNamespace: group.LabelNamespace,
      customResponseBodies: group.CustomResponseBodies,
    };
  },
};
