import { closeSync, existsSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { bounds } from "../base/bounds.ts";
import { fullDiskAdvice, isFullDisk } from "../base/full-disk.ts";
import { UserError } from "../base/user-error.ts";
import { repairAdvice } from "./check-store.ts";
import { type Indexes, keysOf } from "./indexes.ts";

/** Marks the file as a Portico store in its SQLite header ("Prtc"). */
const applicationId = 0x50727463;

/** Schema versions: entry i takes a store from version i to i + 1. Entries are only ever added at the end. */
const migrations: readonly string[] = [
  // The order of the key serves both `all` (a kind everywhere) and `list` (a range of ids in a scope).
  `CREATE TABLE document (
     kind TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, id TEXT NOT NULL,
     revision INTEGER NOT NULL, body TEXT NOT NULL,
     PRIMARY KEY (kind, account, region, id)
   );
   CREATE TABLE progress (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), revision INTEGER NOT NULL);
   INSERT INTO progress VALUES (1, 0);`,
  // The first key serves lists by one key, in the order of ids; the second finds the entries that a document's next
  // write replaces.
  `CREATE TABLE built_index (kind TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID;
   CREATE TABLE index_entry (
     kind TEXT NOT NULL, name TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, key TEXT NOT NULL, id TEXT NOT NULL,
     PRIMARY KEY (kind, name, account, region, key, id)
   ) WITHOUT ROWID;
   CREATE INDEX index_entry_of_document ON index_entry (kind, account, region, id);`,
  // Lambda's accepted events were in their accounts' scopes, with the state of their runs in their bodies.
  `INSERT INTO document (kind, account, region, id, revision, body)
     SELECT 'lambda-event-run', '*', '*',
       printf('%015d-%010d', json_extract(body, '$.notBefore'), row_number() OVER (ORDER BY id)), revision,
       json_object('event', id, 'failures', json_extract(body, '$.failures'), 'refusals', json_extract(body, '$.refusals'))
     FROM document WHERE kind = 'lambda-event';
   UPDATE document SET account = '*', region = '*' WHERE kind = 'lambda-event';`,
];

/**
 * Opens the database of a store, a file or (undefined) one in memory, and brings it to the newest schema and to the
 * declared indexes. Throws a `UserError` for a file that is not a store, is damaged, or belongs to a newer Portico.
 */
export function openDatabase(path: string | undefined, indexes: Indexes): DatabaseSync {
  if (path === undefined) {
    const database = new DatabaseSync(":memory:");
    migrate(database, "memory");
    buildIndexes(database, indexes);
    return database;
  }
  let database: DatabaseSync;
  try {
    // Only this user may read the file, because it holds the environments of functions. SQLite gives its other files
    // the same mode.
    if (!existsSync(path)) closeSync(openSync(path, "wx", 0o600));
    database = new DatabaseSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    database.exec("PRAGMA busy_timeout = 250");
    checkFile(database, path);
    // FULL: in WAL mode each commit is on the disk before it is acknowledged, so it survives even a loss of power.
    database.exec("PRAGMA synchronous = FULL; PRAGMA cache_size = -4096");
    // This comes before WAL, so that a new file has its mark even if the process is killed at any moment.
    migrate(database, path);
    database.exec("PRAGMA journal_mode = WAL");
    buildIndexes(database, indexes);
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

/** Inserts one key of a document; takes kind, index, account, region, key and id. */
export const insertIndexEntry =
  "INSERT INTO index_entry (kind, name, account, region, key, id) VALUES (?, ?, ?, ?, ?, ?)";

interface IndexName {
  readonly kind: string;
  readonly name: string;
}

/**
 * Builds the indexes that the file does not have yet, and drops those that are not declared any more, which nothing
 * maintains.
 */
function buildIndexes(database: DatabaseSync, indexes: Indexes): void {
  const declared = Object.entries(indexes).flatMap(([kind, of]) => Object.keys(of).map((name) => ({ kind, name })));
  const built = database.prepare("SELECT kind, name FROM built_index").all() as unknown as readonly IndexName[];
  const isIn = (names: readonly IndexName[], { kind, name }: IndexName): boolean =>
    names.some((one) => one.kind === kind && one.name === name);
  const missing = declared.filter((one) => !isIn(built, one));
  const obsolete = built.filter((one) => !isIn(declared, one));
  if (missing.length === 0 && obsolete.length === 0) return;
  database.exec("BEGIN IMMEDIATE");
  for (const table of ["index_entry", "built_index"]) {
    const drop = database.prepare(`DELETE FROM ${table} WHERE kind = ? AND name = ?`);
    for (const { kind, name } of obsolete) drop.run(kind, name);
  }
  for (const one of missing) buildIndex(database, one, indexes);
  database.exec("COMMIT");
}

function buildIndex(database: DatabaseSync, { kind, name }: IndexName, indexes: Indexes): void {
  const only = { [kind]: { [name]: indexes[kind]![name]! } };
  const add = database.prepare(insertIndexEntry);
  const documents = database.prepare("SELECT account, region, id, body FROM document WHERE kind = ?");
  for (const row of documents.iterate(kind)) {
    const { account, region, id, body } = row as Record<"account" | "region" | "id" | "body", string>;
    const keys = keysOf(only, kind, JSON.parse(body)).get(name) ?? [];
    for (const key of keys) add.run(kind, name, account, region, key, id);
  }
  database.prepare("INSERT INTO built_index (kind, name) VALUES (?, ?)").run(kind, name);
}

const pragma = (database: DatabaseSync, name: string): number =>
  database.prepare(`PRAGMA ${name}`).get()?.[name] as number;

function unreadable(path: string, cause: unknown): UserError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new UserError({
    what: `The store ${path} can't be opened.`,
    why: isFullDisk(cause)
      ? `Its disk is full; SQLite says: ${reason}.`
      : existsSync(path)
        ? `SQLite says: ${reason}.`
        : `The file can't be made: ${reason}.`,
    next: isFullDisk(cause) ? fullDiskAdvice : repairAdvice,
    cause,
  });
}
