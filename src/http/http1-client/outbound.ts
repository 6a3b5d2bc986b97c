/** Why a call got no answer, or not all of it. */
export interface OutboundFailure {
  /** The system's or OpenSSL's code, such as ECONNREFUSED. */
  readonly code: string | undefined;
  readonly message: string;
  /**
   * The connection had been idle, and was closed under the request before a byte of an answer came, so the backend may
   * not have seen the request.
   */
  readonly isStale: boolean;
  /** There never was a connection, so nothing was sent. */
  readonly isUnconnected: boolean;
}

/** The head of a backend's answer. */
export interface AnswerHead {
  readonly status: number;
  /** Names and values in turn, as received. */
  readonly headers: readonly string[];
  /** The declared length of the body, or -1. */
  readonly contentLength: number;
}

/**
 * One HTTP request to a backend, with the callbacks of its answer: `onHead`, `onData` as it comes, `onEnd`; or, at any
 * time, `onFailure`. After `onEnd`, `onFailure` or `ClientConnection.destroy` no callback is called.
 */
export interface OutboundRequest {
  /** Request line, headers with the body's framing, and the empty line, as it goes on the wire (latin1). */
  readonly head: string;
  /** Whether it is a HEAD, whose answer has no body, whatever its headers say. */
  readonly isHead: boolean;
  readonly body: Buffer | OutboundBody | undefined;
  /** The connection to cancel or resume; undefined while the request waits. */
  connection: OutboundConnection | undefined;
  /**
   * Called with the answer's head, which is read at once: the next answer is read into the same object. Interim answers are not
   * reported. `isBodyHere` says that `onData` or `onEnd` is called next, in the same turn.
   */
  onHead(head: AnswerHead, isBodyHere: boolean): void;
  /**
   * Called with a chunk. One that is lent is overwritten after the call, so the callee copies what it keeps. Returning false
   * pauses the backend until `connection.resume()`.
   */
  onData(chunk: Buffer, isLent: boolean): boolean;
  onEnd(): void;
  onFailure(failure: OutboundFailure): void;
  /** Called if one of the callbacks threw, which is our bug. The connection is gone. */
  onException(error: unknown): void;
  /** Checks the time-out against the monotonic clock in milliseconds. */
  sweep(nowMs: number): void;
}

/** A request's body that comes in pieces. */
export interface OutboundBody {
  /** The declared length; undefined for a chunked body. */
  readonly length: number | undefined;
  /** Starts writing the body. */
  start(connection: OutboundConnection): void;
  /** Called when the backend takes more. */
  resume(): void;
}

/** A connection, for the request on it. */
export interface OutboundConnection {
  /** Writes a chunk. Returning false asks to wait for `OutboundBody.resume`. */
  writeBody(chunk: Buffer): boolean;
  endBody(): void;
  /** Resumes the answer's data. */
  resume(): void;
  /** Ends the connection, and its request without a callback. */
  destroy(): void;
}
