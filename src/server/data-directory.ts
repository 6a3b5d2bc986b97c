import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fullDiskAdvice, isFullDisk } from "../base/full-disk.ts";
import { isObject } from "../base/json-object.ts";
import { UserError } from "../base/user-error.ts";

/** The directory with everything that a server stores. One server holds it at a time. */
export interface DataDirectory {
  readonly storePath: string;
  readonly logsPath: string;
  readonly tracesPath: string;
  readonly metricsPath: string;
  /** The folder in which `functions/` unpacks code. */
  readonly functionsPath: string;
  /** Writes down who holds the directory, for a server that tries to take it later. */
  describe(facts: HolderFacts): void;
  release(): void;
}

export interface HolderFacts {
  /** Where the holder serves; absent until it listens. */
  readonly url?: string;
}

interface Holder extends HolderFacts {
  readonly pid: number;
  readonly since: string;
}

/**
 * Makes and locks the directory. The kernel holds the lock, through an SQLite file that is never written to, so it
 * disappears with its process, however that ends. A process id would not do: after the holder's death it may belong to
 * another program. `holder.json` beside the lock only serves the message that a second server prints.
 */
export function lockDataDirectory(path: string): DataDirectory {
  makeDirectory(path);
  const holderPath = join(path, "holder.json");
  const lock = takeLock(path, join(path, "lock.db"), holderPath);
  const since = new Date().toISOString();
  const describe = (facts: HolderFacts): void => {
    const holder: Holder = { pid: process.pid, since, ...facts };
    try {
      // A second server that reads the file at this moment must find it whole or not at all.
      writeFileSync(`${holderPath}.new`, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
      renameSync(`${holderPath}.new`, holderPath);
    } catch (error) {
      if (!isFullDisk(error)) throw error;
      // Nothing but a message depends on it.
      rmSync(`${holderPath}.new`, { force: true });
    }
  };
  describe({});
  return {
    storePath: join(path, "portico.db"),
    logsPath: join(path, "logs.db"),
    tracesPath: join(path, "traces.db"),
    metricsPath: join(path, "metrics.db"),
    functionsPath: join(path, "functions"),
    describe,
    release() {
      rmSync(holderPath, { force: true });
      lock.close();
    },
  };
}

function makeDirectory(path: string): void {
  const refuse = (why: string, cause: unknown): never => {
    throw new UserError({
      what: `The data directory ${path} can't be used.`,
      why,
      next: isFullDisk(cause) ? fullDiskAdvice : "Choose another with --data, or keep nothing with --memory.",
      cause,
    });
  };
  try {
    const isNew = !existsSync(path);
    makeWithParents(path);
    if (!statSync(path).isDirectory()) refuse("There is a file in its place.", undefined);
    // The default directory is inside the user's project.
    if (isNew) writeFileSync(join(path, ".gitignore"), "*\n");
  } catch (error) {
    if (error instanceof UserError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" || code === "ENOTDIR") refuse("There is a file in its place.", error);
    refuse(message, error);
  }
}

/** Not `recursive: true`: where the file system takes no directories (/proc), Node then tries for ever. */
function makeWithParents(path: string): void {
  if (existsSync(path)) return;
  makeWithParents(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

function takeLock(path: string, lockPath: string, holderPath: string): DatabaseSync {
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(lockPath);
    lock.exec("PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock?.close();
    if ((error as { errcode?: number }).errcode !== sqliteBusy) {
      throw new UserError({
        what: `The data directory ${path} can't be locked.`,
        why: `${lockPath}: ${(error as Error).message}.`,
        next: isFullDisk(error)
          ? fullDiskAdvice
          : "Delete that file if it is not a Portico's, or choose another directory with --data.",
        cause: error,
      });
    }
    const holder = readHolder(holderPath);
    throw new UserError({
      what: `The data directory ${path} is in use by another Portico.`,
      why: holder
        ? `Process ${holder.pid} has held it since ${holder.since}${holder.url ? ` and serves ${holder.url}` : ""}.`
        : "It is just starting.",
      next: "Use that one, stop it, or choose another directory with --data.",
    });
  }
}

const sqliteBusy = 5;

function readHolder(path: string): Holder | undefined {
  try {
    const holder: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (!isObject(holder)) return undefined;
    const { pid, since, url } = holder;
    if (typeof pid !== "number" || typeof since !== "string") return undefined;
    return {
      pid,
      since,
      ...(typeof url === "string" && { url }),
    };
  } catch {
    // The file is missing, or was cut short when its writer was killed: there is no holder to name.
    return undefined;
  }
}
