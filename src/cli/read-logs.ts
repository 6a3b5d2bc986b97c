import { bounds } from "../base/bounds.ts";
import { hasCode, type PorticoCalls } from "./portico-calls.ts";

/** A log group to read, with the calls of its account and region. */
export interface ReadGroup {
  readonly name: string;
  readonly calls: PorticoCalls;
}

export interface LogEvent {
  readonly timestamp: number;
  readonly message: string;
  readonly logStreamName: string;
  readonly eventId: string;
}

type GroupEvent = readonly [ReadGroup, LogEvent];

/** How long to wait before new events are asked for. */
export const logPollMs = 500;
/**
 * How far back each poll reads again: an execution log comes when its request is complete, with the times of its
 * events. If there is much to read again, only the time by which threads may differ is.
 */
const overlapMs = 35_000;
const shortOverlapMs = 2_000;
const overlapEventsMax = bounds.cliFollowedEventsMax.value;

/** Reads events of log groups, and each time those that are new. */
export class LogFollower {
  #from: number;
  #seen = new Map<string, number>();

  /** Events before `from` (milliseconds since 1970) are left out. */
  constructor(from: number) {
    this.#from = from;
  }

  /** Yields the events that came since the last time, sorted by time. */
  async *next(groups: readonly ReadGroup[], filterPattern?: string): AsyncGenerator<GroupEvent> {
    let newest = this.#from;
    for await (const [group, event] of readAll(groups, filterPattern, this.#from)) {
      const id = `${group.name} ${event.eventId}`;
      if (this.#seen.has(id)) continue;
      this.#seen.set(id, event.timestamp);
      newest = Math.max(newest, event.timestamp);
      yield [group, event];
    }
    this.#from = Math.max(this.#from, newest - (this.#seen.size > overlapEventsMax ? shortOverlapMs : overlapMs));
    this.#seen = new Map([...this.#seen].filter(([, timestamp]) => timestamp >= this.#from));
  }
}

/** Yields the groups' events from a time on, sorted by time. */
export async function* readAll(
  groups: readonly ReadGroup[],
  filterPattern: string | undefined,
  startTime: number,
): AsyncGenerator<GroupEvent> {
  const input = { startTime, ...(filterPattern !== undefined && { filterPattern }) };
  const open: { readonly group: ReadGroup; readonly events: AsyncGenerator<LogEvent, undefined>; next: LogEvent }[] =
    [];
  for (const group of groups) {
    const events = readGroup(group, input);
    const next = (await events.next()).value;
    if (next !== undefined) open.push({ group, events, next });
  }
  while (open.length > 0) {
    const first = open.reduce((a, b) => (b.next.timestamp < a.next.timestamp ? b : a));
    yield [first.group, first.next];
    const next = (await first.events.next()).value;
    if (next !== undefined) first.next = next;
    else open.splice(open.indexOf(first), 1);
  }
}

/** Yields one group's events; none if the group does not exist yet. */
async function* readGroup({ calls, name }: ReadGroup, input: object): AsyncGenerator<LogEvent, undefined> {
  try {
    for await (const page of logPages(calls, "FilterLogEvents", { logGroupName: name, ...input })) {
      yield* (page["events"] ?? []) as readonly LogEvent[];
    }
  } catch (error) {
    if (!hasCode(error, "ResourceNotFoundException")) throw error;
  }
  return undefined;
}

/** Yields the pages of an operation of CloudWatch Logs. */
export async function* logPages(
  calls: PorticoCalls,
  operation: string,
  input: object,
): AsyncGenerator<Readonly<Record<string, unknown>>> {
  for (let nextToken: unknown; ; ) {
    const page = await calls.call("logs", operation, { ...input, ...(nextToken !== undefined && { nextToken }) });
    yield page;
    nextToken = page["nextToken"];
    if (nextToken === undefined) return;
  }
}
