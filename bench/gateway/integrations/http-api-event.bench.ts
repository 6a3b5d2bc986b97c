import { Exchange } from "../../../src/gateway/exchange.ts";
import { eventLinkers } from "../../../src/gateway/integrations/http-api-event.ts";
import { linkEvent } from "../../../src/gateway/integrations/lambda-event.ts";
import type { Program } from "../../../src/gateway/program.ts";
import { makeExtendedRequestId, makeRequestId } from "../../../src/gateway/request-ids.ts";
import { SyntheticRequest } from "../../../src/gateway/synthetic-request.ts";
import type { HttpApiPlan } from "../../../src/plan/http-api-plan.ts";
import type { Bench, Figures } from "../../bench.ts";

/** What a browser sends. */
const headers = [
  ...["Host", "abcdef1234.execute-api.us-east-1.amazonaws.com", "Accept", "text/html,application/xhtml+xml"],
  ...["Accept-Encoding", "gzip, deflate, br", "Accept-Language", "en-US,en;q=0.9", "Connection", "keep-alive"],
  ...["User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0"],
  ...[
    "Cookie",
    "session=abcdefghijklmnop; theme=dark",
    "Referer",
    "https://example.com/",
    "Content-Type",
    "text/plain",
  ],
];
const method = {
  ...{ routeKey: "GET /pets/{id}", routeId: "r", resourceId: "r", resourcePath: "/pets/{id}", httpMethod: "GET" },
  steps: [],
};
const plan: HttpApiPlan = {
  ...{ version: 1, kind: "http", account: "123456789012", region: "us-east-1", apiId: "abcdef1234", apiName: "pets" },
  ...{ stageName: "dev", deploymentId: "d", stageVariables: { color: "blue" }, binaryMediaTypes: [] },
  ...{ isDefaultEndpointDisabled: false, withoutEffect: [], routes: {}, methods: [method] },
};
/** The parts of a program that writing an event needs. */
const program = {
  plan,
  contextPath: ({ pathAsSent }: Exchange) => `/dev${pathAsSent}`,
  life: { begin: () => undefined },
} as unknown as Program;
const empty = Buffer.alloc(0);
const batch = 2_000;

/** The cost of an event: what REST APIs' takes is the measure for both formats of HTTP APIs. */
export const bench: Bench = {
  title: "Writing the event of a function, for a browser's request: microseconds",
  needs: [],
  async run(): Promise<Figures> {
    const writeRest = linkEvent(plan, method);
    const writers = {
      "REST API": (exchange: Exchange) => writeRest(exchange, empty, false),
      "HTTP API, 1.0": bodiless(eventLinkers["1.0"](plan, method)),
      "HTTP API, 2.0": bodiless(eventLinkers["2.0"](plan, method)),
    };
    const best: Record<string, number> = {};
    for (let round = 0; round < 40; round++) {
      for (const [name, write] of Object.entries(writers)) {
        const exchanges = Array.from({ length: batch }, makeExchange);
        let chars = 0;
        const start = performance.now();
        for (const exchange of exchanges) chars += write(exchange).length;
        const microseconds = ((performance.now() - start) * 1_000) / batch;
        if (chars < batch * 500) throw new Error("an event is too short");
        best[name] = Math.min(best[name] ?? Number.POSITIVE_INFINITY, microseconds);
      }
      await new Promise(setImmediate);
    }
    return best;
  },
};

type Write = (typeof eventLinkers)["2.0"] extends (...options: never[]) => infer Linked ? Linked : never;
const bodiless = (write: Write) => (exchange: Exchange) => write(exchange, empty);

function makeExchange(): Exchange {
  const target = "/pets/7?limit=10&sort=name";
  const request = new SyntheticRequest(
    {
      ...{ method: "GET", target, host: headers[1]!, headers, body: empty, remoteAddress: "192.0.2.1", localPort: 443 },
      isEncrypted: true,
    },
    { answerBytesMax: 1, onAnswer: () => undefined },
  );
  const exchange = new Exchange(request, program, {
    ...{
      httpMethod: "GET",
      path: "/pets/7",
      pathAsSent: "/pets/7",
      rawQuery: "limit=10&sort=name",
      customDomain: undefined,
    },
    ...{ requestId: makeRequestId(), extendedRequestId: makeExtendedRequestId(), startedMs: Date.now() },
  });
  exchange.pathNames = ["id"];
  exchange.pathValues = ["7"];
  return exchange;
}
