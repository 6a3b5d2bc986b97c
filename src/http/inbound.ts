import type { Listener } from "./listener.ts";
import type { RequestClient } from "./request-client.ts";
import type { WebSocketLimits, WebSocketPeer, WebSocketReceiver, WebSocketWish } from "./websocket/websocket.ts";

/** What became of a body that was to be collected; `timeout` if the client sent it too slowly. */
export type CollectOutcome = "ok" | "too-large" | "aborted" | "malformed" | "timeout";

/** A client's request, as it came from a connection. Nothing here throws because of the peer. */
export interface InboundRequest {
  readonly method: string;
  /**
   * The request target as received. The absolute form is already reduced to path and query, with its host in `host`.
   */
  readonly target: string;
  /** The length of request line and header lines as received. */
  readonly headBytes: number;
  readonly httpVersion: "1.0" | "1.1";
  /** Names and values in turn, as received (latin1). */
  readonly rawHeaders: readonly string[];
  /** The same names in lower case, in turn with `rawHeaders` (index i names rawHeaders[2i]). */
  readonly headerNames: readonly string[];
  /** The `Host`, lower-cased, with its port. */
  readonly host: string;
  /** Who sent the request, whatever proxies stand between. */
  readonly client: RequestClient;
  /** The listener that the request came in by. */
  readonly listener: Listener;
  /** Declared length; undefined if chunked or without a body. */
  readonly contentLength: number | undefined;
  readonly hasBody: boolean;
  /** How the request asks for a WebSocket. */
  readonly webSocket: WebSocketWish;
  /** How much of the body has been received, without the framing of chunks. */
  readonly bodyBytes: number;
  /** Returns the last value of a header, by its lower-case name. */
  header(name: string): string | undefined;

  /** Buffers the body, at most `bytesMax` of it. It calls back once, and immediately if the body is all here. */
  collect(bytesMax: number, done: (outcome: CollectOutcome, body: Buffer) => void): void;
  /**
   * Counts bytes that were made from the body towards the room of all buffered bodies, until the exchange ends. Returns
   * false if that is too much.
   */
  reserve(bytes: number): boolean;
  /** Streams the body. If `sink.data` returns false, the body pauses until `resumeBody`. */
  streamBody(sink: BodySink): void;
  resumeBody(): void;
}

/**
 * The way to answer a request. A connection makes one; compression and the like wrap one. Nothing here throws because
 * of the peer: writes to a connection that is gone are ignored.
 */
export interface Answer {
  /**
   * Sends a whole answer. The codec writes Content-Length, Date and Connection; `headers` are names and values in turn.
   */
  respond(status: number, headers: readonly string[], body: Buffer | string | undefined): void;
  /**
   * Begins a streamed answer. With a `contentLength` exactly that many bytes must follow; otherwise it is chunked. With
   * `isBodyHere` the caller writes or ends in the same turn, so that nothing has to see to it that the headers go out before.
   */
  startResponse(
    status: number,
    headers: readonly string[],
    contentLength: number | undefined,
    isBodyHere?: boolean,
  ): void;
  /** Writes a chunk. Returning false asks to wait for the observer's `onDrain`. */
  write(chunk: Buffer): boolean;
  /** Writes a chunk whose memory belongs to the caller again after the call. An answer that keeps chunks has no such method. */
  writeLent?(chunk: Buffer): boolean;
  end(): void;
  /** Cuts the connection, because the answer can't be completed. */
  abort(): void;
  /** Whether the answer was begun, so that it can only be completed or cut. */
  readonly isBegun: boolean;
  /** Gets the answer's events. A wrapper takes the observer's place, and passes events on to it. */
  observer: AnswerObserver | undefined;
  /** Bytes of answer body written so far. */
  readonly responseBytes: number;
}

/** The events of an answer, for its writer. */
export interface AnswerObserver {
  /** Called when the peer takes more, after a `write` that returned false. */
  onDrain(): void;
  /** Called if the peer went away before the answer was complete, or, with a status for the log, can't be sent it. */
  onClose(status?: number): void;
  /**
   * Called if a callback of the request, its body's sink or this observer threw, which is our bug. The observer has to
   * complete or cut the answer. Without this member the codec answers 500.
   */
  onException?(error: unknown): void;
}

/**
 * A request with its answer. The codec in `http1/` makes one object of both, so that a request does not cost a second
 * one.
 */
export interface InboundExchange extends InboundRequest, Answer {
  /**
   * Answers 101 with these headers (names and values in turn), and makes the connection of a request that asks for one a
   * WebSocket. Returns undefined if it was answered already, the client is gone, or there is no room for one more: then it is
   * answered with 503.
   */
  upgrade(headers: readonly string[], limits: WebSocketLimits, receiver: WebSocketReceiver): WebSocketPeer | undefined;
}

export interface BodySink {
  data(chunk: Buffer): boolean;
  end(): void;
  /** Called if the peer went away or broke the framing. */
  error(reason: "aborted" | "malformed" | "timeout"): void;
}
