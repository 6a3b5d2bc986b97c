import type { Identity } from "../../access/principal.ts";
import type { PublishedAccessKey, PublishedPolicy } from "../../gateway/known-callers.ts";
import type { TlsIdentity } from "../../http/http1-client/open-socket.ts";
import type { CustomDomainPlan } from "../../plan/custom-domain.ts";
import type { Plan, PlanKind } from "../../plan/kinds.ts";
import type { UsagePlanFacts } from "../../plan/usage-plan.ts";
import type { CacheMemory } from "../../response-cache/cache-memory.ts";
import type { Scope } from "../../store/store.ts";
import type { SamplingRule } from "../../telemetry/sampling-rule.ts";
import type { PublishedWebAcl } from "../../waf/web-acl.ts";

/** What control publishes to the gateway threads, by kind: the value that a thread stores under a key. */
export interface PublicationValues {
  /** The key that session tokens are sealed with, in base64, by `key`. It is never logged. */
  readonly "session-key": string;
  /** A customer's managed policy, which sessions may be limited to, by `account/name`. */
  readonly "iam-policy": PublishedPolicy;
  /** Users and roles with all their policies, by `account/name`. */
  readonly "iam-user": Identity;
  readonly "iam-role": Identity;
  /** An access key with its secret, by its id. It is never logged. */
  readonly "access-key": PublishedAccessKey;
  /** A client certificate with its private key, by `account/region/id`. It is never logged. */
  readonly identity: TlsIdentity;
  /** A web ACL that a stage names, with all that it refers to; by its ARN. */
  readonly "web-acl": PublishedWebAcl;
  /** A sampling rule of X-Ray, by `account/region/name`. */
  readonly "sampling-rule": SamplingRule;
  /** The memory of a stage's response cache, with the key that its entries are encrypted with; by the stage's key. */
  readonly "response-cache": CacheMemory;
  /** The memory in which the requests of a stage with a canary count; by the stage's key. */
  readonly "canary-counts": SharedArrayBuffer;
  /** A usage plan, by `account/region/id`. */
  readonly "usage-plan": UsagePlanFacts;
  /** A public custom domain name, with its rules and mappings; by its name. */
  readonly "custom-domain": CustomDomainPlan;
  /** The kind of an API that is no REST API, by its id. */
  readonly "api-kind": PlanKind;
  /** The plan that a stage serves, by `apiId/stageName`. */
  readonly plan: Plan;
  /**
   * The routes (`GET /pets`) that a stage's definition has and the stage does not serve, for hints; by the plan's key.
   */
  readonly undeployed: readonly string[];
}

export type PublicationKind = keyof PublicationValues;

/** A message to every gateway thread: the new value under the key, or null if there is none any more. */
export type Publication<Kind extends PublicationKind = PublicationKind> = {
  readonly [K in Kind]: {
    readonly kind: K;
    readonly key: string;
    readonly revision: number;
    readonly value: PublicationValues[K] | null;
  };
}[Kind];

/** The name of one published thing, with the account and region of the documents that it is made from. */
export interface PublicationName<Kind extends PublicationKind = PublicationKind> {
  readonly kind: Kind;
  readonly key: string;
  readonly scope: Scope;
}
