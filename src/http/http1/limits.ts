import { bounds } from "../../base/bounds.ts";

/** What a client may ask of the HTTP/1.1 codec; bytes and milliseconds. Every buffer and wait of the codec is bounded here. */
export interface Http1Limits {
  /** The request target. AWS: API Gateway developer guide, quotas: 10,240 for Regional APIs; more is a 414. */
  readonly targetBytesMax: number;
  /** All header lines together. AWS: API Gateway developer guide, quotas: 10,240. */
  readonly headerBytesMax: number;
  readonly headersMax: number;
  /** Unread body, or pipelined requests, kept before the socket is no longer read. */
  readonly pendingBytesMax: number;
  /** Body that the handler did not read and that is thrown away to keep the connection. */
  readonly drainBytesMax: number;
  /** Read and thrown away after the last answer, so that the client sees that answer instead of a reset (RFC 9112 §9.6). */
  readonly lingerBytesMax: number;
  readonly lingerMs: number;
  /** From a request's first byte (or the connection's start) to the end of its headers. */
  readonly headerTimeoutMs: number;
  /** Without progress of a body that is being read. */
  readonly bodyTimeoutMs: number;
  /**
   * Without progress of an answer that is being sent. Longer than it seems to need: a kernel takes more only when a good
   * part of its megabytes has gone, which looks like standing still to a slow but honest client's server.
   */
  readonly sendTimeoutMs: number;
  /** Average that a body, up or down, must keep up once its time-out has passed: a byte now and then is no progress. */
  readonly bodyBytesPerSecondMin: number;
  readonly keepAliveMs: number;
  readonly connectionsMax: number;
  /** Bodies that are buffered for handlers, all connections together. More are refused with a 503. */
  readonly bufferedBodyBytesMax: number;
  /** Answers that clients have not taken yet, all connections together. Beyond it those that owe the most are cut. */
  readonly queuedAnswerBytesMax: number;
}

export const defaultHttp1Limits: Http1Limits = {
  targetBytesMax: bounds.requestTargetBytesMax.value,
  headerBytesMax: bounds.requestHeaderBytesMax.value,
  headersMax: bounds.requestHeadersMax.value,
  pendingBytesMax: bounds.requestPendingBytesMax.value,
  drainBytesMax: bounds.requestDrainBytesMax.value,
  lingerBytesMax: bounds.lingerBytesMax.value,
  lingerMs: bounds.lingerMsMax.value,
  headerTimeoutMs: bounds.requestHeaderMsMax.value,
  bodyTimeoutMs: bounds.bodyIdleMsMax.value,
  sendTimeoutMs: bounds.answerIdleMsMax.value,
  bodyBytesPerSecondMin: bounds.bodyBytesPerSecondMin.value,
  keepAliveMs: bounds.clientIdleMsMax.value,
  connectionsMax: bounds.clientConnectionsMax.value,
  bufferedBodyBytesMax: bounds.bufferedBodyBytesMax.value,
  queuedAnswerBytesMax: bounds.queuedAnswerBytesMax.value,
};
