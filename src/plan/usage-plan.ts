/** What gateway threads know of a usage plan. It is no part of a stage's plan: a change is in effect without a deployment. */
export interface UsagePlanFacts {
  /** The number that keys name the plan by. */
  readonly slot: number;
  readonly account: string;
  readonly region: string;
  readonly id: string;
  readonly stages: readonly UsagePlanStage[];
  /** The limit of each key in all stages together. */
  readonly throttle?: ThrottleFacts;
  readonly quota?: QuotaFacts;
}

export interface UsagePlanStage {
  readonly apiId: string;
  readonly stageName: string;
  /** The limits of each key by method, such as `/pets/GET`, each in place of the plan's own. */
  readonly throttles: Readonly<Record<string, ThrottleFacts>>;
}

/** What is absent is the account's. */
export interface ThrottleFacts {
  readonly ratePerSecond?: number;
  readonly burst?: number;
}

export interface QuotaFacts {
  readonly limit: number;
  /** The number of requests that are subtracted in a key's first period. */
  readonly offset: number;
  readonly period: "DAY" | "WEEK" | "MONTH";
}
