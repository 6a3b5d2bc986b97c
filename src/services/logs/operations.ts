import { bounds } from "../../base/bounds.ts";
import { parseLogFilter } from "../../language/log-filter.ts";
import { ApiError } from "../../protocol/errors.ts";
import { type Page, type Paging, page, pageWindow } from "../../protocol/paging.ts";
import { lineOverheadBytes } from "./log-chunk.ts";
import {
  batchOf,
  type LinePosition,
  type LogGroup,
  type LogStore,
  type LogStream,
  type ReadRange,
  type StoredLine,
} from "./log-store.ts";
import type { LogsOperationName } from "./operation-names.ts";

/** What an operation knows of its call besides its input. */
export interface LogsCall {
  readonly account: string;
  readonly region: string;
  readonly nowMs: number;
}

interface GroupReference {
  readonly logGroupName?: string;
  readonly logGroupIdentifier?: string;
}

const dayMs = 86_400_000;
const hourMs = 3_600_000;

const invalid = (message: string): ApiError => new ApiError("InvalidParameterException", message);
const groupMissing = (): ApiError =>
  new ApiError("ResourceNotFoundException", "The specified log group does not exist.");
const streamMissing = (): ApiError =>
  new ApiError("ResourceNotFoundException", "The specified log stream does not exist.");

/** AWS: CloudWatch Logs API reference, "DescribeLogGroups" and "DescribeLogStreams": 50 a page. */
const paging: Paging = {
  limitDefault: 50,
  limitMax: 50,
  code: "InvalidParameterException",
  invalidToken: "The specified nextToken is invalid.",
  invalidLimit: "Invalid limit",
};

// ---- Groups ----

interface CreateLogGroupInput {
  readonly logGroupName: string;
  readonly kmsKeyId?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly logGroupClass?: string;
  readonly deletionProtectionEnabled?: boolean;
}

function createLogGroup(store: LogStore, input: CreateLogGroupInput, call: LogsCall): object {
  const { logGroupName: name } = input;
  // What a key guards must not lie open: see docs/compatibility.md.
  if (input.kmsKeyId !== undefined) {
    throw new ApiError("NotImplementedException", "Portico does not encrypt log groups: leave out kmsKeyId.", {
      status: 501,
    });
  }
  // AWS: CreateLogGroup: "Log group names can't start with the string aws/".
  if (name.startsWith("aws/")) throw invalid("Log groups starting with AWS/ are reserved for AWS.");
  requireRoom(store);
  return store.transact(() => {
    if (store.group(call.account, call.region, name)) {
      throw new ApiError("ResourceAlreadyExistsException", "The specified log group already exists");
    }
    store.createGroup({
      account: call.account,
      region: call.region,
      name,
      createdMs: call.nowMs,
      retentionDays: null,
      logClass: input.logGroupClass ?? "STANDARD",
      isProtected: input.deletionProtectionEnabled ?? false,
      tags: checkTags(input.tags ?? {}),
    });
    return {};
  });
}

/** Lines make room for new ones; groups and streams, which their owners made, don't. */
function requireRoom(store: LogStore): void {
  if (!store.isFull) return;
  throw new ApiError("ServiceUnavailableException", "The service cannot complete the request.", {
    status: 503,
    hint: "The logs take all of --logs-max without a line in them: delete groups, or give them more.",
  });
}

function deleteLogGroup(store: LogStore, input: GroupReference, call: LogsCall): object {
  return store.transact(() => {
    const group = requireGroup(store, input, call);
    if (group.isProtected) {
      // Unconfirmed: how AWS words it; see docs/compatibility.md.
      throw new ApiError("ValidationException", "The specified log group has deletion protection enabled.");
    }
    store.deleteGroup(group.id);
    return {};
  });
}

interface DescribeLogGroupsInput {
  readonly logGroupNamePrefix?: string;
  readonly logGroupNamePattern?: string;
  readonly logGroupClass?: string;
  readonly logGroupIdentifiers?: readonly string[];
  readonly nextToken?: string;
  readonly limit?: number;
}

function describeLogGroups(store: LogStore, input: DescribeLogGroupsInput, call: LogsCall): object {
  const { logGroupNamePrefix: prefix, logGroupNamePattern: pattern, logGroupIdentifiers: identifiers } = input;
  if (prefix !== undefined && pattern !== undefined) {
    throw invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
  }
  if (identifiers !== undefined) {
    const found = identifiers.map((logGroupIdentifier) => findGroup(store, { logGroupIdentifier }, call));
    return { logGroups: found.filter((group) => group !== undefined).map(describeGroup) };
  }
  const { limit, after = "" } = pageWindow({ limit: input.limit, token: input.nextToken }, paging);
  const wanted = pattern?.toLowerCase() ?? "";
  const found: LogGroup[] = [];
  // In steps, so that a narrow search over many groups holds only what it finds.
  for (let last = after; found.length <= limit; ) {
    const some = store.groups(call.account, call.region, { prefix: prefix ?? "", after: last, limit: 500 });
    for (const group of some) {
      const isOfClass = input.logGroupClass === undefined || group.logClass === input.logGroupClass;
      if (isOfClass && group.name.toLowerCase().includes(wanted)) found.push(group);
    }
    if (some.length < 500) break;
    last = some.at(-1)?.name ?? last;
  }
  const { items, next } = page(found, ({ name }) => name, { limit }, paging);
  return { logGroups: items.map(describeGroup), ...nextToken(next) };
}

const nextToken = (next: Page<unknown>["next"]): object => (next === undefined ? {} : { nextToken: next });

const describeGroup = (group: LogGroup): object => ({
  logGroupName: group.name,
  creationTime: group.createdMs,
  retentionInDays: group.retentionDays ?? undefined,
  metricFilterCount: 0,
  arn: `${groupArn(group)}:*`,
  logGroupArn: groupArn(group),
  storedBytes: group.bytes,
  logGroupClass: group.logClass,
  deletionProtectionEnabled: group.isProtected,
});

const groupArn = ({ region, account, name }: Pick<LogGroup, "region" | "account" | "name">): string =>
  `arn:aws:logs:${region}:${account}:log-group:${name}`;

/** A group by its name, or by its ARN with or without `:*` at the end. */
function findGroup(store: LogStore, reference: GroupReference, call: LogsCall): LogGroup | undefined {
  const given = reference.logGroupName ?? reference.logGroupIdentifier;
  // AWS: GetLogEvents: "You must include either logGroupIdentifier or logGroupName, but not both."
  if (given === undefined || (reference.logGroupName !== undefined && reference.logGroupIdentifier !== undefined)) {
    throw invalid("Exactly one of logGroupName and logGroupIdentifier must be specified.");
  }
  if (!given.startsWith("arn:")) return store.group(call.account, call.region, given);
  const [, region, account, name] = /^arn:aws[a-z-]*:logs:([^:]*):([^:]*):log-group:([^:]+)(?::\*)?$/.exec(given) ?? [];
  if (region !== call.region || account !== call.account || name === undefined) return undefined;
  return store.group(account, region, name);
}

function requireGroup(store: LogStore, reference: GroupReference, call: LogsCall): LogGroup {
  const group = findGroup(store, reference, call);
  if (!group) throw groupMissing();
  return group;
}

function changeGroup(
  store: LogStore,
  reference: GroupReference,
  call: LogsCall,
  change: (group: LogGroup) => Partial<LogGroup>,
): object {
  return store.transact(() => {
    const group = requireGroup(store, reference, call);
    store.updateGroup({ ...group, ...change(group) });
    return {};
  });
}

/** AWS: CloudWatch Logs API reference, "PutRetentionPolicy". */
const retentionDays = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

function putRetentionPolicy(
  store: LogStore,
  input: GroupReference & { readonly retentionInDays: number },
  call: LogsCall,
): object {
  if (!retentionDays.includes(input.retentionInDays)) {
    throw invalid(
      `1 validation error detected: Value '${input.retentionInDays}' at 'retentionInDays' failed to satisfy constraint: ` +
        `Member must satisfy enum value set: [${retentionDays.join(", ")}]`,
    );
  }
  return changeGroup(store, input, call, () => ({ retentionDays: input.retentionInDays }));
}

// ---- Tags ----

function checkTags(tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (Object.keys(tags).length > bounds.logGroupTagsMax.value) {
    throw new ApiError("TooManyTagsException", "The resource can not have more than 50 user tags.");
  }
  if (Object.keys(tags).some((key) => key.toLowerCase().startsWith("aws:"))) {
    throw invalid("aws: prefixed tag key names are not allowed for external use.");
  }
  return tags;
}

const addTags = (
  store: LogStore,
  reference: GroupReference,
  call: LogsCall,
  tags: Readonly<Record<string, string>>,
): object => changeGroup(store, reference, call, (group) => ({ tags: checkTags({ ...group.tags, ...tags }) }));

const removeTags = (store: LogStore, reference: GroupReference, call: LogsCall, keys: readonly string[]): object =>
  changeGroup(store, reference, call, (group) => ({
    tags: Object.fromEntries(Object.entries(group.tags).filter(([key]) => !keys.includes(key))),
  }));

interface ResourceReference {
  readonly resourceArn: string;
}

/** What has tags here is a log group; destinations and others are not there. */
const tagged = ({ resourceArn }: ResourceReference): GroupReference => {
  if (!resourceArn.startsWith("arn:")) throw invalid("The specified resource ARN is invalid.");
  return { logGroupIdentifier: resourceArn };
};

// ---- Streams ----

interface StreamReference extends GroupReference {
  readonly logStreamName: string;
}

function requireStream(store: LogStore, input: StreamReference, call: LogsCall): [LogGroup, LogStream] {
  const group = requireGroup(store, input, call);
  const stream = store.stream(group.id, input.logStreamName);
  if (!stream) throw streamMissing();
  return [group, stream];
}

function createLogStream(store: LogStore, input: StreamReference, call: LogsCall): object {
  requireRoom(store);
  return store.transact(() => {
    const group = requireGroup(store, input, call);
    if (store.stream(group.id, input.logStreamName)) {
      throw new ApiError("ResourceAlreadyExistsException", "The specified log stream already exists");
    }
    store.createStream(group.id, input.logStreamName, call.nowMs);
    return {};
  });
}

function deleteLogStream(store: LogStore, input: StreamReference, call: LogsCall): object {
  return store.transact(() => {
    const [group, stream] = requireStream(store, input, call);
    store.deleteStream(group.id, stream.id);
    return {};
  });
}

interface DescribeLogStreamsInput extends GroupReference {
  readonly logStreamNamePrefix?: string;
  readonly orderBy?: "LogStreamName" | "LastEventTime";
  readonly descending?: boolean;
  readonly nextToken?: string;
  readonly limit?: number;
}

function describeLogStreams(store: LogStore, input: DescribeLogStreamsInput, call: LogsCall): object {
  const { logStreamNamePrefix: prefix, descending = false } = input;
  const isByTime = input.orderBy === "LastEventTime";
  if (isByTime && prefix !== undefined) throw invalid("Cannot order by LastEventTime with a logStreamNamePrefix.");
  const group = requireGroup(store, input, call);
  const { limit, after } = pageWindow({ limit: input.limit, token: input.nextToken }, paging);
  // One more than the page has, to know whether there is another.
  const window = { limit: limit + 1, descending };
  const streams = isByTime
    ? store.streamsByTime(group.id, { ...window, after: after === undefined ? undefined : parseTimeKey(after) })
    : store.streamsByName(group.id, { ...window, after, prefix: prefix ?? "" });
  const { items, next } = page(streams, isByTime ? timeKey : ({ name }) => name, { limit }, paging);
  return { logStreams: items.map((stream) => describeStream(group, stream)), ...nextToken(next) };
}

const timeKey = ({ lastMs, id }: LogStream): string => `${lastMs ?? 0}:${id}`;

function parseTimeKey(key: string): { ms: number; id: number } {
  const [ms = "", id = ""] = key.split(":");
  if (!/^\d{1,15}:\d{1,15}$/.test(key)) throw invalid(paging.invalidToken);
  return { ms: Number(ms), id: Number(id) };
}

const describeStream = (group: LogGroup, stream: LogStream): object => ({
  logStreamName: stream.name,
  creationTime: stream.createdMs,
  firstEventTimestamp: stream.firstMs ?? undefined,
  lastEventTimestamp: stream.lastMs ?? undefined,
  lastIngestionTime: stream.ingestedMs ?? undefined,
  uploadSequenceToken: sequenceToken(stream),
  arn: `${groupArn(group)}:log-stream:${stream.name}`,
  // AWS quirk: since 2019 this is 0 for every stream.
  storedBytes: 0,
});

/** AWS: PutLogEvents: "The sequence token is now ignored"; it is still answered. */
const sequenceToken = ({ id, ingestedMs }: Pick<LogStream, "id" | "ingestedMs">): string =>
  `${ingestedMs ?? 0}`.padStart(28, "4") + `${id}`.padStart(28, "0");

// ---- Writing ----

interface PutLogEventsInput extends StreamReference {
  readonly logEvents: readonly { readonly timestamp: number; readonly message: string }[];
}

/** AWS: CloudWatch Logs API reference, "PutLogEvents": the constraints of a batch, in its order. */
const batchBytesMax = bounds.logBatchBytesMax.value;
const futureMsMax = 2 * hourMs;
const pastMsMax = 14 * dayMs;

function putLogEvents(store: LogStore, input: PutLogEventsInput, call: LogsCall): object {
  const [group, stream] = requireStream(store, input, call);
  const { logEvents } = input;
  requireBatch(logEvents);
  const expiredMs = group.retentionDays === null ? 0 : call.nowMs - group.retentionDays * dayMs;
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

/** How many events, which are in the order of their times, are older than `ms`. */
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

// ---- Reading ----

/** AWS: GetLogEvents and FilterLogEvents: 10,000 events, or as many as fit in 1 MB. */
const eventsMax = 10_000;
const answerBytesMax = 1_048_576;

interface ReadInput {
  readonly startTime?: number;
  readonly endTime?: number;
  readonly nextToken?: string;
  readonly limit?: number;
}

interface GetLogEventsInput extends StreamReference, ReadInput {
  readonly startFromHead?: boolean;
}

/** The time range is from `startTime`, which is in it, to `endTime`, which is not; and as far back as the group keeps lines. */
function rangeOf({ startTime = 0, endTime = latestMs }: ReadInput, group: LogGroup, call: LogsCall): ReadRange {
  const keptMs = group.retentionDays === null ? 0 : call.nowMs - group.retentionDays * dayMs;
  return { fromMs: Math.max(startTime, keptMs), toMs: Math.min(endTime, latestMs) };
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

/** Before every line at that time. */
const nowhere = (ms: number): LinePosition => ({ ms, chunk: 0, index: 0 });

/** As many lines as a page may have. */
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

/** A position in 56 digits, as AWS's event ids are: time, chunk, index. */
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
  for (const line of lines) {
    chars += line.message.length + lineOverheadBytes;
    const isMatch = filter.matches(line.message);
    if (isMatch) bytes += Buffer.byteLength(line.message) + lineOverheadBytes;
    const isFull = events.length >= limit || (events.length > 0 && bytes > answerBytesMax);
    // AWS: a search that takes long answers what it has, perhaps nothing, and a token to go on with.
    if ((isMatch && isFull) || chars > searchCharsMax) {
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

/** Undefined: all of the group's. */
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

/** An operation over the store; synchronous, in the logs' thread. */
// biome-ignore lint/suspicious/noExplicitAny: a table of operations with different inputs; each is typed where it is made.
export type LogsOperation = (store: LogStore, input: any, call: LogsCall) => object;

/** The `logs` service. */
export const logsOperations: Readonly<Record<LogsOperationName, LogsOperation>> = {
  CreateLogGroup: createLogGroup,
  DeleteLogGroup: deleteLogGroup,
  DescribeLogGroups: describeLogGroups,
  PutRetentionPolicy: putRetentionPolicy,
  DeleteRetentionPolicy: (store, input: GroupReference, call) =>
    changeGroup(store, input, call, () => ({ retentionDays: null })),
  PutLogGroupDeletionProtection: (
    store,
    input: GroupReference & { readonly deletionProtectionEnabled: boolean },
    call,
  ) => changeGroup(store, input, call, () => ({ isProtected: input.deletionProtectionEnabled })),
  TagResource: (store, input: ResourceReference & { readonly tags: Record<string, string> }, call) =>
    addTags(store, tagged(input), call, input.tags),
  UntagResource: (store, input: ResourceReference & { readonly tagKeys: readonly string[] }, call) =>
    removeTags(store, tagged(input), call, input.tagKeys),
  ListTagsForResource: (store, input: ResourceReference, call) => ({
    tags: requireGroup(store, tagged(input), call).tags,
  }),
  TagLogGroup: (store, input: GroupReference & { readonly tags: Record<string, string> }, call) =>
    addTags(store, input, call, input.tags),
  UntagLogGroup: (store, input: GroupReference & { readonly tags: readonly string[] }, call) =>
    removeTags(store, input, call, input.tags),
  ListTagsLogGroup: (store, input: GroupReference, call) => ({ tags: requireGroup(store, input, call).tags }),
  CreateLogStream: createLogStream,
  DeleteLogStream: deleteLogStream,
  DescribeLogStreams: describeLogStreams,
  PutLogEvents: putLogEvents,
  GetLogEvents: getLogEvents,
  FilterLogEvents: filterLogEvents,
};
