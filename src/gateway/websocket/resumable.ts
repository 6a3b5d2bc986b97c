import { randomBytes } from "node:crypto";
import type { TextFrame } from "../../http/websocket/frames.ts";
import type { WebSocketPeer } from "../../http/websocket/websocket.ts";
import type { Caller } from "../caller.ts";
import type { KeptMessages } from "./kept-messages.ts";
import type { Delivery } from "./stage-call.ts";

/** What the client of a handshake asks for: a token, or to go on by one. */
export interface ResumeWish {
  /** Undefined for the first connection. */
  readonly token: string | undefined;
  /** How many messages the client has received by this token, if it says so. */
  readonly received: number | undefined;
}

/** A client's messages on their way from the connection that it had to the one that it has. */
export interface ResumedClient {
  readonly token: string;
  readonly identity: string;
  readonly groups: readonly string[];
  /** The number of the first message. */
  readonly first: number;
  readonly messages: readonly { readonly data: Uint8Array; readonly atMs: number }[];
  /** The number of the first message that was not sent. */
  readonly unsentFrom: number;
}

const parameters = { token: "portico-resume", received: "portico-received" } as const;
const first = "new";
const tokenPattern = /^[\w-]{43}$/;

/** Reads a handshake's query, and returns what is left of it: nobody else is told of a token. */
export function readResumeWish(query: string): { readonly wish: ResumeWish | undefined; readonly query: string } {
  if (!query.includes(parameters.token)) return { wish: undefined, query };
  const isOurs = (part: string): boolean =>
    part.startsWith(`${parameters.token}=`) || part.startsWith(`${parameters.received}=`);
  const parts = query.split("&");
  const asked = new URLSearchParams(parts.filter(isOurs).join("&"));
  const token = asked.get(parameters.token);
  if (token === null) return { wish: undefined, query };
  const received = asked.get(parameters.received) ?? "";
  return {
    wish: {
      token: token === first ? undefined : token,
      received: /^\d{1,15}$/.test(received) ? Number(received) : undefined,
    },
    query: parts.filter((part) => !isOurs(part)).join("&"),
  };
}

export const isResumeToken = (token: string): boolean => tokenPattern.test(token);

/** Makes a token of 256 random bits. */
export const makeResumeToken = (): string => randomBytes(32).toString("base64url");

/** Tells callers apart: who comes back has to be let in as the same one. */
export const identityOf = ({ iam, grant, apiKey }: Caller): string =>
  JSON.stringify([
    iam?.userArn ?? null,
    iam?.cognitoIdentityId ?? null,
    grant?.principalId ?? null,
    apiKey?.id ?? null,
  ]);

/** The messages of a client that may come back after its connection was lost. */
export class Resumable {
  readonly token: string;
  /** As {@link identityOf} tells it. */
  readonly identity: string;
  readonly kept: KeptMessages;
  readonly #now: () => number;
  #peer: WebSocketPeer | undefined = undefined;
  /** The number of the next message that is to be sent. */
  #sentTo = 0;
  /** When its connection ended. */
  awaySinceMs: number | undefined = undefined;

  constructor(facts: Pick<Resumable, "token" | "identity" | "kept">, now: () => number) {
    this.token = facts.token;
    this.identity = facts.identity;
    this.kept = facts.kept;
    this.#now = now;
  }

  get isAway(): boolean {
    return this.awaySinceMs !== undefined;
  }

  /** Goes on with what another connection left. */
  continueFrom({ first, messages, unsentFrom }: ResumedClient): void {
    const kept = messages.map(({ data: { buffer, byteOffset, byteLength }, atMs }) => ({
      data: Buffer.from(buffer, byteOffset, byteLength),
      atMs,
    }));
    this.kept.continueFrom(first, kept);
    this.#sentTo = unsentFrom;
  }

  /** Begins with a connection: tells the client how it goes on, and sends what it has missed. */
  begin(peer: WebSocketPeer, resumed: { readonly received: number | undefined } | undefined, refusal?: string): void {
    this.#peer = peer;
    this.awaySinceMs = undefined;
    const { token, kept } = this;
    if (resumed === undefined) {
      peer.send(JSON.stringify({ porticoResume: { token, isResumed: false, reason: refusal } }));
      return;
    }
    kept.expire(this.#now());
    const from = Math.min(kept.next, resumed.received ?? this.#sentTo);
    this.#sentTo = Math.max(kept.first, from);
    const [missed, lost] = [kept.next - this.#sentTo, this.#sentTo - from];
    peer.send(JSON.stringify({ porticoResume: { token, isResumed: true, missed, lost } }));
    this.goOn();
  }

  /** Sends what waits, as far as the client takes it. */
  goOn(): void {
    while (this.#sentTo < this.kept.next) {
      // What ended while it waited for a slow client is not sent.
      this.#sentTo = Math.max(this.#sentTo, this.kept.first);
      const message = this.kept.at(this.#sentTo);
      if (message === undefined || this.#peer?.send(message) !== true) return;
      this.#sentTo++;
    }
  }

  /** Sends a message, or keeps it. */
  deliver(frame: TextFrame): Delivery {
    const data = ownBytes(frame.text);
    const peer = this.#peer;
    if (peer === undefined) {
      this.kept.add(data, this.#now());
      return "kept";
    }
    if (this.#sentTo < this.kept.next) {
      // It has its turn behind what was missed, of which none gives way to it.
      if (!this.kept.hasRoomFor(data.length)) return "full";
      this.kept.add(data, this.#now());
      return "kept";
    }
    if (!peer.sendFrame(frame)) return "full";
    this.kept.add(data, this.#now());
    this.#sentTo = this.kept.next;
    return "sent";
  }

  /** Its connection has ended. */
  leave(): void {
    this.#peer = undefined;
    this.awaySinceMs = this.#now();
  }

  /** Gives what is kept to another connection. */
  give(groups: readonly string[]): ResumedClient {
    const { token, identity, kept } = this;
    kept.expire(this.#now());
    const given = { token, identity, groups, first: kept.first, messages: [...kept.all], unsentFrom: this.#sentTo };
    kept.clear();
    return given;
  }
}

/** A client that begins, or comes back. */
export interface ClientReturn {
  /** Undefined if there is no room to keep anything. */
  readonly resumable: Resumable | undefined;
  /** The groups that it was in. */
  readonly groups: readonly string[];
  /** Tells it how it goes on, and sends what it has missed. */
  begin(peer: WebSocketPeer): void;
}

/** Returns a text's bytes in memory of their own: of a piece of a larger buffer, all of it would be kept. */
export function ownBytes(text: Buffer | string): Buffer {
  if (typeof text !== "string" && text.buffer.byteLength === text.length) return text;
  const own = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  if (typeof text === "string") own.write(text);
  else text.copy(own);
  return own;
}
