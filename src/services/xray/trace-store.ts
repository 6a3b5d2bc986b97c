import { bounds } from "../../base/bounds.ts";
import { DatabaseFile } from "../database-file.ts";
import type { Segment } from "./segment.ts";

export interface TraceStoreOptions {
  /** The database's file; undefined keeps everything in memory. */
  readonly path: string | undefined;
  /** The room for all traces. The oldest are dropped for new ones. */
  readonly bytesMax: number;
}

/** Whose traces. */
export interface TraceScope {
  readonly account: string;
  readonly region: string;
}

export interface StoredTrace {
  readonly id: string;
  /** When its earliest segment began; milliseconds since 1970. */
  readonly firstMs: number;
}

/** The documents of a trace's segments. */
export interface StoredDocuments {
  readonly documents: readonly string[];
  /** The trace has more than these. */
  readonly isCut: boolean;
}

/** A segment that is stored, or replaces the one with its id. */
export interface SegmentRow {
  readonly segment: Segment;
  /** The segment as it came. */
  readonly document: string;
}

/** AWS: X-Ray Developer Guide, "X-Ray concepts", traces: they are kept for 30 days. */
export const retentionMs = 30 * 86_400_000;
/** Traces that are dropped in one transaction, since segments wait meanwhile. */
const droppedAtOnce = 500;

const form = {
  /** "PrtX" */
  applicationId: 0x50727458,
  schemaVersion: 1,
  schema: `
    CREATE TABLE trace (
      account TEXT NOT NULL, region TEXT NOT NULL, id TEXT NOT NULL, first_ms INTEGER NOT NULL, bytes INTEGER NOT NULL,
      PRIMARY KEY (account, region, id)
    ) WITHOUT ROWID;
    CREATE INDEX trace_by_time ON trace (account, region, first_ms, id);
    CREATE INDEX trace_by_age ON trace (first_ms);
    CREATE TABLE segment (
      account TEXT NOT NULL, region TEXT NOT NULL, trace_id TEXT NOT NULL, id TEXT NOT NULL, document TEXT NOT NULL,
      PRIMARY KEY (account, region, trace_id, id)
    ) WITHOUT ROWID;
    CREATE TABLE total (bytes INTEGER NOT NULL);
    INSERT INTO total VALUES (0);`,
};

/** The segments of X-Ray, in an SQLite file of their own. The store is synchronous and lives in a thread of its own. */
export class TraceStore {
  readonly #database: DatabaseFile;
  readonly #bytesMax: number;

  constructor({ path, bytesMax }: TraceStoreOptions) {
    this.#database = new DatabaseFile(path, form);
    this.#bytesMax = bytesMax;
  }

  /** Where a file that could not be read was put aside. */
  get damagedPath(): string | undefined {
    return this.#database.damagedPath;
  }

  /** Stores segments: all of them, or none if that fails. */
  add(rows: readonly (SegmentRow & { readonly scope: TraceScope })[], nowMs: number): void {
    this.#database.transact(() => {
      for (const { scope, segment, document } of rows) this.#add(scope, segment, document);
    });
    this.#keepWithinBudget(nowMs);
  }

  /** Returns the traces that began in a time range, in the order of time; `after` is the last one of the page before. */
  traces(
    { account, region }: TraceScope,
    range: { readonly fromMs: number; readonly toMs: number; readonly after?: StoredTrace; readonly limit: number },
  ): (StoredTrace & { readonly bytes: number })[] {
    const { fromMs, toMs, after, limit } = range;
    const rows = this.#database.rows(
      `SELECT id, first_ms, bytes FROM trace WHERE account = ? AND region = ? AND first_ms >= ? AND first_ms <= ?
       AND (first_ms, id) > (?, ?) ORDER BY first_ms, id LIMIT ?`,
      account,
      region,
      Math.max(fromMs, after?.firstMs ?? fromMs),
      toMs,
      after?.firstMs ?? -1,
      after?.id ?? "",
      limit,
    );
    return rows.map(({ id, first_ms: firstMs, bytes }) => ({
      ...{ id: id as string, firstMs: firstMs as number, bytes: bytes as number },
    }));
  }

  /** Returns the documents of a trace's segments; none if there is no such trace. */
  segments({ account, region }: TraceScope, traceId: string): StoredDocuments {
    const sql = "SELECT document FROM segment WHERE account = ? AND region = ? AND trace_id = ? ORDER BY id";
    const documents: string[] = [];
    let chars = 0;
    for (const row of this.#database.iterate(sql, account, region, traceId)) {
      const document = row["document"] as string;
      chars += document.length;
      if (chars > bounds.traceBytesMax.value || documents.length === bounds.traceSegmentsMax.value)
        return { documents, isCut: true };
      documents.push(document);
    }
    return { documents, isCut: false };
  }

  /** Drops the traces that are too old, some at a time. */
  sweep(nowMs: number): void {
    const old = "SELECT account, region, id, bytes FROM trace WHERE first_ms < ? ORDER BY first_ms LIMIT ?";
    for (;;) {
      const rows = this.#database.rows(old, nowMs - retentionMs, droppedAtOnce);
      if (rows.length === 0) return;
      this.#drop(rows);
    }
  }

  reset(): void {
    this.#database.transact(() => {
      for (const sql of ["DELETE FROM trace", "DELETE FROM segment", "UPDATE total SET bytes = 0"])
        this.#database.run(sql);
    });
  }

  close(): void {
    this.#database.close();
  }

  #add(
    { account, region }: TraceScope,
    { trace_id: traceId, id, start_time: startTime }: Segment,
    document: string,
  ): void {
    const key = [account, region, traceId, id];
    const size =
      "SELECT length(document) AS chars FROM segment WHERE account = ? AND region = ? AND trace_id = ? AND id = ?";
    const before = (this.#database.row(size, ...key)?.["chars"] as number | undefined) ?? 0;
    this.#database.run(
      "INSERT OR REPLACE INTO segment (account, region, trace_id, id, document) VALUES (?, ?, ?, ?, ?)",
      ...key,
      document,
    );
    const grown = document.length - before;
    this.#database.run(
      `INSERT INTO trace (account, region, id, first_ms, bytes) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET first_ms = min(first_ms, excluded.first_ms), bytes = bytes + excluded.bytes`,
      account,
      region,
      traceId,
      Math.floor(startTime * 1000),
      grown,
    );
    this.#database.run("UPDATE total SET bytes = bytes + ?", grown);
  }

  /**
   * Makes room. A clock that was wrong for a while leaves traces of the future, which go first: as the youngest they would
   * stay, and every new one would be dropped in their place.
   */
  #keepWithinBudget(nowMs: number): void {
    this.#makeRoom(nowMs + bounds.traceAheadMsMax.value);
    this.#makeRoom(-1);
  }

  /** Drops the oldest traces that began after a time, as many as are too much. */
  #makeRoom(afterMs: number): void {
    const oldest = "SELECT account, region, id, bytes FROM trace WHERE first_ms > ? ORDER BY first_ms LIMIT ?";
    for (;;) {
      let excess = (this.#database.row("SELECT bytes FROM total")?.["bytes"] as number) - this.#bytesMax;
      if (excess <= 0) return;
      const rows = [];
      for (const row of this.#database.rows(oldest, afterMs, droppedAtOnce)) {
        if (excess <= 0) break;
        rows.push(row);
        excess -= row["bytes"] as number;
      }
      if (rows.length === 0) return;
      this.#drop(rows);
    }
  }

  #drop(rows: ReturnType<DatabaseFile["rows"]>): void {
    this.#database.transact(() => {
      for (const { account, region, id, bytes } of rows) {
        const key = [account as string, region as string, id as string];
        this.#database.run("DELETE FROM segment WHERE account = ? AND region = ? AND trace_id = ?", ...key);
        this.#database.run("DELETE FROM trace WHERE account = ? AND region = ? AND id = ?", ...key);
        this.#database.run("UPDATE total SET bytes = bytes - ?", bytes as number);
      }
    });
  }
}
