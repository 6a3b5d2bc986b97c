import { ApiError } from "../../protocol/errors.ts";
import { page, pageWindow } from "../../protocol/paging.ts";
import {
  type GroupReference,
  groupArn,
  invalid,
  type LogsCall,
  type LogsOperation,
  nextToken,
  paging,
  requireGroup,
  requireRoom,
} from "./log-groups.ts";
import type { LogGroup, LogStore, LogStream } from "./log-store.ts";

export const streamMissing = (): ApiError =>
  new ApiError("ResourceNotFoundException", "The specified log stream does not exist.");

export interface StreamReference extends GroupReference {
  readonly logStreamName: string;
}

export function requireStream(store: LogStore, input: StreamReference, call: LogsCall): [LogGroup, LogStream] {
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
  // It reads one more than the page has, to know whether there is another page.
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
export const sequenceToken = ({ id, ingestedMs }: Pick<LogStream, "id" | "ingestedMs">): string =>
  `${ingestedMs ?? 0}`.padStart(28, "4") + `${id}`.padStart(28, "0");

export const logStreamOperations = {
  CreateLogStream: createLogStream,
  DeleteLogStream: deleteLogStream,
  DescribeLogStreams: describeLogStreams,
} satisfies Record<string, LogsOperation>;
