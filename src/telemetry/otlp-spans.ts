import type { CallTarget, TracedCall, TracedExchange } from "./traced-exchange.ts";

/** An attribute in OTLP's JSON. */
interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue: string } | { readonly intValue: string } | { readonly boolValue: boolean };
}

type Value = string | number | boolean | undefined;

/** Returns attributes; those without a value are left out. */
export const attributes = (values: Readonly<Record<string, Value>>): Attribute[] =>
  Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [{ key, value: anyValue(value) }]));

const anyValue = (value: string | number | boolean): Attribute["value"] =>
  typeof value === "string"
    ? { stringValue: value }
    : typeof value === "boolean"
      ? { boolValue: value }
      : { intValue: String(Math.round(value)) };

/** What every signal says of who sends it. OpenTelemetry: "Resource Semantic Conventions". */
export const otlpResource = (version: string): object => ({
  attributes: attributes({
    "service.name": "portico",
    "service.version": version,
    "cloud.provider": "aws",
    "cloud.platform": "aws_api_gateway",
  }),
});

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

function describeTarget(target: CallTarget): { name: string; values: Readonly<Record<string, Value>> } {
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

/** Returns a time as OTLP's JSON has 64-bit integers: as a text. A number would lose its last digits. */
const nanoseconds = (ms: number): string =>
  (BigInt(Math.floor(ms)) * 1_000_000n + BigInt(Math.round((ms % 1) * 1_000_000))).toString();

/** Returns X-Ray's trace id as OpenTelemetry writes it: 32 hex digits. AWS: X-Ray Developer Guide, "Trace ID format". */
export const hexTraceId = (root: string): string => root.slice(2).replace("-", "");

function splitHost(host: string): { name: string; port: number | undefined } {
  const colon = host.lastIndexOf(":");
  if (colon < 0 || host.endsWith("]")) return { name: host, port: undefined };
  const port = Number(host.slice(colon + 1));
  return { name: host.slice(0, colon), port: Number.isInteger(port) ? port : undefined };
}
