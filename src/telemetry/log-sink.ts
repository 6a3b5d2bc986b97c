/** The log stream that lines go to in CloudWatch Logs. */
export interface LogStreamAddress {
  readonly account: string;
  readonly region: string;
  readonly group: string;
  readonly stream: string;
  /** The lines are an execution log's, which standard output gets, too. */
  readonly isExecutionLog?: true;
}

/** Takes lines for the embedded CloudWatch Logs, from any thread, and never makes a writer wait. */
export interface LogSink {
  /** Returns a writer. Group and stream are created with the first line. */
  open(address: LogStreamAddress): LogStreamWriter;
}

export interface LogStreamWriter {
  /** Writes a line. `ms` is its time since 1970, by default now. */
  write(message: string, ms?: number, isError?: boolean): void;
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
