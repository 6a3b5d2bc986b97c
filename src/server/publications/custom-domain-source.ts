import {
  type BasePathMapping,
  type DomainName,
  domainNameKinds,
  emptyBasePath,
  type RoutingRule,
} from "../../definition/domain-name.ts";
import { byPriority } from "../../definition/routing-rule-rules.ts";
import type { ApiMappingPlan, CustomDomainPlan, RoutingRulePlan } from "../../plan/custom-domain.ts";
import type { Scope } from "../../store/store.ts";
import { isManagementName } from "../guard.ts";
import type { PublicationSource } from "./publication-source.ts";

/**
 * Publishes public custom domain names with their routing rules and mappings. A name that the server's management is
 * called by is never one: whoever had it would be called in the management's place. `domains` are those of `--domain`.
 */
export const makeCustomDomainSource = (domains: readonly string[]): PublicationSource<"custom-domain"> => ({
  extent: { kind: "each", documents: [domainNameKinds.domainName] },
  madeFrom: [domainNameKinds.basePathMapping, domainNameKinds.routingRule],
  isAwaited: true,
  failure: "A custom domain name can't be read. Its requests are refused.",
  async read(tx, { key, scope }) {
    const stored = await tx.get<DomainName>(domainNameKinds.domainName, key);
    // Private names are reached through VPC endpoints only.
    if (stored === undefined || stored.body.domainNameId !== undefined || isManagementName(key, domains)) {
      return undefined;
    }
    const { body: name } = stored;
    const below = { prefix: `${key}/` };
    const mappings = (await tx.list<BasePathMapping>(domainNameKinds.basePathMapping, below)).map(({ body }) => body);
    const rules = (await tx.list<RoutingRule>(domainNameKinds.routingRule, below)).map(({ body }) => body);
    const kinds = [domainNameKinds.basePathMapping, domainNameKinds.routingRule];
    return {
      sources: kinds.map((kind) => ({ scope, kind, id: `${key}/` })),
      fingerprint: JSON.stringify([name, mappings, rules]),
      make: () => ({ value: planOf(scope, name, mappings, rules) }),
    };
  },
  closed: (name, reason) => ({
    ...name.scope,
    closed: `a form that can't be read: ${reason}`,
    rules: [],
    mappings: [],
  }),
});

function planOf(
  { account, region }: Scope,
  name: DomainName,
  mappings: readonly BasePathMapping[],
  rules: readonly RoutingRule[],
): CustomDomainPlan {
  const closed = reasonToClose(name);
  return {
    account,
    region,
    ...(closed === undefined ? {} : { closed }),
    rules: name.routingMode === "BASE_PATH_MAPPING_ONLY" ? [] : rules.toSorted(byPriority).map(ruleOf),
    mappings: name.routingMode === "ROUTING_RULE_ONLY" ? [] : mappings.map(mappingOf).sort(longestFirst),
  };
}

/** Returns the first check of a domain name that can't be made, since names are served in clear text. */
function reasonToClose(name: DomainName): string | undefined {
  if (name.mutualTlsAuthentication !== undefined) return "mutualTlsAuthentication";
  if (name.endpointAccessMode === "STRICT") return "endpointAccessMode STRICT";
  if (name.policy !== undefined || name.managementPolicy !== undefined) return "a policy";
  return undefined;
}

function mappingOf({ basePath, restApiId: apiId, stage }: BasePathMapping): ApiMappingPlan {
  const key = basePath === emptyBasePath ? "" : basePath;
  return stage === undefined ? { key, apiId } : { key, apiId, stageName: stage };
}

const longestFirst = ({ key: one }: ApiMappingPlan, { key: other }: ApiMappingPlan): number =>
  other.length - one.length || (one < other ? -1 : 1);

function ruleOf({ Conditions, Actions: [{ InvokeApi: target }] }: RoutingRule): RoutingRulePlan {
  const headers = Conditions.flatMap(({ MatchHeaders }) => (MatchHeaders === undefined ? [] : [MatchHeaders.AnyOf]));
  const basePaths = Conditions.flatMap(({ MatchBasePaths }) => MatchBasePaths?.AnyOf ?? []);
  return {
    headers: headers.map((list) =>
      list.map(({ Header, ValueGlob }) => ({ name: Header.toLowerCase(), glob: ValueGlob })),
    ),
    ...(basePaths.length === 0 ? {} : { basePaths: basePaths.toSorted((one, other) => other.length - one.length) }),
    apiId: target.ApiId,
    stageName: target.Stage,
    stripsBasePath: target.StripBasePath === true,
  };
}
