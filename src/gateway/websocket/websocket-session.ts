import { bounds } from "../../base/bounds.ts";
import type { InboundRequest } from "../../http/inbound.ts";
import { makeTextFrame, type TextFrame } from "../../http/websocket/frames.ts";
import type { ClosedBy, WebSocketLimits, WebSocketPeer, WebSocketReceiver } from "../../http/websocket/websocket.ts";
import type { Caller } from "../caller.ts";
import type { ConnectionSettings } from "./connect-answer.ts";
import { ExplainedClient } from "./explained-client.ts";
import type { LastWill } from "./last-wills.ts";
import type { LiveConnections } from "./live-connections.ts";
import type { MessageProgram } from "./message-program.ts";
import { type ClientReturn, ownBytes, type Resumable } from "./resumable.ts";
import type { Delivery } from "./stage-call.ts";

/** AWS: API Gateway Developer Guide, "Quotas for configuring and running a WebSocket API in API Gateway". */
export const webSocketLimits: WebSocketLimits = {
  frameBytesMax: bounds.webSocketFrameBytesMax.value,
  messageBytesMax: bounds.webSocketMessageBytesMax.value,
  idleMs: bounds.webSocketIdleMsMax.value,
  lifeMs: bounds.webSocketLifeMsMax.value,
  unsentBytesMax: bounds.webSocketUnsentBytesMax.value,
};

const messagesMax = bounds.webSocketMessagesAtOnceMax.value;
const messageBytesMax = bounds.webSocketMessagesBytesAtOnceMax.value;
const largeBytes = bounds.webSocketLargeMessageBytes.value;
const pieceBytesMax = bounds.webSocketPieceBytesMax.value;

/** A connection of a WebSocket API, from its handshake to its end. */
export class WebSocketSession implements WebSocketReceiver {
  readonly id: string;
  /** The stage's key. */
  readonly key: string;
  /** Of the stage that it was made for: another account may get the API's id. */
  readonly account: string;
  readonly connectedMs: number;
  /** Who connected, with what the authorizer said. */
  readonly caller: Caller;
  readonly host: string;
  /** Where code that is told of the connection calls back. */
  readonly domainName: string;
  readonly client: InboundRequest["client"];
  readonly listener: InboundRequest["listener"];
  readonly #connections: LiveConnections;
  /** The groups that it is in; only the stage's {@link GroupMembers} change them. */
  groups: Set<string> | undefined = undefined;
  /** What is kept for its client, if that may come back. */
  resumable: Resumable | undefined = undefined;
  /** What served it, once its stage is gone: the route $disconnect runs as it was, and another stage may have the name. */
  lastProgram: MessageProgram | undefined = undefined;
  /** What is sent when it is lost. */
  #will: LastWill | undefined = undefined;
  #peer: WebSocketPeer | undefined = undefined;
  /** The messages that are under way, and their bytes. */
  #running = 0;
  #runningBytes = 0;
  /** A message waits for its turn. No later one of this connection overtakes it. */
  #isWaiting = false;

  constructor(
    facts: Pick<WebSocketSession, "id" | "key" | "account" | "connectedMs" | "caller" | "domainName">,
    { host, client, listener }: InboundRequest,
    connections: LiveConnections,
  ) {
    this.id = facts.id;
    this.key = facts.key;
    this.account = facts.account;
    this.connectedMs = facts.connectedMs;
    this.caller = facts.caller;
    this.host = host;
    this.domainName = facts.domainName;
    this.client = client;
    this.listener = listener;
    this.#connections = connections;
  }

  /** Begins, with what the handshake made, the answer of `$connect` says, and the client has left by its last connection. */
  begin(peer: WebSocketPeer, { groups, will }: ConnectionSettings, comeback?: ClientReturn): void {
    this.#peer = peer;
    this.resumable = comeback?.resumable;
    this.#connections.add(this);
    const all = new Set([...groups, ...(comeback?.groups ?? [])]);
    const hasAll = all.values().every((group) => this.setMembership(group, true)) && this.setWill(will);
    // Nobody stays without what they were to have.
    if (!hasAll) this.close(1013, "Too many groups or wills");
    else comeback?.begin(peer);
  }

  /** Stands for a client that has come back and is lost already. */
  beginAway({ resumable, groups }: ClientReturn): void {
    if (resumable === undefined) return;
    this.resumable = resumable;
    resumable.leave();
    this.#connections.add(this);
    for (const group of groups) this.setMembership(group, true);
  }

  get isOpen(): boolean {
    return this.#peer?.isOpen === true;
  }

  get isReachable(): boolean {
    return this.lastProgram === undefined && (this.isOpen || this.resumable?.isAway === true);
  }

  get lastActiveMs(): number {
    // The time that the peer knows is coarse.
    return Math.max(this.connectedMs, this.#peer?.lastActiveMs ?? 0);
  }

  /** Sends a message of a callback. Returns false if too much waits for the client already, which the caller is told. */
  post(message: Buffer): boolean {
    if (this.resumable !== undefined) return this.deliver(makeTextFrame(message)) !== "full";
    return this.#countSent(this.#peer?.send(message) === true);
  }

  /** The same for a message of many. */
  deliver(frame: TextFrame): Delivery {
    const delivery = this.resumable?.deliver(frame) ?? (this.#peer?.sendFrame(frame) === true ? "sent" : "full");
    // What is kept counts now, although the client gets it later.
    this.#countSent(delivery !== "full");
    return delivery;
  }

  #countSent(isSent: boolean): boolean {
    if (isSent) this.#connections.programOf(this)?.life.countSent();
    return isSent;
  }

  /** Sends a message. A client that takes nothing is given up, because what waits for it is bounded. */
  send(message: Buffer | string): boolean {
    if (!this.isReachable) return false;
    const isSent =
      this.resumable === undefined
        ? this.#countSent(this.#peer?.send(message) === true)
        : this.deliver(makeTextFrame(message)) !== "full";
    if (isSent) return true;
    this.close(1008, "The client does not read what it is sent");
    return false;
  }

  setMembership(group: string, isMember: boolean): boolean {
    return this.#connections.setMembership(this, group, isMember);
  }

  setWill(will: LastWill | undefined): boolean {
    if (!this.#connections.wills.replace(this.#will, will)) return false;
    this.#will = will;
    return true;
  }

  close(code: number, reason: string): void {
    if (this.isOpen) this.#peer?.close(code, reason);
    else this.#connections.forget(this);
  }

  onText(received: Buffer): boolean {
    const program = this.#connections.programOf(this);
    if (program === undefined) {
      this.close(1001, "Going away");
      return false;
    }
    const message = unpinned(received);
    if (!this.#connections.begin(message)) {
      this.close(1013, "Too many messages");
      return false;
    }
    this.#running++;
    this.#runningBytes += message.length;
    const { turns } = this.#connections;
    const isLarge = message.length > largeBytes;
    if (!isLarge && turns.hasTime()) program.receive(this, message);
    else {
      this.#isWaiting = true;
      turns.add(() => this.#takeWaiting(message), isLarge);
    }
    return this.#isReady;
  }

  #takeWaiting(message: Buffer): void {
    this.#isWaiting = false;
    const program = this.#connections.programOf(this);
    try {
      if (program === undefined) this.answered(message);
      else program.receive(this, message);
    } catch (error) {
      // As an exception of `onText` does.
      program?.logger.error("A message could not be taken.", { stage: this.key, error: String(error) });
      this.close(1011, "Internal server error");
    }
    if (this.#isReady) this.#peer?.resume();
  }

  /** Whether one more message may come. */
  get #isReady(): boolean {
    return !this.#isWaiting && this.#running < messagesMax && this.#runningBytes < messageBytesMax;
  }

  /** A message is answered, or nothing is to be answered. Called once for each. */
  answered(message: Buffer): void {
    const wasReady = this.#isReady;
    this.#running--;
    this.#runningBytes -= message.length;
    this.#connections.end(message);
    this.explained?.answered();
    if (!wasReady && this.#isReady) this.#peer?.resume();
  }

  /** The client, if its connection is explained. */
  get explained(): ExplainedClient | undefined {
    return this.#peer instanceof ExplainedClient ? this.#peer : undefined;
  }

  onClose(code: number, reason: string, by: ClosedBy): void {
    // One that never began has no $disconnect.
    if (!this.#connections.leave(this, mayReturn(code, by))) return;
    const program = this.#connections.programOf(this);
    this.#sendWill(program, code, by);
    const served = this.lastProgram ?? program;
    if (served !== undefined) this.#disconnect(served, code, describeEnd(code, reason, by));
  }

  /** Runs the route `$disconnect`, now or in its turn: thousands of connections may end at once. */
  #disconnect(program: MessageProgram, code: number, reason: string): void {
    const { turns } = this.#connections;
    if (turns.hasTime()) {
      program.disconnect(this, code, reason);
      return;
    }
    const release = program.life.hold();
    turns.add(() => {
      try {
        program.disconnect(this, code, reason);
      } catch (error) {
        program.logger.error("A $disconnect could not be run.", { stage: this.key, error: String(error) });
      } finally {
        release();
      }
    }, false);
  }

  #sendWill(program: MessageProgram | undefined, code: number, by: ClosedBy): void {
    const will = this.#will;
    if (will === undefined) return;
    this.#will = undefined;
    const { wills } = this.#connections;
    // A stage that is gone, or is another account's, has nobody to tell.
    if (program === undefined || !isLoss(code, by)) wills.replace(will, undefined);
    else {
      const onUnsent = (): void => program.logger.warn("A last will could not be sent to all.", { stage: this.key });
      const isServed = (): boolean => this.#connections.programOf(this) !== undefined;
      wills.send({ stageKey: this.key, will, isServed, onUnsent });
    }
  }

  onDrain(): void {
    this.resumable?.goOn();
  }
}

/**
 * Returns a message in memory of its own if it came in a piece with much else, all of which it would keep for as long as it is
 * under way: up to 64 KB for a message of a few bytes.
 */
const unpinned = (message: Buffer): Buffer =>
  message.buffer.byteLength > pieceBytesMax && message.buffer.byteLength > 2 * message.length
    ? ownBytes(message)
    : message;

/**
 * Returns `disconnectReason`. AWS quirk: it is a text of AWS's own for 1000 and for clients that gave no code; a browser's
 * 1001 has none. Unconfirmed: the others; see docs/compatibility.md, "WebSocket APIs, ends of connections".
 */
function describeEnd(code: number, reason: string, by: ClosedBy): string {
  if (by === "lost") return "Client disconnected abruptly";
  if (reason !== "") return reason;
  if (code === 1000) return "Connection Closed Normally";
  return code === 1005 ? "Client-side close frame status not set" : "";
}

/**
 * Returns whether a connection ended in a way that neither its client nor its stage chose: it was lost or idle, or was closed because
 * of what the client did, which its code says. 1000 is a callback's, and 1001 that of a stage or server that stops.
 */
const isLoss = (code: number, by: ClosedBy): boolean =>
  by === "lost" || by === "idle" || (by === "server" && code > 1001 && code < 2000);

/** Returns whether the client may come back to what it misses. One that closes, or that a callback closes, has gone. */
const mayReturn = (code: number, by: ClosedBy): boolean => by !== "client" && !(by === "server" && code === 1000);
