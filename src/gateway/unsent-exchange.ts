import { planVersion, type StagePlan } from "../plan/plan.ts";
import { Exchange } from "./exchange.ts";
import type { InboundRequest } from "./inbound.ts";
import type { Program } from "./program.ts";
import { GatewayResponses } from "./responses/gateway-responses.ts";
import { Router } from "./routing/match.ts";

export interface Named {
  readonly name: string;
  readonly values: readonly string[];
}

/** A request that nobody sends, for what only looks at one: mapping templates. */
export interface UnsentRequest {
  readonly method: string;
  readonly path: readonly Named[];
  readonly query: readonly Named[];
  readonly headers: readonly Named[];
  readonly nowMs: number;
}

/** An exchange with all that can be read of one; what is answered to it goes nowhere. */
export function makeUnsentExchange({ method, path, query, headers, nowMs }: UnsentRequest): Exchange {
  const pairs = query.flatMap(({ name, values }) => values.map((value) => [name, value] as [string, string]));
  const rawQuery = new URLSearchParams(pairs).toString();
  const rawHeaders = headers.flatMap(({ name, values }) => values.flatMap((value) => [name, value]));
  const exchange = new Exchange(unsentRequest(method, rawHeaders), unsentProgram, "/", rawQuery, nowMs);
  exchange.pathNames = path.map(({ name }) => name);
  exchange.pathValues = path.map(({ values }) => values.at(-1) ?? "");
  return exchange;
}

const nothing = (): void => undefined;

const plan: StagePlan = {
  version: planVersion,
  kind: "rest",
  account: "000000000000",
  region: "us-east-1",
  apiId: "unsent",
  apiName: "unsent",
  stageName: "dev",
  deploymentId: "unsent",
  stageVariables: {},
  binaryMediaTypes: [],
  isDefaultEndpointDisabled: false,
  gatewayResponses: {},
  withoutEffect: [],
  routes: {},
  methods: [],
};

const unsentProgram: Program = {
  plan,
  router: new Router(plan.routes),
  methods: [],
  responses: new GatewayResponses({}, true),
  isDevelopment: true,
  onBegin: nothing,
  onComplete: nothing,
  close: nothing,
};

function unsentRequest(method: string, rawHeaders: readonly string[]): InboundRequest {
  const headerNames = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  return {
    method,
    target: "/",
    httpVersion: "1.1",
    rawHeaders,
    headerNames,
    host: "localhost",
    remoteAddress: "127.0.0.1",
    remotePort: 0,
    localPort: 443,
    isEncrypted: true,
    contentLength: undefined,
    hasBody: false,
    header(name) {
      const index = headerNames.lastIndexOf(name);
      return index < 0 ? undefined : rawHeaders[2 * index + 1];
    },
    collect: (_bytesMax, done) => done("ok", Buffer.alloc(0)),
    reserve: () => true,
    streamBody: (sink) => sink.end(),
    resumeBody: nothing,
    respond: nothing,
    startResponse: nothing,
    write: () => true,
    end: nothing,
    abort: nothing,
    onDrain: undefined,
    onClose: undefined,
    responseBytes: 0,
  };
}
