import type { IndexCondition } from "./indexes.ts";

/**
 * Documents, transactions and one ordered change feed. The store does not know kinds: bodies are plain JSON, and the
 * indexes by which documents are found besides their ids are declared when it is opened (`Indexes`).
 *
 * Ids of children start with their parents' ids and a slash (`a1b2c3d4e5/prod`), so that a parent's children are one
 * range. Every method is asynchronous because a store in PostgreSQL would be; SQLite answers at once.
 */
export interface Store {
  /** Runs reads against one consistent state. `work` runs once. */
  read<T>(scope: Scope, work: (tx: Reader) => Promise<T>): Promise<T>;
  /**
   * Runs `work` as if it were alone, commits what it wrote and then resolves; the commit survives `kill -9`. If `work`
   * throws, nothing is written.
   *
   * `work` may run more than once, because PostgreSQL gives up transactions that it can't order. Only the last run
   * counts, so `work` must have no effect except through `tx`; anything else is done when the write has resolved. The
   * revision that the write left (its commit's, or the last one before it if it wrote nothing) goes to the caller's
   * `CommitRecorder`.
   */
  write<T>(scope: Scope, work: (tx: Transaction) => Promise<T>): Promise<T>;
  /**
   * All documents of a kind in every scope, in the order of (account, region, id): for start-up and for listings of
   * everything. Single documents are found by their id, by an index, or by a claim on their id. One that can't be read
   * fails it, unless such ones are left out.
   */
  all<T>(kind: string, options?: { readonly leavesOutDamaged?: boolean }): Promise<readonly StoredDocument<T>[]>;
  /** Where all documents of a kind are, in that order. None is read, so one that can't be read hides no other. */
  addresses(kind: string): Promise<readonly DocumentAddress[]>;
  /** The accounts and regions that have documents of a kind. It costs a search for each of them, however many documents there are. */
  scopes(kind: string): Promise<readonly Scope[]>;
  /** The revision of the last commit; 0 for an empty store. */
  revision(): Promise<number>;
  /** Calls back after each commit, in order, with the changes. Returns the function that ends the subscription. */
  subscribe(listener: (changes: readonly Change[]) => void): () => void;
  /** Deletes every document (`POST /_portico/reset`). Subscribers see each as a deletion. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The owner of documents: an AWS account in a region. Documents that must be unique everywhere are in {@link
 * everywhere}.
 */
export interface Scope {
  readonly account: string;
  readonly region: string;
}

/** The scope of documents that belong to no account (claims on globally unique ids). */
export const everywhere: Scope = { account: "*", region: "*" };

/** Where a document is kept. */
export interface DocumentAddress {
  readonly scope: Scope;
  readonly kind: string;
  readonly id: string;
}

export interface StoredDocument<T> {
  readonly scope: Scope;
  readonly kind: string;
  readonly id: string;
  /** The revision of the commit that wrote it last. */
  readonly revision: number;
  readonly body: T;
  /** In a list in another order than that of ids: where the document stands in it. */
  readonly position?: string;
  /** Only in a list with `keepsDamaged`: why the document can't be read. It has no body then. */
  readonly damage?: string;
}

export interface Change {
  readonly revision: number;
  readonly scope: Scope;
  readonly kind: string;
  readonly id: string;
  readonly deleted: boolean;
}

export interface Reader {
  get<T>(kind: string, id: string): Promise<StoredDocument<T> | undefined>;
  /** Returns the documents whose id starts with `prefix`, in the order of their ids, after the id `after`. */
  list<T>(kind: string, options?: ListOptions): Promise<readonly StoredDocument<T>[]>;
  /** Returns the number of documents of the kind whose ids start with `prefix`. */
  count(kind: string, prefix?: string): Promise<number>;
  /** Returns the same transaction for another scope. */
  in(scope: Scope): Reader;
}

export interface ListOptions {
  readonly prefix?: string;
  readonly after?: string;
  readonly limit?: number;
  /**
   * Limits the list to documents that an index of their kind, declared when the store was opened, has under such a key.
   */
  readonly where?: IndexCondition;
  /**
   * Documents in another order than that of their ids: in the order in which they were first written ({@link
   * creationOrder}), or of their keys in this index; those without a key are left out, and no document has two. `after`
   * is then the position of a document. Not together with `where`.
   */
  readonly order?: string;
  /** A document that can't be read is in the list as {@link StoredDocument.damage}, instead of failing it. */
  readonly keepsDamaged?: boolean;
}

/**
 * The order in which documents were first written, the oldest first. Every kind has it, without an index: nothing is
 * written for it, and a list reads where all documents of its prefix stand, which costs a millisecond for 5,000.
 */
export const creationOrder = "creation";

export interface Transaction extends Reader {
  put<T>(kind: string, id: string, body: T): Promise<void>;
  /** Deletes a document. A document that does not exist is not an error. */
  delete(kind: string, id: string): Promise<void>;
  /** Deletes every document of the kind whose id starts with `prefix`. */
  deleteAll(kind: string, prefix: string): Promise<void>;
  in(scope: Scope): Transaction;
}
