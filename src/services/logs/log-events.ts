import { bounds } from "../../base/bounds.ts";
import { parseLogFilter } from "../../language/log-filter.ts";
import { lineOverheadBytes } from "./log-chunk.ts";
import {
  type GroupReference,
  invalid,
  keptFromMs,
  type LogsCall,
  type LogsOperation,
  paging,
  requireGroup,
} from "./log-groups.ts";
import {
  batchOf,
  type LinePosition,
  type LogGroup,
  type LogStore,
  type ReadRange,
  type StoredLine,
} from "./log-store.ts";
import { requireStream, type StreamReference, sequenceToken, streamMissing } from "./log-streams.ts";

const dayMs = 86_400_000;
interface PutLogEventsInput extends StreamReference {
  readonly logEvents: readonly { readonly timestamp: number; readonly message: string }[];
}

/** AWS: CloudWatch Logs API reference, "PutLogEvents": the constraints of a batch, in its order. */
const batchBytesMax = bounds.logBatchBytesMax.value;
const futureMsMax = bounds.logEventFutureMsMax.value;
const pastMsMax = bounds.logEventPastMsMax.value;

function putLogEvents(store: LogStore, input: PutLogEventsInput, call: LogsCall): object {
  const [group, stream] = requireStream(store, input, call);
  const { logEvents } = input;
  requireBatch(logEvents);
  const expiredMs = keptFromMs(group, call.nowMs);
  const tooOld = countUpTo(logEvents, call.nowMs - pastMsMax);
  const expired = countUpTo(logEvents, expiredMs);
  const tooNew = logEvents.findIndex(({ timestamp }) => timestamp > call.nowMs + futureMsMax);
  const taken = logEvents.slice(Math.max(tooOld, expired), tooNew < 0 ? undefined : tooNew);
  if (taken.length > 0) store.append(group.id, stream.id, batchOf(taken), call.nowMs);
  const rejected = {
    ...(tooNew < 0 ? {} : { tooNewLogEventStartIndex: tooNew }),
    ...(tooOld === 0 ? {} : { tooOldLogEventEndIndex: tooOld }),
    ...(expired > tooOld ? { expiredLogEventEndIndex: expired } : {}),
  };
  return {
    nextSequenceToken: sequenceToken({ id: stream.id, ingestedMs: call.nowMs }),
    ...(Object.keys(rejected).length === 0 ? {} : { rejectedLogEventsInfo: rejected }),
  };
}

/** Returns how many of the events, which are sorted by time, are older than `ms`. */
const countUpTo = (events: PutLogEventsInput["logEvents"], ms: number): number => {
  const first = events.findIndex(({ timestamp }) => timestamp >= ms);
  return first < 0 ? events.length : first;
};

function requireBatch(events: PutLogEventsInput["logEvents"]): void {
  let bytes = 0;
  let before = 0;
  for (const { timestamp, message } of events) {
    const size = Buffer.byteLength(message) + lineOverheadBytes;
    if (size > batchBytesMax) throw invalid(`Log event too large: ${size} bytes exceeds limit of ${batchBytesMax}`);
    if (timestamp < before) {
      throw invalid("Log events in a single PutLogEvents request must be in chronological order.");
    }
    bytes += size;
    before = timestamp;
  }
  if (bytes > batchBytesMax) throw invalid(`Upload too large: ${bytes} bytes exceeds limit of ${batchBytesMax}`);
  if (before - (events[0]?.timestamp ?? before) > dayMs) {
    throw invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
  }
}

/** AWS: GetLogEvents and FilterLogEvents: 10,000 events, or as many as fit in 1 MB. */
const eventsMax = bounds.logEventsMax.value;
const answerBytesMax = bounds.logAnswerBytesMax.value;

interface ReadInput {
  readonly startTime?: number;
  readonly endTime?: number;
  readonly nextToken?: string;
  readonly limit?: number;
}

interface GetLogEventsInput extends StreamReference, ReadInput {
  readonly startFromHead?: boolean;
}

/**
 * Returns the time range from `startTime` (inclusive) to `endTime` (exclusive), no further back than the group keeps
 * lines.
 */
function rangeOf({ startTime = 0, endTime = latestMs }: ReadInput, group: LogGroup, call: LogsCall): ReadRange {
  return { fromMs: Math.max(startTime, keptFromMs(group, call.nowMs)), toMs: Math.min(endTime, latestMs) };
}

/** Far beyond every event's time, and small enough to add to. */
const latestMs = 1e15;

function getLogEvents(store: LogStore, input: GetLogEventsInput, call: LogsCall): object {
  const [group, stream] = requireStream(store, input, call);
  const range = rangeOf(input, group, call);
  const token = input.nextToken === undefined ? undefined : parseToken(input.nextToken);
  const isForward = token?.direction === "f" || (token === undefined && input.startFromHead === true);
  const limit = input.limit ?? eventsMax;
  const found = isForward
    ? take(store.forward({ groupId: group.id, streamIds: [stream.id] }, range, token?.position), limit)
    : take(store.backward(stream.id, range, token?.position), limit).reverse();
  // AWS: "If you have reached the end of the stream, it returns the same token you passed in."
  const first = found[0] ?? token?.position ?? nowhere(range.fromMs);
  const last = found.at(-1) ?? token?.position ?? nowhere(range.fromMs);
  return {
    events: found.map(({ ms, message, ingestedMs }) => ({ timestamp: ms, message, ingestionTime: ingestedMs })),
    nextForwardToken: `f/${positionText(last)}`,
    nextBackwardToken: `b/${positionText(first)}`,
  };
}

/** Returns the position before every line at that time. */
const nowhere = (ms: number): LinePosition => ({ ms, chunk: 0, index: 0 });

/** Takes as many lines as a page may have. */
function take(lines: Iterable<StoredLine>, limit: number): StoredLine[] {
  const taken: StoredLine[] = [];
  let bytes = 0;
  for (const line of lines) {
    bytes += Buffer.byteLength(line.message) + lineOverheadBytes;
    if (taken.length > 0 && bytes > answerBytesMax) break;
    taken.push(line);
    if (taken.length >= limit) break;
  }
  return taken;
}

/** Writes a position in 56 digits, like AWS's event ids: time, chunk, index. */
const positionText = ({ ms, chunk, index }: LinePosition): string =>
  `${ms}`.padStart(20, "0") + `${chunk}`.padStart(18, "0") + `${index}`.padStart(18, "0");

function parseToken(token: string): { readonly direction: "f" | "b"; readonly position: LinePosition } {
  const [, direction, position = ""] = /^([fb])\/(\d{56})$/.exec(token) ?? [];
  if (direction === undefined) throw invalid(paging.invalidToken);
  return { direction: direction as "f" | "b", position: parsePosition(position) };
}

function parsePosition(text: string): LinePosition {
  if (!/^\d{56}$/.test(text)) throw invalid(paging.invalidToken);
  return { ms: Number(text.slice(0, 20)), chunk: Number(text.slice(20, 38)), index: Number(text.slice(38)) };
}

interface FilterLogEventsInput extends GroupReference, ReadInput {
  readonly logStreamNames?: readonly string[];
  readonly logStreamNamePrefix?: string;
  readonly filterPattern?: string;
}

function filterLogEvents(store: LogStore, input: FilterLogEventsInput, call: LogsCall): object {
  const filter = parseLogFilter(input.filterPattern ?? "");
  if (filter.kind === "invalid") throw invalid(filter.message);
  const group = requireGroup(store, input, call);
  const after = input.nextToken === undefined ? undefined : parsePosition(input.nextToken);
  const names = store.streamNames(group.id);
  const streamIds = searchedStreams(input, names);
  const limit = input.limit ?? eventsMax;
  const lines = store.forward(
    { groupId: group.id, ...(streamIds === undefined ? {} : { streamIds }) },
    // AWS: FilterLogEvents: "Events with a timestamp later than this time are not returned": those at it are.
    rangeOf(input.endTime === undefined ? input : { ...input, endTime: input.endTime + 1 }, group, call),
    after,
  );

  const events: object[] = [];
  let bytes = 0;
  let chars = 0;
  let next: LinePosition | undefined;
  let last: LinePosition | undefined;
  const begunAt = performance.now();
  for (const line of lines) {
    chars += line.message.length + lineOverheadBytes;
    const isMatch = filter.matches(line.message);
    if (isMatch) bytes += Buffer.byteLength(line.message) + lineOverheadBytes;
    const isFull = events.length >= limit || (events.length > 0 && bytes > answerBytesMax);
    // AWS: a search that takes long answers what it found, perhaps nothing, with a token to go on.
    if ((isMatch && isFull) || chars > searchCharsMax || performance.now() - begunAt > searchMsMax) {
      next = last;
      if (next !== undefined) break;
    }
    last = line;
    if (!isMatch) continue;
    events.push({
      logStreamName: names.get(line.streamId),
      timestamp: line.ms,
      message: line.message,
      ingestionTime: line.ingestedMs,
      eventId: positionText(line),
    });
  }
  return {
    events,
    // AWS: FilterLogEvents: "As of May 15, 2020, this parameter is no longer supported" and is an empty list.
    searchedLogStreams: [],
    ...(next === undefined ? {} : { nextToken: positionText(next) }),
  };
}

const searchCharsMax = bounds.logSearchCharsMax.value;
const searchMsMax = bounds.logSearchMsMax.value;

/** Returns the streams to search; undefined for all of the group's. */
function searchedStreams(
  { logStreamNames, logStreamNamePrefix }: FilterLogEventsInput,
  names: ReadonlyMap<number, string>,
): readonly number[] | undefined {
  if (logStreamNames === undefined && logStreamNamePrefix === undefined) return undefined;
  if (logStreamNames !== undefined && logStreamNamePrefix !== undefined) {
    throw invalid("LogStreamNames and LogStreamNamePrefix are mutually exclusive parameters.");
  }
  const chosen = [...names].filter(([, name]) =>
    logStreamNames ? logStreamNames.includes(name) : name.startsWith(logStreamNamePrefix ?? ""),
  );
  if (logStreamNames !== undefined && chosen.length < new Set(logStreamNames).size) throw streamMissing();
  return chosen.map(([id]) => id);
}

export const logEventOperations = {
  PutLogEvents: putLogEvents,
  GetLogEvents: getLogEvents,
  FilterLogEvents: filterLogEvents,
} satisfies Record<string, LogsOperation>;
