import type { ConnectionView } from "./connection-call.ts";
import type { ResumedClient } from "./resumable.ts";

/** Which connections are meant: those that are all of it. What is undefined excludes none. */
export interface ConnectionFilter {
  readonly group: string | undefined;
  /** Who connected, as {@link ConnectionDescription} tells it. */
  readonly principal: string | undefined;
  readonly sourceIp: string | undefined;
  /** Milliseconds since 1970; a connection of that very moment is neither. */
  readonly connectedAfterMs: number | undefined;
  readonly connectedBeforeMs: number | undefined;
}

/** A piece of a list that has an order: what comes behind `after`, or from the beginning. */
export interface Page {
  readonly after: string;
  readonly limit: number;
}

/** What is asked of all connections of a stage, in each thread that has some. Beyond AWS. */
export type StageCall =
  /** Sends a text message, which is valid UTF-8, to a group, or to all. */
  | {
      readonly kind: "send";
      readonly group: string | undefined;
      readonly except: readonly string[];
      readonly data: Uint8Array;
    }
  /** Asks for connections in the order of their ids. */
  | { readonly kind: "list"; readonly filter: ConnectionFilter; readonly page: Page }
  /** Asks for groups in the order of their names. */
  | { readonly kind: "groups"; readonly page: Page }
  /** Takes over what is kept for a client that comes back, if it is there. */
  | { readonly kind: "claim"; readonly token: string; readonly identity: string };

/** What became of a message for a connection; `full` if too much waits already. */
export type Delivery = "sent" | "kept" | "full";

/** A connection in a list. */
export interface ConnectionDescription extends ConnectionView {
  readonly connectionId: string;
  /** The ARN of who signed the handshake, or the authorizer's `principalId`. */
  readonly principal: string | undefined;
  readonly groups: readonly string[];
}

export interface GroupDescription {
  readonly group: string;
  readonly connections: number;
}

/** How many connections got a message. */
export interface SendCounts {
  readonly sent: number;
  /** Those whose client has lost its connection, or is sent what it has missed, and gets it later. */
  readonly kept: number;
  /** Those that ended while it was sent. */
  readonly gone: number;
  /** Those for which too much waits already. */
  readonly tooSlow: number;
}

/** What a thread answers. */
export type StageOutcome =
  | ({ readonly kind: "sent" } & SendCounts)
  | { readonly kind: "connections"; readonly connections: readonly ConnectionDescription[] }
  | { readonly kind: "groups"; readonly groups: readonly GroupDescription[] }
  | { readonly kind: "claimed"; readonly client: ResumedClient }
  /** Nothing is kept here by that token, or not for that caller. */
  | { readonly kind: "unknown" }
  | NoStageOutcome;

export type NoStageOutcome =
  /** The thread has ended, and so have its connections. */
  | { readonly kind: "gone" }
  /** Too much is under way: nothing was done. */
  | { readonly kind: "busy" }
  /** The thread did not answer in time. Nobody knows what it did. */
  | { readonly kind: "late" };

/** Makes calls of stages in all gateway threads. */
export interface StageDirectory {
  /**
   * Makes a call, and tells `done` once what each thread answered, and before that `onEach` of each answer as it comes. If one is
   * busy beforehand, none is asked.
   */
  callAll(
    stageKey: string,
    call: StageCall,
    done: (outcomes: readonly StageOutcome[]) => void,
    onEach?: (outcome: StageOutcome) => void,
  ): void;
}

export const sumOf = (outcomes: readonly StageOutcome[]): SendCounts => {
  const counts = { sent: 0, kept: 0, gone: 0, tooSlow: 0 };
  for (const outcome of outcomes) {
    if (outcome.kind !== "sent") continue;
    counts.sent += outcome.sent;
    counts.kept += outcome.kept;
    counts.gone += outcome.gone;
    counts.tooSlow += outcome.tooSlow;
  }
  return counts;
};

/** Joins the threads' pages of connections to one. */
export const joinConnections = (outcomes: readonly StageOutcome[], limit: number): readonly ConnectionDescription[] =>
  outcomes
    .flatMap((outcome) => (outcome.kind === "connections" ? outcome.connections : []))
    .sort((one, other) => compare(one.connectionId, other.connectionId))
    .slice(0, limit);

/** Joins the threads' pages of groups to one. A group of the page is in the page of each thread that has it. */
export function joinGroups(outcomes: readonly StageOutcome[], limit: number): readonly GroupDescription[] {
  const sizes = new Map<string, number>();
  for (const outcome of outcomes) {
    if (outcome.kind !== "groups") continue;
    for (const { group, connections } of outcome.groups) sizes.set(group, (sizes.get(group) ?? 0) + connections);
  }
  return [...sizes]
    .map(([group, connections]) => ({ group, connections }))
    .sort((one, other) => compare(one.group, other.group))
    .slice(0, limit);
}

/** The order of pages: by code units, whatever the machine's language. */
const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/** Returns the first keys behind `after`, in order. It keeps no more than two pages of them at a time. */
export function pageOf<Item>(items: Iterable<Item>, keyOf: (item: Item) => string, { after, limit }: Page): Item[] {
  let found: Item[] = [];
  const sortAndCut = (): void => {
    found = found.sort((one, other) => compare(keyOf(one), keyOf(other))).slice(0, limit);
  };
  let last: string | undefined;
  for (const item of items) {
    const key = keyOf(item);
    if (key <= after || (last !== undefined && key > last)) continue;
    found.push(item);
    if (found.length < 2 * limit) continue;
    sortAndCut();
    last = keyOf(found.at(-1)!);
  }
  sortAndCut();
  return found;
}
