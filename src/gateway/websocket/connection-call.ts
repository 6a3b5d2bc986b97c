import type { LastWill } from "./last-wills.ts";

/** A connection, as callbacks name it: an id of another stage's connection names none. */
export interface ConnectionTarget {
  readonly connectionId: string;
  /** `{apiId}/{stage}` */
  readonly stageKey: string;
}

/** What a callback asks of a connection. AWS: API Gateway Developer Guide, "Use @connections commands in your backend service". */
export type ConnectionCall =
  /** A text message, which is valid UTF-8. */
  | { readonly kind: "post"; readonly data: Uint8Array }
  | { readonly kind: "get" }
  | { readonly kind: "delete" }
  /** Puts it into a group, or takes it out. Beyond AWS. */
  | { readonly kind: "membership"; readonly group: string; readonly isMember: boolean }
  /** Keeps what is sent when it is lost, in place of what was kept before. Beyond AWS. */
  | { readonly kind: "will"; readonly will: LastWill | undefined }
  /** Asks for the stage, whichever the target names. */
  | { readonly kind: "locate" };

/** What a connection is, as GetConnection tells it. */
export interface ConnectionView {
  /** Milliseconds since 1970. */
  readonly connectedMs: number;
  readonly lastActiveMs: number;
  readonly sourceIp: string;
  readonly userAgent: string | undefined;
}

export type ConnectionOutcome =
  | { readonly kind: "done" }
  | { readonly kind: "found"; readonly connection: ConnectionView }
  | { readonly kind: "located"; readonly stageKey: string }
  /** There is no such connection, not yet, or not any more. */
  | { readonly kind: "gone" }
  /** Too much waits for the client already: the message was not taken. */
  | { readonly kind: "full" }
  /** There are too many groups or wills, of this connection or of its stage. */
  | { readonly kind: "crowded" }
  /** Too many calls are on their way to other threads: this one was not made. */
  | { readonly kind: "busy" }
  /** The thread that has the connection did not answer in time. Nobody knows whether the call was made. */
  | { readonly kind: "late" };

/** Makes calls of connections, whichever thread has them. */
export interface ConnectionDirectory {
  /** Makes a call, and tells `done` once what became of it, now or later. Calls of one connection keep their order. */
  call(target: ConnectionTarget, call: ConnectionCall, done: (outcome: ConnectionOutcome) => void): void;
}

/** A connection of this thread, as far as calls need it. */
interface CalledConnection {
  /** The stage's key. */
  readonly key: string;
  readonly isOpen: boolean;
  /** Whether it is open, or its client may come back. */
  readonly isReachable: boolean;
  readonly connectedMs: number;
  readonly lastActiveMs: number;
  readonly caller: { readonly sourceAddress: string; readonly userAgent: string | undefined };
  /** Sends a message, or keeps it. Returns false if too much waits already. */
  post(message: Buffer): boolean;
  close(code: number, reason: string): void;
  /** Returns false if there are too many groups. */
  setMembership(group: string, isMember: boolean): boolean;
  /** Returns false if there are too many wills. */
  setWill(will: LastWill | undefined): boolean;
}

/** Makes a call of a connection of this thread, or of none. */
export function callConnection(
  connection: CalledConnection | undefined,
  { stageKey }: ConnectionTarget,
  call: ConnectionCall,
): ConnectionOutcome {
  if (connection?.isReachable !== true) return gone;
  if (call.kind === "locate") return { kind: "located", stageKey: connection.key };
  if (connection.key !== stageKey) return gone;
  switch (call.kind) {
    case "post":
      return connection.post(Buffer.from(call.data.buffer, call.data.byteOffset, call.data.byteLength)) ? done : full;
    case "get":
      return connection.isOpen ? { kind: "found", connection: viewOf(connection) } : gone;
    case "delete":
      // AWS: the client and `$disconnect` are told so.
      connection.close(1000, "Connection Closed Normally");
      return done;
    case "membership":
      return connection.setMembership(call.group, call.isMember) ? done : crowded;
    case "will":
      if (!connection.isOpen) return gone;
      return connection.setWill(call.will) ? done : crowded;
  }
}

export const viewOf = ({
  connectedMs,
  lastActiveMs,
  caller,
}: Pick<CalledConnection, "connectedMs" | "lastActiveMs" | "caller">): ConnectionView => ({
  connectedMs,
  // Activity is told by a coarse clock.
  lastActiveMs: Math.max(connectedMs, lastActiveMs),
  sourceIp: caller.sourceAddress,
  userAgent: caller.userAgent,
});

const done: ConnectionOutcome = { kind: "done" };
const gone: ConnectionOutcome = { kind: "gone" };
const full: ConnectionOutcome = { kind: "full" };
const crowded: ConnectionOutcome = { kind: "crowded" };
