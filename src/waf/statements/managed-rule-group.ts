import { type ManagedRuleGroup, managedNamespace, managedRuleGroups, managedVendor } from "../managed-rule-groups.ts";
import { type GroupStatementType, NotEvaluable } from "../statement-type.ts";
import type { ManagedRuleGroupStatement } from "../web-acl.ts";

/** Returns the group that a statement names. No group of AWS's is here, and none passes for one. */
function groupOf({ VendorName, Name, Version, ManagedRuleGroupConfigs }: ManagedRuleGroupStatement): ManagedRuleGroup {
  const group = VendorName === managedVendor ? managedRuleGroups.get(Name) : undefined;
  if (group === undefined) {
    const own = [...managedRuleGroups.keys()].join(", ");
    throw new NotEvaluable(`the managed rule group ${Name} of ${VendorName} (there are ${own} of ${managedVendor})`);
  }
  if (Version !== undefined)
    throw new NotEvaluable(`the version ${Version} of the managed rule group ${Name}, which has none`);
  if (ManagedRuleGroupConfigs !== undefined && ManagedRuleGroupConfigs.length > 0) {
    throw new NotEvaluable(`ManagedRuleGroupConfigs of the managed rule group ${Name}`);
  }
  return group;
}

export const managedRuleGroupStatement: GroupStatementType<ManagedRuleGroupStatement> = {
  synopsis: "runs the rules of a managed rule group",
  // AWS: WAFV2 API reference, "RuleActionOverride": unknown names of rules are ignored.
  validate(body) {
    groupOf(body);
  },
  capacity: (body, { nested }) => groupOf(body).rules.reduce((total, { Statement }) => total + nested(Statement), 0),
  find(body) {
    const { name, rules } = groupOf(body);
    return { rules, labelNamespace: managedNamespace(name) };
  },
  scopeDown: ({ ScopeDownStatement }) => ScopeDownStatement,
};
