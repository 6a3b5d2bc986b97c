/** SQLITE_FULL, SQLITE_IOERR_SHMSIZE and SQLITE_IOERR_WRITE: where SQLite can't make its shared memory, it says "I/O error". */
const sqliteCodes: readonly unknown[] = [13, 4874, 778];

/** Returns whether an error of the file system or of SQLite says that a disk is full. */
export const isFullDisk = (error: unknown): boolean =>
  error instanceof Error &&
  (("code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT")) ||
    ("errcode" in error && sqliteCodes.includes(error.errcode)));

export const fullDiskAdvice = "Make room on that disk, or choose another directory with --data.";
