import { closeSync, openSync, renameSync, rmSync } from "node:fs";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

/** How a file of a telemetry service is made and known again. */
export interface DatabaseForm {
  /** Marks the file in its SQLite header. */
  readonly applicationId: number;
  readonly schemaVersion: number;
  readonly schema: string;
}

/** A row of a result: values by column. */
export type Row = Record<string, unknown>;

/** The SQLite file of a telemetry service. It keeps every statement that it has prepared. */
export class DatabaseFile {
  /** Where a file that could not be read was put aside. */
  readonly damagedPath: string | undefined;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /**
   * Opens the file, or makes it; without a path everything stays in memory. A commit survives `kill -9`. It does not wait
   * for the disk, so a crash of the machine may cost the last seconds, and never more.
   */
  constructor(path: string | undefined, form: DatabaseForm) {
    const { database, damagedPath } = open(path, form);
    this.#database = database;
    this.damagedPath = damagedPath;
  }

  close(): void {
    this.#database.close();
  }

  /** Runs `work` in a transaction. */
  transact<T>(work: () => T): T {
    this.run("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.run("COMMIT");
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.run("ROLLBACK");
      throw error;
    }
  }

  row(sql: string, ...values: readonly SQLInputValue[]): Row | undefined {
    return this.#statement(sql).get(...values);
  }

  rows(sql: string, ...values: readonly SQLInputValue[]): Row[] {
    return this.#statement(sql).all(...values);
  }

  /** Reads the rows one by one. Nothing may be written until the last one is read. */
  iterate(sql: string, ...values: readonly SQLInputValue[]): Iterable<Row> {
    return this.#statement(sql).iterate(...values);
  }

  /** Returns the number of rows that the statement changed. */
  run(sql: string, ...values: readonly SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...values).changes);
  }

  /** Returns the number of the row that the statement inserted. */
  insert(sql: string, ...values: readonly SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...values).lastInsertRowid);
  }

  /** Returns the bytes that hold something. */
  usedBytes(): number {
    return (this.#pragma("page_count") - this.#pragma("freelist_count")) * this.#pragma("page_size");
  }

  /** Gives some of the free pages back to the file system if there are many. */
  giveBackFreePages(): void {
    if (this.#pragma("freelist_count") * this.#pragma("page_size") > freeBytesKept) {
      this.#database.exec(`PRAGMA incremental_vacuum(${vacuumPages})`);
    }
  }

  #pragma(name: string): number {
    return this.row(`PRAGMA ${name}`)?.[name] as number;
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** Free pages are given back to the file system beyond this. */
const freeBytesKept = 16_777_216;
/** The number of pages that are freed at a time (40 MB), because what comes waits meanwhile. */
const vacuumPages = 10_000;

interface OpenedDatabase {
  readonly database: DatabaseSync;
  readonly damagedPath: string | undefined;
}

function open(path: string | undefined, form: DatabaseForm): OpenedDatabase {
  // Only the owner may read the file, because what it holds may be private.
  if (path !== undefined) closeSync(openSync(path, "a", 0o600));
  try {
    return { database: prepare(new DatabaseSync(path ?? ":memory:"), form), damagedPath: undefined };
  } catch (error) {
    // Unreadable telemetry must not keep the server from starting. The file is put aside for repair.
    if (path === undefined || !/malformed|not a database|no file of this service/i.test(String(error))) throw error;
    const damagedPath = `${path}.damaged`;
    renameSync(path, damagedPath);
    for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true });
    closeSync(openSync(path, "a", 0o600));
    return { database: prepare(new DatabaseSync(path), form), damagedPath };
  }
}

function prepare(database: DatabaseSync, { applicationId, schemaVersion, schema }: DatabaseForm): DatabaseSync {
  try {
    const version = database.prepare("PRAGMA user_version").get()?.["user_version"];
    const id = database.prepare("PRAGMA application_id").get()?.["application_id"];
    const isNew = version === 0 && id === 0;
    if (!isNew && (id !== applicationId || version !== schemaVersion))
      throw new Error("This is no file of this service.");
    if (isNew) database.exec("PRAGMA auto_vacuum = INCREMENTAL");
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 67108864");
    if (isNew) {
      database.exec(
        `BEGIN; ${schema}; PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}; COMMIT`,
      );
    }
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
