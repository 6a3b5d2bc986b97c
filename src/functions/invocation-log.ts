import { bounds } from "../base/bounds.ts";
import type { LogStreamWriter } from "../telemetry/log-sink.ts";

const logTailBytes = bounds.functionLogTailBytes.value;

/** How an invocation ended, besides its answer. */
export interface Ending {
  /** What the runtime would have printed, had it lived. */
  readonly logText?: string;
  readonly memoryMb?: number | undefined;
  /** What the REPORT line says of it. */
  readonly status?: string;
}

export const startLine = (requestId: string): string => `START RequestId: ${requestId} Version: $LATEST\n`;

/** The lines that end an invocation's log. AWS: "Viewing CloudWatch logs for Lambda functions". */
export function reportLines(
  requestId: string,
  report: {
    readonly durationMs: number;
    readonly initMs: number | undefined;
    readonly sizeMb: number;
    readonly usedMb: number;
    readonly status: string | undefined;
  },
): string {
  const { durationMs, initMs, sizeMb, usedMb, status } = report;
  return (
    `END RequestId: ${requestId}\n` +
    `REPORT RequestId: ${requestId}\tDuration: ${durationMs.toFixed(2)} ms\t` +
    `Billed Duration: ${Math.ceil(durationMs + (initMs ?? 0))} ms\t` +
    `Memory Size: ${sizeMb} MB\tMax Memory Used: ${Math.min(usedMb, sizeMb)} MB\t` +
    `${initMs === undefined ? "" : `Init Duration: ${initMs.toFixed(2)} ms\t`}${status ?? ""}\n`
  );
}

const lineCharsMax = bounds.functionLogLineCharsMax.value;

/**
 * Cuts what a process prints into CloudWatch Logs' events: one a line, with its line end. A carriage return stands for
 * a line feed within an event, as the runtimes write it.
 */
export class LogLines {
  readonly #writer: LogStreamWriter;
  #rest = "";

  constructor(writer: LogStreamWriter) {
    this.#writer = writer;
  }

  add(text: string): void {
    const whole = this.#rest + text;
    let from = 0;
    for (let end = whole.indexOf("\n"); end >= 0; end = whole.indexOf("\n", from)) {
      this.#write(whole.slice(from, end + 1));
      from = end + 1;
    }
    this.#rest = whole.slice(from);
    if (this.#rest.length > lineCharsMax) this.end();
  }

  /** What has no line end yet is an event, too. */
  end(): void {
    if (this.#rest !== "") this.#write(this.#rest);
    this.#rest = "";
  }

  #write(line: string): void {
    this.#writer.write(line.includes("\r") ? line.replaceAll("\r", "\n") : line);
  }
}

/** The last 4 KB of what was printed. */
export class LogTail {
  #text = Buffer.alloc(0);

  add(text: Buffer): void {
    const joined = text.length >= logTailBytes ? text : Buffer.concat([this.#text, text]);
    this.#text = Buffer.from(joined.subarray(-logTailBytes));
  }

  end(): Buffer {
    return this.#text;
  }
}
