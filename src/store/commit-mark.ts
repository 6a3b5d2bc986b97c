import { closeSync, existsSync, fstatSync, openSync, readFileSync, writeSync } from "node:fs";

/**
 * A small file beside a store that says which revision was committed last. SQLite takes a damaged or missing write-ahead log for a
 * transaction that was never finished, and goes on with what was before it; this file tells. It is written after each
 * commit is on the disk, and not forced there itself: after a power cut it may be older than the store, never newer.
 */
export interface CommitMark {
  write(revision: number): void;
  close(): void;
}

const width = 20;

export const commitMarkPath = (storePath: string): string => `${storePath}-revision`;

/** Returns the revision that was committed; undefined: nothing was, or by a Portico that wrote no mark. */
export function readCommitMark(storePath: string): number | undefined | "unreadable" {
  const path = commitMarkPath(storePath);
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, "latin1");
  // Made, and not written to before the power was cut.
  if (/^\0*$/.test(text)) return undefined;
  return /^\d{20}\n$/.test(text) ? Number(text) : "unreadable";
}

export function openCommitMark(storePath: string): CommitMark {
  const path = commitMarkPath(storePath);
  // It is written in place: a full disk has room for it.
  const file = openSync(path, existsSync(path) ? "r+" : "w+", 0o600);
  let isFailed = fstatSync(file).size > width + 1;
  return {
    write(revision) {
      if (isFailed) return;
      try {
        writeSync(file, `${String(revision).padStart(width, "0")}\n`, 0, "latin1");
      } catch {
        // The commit stands. A mark that stays behind says less, and nothing that is wrong.
        isFailed = true;
      }
    },
    close: () => closeSync(file),
  };
}
