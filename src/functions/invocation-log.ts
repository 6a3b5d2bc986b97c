import { bounds } from "../base/bounds.ts";
import { inferredSegmentId } from "../telemetry/inferred-segment.ts";
import type { LogStreamWriter } from "../telemetry/log-sink.ts";

const logTailBytes = bounds.functionLogTailBytes.value;

/**
 * The status of an invocation's end. AWS: Lambda Developer Guide, "Lambda Telemetry API Event schema reference",
 * Status.
 */
export type InvocationStatus = "success" | "failure" | "error" | "timeout";

/** How an invocation ended, besides its answer. */
export interface Ending {
  readonly status: InvocationStatus;
  readonly errorType?: string;
  /** The text that the runtime would have printed, had it lived. */
  readonly logText?: string;
  readonly memoryMb?: number | undefined;
}

/** How Lambda writes its own lines: as text, or as JSON from a level on. */
export type PlatformLogFormat = "text" | "DEBUG" | "INFO" | "WARN";

/** Returns the line that begins an invocation's log. */
export function startLine(requestId: string, version: string, format: PlatformLogFormat): string {
  if (format === "text") return `START RequestId: ${requestId} Version: ${version}\n`;
  return format === "WARN" ? "" : platformEvent("start", { requestId, version });
}

/**
 * Returns the lines that end an invocation's log. AWS: Lambda Developer Guide, "Viewing CloudWatch logs for Lambda
 * functions"; "Configuring advanced logging controls for Lambda functions", System log level event mapping.
 */
export function reportLines(
  requestId: string,
  format: PlatformLogFormat,
  report: {
    readonly durationMs: number;
    readonly initMs: number | undefined;
    readonly sizeMb: number;
    readonly usedMb: number;
    readonly status: InvocationStatus;
    readonly errorType?: string | undefined;
    /** The value of X-Amzn-Trace-Id. */
    readonly traceHeader?: string | undefined;
  },
): readonly string[] {
  const { durationMs, initMs, sizeMb, status, errorType } = report;
  const traced = readSampled(report.traceHeader);
  const billedMs = Math.ceil(durationMs + (initMs ?? 0));
  const usedMb = Math.min(report.usedMb, sizeMb);
  if (format === "text") {
    const isSaid = status === "error" || status === "timeout";
    const ending = isSaid ? `Status: ${status}${errorType === undefined ? "" : `\tError Type: ${errorType}`}` : "";
    return [
      `END RequestId: ${requestId}\n`,
      `REPORT RequestId: ${requestId}\tDuration: ${durationMs.toFixed(2)} ms\tBilled Duration: ${billedMs} ms\t` +
        `Memory Size: ${sizeMb} MB\tMax Memory Used: ${usedMb} MB\t` +
        `${initMs === undefined ? "" : `Init Duration: ${initMs.toFixed(2)} ms\t`}${ending}` +
        // As users quote it: an event with two lines.
        `${traced === undefined ? "" : `\nXRAY TraceId: ${traced.traceId}\tSegmentId: ${traced.segmentId}\tSampled: true\t`}\n`,
    ];
  }
  if (format === "WARN" && status === "success") return [];
  const metrics = {
    durationMs: toHundredths(durationMs),
    billedDurationMs: billedMs,
    memorySizeMB: sizeMb,
    maxMemoryUsedMB: usedMb,
    ...(initMs === undefined ? {} : { initDurationMs: toHundredths(initMs) }),
  };
  const failed = errorType === undefined ? {} : { errorType };
  // AWS: Lambda Developer Guide, "Lambda Telemetry API Event schema reference", TraceContext.
  const tracing = traced && { spanId: traced.segmentId, type: "X-Amzn-Trace-Id", value: report.traceHeader };
  return [platformEvent("report", { requestId, metrics, ...(tracing && { tracing }), status, ...failed })];
}

/** Returns the trace of an invocation that its caller records, and the function's segment in it. */
function readSampled(header = ""): { readonly traceId: string; readonly segmentId: string } | undefined {
  const [, traceId, parent] =
    /^Root=(1-[0-9a-f]{8}-[0-9a-f]{24});Parent=([0-9a-f]{16});Sampled=1(?:;|$)/.exec(header) ?? [];
  if (traceId === undefined || parent === undefined) return undefined;
  return { traceId, segmentId: inferredSegmentId(traceId, parent) };
}

const platformEvent = (name: string, record: object): string =>
  `${JSON.stringify({ time: new Date().toISOString(), type: `platform.${name}`, record })}\n`;

const toHundredths = (ms: number): number => Math.round(ms * 100) / 100;

const lineCharsMax = bounds.functionLogLineCharsMax.value;

/**
 * Cuts a process's output into CloudWatch Logs' events: one for each line, with its line end. A carriage return stands
 * for a line feed within an event, as the runtimes write it.
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

  /** Adds one of Lambda's own lines, which has a line end behind it and no other; an empty text is none. */
  addLine(line: string): void {
    if (line === "") return;
    if (this.#rest !== "") this.add(line);
    else this.#writer.write(line);
  }

  /** Makes an event of the rest, which has no line end. */
  end(): void {
    if (this.#rest !== "") this.#write(this.#rest);
    this.#rest = "";
  }

  #write(line: string): void {
    this.#writer.write(line.includes("\r") ? line.replaceAll("\r", "\n") : line);
  }
}

/** Keeps the last 4 KB of the output. */
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
