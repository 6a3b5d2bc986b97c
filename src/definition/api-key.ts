/** API keys and usage plans. They belong to an account and a region, not to an API; times are seconds since 1970. */

export interface ApiKey {
  readonly id: string;
  /** The text that callers send. It is unique in its account and region. */
  readonly value: string;
  readonly name?: string;
  readonly description?: string;
  readonly customerId?: string;
  readonly enabled: boolean;
  readonly createdDate: number;
  /** How many keys had been made before it: it orders keys of one second. */
  readonly place?: number;
  readonly lastUpdatedDate: number;
  /** Stages as `{apiId}/{stageName}`. Keys had these before there were usage plans. */
  readonly stageKeys: readonly string[];
  /** Legacy: UpdateApiKey accepts labels, and no answer shows them. */
  readonly labels?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
}

export interface ThrottleSettings {
  readonly burstLimit?: number;
  readonly rateLimit?: number;
}

export interface QuotaSettings {
  readonly limit: number;
  /** The number of requests that are subtracted in the key's first period. */
  readonly offset: number;
  readonly period: "DAY" | "WEEK" | "MONTH";
}

export interface ApiStage {
  readonly apiId: string;
  readonly stage: string;
  /** The throttles by path and verb, such as `/pets/GET`; the root's are `//GET`. */
  readonly throttle?: Readonly<Record<string, ThrottleSettings>>;
}

export interface UsagePlan {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly apiStages: readonly ApiStage[];
  readonly throttle?: ThrottleSettings;
  readonly quota?: QuotaSettings;
  readonly productCode?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** A key's membership in a plan. Its name and value are the key's. */
export interface UsagePlanKey {
  readonly keyId: string;
  /** When the key joined: `offset` is subtracted from the quota of that period. */
  readonly createdDate: number;
  /** How many keys had joined before it: it orders keys that joined within one second. */
  readonly place?: number;
  /** The change by UpdateUsage to the quota of the one period that begins on that day. */
  readonly extension?: { readonly periodStart: string; readonly requests: number };
}

/** Returns a whole number as a text that sorts before those of smaller ones. */
const descending = (number: number): string => String(9_999_999_999 - number).padStart(10, "0");

/** Returns a text that sorts before those of what was made earlier; `place` tells apart what one second made. */
export const newestFirst = ({
  createdDate,
  place = 0,
}: {
  readonly createdDate: number;
  readonly place?: number;
}): string => `${descending(createdDate)}${descending(place)}`;

/** A key's requests in a plan in one month. */
export interface UsageMonth {
  /** The requests of each day, from the first of the month to the last one that had any. */
  readonly days: readonly number[];
}

/** The store's document kinds, in the account's and region's scope. Neither an id nor a day has a slash in it. */
export const keyKinds = {
  /** `{keyId}` → {@link ApiKey} */
  apiKey: "api-key",
  /** SHA-256 of the value, in hexadecimal → `{keyId}` of the key that has it */
  apiKeyValue: "api-key-value",
  /** `count` → `{count}`: the number of keys, because counting ten thousand takes time */
  apiKeyCount: "api-key-count",
  /** `{apiId}/{stageName}/{keyId}` → `{}`: the keys' legacy `stageKeys`, from the stage's side */
  keyOfStage: "api-key-of-stage",
  /** `{usagePlanId}` → {@link UsagePlan} */
  usagePlan: "usage-plan",
  /** `{usagePlanId}/{keyId}` → {@link UsagePlanKey} */
  usagePlanKey: "usage-plan-key",
  /** `{keyId}/{usagePlanId}` → `{}`: the same, from the key's side */
  planOfKey: "usage-plan-of-key",
  /** `{usagePlanId}` → `{joined}`: how many keys ever joined the plan */
  usagePlanJoins: "usage-plan-joins",
  /** `{YYYY-MM}/{usagePlanId}/{keyId}` (UTC) → {@link UsageMonth}; the oldest come first, to be deleted when their time is over */
  usageMonth: "usage-month",
} as const;
