import { bounds } from "../../base/bounds.ts";

/** The limits of the HTTP/1.1 codec in bytes and milliseconds. They bound every buffer and wait. */
export interface Http1Limits {
  /**
   * The length of the request target. AWS: API Gateway developer guide, quotas: 10,240 for Regional APIs; more is a
   * 414.
   */
  readonly targetBytesMax: number;
  /** All header lines together. AWS: API Gateway developer guide, quotas: 10,240. */
  readonly headerBytesMax: number;
  readonly headersMax: number;
  /** How much of a body or of pipelined requests may wait unread before the socket is paused. */
  readonly pendingBytesMax: number;
  /** How much of a body that the handler did not read is thrown away to keep the connection. */
  readonly drainBytesMax: number;
  /**
   * How much is read and thrown away after the last answer, so that the client sees that answer instead of a reset (RFC
   * 9112 §9.6).
   */
  readonly lingerBytesMax: number;
  readonly lingerMs: number;
  /** The time from a request's first byte (or the connection's start) to the end of its headers. */
  readonly headerTimeoutMs: number;
  /** The time without progress of a body that is being read. */
  readonly bodyTimeoutMs: number;
  /**
   * The time without progress of an answer that is being sent. It is long, because a kernel takes more only when a good
   * part of its megabytes has gone, so a slow but honest client seems to stand still.
   */
  readonly sendTimeoutMs: number;
  /**
   * The average rate that a body, up or down, must keep once its time-out has passed: a byte now and then is not
   * progress.
   */
  readonly bodyBytesPerSecondMin: number;
  readonly keepAliveMs: number;
  readonly connectionsMax: number;
  /** The room for buffered bodies of all connections together. More are refused with a 503. */
  readonly bufferedBodyBytesMax: number;
  /**
   * The room for answers of all connections that clients have not taken yet. Beyond it the connections with the most
   * are cut.
   */
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
