/** The log stream that lines go to in CloudWatch Logs. */
export interface LogStreamAddress {
  readonly account: string;
  readonly region: string;
  readonly group: string;
  readonly stream: string;
  /** The lines are an execution log's, which standard output gets, too. */
  readonly isExecutionLog?: true;
  /** An OpenTelemetry collector gets the lines, too; undefined if it does not. */
  readonly exported?: ExportedLog;
}

/** What a collector is told of a log whose lines it gets. */
export interface ExportedLog {
  readonly kind: ExportedLogKind;
  readonly apiKind: string;
  readonly apiId: string;
  readonly apiName: string;
  readonly stageName: string;
  /** The log has no log group: nobody but the collector gets the lines by this way. */
  readonly isOnlyExported?: true;
}

/** The logs that a collector can get. */
export const exportedLogKinds = ["access", "execution"] as const;
export type ExportedLogKind = (typeof exportedLogKinds)[number];

/** The request that a line is about, as an exchange knows it. */
export interface LoggedExchange {
  readonly requestId: string;
  /** X-Ray's form of a trace's id. */
  readonly traceId: string;
  readonly sampled: { readonly spanId: string } | undefined;
}

/** The same as data, which another thread can get. */
export interface LoggedRequest {
  readonly requestId: string;
  readonly traceId: string;
  /** The span of the request; undefined if nobody records it. */
  readonly spanId: string | undefined;
}

export const loggedRequest = ({ requestId, traceId, sampled }: LoggedExchange): LoggedRequest => ({
  requestId,
  traceId,
  spanId: sampled?.spanId,
});

/** Takes lines for the embedded CloudWatch Logs, from any thread, and never makes a writer wait. */
export interface LogSink {
  /** Returns a writer. Group and stream are created with the first line. */
  open(address: LogStreamAddress): LogStreamWriter;
}

export interface LogStreamWriter {
  /** Writes a line. `ms` is its time since 1970, by default now. */
  write(message: string, ms?: number, facts?: LineFacts): void;
}

/** What is known of a line besides its text. */
export interface LineFacts {
  readonly isError?: boolean;
  /** Lines of one request have the same object, so that it crosses to another thread once. */
  readonly request?: LoggedRequest;
}

/** Lines of one stream: one text, and for each line two numbers, its time after `baseMs` and its length. */
export interface LogBatch {
  readonly address: LogStreamAddress;
  readonly baseMs: number;
  readonly text: string;
  readonly lines: Uint32Array;
  /**
   * Lines that are earlier than one before them are among them: those of a request come when it is complete, each with its own
   * time. Who stores the lines sorts them, and not the thread that serves requests.
   */
  readonly isUnsorted?: true;
  /** The indexes of the lines that tell of errors. */
  readonly errors?: readonly number[];
  /** The request of each line, if any line has one. */
  readonly requests?: readonly (LoggedRequest | undefined)[];
}

/**
 * What a sender posts to the logs' thread. The next delivery is sent when this one is acknowledged, so that no queue
 * grows.
 */
export interface LogDelivery {
  readonly batches: readonly LogBatch[];
  /** How many lines found no room. */
  readonly dropped: number;
}
