import { createHash } from "node:crypto";
import { bounds } from "../../base/bounds.ts";
import { type ExecutionLogSink, executionLogGroup } from "../../telemetry/execution-log.ts";
import type { LogSink, LogStreamWriter } from "../../telemetry/log-sink.ts";

/** The number of stages whose streams are kept open. */
const writersMax = bounds.logWritersMax.value;

/**
 * Writes execution logs to the log groups that AWS has for them.
 * AWS: API Gateway Developer Guide, "Set up CloudWatch logging for REST APIs in API Gateway".
 */
export function makeExecutionLogDelivery(sink: LogSink): ExecutionLogSink {
  const writers = new Map<string, LogStreamWriter>();
  return {
    write(entry) {
      const { account, region, requestId, lines } = entry;
      const group = executionLogGroup(entry);
      const key = `${account}/${region}/${group}`;
      let writer = writers.get(key);
      if (writer === undefined) {
        if (writers.size >= writersMax) writers.clear();
        writer = sink.open({ account, region, group, stream: createHash("md5").update(key).digest("hex") });
        writers.set(key, writer);
      }
      for (const { text, atMs } of lines) writer.write(`(${requestId}) ${text}`, atMs);
    },
  };
}
