import type { Listener } from "./listener.ts";

/** What a client asks, as it came off a connection. Nothing here throws for what the peer does. */
export interface InboundRequest {
  readonly method: string;
  /** The request target as received; the absolute form is already reduced to path and query, and its host put in `host`. */
  readonly target: string;
  readonly httpVersion: "1.0" | "1.1";
  /** Names and values in turn, as received (latin1). */
  readonly rawHeaders: readonly string[];
  /** The same names in lower case, in turn with `rawHeaders` (index i names rawHeaders[2i]). */
  readonly headerNames: readonly string[];
  /** The `Host`, lower-cased, with its port. */
  readonly host: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localPort: number;
  /** By which it came in. */
  readonly listener: Listener;
  /** Declared length; undefined if chunked or without a body. */
  readonly contentLength: number | undefined;
  readonly hasBody: boolean;
  /** The last value of a header, by lower-case name. */
  header(name: string): string | undefined;

  /** Buffers the body, at most `bytesMax` of it; calls back once, at once if it is all here. */
  collect(bytesMax: number, done: (outcome: "ok" | "too-large" | "aborted" | "malformed", body: Buffer) => void): void;
  /**
   * Counts bytes that were made of the body towards what all buffered bodies may take together, until the exchange ends.
   * False: that is too much.
   */
  reserve(bytes: number): boolean;
  /** Streams the body. `sink.data` answering false pauses it until `resumeBody`. */
  streamBody(sink: BodySink): void;
  resumeBody(): void;
}

/**
 * The way to answer a request. A connection makes one; what changes answers on their way out (compression) wraps one.
 * Nothing here throws for what the peer does: a connection that is gone swallows what is written to it.
 */
export interface Answer {
  /** Answers whole. Content-Length, Date and Connection are the codec's; `headers` are names and values in turn. */
  respond(status: number, headers: readonly string[], body: Buffer | string | undefined): void;
  /** Begins a streamed answer; with a `contentLength` exactly that many bytes must follow, else it is chunked. */
  startResponse(status: number, headers: readonly string[], contentLength: number | undefined): void;
  /** False asks to wait for the observer's `onDrain`. */
  write(chunk: Buffer): boolean;
  end(): void;
  /** Cuts the connection: the answer can't be completed. */
  abort(): void;
  /** The answer was begun: it can only be completed or cut. */
  readonly isBegun: boolean;
  /** Who is told what becomes of the answer. What wraps an answer takes the place of its observer, and tells that one. */
  observer: AnswerObserver | undefined;
  /** Bytes of answer body written so far. */
  readonly responseBytes: number;
}

/** Who answers a request. */
export interface AnswerObserver {
  /** The peer takes more, after a `write` that was false. */
  onDrain(): void;
  /** The peer went away before the answer was complete. */
  onClose(): void;
  /**
   * A callback of the request, its body's sink or this observer threw: our bug. The observer has to complete or cut the
   * answer. Without this member the codec answers 500 by itself.
   */
  onException?(error: unknown): void;
}

/** A request with its answer. The codec in `http1/` makes one object of both, so that a request costs no second one. */
export interface InboundExchange extends InboundRequest, Answer {}

export interface BodySink {
  data(chunk: Buffer): boolean;
  end(): void;
  /** The peer went away or broke the framing. */
  error(reason: "aborted" | "malformed" | "timeout"): void;
}
