import { bounds } from "../../base/bounds.ts";
import type { Clock } from "../../base/clock.ts";
import { isObject } from "../../base/json-object.ts";
import { ApiError } from "../../protocol/errors.ts";
import type { BatchDelivery } from "../../telemetry/batch-sender.ts";
import { OtlpExporter } from "../../telemetry/otlp-exporter.ts";
import { otlpTraces } from "../../telemetry/otlp-spans.ts";
import type { TracedExchange } from "../../telemetry/traced-exchange.ts";
import { type Collector, collectorName } from "../collector.ts";
import type { FromServiceThread, ThreadCall } from "../thread-messages.ts";
import type { ThreadWork } from "../thread-worker.ts";
import { DaemonSender } from "./daemon.ts";
import { compileFilter, FilterProblem, type TraceFilter } from "./filter-expression.ts";
import { type Segment, segmentOf } from "./segment.ts";
import { ServiceGraph } from "./service-graph.ts";
import type { TraceOperationName } from "./trace-operation-names.ts";
import { retentionMs, type StoredTrace, type TraceScope, type TraceStore } from "./trace-store.ts";
import { summaryOf } from "./trace-summary.ts";
import { assemble, factsOfTrace, type WholeTrace } from "./whole-trace.ts";

/** What the traces' thread is started with (`workerData`). */
export interface TracesStart {
  /** The file of the traces; undefined keeps them in memory. */
  readonly path: string | undefined;
  readonly bytesMax: number;
  /** The time by which tests have moved the clock, in shared memory. */
  readonly clock: SharedArrayBuffer;
  /** `host:port` of an X-Ray daemon that gets every segment, too. */
  readonly daemon: string | undefined;
  readonly collector: Collector | undefined;
}

/** The work of the traces' thread: it stores segments, passes them on, and answers the operations about traces. */
export class TraceWork implements ThreadWork<BatchDelivery<TracedExchange>> {
  readonly #store: TraceStore;
  readonly #clock: Clock;
  readonly #daemon: DaemonSender | undefined;
  readonly #collector: OtlpExporter<TracedExchange> | undefined;
  readonly #operations: Readonly<Record<TraceOperationName, (input: never, scope: TraceScope) => object>> = {
    PutTraceSegments: (input, scope) => this.#put(input, scope),
    BatchGetTraces: (input, scope) => this.#get(input, scope),
    GetTraceSummaries: (input, scope) => this.#summaries(input, scope),
    GetServiceGraph: (input, scope) => this.#serviceGraph(input, scope),
    GetTraceGraph: (input, scope) => this.#traceGraph(input, scope),
  };

  constructor(store: TraceStore, clock: Clock, start: TracesStart, post: (message: FromServiceThread) => void) {
    this.#store = store;
    this.#clock = clock;
    if (start.daemon !== undefined) {
      this.#daemon = new DaemonSender(start.daemon, (why) =>
        post({ kind: "dropped", count: 1, why, notBy: "the X-Ray daemon" }),
      );
    }
    if (start.collector !== undefined) {
      const { target, version } = start.collector;
      this.#collector = new OtlpExporter<TracedExchange>({
        target,
        path: "/v1/traces",
        envelope: (items) => otlpTraces(items, version),
        onLoss: (count, why) => post({ kind: "dropped", count, why, notBy: collectorName }),
      });
    }
    if (store.damagedPath === undefined) return;
    const message = `The traces' file was damaged and is now ${store.damagedPath}; a new one is begun.`;
    post({ kind: "trouble", message });
  }

  deliver({ items }: BatchDelivery<TracedExchange>): void {
    const rows = [];
    for (const item of items) {
      if (item.isForOtlp) this.#collector?.add(item);
      if (!item.isForXray) continue;
      const segment = segmentOf(item);
      const document = JSON.stringify(segment);
      this.#daemon?.send(document);
      rows.push({ scope: item, segment: segment as Segment, document });
    }
    if (rows.length > 0) this.#store.add(rows, this.#clock.now());
  }

  operate({ operation, input, account, region }: ThreadCall): object {
    return this.#operations[operation as TraceOperationName](input as never, { account, region });
  }

  reset(): void {
    this.#store.reset();
  }

  sweep(): void {
    this.#store.sweep(this.#clock.now());
  }

  async close(): Promise<void> {
    await Promise.all([this.#collector?.close(), this.#daemon?.close()]);
    this.#store.close();
  }

  /** AWS: X-Ray API reference, "PutTraceSegments". Each document is taken or refused by itself. */
  #put({ TraceSegmentDocuments: documents }: { TraceSegmentDocuments: readonly string[] }, scope: TraceScope): object {
    const most = bounds.traceDocumentsMax.value;
    if (documents.length > most) throw invalid(`PutTraceSegments takes ${most} segment documents at most.`);
    const now = this.#clock.now();
    const rows = [];
    const refused = [];
    for (const document of documents) {
      const { segment, id, why } = readSegment(document, now);
      if (segment === undefined) refused.push({ Id: id, ErrorCode: "ParseError", Message: why });
      else rows.push({ scope, segment, document });
    }
    if (rows.length > 0) this.#store.add(rows, this.#clock.now());
    return { UnprocessedTraceSegments: refused };
  }

  #get({ TraceIds: ids }: { TraceIds: readonly string[] }, scope: TraceScope): object {
    if (ids.length > batchTracesMax) throw invalid(`BatchGetTraces takes ${batchTracesMax} trace ids at most.`);
    const missing: string[] = [];
    const traces = [];
    for (const id of new Set(ids)) {
      const trace = this.#whole(scope, id);
      if (trace === undefined) missing.push(id);
      else {
        traces.push({
          Id: id,
          Duration: factsOfTrace(trace).duration,
          LimitExceeded: trace.isCut,
          Segments: trace.segments.map(({ segment, document }) => ({ Id: segment.id, Document: document })),
        });
      }
    }
    return { Traces: traces, UnprocessedTraceIds: missing };
  }

  #summaries(input: SummariesInput, scope: TraceScope): object {
    const filter = readFilter(input.FilterExpression);
    const { traces, scanned, next } = this.#scan(input, scope);
    const summaries: object[] = [];
    ofFilter(() => {
      for (const { trace } of traces) {
        const facts = factsOfTrace(trace);
        if (filter(trace, facts)) summaries.push(summaryOf(trace, facts, scope.account));
      }
    });
    return {
      TraceSummaries: summaries,
      ApproximateTime: this.#clock.now() / 1000,
      TracesProcessedCount: scanned,
      ...(next !== undefined && { NextToken: next }),
    };
  }

  #serviceGraph(
    input: RangeInput & { readonly GroupName?: string; readonly GroupARN?: string },
    scope: TraceScope,
  ): object {
    const group = input.GroupName ?? input.GroupARN;
    if (group !== undefined && group !== "Default" && !/:group\/Default(\/|$)/.test(group)) {
      throw new ApiError("InvalidRequestException", `There is no group ${group}: Portico has the group Default only.`);
    }
    const graph = new ServiceGraph();
    const { traces, next: behind } = this.#scan(input, scope);
    let next = behind;
    let last: string | undefined;
    for (const { trace, token } of traces) {
      if (graph.isFull) {
        next = last;
        break;
      }
      graph.add(trace);
      last = token;
    }
    return {
      StartTime: input.StartTime,
      EndTime: input.EndTime,
      Services: graph.services(scope.account),
      ContainsOldGroupVersions: false,
      ...(next !== undefined && { NextToken: next }),
    };
  }

  #traceGraph(
    { TraceIds: given, NextToken: token }: { readonly TraceIds: readonly string[]; readonly NextToken?: string },
    scope: TraceScope,
  ): object {
    if (given.length > bounds.traceGraphIdsMax.value)
      throw invalid(`GetTraceGraph takes ${bounds.traceGraphIdsMax.value} trace ids at most.`);
    if (token !== undefined && !/^\d{1,3}$/.test(token)) throw invalid("Invalid NextToken.");
    const ids = [...new Set(given)];
    const graph = new ServiceGraph();
    let at = Number(token ?? 0);
    for (let chars = 0; at < ids.length && chars < bounds.traceScanBytesMax.value && !graph.isFull; at++) {
      const stored = this.#store.segments(scope, ids[at]!);
      if (stored.documents.length === 0) continue;
      for (const document of stored.documents) chars += document.length;
      graph.add(assemble(ids[at]!, stored));
    }
    return { Services: graph.services(scope.account), ...(at < ids.length && { NextToken: String(at) }) };
  }

  /** Reads a page of the traces of a time range. A page is bounded, so that no call holds up the segments that come. */
  #scan(
    input: RangeInput,
    scope: TraceScope,
  ): { traces: Generator<ScannedTrace>; scanned: number; next: string | undefined } {
    const fromMs = input.StartTime * 1000;
    const toMs = input.EndTime * 1000;
    if (toMs < fromMs) throw invalid("The start time is later than the end time.");
    if (toMs - fromMs > rangeMsMax) throw invalid("The time range is longer than 24 hours.");
    const after = readToken(input.NextToken);
    const limit = bounds.traceScanMax.value;
    const found = this.#store.traces(scope, { fromMs, toMs, limit, ...(after !== undefined && { after }) });
    let bytes = 0;
    const beyond = found.findIndex((trace, index) => {
      bytes += Math.min(trace.bytes, bounds.traceBytesMax.value);
      return index > 0 && bytes > bounds.traceScanBytesMax.value;
    });
    const looked = beyond < 0 ? found : found.slice(0, beyond);
    const last = beyond >= 0 || found.length === limit ? looked.at(-1) : undefined;
    return {
      traces: this.#each(scope, looked),
      scanned: looked.length,
      next: last && tokenOf(last),
    };
  }

  *#each(scope: TraceScope, found: readonly StoredTrace[]): Generator<ScannedTrace> {
    for (const each of found) {
      const trace = this.#whole(scope, each.id);
      if (trace !== undefined) yield { trace, token: tokenOf(each) };
    }
  }

  #whole(scope: TraceScope, id: string): WholeTrace | undefined {
    const stored = this.#store.segments(scope, id);
    return stored.documents.length === 0 ? undefined : assemble(id, stored);
  }
}

interface RangeInput {
  /** Seconds since 1970. */
  readonly StartTime: number;
  readonly EndTime: number;
  readonly NextToken?: string;
}

interface ScannedTrace {
  readonly trace: WholeTrace;
  /** Leads to the traces behind it. */
  readonly token: string;
}

interface SummariesInput extends RangeInput {
  readonly FilterExpression?: string;
}

/** AWS: X-Ray API reference, "BatchGetTraces". */
const batchTracesMax = bounds.traceBatchIdsMax.value;
/** AWS: X-Ray API reference, "GetTraceSummaries": at most 24 hours. */
const rangeMsMax = bounds.traceRangeMsMax.value;

const invalid = (message: string): ApiError => new ApiError("InvalidRequestException", message);

function readFilter(expression: string | undefined): TraceFilter {
  if (expression === undefined || expression.trim() === "") return () => true;
  return ofFilter(() => compileFilter(expression));
}

/** Does what an expression can be the cause of failing. */
function ofFilter<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof FilterProblem)) throw error;
    throw invalid(`Invalid filter expression: ${error.message}`);
  }
}

const tokenOf = ({ firstMs, id }: StoredTrace): string =>
  Buffer.from(JSON.stringify([firstMs, id])).toString("base64url");

function readToken(token: string | undefined): StoredTrace | undefined {
  if (token === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
    if (Array.isArray(value) && typeof value[0] === "number" && typeof value[1] === "string") {
      return { firstMs: value[0], id: value[1] };
    }
  } catch {
    // Any text that is no token of ours ends here.
  }
  throw invalid("Invalid NextToken.");
}

interface ReadSegment {
  /** Undefined if the document is none. */
  readonly segment?: Segment;
  readonly why?: string;
  /** The id that it gives itself, whatever else is wrong. */
  readonly id?: string;
}

/** Reads a segment that a client sent, or says why it is none. */
function readSegment(document: string, nowMs: number): ReadSegment {
  const value = parseSegment(document);
  if (typeof value === "string") return { why: value };
  const why = checkSegment(value, nowMs);
  if (why === undefined) return { segment: value as unknown as Segment };
  const { id } = value;
  return typeof id === "string" && isId(id) ? { why, id } : { why };
}

const isId = (text: string): boolean => /^[0-9a-f]{16}$/.test(text);

function parseSegment(document: string): Readonly<Record<string, unknown>> | string {
  if (Buffer.byteLength(document) > bounds.traceSegmentBytesMax.value) return "the segment is longer than 64 KB";
  let value: unknown;
  try {
    value = JSON.parse(document);
  } catch {
    return "the segment is no JSON";
  }
  if (!isObject(value)) return "the segment is no object";
  if (isDeeperThan(value, bounds.traceJsonDepthMax.value)) return "the segment is nested too deep";
  return value;
}

/** Returns why an object is no segment. AWS: X-Ray Developer Guide, "X-Ray segment documents", required fields. */
function checkSegment(value: Readonly<Record<string, unknown>>, nowMs: number): string | undefined {
  const {
    trace_id: traceId,
    id,
    name,
    start_time: start,
    end_time: end,
    in_progress: isOpen,
    parent_id: parent,
    type,
  } = value;
  if (typeof traceId !== "string" || !/^1-[0-9a-f]{8}-[0-9a-f]{24}$/.test(traceId)) return "trace_id is none";
  if (typeof id !== "string" || !isId(id)) return "id is no 16 hex digits";
  if (typeof name !== "string" || name === "" || name.length > 200) return "name is none";
  if (!isTime(start)) return "start_time is no time";
  if (start * 1000 < nowMs - retentionMs) return "start_time is more than 30 days ago";
  if (start * 1000 > nowMs + bounds.traceAheadMsMax.value) return "start_time is in the future";
  if (end !== undefined ? !isTime(end) : isOpen !== true) return "end_time is no time";
  if (parent !== undefined && (typeof parent !== "string" || !isId(parent))) return "parent_id is no 16 hex digits";
  if (type !== undefined && (type !== "subsegment" || parent === undefined))
    return "type is not subsegment, or there is no parent_id";
  return checkParts(value, 0);
}

const secondsMax = bounds.traceTimeSecondsMax.value;
const isTime = (value: unknown): value is number => typeof value === "number" && value >= 0 && value <= secondsMax;

/** Returns whether a JSON value nests deeper. It needs no stack for it. */
function isDeeperThan(value: unknown, max: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > max) return true;
    level = level.flatMap((each) => (typeof each === "object" && each !== null ? Object.values(each) : []));
  }
  return false;
}

/** Returns why a (sub)segment's members that are read here can't be, or undefined. */
function checkParts(part: Readonly<Record<string, unknown>>, depth: number): string | undefined {
  if (depth > bounds.traceSegmentDepthMax.value) return "subsegments are nested too deep";
  for (const member of ["http", "aws", "annotations"]) {
    if (part[member] !== undefined && !isObject(part[member])) return `${member} is no object`;
  }
  const { subsegments: subs } = part;
  if (subs === undefined) return undefined;
  if (!Array.isArray(subs)) return "subsegments is no list";
  for (const sub of subs as unknown[]) {
    if (!isObject(sub)) return "a subsegment is no object";
    const { id, name, start_time: start, end_time: end } = sub;
    if (typeof id !== "string" || typeof name !== "string" || !isTime(start))
      return "a subsegment lacks id, name or start_time";
    if (end !== undefined && !isTime(end)) return "a subsegment's end_time is no time";
    const problem = checkParts(sub, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
