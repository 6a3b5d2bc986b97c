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

/** What each routing mode asks. One that is not among them closes the name. */
const routingModes: Readonly<Record<string, { readonly byRules: boolean; readonly byMappings: boolean }>> = {
  BASE_PATH_MAPPING_ONLY: { byRules: false, byMappings: true },
  ROUTING_RULE_ONLY: { byRules: true, byMappings: false },
  ROUTING_RULE_THEN_BASE_PATH_MAPPING: { byRules: true, byMappings: true },
};

function planOf(
  { account, region }: Scope,
  name: DomainName,
  mappings: readonly BasePathMapping[],
  rules: readonly RoutingRule[],
): CustomDomainPlan {
  const mode = Object.hasOwn(routingModes, name.routingMode) ? routingModes[name.routingMode] : undefined;
  const closed = reasonToClose(name) ?? (mode === undefined ? `the routingMode ${name.routingMode}` : undefined);
  return {
    account,
    region,
    ...(closed === undefined ? {} : { closed }),
    rules: mode?.byRules === true ? rules.toSorted(byPriority).map(ruleOf) : [],
    mappings: mode?.byMappings === true ? mappings.map(mappingOf).sort(longestFirst) : [],
  };
}

/** Returns the first check of a domain name that can't be made, since names are served in clear text. */
function reasonToClose(name: DomainName): string | undefined {
  if (name.mutualTlsAuthentication !== undefined) return "mutualTlsAuthentication";
  const { endpointAccessMode: accessMode = "BASIC" } = name;
  if (accessMode !== "BASIC") return `endpointAccessMode ${accessMode}`;
  if (name.policy !== undefined || name.managementPolicy !== undefined) return "a policy";
  return undefined;
}

function mappingOf({ basePath, restApiId: apiId, stage }: BasePathMapping): ApiMappingPlan {
  if (typeof basePath !== "string") throw new Error("a mapping has a key that can't be read");
  const key = basePath === emptyBasePath ? "" : basePath;
  return stage === undefined ? { key, apiId } : { key, apiId, stageName: stage };
}

const longestFirst = ({ key: one }: ApiMappingPlan, { key: other }: ApiMappingPlan): number =>
  other.length - one.length || (one < other ? -1 : 1);

/** Throws for a condition in a form that can't be read: without it, the rule would take every request. */
function ruleOf({ RoutingRuleId, Conditions, Actions }: RoutingRule): RoutingRulePlan {
  const [{ InvokeApi: target }] = Actions;
  const unread = (): Error => new Error(`the routing rule ${RoutingRuleId} has a condition that can't be read`);
  const headers: (readonly { readonly name: string; readonly glob: string }[])[] = [];
  let basePaths: readonly string[] | undefined;
  for (const { MatchHeaders, MatchBasePaths } of Conditions) {
    if (MatchHeaders !== undefined) {
      headers.push(
        MatchHeaders.AnyOf.map(({ Header, ValueGlob }) => ({ name: Header.toLowerCase(), glob: ValueGlob })),
      );
    } else if (MatchBasePaths !== undefined && basePaths === undefined) {
      basePaths = MatchBasePaths.AnyOf.toSorted((one, other) => other.length - one.length);
    } else throw unread();
  }
  if (headers.some((list) => list.some(({ glob }) => typeof glob !== "string"))) throw unread();
  if (basePaths?.some((path) => typeof path !== "string")) throw unread();
  return {
    headers,
    ...(basePaths === undefined ? {} : { basePaths }),
    apiId: target.ApiId,
    stageName: target.Stage,
    stripsBasePath: target.StripBasePath === true,
  };
}
