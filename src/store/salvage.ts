import {
  closeSync,
  copyFileSync,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { openCommitMark, readCommitMark } from "./commit-mark.ts";
import type { Indexes } from "./indexes.ts";
import { openDatabase } from "./sqlite-database.ts";

/** What could be read of a damaged store. */
export interface Salvage {
  /** The documents that were saved, by kind. */
  readonly saved: ReadonlyMap<string, number>;
  /** Documents that were found and are not what they should be. */
  readonly broken: number;
}

/**
 * Makes a new store at `target` of what can be read of a damaged one (its file and its log, which are not changed). Pages that
 * are lost are lost; what is in the log is taken even behind a damaged place, as far as it is whole by itself.
 */
export function salvageStore(source: string, target: string, indexes: Indexes): Salvage {
  const image = `${target}.image`;
  try {
    makeImage(source, image);
    return copyDocuments(image, target, { indexes, committed: committedOf(source) });
  } finally {
    for (const path of [image, `${image}-journal`]) rmSync(path, { force: true });
  }
}

function committedOf(source: string): number {
  const committed = readCommitMark(source);
  return typeof committed === "number" ? committed : 0;
}

const headerBytes = 100;

/** Copies the file, and puts the pages of its log where they belong. */
function makeImage(source: string, image: string): void {
  const isThere = (statSync(source, { throwIfNoEntry: false })?.size ?? 0) >= headerBytes;
  if (isThere) copyFileSync(source, image);
  // Without the file's own first pages nothing can be found; those of a new store are the same.
  else openDatabase(image, {}).close();
  const file = openSync(image, "r+");
  try {
    const log = `${source}-wal`;
    if (existsSync(log))
      for (const { page, bytes } of framesOf(readFileSync(log)))
        writeSync(file, bytes, 0, bytes.length, (page - 1) * bytes.length);
    // SQLite, "Database File Format", 1.3: reads and writes without a log.
    writeSync(file, Buffer.from([1, 1]), 0, 2, 18);
    setPageCount(file);
  } finally {
    closeSync(file);
  }
}

/** SQLite, "Database File Format", 1.3: the size of the database in pages. */
function setPageCount(file: number): void {
  const header = Buffer.alloc(headerBytes);
  readSync(file, header, 0, headerBytes, 0);
  const pageSize = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
  const count = Buffer.alloc(4);
  count.writeUInt32BE(Math.floor(fstatSync(file).size / pageSize));
  writeSync(file, count, 0, 4, 28);
}

interface Frame {
  readonly page: number;
  readonly bytes: Buffer;
}

/**
 * Returns the pages of a write-ahead log that are whole and whose transaction was finished, in their order.
 * SQLite, "WAL-mode File Format": each frame's checksum goes on from the one before. Behind a damaged frame, what it says its
 * checksum was is taken for that.
 */
export function framesOf(log: Buffer): Frame[] {
  const magic = log.length >= 32 ? log.readUInt32BE(0) : 0;
  if (magic >>> 1 !== 0x377f0682 >>> 1) return [];
  const isBigEndian = (magic & 1) === 1;
  const pageSize = log.readUInt32BE(8);
  if (pageSize < 512 || pageSize > 65_536) return [];
  const salts = log.subarray(16, 24);
  let checksum: Checksum = [log.readUInt32BE(24), log.readUInt32BE(28)];
  const finished: Frame[] = [];
  let open: Frame[] = [];
  for (let at = 32; at + 24 + pageSize <= log.length; at += 24 + pageSize) {
    const head = log.subarray(at, at + 24);
    // What is left of an earlier use of the file.
    if (!head.subarray(8, 16).equals(salts)) break;
    const bytes = log.subarray(at + 24, at + 24 + pageSize);
    const computed = addTo(addTo(checksum, head.subarray(0, 8), isBigEndian), bytes, isBigEndian);
    checksum = [head.readUInt32BE(16), head.readUInt32BE(20)];
    const isWhole = computed[0] === checksum[0] && computed[1] === checksum[1];
    if (isWhole) open.push({ page: head.readUInt32BE(0), bytes });
    // A frame with the size of the database ends a transaction.
    if (!isWhole || head.readUInt32BE(4) === 0) continue;
    finished.push(...open);
    open = [];
  }
  return finished;
}

type Checksum = readonly [number, number];

function addTo([first, second]: Checksum, bytes: Buffer, isBigEndian: boolean): Checksum {
  let [s0, s1] = [first, second];
  for (let at = 0; at < bytes.length; at += 8) {
    s0 = (s0 + (isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)) + s1) >>> 0;
    s1 = (s1 + (isBigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4)) + s0) >>> 0;
  }
  return [s0, s1];
}

interface Row {
  readonly rowid: number;
  readonly kind: string;
  readonly account: string;
  readonly region: string;
  readonly id: string;
  readonly revision: number;
  readonly body: string;
}

function copyDocuments(
  image: string,
  target: string,
  { indexes, committed }: { readonly indexes: Indexes; readonly committed: number },
): Salvage {
  openDatabase(target, {}).close();
  const into = new DatabaseSync(target);
  const saved = new Map<string, number>();
  let broken = 0;
  let revision = committed;
  const put = into.prepare(
    "INSERT INTO document (kind, account, region, id, revision, body) VALUES (?, ?, ?, ?, ?, ?) " +
      "ON CONFLICT DO UPDATE SET revision = excluded.revision, body = excluded.body WHERE excluded.revision > revision RETURNING 1",
  );
  into.exec("BEGIN");
  const from = new DatabaseSync(image, { readOnly: true });
  try {
    for (const row of documentsOf(from)) {
      if (!isWhole(row)) {
        broken++;
        continue;
      }
      const { kind, account, region, id, body } = row;
      put.all(kind, account, region, id, row.revision, body);
      revision = Math.max(revision, row.revision);
    }
  } finally {
    from.close();
  }
  into.prepare("UPDATE progress SET revision = ?").run(revision);
  for (const { kind, count } of into.prepare("SELECT kind, count(*) AS count FROM document GROUP BY kind").all()) {
    saved.set(String(kind), Number(count));
  }
  into.exec("COMMIT");
  into.close();
  // Builds the indexes.
  openDatabase(target, indexes).close();
  const mark = openCommitMark(target);
  mark.write(revision);
  mark.close();
  return { saved, broken };
}

/** Returns the rows from both ends up to where the file can't be read; a row may come twice. */
function* documentsOf(database: DatabaseSync): Generator<Row> {
  let last = Number.NEGATIVE_INFINITY;
  for (const order of ["ASC", "DESC"]) {
    try {
      // By the table itself: an index may be what is damaged.
      const rows = database.prepare(
        `SELECT rowid, kind, account, region, id, revision, body FROM document NOT INDEXED ORDER BY rowid ${order}`,
      );
      for (const row of rows.iterate() as Iterable<Row>) {
        if (order === "DESC" && row.rowid <= last) return;
        if (order === "ASC") last = row.rowid;
        yield row;
      }
      return;
    } catch {
      // The other end is tried, too.
    }
  }
}

function isWhole({ kind, account, region, id, revision, body }: Row): boolean {
  if ([kind, account, region, id, body].some((text) => typeof text !== "string") || kind === "" || id === "")
    return false;
  if (!Number.isInteger(revision)) return false;
  try {
    JSON.parse(body);
    return true;
  } catch {
    return false;
  }
}
