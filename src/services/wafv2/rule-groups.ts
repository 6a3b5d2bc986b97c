import { bounds } from "../../base/bounds.ts";
import type { RuleGroup } from "../../waf/web-acl.ts";
import { findByArn, wafKinds } from "./documents.ts";
import { invalidParameter, nonexistentItem } from "./errors.ts";
import {
  deleteItem,
  findItem,
  labelNamespaceOf,
  listItems,
  newName,
  putChanged,
  putNew,
  requireLock,
  requireRegional,
} from "./items.ts";
import { checkBodies, checkRules, shownRules, storedRules } from "./rules.ts";
import { described } from "./sets.ts";
import { operations, reading, writing } from "./waf-families.ts";

const { ruleGroup } = wafKinds;

/** AWS: WAFV2 API reference, "RuleGroup": the labels that its rules add. */
const availableLabels = ({ Rules, LabelNamespace }: RuleGroup): object[] =>
  [...new Set(Rules.flatMap(({ RuleLabels = [] }) => RuleLabels.map(({ Name }) => LabelNamespace + Name)))].map(
    (Name) => ({ Name }),
  );

const shown = (group: RuleGroup): object => ({
  ...group,
  Rules: shownRules(group.Rules),
  AvailableLabels: availableLabels(group),
});

/** AWS: WAFV2 API reference, one page for each operation. */
export const ruleGroupOperations = operations({
  CheckCapacity: reading(async ({ tx, input }) => {
    requireRegional(input.Scope);
    const rules = storedRules(input.Rules);
    const { capacity } = await checkRules(tx, rules, {
      kind: "web-acl",
      customResponseBodies: "any",
      capacityMax: bounds.wafCapacityMax.value,
    });
    return { Capacity: capacity };
  }),
  CreateRuleGroup: writing(async (work) => {
    const { Capacity, CustomResponseBodies, VisibilityConfig } = work.input;
    const name = await newName(ruleGroup, work);
    if (Capacity > bounds.wafCapacityMax.value) {
      throw invalidParameter("RULE_GROUP", String(Capacity), "The capacity is too large.");
    }
    const Rules = storedRules(work.input.Rules);
    checkBodies(CustomResponseBodies);
    const owner = { kind: "rule-group", customResponseBodies: CustomResponseBodies, capacityMax: Capacity } as const;
    await checkRules(work.tx, Rules, owner);
    const LabelNamespace = labelNamespaceOf(ruleGroup, name.Name, work.call);
    const item: RuleGroup = { ...name, Capacity, Rules, VisibilityConfig, CustomResponseBodies, LabelNamespace };
    return putNew(ruleGroup, { item }, work);
  }),
  GetRuleGroup: reading(async (work) => {
    const { item, lockToken } = await findItem<RuleGroup>(ruleGroup, work);
    return { RuleGroup: shown(item), LockToken: lockToken };
  }),
  UpdateRuleGroup: writing(async (work) => {
    const before = await findItem<RuleGroup>(ruleGroup, work);
    const { LockToken, Description, CustomResponseBodies, VisibilityConfig } = work.input;
    requireLock(before, LockToken);
    const Rules = storedRules(work.input.Rules);
    checkBodies(CustomResponseBodies);
    const capacityMax = before.item.Capacity;
    await checkRules(work.tx, Rules, { kind: "rule-group", customResponseBodies: CustomResponseBodies, capacityMax });
    const { Description: _, ...kept } = before.item;
    const item: RuleGroup = { ...kept, Rules, VisibilityConfig, CustomResponseBodies, ...described(Description) };
    return putChanged(ruleGroup, { ...before, item }, work);
  }),
  DeleteRuleGroup: writing((work) => deleteItem(ruleGroup, work)),
  ListRuleGroups: reading((work) => listItems(ruleGroup, "RuleGroups", work)),
  PutPermissionPolicy: writing(async ({ tx, input }) => {
    const document = await findByArn<RuleGroup>(tx, input.ResourceArn, ruleGroup);
    if (document === undefined) throw nonexistentItem();
    await tx.put(ruleGroup, document.item.Name, { ...document, policy: input.Policy });
    return {};
  }),
  GetPermissionPolicy: reading(async ({ tx, input }) => {
    const policy = (await findByArn<RuleGroup>(tx, input.ResourceArn, ruleGroup))?.policy;
    if (policy === undefined) throw nonexistentItem();
    return { Policy: policy };
  }),
  DeletePermissionPolicy: writing(async ({ tx, input }) => {
    const document = await findByArn<RuleGroup>(tx, input.ResourceArn, ruleGroup);
    if (document?.policy === undefined) throw nonexistentItem();
    const { policy: _, ...rest } = document;
    await tx.put(ruleGroup, document.item.Name, rest);
    return {};
  }),
});
