import type { CallContext } from "../protocol/operation.ts";
import type { Reader, Scope, Transaction } from "../store/store.ts";

/** An operation's input by the model's member names, before its type is known. */
export type Input = Readonly<Record<string, unknown>>;

/**
 * One call at work in a transaction. Beside these members it has those of `Service`: what the operations of a service are
 * made with, such as its limits.
 */
export type Work<Service, In = unknown, ParentItem = unknown> = Service & CallInTransaction<In, ParentItem, Reader>;

/** A call at work in a transaction that it may write to. Its work may run more than once; only the last run counts. */
export type Change<Service, In = unknown, ParentItem = unknown> = Service &
  CallInTransaction<In, ParentItem, Transaction> & {
    /**
     * Adds what is to be done once the writes are committed, and before the call is answered. It is not done if nothing
     * is committed; if it fails, so does the call, and the writes stay.
     */
    afterCommit(run: () => Promise<void>): void;
  };

/** What other items belong to, as an operation finds it by its input. */
export interface Parent<Service, Item> {
  /** Finds the item; throws AWS's 404 if it is not there. `id` is its document's, which its children's begin with. */
  readonly locate: (work: Work<Service, Input>) => Promise<{ readonly item: Item; readonly id: string }>;
}

interface CallInTransaction<In, ParentItem, Tx extends Reader> {
  readonly input: In;
  readonly call: CallContext;
  readonly tx: Tx;
  /** What the input's item belongs to; undefined where the operation declares no parent. */
  readonly parent: ParentItem;
  /** The id of the parent's document, with which its children's begin; empty without a parent. */
  readonly parentId: string;
}

/** A call that opens its own transactions, for what takes too long, or does too much, to run inside of one. */
export type OpenCall<Service, In = unknown> = Service & {
  readonly input: In;
  readonly call: CallContext;
  /** Runs reads against one consistent state; with a parent, what the input is about is found first. */
  read<Result, ParentItem>(
    run: (work: Work<Service, In, ParentItem>) => Promise<Result>,
    parent?: Parent<Service, ParentItem>,
  ): Promise<Result>;
  /** Runs writes in one transaction, and then what they added by `afterCommit`. */
  write<Result, ParentItem>(
    run: (work: Change<Service, In, ParentItem>) => Promise<Result>,
    parent?: Parent<Service, ParentItem>,
  ): Promise<Result>;
};

/** The documents of the caller's account in the region of the call. */
export const regionalScope = ({ account, region }: CallContext): Scope => ({ account, region });

/** Seconds since 1970, as timestamps are stored and sent. */
export const nowSeconds = (call: CallContext): number => Math.floor(call.clock.now() / 1000);

/** Members that may be undefined, as a caller's input has them. */
type OptionalMembers<T> = { readonly [Member in keyof T]: T[Member] | undefined };

/** A copy without the members that are undefined: absent members are absent on the wire and in the store. */
export function present<T extends object>(members: OptionalMembers<T>): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}

/** The map or list, or undefined for an empty one: AWS leaves empty ones out. */
export function nonEmpty<T extends object>(map: T | undefined): T | undefined {
  return map !== undefined && Object.keys(map).length > 0 ? map : undefined;
}
