/** The log stream that lines go to in CloudWatch Logs. */
export interface LogStreamAddress {
  readonly account: string;
  readonly region: string;
  readonly group: string;
  readonly stream: string;
}

/** Takes lines for the embedded CloudWatch Logs, from any thread, and never makes a writer wait. */
export interface LogSink {
  /** Returns a writer. Group and stream are created with the first line. */
  open(address: LogStreamAddress): LogStreamWriter;
}

export interface LogStreamWriter {
  /** Writes a line. `ms` is its time since 1970, by default now. */
  write(message: string, ms?: number): void;
}

/** Lines of one stream: one text, and for each line two numbers, its time after `baseMs` and its length. */
export interface LogBatch {
  readonly address: LogStreamAddress;
  readonly baseMs: number;
  readonly text: string;
  readonly lines: Uint32Array;
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
