/** Where lines go in CloudWatch Logs. */
export interface LogStreamAddress {
  readonly account: string;
  readonly region: string;
  readonly group: string;
  readonly stream: string;
}

/** Takes lines for the embedded CloudWatch Logs, from any thread, without ever holding up who writes them. */
export interface LogSink {
  /** Groups and streams come to be with their first line. */
  open(address: LogStreamAddress): LogStreamWriter;
}

export interface LogStreamWriter {
  /** `ms` since 1970, by default now. */
  write(message: string, ms?: number): void;
}

/** Lines of one stream on their way: one text, and for each line two numbers, its time after `baseMs` and its length. */
export interface LogBatch {
  readonly address: LogStreamAddress;
  readonly baseMs: number;
  readonly text: string;
  readonly lines: Uint32Array;
}

/** A sender → the logs' thread. The next one is sent when this one is acknowledged, so that no queue grows. */
export interface LogDelivery {
  readonly batches: readonly LogBatch[];
  /** Lines that there was no room for. */
  readonly dropped: number;
}
