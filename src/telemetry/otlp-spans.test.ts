import assert from "node:assert/strict";
import { test } from "node:test";
import { aTracedCall, aTracedExchange } from "../../test/a-traced-exchange.ts";
import { otlpTraces } from "./otlp-spans.ts";
import type { TracedCall, TracedExchange } from "./traced-exchange.ts";

const traced: TracedExchange = {
  ...aTracedExchange,
  apiKind: "websocket",
  apiName: "chat",
  isForXray: false,
  isForOtlp: true,
  route: undefined,
};

interface Span {
  readonly name: string;
  readonly status: object;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
}

function spansOf(exchange: Partial<TracedExchange>): readonly Span[] {
  const { resourceSpans } = otlpTraces([{ ...traced, ...exchange }], "1") as {
    resourceSpans: [{ scopeSpans: [{ spans: readonly Span[] }] }];
  };
  return resourceSpans[0].scopeSpans[0].spans;
}

/** The span's name and status, and its values below these names. */
function spanOf(exchange: Partial<TracedExchange>, ...prefixes: readonly string[]) {
  const [first] = spansOf(exchange);
  const { name, status, attributes } = first!;
  const values = attributes
    .filter(({ key }) => prefixes.some((prefix) => key.startsWith(prefix)))
    .map(({ key, value }) => [key, String(Object.values(value)[0])]);
  return { name, status, values: Object.fromEntries(values) as Readonly<Record<string, string>> };
}

const connectionId = "L0SM9cOFvHcCIhw=";

test("a request has OpenTelemetry's names of HTTP", () => {
  const { name, values } = spanOf({ apiKind: "http", route: "GET /pets" }, "http.", "network.", "aws.api_gateway.web");
  assert.equal(name, "GET GET /pets");
  assert.deepEqual(values, {
    "http.request.method": "GET",
    "http.route": "GET /pets",
    "http.response.status_code": "200",
    "http.response.body.size": "5",
    "network.protocol.name": "http",
    "network.protocol.version": "1.1",
  });
});

test("a WebSocket's connect is a GET that names the connection", () => {
  const connection = { connectionId, eventType: "CONNECT" } as const;
  const { name, values } = spanOf({ connection, route: "$connect" }, "http.request", "aws.api_gateway.web");
  assert.equal(name, "CONNECT $connect");
  assert.deepEqual(values, {
    "http.request.method": "GET",
    "aws.api_gateway.websocket.connection_id": connectionId,
    "aws.api_gateway.websocket.event": "CONNECT",
    "aws.api_gateway.websocket.route": "$connect",
  });
});

test("a message and an end are no HTTP, and name the connection", () => {
  const message = { connectionId, eventType: "MESSAGE", messageId: "m" } as const;
  const failed = spanOf(
    { connection: message, route: "join", status: 500, error: "it broke" },
    ...["http.", "network.", "error.", "aws.api_gateway.web"],
  );
  assert.deepEqual([failed.name, failed.status], ["MESSAGE join", { code: 2, message: "it broke" }]);
  assert.deepEqual(failed.values, {
    "aws.api_gateway.websocket.connection_id": connectionId,
    "aws.api_gateway.websocket.event": "MESSAGE",
    "aws.api_gateway.websocket.message_id": "m",
    "aws.api_gateway.websocket.route": "join",
    "aws.api_gateway.websocket.status": "500",
    "aws.api_gateway.websocket.answer.size": "5",
    "network.protocol.name": "websocket",
    "error.type": "500",
  });
  const { name, values } = spanOf({ connection: { connectionId, eventType: "DISCONNECT" } }, "http.", "network.");
  assert.deepEqual([name, values], ["DISCONNECT", { "network.protocol.name": "websocket" }]);
});

test("a call that failed has the status, or `_OTHER` where none tells why", () => {
  const typeOf = (values: Partial<TracedCall>) => {
    const [, span] = spansOf({ calls: [{ ...aTracedCall, ...values }] });
    return [span?.attributes.find(({ key }) => key === "error.type")?.value["stringValue"], span?.status];
  };
  assert.deepEqual(typeOf({}), [undefined, {}]);
  assert.deepEqual(typeOf({ status: 404 }), ["404", { code: 2 }]);
  assert.deepEqual(typeOf({ error: "boom" }), ["_OTHER", { code: 2, message: "boom" }]);
  assert.deepEqual(typeOf({ status: undefined, error: "late" }), ["_OTHER", { code: 2, message: "late" }]);
});
