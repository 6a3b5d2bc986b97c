import { setImmediate as aTurn } from "node:timers/promises";
import { domainNameKinds } from "../definition/domain-name.ts";
import type { CustomDomainPlan } from "../plan/custom-domain.ts";
import type { Plan } from "../plan/kinds.ts";
import type { AwsServicePlan } from "../plan/steps.ts";
import type { DocumentAddress, Reader, Store } from "../store/store.ts";
import { servedBeyondAws } from "./beyond-aws.ts";
import { type BackendProblems, type FailingRoute, failingRoutes, unsentHeaders } from "./failing-routes.ts";
import type { ClosedParts } from "./pages/reference.ts";
import { apiIdOf } from "./publications/plan-source.ts";
import type { CacheGrant } from "./response-cache-budget.ts";
import { stageKinds } from "./served-stage.ts";
import { sharedAnswers } from "./shared-answers.ts";
import { type DescribedStage, describeStage } from "./stage-definitions.ts";
import { makeDomainsOfStage, type StageDomain } from "./stage-domains.ts";

export interface StageStatus extends DescribedStage {
  readonly account: string;
  readonly region: string;
  readonly apiId: string;
  /** The settings that are stored but have no effect yet. */
  readonly withoutEffect: readonly string[];
  /** The routes (`GET /pets`) that answer 501, and why. */
  readonly closedRoutes: readonly { readonly route: string; readonly reason: string }[];
  /** The routes that need an API key. */
  readonly keyedRoutes: readonly string[];
  readonly failingRoutes: readonly FailingRoute[];
  /** The routes that a server in AWS's place may not understand, and why. */
  readonly unsentHeaders: readonly { readonly route: string; readonly reason: string }[];
  /** The routes of which one cached answer goes to requests that should get others, and why. */
  readonly sharedAnswers: readonly { readonly route: string; readonly reason: string }[];
  /** The memory of the stage's response cache; absent if it has none. */
  readonly cache?: CacheGrant;
  /** The share of the requests that go to the stage's canary, and its deployment; absent if it has none. */
  readonly canary?: { readonly percentTraffic: number; readonly deploymentId: string };
  /** What the stage serves although AWS would refuse it unless a quota was raised. */
  readonly beyondAws: readonly string[];
  /** The custom domain names that lead to it. */
  readonly domains: readonly StageDomain[];
  /** Why the whole stage answers 501. */
  readonly problem?: string;
}

export interface StageStatusOptions {
  readonly store: Store;
  /**
   * Returns what the threads were told about a stage, and why they serve something else than the store says if they do.
   */
  readonly plan: (
    key: string,
  ) => { readonly value: Plan | undefined; readonly problem: string | undefined } | undefined;
  readonly problems: BackendProblems;
  readonly isAws: (service: AwsServicePlan) => boolean;
  /** Returns the memory of the cache of the stage of that key. */
  readonly cacheOf: (key: string) => CacheGrant | undefined;
  /** Returns what is published of a custom domain name. */
  readonly customDomain: (name: string) => CustomDomainPlan | undefined;
}

/** Returns for every stage what it serves, and how that differs from its definition. */
export async function readStageStatus(options: StageStatusOptions): Promise<readonly StageStatus[]> {
  const { store } = options;
  const found: StageStatus[] = [];
  const domainsOf = makeDomainsOfStage(await readDomains(options));
  const addresses = await Promise.all(stageKinds.map((kind) => store.addresses(kind)));
  for (const stage of addresses.flat()) {
    // One whose documents can't be read is closed and says so; it hides no other.
    const deployment = await store
      .read(stage.scope, (tx) => readDeployment(tx, stage))
      .catch(() => unreadableDeployment(stage));
    if (deployment !== undefined) {
      found.push({ ...deployment, ...describePlan(stage.id, options), domains: domainsOf(deployment) });
    }
    // A stage of a thousand operations takes 0.2 s, so other calls get a turn before the next stage.
    await aTurn();
  }
  return found;
}

async function readDomains({
  store,
  customDomain,
}: StageStatusOptions): Promise<ReadonlyMap<string, CustomDomainPlan>> {
  const found = new Map<string, CustomDomainPlan>();
  for (const { id } of await store.addresses(domainNameKinds.domainName)) {
    const plan = customDomain(id);
    if (plan !== undefined) found.set(id, plan);
  }
  return found;
}

type DeploymentStatus = Pick<StageStatus, "account" | "region" | "apiId" | keyof DescribedStage>;

const unreadableDeployment = ({ id, scope }: DocumentAddress): DeploymentStatus => ({
  account: scope.account,
  region: scope.region,
  apiId: apiIdOf(id),
  protocol: undefined,
  apiName: apiIdOf(id),
  stageName: id.slice(apiIdOf(id).length + 1),
  deploymentId: "",
  deployedAt: undefined,
  differences: [],
});

/** Reads a deployment. Returns undefined if the stage or its API was deleted in between. */
async function readDeployment(tx: Reader, { id, scope }: DocumentAddress): Promise<DeploymentStatus | undefined> {
  const apiId = apiIdOf(id);
  const described = await describeStage(tx, apiId, id.slice(apiId.length + 1));
  return described && { account: scope.account, region: scope.region, apiId, ...described };
}

function describePlan(
  key: string,
  { plan: find, problems, isAws, cacheOf }: StageStatusOptions,
): Omit<StageStatus, keyof DeploymentStatus | "domains"> {
  const plan = find(key)?.value;
  const { problem, routes } = closedParts(find(key));
  const cache = cacheOf(key);
  const canary = canaryOf(plan);
  return {
    withoutEffect: plan?.withoutEffect ?? [],
    closedRoutes: [...routes, ...closedPartsOfCanary(plan)],
    keyedRoutes: (plan?.methods ?? [])
      .filter(({ steps }) => steps.some(({ kind }) => kind === "api-key"))
      .map(({ routeKey }) => routeKey),
    failingRoutes: failingRoutes(plan, problems),
    unsentHeaders: unsentHeaders(plan, isAws),
    sharedAnswers: sharedAnswers(plan),
    ...(cache !== undefined && { cache }),
    ...(canary !== undefined && {
      canary: { percentTraffic: canary.percentTraffic, deploymentId: canary.plan.deploymentId },
    }),
    beyondAws: servedBeyondAws(plan),
    ...(problem !== undefined && { problem }),
  };
}

const canaryOf = (plan: Plan | undefined) => (plan !== undefined && "canary" in plan ? plan.canary : undefined);

/** Returns what of a stage's canary answers 501: routes, or all of it. */
function closedPartsOfCanary(plan: Plan | undefined): StageStatus["closedRoutes"] {
  const canary = canaryOf(plan)?.plan;
  if (canary === undefined) return [];
  const { problem, routes } = closedParts({ value: canary, problem: undefined });
  if (problem !== undefined) return [{ route: "the canary", reason: problem }];
  return routes.map(({ route, reason }) => ({ route: `${route} of the canary`, reason }));
}

/** Returns what of a stage answers 501, by what the threads were told of it. */
export const closedParts = (published: ReturnType<StageStatusOptions["plan"]>): ClosedParts => ({
  problem: published?.problem ?? published?.value?.closed,
  routes: (published?.value?.methods ?? []).flatMap(({ routeKey, steps }) => {
    const closed = steps.find((step) => step.kind === "closed");
    return closed ? [{ route: routeKey, reason: closed.reason }] : [];
  }),
});
