import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { ClientConnection, type ConnectionOwner } from "../src/http/http1-client/client-connection.ts";
import type { SocketReader } from "../src/http/http1-client/open-socket.ts";
import type { OutboundFailure, OutboundRequest } from "../src/http/http1-client/outbound.ts";

/** A socket of which only the connection's side exists; `written` is what a backend would have received. */
class FakeSocket extends EventEmitter {
  written = "";
  writable = true;
  writableNeedDrain = false;
  isPaused = false;
  isDestroyed = false;
  write(piece: string | Buffer): boolean {
    this.written += piece.toString("latin1");
    return true;
  }
  cork(): void {}
  uncork(): void {}
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
  destroy(): void {
    this.isDestroyed = true;
    this.writable = false;
  }
}

/** An answer as it was read. */
export interface Answer {
  outcome: "none" | "complete" | "failed";
  status: number;
  headers: readonly string[];
  body: string;
  /** The connection took the next request. */
  isKept: boolean;
  failure: OutboundFailure | undefined;
}

/** A connection without a network, with a request on it. */
export class ConnectionUnderTest implements ConnectionOwner {
  nowMs = 0;
  readonly socket = new FakeSocket();
  readonly connection: ClientConnection;
  readonly request: OutboundRequest;
  readonly answer: Answer = { outcome: "none", status: 0, headers: [], body: "", isKept: false, failure: undefined };
  /** What `onData` answers. */
  isTaking = true;
  /** Whether `onHead` was told that the body's first bytes or its end come in the same turn, and they have not come. */
  isBodyDue = false;
  exception: unknown = undefined;
  closedTimes = 0;
  unreachableTimes = 0;
  #reader: SocketReader | undefined = undefined;
  readonly #lent = Buffer.alloc(65_536);

  constructor(options: { readonly isHead?: boolean; readonly body?: OutboundRequest["body"] } = {}) {
    this.connection = new ClientConnection(this, (reader) => {
      this.#reader = reader;
      return this.socket as unknown as Socket;
    });
    const { answer } = this;
    this.request = {
      head: "GET / HTTP/1.1\r\n\r\n",
      isHead: options.isHead ?? false,
      body: options.body,
      connection: undefined,
      onHead: ({ status, headers }, isBodyHere) => {
        this.isBodyDue = isBodyHere;
        answer.status = status;
        answer.headers = headers;
      },
      onData: (chunk, isLent) => {
        this.isBodyDue = false;
        this.chunks.push(isLent ? Buffer.from(chunk) : chunk);
        return this.isTaking;
      },
      onEnd: () => this.#settle("complete"),
      onFailure: (failure) => {
        answer.failure = failure;
        this.#settle("failed");
      },
      onException: (error) => {
        this.exception = error;
      },
      sweep() {},
    };
    this.connection.send(this.request);
    this.#reader!.onConnected();
  }

  /** Kept to the end, so that a chunk that somebody else writes into shows. */
  readonly chunks: Buffer[] = [];

  /** Bytes from the backend, in a buffer that is overwritten at once. */
  receive(piece: Buffer): void {
    for (let at = 0; at < piece.length; at += this.#lent.length) {
      const length = piece.copy(this.#lent, 0, at);
      this.#reader!.onLent(this.#lent, length);
      this.#endTurn();
      this.#lent.fill(0xaa, 0, length);
    }
  }

  receiveOwned(piece: Buffer): void {
    this.#reader!.onOwned(Buffer.from(piece));
    this.#endTurn();
  }

  #endTurn(): void {
    if (this.isBodyDue && this.exception === undefined)
      throw new Error("the body did not come with the head, as was said");
  }

  end(): void {
    this.socket.emit("end");
  }

  connected(): void {}

  unreachable(): void {
    this.unreachableTimes++;
  }
  released(): void {
    this.answer.isKept = true;
  }
  closed(): void {
    this.closedTimes++;
    this.answer.isKept = false;
  }

  #settle(outcome: "complete" | "failed"): void {
    if (this.answer.outcome !== "none") throw new Error(`told of ${outcome} after ${this.answer.outcome}`);
    this.answer.outcome = outcome;
    this.isBodyDue = false;
  }

  finish(): Answer {
    this.answer.body = Buffer.concat(this.chunks).toString("latin1");
    return this.answer;
  }
}

/** Reads an answer that comes in pieces; then the backend closes, if it is said to. */
export function readAnswer(
  pieces: readonly Buffer[],
  options: { readonly isHead?: boolean; readonly isEnded?: boolean; readonly isOwned?: boolean } = {},
): Answer {
  const test = new ConnectionUnderTest(options);
  for (const piece of pieces) {
    if (options.isOwned === true) test.receiveOwned(piece);
    else test.receive(piece);
  }
  if (options.isEnded === true) test.end();
  if (test.exception !== undefined) throw test.exception;
  if (test.closedTimes > 1) throw new Error("closed twice");
  return test.finish();
}
