import { bounds } from "../../base/bounds.ts";
import type { Caller } from "../caller.ts";
import type { ConnectionFeatures } from "./connect-answer.ts";
import { viewOf } from "./connection-call.ts";
import { makeConnectionId } from "./connection-id.ts";
import { GroupMembers } from "./group-members.ts";
import { GroupSends } from "./group-sends.ts";
import { type KeptBytes, KeptMessages } from "./kept-messages.ts";
import { LastWills } from "./last-wills.ts";
import type { MessageProgram } from "./message-program.ts";
import { MessageTurns } from "./message-turns.ts";
import { makeResumeToken, ownBytes, Resumable, type ResumedClient } from "./resumable.ts";
import {
  type ConnectionDescription,
  type ConnectionFilter,
  pageOf,
  type StageCall,
  type StageDirectory,
  type StageOutcome,
} from "./stage-call.ts";
import type { WebSocketSession } from "./websocket-session.ts";

const clientsMax = bounds.resumableClientsMax.value;
const stageBytesMax = bounds.stageKeptBytesMax.value;
/** RFC 6455 §7.4.2: for private use. */
const resumedElsewhere = 4000;
const messageBytesMax = bounds.webSocketMessagesBytesMax.value;
const listsMax = bounds.connectionListsMax.value;

/** A stage that is served, by whatever deployment. */
interface LiveStage {
  program: MessageProgram;
  readonly sessions: Set<WebSocketSession>;
  readonly groups: GroupMembers<WebSocketSession>;
  readonly kept: KeptBytes;
}

export interface LiveConnectionsOptions {
  /** The number of the thread, which ids name. */
  readonly thread: number;
  readonly features: ConnectionFeatures;
  readonly now: () => number;
  /** Makes calls of stages in all gateway threads. */
  readonly callAll: StageDirectory["callAll"];
}

/** The WebSockets of a gateway thread, and the programs that take their messages. */
export class LiveConnections {
  readonly #options: LiveConnectionsOptions;
  readonly features: ConnectionFeatures;
  readonly wills: LastWills;
  readonly #sessions = new Map<string, WebSocketSession>();
  /** By the stage's key. A connection outlives the deployment that it was made by, but not the stage. */
  readonly #stages = new Map<string, LiveStage>();
  readonly #sends = new GroupSends();
  /** The connections whose clients may come back, or are away, by their tokens. */
  readonly #tokens = new Map<string, WebSocketSession>();

  readonly turns = new MessageTurns();
  /** Lists of thousands of connections take some milliseconds each, so a turn of the event loop makes few of them. */
  readonly #lists = new MessageTurns();
  #listsWaiting = 0;
  /** The bytes of all messages that are under way. */
  #messageBytes = 0;

  constructor(options: LiveConnectionsOptions) {
    this.#options = options;
    this.features = options.features;
    this.wills = new LastWills(options.callAll);
  }

  /** Returns a place for connections of a stage that is not served, which nobody else finds. */
  apart(): LiveConnections {
    return new LiveConnections({ ...this.#options, callAll: (_, __, done) => done([]) });
  }

  /** Counts a message that is under way, or returns false if there is no room for it. */
  begin(message: Buffer): boolean {
    if (this.#messageBytes + message.length > messageBytesMax) return false;
    this.#messageBytes += message.length;
    return true;
  }

  end(message: Buffer): void {
    this.#messageBytes -= message.length;
  }

  makeId(): string {
    return makeConnectionId(this.#options.thread);
  }

  add(session: WebSocketSession): void {
    this.#sessions.set(session.id, session);
    this.#stages.get(session.key)?.sessions.add(session);
    if (session.resumable !== undefined) this.#tokens.set(session.resumable.token, session);
  }

  /** Takes in that a connection has ended. What is kept for its client stays, if that may return. Returns false if it never began. */
  leave(session: WebSocketSession, mayReturn: boolean): boolean {
    if (!this.#sessions.has(session.id)) return false;
    const isKept = mayReturn && this.programOf(session) !== undefined;
    if (isKept && session.resumable !== undefined) session.resumable.leave();
    else this.forget(session);
    return true;
  }

  /** Forgets a connection, and what is kept for its client. */
  forget(session: WebSocketSession): void {
    const stage = this.#stages.get(session.key);
    stage?.sessions.delete(session);
    stage?.groups.leaveAll(session);
    this.#sessions.delete(session.id);
    const { resumable } = session;
    if (resumable === undefined) return;
    session.resumable = undefined;
    resumable.kept.clear();
    this.#tokens.delete(resumable.token);
  }

  /** Makes what keeps messages for a client, by a token or a new one; undefined if so many are kept for that there is no room. */
  makeResumable(key: string, identity: string, token = makeResumeToken()): Resumable | undefined {
    const { resume } = this.features;
    const stage = this.#stages.get(key);
    if (resume === undefined || stage === undefined || this.#tokens.size >= clientsMax) return undefined;
    const kept = new KeptMessages(resume, { of: stage.kept, max: stageBytesMax });
    return new Resumable({ token, identity, kept }, this.#options.now);
  }

  /** Takes over what any thread keeps for a client that comes back. `done` gets it, or nothing. */
  claim(
    key: string,
    claimed: { readonly token: string; readonly identity: string },
    done: (client: ResumedClient | undefined) => void,
  ): void {
    let isFound = false;
    const take = (outcome: StageOutcome): void => {
      if (outcome.kind !== "claimed" || isFound) return;
      isFound = true;
      done(outcome.client);
    };
    // What is sent while the others are asked would miss the client: it goes on with the first answer that has it.
    const call: StageCall = { kind: "claim", ...claimed };
    this.#options.callAll(key, call, () => isFound || done(undefined), take);
  }

  /** Gives away what is kept for a client; a connection that it still has is closed. */
  #give(key: string, { token, identity }: { readonly token: string; readonly identity: string }): StageOutcome {
    const session = this.#tokens.get(token);
    const resumable = session?.resumable;
    const isTheirs = session?.key === key && resumable?.identity === identity && this.programOf(session) !== undefined;
    if (!isTheirs || session === undefined || resumable === undefined) return { kind: "unknown" };
    const client = resumable.give([...(session.groups ?? [])]);
    this.#tokens.delete(token);
    session.resumable = undefined;
    session.close(resumedElsewhere, "Resumed by another connection");
    return { kind: "claimed", client };
  }

  /** Drops what was kept for too long. */
  expire(): void {
    const { resume } = this.features;
    if (resume === undefined) return;
    const nowMs = this.#options.now();
    for (const session of this.#tokens.values()) {
      const { awaySinceMs } = session.resumable!;
      if (awaySinceMs !== undefined && nowMs - awaySinceMs >= resume.seconds * 1_000) this.forget(session);
      else session.resumable!.kept.expire(nowMs);
    }
  }

  find(id: string): WebSocketSession | undefined {
    return this.#sessions.get(id);
  }

  /** Puts a connection into a group, or takes it out. Returns false if there are too many groups. */
  setMembership(session: WebSocketSession, group: string, isMember: boolean): boolean {
    const groups = this.#stages.get(session.key)?.groups;
    if (isMember) return groups?.join(session, group) === true;
    groups?.leave(session, group);
    return true;
  }

  /** Makes a call of all connections of a stage that are in this thread, and tells `done` once what became of it. */
  callStage(key: string, call: StageCall, done: (outcome: StageOutcome) => void): void {
    const stage = this.#stages.get(key);
    if (stage === undefined) {
      done({ kind: "gone" });
      return;
    }
    const { sessions, groups } = stage;
    const later = (list: () => StageOutcome): void => this.#listLater(list, done);
    switch (call.kind) {
      case "send": {
        const { group, except, data } = call;
        const members = group === undefined ? sessions : groups.of(group);
        const recipients = except.length === 0 ? [...members] : [...members].filter(({ id }) => !except.includes(id));
        const message = ownBytes(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
        if (!this.#sends.send(message, recipients, (counts) => done({ kind: "sent", ...counts })))
          done({ kind: "busy" });
        return;
      }
      case "list": {
        const { filter, page } = call;
        later(() => {
          const members = filter.group === undefined ? sessions : groups.of(filter.group);
          const found = pageOf(filtered(members, filter), ({ id }) => id, page);
          return { kind: "connections", connections: found.map(describe) };
        });
        return;
      }
      case "groups":
        later(() => {
          const names = pageOf(groups.names, (name) => name, call.page);
          return { kind: "groups", groups: names.map((group) => ({ group, connections: groups.of(group).size })) };
        });
        return;
      case "claim":
        // Those who are sent to were chosen when a message came: theirs is not lost for it.
        this.#sends.afterThose(() => done(this.#give(key, call)));
    }
  }

  #listLater(list: () => StageOutcome, done: (outcome: StageOutcome) => void): void {
    if (this.#listsWaiting >= listsMax) {
      done({ kind: "busy" });
      return;
    }
    this.#listsWaiting++;
    this.#lists.add(() => {
      this.#listsWaiting--;
      done(list());
    }, true);
  }

  /**
   * Serves a stage's messages with this program from now on. Without one the stage is gone or closed, and so are its
   * connections. Those of another account's API, which had the same id before, end as well.
   */
  serve(key: string, program: MessageProgram | undefined): void {
    const stage = this.#stages.get(key);
    if (stage !== undefined && program?.plan.account === stage.program.plan.account) {
      stage.program = program;
      return;
    }
    if (stage !== undefined) this.#end(stage);
    if (program === undefined) this.#stages.delete(key);
    else this.#stages.set(key, { program, sessions: new Set(), groups: new GroupMembers(), kept: { bytes: 0 } });
  }

  /** Closes the connections of a stage that is gone, as many at a time as a turn of the event loop has time for. */
  #end({ program, sessions }: LiveStage): void {
    if (sessions.size === 0) return;
    for (const session of sessions) session.lastProgram = program;
    let left = sessions.size;
    const release = program.life.hold();
    for (const session of [...sessions]) {
      const close = (): void => {
        session.close(1001, "Going away");
        // Nobody comes back to a stage that is gone.
        this.forget(session);
        if (--left === 0) release();
      };
      if (this.turns.hasTime()) close();
      else this.turns.add(close, false);
    }
  }

  /** Identifies the stage that is served now: one that is removed and made again is another, even with the same key. */
  stageOf(key: string): object | undefined {
    return this.#stages.get(key);
  }

  /** Returns what takes the messages of a stage's connections. */
  programOf({
    key,
    account,
    lastProgram,
  }: Pick<WebSocketSession, "key" | "account" | "lastProgram">): MessageProgram | undefined {
    if (lastProgram !== undefined) return undefined;
    const program = this.#stages.get(key)?.program;
    return program?.plan.account === account ? program : undefined;
  }
}

function* filtered(sessions: Iterable<WebSocketSession>, filter: ConnectionFilter): Generator<WebSocketSession> {
  const {
    principal,
    sourceIp,
    connectedAfterMs = Number.NEGATIVE_INFINITY,
    connectedBeforeMs = Number.POSITIVE_INFINITY,
  } = filter;
  for (const session of sessions) {
    const { connectedMs, caller } = session;
    if (!session.isOpen) continue;
    if (connectedMs <= connectedAfterMs || connectedMs >= connectedBeforeMs) continue;
    if (sourceIp !== undefined && caller.sourceAddress !== sourceIp) continue;
    if (principal === undefined || principalOf(caller) === principal) yield session;
  }
}

const describe = (session: WebSocketSession): ConnectionDescription => ({
  ...viewOf(session),
  connectionId: session.id,
  principal: principalOf(session.caller),
  groups: [...(session.groups ?? [])].sort(),
});

/** Returns who connected, if anybody said: the ARN of who signed the handshake, or what an authorizer calls the caller. */
const principalOf = ({ iam, grant }: Caller): string | undefined => iam?.userArn ?? grant?.principalId;
