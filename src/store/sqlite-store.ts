import { AsyncLocalStorage } from "node:async_hooks";
import { closeSync, existsSync, openSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { assert } from "../base/assert.ts";
import { bounds } from "../base/bounds.ts";
import { StorageFailure } from "../base/storage-failure.ts";
import { UserError } from "../base/user-error.ts";
import { CommitRecorder } from "./commit-recorder.ts";
import { type Image, Layer, type LayerEntry, type Source } from "./layer.ts";
import type { Change, ListOptions, Reader, Scope, Store, Stored, Transaction } from "./store.ts";

export interface SqliteStoreOptions {
  /** The database's file; undefined keeps everything in memory, for tests. */
  readonly path?: string;
  /** A transaction that runs longer than this is refused, so that a stuck one can't hold up all writers. */
  readonly transactionMsMax?: number;
}

/** Marks the file as a Portico store in its SQLite header ("Prtc"). */
const applicationId = 0x50727463;

/** Schema versions: entry i takes a store from version i to i + 1. Only ever appended to. */
const migrations: readonly string[] = [
  // The key's order serves `all` (a kind everywhere) and `list` (a range of ids in a scope) alike.
  `CREATE TABLE document (
     kind TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, id TEXT NOT NULL,
     revision INTEGER NOT NULL, body TEXT NOT NULL,
     PRIMARY KEY (kind, account, region, id)
   );
   CREATE TABLE progress (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), revision INTEGER NOT NULL);
   INSERT INTO progress VALUES (1, 0);`,
];

/** Above every id that starts with a prefix: no id may have this character. */
const lastCharacter = "\u{10ffff}";

/**
 * Opens the embedded store. Throws a `UserError` for a file that is no store, is damaged, or is of a newer Portico.
 *
 * Writers run one after another, each over what those before it wrote, without waiting for the disk; their commits are
 * gathered, so that concurrent writers share one `fsync`. A transaction lives in a layer of its own until then, so
 * nobody else can see it, and dropping the layer undoes it. Readers that are under way when a commit happens keep
 * the documents as they were in a layer, too.
 */
export function openSqliteStore(options: SqliteStoreOptions = {}): Store {
  return new SqliteStore(openDatabase(options.path), options.transactionMsMax ?? bounds.storeTransactionMsMax.value);
}

interface Waiter {
  readonly changes: readonly Change[];
  settle(error: unknown): void;
}

/** A writer's turn: what its work answered, and the revision that it left, once that is on the disk. */
interface Turn<T> {
  readonly result: T;
  readonly committed: Promise<number>;
}

class SqliteStore implements Store {
  readonly #database: DatabaseSync;
  readonly #base: DatabaseSource;
  readonly #transactionMsMax: number;
  /** Written and not yet committed; under the layers of transactions. */
  readonly #pending: Layer;
  readonly #readers = new Set<Layer>();
  readonly #listeners = new Set<(changes: readonly Change[]) => void>();
  readonly #context = new AsyncLocalStorage<{ isOpen: boolean }>();
  #waiters: Waiter[] = [];
  #writers: Promise<unknown> = Promise.resolve();
  #committedRevision: number;
  #revision: number;
  /** Counts failed commits: a transaction that read what one of them lost must fail with it. */
  #lostCommits = 0;
  #flush: NodeJS.Immediate | undefined;
  #isClosed = false;

  constructor(database: DatabaseSync, transactionMsMax: number) {
    this.#database = database;
    this.#base = new DatabaseSource(database);
    this.#transactionMsMax = transactionMsMax;
    this.#pending = new Layer(this.#base);
    this.#committedRevision = this.#revision = this.#base.revision();
  }

  async read<T>(scope: Scope, work: (tx: Reader) => Promise<T>): Promise<T> {
    this.#assertOpen();
    const layer = new Layer(this.#base);
    this.#readers.add(layer);
    try {
      return await work(new LayerReader(layer, scope, { isOpen: true }));
    } finally {
      this.#readers.delete(layer);
    }
  }

  async write<T>(scope: Scope, work: (tx: Transaction) => Promise<T>): Promise<T> {
    assert(this.#context.getStore()?.isOpen !== true, "a write inside a write would wait for itself");
    return this.#inTurn(() => this.#transact(scope, work));
  }

  async all<T>(kind: string): Promise<readonly Stored<T>[]> {
    this.#assertOpen();
    return this.#base.all(kind).map((entry) => toStored<T>(entry));
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
      for (const entry of this.#base.everything()) layer.set({ ...entry, image: null });
      for (const entry of this.#pending.entries()) layer.set({ ...entry, image: null });
      return { committed: this.#hold(layer), result: undefined };
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#writers;
    this.#commit();
    this.#database.close();
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
    const state = { isOpen: true };
    const layer = new Layer(this.#pending);
    const lostCommits = this.#lostCommits;
    const revision = this.#revision + 1;
    try {
      const run = this.#context.run(state, () => work(new LayerTransaction(layer, scope, state, revision)));
      const result = await withinMs(run, this.#transactionMsMax);
      if (this.#lostCommits !== lostCommits) {
        throw new StorageFailure("nothing was written: the store could not keep the write before this one");
      }
      return { committed: this.#hold(layer), result };
    } finally {
      // What a caller forgot to await, or does after a time-out, must not write into another's turn.
      state.isOpen = false;
    }
  }

  /** Puts a finished transaction with those that wait for the next commit; the promise is settled by the commit. */
  #hold(layer: Layer): Promise<number> {
    // A transaction that wrote nothing still waits: what it read may not be on disk yet.
    if (layer.size === 0 && this.#waiters.length === 0) return Promise.resolve(this.#committedRevision);
    const changes: Change[] = [];
    const revision = layer.size > 0 ? ++this.#revision : this.#revision;
    if (layer.size > 0) {
      for (const { scope, kind, id, image } of layer.entries()) {
        if (image === null && this.#pending.get(scope, kind, id) === null) continue;
        changes.push({ revision, scope, kind, id, deleted: image === null });
      }
      for (const entry of layer.entries()) this.#pending.set(entry);
    }
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#waiters.push({ changes, settle: (error) => (error === undefined ? resolve(revision) : reject(error)) });
    // A rejection reaches the caller through `write`; unless its turn failed for another reason at the same time.
    promise.catch(ignore);
    if (this.#waiters.length >= bounds.storeBatchMax.value) this.#commit();
    else this.#flush ??= setImmediate(() => this.#commit());
    return promise;
  }

  /** Commits everything pending, tells the subscribers, then the writers. Synchronous: no reader sees half of it. */
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
    for (const { changes } of waiters) if (changes.length > 0) this.#publish(changes);
    for (const waiter of waiters) waiter.settle(undefined);
  }

  #persist(): void {
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      for (const reader of this.#readers) this.#keepForReader(reader);
      for (const entry of this.#pending.entries()) this.#base.set(entry);
      this.#base.setRevision(this.#revision);
      this.#database.exec("COMMIT");
    } catch (error) {
      try {
        this.#database.exec("ROLLBACK");
      } catch {
        // Nothing was begun, or SQLite has rolled back by itself, as it does for a full disk.
      }
      throw new StorageFailure(`nothing was written: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Documents as they are before this commit, for a reader that began before it. Harmless if the commit then fails. */
  #keepForReader(reader: Layer): void {
    for (const { scope, kind, id } of this.#pending.entries()) {
      if (!reader.has(scope, kind, id)) reader.set({ scope, kind, id, image: this.#base.get(scope, kind, id) });
    }
  }

  #publish(changes: readonly Change[]): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(changes);
      } catch (error) {
        // The commit stands. A listener's bug must be loud, and must not tell the writer that it failed.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

/** The committed documents. */
class DatabaseSource implements Source {
  readonly #get: StatementSync;
  readonly #list: StatementSync;
  readonly #listContaining: StatementSync;
  readonly #all: StatementSync;
  readonly #everything: StatementSync;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;
  readonly #revision: StatementSync;
  readonly #setRevision: StatementSync;

  constructor(database: DatabaseSync) {
    const key = "kind = ? AND account = ? AND region = ?";
    this.#get = database.prepare(`SELECT revision, body FROM document WHERE ${key} AND id = ?`);
    const range = `SELECT id, revision, body FROM document WHERE ${key} AND id >= ? AND id < ? AND id > ?`;
    this.#list = database.prepare(`${range} ORDER BY id LIMIT ?`);
    this.#listContaining = database.prepare(`${range} AND instr(body, ?) > 0 ORDER BY id LIMIT ?`);
    this.#all = database.prepare(
      "SELECT account, region, kind, id, revision, body FROM document WHERE kind = ? ORDER BY account, region, id",
    );
    this.#everything = database.prepare(
      "SELECT account, region, kind, id FROM document ORDER BY kind, account, region, id",
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

  list(scope: Scope, kind: string, { prefix = "", after = "", limit = -1, containing }: ListOptions): LayerEntry[] {
    const range = [kind, scope.account, scope.region, prefix, prefix + lastCharacter, after];
    const rows =
      containing === undefined
        ? this.#list.all(...range, limit)
        : this.#listContaining.all(...range, containing, limit);
    return rows.map((row) => ({
      scope,
      kind,
      id: row["id"] as string,
      image: { revision: row["revision"] as number, text: row["body"] as string },
    }));
  }

  all(kind: string): LayerEntry[] {
    return this.#all.all(kind).map((row) => ({
      scope: { account: row["account"] as string, region: row["region"] as string },
      kind,
      id: row["id"] as string,
      image: { revision: row["revision"] as number, text: row["body"] as string },
    }));
  }

  /** The keys of all documents. */
  everything(): Omit<LayerEntry, "image">[] {
    return this.#everything.all().map((row) => ({
      scope: { account: row["account"] as string, region: row["region"] as string },
      kind: row["kind"] as string,
      id: row["id"] as string,
    }));
  }

  set({ scope, kind, id, image }: LayerEntry): void {
    if (image === null) this.#delete.run(kind, scope.account, scope.region, id);
    else this.#put.run(kind, scope.account, scope.region, id, image.revision, image.text);
  }

  revision(): number {
    return this.#revision.get()?.["revision"] as number;
  }

  setRevision(revision: number): void {
    this.#setRevision.run(revision);
  }
}

class LayerReader implements Reader {
  protected readonly layer: Layer;
  protected readonly scope: Scope;
  protected readonly state: { isOpen: boolean };

  constructor(layer: Layer, scope: Scope, state: { isOpen: boolean }) {
    this.layer = layer;
    this.scope = scope;
    this.state = state;
  }

  async get<T>(kind: string, id: string): Promise<Stored<T> | undefined> {
    this.assertOpen();
    const image = this.layer.get(this.scope, kind, id);
    return image === null ? undefined : toStored<T>({ scope: this.scope, kind, id, image });
  }

  async list<T>(kind: string, options: ListOptions = {}): Promise<readonly Stored<T>[]> {
    this.assertOpen();
    return this.layer.list(this.scope, kind, options).map((entry) => toStored<T>(entry));
  }

  in(scope: Scope): Reader {
    return new LayerReader(this.layer, scope, this.state);
  }

  protected assertOpen(): void {
    assert(this.state.isOpen, "the transaction is over");
  }
}

class LayerTransaction extends LayerReader implements Transaction {
  readonly #revision: number;

  constructor(layer: Layer, scope: Scope, state: { isOpen: boolean }, revision: number) {
    super(layer, scope, state);
    this.#revision = revision;
  }

  async put<T>(kind: string, id: string, body: T): Promise<void> {
    this.assertOpen();
    assert(kind !== "" && id !== "" && !id.includes(lastCharacter), "a document has a kind and an id");
    const text = JSON.stringify(body);
    assert(text !== undefined, `the body of ${kind} ${id} is JSON`);
    this.layer.set({ scope: this.scope, kind, id, image: { revision: this.#revision, text } });
  }

  async delete(kind: string, id: string): Promise<void> {
    this.assertOpen();
    if (this.layer.get(this.scope, kind, id) === null) return;
    this.layer.set({ scope: this.scope, kind, id, image: null });
  }

  async deleteAll(kind: string, prefix: string): Promise<void> {
    this.assertOpen();
    for (const { id } of this.layer.list(this.scope, kind, { prefix })) {
      this.layer.set({ scope: this.scope, kind, id, image: null });
    }
  }

  override in(scope: Scope): Transaction {
    return new LayerTransaction(this.layer, scope, this.state, this.#revision);
  }
}

function toStored<T>({ scope, kind, id, image }: LayerEntry): Stored<T> {
  assert(image !== null, "a listed document exists");
  return { scope, kind, id, revision: image.revision, body: JSON.parse(image.text) as T };
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

function openDatabase(path: string | undefined): DatabaseSync {
  if (path === undefined) {
    const database = new DatabaseSync(":memory:");
    migrate(database, "memory");
    return database;
  }
  let database: DatabaseSync;
  try {
    // Only for this user: functions' environments are in it. SQLite gives its other files the same mode.
    if (!existsSync(path)) closeSync(openSync(path, "wx", 0o600));
    database = new DatabaseSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    database.exec("PRAGMA busy_timeout = 250");
    checkFile(database, path);
    // FULL: in WAL mode each commit is on the disk before it is acknowledged, so it survives power loss, too.
    database.exec("PRAGMA synchronous = FULL; PRAGMA cache_size = -4096");
    // Before WAL: a new file comes into being whole, with its mark, whenever the process is killed.
    migrate(database, path);
    database.exec("PRAGMA journal_mode = WAL");
    return database;
  } catch (error) {
    database.close();
    throw error instanceof UserError ? error : unreadable(path, error);
  }
}

function checkFile(database: DatabaseSync, path: string): void {
  const isEmpty = database.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined;
  if (isEmpty && pragma(database, "application_id") === 0) return;
  if (pragma(database, "application_id") !== applicationId) {
    throw new UserError({
      what: `${path} is not a Portico store.`,
      why: "It is an SQLite database of another program.",
      next: "Choose another directory with --data.",
    });
  }
  if (pragma(database, "page_count") * pragma(database, "page_size") > bounds.storeCheckedBytesMax.value) return;
  const verdict = database.prepare("PRAGMA quick_check(1)").get()?.["quick_check"];
  if (verdict !== "ok") throw new Error(String(verdict));
}

function migrate(database: DatabaseSync, path: string): void {
  const version = pragma(database, "user_version");
  if (version > migrations.length) {
    throw new UserError({
      what: `${path} was written by a newer Portico.`,
      why: `Its schema is version ${version}; this Portico knows versions up to ${migrations.length}.`,
      next: "Update Portico, or choose another directory with --data.",
    });
  }
  if (version === migrations.length) return;
  database.exec("BEGIN IMMEDIATE");
  for (const step of migrations.slice(version)) database.exec(step);
  database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${migrations.length}; COMMIT`);
}

const pragma = (database: DatabaseSync, name: string): number =>
  database.prepare(`PRAGMA ${name}`).get()?.[name] as number;

function unreadable(path: string, cause: unknown): UserError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new UserError({
    what: `The store ${path} can't be opened.`,
    why: existsSync(path) ? `SQLite says: ${reason}.` : `The file can't be made: ${reason}.`,
    next: "Restore it from a backup (portico.db with its -wal file), or choose another directory with --data.",
    cause,
  });
}
