import type { TlsIdentity } from "../../http/http1-client/open-socket.ts";
import type { Plan } from "../../plan/kinds.ts";
import type { Scope } from "../../store/store.ts";

/** What control publishes to the gateway threads, by kind: the value that a thread takes in under a key. */
export interface PublicationValues {
  /** A client certificate with its key, by `account/region/id`. Never logged. */
  readonly identity: TlsIdentity;
  /** What a stage serves, by `apiId/stageName`. */
  readonly plan: Plan;
  /** Routes (`GET /pets`) that a stage's definition has and the stage does not serve, for hints; by the plan's key. */
  readonly undeployed: readonly string[];
}

export type PublicationKind = keyof PublicationValues;

/** A message to every gateway thread: the value under the key is this one now; null: there is none any more. */
export type Publication<Kind extends PublicationKind = PublicationKind> = {
  readonly [K in Kind]: {
    readonly kind: K;
    readonly key: string;
    readonly revision: number;
    readonly value: PublicationValues[K] | null;
  };
}[Kind];

/** Names one published thing, and says whose documents it is made from. */
export interface PublicationName<Kind extends PublicationKind = PublicationKind> {
  readonly kind: Kind;
  readonly key: string;
  readonly scope: Scope;
}
