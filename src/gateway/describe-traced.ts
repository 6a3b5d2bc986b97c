import { bounds } from "../base/bounds.ts";
import type { TracedCall, TracedExchange } from "../telemetry/traced-exchange.ts";
import type { Exchange } from "./exchange.ts";
import type { SampledTrace } from "./trace-sampling.ts";

/** Returns what is told of a finished exchange that was sampled. */
export function describeTraced(exchange: Exchange, sampled: SampledTrace): TracedExchange {
  const { request, program, startedMs, startedAt, connection } = exchange;
  const { account, region, kind, apiId, apiName, stageName } = program.plan;
  const { client } = request;
  return {
    account,
    region,
    apiKind: kind,
    apiId,
    apiName,
    stageName,
    requestId: exchange.requestId,
    extendedRequestId: exchange.extendedRequestId,
    traceId: exchange.traceId,
    spanId: sampled.spanId,
    parentId: sampled.parentId,
    ruleName: sampled.ruleName,
    isForXray: sampled.isForXray,
    isForOtlp: sampled.isForOtlp,
    startMs: startedMs,
    endMs: startedMs + (performance.now() - startedAt),
    method: exchange.httpMethod,
    connection: connection && {
      connectionId: connection.connectionId,
      eventType: connection.eventType,
      messageId: connection.messageId,
    },
    scheme: client.isEncrypted ? "https" : "http",
    host: request.host,
    path: exchange.fullPath,
    route: exchange.method?.plan.resourcePath,
    httpVersion: request.httpVersion,
    clientAddress: client.address,
    isForwarded: client.forwardedFor !== undefined,
    userAgent: request.header("user-agent")?.slice(0, userAgentCharsMax),
    status: exchange.status,
    responseBytes: exchange.answer.responseBytes,
    error: exchange.error?.message ?? exchange.integration?.error,
    calls: callsOf(exchange, sampled),
  };
}

const userAgentCharsMax = bounds.traceTextCharsMax.value;

function callsOf(exchange: Exchange, { targets, authorizerId, integrationId }: SampledTrace): TracedCall[] {
  const calls: TracedCall[] = [];
  const toMs = (at: number): number => exchange.startedMs + (at - exchange.startedAt);
  const { access, integration } = exchange;
  const phase = access?.authorizer;
  if (targets.authorizer !== undefined && phase !== undefined) {
    calls.push({
      spanId: authorizerId,
      purpose: "authorizer",
      startMs: toMs(phase.startedAt),
      endMs: toMs(phase.startedAt) + (phase.integrationLatencyMs ?? phase.latencyMs ?? 0),
      target: targets.authorizer,
      status: phase.integrationStatus,
      responseBytes: undefined,
      error: phase.error,
      requestId: phase.requestId,
    });
  }
  if (targets.integration !== undefined && integration !== undefined) {
    calls.push({
      spanId: integrationId,
      purpose: "integration",
      startMs: toMs(integration.startedAt),
      endMs: toMs(integration.startedAt) + (integration.latencyMs ?? performance.now() - integration.startedAt),
      target: targets.integration,
      status: integration.serviceStatus,
      responseBytes: integration.bytes,
      error: integration.error,
      requestId: integration.requestId,
    });
  }
  return calls;
}
