import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogBatch } from "./log-sink.ts";
import { exportedLines, otlpLogs } from "./otlp-logs.ts";

const exported = {
  ...({ kind: "execution", apiKind: "rest" } as const),
  ...{ apiId: "abc123", apiName: "pets", stageName: "prod" },
};
const address = { account: "000000000000", region: "us-east-1", group: "g", stream: "s", exported };
const request = { requestId: "r", traceId: "1-5759e988-bd862e3fe1be46a994272793", spanId: "53995c3f42cd8ad8" };
const batch: LogBatch = {
  address,
  baseMs: 1_700_000_000_000,
  text: "onetwo",
  lines: Uint32Array.of(0, 3, 5, 3),
  errors: [1],
  requests: [{ ...request, spanId: undefined }, request],
};

test("a line is a record with its time, severity, trace and where it is from", () => {
  const sent = otlpLogs([...exportedLines(batch)], { version: "1.2.3", observedMs: 1_700_000_000_100 });
  const [{ resource, scopeLogs }] = (sent as { resourceLogs: [{ resource: object; scopeLogs: [object] }] })
    .resourceLogs;
  assert.match(JSON.stringify(resource), /"service\.name","value":\{"stringValue":"portico"\}/);
  const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
  const list = (key: string, stringValue: string) => ({ key, value: { arrayValue: { values: [{ stringValue }] } } });
  const attributes = [
    ...[text("cloud.account.id", "000000000000"), text("cloud.region", "us-east-1")],
    ...[list("aws.log.group.names", "g"), list("aws.log.stream.names", "s"), text("aws.request_id", "r")],
    ...[text("aws.api_gateway.log", "execution"), text("aws.api_gateway.api.kind", "rest")],
    ...[text("aws.api_gateway.api.id", "abc123"), text("aws.api_gateway.api.name", "pets")],
    text("aws.api_gateway.stage", "prod"),
  ];
  const traceId = "5759e988bd862e3fe1be46a994272793";
  const observedTimeUnixNano = "1700000000100000000";
  assert.deepEqual(scopeLogs, [
    {
      scope: { name: "portico", version: "1.2.3" },
      logRecords: [
        {
          ...{ timeUnixNano: "1700000000000000000", observedTimeUnixNano, severityNumber: 9, severityText: "INFO" },
          ...{ body: { stringValue: "one" }, attributes, traceId },
        },
        {
          ...{ timeUnixNano: "1700000000005000000", observedTimeUnixNano, severityNumber: 17, severityText: "ERROR" },
          ...{ body: { stringValue: "two" }, attributes, traceId, spanId: request.spanId, flags: 1 },
        },
      ],
    },
  ]);
});

test("a collector gets no line of other logs, and hears of no log group where there is none", () => {
  const { exported: _, ...own } = address;
  assert.deepEqual([...exportedLines({ ...batch, address: own })], []);
  const unstored = { ...address, exported: { ...exported, isOnlyExported: true as const } };
  const sent = JSON.stringify(
    otlpLogs([...exportedLines({ ...batch, address: unstored })], { version: "1", observedMs: 0 }),
  );
  assert.doesNotMatch(sent, /aws\.log/);
});
