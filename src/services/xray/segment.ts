import type { TracedCall, TracedExchange } from "../../telemetry/traced-exchange.ts";

/**
 * A segment document as X-Ray keeps it. What X-Ray does not index stays as it came. AWS: X-Ray Developer Guide, "X-Ray
 * segment documents".
 */
export interface Segment extends Work {
  readonly trace_id: string;
  readonly parent_id?: string;
  readonly origin?: string;
  readonly resource_arn?: string;
  readonly user?: string;
  /** X-Ray made the segment of a subsegment, because the called service sent none. */
  readonly inferred?: boolean;
  /** `subsegment`: a subsegment that was sent on its own. */
  readonly type?: string;
}

/** What segments and subsegments have in common. */
export interface Work {
  readonly id: string;
  readonly name: string;
  /** Seconds since 1970. */
  readonly start_time: number;
  readonly end_time?: number;
  readonly in_progress?: boolean;
  readonly namespace?: string;
  readonly error?: boolean;
  readonly throttle?: boolean;
  readonly fault?: boolean;
  readonly http?: { readonly request?: HttpRequest; readonly response?: { readonly status?: number } };
  readonly aws?: Readonly<Record<string, unknown>>;
  readonly annotations?: Readonly<Record<string, unknown>>;
  readonly subsegments?: readonly Work[];
}

interface HttpRequest {
  readonly url?: string;
  readonly method?: string;
  readonly user_agent?: string;
  readonly client_ip?: string;
}

/**
 * Returns the segment of a stage. AWS: API Gateway Developer Guide, "Understanding AWS X-Ray traces for Amazon API
 * Gateway APIs".
 */
export function segmentOf(exchange: TracedExchange): object {
  const { account, region, apiId, apiName, stageName, requestId, status, userAgent } = exchange;
  return {
    id: exchange.spanId,
    name: serviceName(`${apiName}/${stageName}`),
    start_time: seconds(exchange.startMs),
    end_time: seconds(exchange.endMs),
    ...(exchange.parentId !== undefined && { parent_id: exchange.parentId }),
    ...flags(status),
    metadata: { default: { extended_request_id: exchange.extendedRequestId, request_id: requestId } },
    http: {
      request: {
        url: `${exchange.scheme}://${exchange.host}${exchange.path}`,
        method: exchange.method,
        client_ip: exchange.clientAddress,
        // AWS's front always forwards, so AWS's segments always say so.
        x_forwarded_for: true,
        ...(userAgent !== undefined && { user_agent: userAgent }),
      },
      response: { status, content_length: exchange.responseBytes },
    },
    aws: {
      ...(exchange.ruleName !== undefined && { xray: { sampling_rule_name: exchange.ruleName } }),
      api_gateway: { account_id: account, rest_api_id: apiId, stage: stageName, request_id: requestId },
    },
    annotations: { "aws:api_id": apiId, "aws:api_stage": stageName },
    trace_id: exchange.traceId,
    origin: stageOrigin,
    resource_arn: `arn:aws:apigateway:${region}::/restapis/${apiId}/stages/${stageName}`,
    ...(exchange.calls.length > 0 && { subsegments: exchange.calls.map(subsegmentOf) }),
  };
}

export const stageOrigin = "AWS::ApiGateway::Stage";

function subsegmentOf(call: TracedCall): object {
  const { spanId, startMs, endMs, target, status, responseBytes, error, requestId } = call;
  const common = {
    id: spanId,
    start_time: seconds(startMs),
    end_time: seconds(endMs),
    ...flags(status),
    ...(error !== undefined && {
      // Lambda answers 200 for a function that failed.
      ...((status === undefined || status < 400) && { fault: true }),
      cause: { exceptions: [{ id: spanId, message: error, remote: true }] },
    }),
  };
  const length = responseBytes === undefined ? {} : { content_length: responseBytes };
  const response = status === undefined ? {} : { response: { status, ...length } };
  if (target.kind === "function") {
    const [, , , region, , , name = ""] = target.arn.split(":");
    const url = `https://lambda.${region}.amazonaws.com/2015-03-31/functions/${target.arn}/invocations`;
    return {
      ...common,
      name: "Lambda",
      http: { request: { url, method: "POST" }, ...response },
      aws: {
        function_name: name,
        region,
        operation: "Invoke",
        resource_names: [name],
        ...(requestId !== undefined && { request_id: requestId }),
      },
      namespace: "aws",
    };
  }
  const { method, origin, path, service } = target;
  // AWS quirk: the name of an HTTP integration is its whole address. X-Ray Developer Guide, "Amazon API Gateway active
  // tracing support for AWS X-Ray".
  return {
    ...common,
    name: serviceName(service === undefined ? `${origin}${path}` : service.toUpperCase()),
    http: { request: { url: `${origin}${path}`, method }, ...response },
    ...(service !== undefined && { aws: { ...(requestId !== undefined && { request_id: requestId }) } }),
    namespace: service === undefined ? "remote" : "aws",
  };
}

/** AWS: X-Ray Developer Guide, "X-Ray segment documents", errors: 4XX is an error, 429 a throttle as well, 5XX a fault. */
function flags(status: number | undefined): object {
  if (status === undefined || status < 400) return {};
  if (status >= 500) return { fault: true };
  return status === 429 ? { error: true, throttle: true } : { error: true };
}

const seconds = (ms: number): number => Math.round(ms * 1000) / 1_000_000;

/** AWS: "X-Ray segment documents", name: the characters that one may have, and 200 of them. */
const serviceName = (name: string): string => name.replace(/[^\p{L}\p{N}\s_.:/%&#=+\\\-@]/gu, "_").slice(0, 200);
