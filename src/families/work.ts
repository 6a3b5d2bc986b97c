import type { CallContext } from "../protocol/operation.ts";
import type { Reader, Scope, Transaction } from "../store/store.ts";

/** An operation's input by the model's member names, where its type is not known. */
export type Input = Readonly<Record<string, unknown>>;

/**
 * One call at work in a transaction. Beside these members it has those of `Service`: what the operations of a service
 * need, such as its limits.
 */
export type Work<Service, In = unknown, ParentItem = unknown> = Service & CallInTransaction<In, ParentItem, Reader>;

/** A call at work in a transaction that it may write to. Its work may run more than once; only the last run counts. */
export type Change<Service, In = unknown, ParentItem = unknown> = Service &
  CallInTransaction<In, ParentItem, Transaction> & {
    /**
     * Adds work to do after the writes are committed and before the call is answered. It is not done if nothing is
     * committed. If it fails, the call fails, but the writes stay.
     */
    afterCommit(run: () => Promise<void>): void;
  };

/** The parent of other items, which an operation finds by its input. */
export interface Parent<Service, Item> {
  /**
   * Finds the item; throws AWS's 404 if it does not exist. `id` is its document's id, with which its children's ids
   * begin.
   */
  readonly locate: (work: Work<Service, Input>) => Promise<{ readonly item: Item; readonly id: string }>;
}

interface CallInTransaction<In, ParentItem, Tx extends Reader> {
  readonly input: In;
  readonly call: CallContext;
  readonly tx: Tx;
  /** The parent of the input's item; undefined if the operation declares no parent. */
  readonly parent: ParentItem;
  /** The id of the parent's document, with which its children's ids begin; empty without a parent. */
  readonly parentId: string;
}

/** A call that opens its own transactions, for work that takes too long, or does too much, to run inside one. */
export type OpenCall<Service, In = unknown> = Service & {
  readonly input: In;
  readonly call: CallContext;
  /** Runs reads against one consistent state; with a parent, the item that the input belongs to is found first. */
  read<Result, ParentItem>(
    run: (work: Work<Service, In, ParentItem>) => Promise<Result>,
    parent?: Parent<Service, ParentItem>,
  ): Promise<Result>;
  /** Runs writes in one transaction, and then the work that they added by `afterCommit`. */
  write<Result, ParentItem>(
    run: (work: Change<Service, In, ParentItem>) => Promise<Result>,
    parent?: Parent<Service, ParentItem>,
  ): Promise<Result>;
};

/** Returns the scope of the caller's account in the region of the call. */
export const regionalScope = ({ account, region }: Pick<CallContext, "account" | "region">): Scope => ({
  account,
  region,
});

/** Returns the time in seconds since 1970, as timestamps are stored and sent. */
export const nowSeconds = (call: CallContext): number => Math.floor(call.clock.now() / 1000);

/** Returns the ARN of who calls; of an access key that is an account's number, that account's root. */
export const callerArn = ({ caller, account }: CallContext): string => caller?.arn ?? `arn:aws:iam::${account}:root`;

/** Members that may be undefined, as a caller's input has them. */
type OptionalMembers<T> = { readonly [Member in keyof T]: T[Member] | undefined };

/**
 * Returns a copy without the members that are undefined, because absent members are absent on the wire and in the
 * store.
 */
export function present<T extends object>(members: OptionalMembers<T>): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}

/** Returns the map or list, or undefined if it is empty: AWS leaves empty ones out. */
export function nonEmpty<T extends object>(map: T | undefined): T | undefined {
  return map !== undefined && Object.keys(map).length > 0 ? map : undefined;
}
