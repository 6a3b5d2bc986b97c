// The step of TestInvokeAuthorizer in a gateway thread: functions that are late, refused or abandoned.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProbeOutcome } from "../../src/gateway/probe.ts";
import { emptyPlan } from "../../src/plan/empty-plan.ts";
import type { RestPlan } from "../../src/plan/rest-plan.ts";
import { functionArn } from "./a-rest-api.ts";
import { FakeFunctions } from "./fake-functions.ts";
import { startGateway } from "./start-gateway.ts";

const plan = (timeoutMs: number): RestPlan =>
  emptyPlan({
    apiId: "abc123",
    apiName: "tested",
    stageName: "test-invoke-stage",
    deploymentId: "",
    methods: [
      {
        routeKey: "GET /",
        resourceId: "r",
        resourcePath: "/",
        httpMethod: "GET",
        steps: [
          {
            kind: "authorizer-test",
            authorizer: {
              kind: "token",
              id: "a1b2c3",
              identitySources: [source],
              functionArn,
              timeoutMs,
              resultTtlSeconds: 0,
            },
          },
        ],
      },
    ],
  });
const source = {
  expression: "method.request.header.A",
  value: { kind: "request", place: "header", name: "A", isMultiValue: false },
} as const;

const allowed = JSON.stringify({
  Version: "2012-10-17",
  Statement: { Effect: "Allow", Principal: "*", Action: "lambda:InvokeFunction", Resource: functionArn },
});

type ProbeAnswer = Extract<ProbeOutcome, { kind: "answered" }>;

async function ask(
  functions: FakeFunctions,
  options: { timeoutMs?: number; isAbandoned?: boolean } = {},
): Promise<ProbeAnswer> {
  functions.facts = { functionArn, policy: allowed, policyRevision: "1" };
  await using gateway = await startGateway({ functions });
  const outcome = await new Promise<ProbeOutcome>((resolve) => {
    const giveUp = gateway.gateway.probe(
      {
        plan: plan(options.timeoutMs ?? 5_000),
        tester: {},
        request: {
          method: "GET",
          target: "/",
          host: "testPrefix.testDomainName",
          headers: ["A", "token"],
          body: Buffer.alloc(0),
          remoteAddress: "test",
          localPort: 443,
          isEncrypted: true,
        },
        bodyCharsMax: 1_024,
        answerBytesMax: 1_024,
      },
      resolve,
    );
    if (options.isAbandoned === true) giveUp();
  });
  assert.equal(outcome.kind, "answered");
  assert.deepEqual(gateway.errors, []);
  return outcome as ProbeAnswer;
}

const failuresOf = ({ events }: ProbeAnswer): string[] =>
  events.flatMap((event) => (event.kind === "failure" ? [event.message] : []));
const typeOf = ({ events }: ProbeAnswer): unknown => events.find((event) => event.kind === "gateway-response")?.type;

test("a function that does not answer in time is an AUTHORIZER_FAILURE", async () => {
  const functions = new FakeFunctions();
  functions.outcome = () => new Promise(() => undefined);
  const outcome = await ask(functions, { timeoutMs: 50 });
  assert.deepEqual([outcome.status, typeOf(outcome)], [500, "AUTHORIZER_FAILURE"]);
  assert.deepEqual(failuresOf(outcome), ["Execution failed due to a timeout error"]);
});

test("what Lambda itself refuses is an AUTHORIZER_CONFIGURATION_ERROR", async () => {
  const functions = new FakeFunctions();
  functions.outcome = () =>
    Promise.resolve({
      kind: "service-error",
      code: "TooManyRequestsException",
      status: 429,
      message: "Rate Exceeded.",
      requestId: "r",
    });
  const outcome = await ask(functions);
  assert.deepEqual([outcome.status, typeOf(outcome)], [500, "AUTHORIZER_CONFIGURATION_ERROR"]);
  assert.deepEqual(failuresOf(outcome), ["Execution failed due to configuration error: Rate Exceeded."]);
});

test("a client that goes ends the exchange; what the function says later is nothing to it", async () => {
  const functions = new FakeFunctions();
  const answer = Promise.withResolvers<void>();
  functions.outcome = async () => {
    await answer.promise;
    return { kind: "ok", payload: Buffer.from("null"), requestId: "r" };
  };
  const outcome = await ask(functions, { isAbandoned: true });
  answer.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(outcome.events.find((event) => event.kind === "completed")?.status, 499);
  assert.equal(
    outcome.events.some((event) => event.kind === "authorizer-result"),
    false,
  );
});

test("answers of which functions none is a result: 500, and the thread lives on", async () => {
  for (const payload of ["", "{", "1", '"x"', "\0", "\xff\xfe", `[${"1,".repeat(1_000)}1]`, '{"__proto__":{}}']) {
    const functions = new FakeFunctions();
    functions.outcome = () => Promise.resolve({ kind: "ok", payload: Buffer.from(payload, "latin1"), requestId: "r" });
    const outcome = await ask(functions);
    assert.deepEqual([outcome.status, typeOf(outcome)], [500, "AUTHORIZER_CONFIGURATION_ERROR"], payload);
    assert.match(failuresOf(outcome)[0]!, /^Execution failed due to configuration error: /);
  }
});
