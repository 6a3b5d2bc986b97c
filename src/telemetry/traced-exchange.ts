/**
 * One exchange that was sampled, as data: what X-Ray calls a segment with its subsegments, and OpenTelemetry a server span
 * with its clients' spans. Times are milliseconds since 1970, with decimals; ids are 16 hex digits.
 */
export interface TracedExchange {
  readonly account: string;
  readonly region: string;
  /** `rest`, `http`, `websocket`. */
  readonly apiKind: string;
  readonly apiId: string;
  readonly apiName: string;
  readonly stageName: string;
  readonly requestId: string;
  readonly extendedRequestId: string;
  /** `1-{8 hex digits}-{24 hex digits}`. */
  readonly traceId: string;
  readonly spanId: string;
  /** Who called, if the caller has a span of its own. */
  readonly parentId: string | undefined;
  /** The X-Ray rule that sampled the exchange; undefined if the caller had decided, or X-Ray does not have it. */
  readonly ruleName: string | undefined;
  /** The traces that take the exchange. */
  readonly isForXray: boolean;
  readonly isForOtlp: boolean;
  readonly startMs: number;
  readonly endMs: number;
  readonly method: string;
  /** The connection of a WebSocket API, and what happened on it. */
  readonly connection: TracedConnection | undefined;
  readonly scheme: string;
  /** The host that was called, with its port if that is not the scheme's own. */
  readonly host: string;
  /** The path that was called, without the query: queries carry secrets. */
  readonly path: string;
  /** `/pets/{id}`, or the key of a route; undefined if none was found. */
  readonly route: string | undefined;
  readonly httpVersion: string;
  readonly clientAddress: string;
  /** The address was read from `X-Forwarded-For`. */
  readonly isForwarded: boolean;
  readonly userAgent: string | undefined;
  readonly status: number;
  readonly responseBytes: number;
  /** Why the gateway itself failed the exchange. */
  readonly error: string | undefined;
  /** The calls that the gateway made for the exchange, in their order. */
  readonly calls: readonly TracedCall[];
}

export interface TracedConnection {
  readonly connectionId: string;
  readonly eventType: "CONNECT" | "MESSAGE" | "DISCONNECT";
  readonly messageId?: string | undefined;
}

/** A call of a function, a backend or a service of AWS. */
export interface TracedCall {
  readonly spanId: string;
  readonly purpose: "authorizer" | "integration";
  readonly startMs: number;
  readonly endMs: number;
  readonly target: CallTarget;
  /** The status of the answer; undefined if none came. */
  readonly status: number | undefined;
  /** How long its body is, where that is known. */
  readonly responseBytes: number | undefined;
  readonly error: string | undefined;
  readonly requestId: string | undefined;
}

/** Who was called. */
export type CallTarget =
  | { readonly kind: "function"; readonly arn: string }
  | {
      readonly kind: "http";
      readonly method: string;
      /** `https://host:port` */
      readonly origin: string;
      /** Without the query. */
      readonly path: string;
      /** The service of AWS that is called (`sqs`); undefined for any other backend. */
      readonly service: string | undefined;
    };

/** Takes sampled exchanges. It never makes an exchange wait, and never throws. */
export interface TraceSink {
  write(traced: TracedExchange): void;
}
