import { createRequire } from "node:module";
import { bounds } from "../../base/bounds.ts";
import type { LogBatch } from "../../telemetry/log-sink.ts";

/** pino's numbers of levels. */
const levels = { info: 30, error: 50 } as const;

/** Writes the lines of execution logs to standard output, as the JSON lines of pino, whose writer is loaded with the first line. */
export class ExecutionLogPrinter {
  #destination: Destination | undefined = undefined;

  print({ address, baseMs, text, lines, errors = [], requests = [] }: LogBatch): void {
    const group = JSON.stringify(address.group);
    const wrong = new Set(errors);
    let printed = "";
    let from = 0;
    for (let at = 0; at < lines.length; at += 2) {
      const message = text.slice(from, from + (lines[at + 1] as number));
      from += message.length;
      const { requestId = "", traceId = "" } = requests[at / 2] ?? {};
      const level = wrong.has(at / 2) ? levels.error : levels.info;
      const time = baseMs + (lines[at] as number);
      printed += `{"level":${level},"time":${time},"group":${group},"requestId":"${requestId}","traceId":"${traceId}","msg":${JSON.stringify(message)}}\n`;
    }
    this.#destination ??= open();
    this.#destination.write(printed);
  }

  /** Writes what waits. */
  close(): void {
    this.#destination?.flushSync();
  }
}

type Destination = import("pino").DestinationStream & { flushSync(): void };

function open(): Destination {
  const { pino } = createRequire(import.meta.url)("pino") as typeof import("pino");
  // Lines that a slow reader does not take are dropped, so that they don't pile up.
  const destination = pino.destination({ dest: 1, sync: false, maxLength: bounds.executionLogBacklogCharsMax.value });
  destination.on("error", () => undefined);
  return destination;
}
