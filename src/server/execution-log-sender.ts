import { bounds } from "../base/bounds.ts";
import type { ExecutionLogEntry, ExecutionLogSink } from "../telemetry/execution-log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { FromThread } from "./messages.ts";

/** Entries wait no longer than this for others to fill a batch. */
const flushMs = 25;
const flushChars = 65_536;

/** Sends a gateway thread's execution logs to control: in batches, and no more than control keeps up with. */
export class ExecutionLogSender implements ExecutionLogSink {
  readonly #post: (message: FromThread) => void;
  readonly #metrics: Metrics;
  #entries: ExecutionLogEntry[] = [];
  #chars = 0;
  /** The number of characters that were sent and that control has not taken yet. */
  #charsUnderWay = 0;
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(post: (message: FromThread) => void, metrics: Metrics) {
    this.#post = post;
    this.#metrics = metrics;
  }

  write(entry: ExecutionLogEntry): void {
    if (this.#chars + this.#charsUnderWay > bounds.executionLogBacklogCharsMax.value) {
      this.#metrics.add("executionLogsDropped");
      return;
    }
    this.#entries.push(entry);
    for (const { text } of entry.lines) this.#chars += text.length;
    if (this.#chars >= flushChars) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), flushMs);
  }

  /** Says that control has taken a batch. */
  taken(chars: number): void {
    this.#charsUnderWay -= chars;
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#entries.length === 0) return;
    const entries = this.#entries;
    const chars = this.#chars;
    this.#entries = [];
    this.#chars = 0;
    this.#charsUnderWay += chars;
    this.#post({ kind: "execution-logs", entries, chars });
  }
}
