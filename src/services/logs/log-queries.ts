import { randomUUID } from "node:crypto";
import { bounds } from "../../base/bounds.ts";
import { charsPerCell, parseLogQuery, type ResultRow, type RunningQuery } from "../../language/log-query/log-query.ts";
import { QueryTooLarge } from "../../language/log-query/query-memory.ts";
import { ApiError, notImplemented } from "../../protocol/errors.ts";
import { lineOverheadBytes } from "./log-chunk.ts";
import { type GroupReference, invalid, keptFromMs, type LogsCall, requireGroup } from "./log-groups.ts";
import type { LinePosition, LogGroup, LogStore, StoredLine } from "./log-store.ts";

interface StartQueryInput {
  readonly queryLanguage?: "CWLI" | "SQL" | "PPL";
  readonly logGroupName?: string;
  readonly logGroupNames?: readonly string[];
  readonly logGroupIdentifiers?: readonly string[];
  readonly startTime: number;
  readonly endTime: number;
  readonly queryString: string;
  readonly limit?: number;
}

type QueryStatus = "Scheduled" | "Running" | "Complete" | "Failed" | "Cancelled" | "Timeout";

const groupsMax = bounds.logQueryGroupsMax.value;
/** A time from this on is in milliseconds, since seconds reach it in the year 5138. */
const firstMilliseconds = 1e11;
/** A slice ends behind the line that takes it beyond this. */
const sliceMs = 10;
const sliceChars = bounds.logQuerySliceChars.value;

/**
 * The queries of Logs Insights, in the thread of the logs. They run in slices, each of some milliseconds, and in turn: so lines go
 * on being stored, and no query waits for the end of another one.
 */
export class LogQueries {
  readonly #store: LogStore;
  readonly #now: () => number;
  readonly #onTrouble: (message: string) => void;
  /** In the order of their starts. */
  readonly #queries = new Map<string, LogQuery>();
  /** Those that run, in the order of their turns. */
  #running: LogQuery[] = [];

  constructor(store: LogStore, now: () => number, onTrouble: (message: string) => void) {
    this.#store = store;
    this.#now = now;
    this.#onTrouble = onTrouble;
  }

  start(input: StartQueryInput, call: LogsCall): { readonly queryId: string } {
    const { queryLanguage = "CWLI", startTime, endTime, queryString } = input;
    if (queryLanguage !== "CWLI")
      throw notImplemented(`Portico's Logs Insights does not know the language ${queryLanguage}.`);
    const [fromMs, toMs] = [startTime, endTime].map((time) => (time >= firstMilliseconds ? time : time * 1_000)) as [
      number,
      number,
    ];
    if (toMs < fromMs) throw invalid("The end time must not be before the start time.");
    const parsed = parseLogQuery(queryString);
    if (parsed.kind === "invalid") throw malformed(parsed);
    const groups = this.#groupsOf(input, call);
    const scope = `${call.account}/${call.region}`;
    if (this.#running.filter((query) => query.scope === scope).length >= bounds.logQueriesRunningMax.value) {
      throw new ApiError("LimitExceededException", "Account maximum query concurrency limit reached.");
    }
    const query = new LogQuery({
      store: this.#store,
      scope,
      groups,
      text: queryString,
      work: parsed.begin(input.limit),
      fromMs,
      // AWS: "The range is inclusive, so the specified end time is included in the query."
      toMs: toMs + (endTime >= firstMilliseconds ? 1 : 1_000),
      startedMs: call.nowMs,
    });
    this.#queries.set(query.id, query);
    this.#running.push(query);
    this.#forgetOld();
    if (this.#running.length === 1) setImmediate(() => this.#turn());
    return { queryId: query.id };
  }

  #groupsOf(
    { logGroupName, logGroupNames, logGroupIdentifiers }: StartQueryInput,
    call: LogsCall,
  ): readonly LogGroup[] {
    const given = [logGroupName, logGroupNames, logGroupIdentifiers].filter((each) => each !== undefined);
    const references: readonly GroupReference[] = [
      ...[logGroupName ?? logGroupNames ?? []].flat().map((name) => ({ logGroupName: name })),
      ...(logGroupIdentifiers ?? []).map((identifier) => ({ logGroupIdentifier: identifier })),
    ];
    // AWS: "A StartQuery operation must include exactly one of the following parameters".
    if (given.length !== 1 || references.length === 0) {
      throw invalid("Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be specified.");
    }
    if (references.length > groupsMax) throw invalid(`A query can have at most ${groupsMax} log groups.`);
    const groups = new Map(
      references.map((reference) => requireGroup(this.#store, reference, call)).map((group) => [group.id, group]),
    );
    return [...groups.values()];
  }

  #turn(): void {
    const query = this.#running.shift();
    if (query === undefined) return;
    try {
      if (query.run(this.#now())) this.#running.push(query);
    } catch (error) {
      // Nobody waits here, and the thread has lines to store.
      this.#onTrouble(`A query of Logs Insights failed: ${String(error)}`);
    }
    if (this.#running.length > 0) setImmediate(() => this.#turn());
  }

  /** Forgets the oldest results beyond what is kept. */
  #forgetOld(): void {
    let chars = 0;
    let count = 0;
    for (const query of [...this.#queries.values()].reverse()) {
      chars += query.resultChars;
      const isTooMuch = ++count > bounds.logQueriesKept.value || (count > 1 && chars > bounds.logQueryCharsMax.value);
      if (isTooMuch && query.isOver) this.#queries.delete(query.id);
    }
  }

  #find(queryId: string, { account, region }: LogsCall): LogQuery {
    const query = this.#queries.get(queryId);
    if (query === undefined || query.scope !== `${account}/${region}`) {
      throw new ApiError("ResourceNotFoundException", `Query with ID ${queryId} does not exist.`);
    }
    return query;
  }

  results(
    {
      queryId,
      maxItems,
      nextToken,
    }: { readonly queryId: string; readonly maxItems?: number; readonly nextToken?: string },
    call: LogsCall,
  ): object {
    const { status, rows, statistics } = this.#find(queryId, call);
    if (nextToken !== undefined && !/^\d{1,6}$/.test(nextToken)) throw invalid("The specified nextToken is invalid.");
    const from = Number(nextToken ?? 0);
    const rowsMax = bounds.logQueryPageRowsMax.value;
    const most = Math.min(rows.length, from + Math.min(maxItems || rowsMax, rowsMax));
    let to = from;
    for (let chars = 0; to < most && (to === from || chars <= bounds.logQueryPageCharsMax.value); to++) {
      for (const { field, value } of rows[to]!) chars += charsPerCell + field.length + value.length;
    }
    const next = to < rows.length ? { nextToken: `${to}` } : {};
    return { queryLanguage: "CWLI", results: rows.slice(from, to), statistics, status, ...next };
  }

  stop({ queryId }: { readonly queryId: string }, call: LogsCall): object {
    const query = this.#find(queryId, call);
    if (query.isOver) throw invalid(`Query with ID ${queryId} has already ended: its status is ${query.status}.`);
    query.cancel();
    return { success: true };
  }

  describe(
    input: {
      readonly logGroupName?: string;
      readonly status?: string;
      readonly maxResults?: number;
      readonly nextToken?: string;
      readonly queryLanguage?: string;
    },
    { account, region }: LogsCall,
  ): object {
    const { maxResults = 1_000, nextToken } = input;
    const found = [...this.#queries.values()]
      .reverse()
      .filter(
        ({ scope, status, groups }) =>
          scope === `${account}/${region}` &&
          (input.queryLanguage ?? "CWLI") === "CWLI" &&
          (input.status === undefined || input.status === status) &&
          (input.logGroupName === undefined || groups.some(({ name }) => name === input.logGroupName)),
      );
    const from = nextToken === undefined ? 0 : found.findIndex(({ id }) => id === nextToken);
    if (from < 0) throw invalid("The specified nextToken is invalid.");
    const next = found[from + maxResults];
    return {
      queries: found.slice(from, from + maxResults).map((query) => query.description),
      ...(next === undefined ? {} : { nextToken: next.id }),
    };
  }

  /** Ends and forgets all queries. */
  reset(): void {
    for (const query of this.#running) query.cancel();
    this.#running = [];
    this.#queries.clear();
  }
}

/** AWS: CloudWatch Logs API reference, "StartQuery": MalformedQueryException with the place of the error. */
const malformed = ({
  message,
  start,
  end,
}: {
  readonly message: string;
  readonly start: number;
  readonly end: number;
}) =>
  new ApiError("MalformedQueryException", message, {
    members: { queryCompileError: { location: { startCharOffset: start, endCharOffset: end }, message } },
    hint: "docs/guide/logs.md, Logs Insights, says what Portico's queries may have",
  });

interface LogQueryFacts {
  readonly store: LogStore;
  readonly scope: string;
  readonly groups: readonly LogGroup[];
  readonly text: string;
  readonly work: RunningQuery;
  readonly fromMs: number;
  readonly toMs: number;
  readonly startedMs: number;
}

class LogQuery {
  readonly id: string = randomUUID();
  status: QueryStatus = "Scheduled";
  rows: readonly ResultRow[] = [];
  resultChars = 0;
  readonly #facts: LogQueryFacts;
  #work: RunningQuery | undefined;
  /** What is left to do when all lines have been read. */
  #finish: ReturnType<RunningQuery["finish"]> | undefined = undefined;
  /** The group that is read, and how far it has been. */
  #group = 0;
  #after: LinePosition | undefined = undefined;
  #streams: ReadonlyMap<number, string> | undefined = undefined;
  #records = 0;
  #bytes = 0;
  #matched = 0;
  #endedMs: number | undefined = undefined;

  constructor(facts: LogQueryFacts) {
    this.#facts = facts;
    this.#work = facts.work;
  }

  get scope(): string {
    return this.#facts.scope;
  }

  get groups(): readonly LogGroup[] {
    return this.#facts.groups;
  }

  get isOver(): boolean {
    return this.#work === undefined;
  }

  cancel(): void {
    this.#end("Cancelled");
  }

  /** Runs for a slice. Returns whether there is more to do. */
  run(nowMs: number): boolean {
    const work = this.#work;
    if (work === undefined) return false;
    this.status = "Running";
    this.#endedMs = nowMs;
    if (nowMs - this.#facts.startedMs > bounds.logQueryMsMax.value) {
      this.#end("Timeout");
      return false;
    }
    try {
      if (this.#finish === undefined) {
        const isMore = this.#slice(work, nowMs);
        this.#matched = work.matched;
        if (!isMore) this.#finish = work.finish();
        return true;
      }
      return this.#finishSome(this.#finish);
    } catch (error) {
      this.#end("Failed");
      if (!(error instanceof QueryTooLarge)) throw error;
      return false;
    }
  }

  /** Does a slice of what is left. Returns whether there is more. */
  #finishSome(finish: ReturnType<RunningQuery["finish"]>): boolean {
    const begunAt = performance.now();
    do {
      const { done, value } = finish.next();
      if (done !== true) continue;
      this.rows = value;
      for (const row of this.rows)
        for (const { field, value: text } of row) this.resultChars += field.length + text.length;
      this.#end("Complete");
      return false;
    } while (performance.now() - begunAt < sliceMs);
    return true;
  }

  #end(status: QueryStatus): void {
    this.status = status;
    this.#work?.release();
    this.#work = undefined;
    this.#finish = undefined;
  }

  #slice(work: RunningQuery, nowMs: number): boolean {
    const { store, groups, fromMs, toMs } = this.#facts;
    const group = groups[this.#group];
    if (group === undefined) return false;
    const range = { fromMs: Math.max(fromMs, keptFromMs(group, nowMs)), toMs };
    this.#streams ??= store.streamNames(group.id);
    let chars = 0;
    const begunAt = performance.now();
    for (const line of store.forward({ groupId: group.id }, range, this.#after)) {
      const bytes = line.message.length + lineOverheadBytes;
      chars += bytes;
      this.#bytes += bytes;
      this.#records++;
      this.#after = line;
      if (!work.take(this.#queried(line, group))) return false;
      if (chars >= sliceChars || performance.now() - begunAt > sliceMs) return true;
    }
    this.#group++;
    this.#after = undefined;
    this.#streams = undefined;
    return this.#group < groups.length;
  }

  #queried({ ms, ingestedMs, message, streamId, chunk, index }: StoredLine, { account, name }: LogGroup) {
    const { store, groups } = this.#facts;
    let stream = this.#streams?.get(streamId);
    if (stream === undefined) {
      // The stream has come since.
      this.#streams = store.streamNames(groups[this.#group]!.id);
      stream = this.#streams.get(streamId) ?? "";
    }
    // It has digits of one width, so that its order is that of the lines.
    const ptr = [ms, chunk, index].map((part) => `${part}`.padStart(16, "0")).join("");
    return { ms, ingestedMs, message, stream, log: `${account}:${name}`, ptr };
  }

  get statistics(): object {
    return {
      recordsMatched: this.#matched,
      recordsScanned: this.#records,
      estimatedRecordsSkipped: 0,
      bytesScanned: this.#bytes,
      estimatedBytesSkipped: 0,
      logGroupsScanned: this.#facts.groups.length,
    };
  }

  get description(): object {
    const { text, groups, startedMs } = this.#facts;
    return {
      queryLanguage: "CWLI",
      queryId: this.id,
      queryString: text,
      status: this.status,
      createTime: startedMs,
      logGroupName: groups[0]?.name,
      queryDuration: Math.max(0, (this.#endedMs ?? startedMs) - startedMs),
      bytesScanned: this.#bytes,
    };
  }
}
