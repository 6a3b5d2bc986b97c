import type { ThrottleLimit } from "../limits/throttles.ts";
import type { Bucket } from "../limits/token-buckets.ts";
import type { ThrottleFacts, UsagePlanFacts } from "../plan/usage-plan.ts";

/** A limit of each key. */
export interface KeyThrottle extends ThrottleLimit {
  /** The part of the name of each key's bucket that is the method's; undefined if the limit is for all methods together. */
  readonly method: Bucket | undefined;
}

/** A usage plan, as one of its stages has it. */
export interface PlanOfStage {
  readonly plan: UsagePlanFacts;
  readonly throttle: KeyThrottle | undefined;
  /** The limits of methods, such as `/pets/GET`, each in place of `throttle`. */
  readonly throttles: ReadonlyMap<string, KeyThrottle>;
}

interface StageEntry {
  readonly plans: Map<number, PlanOfStage>;
  /** The programs that read the entry. */
  holders: number;
}

export interface UsagePlansOptions {
  readonly bucketOf: (name: string) => Bucket;
  /** The limit of every account. */
  readonly account: ThrottleLimit;
}

interface StageName {
  readonly account: string;
  readonly region: string;
  readonly apiId: string;
  readonly stageName: string;
}

/** The usage plans that a thread knows, by the stages that they are for. */
export class UsagePlans {
  readonly #options: UsagePlansOptions;
  readonly #plans = new Map<string, UsagePlanFacts>();
  readonly #stages = new Map<string, StageEntry>();

  constructor(options: UsagePlansOptions) {
    this.#options = options;
  }

  /** Takes in what became of a plan. */
  set(key: string, plan: UsagePlanFacts | null): void {
    const before = this.#plans.get(key);
    for (const { apiId, stageName } of before?.stages ?? []) {
      const name = stageText({ ...before!, apiId, stageName });
      this.#stages.get(name)?.plans.delete(before!.slot);
      this.#dropIfUnused(name);
    }
    if (plan === null) {
      this.#plans.delete(key);
      return;
    }
    this.#plans.set(key, plan);
    const throttle = plan.throttle && { ...this.#limit(plan.throttle), method: undefined };
    for (const { apiId, stageName, throttles } of plan.stages) {
      const name = stageText({ ...plan, apiId, stageName });
      const ofMethods = Object.entries(throttles).map(([method, own]) => {
        const limit = this.#limit({ ...plan.throttle, ...own });
        return [method, { ...limit, method: this.#options.bucketOf(`${name} ${method}`) }] as const;
      });
      this.#entry(name).plans.set(plan.slot, { plan, throttle, throttles: new Map(ofMethods) });
    }
  }

  /** Returns the plans of a stage by their slots, which follow every change until they are released. */
  hold(stage: StageName): { readonly plans: ReadonlyMap<number, PlanOfStage>; readonly release: () => void } {
    const name = stageText(stage);
    const entry = this.#entry(name);
    entry.holders++;
    return {
      plans: entry.plans,
      release: () => {
        entry.holders--;
        this.#dropIfUnused(name);
      },
    };
  }

  /** Unconfirmed: what is left out is the account's; see docs/compatibility.md, "a usage plan's throttles". */
  #limit({ ratePerSecond, burst }: ThrottleFacts): ThrottleLimit {
    const { account } = this.#options;
    return { ratePerSecond: ratePerSecond ?? account.ratePerSecond, burst: burst ?? account.burst };
  }

  #entry(name: string): StageEntry {
    const entry = this.#stages.get(name) ?? { plans: new Map(), holders: 0 };
    this.#stages.set(name, entry);
    return entry;
  }

  #dropIfUnused(name: string): void {
    const entry = this.#stages.get(name);
    if (entry?.holders === 0 && entry.plans.size === 0) this.#stages.delete(name);
  }
}

/** Plans are for stages of their own account and region only. */
const stageText = ({ account, region, apiId, stageName }: StageName): string =>
  `${account}/${region}/${apiId}/${stageName}`;
