import type { RestApi } from "../../definition/rest-api.ts";
import { restKinds } from "../../definition/rest-api.ts";
import { limitExceeded, notFound } from "../../protocol/errors.ts";
import type { CallContext } from "../../protocol/operation.ts";
import type { Reader, Scope, Store, Transaction } from "../../store/store.ts";
import { limitMessage, type RestLimit, type RestLimits } from "./limits.ts";
import type { AuthorizerTestRun } from "./test-authorizer.ts";
import type { TestInvocation } from "./test-invoke.ts";

/** What the operations of REST APIs are made with. */
export interface Dependencies {
  readonly store: Store;
  readonly limits: RestLimits;
  /** Absent: TestInvokeMethod answers 501. */
  readonly testInvocation?: TestInvocation;
  /** Absent: TestInvokeAuthorizer answers 501. */
  readonly authorizerTest?: AuthorizerTestRun;
  /**
   * With `relaxed`, imports accept what AWS refuses, and warn of it.
   * See docs/internals/architecture.md, "Faithful, and lenient by name".
   */
  readonly profile?: "aws" | "relaxed";
}

/** An operation's input, by the model's member names; the protocol layer has checked it against the model. */
export type Input = Readonly<Record<string, unknown>>;

/** One call at work: its input and the transaction that it runs in. */
export interface Work<In = Input, Tx extends Reader = Reader> {
  readonly input: In;
  readonly call: CallContext;
  readonly tx: Tx;
  readonly limits: RestLimits;
  readonly profile: "aws" | "relaxed";
}

/** A call that may write. */
export type Change<In = Input> = Work<In, Transaction>;

export const scopeOf = (call: CallContext): Scope => ({ account: call.account, region: call.region });

/** Seconds since 1970, as timestamps are stored and sent. */
export const nowSeconds = (call: CallContext): number => Math.floor(call.clock.now() / 1000);

/** The API that the input names. */
export async function requireApi(work: Work): Promise<RestApi> {
  const apiId = work.input["restApiId"] as string;
  const stored = await work.tx.get<RestApi>(restKinds.restApi, apiId);
  if (stored === undefined) throw notFound(`Invalid API identifier specified ${work.call.account}:${apiId}`);
  return stored.body;
}

/** Every document of a kind that belongs to an API, in the order of their ids. */
export async function childrenOf<Item>(tx: Reader, kind: string, apiId: string): Promise<readonly Item[]> {
  const stored = await tx.list<Item>(kind, { prefix: `${apiId}/` });
  return stored.map((document) => document.body);
}

/** Refuses what would go over one of the limits; `count` is how many there are already. */
export function requireRoom(work: Work, limit: RestLimit, count: number): void {
  if (count >= work.limits[limit]) throw limitExceeded(limitMessage(limit));
}

/** An id that is not taken yet among an API's documents of a kind. */
export async function freshId(work: Work, kind: string, apiId: string, length: number): Promise<string> {
  for (;;) {
    const id = work.call.ids.id(length);
    if ((await work.tx.get(kind, `${apiId}/${id}`)) === undefined) return id;
  }
}

/** Members that may be undefined, as a caller's input has them. */
type Loose<T> = { readonly [Member in keyof T]: T[Member] | undefined };

/** A copy without the members that are undefined: absent members are absent on the wire and in the store. */
export function present<T extends object>(members: Loose<T>): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}

/** The map, or undefined for an empty one: AWS leaves empty maps out. */
export function nonEmpty<T extends object>(map: T | undefined): T | undefined {
  return map !== undefined && Object.keys(map).length > 0 ? map : undefined;
}

/** An id that is not taken yet among the account's documents of a kind. */
export async function freshAccountId(work: Work, kind: string, length: number): Promise<string> {
  for (;;) {
    const id = work.call.ids.id(length);
    if ((await work.tx.get(kind, id)) === undefined) return id;
  }
}
