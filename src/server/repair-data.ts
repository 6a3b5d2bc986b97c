import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../base/user-error.ts";
import { repairAdvice } from "../store/check-store.ts";
import { commitMarkPath } from "../store/commit-mark.ts";
import { type Salvage, salvageStore } from "../store/salvage.ts";
import { openSqliteStore } from "../store/sqlite-store.ts";
import { lockDataDirectory } from "./data-directory.ts";
import { storeIndexes } from "./store-indexes.ts";

/** What was done about a damaged store. */
export interface Repair extends Salvage {
  /** The damaged store. */
  readonly path: string;
  /** The folder in which the damaged files are kept as they were. */
  readonly keptIn: string;
  /** What was wrong. */
  readonly problem: string;
}

/**
 * Puts what can be read of a damaged store in its place, and keeps the damaged files. Undefined: it is not damaged. Throws a
 * `UserError` if a server uses the data directory, or what is there is not a store of this Portico.
 */
export async function repairData(dataPath: string, nowMs: number): Promise<Repair | undefined> {
  if (!existsSync(dataPath)) {
    throw new UserError({
      what: `There is no data directory ${dataPath}.`,
      why: "",
      next: "Name the one to repair with --data.",
    });
  }
  const directory = lockDataDirectory(dataPath);
  try {
    const path = directory.storePath;
    const problem = await findProblem(path);
    if (problem === undefined) return undefined;
    const made = `${path}.repaired`;
    removeStore(made);
    const salvage = salvageStore(path, made, storeIndexes);
    const keptIn = join(dataPath, `damaged-${new Date(nowMs).toISOString().replaceAll(/[:.]/g, "-")}`);
    mkdirSync(keptIn, { mode: 0o700 });
    for (const file of filesOf(path))
      if (existsSync(file)) renameSync(file, join(keptIn, file.slice(dataPath.length + 1)));
    renameSync(commitMarkPath(made), commitMarkPath(path));
    renameSync(made, path);
    removeStore(made);
    return { ...salvage, path, keptIn, problem };
  } finally {
    directory.release();
  }
}

async function findProblem(path: string): Promise<string | undefined> {
  try {
    await openSqliteStore({ path, indexes: storeIndexes }).close();
    return undefined;
  } catch (error) {
    if (error instanceof UserError && error.next === repairAdvice) return error.why;
    throw error;
  }
}

const filesOf = (path: string): string[] => [path, `${path}-wal`, `${path}-shm`, commitMarkPath(path)];

function removeStore(path: string): void {
  for (const file of filesOf(path)) rmSync(file, { force: true });
}
