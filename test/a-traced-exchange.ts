import type { TracedCall, TracedExchange } from "../src/telemetry/traced-exchange.ts";

/** A request to a stage of a REST API that X-Ray records. */
export const aTracedExchange: TracedExchange = {
  account: "000000000000",
  region: "us-east-1",
  apiKind: "rest",
  apiId: "abc123",
  apiName: "pets",
  stageName: "prod",
  requestId: "r",
  extendedRequestId: "e",
  traceId: "1-5759e988-bd862e3fe1be46a994272793",
  spanId: "53995c3f42cd8ad8",
  parentId: undefined,
  ruleName: undefined,
  isForXray: true,
  isForOtlp: false,
  startMs: 1_000,
  endMs: 1_002,
  method: "GET",
  connection: undefined,
  scheme: "http",
  host: "localhost:4566",
  path: "/prod",
  route: "/",
  httpVersion: "1.1",
  clientAddress: "127.0.0.1",
  isForwarded: false,
  userAgent: undefined,
  status: 200,
  responseBytes: 5,
  error: undefined,
  calls: [],
};

/** A call of a function, which answers. */
export const aTracedCall: TracedCall = {
  spanId: "1111111111111111",
  purpose: "integration",
  startMs: 1_000,
  endMs: 1_001,
  target: { kind: "function", arn: "arn:aws:lambda:us-east-1:000000000000:function:pets" },
  responseBytes: 62,
  status: 200,
  error: undefined,
  requestId: undefined,
};
