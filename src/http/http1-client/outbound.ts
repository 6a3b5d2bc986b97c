/** Why a call got no answer, or not all of it. */
export interface OutboundFailure {
  /** Of the system or OpenSSL, such as ECONNREFUSED. */
  readonly code: string | undefined;
  readonly message: string;
  /** The connection had been idle, and was closed under the request before a byte of an answer came: it may not have been seen. */
  readonly isStale: boolean;
  /** There never was a connection, so that nothing was sent. */
  readonly isUnconnected: boolean;
}

/**
 * One HTTP request to a backend, and who is told of the answer: `onHead`, `onData` as it comes, `onEnd`; or, at any time,
 * `onFailure`. After `onEnd`, `onFailure` and `ClientConnection.destroy` nothing is told any more.
 */
export interface OutboundRequest {
  /** Request line, headers with the body's framing, and the empty line, as it goes on the wire (latin1). */
  readonly head: string;
  /** A HEAD: its answer has no body, whatever its headers say. */
  readonly isHead: boolean;
  readonly body: Buffer | OutboundBody | undefined;
  /** Whom to tell of cancellation and of room for more; undefined while it waits. */
  connection: OutboundConnection | undefined;
  /** Names and values in turn, as received. Interim answers are not told. */
  onHead(status: number, headers: readonly string[]): void;
  /** The chunk is the callee's. False pauses the backend until `connection.resume()`. */
  onData(chunk: Buffer): boolean;
  onEnd(): void;
  onFailure(failure: OutboundFailure): void;
  /** One of the callbacks threw: our bug. The connection is gone. */
  onException(error: unknown): void;
  /** Looks at its time-out; milliseconds of the monotonic clock. */
  sweep(nowMs: number): void;
}

/** A request's body that comes in pieces. */
export interface OutboundBody {
  /** The declared length; undefined sends it chunked. */
  readonly length: number | undefined;
  /** Begins to write. */
  start(connection: OutboundConnection): void;
  /** The backend takes more. */
  resume(): void;
}

/** A connection as those see it that have a request on it. */
export interface OutboundConnection {
  /** False asks to wait for `OutboundBody.resume`. */
  writeBody(chunk: Buffer): boolean;
  endBody(): void;
  /** The answer's data is wanted again. */
  resume(): void;
  /** Ends the connection, and the request on it without a word. */
  destroy(): void;
}
