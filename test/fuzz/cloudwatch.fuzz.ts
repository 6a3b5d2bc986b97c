// Calls of CloudWatch made from the interface model, sound ones and broken ones, in JSON, CBOR and forms, against the real
// operations on stores that fill up; expressions of metric math made of their own pieces; and bytes that are nearly CBOR.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { ManualClock } from "../../src/base/clock.ts";
import { randomIds } from "../../src/base/ids.ts";
import { doAtOnce } from "../../src/base/slices.ts";
import { decodeCbor } from "../../src/protocol/cbor.ts";
import { ApiError } from "../../src/protocol/errors.ts";
import { UnreadableInput } from "../../src/protocol/json-body.ts";
import { makeManagement } from "../../src/protocol/management.ts";
import { loadModel } from "../../src/protocol/model.ts";
import type { CallContext } from "../../src/protocol/operation.ts";
import { storeIndexes } from "../../src/server/store-indexes.ts";
import { makeAlarmOperations } from "../../src/services/cloudwatch/alarm-operations.ts";
import { CloudWatchWork } from "../../src/services/cloudwatch/cloudwatch-work.ts";
import { getMetricData } from "../../src/services/cloudwatch/get-metric-data.ts";
import { decodeBlock } from "../../src/services/cloudwatch/metric-block.ts";
import { MetricStore } from "../../src/services/cloudwatch/metric-store.ts";
import { metricOperationNames } from "../../src/services/cloudwatch/operation-names.ts";
import { putMetricData } from "../../src/services/cloudwatch/put-metric-data.ts";
import { openSqliteStore } from "../../src/store/sqlite-store.ts";
import { below, seed } from "../random.ts";
import { within } from "../until.ts";
import { brokenRequest, durationMs, oneOf, random, soundValue, texts } from "./from-models.ts";

const now = Date.UTC(2026, 10, 21);
const scope = { account: "123456789012", region: "us-east-1" };
const metrics = new MetricStore({ path: undefined, bytesMax: 16 * 1_048_576 });
after(() => metrics.close());
const faults: unknown[] = [];
const clock = new ManualClock(now);
const work = new CloudWatchWork(metrics, clock, () => undefined);
const alarms = makeAlarmOperations(openSqliteStore({ indexes: storeIndexes }), {
  beyondAws: ["alarm-webhooks"],
  act: () => undefined,
});
const operationNames = [...metricOperationNames, ...Object.keys(alarms)];
const management = makeManagement(
  [
    {
      model: "cloudwatch",
      operations: {
        ...alarms,
        ...Object.fromEntries(
          metricOperationNames.map((operation) => [
            operation,
            async (input: object, { account, region }: CallContext) =>
              work.operate({ operation, input, account, region }),
          ]),
        ),
      },
    },
  ],
  {
    clock,
    ids: randomIds,
    bodyBytesMax: 6_000_000,
    logger: { warn: () => {}, error: (message, fields) => faults.push(message, fields) },
    onUndeclaredError: (operation, code) => faults.push(`${operation} does not declare ${code}`),
  },
);
const model = loadModel("cloudwatch");
texts.push("m1 + m2", "SUM(METRICS())", "p99", "tm90", "Sum", "m1", "https://example.com/hook", "breaching");

/** A sound call, mostly about few metrics and alarms. */
async function soundCall(operation: string): Promise<number> {
  const shape = model.operations[operation]?.input?.shape ?? "";
  const input = soundValue(model, shape) as Record<string, unknown> | undefined;
  if (input === undefined) return 0;
  for (const member of ["StartTime", "EndTime"] as const) {
    if (member in input) input[member] = now / 1_000 + (member === "EndTime" ? 600 : -3_600);
  }
  if ("AlarmName" in input) input["AlarmName"] = oneOf(["a", "b"]);
  if ("Period" in input) input["Period"] = 60;
  if (operation === "PutMetricAlarm") {
    Object.assign(input, { MetricName: "m", Namespace: "n", Period: 60, EvaluationPeriods: 1, Threshold: 1 });
    Object.assign(input, { Statistic: "Sum", ComparisonOperator: "GreaterThanThreshold" });
    // These are refused, or exclude the others.
    for (const name of [
      "ExtendedStatistic",
      "Metrics",
      "ThresholdMetricId",
      "DatapointsToAlarm",
      "EvaluateLowSampleCountPercentile",
      "EvaluationCriteria",
      "EvaluationInterval",
    ]) {
      delete input[name];
    }
  }
  if (operation === "PutMetricData") {
    input["MetricData"] = [{ MetricName: oneOf(["m", "k"]), Value: random() * 100, Unit: oneOf(["Count", "None"]) }];
    delete input["EntityMetricData"];
  }
  const answer = await management.handle({
    method: "POST",
    target: "/",
    headers: {
      host: "localhost",
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `GraniteServiceVersion20100801.${operation}`,
    },
    body: Buffer.from(JSON.stringify(input)),
  });
  assert.deepEqual(faults, [], `${operation} ${JSON.stringify(input).slice(0, 2_000)}`);
  assert.ok(answer.status < 500 || answer.status === 501, `${operation}: ${answer.body}`);
  return answer.status;
}

/** Bytes of heads of CBOR items, whose arguments lie. */
const cborBytes = (): Buffer =>
  Buffer.from(
    Array.from({ length: below(random, 40) }, () =>
      oneOf([0x80, 0x9f, 0xa0, 0xa1, 0xbf, 0x61, 0x41, 0xc1, 0xf6, 0xfb, 0xff, 0x7f, 0x5b, 0x1b, below(random, 256)]),
    ),
  );

const cborCall = (headers: Readonly<Record<string, string>>) => ({
  method: "POST",
  target: `/service/GraniteServiceVersion20100801/operation/${oneOf(operationNames)}`,
  headers: { ...headers, "smithy-protocol": "rpc-v2-cbor" },
  body: cborBytes(),
});

describe(`fuzz: CloudWatch (PORTICO_FUZZ_SEED=${seed})`, () => {
  it("calls are answered, and broken ones refused, without a fault of ours", async () => {
    const isTimeLeft = within(durationMs);
    const answered = new Set<string>();
    const expected = ["PutMetricData", "ListMetrics", "GetMetricStatistics", "PutMetricAlarm", "DescribeAlarms"];
    const unanswered = (): string[] => expected.filter((operation) => !answered.has(operation));
    for (let calls = 0; isTimeLeft() || (unanswered().length > 0 && calls < 50_000); calls++) {
      if (random() < 0.4) {
        const broken = brokenRequest(["cloudwatch"]);
        const request = random() < 0.3 ? { ...broken, ...cborCall(broken.headers) } : broken;
        const answer = await management.handle(request);
        assert.deepEqual(faults, [], request.body.toString("latin1", 0, 2_000));
        assert.ok(answer.status < 500 || answer.status === 501, String(answer.body));
        continue;
      }
      const operation = oneOf([...operationNames, ...expected]);
      if ((await soundCall(operation)) === 200) answered.add(operation);
    }
    assert.deepEqual(unanswered(), [], JSON.stringify([...answered]));
  });

  it("an expression is computed in bounded time, or refused", () => {
    const call = { ...scope, nowMs: now };
    const MetricData = [0, 1, 3].map((ago) => ({ MetricName: "x", Timestamp: now / 1_000 - ago * 60, Value: ago }));
    putMetricData(metrics, { Namespace: "math", MetricData }, call);
    const pieces = [
      "m",
      "e",
      "n",
      "(",
      ")",
      "[",
      "]",
      ",",
      "+",
      "-",
      "*",
      "/",
      "^",
      "==",
      "<",
      " AND ",
      "||",
      "1",
      "0.5",
    ];
    const functions = [
      "SUM(",
      "METRICS()",
      "FILL(",
      "IF(",
      "RATE(",
      "TIME_SERIES(",
      "REPEAT",
      "'m'",
      "STDDEV(",
      "LOG(",
    ];
    const isTimeLeft = within(durationMs / 2);
    let taken = 0;
    for (let tries = 0; isTimeLeft() || (taken < 10 && tries < 100_000); tries++) {
      const any = (): string => oneOf(random() < 0.7 ? pieces : functions);
      const text = (): string => Array.from({ length: 1 + below(random, 7) }, any).join("");
      const MetricStat = { Metric: { Namespace: "math", MetricName: "x" }, Period: 60, Stat: "Sum" };
      const MetricDataQueries = [
        { Id: "m", MetricStat },
        { Id: "e", Expression: text() },
        { Id: "n", Expression: `${oneOf(["e", "[m,m]", "m"])}${oneOf(["", "+", "/", "=="])}${text()}` },
      ];
      const range = { StartTime: now / 1_000 - 600, EndTime: now / 1_000 + 60 };
      try {
        doAtOnce(getMetricData(metrics, { MetricDataQueries, ...range }, call));
        taken++;
      } catch (error) {
        assert.ok(error instanceof ApiError, `${JSON.stringify(MetricDataQueries)} ${String(error)}`);
      }
    }
    assert.ok(taken >= 10, String(taken));
  });

  it("bytes are CBOR, or are refused; a block of points is one, or a RangeError", () => {
    const isTimeLeft = within(durationMs / 2);
    while (isTimeLeft()) {
      const bytes = cborBytes();
      try {
        decodeCbor(bytes);
      } catch (error) {
        assert.ok(error instanceof UnreadableInput, `${bytes.toString("hex")} ${String(error)}`);
      }
      try {
        decodeBlock(bytes);
      } catch (error) {
        assert.ok(error instanceof RangeError, `${bytes.toString("hex")} ${String(error)}`);
      }
    }
  });
});
