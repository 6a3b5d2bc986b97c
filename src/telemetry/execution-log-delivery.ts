import { createHash } from "node:crypto";
import { canaryGroup } from "./canary-group.ts";
import { type ExecutionLogSink, executionLogGroup } from "./execution-log.ts";
import { type LogSink, loggedRequest } from "./log-sink.ts";

/**
 * Writes execution logs to the log groups that AWS has for them, and to a collector if `isExported`.
 * AWS: API Gateway Developer Guide, "Set up CloudWatch logging for REST APIs in API Gateway".
 */
export const makeExecutionLogDelivery = (sink: LogSink, isExported = false): ExecutionLogSink => ({
  open(stage) {
    const { account, region, kind: apiKind, apiId, apiName, stageName } = stage;
    const group = executionLogGroup(stage);
    const stream = createHash("md5").update(`${account}/${region}/${group}`).digest("hex");
    const writer = sink.open({
      ...{ account, region, group, stream, isExecutionLog: true },
      ...(isExported && { exported: { kind: "execution", apiKind, apiId, apiName, stageName } }),
    });
    // AWS: "Set up an API Gateway canary release deployment": a canary's requests are logged in the stage's group, as well.
    const canary = stage.isCanary && sink.open({ account, region, group: canaryGroup(group), stream });
    return {
      write(exchange, tell) {
        const prefix = `(${exchange.requestId}) `;
        const request = loggedRequest(exchange);
        const facts = { error: { isError: true, request }, info: { request } };
        tell((level, atMs, text) => {
          writer.write(prefix + text, atMs, facts[level]);
          canary?.write(prefix + text, atMs);
        });
      },
    };
  },
});
