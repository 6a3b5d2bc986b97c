import { existsSync, rmSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { UserError } from "../base/user-error.ts";
import { commitMarkPath, readCommitMark } from "./commit-mark.ts";

/**
 * Throws a `UserError` for a store that has lost what was committed to it. It changes no file: SQLite itself would delete a
 * log that it takes for worthless.
 */
export function checkStore(path: string): void {
  const log = `${path}-wal`;
  const committed = readCommitMark(path);
  if (committed === "unreadable") {
    throw damaged(path, `${commitMarkPath(path)}, which says what was committed last, can't be read.`);
  }
  if (sizeOf(path) === 0) {
    const isThere = existsSync(path) ? `${path} is empty` : `${path} is gone`;
    if (sizeOf(log) > 0) throw damaged(path, `${isThere}, and its log ${log} is not.`);
    if (committed !== undefined && committed > 0)
      throw damaged(path, `${isThere}, and there were ${committed} commits.`);
    return;
  }
  if (committed === undefined) return;
  const hasLog = existsSync(log);
  const found = revisionOf(path);
  // SQLite makes an empty one to read by.
  if (!hasLog) for (const end of ["-wal", "-shm"]) rmSync(path + end, { force: true });
  if (found === undefined || found >= committed) return;
  const where = hasLog ? `a part of ${log} is damaged or lost` : `its log ${log} is gone, or ${path} is an old copy`;
  throw damaged(path, `It ends with commit ${found}, and ${committed} was acknowledged: ${where}.`);
}

/** Undefined: the file is no store, or is damaged so that opening it says more. */
function revisionOf(path: string): number | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true });
    return database.prepare("SELECT revision FROM progress").get()?.["revision"] as number | undefined;
  } catch {
    return undefined;
  } finally {
    database?.close();
  }
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

const damaged = (path: string, why: string): UserError =>
  new UserError({ what: `The store ${path} is damaged.`, why, next: repairAdvice });

export const repairAdvice =
  "Restore the whole data directory from a backup, or run `portico repair`, which saves what can be read and keeps the damaged files.";
