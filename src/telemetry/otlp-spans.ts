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
  const { route, scheme, host, path, clientAddress, userAgent, error } = exchange;
  const traceId = hexTraceId(exchange.traceId);
  const { name: address, port } = splitHost(host);
  const isFault = exchange.status >= 500;
  const what = exchange.connection?.eventType ?? exchange.method;
  const own = span({
    traceId,
    spanId: exchange.spanId,
    parentSpanId: exchange.parentId,
    name: route === undefined ? what : `${what} ${route}`,
    kind: serverKind,
    startMs: exchange.startMs,
    endMs: exchange.endMs,
    attributes: attributes({
      ...protocolValues(exchange),
      "url.scheme": scheme,
      "url.path": path,
      "server.address": address,
      "server.port": port,
      "client.address": clientAddress,
      "user_agent.original": userAgent,
      "error.type": isFault ? String(exchange.status) : undefined,
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

/** Returns what is particular to HTTP. What happens on a WebSocket after its handshake is none, and OpenTelemetry has no names for it. */
function protocolValues(exchange: TracedExchange): Readonly<Record<string, AttributeValue>> {
  const { route, connection } = exchange;
  const status = exchange.status === 0 ? undefined : exchange.status;
  const ofConnection = connection && {
    "aws.api_gateway.websocket.connection_id": connection.connectionId,
    "aws.api_gateway.websocket.event": connection.eventType,
    "aws.api_gateway.websocket.message_id": connection.messageId,
    "aws.api_gateway.websocket.route": route,
  };
  if (connection !== undefined && connection.eventType !== "CONNECT") {
    return {
      ...ofConnection,
      "aws.api_gateway.websocket.status": status,
      "aws.api_gateway.websocket.answer.size": exchange.responseBytes,
      "network.protocol.name": "websocket",
    };
  }
  return {
    ...ofConnection,
    "http.request.method": exchange.method,
    "http.route": route,
    "http.response.status_code": status,
    "http.response.body.size": exchange.responseBytes,
    "network.protocol.name": "http",
    "network.protocol.version": exchange.httpVersion,
  };
}

function callSpan(exchange: TracedExchange, traceId: string, call: TracedCall): object {
  const { status, error, target } = call;
  const isRefused = status !== undefined && status >= 400;
  const isFailed = isRefused || error !== undefined;
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
      // Lambda answers 200 for a function that failed.
      "error.type": isRefused ? String(status) : isFailed ? "_OTHER" : undefined,
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
