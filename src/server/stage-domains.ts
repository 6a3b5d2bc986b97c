import type { CustomDomainPlan, RoutingRulePlan } from "../plan/custom-domain.ts";

/** Where a custom domain name leads to a stage. */
export interface StageDomain {
  /** `api.example.com` or `*.example.com` */
  readonly name: string;
  /** What stands before the stage's own paths: empty, or `/` and segments. */
  readonly basePath: string;
  /** What else a request needs, by a routing rule: `X-Version: 2`. */
  readonly condition?: string;
  /** Why the name serves nothing. */
  readonly closed?: string;
}

/** Finds the domain names of a stage. */
export type DomainsOfStage = (stage: {
  readonly account: string;
  readonly region: string;
  readonly apiId: string;
  readonly stageName: string;
}) => readonly StageDomain[];

interface DomainEntry extends StageDomain {
  readonly account: string;
  readonly region: string;
  /** Absent: every stage, whose name ends the base path. */
  readonly stageName?: string | undefined;
}

/** Makes the look-up of stages' domain names. A name leads to stages of its own account and region only. */
export function makeDomainsOfStage(plans: ReadonlyMap<string, CustomDomainPlan>): DomainsOfStage {
  const byApi = new Map<string, DomainEntry[]>();
  for (const [name, { account, region, closed, rules, mappings }] of plans) {
    const add = (apiId: string, entry: Pick<DomainEntry, "basePath" | "condition" | "stageName">): void => {
      const entries = byApi.get(apiId) ?? [];
      entries.push({ name, account, region, ...(closed !== undefined && { closed }), ...entry });
      byApi.set(apiId, entries);
    };
    for (const rule of rules) for (const entry of entriesOf(rule)) add(rule.apiId, entry);
    for (const { key, apiId, stageName } of mappings) add(apiId, { basePath: key === "" ? "" : `/${key}`, stageName });
  }
  return ({ account, region, apiId, stageName }) =>
    (byApi.get(apiId) ?? [])
      .filter((one) => one.account === account && one.region === region)
      .filter((one) => one.stageName === undefined || one.stageName === stageName)
      .map(({ name, basePath, condition, closed, stageName: own }) => ({
        name,
        basePath: own === undefined ? `${basePath}/${stageName}` : basePath,
        ...(condition !== undefined && { condition }),
        ...(closed !== undefined && { closed }),
      }));
}

/** A base path that a rule does not strip is a part of the stage's own paths. */
function entriesOf({ headers, basePaths, stageName, stripsBasePath }: RoutingRulePlan) {
  const conditions = headers.map((list) => list.map(({ name, glob }) => `${name}: ${glob}`).join(" or "));
  const open = (basePaths ?? [""]).map((path) => (stripsBasePath && path !== "" ? `/${path}` : ""));
  const limits =
    basePaths === undefined || stripsBasePath ? [] : [`a path below ${basePaths.map((one) => `/${one}`).join(" or ")}`];
  const all = [...limits, ...conditions].join(", ");
  return [...new Set(open)].map((basePath) => ({ basePath, stageName, ...(all !== "" && { condition: all }) }));
}
