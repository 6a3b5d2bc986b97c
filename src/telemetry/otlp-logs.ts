import type { ExportedLog, LogBatch, LoggedRequest, LogStreamAddress } from "./log-sink.ts";
import { attributes, hexTraceId, nanoseconds, otlpResource } from "./otlp-values.ts";

/** A line of a log that a collector gets. */
export interface ExportedLine {
  readonly address: LogStreamAddress;
  readonly log: ExportedLog;
  /** Milliseconds since 1970. */
  readonly ms: number;
  readonly message: string;
  readonly isError: boolean;
  readonly request: LoggedRequest | undefined;
}

/** Returns the lines of a batch that a collector gets: all, or none. */
export function* exportedLines({
  address,
  baseMs,
  text,
  lines,
  errors = [],
  requests = [],
}: LogBatch): Generator<ExportedLine> {
  const { exported: log } = address;
  if (log === undefined) return;
  const wrong = new Set(errors);
  let from = 0;
  for (let index = 0; index < lines.length / 2; index++) {
    const to = from + lines[index * 2 + 1]!;
    const line = { ms: baseMs + lines[index * 2]!, message: text.slice(from, to), isError: wrong.has(index) };
    yield { address, log, ...line, request: requests[index] };
    from = to;
  }
}

export interface OtlpLogsOptions {
  readonly version: string;
  /** When the lines came to who sends them. Milliseconds since 1970. */
  readonly observedMs: number;
}

/** Returns OTLP's request of lines (`ExportLogsServiceRequest` in JSON). OpenTelemetry: "Logs Data Model". */
export const otlpLogs = (lines: readonly ExportedLine[], { version, observedMs }: OtlpLogsOptions): object => ({
  resourceLogs: [
    {
      resource: otlpResource(version),
      scopeLogs: [
        {
          scope: { name: "portico", version },
          logRecords: lines.map((line) => recordOf(line, nanoseconds(observedMs))),
        },
      ],
    },
  ],
});

/** OpenTelemetry: "Logs Data Model", SeverityNumber. */
const severities = {
  info: { severityNumber: 9, severityText: "INFO" },
  error: { severityNumber: 17, severityText: "ERROR" },
} as const;
/** W3C: "Trace Context", sampled. */
const sampledFlag = 1;

/** OpenTelemetry: "General AWS Attributes", "AWS Log Attributes" of the semantic conventions. */
function recordOf({ address, log, ms, message, isError, request }: ExportedLine, observedTimeUnixNano: string): object {
  const { account, region, group, stream } = address;
  const isStored = log.isOnlyExported !== true;
  return {
    timeUnixNano: nanoseconds(ms),
    observedTimeUnixNano,
    ...severities[isError ? "error" : "info"],
    body: { stringValue: message },
    attributes: attributes({
      "cloud.account.id": account,
      "cloud.region": region,
      "aws.log.group.names": isStored ? [group] : undefined,
      "aws.log.stream.names": isStored ? [stream] : undefined,
      "aws.request_id": request?.requestId,
      "aws.api_gateway.log": log.kind,
      "aws.api_gateway.api.kind": log.apiKind,
      "aws.api_gateway.api.id": log.apiId,
      "aws.api_gateway.api.name": log.apiName,
      "aws.api_gateway.stage": log.stageName,
    }),
    ...(request !== undefined && { traceId: hexTraceId(request.traceId) }),
    ...(request?.spanId !== undefined && { spanId: request.spanId, flags: sampledFlag }),
  };
}
