import { bounds } from "../../base/bounds.ts";
import type { LogBatch, LogStreamAddress } from "../../telemetry/log-sink.ts";
import { DatabaseFile, type Row } from "../database-file.ts";
import { chunkSpanMs, linesOfText, makeChunks, readChunk } from "./log-chunk.ts";

export interface LogStoreOptions {
  /** The database's file; undefined keeps everything in memory. */
  readonly path: string | undefined;
  /** The room for all logs. The oldest lines are dropped for new ones. */
  readonly bytesMax: number;
}

export interface LogGroup {
  readonly id: number;
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly createdMs: number;
  readonly retentionDays: number | null;
  readonly logClass: string;
  readonly isProtected: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly bytes: number;
}

export interface LogStream {
  readonly id: number;
  readonly name: string;
  readonly createdMs: number;
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  readonly ingestedMs: number | null;
}

/** A line's position among all lines: by time, then in the order of arrival. */
export interface LinePosition {
  readonly ms: number;
  readonly chunk: number;
  readonly index: number;
}

export interface StoredLine extends LinePosition {
  readonly message: string;
  readonly streamId: number;
  readonly ingestedMs: number;
}

/** Lines that were stored. */
export interface AppendedLines {
  readonly groupId: number;
  readonly streamName: string;
  readonly ingestedMs: number;
  lines(): Iterable<{ readonly ms: number; readonly message: string }>;
}

export interface ReadRange {
  /** Inclusive and exclusive; milliseconds since 1970. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** Marks the file in its SQLite header ("PrtL"). */
const applicationId = 0x5072744c;
const schemaVersion = 1;

const schema = `
  CREATE TABLE log_group (
    id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
    created_ms INTEGER NOT NULL, retention_days INTEGER, class TEXT NOT NULL, is_protected INTEGER NOT NULL,
    tags TEXT NOT NULL, bytes INTEGER NOT NULL, UNIQUE (account, region, name)
  );
  CREATE TABLE log_stream (
    id INTEGER PRIMARY KEY AUTOINCREMENT, group_id INTEGER NOT NULL, name TEXT NOT NULL, created_ms INTEGER NOT NULL,
    first_ms INTEGER, last_ms INTEGER, ingested_ms INTEGER, is_delivered INTEGER NOT NULL, UNIQUE (group_id, name)
  );
  CREATE TABLE chunk (
    id INTEGER PRIMARY KEY AUTOINCREMENT, group_id INTEGER NOT NULL, stream_id INTEGER NOT NULL,
    first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, ingested_ms INTEGER NOT NULL, bytes INTEGER NOT NULL,
    lines BLOB NOT NULL, text BLOB NOT NULL
  );
  CREATE INDEX chunk_by_group ON chunk (group_id, first_ms, id);
  CREATE INDEX chunk_by_stream ON chunk (stream_id, first_ms, id);
  CREATE INDEX chunk_by_end ON chunk (stream_id, last_ms, id);`;

const groupColumns = "id, account, region, name, created_ms, retention_days, class, is_protected, tags, bytes";
const streamColumns = "id, name, created_ms, first_ms, last_ms, ingested_ms";
const chunkColumns = "id, stream_id, first_ms, last_ms, ingested_ms, lines, text";

/** The share that is dropped at a time when the store is full. */
const droppedShare = 0.05;
/** A stream that Portico made itself is removed when its lines are gone and none has come for so long. */
const emptyStreamMs = 3_600_000;
const dayMs = 86_400_000;

/**
 * The lines of CloudWatch Logs, in an SQLite file of their own. A row holds a batch and not a line, so that writing is
 * cheap. A commit survives `kill -9`. It does not wait for the disk, so a crash of the machine may cost the last
 * seconds, and never more. The store is synchronous and lives in a thread of its own.
 */
export class LogStore {
  /** Told of lines when they are stored. */
  onAppended: ((appended: AppendedLines) => void) | undefined = undefined;
  readonly #database: DatabaseFile;
  readonly #bytesMax: number;
  /** Streams that lines were delivered to, by their addresses. The map is emptied whenever anything is deleted. */
  readonly #addressed = new Map<string, { readonly groupId: number; readonly streamId: number }>();

  constructor({ path, bytesMax }: LogStoreOptions) {
    this.#database = new DatabaseFile(path, { applicationId, schemaVersion, schema });
    this.#bytesMax = bytesMax;
  }

  /** Where a file that could not be read was put aside. */
  get damagedPath(): string | undefined {
    return this.#database.damagedPath;
  }

  close(): void {
    this.#database.close();
  }

  /** Runs `work` in a transaction. */
  transact<T>(work: () => T): T {
    try {
      return this.#database.transact(work);
    } catch (error) {
      this.#addressed.clear();
      throw error;
    }
  }

  // ---- Groups ----

  group(account: string, region: string, name: string): LogGroup | undefined {
    const row = this.#database.row(
      `SELECT ${groupColumns} FROM log_group WHERE account = ? AND region = ? AND name = ?`,
      account,
      region,
      name,
    );
    return row && toGroup(row);
  }

  /** Returns the groups of a scope whose names begin with the prefix and come after `after`, sorted by name. */
  groups(account: string, region: string, options: { prefix: string; after: string; limit: number }): LogGroup[] {
    const { prefix, after, limit } = options;
    const rows = this.#database.rows(
      `SELECT ${groupColumns} FROM log_group
       WHERE account = ? AND region = ? AND name > ? AND name >= ? AND substr(name, 1, ?) = ? ORDER BY name LIMIT ?`,
      account,
      region,
      after,
      prefix,
      prefix.length,
      prefix,
      limit,
    );
    return rows.map(toGroup);
  }

  createGroup(group: Omit<LogGroup, "id" | "bytes">): number {
    const { account, region, name, createdMs, retentionDays, logClass, isProtected, tags } = group;
    return this.#database.insert(
      `INSERT INTO log_group (account, region, name, created_ms, retention_days, class, is_protected, tags, bytes)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)`,
      account,
      region,
      name,
      createdMs,
      retentionDays,
      logClass,
      Number(isProtected),
      JSON.stringify(tags),
    );
  }

  updateGroup({ id, retentionDays, isProtected, tags }: LogGroup): void {
    this.#database.run(
      "UPDATE log_group SET retention_days = ?, is_protected = ?, tags = ? WHERE id = ?",
      retentionDays,
      Number(isProtected),
      JSON.stringify(tags),
      id,
    );
  }

  deleteGroup(id: number): void {
    this.#addressed.clear();
    this.#database.run("DELETE FROM chunk WHERE group_id = ?", id);
    this.#database.run("DELETE FROM log_stream WHERE group_id = ?", id);
    this.#database.run("DELETE FROM log_group WHERE id = ?", id);
  }

  // ---- Streams ----

  stream(groupId: number, name: string): LogStream | undefined {
    const row = this.#database.row(
      `SELECT ${streamColumns} FROM log_stream WHERE group_id = ? AND name = ?`,
      groupId,
      name,
    );
    return row && toStream(row);
  }

  streamNames(groupId: number): ReadonlyMap<number, string> {
    const rows = this.#database.rows("SELECT id, name FROM log_stream WHERE group_id = ?", groupId);
    return new Map(rows.map((row) => [row["id"] as number, row["name"] as string]));
  }

  /** Returns streams sorted by name. `after` is the last name of the page before. */
  streamsByName(
    groupId: number,
    options: { prefix: string; after: string | undefined; limit: number; descending: boolean },
  ): LogStream[] {
    const { prefix, after, limit, descending } = options;
    const rows = this.#database.rows(
      `SELECT ${streamColumns} FROM log_stream
       WHERE group_id = ? AND substr(name, 1, ?) = ? AND (? IS NULL OR name ${descending ? "<" : ">"} ?)
       ORDER BY name ${descending ? "DESC" : "ASC"} LIMIT ?`,
      groupId,
      [...prefix].length,
      prefix,
      after ?? null,
      after ?? null,
      limit,
    );
    return rows.map(toStream);
  }

  /** Returns streams sorted by the times of their last lines. `after` is the last stream of the page before. */
  streamsByTime(
    groupId: number,
    options: { after: { ms: number; id: number } | undefined; limit: number; descending: boolean },
  ): LogStream[] {
    const { after, limit, descending } = options;
    const [order, behind] = descending ? ["DESC", "<"] : ["ASC", ">"];
    const rows = this.#database.rows(
      `SELECT ${streamColumns} FROM log_stream
       WHERE group_id = ? AND (? IS NULL OR (ifnull(last_ms, 0), id) ${behind} (?, ?))
       ORDER BY ifnull(last_ms, 0) ${order}, id ${order} LIMIT ?`,
      groupId,
      after?.ms ?? null,
      after?.ms ?? null,
      after?.id ?? null,
      limit,
    );
    return rows.map(toStream);
  }

  createStream(groupId: number, name: string, createdMs: number, isDelivered = false): number {
    return this.#database.insert(
      "INSERT INTO log_stream (group_id, name, created_ms, is_delivered) VALUES (?, ?, ?, ?)",
      groupId,
      name,
      createdMs,
      Number(isDelivered),
    );
  }

  deleteStream(groupId: number, id: number): void {
    this.#addressed.clear();
    this.#dropChunks("stream_id = ?", id);
    this.#database.run("DELETE FROM log_stream WHERE id = ? AND group_id = ?", id, groupId);
  }

  // ---- Writing ----

  /** Adds lines that are sorted by time. `lines` and `text` have the form of a batch's. */
  append(groupId: number, streamId: number, batch: Omit<LogBatch, "address">, nowMs: number): void {
    this.transact(() => this.#append(groupId, streamId, batch, nowMs));
    this.#tell(groupId, streamId, batch, nowMs);
    this.#keepWithinBounds();
  }

  #tell(groupId: number, streamId: number, { baseMs, lines, text }: Omit<LogBatch, "address">, nowMs: number): void {
    if (this.onAppended === undefined) return;
    const streamName = this.#database.row("SELECT name FROM log_stream WHERE id = ?", streamId)?.["name"] as
      | string
      | undefined;
    if (streamName === undefined) return;
    this.onAppended({ groupId, streamName, ingestedMs: nowMs, lines: () => linesOfText(baseMs, lines, text) });
  }

  #append(groupId: number, streamId: number, batch: Omit<LogBatch, "address">, nowMs: number): void {
    let bytes = 0;
    let lastMs = 0;
    for (const chunk of makeChunks(batch.baseMs, batch.lines, batch.text)) {
      bytes += chunk.bytes;
      lastMs = chunk.lastMs;
      this.#database.run(
        `INSERT INTO chunk (group_id, stream_id, first_ms, last_ms, ingested_ms, bytes, lines, text)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        groupId,
        streamId,
        chunk.firstMs,
        chunk.lastMs,
        nowMs,
        chunk.bytes,
        new Uint8Array(chunk.lines.buffer, chunk.lines.byteOffset, chunk.lines.byteLength),
        chunk.text,
      );
    }
    this.#database.run("UPDATE log_group SET bytes = bytes + ? WHERE id = ?", bytes, groupId);
    this.#database.run(
      `UPDATE log_stream SET first_ms = min(ifnull(first_ms, ?), ?), last_ms = max(ifnull(last_ms, 0), ?), ingested_ms = ?
       WHERE id = ?`,
      batch.baseMs,
      batch.baseMs,
      lastMs,
      nowMs,
      streamId,
    );
  }

  /** Adds lines that Portico itself logs, and creates missing groups and streams. */
  deliver(batches: readonly LogBatch[], nowMs: number): void {
    this.transact(() => {
      for (const batch of batches) {
        const { groupId, streamId } = this.#address(batch.address, nowMs);
        this.#append(groupId, streamId, batch, nowMs);
      }
    });
    for (const batch of batches) {
      const { groupId, streamId } = this.#address(batch.address, nowMs);
      this.#tell(groupId, streamId, batch, nowMs);
    }
    this.#keepWithinBounds();
  }

  #address({ account, region, group, stream }: LogStreamAddress, nowMs: number) {
    const key = `${account} ${region} ${group} ${stream}`;
    let ids = this.#addressed.get(key);
    if (ids === undefined) {
      const groupId =
        this.group(account, region, group)?.id ??
        this.createGroup({
          account,
          region,
          name: group,
          createdMs: nowMs,
          retentionDays: null,
          logClass: "STANDARD",
          isProtected: false,
          tags: {},
        });
      const streamId = this.stream(groupId, stream)?.id ?? this.createStream(groupId, stream, nowMs, true);
      ids = { groupId, streamId };
      if (this.#addressed.size >= addressesMax) this.#addressed.clear();
      this.#addressed.set(key, ids);
    }
    return ids;
  }

  // ---- Reading ----

  /** Yields lines of a group, or of some of its streams, oldest first, after `after` if that is given. */
  *forward(
    of: { readonly groupId: number; readonly streamIds?: readonly number[] },
    { fromMs, toMs }: ReadRange,
    after?: LinePosition,
  ): Generator<StoredLine> {
    const startMs = Math.max(fromMs, after?.ms ?? 0);
    const single = of.streamIds?.length === 1 ? of.streamIds[0] : undefined;
    const where = single === undefined ? "group_id = ?" : "stream_id = ?";
    const among = of.streamIds && single === undefined ? "AND stream_id IN (SELECT value FROM json_each(?))" : "";
    const chunks = this.#database.iterate(
      `SELECT ${chunkColumns} FROM chunk
       WHERE ${where} AND first_ms > ? AND first_ms < ? AND last_ms >= ? ${among} ORDER BY first_ms, id`,
      single ?? of.groupId,
      startMs - chunkSpanMs,
      toMs,
      startMs,
      ...(among === "" ? [] : [JSON.stringify(of.streamIds)]),
    );
    // Lines of chunks that overlap, in order. No later chunk has a line before its own first one.
    let waiting: StoredLine[] = [];
    for (const row of chunks) {
      const [firstMs, id] = [row["first_ms"] as number, row["id"] as number];
      let ready = 0;
      while (ready < waiting.length && isBefore(waiting[ready] as StoredLine, firstMs, id)) ready++;
      yield* waiting.slice(0, ready);
      const fresh = linesOf(row).filter((line) => isWithin(line, startMs, toMs, after));
      waiting = waiting.slice(ready).concat(fresh).sort(compareLinePositions);
    }
    yield* waiting;
  }

  /** Yields lines of a stream, newest first, before `before` if that is given. */
  *backward(streamId: number, { fromMs, toMs }: ReadRange, before?: LinePosition): Generator<StoredLine> {
    const endMs = Math.min(toMs, before === undefined ? toMs : before.ms + 1);
    const chunks = this.#database.iterate(
      `SELECT ${chunkColumns} FROM chunk
       WHERE stream_id = ? AND last_ms >= ? AND last_ms < ? AND first_ms < ? ORDER BY last_ms DESC, id DESC`,
      streamId,
      fromMs,
      endMs + chunkSpanMs,
      endMs,
    );
    let waiting: StoredLine[] = [];
    for (const row of chunks) {
      const [lastMs, id] = [row["last_ms"] as number, row["id"] as number];
      let ready = 0;
      while (ready < waiting.length && !isBefore(waiting[ready] as StoredLine, lastMs, id + 1)) ready++;
      yield* waiting.slice(0, ready);
      const fresh = linesOf(row).filter(
        (line) =>
          line.ms >= fromMs && line.ms < toMs && (before === undefined || compareLinePositions(line, before) < 0),
      );
      waiting = waiting
        .slice(ready)
        .concat(fresh)
        .sort((a, b) => compareLinePositions(b, a));
    }
    yield* waiting;
  }

  // ---- Bounds ----

  /** Drops lines that are older than their group keeps, and the oldest lines if the store has no room. */
  sweep(nowMs: number): void {
    this.transact(() => {
      for (const row of this.#database.rows(
        "SELECT id, retention_days FROM log_group WHERE retention_days IS NOT NULL",
      )) {
        const expiredMs = nowMs - (row["retention_days"] as number) * dayMs;
        // A chunk is dropped when its last line expires. Readers skip a chunk's expired lines.
        this.#dropChunks("group_id = ? AND first_ms < ? AND last_ms < ?", row["id"] as number, expiredMs, expiredMs);
      }
    });
    this.#keepWithinBounds();
    const abandoned = this.#database.run(
      `DELETE FROM log_stream WHERE is_delivered = 1 AND ingested_ms < ?
       AND NOT EXISTS (SELECT 1 FROM chunk WHERE stream_id = log_stream.id)`,
      nowMs - emptyStreamMs,
    );
    if (abandoned > 0) this.#addressed.clear();
    this.#database.giveBackFreePages();
  }

  /** Whether names and tags alone take all the room. They are not dropped for new ones. */
  get isFull(): boolean {
    this.#keepWithinBounds();
    return this.#database.usedBytes() > this.#bytesMax;
  }

  /** Deletes everything. */
  reset(): void {
    this.#addressed.clear();
    this.transact(() => {
      for (const table of ["chunk", "log_stream", "log_group"]) this.#database.run(`DELETE FROM ${table}`);
    });
  }

  #keepWithinBounds(): void {
    while (this.#database.usedBytes() > this.#bytesMax) {
      const ends = this.#database.row("SELECT min(id) AS first, max(id) AS last FROM chunk");
      const first = ends?.["first"];
      if (typeof first !== "number") return;
      const last = ends?.["last"] as number;
      const upTo = first + Math.max(1, Math.ceil((last - first) * droppedShare));
      this.transact(() => this.#dropChunks("id < ?", upTo));
    }
  }

  #dropChunks(where: string, ...values: readonly number[]): void {
    const dropped = this.#database.rows(
      `SELECT group_id, sum(bytes) AS bytes FROM chunk WHERE ${where} GROUP BY group_id`,
      ...values,
    );
    for (const row of dropped) {
      this.#database.run(
        "UPDATE log_group SET bytes = bytes - ? WHERE id = ?",
        row["bytes"] as number,
        row["group_id"] as number,
      );
    }
    if (dropped.length > 0) this.#database.run(`DELETE FROM chunk WHERE ${where}`, ...values);
  }
}

const addressesMax = bounds.logAddressesMax.value;

const toGroup = (row: Row): LogGroup => ({
  id: row["id"] as number,
  account: row["account"] as string,
  region: row["region"] as string,
  name: row["name"] as string,
  createdMs: row["created_ms"] as number,
  retentionDays: row["retention_days"] as number | null,
  logClass: row["class"] as string,
  isProtected: row["is_protected"] === 1,
  tags: JSON.parse(row["tags"] as string) as Record<string, string>,
  bytes: row["bytes"] as number,
});

const toStream = (row: Row): LogStream => ({
  id: row["id"] as number,
  name: row["name"] as string,
  createdMs: row["created_ms"] as number,
  firstMs: row["first_ms"] as number | null,
  lastMs: row["last_ms"] as number | null,
  ingestedMs: row["ingested_ms"] as number | null,
});

function linesOf(row: Row): StoredLine[] {
  const stored = row["lines"] as Uint8Array;
  // It is copied, because a view needs an alignment that the database does not promise.
  const lines = new Uint32Array(stored.slice().buffer);
  const text = Buffer.from(
    (row["text"] as Uint8Array).buffer,
    (row["text"] as Uint8Array).byteOffset,
    (row["text"] as Uint8Array).length,
  );
  const chunk = row["id"] as number;
  const streamId = row["stream_id"] as number;
  const ingestedMs = row["ingested_ms"] as number;
  return readChunk({ firstMs: row["first_ms"] as number, lines, text }).map(({ ms, message }, index) => ({
    ms,
    chunk,
    index,
    message,
    streamId,
    ingestedMs,
  }));
}

/** Returns a negative number if `a` stands before `b`. */
export function compareLinePositions(a: LinePosition, b: LinePosition): number {
  return a.ms - b.ms || a.chunk - b.chunk || a.index - b.index;
}

/** Returns whether a line stands before all lines of a chunk that begins at `ms`. */
const isBefore = (line: LinePosition, ms: number, chunk: number): boolean =>
  line.ms < ms || (line.ms === ms && line.chunk < chunk);

const isWithin = (line: LinePosition, startMs: number, toMs: number, after: LinePosition | undefined): boolean =>
  line.ms >= startMs && line.ms < toMs && (after === undefined || compareLinePositions(line, after) > 0);

/** Makes the input of {@link LogStore.append} from single lines. */
export function batchOf(
  events: readonly { readonly timestamp: number; readonly message: string }[],
): Omit<LogBatch, "address"> {
  const baseMs = events[0]?.timestamp ?? 0;
  const lines = new Uint32Array(events.length * 2);
  let text = "";
  for (const [index, { timestamp, message }] of events.entries()) {
    lines[index * 2] = timestamp - baseMs;
    lines[index * 2 + 1] = message.length;
    text += message;
  }
  return { baseMs, lines, text };
}
