// Calls of CloudWatch Logs made from the interface model, sound ones and broken ones, against the real operations on a
// store that fills up; and filter patterns made of their own pieces, against messages made of them.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { ManualClock } from "../../src/base/clock.ts";
import { randomIds } from "../../src/base/ids.ts";
import { parseLogFilter } from "../../src/language/log-filter.ts";
import { makeManagement } from "../../src/protocol/management.ts";
import { loadModel } from "../../src/protocol/model.ts";
import type { CallContext } from "../../src/protocol/operation.ts";
import { LogStore } from "../../src/services/logs/log-store.ts";
import { LogsWork } from "../../src/services/logs/logs-work.ts";
import { logsOperationNames } from "../../src/services/logs/operation-names.ts";
import { below, seed } from "../random.ts";
import { within } from "../until.ts";
import { brokenRequest, durationMs, oneOf, random, soundValue, texts } from "./from-models.ts";

const now = Date.UTC(2026, 10, 20);
const store = new LogStore({ path: undefined, bytesMax: 16 * 1_048_576 });
after(() => store.close());
const faults: unknown[] = [];
const clock = new ManualClock(now);
const work = new LogsWork({
  store,
  clock,
  printer: { print() {}, close: async () => {} },
  post() {},
  collector: undefined,
});
const management = makeManagement(
  [
    {
      model: "logs",
      operations: Object.fromEntries(
        logsOperationNames.map((operation) => [
          operation,
          async (input: object, { account, region }: CallContext) =>
            work.operate({ operation, input, account, region }),
        ]),
      ),
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
const model = loadModel("logs");
const groups = ["g", "/pets", "prod"];
texts.push(...groups, "arn:aws:logs:us-east-1:123456789012:log-group:g", "?ERROR -x", "{ $.a = 1 }", "[a, ...]");

/** A sound call, mostly about the few groups that there are. */
async function soundCall(operation: string): Promise<number> {
  const input = soundValue(model, model.operations[operation]?.input?.shape ?? "") as
    | Record<string, unknown>
    | undefined;
  if (input === undefined) return 0;
  if ("logGroupName" in input) input["logGroupName"] = oneOf(groups);
  if ("logStreamName" in input) input["logStreamName"] = oneOf(["a", "b"]);
  if (operation === "PutLogEvents") {
    const times = Array.from({ length: 1 + below(random, 200) }, () => now + below(random, 200_000) - 100_000);
    input["logEvents"] = times.sort((a, b) => a - b).map((timestamp) => ({ timestamp, message: oneOf(texts) }));
  }
  // These are refused with 501.
  for (const name of ["kmsKeyId", "queryLanguage"]) delete input[name];
  const answer = await management.handle({
    method: "POST",
    target: "/",
    headers: { host: "localhost", "x-amz-target": `Logs_20140328.${operation}` },
    body: Buffer.from(JSON.stringify(input)),
  });
  assert.deepEqual(faults, [], `${operation} ${JSON.stringify(input).slice(0, 2_000)}`);
  assert.ok(answer.status < 500, `${operation}: ${answer.body}`);
  return answer.status;
}

describe(`fuzz: CloudWatch Logs (PORTICO_FUZZ_SEED=${seed})`, () => {
  it("calls are answered, and broken ones refused, without a fault of ours", async () => {
    const isTimeLeft = within(durationMs);
    const answered = new Map<string, number>();
    const expected = ["CreateLogGroup", "PutLogEvents", "FilterLogEvents", "GetLogEvents", "DeleteLogGroup"];
    const unanswered = (): string[] => expected.filter((operation) => !answered.has(operation));
    // A slow machine makes fewer calls in that time, and has to see each of these all the same.
    for (let calls = 0; isTimeLeft() || (unanswered().length > 0 && calls < 50_000); calls++) {
      if (random() < 0.3) {
        const request = brokenRequest(["logs"]);
        const answer = await management.handle(request);
        assert.deepEqual(faults, [], request.body.toString("latin1", 0, 2_000));
        assert.ok(answer.status < 500 || answer.status === 501, String(answer.body));
        continue;
      }
      const operation = oneOf([...logsOperationNames, "PutLogEvents", "CreateLogGroup", "CreateLogStream"]);
      if ((await soundCall(operation)) === 200) answered.set(operation, (answered.get(operation) ?? 0) + 1);
    }
    assert.deepEqual(unanswered(), [], JSON.stringify([...answered]));
  });

  it("a filter pattern is one or is refused; nothing that it matches throws or takes long", () => {
    const pieces = [
      "{",
      "}",
      "[",
      "]",
      "$",
      ".a",
      "[0]",
      "[*]",
      " = ",
      "!=",
      ">",
      "1",
      "-1e3",
      '"x"',
      '"',
      "%a+%",
      "%",
      "(",
      ")",
      " && ",
      "||",
      "?",
      "-",
      "ERROR",
      "*",
      ",",
      "...",
      " IS NULL",
      " NOT EXISTS",
      "\\",
      "ü",
      " ",
    ];
    const messages = ['{"a":1}', '{"a":[1,{"a":"x"}]}', "ERROR x 1", '[ "a" ] b', "", "{", "x".repeat(10_000)];
    const isTimeLeft = within(durationMs / 2);
    let taken = 0;
    while (isTimeLeft()) {
      const pattern = Array.from({ length: 1 + below(random, 14) }, () => oneOf(pieces)).join("");
      const parsed = parseLogFilter(pattern);
      if (parsed.kind === "invalid") continue;
      taken++;
      for (const message of messages) assert.equal(typeof parsed.matches(message), "boolean", pattern);
    }
    assert.ok(taken > 10);
  });
});
