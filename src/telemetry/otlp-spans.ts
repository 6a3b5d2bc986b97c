import {
  type Attribute,
  type AttributeValue,
  attributes,
  hexTraceId,
  nanoseconds,
  otlpResource,
} from "./otlp-values.ts";
import type { CallTarget, TracedCall, TracedExchange } from "./traced-exchange.ts";

/** Returns OTLP's request of sampled exchanges (`ExportTraceServiceRequest` in JSON). */
export const otlpTraces = (exchanges: readonly TracedExchange[], version: string): object => ({
  resourceSpans: [
    {
      resource: otlpResource(version),
      scopeSpans: [{ scope: { name: "portico", version }, spans: exchanges.flatMap(spansOf) }],
    },
  ],
});

const serverKind = 2;
const clientKind = 3;
const errorStatus = 2;

/** Returns the server's span and those of its calls. OpenTelemetry: "Semantic Conventions for HTTP Spans". */
function spansOf(exchange: TracedExchange): object[] {
  const { method, route, scheme, host, path, httpVersion, clientAddress, userAgent, status, error } = exchange;
  const traceId = hexTraceId(exchange.traceId);
  const { name: address, port } = splitHost(host);
  const isFault = status >= 500;
  const own = span({
    traceId,
    spanId: exchange.spanId,
    parentSpanId: exchange.parentId,
    name: route === undefined ? method : `${method} ${route}`,
    kind: serverKind,
    startMs: exchange.startMs,
    endMs: exchange.endMs,
    attributes: attributes({
      "http.request.method": method,
      "http.route": route,
      "url.scheme": scheme,
      "url.path": path,
      "server.address": address,
      "server.port": port,
      "network.protocol.name": "http",
      "network.protocol.version": httpVersion,
      "client.address": clientAddress,
      "user_agent.original": userAgent,
      "http.response.status_code": status === 0 ? undefined : status,
      "http.response.body.size": exchange.responseBytes,
      "error.type": isFault ? String(status) : undefined,
      "cloud.account.id": exchange.account,
      "cloud.region": exchange.region,
      "aws.request_id": exchange.requestId,
      "aws.extended_request_id": exchange.extendedRequestId,
      "aws.api_gateway.api.kind": exchange.apiKind,
      "aws.api_gateway.api.id": exchange.apiId,
      "aws.api_gateway.api.name": exchange.apiName,
      "aws.api_gateway.stage": exchange.stageName,
    }),
    failure: isFault ? (error ?? "") : undefined,
  });
  return [own, ...exchange.calls.map((call) => callSpan(exchange, traceId, call))];
}

function callSpan(exchange: TracedExchange, traceId: string, call: TracedCall): object {
  const { status, error, target } = call;
  const isFailed = error !== undefined || (status !== undefined && status >= 400);
  const { name, values } = describeTarget(target);
  return span({
    traceId,
    spanId: call.spanId,
    parentSpanId: exchange.spanId,
    name,
    kind: clientKind,
    startMs: call.startMs,
    endMs: call.endMs,
    attributes: attributes({
      ...values,
      "http.response.status_code": status,
      "error.type": isFailed ? (status === undefined ? "_OTHER" : String(status)) : undefined,
      "aws.request_id": call.requestId,
      "aws.api_gateway.call": call.purpose,
    }),
    failure: isFailed ? (error ?? "") : undefined,
  });
}

function describeTarget(target: CallTarget): { name: string; values: Readonly<Record<string, AttributeValue>> } {
  if (target.kind === "function") {
    const [, , , region, , , name] = target.arn.split(":");
    return {
      name: `${name} invoke`,
      values: {
        "faas.invoked_name": name,
        "faas.invoked_provider": "aws",
        "faas.invoked_region": region,
        "rpc.system": "aws-api",
        "rpc.service": "Lambda",
        "rpc.method": "Invoke",
      },
    };
  }
  const { method, origin, path, service } = target;
  const { hostname, port, protocol } = new URL(origin);
  return {
    name: method,
    values: {
      "http.request.method": method,
      "url.full": `${origin}${path}`,
      "server.address": hostname,
      "server.port": port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
      "rpc.system": service === undefined ? undefined : "aws-api",
      "rpc.service": service,
    },
  };
}

interface SpanFacts {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: readonly Attribute[];
  /** Why it failed; undefined if it did not. */
  readonly failure: string | undefined;
}

const span = ({ startMs, endMs, failure, parentSpanId, ...rest }: SpanFacts): object => ({
  ...rest,
  ...(parentSpanId === undefined ? {} : { parentSpanId }),
  startTimeUnixNano: nanoseconds(startMs),
  endTimeUnixNano: nanoseconds(Math.max(startMs, endMs)),
  status: failure === undefined ? {} : { code: errorStatus, ...(failure === "" ? {} : { message: failure }) },
});

function splitHost(host: string): { name: string; port: number | undefined } {
  const colon = host.lastIndexOf(":");
  if (colon < 0 || host.endsWith("]")) return { name: host, port: undefined };
  const port = Number(host.slice(colon + 1));
  return { name: host.slice(0, colon), port: Number.isInteger(port) ? port : undefined };
}
