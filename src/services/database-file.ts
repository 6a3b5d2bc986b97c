import { closeSync, openSync, renameSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/** How a file of a telemetry service is made and known again. */
export interface DatabaseForm {
  /** Marks the file in its SQLite header. */
  readonly applicationId: number;
  readonly schemaVersion: number;
  readonly schema: string;
}

export interface OpenedDatabase {
  readonly database: DatabaseSync;
  /** Where a file that could not be read was put aside. */
  readonly damagedPath: string | undefined;
}

/**
 * Opens the SQLite file of a telemetry service, or makes it; without a path everything stays in memory. A commit survives
 * `kill -9`. It does not wait for the disk, so a crash of the machine may cost the last seconds, and never more.
 */
export function openDatabaseFile(path: string | undefined, form: DatabaseForm): OpenedDatabase {
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
