import { type Difference, diffDefinitions, routesOf } from "../definition/diff.ts";
import {
  type Deployment,
  type RestApi,
  type RestApiDefinition,
  restKinds,
  type Stage,
} from "../definition/rest-api.ts";
import { vpcLinkKind } from "../definition/vpc-link.ts";
import type { NamedIdentity } from "../gateway/integrations/tls-identities.ts";
import { readDefinition } from "../management/rest/definition-documents.ts";
import { emptyPlan } from "../plan/empty-plan.ts";
import type { Plan } from "../plan/kinds.ts";
import { iamKinds } from "../services/iam/documents.ts";
import type { Source } from "../services/iam/load-role.ts";
import type { Change, Reader, Scope, Store } from "../store/store.ts";
import type { Logger } from "../telemetry/logger.ts";
import { routesBeyondAws } from "./beyond-aws.ts";
import { type CompiledStage, type CompileSettings, compileStage, type StageContent } from "./compile-stage.ts";
import { type FailingRoute, failingRoutes, type ServiceProblem } from "./failing-routes.ts";
import type { ToThread } from "./messages.ts";

export interface ReconcilerOptions extends CompileSettings {
  readonly store: Store;
  /** To every gateway thread. */
  readonly post: (message: ToThread) => void;
  /** For the status only: services are found in the threads. */
  readonly serviceProblem: ServiceProblem;
  readonly logger: Logger;
}

/** What the threads were told of a stage. */
interface PublishedStage {
  readonly scope: Scope;
  readonly revision: number;
  readonly plan: Plan;
  readonly undeployed: readonly string[];
  /** The client certificate that it shows to backends. */
  readonly identity: NamedIdentity | undefined;
  /** What else it was made from, by {@link keyOf}. */
  readonly sources: ReadonlySet<string>;
  /** Why the stage's latest change is not served. */
  readonly problem?: string;
}

export interface StageStatus {
  readonly account: string;
  readonly region: string;
  readonly apiId: string;
  readonly apiName: string;
  readonly stageName: string;
  readonly deploymentId: string;
  /** Seconds since 1970. */
  readonly deployedAt: number | undefined;
  /** What deploying now would change. */
  readonly differences: readonly Difference[];
  /** Settings that are stored and have no effect yet. */
  readonly withoutEffect: readonly string[];
  /** Routes (`GET /pets`) that answer 501, and why. */
  readonly closedRoutes: readonly { readonly route: string; readonly reason: string }[];
  readonly failingRoutes: readonly FailingRoute[];
  /** What is served and AWS would refuse, unless a quota was raised there. */
  readonly beyondAws: readonly string[];
  /** Why the whole stage answers 501, or why its latest change is not served. */
  readonly problem?: string;
}

/** How long changes to a definition are gathered before the hints about them are made anew. */
const undeployedDelayMs = 200;

/** Kinds of documents that stages are made from besides their definitions. */
const sourceKinds: ReadonlySet<string> = new Set([vpcLinkKind, ...Object.values(iamKinds)]);

/** Kinds whose documents are parts of a definition; their ids begin with the API's. */
const definitionKinds: ReadonlySet<string> = new Set([restKinds.restApi, restKinds.resource, restKinds.model]);

/**
 * Keeps the gateway threads in step with the store: sees what changed, compiles the stages it concerns, and sends the
 * plans out. The only way from a definition to what is served.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #served = new Map<string, PublishedStage>();
  readonly #staleStages = new Map<string, Scope>();
  readonly #staleApis = new Map<string, Scope>();
  /** What changed while a stage was compiled, which may have read it before, by {@link keyOf}. */
  readonly #changedMeanwhile = new Set<string>();
  #unsubscribe: () => void = () => undefined;
  /** The last commit that touched a stage, and the last one whose plans are with the threads. */
  #neededRevision = 0;
  #sentRevision = 0;
  #work: Promise<void> = Promise.resolve();
  #hints: Promise<void> = Promise.resolve();
  #isScheduled = false;
  #isCompiling = false;
  #undeployedTimer: NodeJS.Timeout | undefined;
  #hasStarted = false;
  #isClosed = false;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** Compiles every stage there is, and follows the store from then on. */
  async start(): Promise<void> {
    const { store } = this.#options;
    this.#unsubscribe = store.subscribe((changes) => this.#see(changes));
    this.#neededRevision = await store.revision();
    for (const { id, scope } of await store.all<Stage>(restKinds.stage)) {
      this.#staleStages.set(id, scope);
      this.#staleApis.set(apiIdOf(id), scope);
    }
    this.#schedule();
    await this.#work;
    this.#scheduleUndeployed();
  }

  /** Resolves with the revision that the threads must have applied for everything committed so far to be in effect. */
  async caughtUp(): Promise<number> {
    while (this.#sentRevision < this.#neededRevision && !this.#isClosed) await this.#work;
    return this.#neededRevision;
  }

  /** What a thread that starts must be told. */
  *replay(): Generator<ToThread> {
    for (const [key, { revision, plan, undeployed, identity }] of this.#served) {
      if (identity !== undefined) yield { kind: "identity", ...identity };
      yield { kind: "plan", key, revision, plan };
      if (undeployed.length > 0) yield { kind: "undeployed", key, routes: undeployed };
    }
    // Before that a thread does not serve yet: it would answer for stages that it has not heard of.
    if (this.#hasStarted) yield { kind: "revision", revision: this.#sentRevision };
  }

  /** Every stage, and how it differs from its definition. */
  async status(): Promise<readonly StageStatus[]> {
    const found: StageStatus[] = [];
    for (const { id, scope, body: stage } of await this.#options.store.all<Stage>(restKinds.stage)) {
      const apiId = apiIdOf(id);
      const status = await this.#options.store.read(scope, async (tx) => {
        const current = await loadDefinition(tx, apiId);
        const deploymentId = `${apiId}/${stage.deploymentId}`;
        const snapshot = await tx.get<RestApiDefinition>(restKinds.snapshot, deploymentId);
        const deployment = await tx.get<Deployment>(restKinds.deployment, deploymentId);
        if (current === undefined) return undefined;
        return {
          apiName: current.restApi.name,
          deployedAt: deployment?.body.createdDate,
          differences: snapshot === undefined ? [] : diffDefinitions(snapshot.body, current),
        };
      });
      if (status === undefined) continue;
      const served = this.#served.get(id);
      const problem = served?.problem ?? served?.plan.closed;
      found.push({
        account: scope.account,
        region: scope.region,
        apiId,
        stageName: stage.stageName,
        deploymentId: stage.deploymentId,
        ...status,
        withoutEffect: served?.plan.withoutEffect ?? [],
        closedRoutes: closedRoutes(served?.plan),
        failingRoutes: failingRoutes(served?.plan, this.#options.serviceProblem),
        beyondAws: routesBeyondAws(served?.plan),
        ...(problem !== undefined && { problem }),
      });
    }
    return found;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#unsubscribe();
    clearTimeout(this.#undeployedTimer);
    await this.#work;
    await this.#hints;
  }

  #see(changes: readonly Change[]): void {
    for (const { kind, id, scope, revision } of changes) {
      if (kind === restKinds.stage) {
        this.#staleStages.set(id, scope);
        this.#staleApis.set(apiIdOf(id), scope);
        this.#neededRevision = Math.max(this.#neededRevision, revision);
      } else if (sourceKinds.has(kind)) {
        this.#seeSource(keyOf({ scope, kind, id }), revision);
      } else if (definitionKinds.has(kind)) {
        this.#staleApis.set(apiIdOf(id), scope);
      }
    }
    if (this.#staleStages.size > 0) this.#schedule();
    if (this.#staleApis.size > 0) this.#scheduleUndeployed();
  }

  #seeSource(source: string, revision: number): void {
    for (const [key, { scope, sources }] of this.#served) {
      if (!sources.has(source)) continue;
      this.#staleStages.set(key, scope);
      this.#neededRevision = Math.max(this.#neededRevision, revision);
    }
    if (!this.#isCompiling) return;
    this.#changedMeanwhile.add(source);
    this.#neededRevision = Math.max(this.#neededRevision, revision);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    this.#work = this.#work.then(() => this.#reconcile());
  }

  async #reconcile(): Promise<void> {
    this.#isScheduled = false;
    // Taken before the work: what is committed during it is the next round's.
    const revision = this.#neededRevision;
    const stale = [...this.#staleStages];
    this.#staleStages.clear();
    for (const [id, scope] of stale) {
      this.#isCompiling = true;
      await this.#reconcileStage(id, scope, revision);
      this.#isCompiling = false;
      const sources = this.#served.get(id)?.sources;
      for (const changed of this.#changedMeanwhile)
        if (sources?.has(changed) === true) this.#staleStages.set(id, scope);
      this.#changedMeanwhile.clear();
    }
    this.#sentRevision = revision;
    this.#hasStarted = true;
    this.#options.post({ kind: "revision", revision });
  }

  async #reconcileStage(id: string, scope: Scope, revision: number): Promise<void> {
    const { post, logger } = this.#options;
    const before = this.#served.get(id);
    try {
      const made = await this.#plan(id, scope);
      if (made === undefined) {
        // An API of another account may have taken the id since; its own change brings its plan.
        if (before === undefined || !isSameScope(before.scope, scope)) return;
        this.#served.delete(id);
        post({ kind: "plan", key: id, revision, plan: null });
        this.#forgetIdentity(before.identity);
        return;
      }
      const { plan, identity } = made;
      const sources = new Set(made.sources.map(keyOf));
      const beyondAws = routesBeyondAws(plan);
      if (beyondAws.length > 0) logger.warn("A stage serves what AWS would refuse.", { stage: id, beyondAws });
      this.#served.set(id, { scope, revision, plan, undeployed: before?.undeployed ?? [], identity, sources });
      if (identity !== undefined) post({ kind: "identity", ...identity });
      post({ kind: "plan", key: id, revision, plan });
      this.#forgetIdentity(before?.identity);
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      logger.error("A stage can't be compiled.", {
        stage: id,
        served: before ? "its last program" : "nothing",
        error: error instanceof Error ? error.stack : problem,
      });
      // An earlier program goes on serving; without one the stage answers 501 with the reason.
      const plan = before?.plan ?? closedPlan(id, scope, `this stage can't be compiled: ${problem}`);
      const kept = {
        undeployed: before?.undeployed ?? [],
        identity: before?.identity,
        sources: before?.sources ?? new Set<string>(),
      };
      this.#served.set(id, { scope, revision, plan, ...kept, problem });
      if (before === undefined) post({ kind: "plan", key: id, revision, plan });
    }
  }

  #forgetIdentity(identity: NamedIdentity | undefined): void {
    if (identity === undefined) return;
    for (const served of this.#served.values()) if (served.identity?.key === identity.key) return;
    this.#options.post({ kind: "identity", key: identity.key, identity: null });
  }

  #plan(id: string, scope: Scope): Promise<CompiledStage | undefined> {
    const load = async (tx: Reader): Promise<StageContent | undefined> => {
      const stage = await tx.get<Stage>(restKinds.stage, id);
      if (stage === undefined) return undefined;
      const snapshotId = `${apiIdOf(id)}/${stage.body.deploymentId}`;
      const snapshot = await tx.get<RestApiDefinition>(restKinds.snapshot, snapshotId);
      if (snapshot === undefined) throw new Error(`the deployment ${stage.body.deploymentId} has no snapshot`);
      return { kind: "rest", definition: snapshot.body, stage: stage.body };
    };
    return compileStage(this.#options.store, scope, load, this.#options);
  }

  #scheduleUndeployed(): void {
    if (this.#isClosed || this.#staleApis.size === 0) return;
    this.#undeployedTimer ??= setTimeout(() => {
      this.#undeployedTimer = undefined;
      // Beside the work on stages: a deployment must not wait for hints.
      this.#hints = this.#hints.then(() => this.#findUndeployed());
    }, undeployedDelayMs);
  }

  async #findUndeployed(): Promise<void> {
    const stale = [...this.#staleApis];
    this.#staleApis.clear();
    for (const [apiId, scope] of stale) {
      if (this.#isClosed) return;
      try {
        await this.#findUndeployedRoutes(apiId, scope);
      } catch (error) {
        // Only hints depend on it.
        this.#options.logger.warn("Undeployed routes can't be told.", { apiId, error: String(error) });
      }
    }
  }

  async #findUndeployedRoutes(apiId: string, scope: Scope): Promise<void> {
    const { store, post } = this.#options;
    const keys = [...this.#served.keys()].filter((key) => apiIdOf(key) === apiId);
    if (keys.length === 0) return;
    const current = await store.read(scope, (tx) => loadDefinition(tx, apiId));
    if (current === undefined) return;
    const routes = routesOf(current);
    for (const key of keys) {
      const served = this.#served.get(key);
      if (served === undefined || !isSameScope(served.scope, scope)) continue;
      const deployed = new Set(served.plan.methods.map(({ routeKey }) => routeKey));
      const undeployed = routes.filter((route) => !deployed.has(route));
      if (undeployed.join() === served.undeployed.join()) continue;
      this.#served.set(key, { ...served, undeployed });
      post({ kind: "undeployed", key, routes: undeployed });
    }
  }
}

async function loadDefinition(tx: Reader, apiId: string): Promise<RestApiDefinition | undefined> {
  const restApi = await tx.get<RestApi>(restKinds.restApi, apiId);
  return restApi && readDefinition(tx, restApi.body);
}

const closedRoutes = (plan: Plan | undefined): StageStatus["closedRoutes"] =>
  (plan?.methods ?? []).flatMap(({ routeKey, steps }) => {
    const closed = steps.find((step) => step.kind === "closed");
    return closed ? [{ route: routeKey, reason: closed.reason }] : [];
  });

const keyOf = ({ scope, kind, id }: Source): string => `${scope.account}/${scope.region}/${kind}/${id}`;

const apiIdOf = (id: string): string => id.split("/", 1)[0] ?? id;

const isSameScope = (a: Scope, b: Scope): boolean => a.account === b.account && a.region === b.region;

/** A plan that answers everything with 501 and the reason: nothing passes because it could not be compiled. */
function closedPlan(id: string, { account, region }: Scope, reason: string): Plan {
  const apiId = apiIdOf(id);
  const stageName = id.slice(apiId.length + 1);
  return emptyPlan({ account, region, apiId, apiName: apiId, stageName, deploymentId: "", closed: reason });
}
