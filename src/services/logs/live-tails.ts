import { bounds } from "../../base/bounds.ts";
import { randomIds } from "../../base/ids.ts";
import { type LogFilter, parseLogFilter } from "../../language/log-filter.ts";
import { ApiError } from "../../protocol/errors.ts";
import { invalid, type LogsCall, requireGroup } from "./log-groups.ts";
import type { AppendedLines, LogStore } from "./log-store.ts";

/** AWS: CloudWatch Logs API reference, "StartLiveTail". */
const eventsPerUpdate = bounds.liveTailEventsMax.value;
const updatesWaiting = bounds.liveTailUpdatesMax.value;
const sessionMs = bounds.liveTailMsMax.value;
/** An update is sent each second. */
const updateMs = 1_000;

export interface LiveTailInput {
  readonly logGroupIdentifiers: readonly string[];
  readonly logStreamNames?: readonly string[];
  readonly logStreamNamePrefixes?: readonly string[];
  readonly logEventFilterPattern?: string;
}

interface TailedEvent {
  readonly logStreamName: string;
  readonly logGroupIdentifier: string;
  readonly message: string;
  readonly timestamp: number;
  readonly ingestionTime: number;
}

/** What a session has for its client: the lines of a second, or its end. */
export type TailUpdate =
  | { readonly kind: "update"; readonly isSampled: boolean; readonly events: readonly TailedEvent[] }
  | { readonly kind: "timeout" }
  /** The session is not there any more. */
  | { readonly kind: "gone" };

/**
 * The sessions of StartLiveTail, in the thread of the logs. Lines are offered when they are stored. What waits for a client is
 * bounded, however slowly it reads: each second keeps a sample of AWS's size, and the oldest seconds are dropped.
 */
export class LiveTails {
  readonly #store: LogStore;
  readonly #sessions = new Map<string, TailSession>();

  constructor(store: LogStore) {
    this.#store = store;
  }

  start(input: LiveTailInput, call: LogsCall): { readonly sessionId: string } {
    const { logGroupIdentifiers: identifiers, logStreamNames: names, logStreamNamePrefixes: prefixes } = input;
    if (names !== undefined && prefixes !== undefined) {
      throw invalid("LogStreamNames and LogStreamNamePrefixes are mutually exclusive parameters.");
    }
    if ((names ?? prefixes) !== undefined && identifiers.length > 1) {
      throw invalid("Log streams can only be specified for a single log group.");
    }
    const filter = parseLogFilter(input.logEventFilterPattern ?? "");
    if (filter.kind === "invalid") throw invalid(filter.message);
    const groups = new Map<number, string>();
    for (const logGroupIdentifier of identifiers) {
      // AWS: "Specify each log group by its ARN. If you specify an ARN, the ARN can't end with an asterisk (*)."
      if (!logGroupIdentifier.startsWith("arn:") || logGroupIdentifier.endsWith("*")) {
        throw invalid(`The log group identifier ${logGroupIdentifier} is not the ARN of a log group.`);
      }
      const { id, name, account } = requireGroup(this.#store, { logGroupIdentifier }, call);
      groups.set(id, `${account}:${name}`);
    }
    this.#requireRoom(call);
    const sessionId = randomIds.id(32);
    const scope = `${call.account}/${call.region}`;
    this.#sessions.set(
      sessionId,
      new TailSession({ scope, groups, names, prefixes, filter: filter.matches }, call.nowMs),
    );
    return { sessionId };
  }

  /** AWS: "Amazon CloudWatch Logs service quotas", Live Tail sessions: 15 in an account and region. */
  #requireRoom({ account, region, nowMs }: LogsCall): void {
    for (const [id, session] of this.#sessions) if (session.isForgotten(nowMs)) this.#sessions.delete(id);
    const scope = `${account}/${region}`;
    const count = [...this.#sessions.values()].filter((session) => session.scope === scope).length;
    if (count < bounds.liveTailSessionsMax.value && this.#sessions.size < bounds.liveTailSessionsMaxHere.value) return;
    throw new ApiError(
      "LimitExceededException",
      "The maximum number of concurrent Live Tail sessions has been reached.",
    );
  }

  /** Offers lines to all sessions. */
  offer(appended: AppendedLines): void {
    // Lines are stored meanwhile by nobody: however slow the patterns are, the sessions share a part of each second.
    const matchMsMax = bounds.liveTailMatchMsMax.value / this.#sessions.size;
    for (const session of this.#sessions.values()) session.offer(appended, matchMsMax);
  }

  next({ sessionId }: { readonly sessionId: string }, { nowMs }: LogsCall): TailUpdate {
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return { kind: "gone" };
    if (nowMs - session.startedMs < sessionMs) return session.next(nowMs);
    this.#sessions.delete(sessionId);
    return { kind: "timeout" };
  }

  end({ sessionId }: { readonly sessionId: string }): object {
    this.#sessions.delete(sessionId);
    return {};
  }

  /** Ends all sessions. */
  reset(): void {
    this.#sessions.clear();
  }
}

interface TailFacts {
  readonly scope: string;
  /** How the client is told of each log group, by its id. */
  readonly groups: ReadonlyMap<number, string>;
  readonly names: readonly string[] | undefined;
  readonly prefixes: readonly string[] | undefined;
  readonly filter: LogFilter;
}

/** The lines of one second. */
interface TailSecond {
  readonly startedMs: number;
  events: TailedEvent[];
  chars: number;
  /** Every so many lines one is kept. */
  stride: number;
  matched: number;
  /** Not all lines were looked at. */
  isCut: boolean;
}

class TailSession {
  readonly scope: string;
  readonly startedMs: number;
  readonly #facts: TailFacts;
  #seconds: TailSecond[] = [];
  /** Since when lines are looked at in this second, and how long that took. */
  #lookingSinceMs = 0;
  #lookedMs = 0;
  #askedMs: number;

  constructor(facts: TailFacts, nowMs: number) {
    this.scope = facts.scope;
    this.startedMs = nowMs;
    this.#facts = facts;
    this.#askedMs = nowMs;
  }

  /** Whether its client has not asked for so long that it can't ask any more. */
  isForgotten(nowMs: number): boolean {
    return nowMs - Math.max(this.#askedMs, this.startedMs) > sessionMs;
  }

  /** Takes the lines that match, of those that it can look at within its share of the second. */
  offer({ groupId, streamName, lines, ingestedMs }: AppendedLines, matchMsMax: number): void {
    const { groups, names, prefixes, filter } = this.#facts;
    const logGroupIdentifier = groups.get(groupId);
    if (logGroupIdentifier === undefined) return;
    if (names !== undefined && !names.includes(streamName)) return;
    if (prefixes !== undefined && !prefixes.some((prefix) => streamName.startsWith(prefix))) return;
    if (ingestedMs >= this.#lookingSinceMs + updateMs) {
      this.#lookingSinceMs = ingestedMs;
      this.#lookedMs = 0;
    }
    const begunAt = performance.now() - this.#lookedMs;
    for (const { ms, message } of lines()) {
      if (this.#lookedMs > matchMsMax) {
        this.#second(ingestedMs).isCut = true;
        return;
      }
      const isMatch = filter(message);
      this.#lookedMs = performance.now() - begunAt;
      if (isMatch) {
        this.#keep({
          logStreamName: streamName,
          logGroupIdentifier,
          message,
          timestamp: ms,
          ingestionTime: ingestedMs,
        });
      }
    }
  }

  #keep(event: TailedEvent): void {
    const second = this.#second(event.ingestionTime);
    const chars = event.message.length + event.logStreamName.length + event.logGroupIdentifier.length;
    if (second.matched++ % second.stride !== 0) return;
    if (second.chars + chars > bounds.liveTailUpdateCharsMax.value) {
      second.stride = Number.MAX_SAFE_INTEGER;
      return;
    }
    second.events.push(event);
    second.chars += chars;
    if (second.events.length <= eventsPerUpdate) return;
    // AWS: "the log events are sampled down to 500": each second line of those that were kept.
    second.events = second.events.filter((_event, index) => index % 2 === 0);
    second.stride *= 2;
  }

  #second(nowMs: number): TailSecond {
    const last = this.#seconds.at(-1);
    if (last !== undefined && nowMs < last.startedMs + updateMs) return last;
    const fresh = { startedMs: nowMs, events: [], chars: 0, stride: 1, matched: 0, isCut: false };
    this.#seconds.push(fresh);
    // AWS: "buffers up to 10 LiveTailSessionUpdate events or 5000 log events, after which it starts dropping the oldest".
    if (this.#seconds.length > updatesWaiting) this.#seconds.shift();
    return fresh;
  }

  next(nowMs: number): TailUpdate {
    this.#askedMs = nowMs;
    const second = this.#seconds.shift();
    return {
      kind: "update",
      isSampled: second !== undefined && (second.isCut || second.stride > 1),
      events: second?.events ?? [],
    };
  }
}
