import { createHash } from "node:crypto";
import { bounds } from "../../base/bounds.ts";
import type { MetricAddress, MetricPoint } from "../../telemetry/metric-sink.ts";
import { DatabaseFile, type Row } from "../database-file.ts";
import { decodeBlock, encodeBlock } from "./metric-block.ts";
import { boundSummary, type MetricSummary, makeDistribution, mergeSummaries } from "./metric-summary.ts";

export interface MetricStoreOptions {
  /** The database's file; undefined keeps everything in memory. */
  readonly path: string | undefined;
  /** The room for all metrics. The oldest points are dropped for new ones. */
  readonly bytesMax: number;
}

/** A metric, whose points may have several units. */
export interface StoredMetric extends Omit<MetricAddress, "unit"> {
  readonly id: number;
}

/** A metric's summary of one minute. */
export interface MinuteSummary {
  readonly unit: string;
  /** Whole minutes since 1970. */
  readonly minute: number;
  readonly summary: MetricSummary;
}

/** Marks the file in its SQLite header ("PrtM"). */
const applicationId = 0x5072744d;
const schemaVersion = 1;

const schema = `
  CREATE TABLE metric (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL UNIQUE, account TEXT NOT NULL, region TEXT NOT NULL,
    namespace TEXT NOT NULL, name TEXT NOT NULL, dimensions TEXT NOT NULL, last_minute INTEGER NOT NULL
  );
  CREATE INDEX metric_by_name ON metric (account, region, namespace, name);
  CREATE TABLE block (
    id INTEGER PRIMARY KEY AUTOINCREMENT, metric_id INTEGER NOT NULL, unit TEXT NOT NULL, hour INTEGER NOT NULL,
    points BLOB NOT NULL, UNIQUE (metric_id, hour, unit)
  );
  CREATE INDEX block_by_hour ON block (hour);`;

const metricColumns = "id, account, region, namespace, name, dimensions";
const hourMinutes = 60;
const minutesKept = bounds.metricDaysKept.value * 1_440;
const metricsMax = bounds.metricsPerAccountMax.value;
const accountsMax = bounds.metricAccountsMax.value;
/** The share of the points that is dropped at a time when the store is full. */
const droppedShare = 0.05;

/**
 * The points of CloudWatch's metrics, one a minute, in an SQLite file of their own. A row holds the points of an hour, so
 * that they take little room and a month's points are read at once. A commit survives `kill -9`. It does not wait for the
 * disk, so a crash of the machine may cost the last seconds. The store is synchronous and lives in a thread of its own.
 */
export class MetricStore {
  readonly #database: DatabaseFile;
  readonly #bytesMax: number;
  /** How many metrics each account has. */
  #counts: Map<string, number> | undefined;

  constructor({ path, bytesMax }: MetricStoreOptions) {
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

  /** Adds points to those that are there. Returns how many were dropped, because their account has too many metrics. */
  add(points: readonly MetricPoint[]): number {
    const dropped = this.#transact(() => {
      let count = 0;
      for (const group of groupByHour(points)) {
        const id = this.#metricId(group);
        if (id === undefined) count += group.points.length;
        else this.#addToBlock(id, group);
      }
      return count;
    });
    this.#keepWithinBounds();
    return dropped;
  }

  /** Returns the metric with exactly these dimensions. */
  metric(address: Omit<MetricAddress, "unit">): StoredMetric | undefined {
    const row = this.#database.row(`SELECT ${metricColumns} FROM metric WHERE key = ?`, keyOf(address));
    return row && toMetric(row);
  }

  /** Yields metrics of an account and region, in the order of their numbers, that had a point since `sinceMinute`. */
  *metrics(of: {
    readonly account: string;
    readonly region: string;
    readonly namespace: string | undefined;
    readonly name: string | undefined;
    readonly sinceMinute: number;
    readonly afterId: number;
  }): Generator<StoredMetric> {
    const { account, region, namespace = null, name = null, sinceMinute, afterId } = of;
    for (let after = afterId; ; ) {
      const rows = this.#database.rows(
        `SELECT ${metricColumns} FROM metric
         WHERE account = ? AND region = ? AND (? IS NULL OR namespace = ?) AND (? IS NULL OR name = ?)
           AND last_minute >= ? AND id > ? ORDER BY id LIMIT ${pageRows}`,
        account,
        region,
        namespace,
        namespace,
        name,
        name,
        sinceMinute,
        after,
      );
      yield* rows.map(toMetric);
      const last = rows.at(-1);
      if (rows.length < pageRows || last === undefined) return;
      after = last["id"] as number;
    }
  }

  /** Returns the range in which a metric's points lie; its end is exclusive. */
  minutesKept(metricId: number): { readonly fromMinute: number; readonly toMinute: number } {
    const sql = "SELECT min(hour) AS first, max(hour) AS last FROM block WHERE metric_id = ?";
    const row = this.#database.row(sql, metricId);
    const [first, last] = [row?.["first"], row?.["last"]];
    if (typeof first !== "number" || typeof last !== "number") return { fromMinute: 0, toMinute: 0 };
    return { fromMinute: first * hourMinutes, toMinute: (last + 1) * hourMinutes };
  }

  /** Yields a metric's minutes from `fromMinute` up to and without `toMinute`, by time. It tells how many bytes it reads. */
  *minutes(
    metricId: number,
    { fromMinute, toMinute }: { readonly fromMinute: number; readonly toMinute: number },
    onRead: (bytes: number) => void = () => undefined,
  ): Generator<MinuteSummary> {
    const rows = this.#database.iterate(
      "SELECT unit, hour, points FROM block WHERE metric_id = ? AND hour >= ? AND hour <= ? ORDER BY hour, unit",
      metricId,
      Math.floor(fromMinute / hourMinutes),
      Math.floor((toMinute - 1) / hourMinutes),
    );
    for (const row of rows) {
      const unit = row["unit"] as string;
      const firstMinute = (row["hour"] as number) * hourMinutes;
      const points = row["points"] as Uint8Array;
      onRead(points.length);
      for (const [at, summary] of decodeBlock(points)) {
        const minute = firstMinute + at;
        if (minute >= fromMinute && minute < toMinute) yield { unit, minute, summary };
      }
    }
  }

  /** Drops points that are older than metrics are kept, and the oldest if there is no room. */
  sweep(nowMs: number): void {
    const firstHour = Math.floor((nowMs / 60_000 - minutesKept) / hourMinutes);
    this.#transact(() => this.#dropBefore("hour < ?", firstHour));
    this.#keepWithinBounds();
    this.#database.giveBackFreePages();
  }

  /** Deletes everything. */
  reset(): void {
    this.#counts = undefined;
    this.#database.transact(() => {
      for (const table of ["block", "metric"]) this.#database.run(`DELETE FROM ${table}`);
    });
  }

  #transact<T>(work: () => T): T {
    try {
      return this.#database.transact(work);
    } catch (error) {
      this.#counts = undefined;
      throw error;
    }
  }

  /** Returns the metric's number, and makes the metric if there is room for it. */
  #metricId({ metric, points }: HourPoints): number | undefined {
    const key = keyOf(metric);
    const lastMinute = Math.max(...points.map(({ minute }) => minute));
    const row = this.#database.row("SELECT id, last_minute FROM metric WHERE key = ?", key);
    if (row) {
      const id = row["id"] as number;
      if ((row["last_minute"] as number) < lastMinute) {
        this.#database.run("UPDATE metric SET last_minute = ? WHERE id = ?", lastMinute, id);
      }
      return id;
    }
    const { account, region, namespace, name, dimensions } = metric;
    this.#counts ??= this.#readCounts();
    const count = this.#counts.get(account) ?? 0;
    if (count >= metricsMax || (count === 0 && this.#counts.size >= accountsMax)) return undefined;
    this.#counts.set(account, count + 1);
    return this.#database.insert(
      "INSERT INTO metric (key, account, region, namespace, name, dimensions, last_minute) VALUES (?, ?, ?, ?, ?, ?, ?)",
      key,
      account,
      region,
      namespace,
      name,
      JSON.stringify(dimensions),
      lastMinute,
    );
  }

  #readCounts(): Map<string, number> {
    const rows = this.#database.rows("SELECT account, count(*) AS metrics FROM metric GROUP BY account");
    return new Map(rows.map((row) => [row["account"] as string, row["metrics"] as number]));
  }

  #addToBlock(metricId: number, { hour, metric: { unit }, points }: HourPoints): void {
    const row = this.#database.row(
      "SELECT points FROM block WHERE metric_id = ? AND hour = ? AND unit = ?",
      metricId,
      hour,
      unit,
    );
    const block = row ? decodeBlock(row["points"] as Uint8Array) : new Map<number, MetricSummary>();
    for (const point of points) {
      const at = point.minute - hour * hourMinutes;
      const added = { ...point, ...makeDistribution(point.values, point.counts) };
      const before = block.get(at);
      block.set(at, boundSummary(before ? mergeSummaries(before, added) : added));
    }
    this.#database.run(
      `INSERT INTO block (metric_id, unit, hour, points) VALUES (?, ?, ?, ?)
       ON CONFLICT (metric_id, hour, unit) DO UPDATE SET points = excluded.points`,
      metricId,
      unit,
      hour,
      encodeBlock(block),
    );
  }

  #keepWithinBounds(): void {
    while (this.#database.usedBytes() > this.#bytesMax) {
      const ends = this.#database.row("SELECT count(*) AS blocks, min(hour) AS first FROM block");
      const blocks = (ends?.["blocks"] as number | undefined) ?? 0;
      if (blocks === 0) return;
      const dropped = Math.max(1, Math.ceil(blocks * droppedShare));
      this.#database.transact(() =>
        this.#dropBefore("id IN (SELECT id FROM block ORDER BY hour, id LIMIT ?)", dropped),
      );
    }
  }

  /** Drops blocks, and metrics of which nothing is left. */
  #dropBefore(where: string, value: number): void {
    const metrics = this.#database.rows(`SELECT DISTINCT metric_id FROM block WHERE ${where}`, value);
    if (metrics.length === 0) return;
    this.#database.run(`DELETE FROM block WHERE ${where}`, value);
    for (const row of metrics) {
      const id = row["metric_id"] as number;
      this.#database.run(
        "DELETE FROM metric WHERE id = ? AND NOT EXISTS (SELECT 1 FROM block WHERE metric_id = ?)",
        id,
        id,
      );
    }
    this.#counts = undefined;
  }
}

/** The number of metrics that are read at a time. */
const pageRows = 1_000;

const toMetric = (row: Row): StoredMetric => ({
  id: row["id"] as number,
  account: row["account"] as string,
  region: row["region"] as string,
  namespace: row["namespace"] as string,
  name: row["name"] as string,
  dimensions: JSON.parse(row["dimensions"] as string) as StoredMetric["dimensions"],
});

/** Returns what a metric is found by, of bounded length whatever its dimensions are. */
const keyOf = ({ account, region, namespace, name, dimensions }: Omit<MetricAddress, "unit">): Uint8Array =>
  createHash("sha256")
    .update(JSON.stringify([account, region, namespace, name, dimensions]))
    .digest()
    .subarray(0, 20);

/** Points of one metric, unit and hour. */
interface HourPoints {
  readonly metric: MetricAddress;
  /** Whole hours since 1970. */
  readonly hour: number;
  readonly points: MetricPoint[];
}

function groupByHour(points: readonly MetricPoint[]): Iterable<HourPoints> {
  const groups = new Map<string, HourPoints>();
  for (const point of points) {
    const { metric } = point;
    const hour = Math.floor(point.minute / hourMinutes);
    const { account, region, namespace, name, dimensions, unit } = metric;
    const key = JSON.stringify([account, region, namespace, name, dimensions, unit, hour]);
    const group = groups.get(key);
    if (group) group.points.push(point);
    else groups.set(key, { metric, hour, points: [point] });
  }
  return groups.values();
}
