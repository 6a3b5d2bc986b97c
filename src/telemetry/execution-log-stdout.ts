import { createRequire } from "node:module";
import { bounds } from "../base/bounds.ts";
import { type ExecutionLogSink, executionLogGroup } from "./execution-log.ts";

/** Writes execution logs to standard output as JSON lines, by pino, which is loaded with the first line. */
export function makeStdoutExecutionLog(): ExecutionLogSink & { close(): void } {
  let out:
    | { readonly log: import("pino").Logger; readonly destination: import("pino").DestinationStream & Flushable }
    | undefined;
  return {
    write(entry) {
      out ??= open();
      const { requestId } = entry;
      const group = executionLogGroup(entry);
      for (const { level, atMs, text } of entry.lines) {
        out.log[level]({ time: atMs, group, requestId }, `(${requestId}) ${text}`);
      }
    },
    close() {
      out?.destination.flushSync();
    },
  };
}

interface Flushable {
  flushSync(): void;
}

function open(): {
  readonly log: import("pino").Logger;
  readonly destination: import("pino").DestinationStream & Flushable;
} {
  const { pino } = createRequire(import.meta.url)("pino") as typeof import("pino");
  // Lines that a slow reader does not take are dropped, so that they don't pile up.
  const destination = pino.destination({ dest: 1, sync: false, maxLength: bounds.executionLogBacklogCharsMax.value });
  destination.on("error", () => undefined);
  return { log: pino({ base: null, timestamp: false }, destination), destination };
}
