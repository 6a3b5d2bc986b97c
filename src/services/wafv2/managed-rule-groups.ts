import {
  type ManagedRuleGroup,
  managedNamespace,
  managedRuleGroups,
  managedVendor,
} from "../../waf/managed-rule-groups.ts";
import { capacityOf } from "../../waf/validate-rules.ts";
import { nonexistentItem } from "./errors.ts";
import { requireRegional } from "./items.ts";
import { operations, reading } from "./waf-families.ts";

function findGroup({ VendorName, Name }: { readonly VendorName: string; readonly Name: string }): ManagedRuleGroup {
  const group = VendorName === managedVendor ? managedRuleGroups.get(Name) : undefined;
  if (group === undefined) throw nonexistentItem();
  return group;
}

/** AWS: WAFV2 API reference, one page for each operation. */
export const managedRuleGroupOperations = operations({
  ListAvailableManagedRuleGroups: reading(async ({ input }) => {
    requireRegional(input.Scope);
    const groups = [...managedRuleGroups.values()].map(({ name, description }) => ({
      VendorName: managedVendor,
      Name: name,
      VersioningSupported: false,
      Description: description,
    }));
    return { ManagedRuleGroups: groups };
  }),
  ListAvailableManagedRuleGroupVersions: reading(async ({ input }) => {
    requireRegional(input.Scope);
    findGroup(input);
    return { Versions: [] };
  }),
  DescribeManagedRuleGroup: reading(async ({ input }) => {
    requireRegional(input.Scope);
    const { name, rules } = findGroup(input);
    const LabelNamespace = managedNamespace(name);
    return {
      Capacity: capacityOf(rules, {}),
      Rules: rules.map(({ Name, Action }) => ({ Name, Action })),
      LabelNamespace,
      AvailableLabels: rules.flatMap(({ RuleLabels = [] }) =>
        RuleLabels.map(({ Name }) => ({ Name: LabelNamespace + Name })),
      ),
    };
  }),
});
