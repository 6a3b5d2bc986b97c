import { runHere } from "../../src/base/job.ts";
import type { InvokeOutcome } from "../../src/functions/function-client.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { SyntheticRequest } from "../../src/gateway/synthetic-request.ts";
import { ApiKeyTable } from "../../src/limits/api-key-table.ts";
import { allocateThrottles, openThrottles } from "../../src/limits/throttles.ts";
import type { AuthorizerPlan } from "../../src/plan/authorizers.ts";
import { emptyPlan } from "../../src/plan/empty-plan.ts";
import type { StepPlan } from "../../src/plan/steps.ts";
import { allocateMetrics, Metrics } from "../../src/telemetry/metrics.ts";
import type { Bench, Figures } from "../bench.ts";

const source = (name: string) =>
  ({
    expression: `method.request.header.${name}`,
    value: { kind: "request", place: "header", name, isMultiValue: false },
  }) as const;
const lambda = { functionArn: "f", roleArn: "r", timeoutMs: 1_000, resultTtlSeconds: 3_600 };
const authorizers: Readonly<Record<string, AuthorizerPlan>> = {
  token: { ...lambda, id: "token", kind: "token", identitySources: [source("Authorization")] },
  request: { ...lambda, id: "request", kind: "request", identitySources: [source("Authorization"), source("X-Team")] },
};
/** A token as user pools make them, of 900 characters. */
const token = `Bearer ${"x".repeat(893)}`;
const headers = ["Host", "h", "User-Agent", "bench", "Accept", "*/*", "Authorization", token, "X-Team", "pets"];

/** Issue 10: a cached result costs at most 5 µs a request, its policy's decision included. */
export const bench: Bench = {
  title: "A Lambda authorizer whose result is remembered: microseconds more a request than without it",
  needs: [],
  async run(): Promise<Figures> {
    const gateway = startGateway();
    for (const id of ["token", "request"]) await answered(gateway, id);
    const times: Record<string, number[]> = { open: [], token: [], request: [] };
    for (let round = 0; round < 60; round++) {
      for (const [stage, each] of Object.entries(times)) each.push(microseconds(gateway, stage));
    }
    gateway.close();
    const best = (stage: string): number => Math.min(...times[stage]!);
    return {
      "µs a request without": best("open"),
      "µs more for a TOKEN": best("token") - best("open"),
      "µs more for a REQUEST with two sources": best("request") - best("open"),
    };
  },
};

function microseconds(gateway: Gateway, stage: string): number {
  let answers = 0;
  const start = performance.now();
  for (let count = 0; count < 1_000; count++) ask(gateway, stage, () => answers++);
  const passed = performance.now() - start;
  if (answers !== 1_000) throw new Error("an answer was not given at once");
  return passed;
}

const answered = (gateway: Gateway, stage: string): Promise<void> =>
  new Promise((resolve) => ask(gateway, stage, resolve));

function ask(gateway: Gateway, stage: string, onAnswer: () => void): void {
  const request = new SyntheticRequest(
    {
      method: "GET",
      target: `/_aws/execute-api/api/${stage}/pets/7`,
      host: "localhost",
      headers,
      body: Buffer.alloc(0),
      remoteAddress: "127.0.0.1",
      localPort: 80,
      isEncrypted: false,
    },
    {
      answerBytesMax: 100,
      onAnswer({ status }) {
        if (status !== 200) throw new Error(`it answered ${status}`);
        onAnswer();
      },
    },
  );
  gateway.handle(request);
}

function startGateway(): Gateway {
  const statement = { Effect: "Allow", Action: "execute-api:Invoke", Resource: "arn:aws:execute-api:*:*:api/*/GET/*" };
  const payload = Buffer.from(
    JSON.stringify({ principalId: "me", policyDocument: { Version: "2012-10-17", Statement: [statement] } }),
  );
  const ok: InvokeOutcome = { kind: "ok", payload, requestId: "r" };
  const nothing = (): void => undefined;
  const gateway = new Gateway({
    runJob: runHere,
    functions: { describe: () => undefined, invoke: async () => ok, close: () => Promise.resolve() },
    events: { accept: () => Promise.reject(new Error("none")) },
    logs: { open: () => ({ write: nothing }) },
    metrics: new Metrics(allocateMetrics(1), 1),
    clock: Date,
    executionLogs: { write: nothing },
    logger: { debug: nothing, info: nothing, warn: nothing, error: nothing },
    apiKeys: new ApiKeyTable("bench").records,
    usageSaving: { hurry() {}, save: () => Promise.resolve(true) },
    throttles: openThrottles(allocateThrottles(Date.now()), { ratePerSecond: 1e8, burst: 1e8 }),
    wafRates: { count: () => 0 },
    settings: { payloadBytesMax: 1_000, accessLog: "/nonexistent", services: { endpoints: {} } },
  });
  const answer: StepPlan = {
    kind: "mock",
    request: { passthrough: "WHEN_NO_MATCH", templates: { "application/json": '{"statusCode": 200}' } },
    responses: [{ statusCode: 200, isDeclared: true, headers: [], templates: {} }],
  };
  for (const stageName of ["open", "token", "request"]) {
    const steps: StepPlan[] =
      stageName === "open" ? [answer] : [{ kind: "authorizer", authorizerId: stageName }, answer];
    gateway.setPlan(
      `api/${stageName}`,
      emptyPlan({
        apiId: "api",
        stageName,
        authorizers,
        routes: { statics: { pets: { param: { name: "id", node: { methods: { GET: 0 } } } } } },
        methods: [
          { routeKey: "GET /pets/{id}", resourceId: "r", resourcePath: "/pets/{id}", httpMethod: "GET", steps },
        ],
      }),
    );
  }
  return gateway;
}
