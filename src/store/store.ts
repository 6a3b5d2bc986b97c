import type { IndexCondition } from "./indexes.ts";

/**
 * Documents, transactions and one ordered change feed. The store knows no kinds: bodies are plain JSON, and
 * what else than their ids they are found by is declared when it is opened (`Indexes`).
 *
 * Ids of children start with their parents' ids and a slash (`a1b2c3d4e5/prod`), so that a parent's children are one
 * range. Every method is asynchronous because PostgreSQL is; SQLite answers at once.
 */
export interface Store {
  /** Runs reads against one consistent state. `work` runs once. */
  read<T>(scope: Scope, work: (tx: Reader) => Promise<T>): Promise<T>;
  /**
   * Runs `work` as if it were alone, commits what it wrote and then resolves; the commit survives `kill -9`. If `work`
   * throws, nothing is written.
   *
   * `work` may run more than once, because PostgreSQL gives up transactions that it can't order. Only the last run counts:
   * `work` must have no effect but through `tx`, and what is to be done besides is done when the write has resolved. The
   * revision that the write left (its commit's, or the last one before it if it wrote nothing) goes to the caller's
   * `CommitRecorder`.
   */
  write<T>(scope: Scope, work: (tx: Transaction) => Promise<T>): Promise<T>;
  /**
   * All documents of a kind in every scope, in the order of (account, region, id): for start-up and for listings of
   * everything. What is looked up is found by its id, by an index, or by a claim on its id.
   */
  all<T>(kind: string): Promise<readonly StoredDocument<T>[]>;
  /** The revision of the last commit; 0 for an empty store. */
  revision(): Promise<number>;
  /** Calls back after each commit, in order, with what it changed. Returns what ends the subscription. */
  subscribe(listener: (changes: readonly Change[]) => void): () => void;
  /** Deletes every document (`POST /_portico/reset`). Subscribers see each as a deletion. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** Whose documents: an AWS account in a region. What must be unique everywhere lives in {@link everywhere}. */
export interface Scope {
  readonly account: string;
  readonly region: string;
}

/** The scope of documents that belong to no account (claims on globally unique ids). */
export const everywhere: Scope = { account: "*", region: "*" };

export interface StoredDocument<T> {
  readonly scope: Scope;
  readonly kind: string;
  readonly id: string;
  /** The revision of the commit that wrote it last. */
  readonly revision: number;
  readonly body: T;
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
  /** Documents whose id starts with `prefix`, in the order of their ids, after the id `after`. */
  list<T>(kind: string, options?: ListOptions): Promise<readonly StoredDocument<T>[]>;
  /** How many documents of the kind there are whose ids start with `prefix`. */
  count(kind: string, prefix?: string): Promise<number>;
  /** The same transaction, over another scope. */
  in(scope: Scope): Reader;
}

export interface ListOptions {
  readonly prefix?: string;
  readonly after?: string;
  readonly limit?: number;
  /** Only documents that an index of their kind, declared when the store was opened, has under such a key. */
  readonly where?: IndexCondition;
}

export interface Transaction extends Reader {
  put<T>(kind: string, id: string, body: T): Promise<void>;
  /** Deletes a document; one that is not there is no error. */
  delete(kind: string, id: string): Promise<void>;
  /** Deletes every document of the kind whose id starts with `prefix`. */
  deleteAll(kind: string, prefix: string): Promise<void>;
  in(scope: Scope): Transaction;
}
