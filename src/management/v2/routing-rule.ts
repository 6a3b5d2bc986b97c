import { type DomainName, domainNameKey, domainNameKinds, type RoutingRule } from "../../definition/domain-name.ts";
import { byPriority, checkRoutingRule } from "../../definition/routing-rule-rules.ts";
import { badRequest, conflict, notFound } from "../../protocol/errors.ts";
import { refuseMixing } from "../domains/shared-domain.ts";
import { mappingsOf, requireStage } from "./api-mapping.ts";
import { domainNames } from "./domain-names.ts";
import { refuse, requireRoom } from "./refusals.ts";
import { type Change, changing, defineResource, documents, operations, pageOfItems } from "./work.ts";

/** The documents of routing rules. */
const rules = documents({
  kind: domainNameKinds.routingRule,
  parent: domainNames,
  member: "RoutingRuleId",
  idOf: (rule: RoutingRule) => rule.RoutingRuleId,
  // Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
  missing: () => notFound("Invalid routing rule identifier specified"),
});

type RuleChange = Change<"CreateRoutingRule" | "PutRoutingRule", DomainName>;

/** Returns the rule that an input describes. */
async function ruleOf(RoutingRuleId: string, work: RuleChange): Promise<RoutingRule> {
  const { input, call, parent } = work;
  // What the input has that is absent on the wire is absent here, too.
  const { Conditions, Actions } = JSON.parse(JSON.stringify(input)) as Pick<RoutingRule, "Conditions" | "Actions">;
  refuse(checkRoutingRule({ Conditions, Actions }));
  const [{ InvokeApi: target }] = Actions;
  const kind = await requireStage(work, target.ApiId, target.Stage);
  // AWS: API Gateway Developer Guide, "Routing rules to connect API stages to a custom domain name for REST APIs".
  // Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
  if (kind !== "REST") throw badRequest("Routing rules can only invoke stages of REST APIs");
  await refuseMixing(work.tx, parent, { by: "rule", kind, others: await mappingsOf(work) });
  const others = await rules.all(work);
  if (others.some((other) => other.Priority === input.Priority && other.RoutingRuleId !== RoutingRuleId)) {
    throw conflict(`A routing rule with the priority ${input.Priority} already exists for this domain name`);
  }
  return {
    RoutingRuleId,
    RoutingRuleArn: `arn:aws:apigateway:${call.region}:${call.account}:/domainnames/${domainNameKey(parent)}/routingrules/${RoutingRuleId}`,
    Priority: input.Priority,
    Conditions,
    Actions,
  };
}

async function createRoutingRule(work: Change<"CreateRoutingRule", DomainName>): Promise<RoutingRule> {
  requireRoom(work, "routingRulesPerDomain", await rules.count(work));
  return ruleOf(await rules.freshId(work, 6), work);
}

const positionOf = ({ Priority }: RoutingRule): string => String(Priority).padStart(7, "0");

/** AWS: API Gateway version 2 API reference, "RoutingRule". */
export const routingRule = {
  ...defineResource({
    operations: {
      create: "CreateRoutingRule",
      get: "GetRoutingRule",
      list: "ListRoutingRules",
      delete: "DeleteRoutingRule",
    },
    place: rules,
    create: createRoutingRule,
    // In the order in which they are asked.
    list: async (work) => pageOfItems(work, (await rules.all(work)).toSorted(byPriority), positionOf),
    listedAs: "RoutingRules",
  }),
  ...operations({
    PutRoutingRule: changing(
      rules,
      ({ RoutingRuleId }, work: Change<"PutRoutingRule", DomainName>) => ruleOf(RoutingRuleId, work),
      (rule) => rule,
    ),
  }),
};
