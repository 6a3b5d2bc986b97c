import { AsyncLocalStorage } from "node:async_hooks";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { assert } from "../base/assert.ts";
import { bounds } from "../base/bounds.ts";
import { StorageFailure } from "../base/storage-failure.ts";
import { checkStore } from "./check-store.ts";
import { type CommitMark, openCommitMark } from "./commit-mark.ts";
import { CommitRecorder } from "./commit-recorder.ts";
import {
  type DocumentKeys,
  type IndexCondition,
  type Indexes,
  keyRange,
  keysOf,
  noKeys,
  requireIndex,
} from "./indexes.ts";
import {
  compareIds,
  type Entry,
  type Image,
  isPlaceOfNew,
  Layer,
  type LayerEntry,
  partsOfPosition,
  placeOfNew,
  placeOfRow,
  positionOf,
  rowOfPlace,
  type Source,
} from "./layer.ts";
import { insertIndexEntry, openDatabase } from "./sqlite-database.ts";
import {
  type Change,
  creationOrder,
  type DocumentAddress,
  type ListOptions,
  type Reader,
  type Scope,
  type Store,
  type StoredDocument,
  type Transaction,
} from "./store.ts";

export interface SqliteStoreOptions {
  /** The database's file; undefined keeps everything in memory, for tests. */
  readonly path?: string;
  /** The indexes by which documents are found besides their ids. Indexes that the file does not have yet are built. */
  readonly indexes?: Indexes;
  /** Told of each document that a list left out because it can't be read. */
  readonly onDamaged?: (document: DocumentAddress, damage: string) => void;
  /** A transaction that runs longer than this fails, so that a stuck one can't hold up all writers. */
  readonly transactionMsMax?: number;
}

/** A prefix with this character is greater than every id that starts with the prefix; no id may contain it. */
const lastCharacter = "\u{10ffff}";
/** SQLite orders a blob after every text. */
const aboveEveryText = new Uint8Array(1);

/**
 * Opens the embedded store. Throws a `UserError` for a file that is not a store, is damaged, or belongs to a newer
 * Portico.
 *
 * Writers run one after another. Each sees what those before it wrote, without waiting for the disk; their commits are
 * collected, so that concurrent writers share one `fsync`. Until then a transaction lives in a layer of its own, so
 * nobody else can see it, and dropping the layer undoes it. A layer also keeps the earlier documents for readers that
 * are under way when a commit happens.
 */
export function openSqliteStore(options: SqliteStoreOptions = {}): Store {
  const { path, indexes = {}, transactionMsMax = bounds.storeTransactionMsMax.value, onDamaged = ignore } = options;
  if (path !== undefined) checkStore(path);
  const database = openDatabase(path, indexes);
  const mark = path === undefined ? undefined : openCommitMark(path);
  return new SqliteStore(database, { indexes, transactionMsMax, mark, onDamaged });
}

interface Waiter {
  readonly changes: readonly Change[];
  settle(error: unknown): void;
}

/** A writer's turn: the result of its work, and the revision that it left, once that is on the disk. */
interface Turn<T> {
  readonly result: T;
  readonly committed: Promise<number>;
}

class SqliteStore implements Store {
  readonly #database: DatabaseSync;
  readonly #base: DatabaseSource;
  readonly #indexes: Indexes;
  readonly #transactionMsMax: number;
  readonly #mark: CommitMark | undefined;
  readonly #onDamaged: Required<SqliteStoreOptions>["onDamaged"];
  /** What is written and not yet committed; the layers of transactions are above it. */
  readonly #pending: Layer;
  readonly #readers = new Set<Layer>();
  readonly #listeners = new Set<(changes: readonly Change[]) => void>();
  readonly #context = new AsyncLocalStorage<{ isOpen: boolean }>();
  #waiters: Waiter[] = [];
  #writers: Promise<unknown> = Promise.resolve();
  #committedRevision: number;
  #revision: number;
  /** How many documents were put since the store was opened: it orders those that have no row yet. */
  #made = 0;
  /** The number of failed commits: a transaction that read what one of them lost must fail as well. */
  #lostCommits = 0;
  #flush: NodeJS.Immediate | undefined;
  #isClosed = false;

  constructor(
    database: DatabaseSync,
    {
      indexes,
      transactionMsMax,
      mark,
      onDamaged,
    }: Required<Pick<SqliteStoreOptions, "indexes" | "transactionMsMax" | "onDamaged">> & {
      readonly mark: CommitMark | undefined;
    },
  ) {
    this.#database = database;
    this.#base = new DatabaseSource(database, indexes);
    this.#indexes = indexes;
    this.#transactionMsMax = transactionMsMax;
    this.#pending = new Layer(this.#base);
    this.#committedRevision = this.#revision = this.#base.revision();
    this.#mark = mark;
    this.#onDamaged = onDamaged;
    mark?.write(this.#committedRevision);
  }

  async read<T>(scope: Scope, work: (tx: Reader) => Promise<T>): Promise<T> {
    this.#assertOpen();
    const layer = new Layer(this.#base);
    this.#readers.add(layer);
    try {
      return await work(new LayerReader(layer, scope, this.#state(0)));
    } finally {
      this.#readers.delete(layer);
    }
  }

  async write<T>(scope: Scope, work: (tx: Transaction) => Promise<T>): Promise<T> {
    assert(this.#context.getStore()?.isOpen !== true, "a write inside a write would wait for itself");
    return this.#inTurn(() => this.#transact(scope, work));
  }

  async all<T>(
    kind: string,
    { leavesOutDamaged = false }: { readonly leavesOutDamaged?: boolean } = {},
  ): Promise<readonly StoredDocument<T>[]> {
    this.#assertOpen();
    const entries = this.#base.all(kind);
    if (!leavesOutDamaged) return entries.map((entry) => toStored<T>(entry));
    const found = entries.map((entry) => toStoredOrDamaged<T>(entry, this.#onDamaged));
    return found.filter(({ damage }) => damage === undefined);
  }

  async addresses(kind: string): Promise<readonly DocumentAddress[]> {
    this.#assertOpen();
    return this.#base.addresses(kind);
  }

  async scopes(kind: string): Promise<readonly Scope[]> {
    this.#assertOpen();
    return this.#base.scopes(kind);
  }

  async revision(): Promise<number> {
    return this.#committedRevision;
  }

  subscribe(listener: (changes: readonly Change[]) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async reset(): Promise<void> {
    await this.#inTurn(async () => {
      const layer = new Layer(this.#pending);
      for (const entry of this.#base.everything()) layer.set({ ...entry, image: null, keys: noKeys });
      for (const entry of this.#pending.entries()) layer.set({ ...entry, image: null, keys: noKeys });
      return { committed: this.#hold(layer), result: undefined };
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#writers;
    this.#commit();
    this.#database.close();
    this.#mark?.close();
  }

  #state(revision: number): TransactionState {
    return { isOpen: true, revision, made: this.#made, indexes: this.#indexes, onDamaged: this.#onDamaged };
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new Error("The store is closed.");
  }

  /** Runs `work` after the writers before it; the next one starts when it is done, before its commit. */
  async #inTurn<T>(work: () => Promise<Turn<T>>): Promise<T> {
    this.#assertOpen();
    const turn = this.#writers.then(work);
    this.#writers = turn.then(ignore, ignore);
    const { committed, result } = await turn;
    CommitRecorder.report(await committed);
    return result;
  }

  async #transact<T>(scope: Scope, work: (tx: Transaction) => Promise<T>): Promise<Turn<T>> {
    const state = this.#state(this.#revision + 1);
    const layer = new Layer(this.#pending);
    const lostCommits = this.#lostCommits;
    try {
      const run = this.#context.run(state, () => work(new LayerTransaction(layer, scope, state)));
      const result = await withinMs(run, this.#transactionMsMax);
      if (this.#lostCommits !== lostCommits) {
        throw new StorageFailure("nothing was written: the store could not keep the write before this one");
      }
      this.#made = state.made;
      return { committed: this.#hold(layer), result };
    } finally {
      // Calls that a caller forgot to await, or makes after a time-out, must not write into another writer's turn.
      state.isOpen = false;
    }
  }

  /** Adds a finished transaction to those that wait for the next commit, which settles the promise. */
  #hold(layer: Layer): Promise<number> {
    // A transaction that wrote nothing waits as well, because what it read may not be on the disk yet.
    if (layer.size === 0 && this.#waiters.length === 0) return Promise.resolve(this.#committedRevision);
    const changes: Change[] = [];
    const revision = layer.size > 0 ? ++this.#revision : this.#revision;
    if (layer.size > 0) {
      for (const { scope, kind, id, image } of layer.entries()) {
        if (image === null && this.#pending.get(scope, kind, id) === null) continue;
        changes.push({ revision, scope, kind, id, deleted: image === null });
      }
      for (const entry of layer.entries()) this.#pending.merge(entry);
    }
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#waiters.push({ changes, settle: (error) => (error === undefined ? resolve(revision) : reject(error)) });
    // A rejection reaches the caller through `write`; unless its turn failed for another reason at the same time.
    promise.catch(ignore);
    if (this.#waiters.length >= bounds.storeBatchMax.value) this.#commit();
    else this.#flush ??= setImmediate(() => this.#commit());
    return promise;
  }

  /**
   * Commits everything pending, tells the subscribers and then the writers. It is synchronous, so no reader sees half
   * of it.
   */
  #commit(): void {
    clearImmediate(this.#flush);
    this.#flush = undefined;
    const waiters = this.#waiters;
    if (waiters.length === 0) return;
    this.#waiters = [];
    try {
      if (this.#pending.size > 0 || this.#revision !== this.#committedRevision) this.#persist();
    } catch (error) {
      this.#pending.clear();
      this.#revision = this.#committedRevision;
      this.#lostCommits++;
      for (const waiter of waiters) waiter.settle(error);
      return;
    }
    this.#pending.clear();
    this.#committedRevision = this.#revision;
    this.#mark?.write(this.#revision);
    for (const { changes } of waiters) if (changes.length > 0) this.#publish(changes);
    for (const waiter of waiters) waiter.settle(undefined);
  }

  #persist(): void {
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      for (const reader of this.#readers) this.#keepForReader(reader);
      // Rows get their numbers in the order in which the documents were made.
      const entries = [...this.#pending.entries()].sort(({ place: a = "" }, { place: b = "" }) => compareIds(a, b));
      for (const entry of entries) this.#base.set(entry);
      this.#base.setRevision(this.#revision);
      this.#database.exec("COMMIT");
    } catch (error) {
      try {
        this.#database.exec("ROLLBACK");
      } catch {
        // No transaction was begun, or SQLite has rolled it back itself, as it does for a full disk.
      }
      throw new StorageFailure(`nothing was written: ${(error as Error).message}`, { cause: error });
    }
  }

  /**
   * Keeps documents as they are before this commit, for a reader that began before it. This is harmless if the commit
   * fails.
   */
  #keepForReader(reader: Layer): void {
    for (const { scope, kind, id } of this.#pending.entries()) {
      if (reader.has(scope, kind, id)) continue;
      const keys = this.#base.keys(scope, kind, id);
      const place = this.#base.place(scope, kind, id);
      const image = this.#base.get(scope, kind, id);
      reader.set({ scope, kind, id, image, keys, ...(place === undefined ? {} : { place }) });
    }
  }

  #publish(changes: readonly Change[]): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(changes);
      } catch (error) {
        // The commit stands. An exception of a listener must be visible, but must not make the writer believe that its
        // write failed.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

/** The committed documents. */
class DatabaseSource implements Source {
  readonly #indexes: Indexes;
  readonly #get: StatementSync;
  readonly #list: StatementSync;
  readonly #listWhere: StatementSync;
  readonly #listInOrder: StatementSync;
  readonly #listByCreation: StatementSync;
  readonly #row: StatementSync;
  readonly #count: StatementSync;
  readonly #all: StatementSync;
  readonly #everything: StatementSync;
  readonly #addresses: StatementSync;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;
  readonly #nextRegion: StatementSync;
  readonly #nextAccount: StatementSync;
  readonly #revision: StatementSync;
  readonly #setRevision: StatementSync;
  readonly #keys: StatementSync;
  readonly #addKey: StatementSync;
  readonly #deleteKeys: StatementSync;

  constructor(database: DatabaseSync, indexes: Indexes) {
    this.#indexes = indexes;
    const key = "kind = ? AND account = ? AND region = ?";
    this.#get = database.prepare(`SELECT revision, body FROM document WHERE ${key} AND id = ?`);
    const listed = `SELECT id, revision, body FROM document WHERE ${key}`;
    this.#list = database.prepare(`${listed} AND id >= ? AND id < ? AND id > ? ORDER BY id LIMIT ?`);
    // SQLite collects the ids in their order, each once, and reads no more documents than the limit. The plus signs
    // keep it from searching by id, for which it would look at every key of the kind.
    const found = `SELECT id FROM index_entry WHERE ${key} AND name = ? AND key >= ? AND key < ? AND +id >= ? AND +id < ? AND +id > ?`;
    this.#listWhere = database.prepare(`${listed} AND id IN (${found}) ORDER BY id LIMIT ?`);
    this.#listInOrder = database.prepare(
      "SELECT document.id, revision, body, key FROM index_entry JOIN document USING (kind, account, region, id) " +
        `WHERE ${key} AND name = ? AND +id >= ? AND +id < ? AND (key, id) > (?, ?) ORDER BY key, id LIMIT ?`,
    );
    // A new document's row has the greatest number so far, and later writes keep it. SQLite orders the numbers, which the
    // key's index has, and reads no more documents than the limit. The plus signs keep it from walking all rows.
    this.#listByCreation = database.prepare(
      "SELECT rowid AS place, id, revision, body FROM document WHERE rowid IN " +
        `(SELECT rowid FROM document WHERE ${key} AND id >= ? AND id < ? AND +rowid > ? ORDER BY +rowid LIMIT ?) ORDER BY rowid`,
    );
    this.#row = database.prepare(`SELECT rowid AS place FROM document WHERE ${key} AND id = ?`);
    this.#keys = database.prepare(`SELECT name, key FROM index_entry WHERE ${key} AND id = ?`);
    this.#addKey = database.prepare(insertIndexEntry);
    this.#deleteKeys = database.prepare(`DELETE FROM index_entry WHERE ${key} AND id = ?`);
    this.#count = database.prepare(`SELECT count(*) AS found FROM document WHERE ${key} AND id >= ? AND id < ?`);
    this.#all = database.prepare(
      "SELECT account, region, kind, id, revision, body FROM document WHERE kind = ? ORDER BY account, region, id",
    );
    this.#everything = database.prepare(
      "SELECT account, region, kind, id FROM document ORDER BY kind, account, region, id",
    );
    this.#addresses = database.prepare(
      "SELECT account, region, kind, id FROM document WHERE kind = ? ORDER BY account, region, id",
    );
    // Two seeks: SQLite walks through all documents of a scope to find a pair (account, region) that is greater.
    this.#nextRegion = database.prepare(
      "SELECT account, region FROM document WHERE kind = ? AND account = ? AND region > ? ORDER BY region LIMIT 1",
    );
    this.#nextAccount = database.prepare(
      "SELECT account, region FROM document WHERE kind = ? AND account > ? ORDER BY account, region LIMIT 1",
    );
    this.#put = database.prepare(
      "INSERT INTO document (kind, account, region, id, revision, body) VALUES (?, ?, ?, ?, ?, ?) " +
        "ON CONFLICT DO UPDATE SET revision = excluded.revision, body = excluded.body",
    );
    this.#delete = database.prepare(`DELETE FROM document WHERE ${key} AND id = ?`);
    this.#revision = database.prepare("SELECT revision FROM progress");
    this.#setRevision = database.prepare("UPDATE progress SET revision = ?");
  }

  get(scope: Scope, kind: string, id: string): Image | null {
    const row = this.#get.get(kind, scope.account, scope.region, id);
    return row === undefined ? null : { revision: row["revision"] as number, text: row["body"] as string };
  }

  list(scope: Scope, kind: string, { prefix = "", after = "", limit = -1, where, order }: ListOptions): Entry[] {
    const place = [kind, scope.account, scope.region];
    if (order === creationOrder) {
      const range = [prefix, prefix + lastCharacter, rowOfPlace(after), limit];
      return this.#listByCreation.all(...place, ...range).map((row) => ({
        scope,
        kind,
        id: row["id"] as string,
        image: { revision: row["revision"] as number, text: row["body"] as string },
        position: placeOfRow(row["place"] as number),
      }));
    }
    if (order !== undefined) {
      const range = [prefix, prefix + lastCharacter, ...partsOfPosition(after), limit];
      return this.#listInOrder.all(...place, order, ...range).map((row) => ({
        scope,
        kind,
        id: row["id"] as string,
        image: { revision: row["revision"] as number, text: row["body"] as string },
        position: positionOf(row["key"] as string, row["id"] as string),
      }));
    }
    // SQLite searches for one lower bound only: a page begins where it begins, and reads nothing before it.
    const range = [after.startsWith(prefix) ? after : prefix, prefix + lastCharacter, after, limit];
    return this.#rows(place, range, where).map((row) => ({
      scope,
      kind,
      id: row["id"] as string,
      image: { revision: row["revision"] as number, text: row["body"] as string },
    }));
  }

  #rows(place: readonly string[], range: readonly (string | number)[], where: IndexCondition | undefined) {
    if (where === undefined) return this.#list.all(...place, ...range);
    const { from, below = aboveEveryText } = keyRange(where);
    return this.#listWhere.all(...place, ...place, where.index, from, below, ...range);
  }

  count(scope: Scope, kind: string, prefix: string): number {
    const row = this.#count.get(kind, scope.account, scope.region, prefix, prefix + lastCharacter);
    return row?.["found"] as number;
  }

  place(scope: Scope, kind: string, id: string): string | undefined {
    const row = this.#row.get(kind, scope.account, scope.region, id);
    return row === undefined ? undefined : placeOfRow(row["place"] as number);
  }

  all(kind: string): Entry[] {
    return this.#all.all(kind).map((row) => ({
      scope: { account: row["account"] as string, region: row["region"] as string },
      kind,
      id: row["id"] as string,
      image: { revision: row["revision"] as number, text: row["body"] as string },
    }));
  }

  /** The keys of all documents. */
  everything(): DocumentAddress[] {
    return this.#everything.all().map(toAddress);
  }

  scopes(kind: string): Scope[] {
    const found: Scope[] = [];
    for (let last: Scope = { account: "", region: "" }; ; ) {
      const row = this.#nextRegion.get(kind, last.account, last.region) ?? this.#nextAccount.get(kind, last.account);
      if (row === undefined) return found;
      last = { account: row["account"] as string, region: row["region"] as string };
      found.push(last);
    }
  }

  addresses(kind: string): DocumentAddress[] {
    return this.#addresses.all(kind).map(toAddress);
  }

  /** Returns the keys by which a document is found, as the index has them. */
  keys(scope: Scope, kind: string, id: string): DocumentKeys {
    if (!Object.hasOwn(this.#indexes, kind)) return noKeys;
    const keys = new Map<string, string[]>();
    for (const row of this.#keys.all(kind, scope.account, scope.region, id)) {
      const name = row["name"] as string;
      keys.set(name, [...(keys.get(name) ?? []), row["key"] as string]);
    }
    return keys;
  }

  set({ scope: { account, region }, kind, id, image, keys, place }: LayerEntry): void {
    // One that was deleted and made again stands behind those that were there meanwhile.
    if (image === null || isPlaceOfNew(place)) this.#delete.run(kind, account, region, id);
    if (image !== null) this.#put.run(kind, account, region, id, image.revision, image.text);
    if (!Object.hasOwn(this.#indexes, kind)) return;
    this.#deleteKeys.run(kind, account, region, id);
    for (const [name, values] of keys) for (const key of values) this.#addKey.run(kind, name, account, region, key, id);
  }

  revision(): number {
    return this.#revision.get()?.["revision"] as number;
  }

  setRevision(revision: number): void {
    this.#setRevision.run(revision);
  }
}

/** What the parts of one transaction share. */
interface TransactionState {
  isOpen: boolean;
  /** The revision that the transaction's documents get. */
  readonly revision: number;
  /** How many documents were put, by it and by the transactions before it. */
  made: number;
  readonly indexes: Indexes;
  readonly onDamaged: Required<SqliteStoreOptions>["onDamaged"];
}

class LayerReader implements Reader {
  protected readonly layer: Layer;
  protected readonly scope: Scope;
  protected readonly state: TransactionState;

  constructor(layer: Layer, scope: Scope, state: TransactionState) {
    this.layer = layer;
    this.scope = scope;
    this.state = state;
  }

  async get<T>(kind: string, id: string): Promise<StoredDocument<T> | undefined> {
    this.assertOpen();
    const image = this.layer.get(this.scope, kind, id);
    return image === null ? undefined : toStored<T>({ scope: this.scope, kind, id, image });
  }

  async list<T>(kind: string, options: ListOptions = {}): Promise<readonly StoredDocument<T>[]> {
    this.assertOpen();
    if (options.where !== undefined) requireIndex(this.state.indexes, kind, options.where.index);
    const { order = creationOrder } = options;
    if (order !== creationOrder) requireIndex(this.state.indexes, kind, order);
    const entries = this.layer.list(this.scope, kind, options);
    if (options.keepsDamaged !== true) return entries.map((entry) => toStored<T>(entry));
    return entries.map((entry) => toStoredOrDamaged<T>(entry, this.state.onDamaged));
  }

  async count(kind: string, prefix = ""): Promise<number> {
    this.assertOpen();
    return this.layer.count(this.scope, kind, prefix);
  }

  in(scope: Scope): Reader {
    return new LayerReader(this.layer, scope, this.state);
  }

  protected assertOpen(): void {
    assert(this.state.isOpen, "the transaction is over");
  }
}

class LayerTransaction extends LayerReader implements Transaction {
  async put<T>(kind: string, id: string, body: T): Promise<void> {
    this.assertOpen();
    assert(kind !== "" && id !== "" && !id.includes(lastCharacter), "a document has a kind and an id");
    const text = JSON.stringify(body);
    assert(text !== undefined, `the body of ${kind} ${id} is JSON`);
    const { scope } = this;
    const { revision, indexes } = this.state;
    const place = this.layer.placeOfPut(scope, kind, id, () => placeOfNew(this.state.made++));
    this.layer.set({ scope, kind, id, image: { revision, text }, keys: keysOf(indexes, kind, body), ...place });
  }

  async delete(kind: string, id: string): Promise<void> {
    this.assertOpen();
    if (this.layer.get(this.scope, kind, id) === null) return;
    this.layer.set({ scope: this.scope, kind, id, image: null, keys: noKeys });
  }

  async deleteAll(kind: string, prefix: string): Promise<void> {
    this.assertOpen();
    for (const { id } of this.layer.list(this.scope, kind, { prefix })) {
      this.layer.set({ scope: this.scope, kind, id, image: null, keys: noKeys });
    }
  }

  override in(scope: Scope): Transaction {
    return new LayerTransaction(this.layer, scope, this.state);
  }
}

const toAddress = (row: Record<string, unknown>): DocumentAddress => ({
  scope: { account: row["account"] as string, region: row["region"] as string },
  kind: row["kind"] as string,
  id: row["id"] as string,
});

function toStored<T>({ scope, kind, id, image, position }: Entry): StoredDocument<T> {
  assert(image !== null, "a listed document exists");
  const document = { scope, kind, id, revision: image.revision, body: bodyOf<T>(kind, id, image.text) };
  return position === undefined ? document : { ...document, position };
}

function bodyOf<T>(kind: string, id: string, text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new StorageFailure(`the document ${kind} ${id} is damaged: ${(error as Error).message}`);
  }
}

function toStoredOrDamaged<T>(entry: Entry, onDamaged: TransactionState["onDamaged"]): StoredDocument<T> {
  try {
    return toStored<T>(entry);
  } catch (error) {
    if (!(error instanceof StorageFailure)) throw error;
    const { scope, kind, id, position } = entry;
    const damage = error.message;
    onDamaged({ scope, kind, id }, damage);
    const stored = { scope, kind, id, revision: 0, body: undefined as T, damage };
    return position === undefined ? stored : { ...stored, position };
  }
}

const ignore = (): void => undefined;

async function withinMs<T>(work: Promise<T>, ms: number): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  // tidy-allow: clock – a stuck transaction must be given up in real time.
  const timer = setTimeout(() => reject(new Error(`A transaction took longer than ${ms} ms and was given up.`)), ms);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
