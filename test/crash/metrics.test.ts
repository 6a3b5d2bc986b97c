import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { makeClient } from "../../src/protocol/client.ts";
import { type Portico, startPortico } from "../portico.ts";

const rounds = 4;
const writers = 3;
const folder = mkdtempSync(join(tmpdir(), "portico-crash-metrics-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const data = join(folder, "data");
const restart = (): Promise<Portico> => startPortico({ args: ["--data", data, "--threads", "1"] });
const clientOf = (url: string) => makeClient({ endpoint: url, model: "cloudwatch", timeoutMs: 10_000 });

/** Calls until the server dies; answers how many calls were acknowledged. */
async function callUntilKilled(call: (count: number) => Promise<unknown>): Promise<number> {
  for (let count = 0; ; count++) {
    try {
      await call(count);
    } catch {
      return count;
    }
  }
}

const alarm = {
  Namespace: "crash",
  MetricName: "w0",
  Statistic: "Sum",
  Period: 60,
  Threshold: 1,
  ComparisonOperator: "GreaterThanThreshold",
  // What it is set to stays, whatever comes.
  TreatMissingData: "ignore",
  EvaluationPeriods: 1_440,
};

async function sumOf(url: string, MetricName: string): Promise<number> {
  const now = Math.floor(Date.now() / 1_000);
  const { Datapoints } = await clientOf(url).call("GetMetricStatistics", {
    Namespace: "crash",
    MetricName,
    StartTime: now - 3_600,
    EndTime: now + 60,
    Period: 7_200,
    Statistics: ["Sum"],
  });
  return (Datapoints as { Sum: number }[])[0]?.Sum ?? 0;
}

test(`after kill -9, ${rounds} times: acknowledged points are there, each once, and alarms with their states`, async () => {
  let server = await restart();
  await clientOf(server.url).call("PutMetricAlarm", { AlarmName: "a", ...alarm });
  await clientOf(server.url).call("SetAlarmState", { AlarmName: "a", StateValue: "ALARM", StateReason: "set" });
  const acknowledged = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    const names = Array.from({ length: writers }, (_, index) => `w${index}`);
    const client = clientOf(server.url);
    const putting = names.map((MetricName) => {
      const input = { Namespace: "crash", MetricData: [{ MetricName, Value: 1 }] };
      return callUntilKilled(() => client.call("PutMetricData", input));
    });
    const making = callUntilKilled((count) =>
      client.call("PutMetricAlarm", { AlarmName: `round-${round}-${count}`, ...alarm }),
    );
    // tidy-allow: time – the server is killed at no particular moment
    await new Promise((resolve) => setTimeout(resolve, 300 + round * 90));
    await server.kill();
    const counts = await Promise.all(putting);
    const made = await making;
    for (const [index, name] of names.entries()) acknowledged.set(name, (acknowledged.get(name) ?? 0) + counts[index]!);
    server = await restart();
    for (const [name, count] of acknowledged) {
      const sum = await sumOf(server.url, name);
      // The call that was under way may have been stored without an answer.
      assert.ok(sum >= count && sum <= count + round + 1, `${name}: ${sum} of ${count}`);
    }
    for (let count = 0; count < made; count++) {
      const { MetricAlarms } = await clientOf(server.url).call("DescribeAlarms", {
        AlarmNames: [`round-${round}-${count}`],
      });
      assert.equal((MetricAlarms as unknown[]).length, 1, `alarm ${count} of ${made}`);
    }
  }
  const { MetricAlarms } = await clientOf(server.url).call("DescribeAlarms", {});
  const [found] = MetricAlarms as { AlarmName: string; StateValue: string; StateReason: string }[];
  assert.deepEqual([found?.AlarmName, found?.StateValue, found?.StateReason], ["a", "ALARM", "set"]);
  const { AlarmHistoryItems } = await clientOf(server.url).call("DescribeAlarmHistory", { AlarmName: "a" });
  assert.equal((AlarmHistoryItems as unknown[]).length, 2);
  assert.equal(await server.stop(), 0);
});

test("a server whose metrics' file is broken starts, says so, keeps its alarms, and takes points", async () => {
  truncateSync(join(data, "metrics.db"), 100);
  writeFileSync(join(data, "metrics.db"), "broken".repeat(100));
  const server = await restart();
  assert.equal(await sumOf(server.url, "w0"), 0);
  await clientOf(server.url).call("PutMetricData", {
    Namespace: "crash",
    MetricData: [{ MetricName: "new", Value: 2 }],
  });
  assert.equal(await sumOf(server.url, "new"), 2);
  const { MetricAlarms } = await clientOf(server.url).call("DescribeAlarms", { AlarmNames: ["a"] });
  assert.equal((MetricAlarms as unknown[]).length, 1);
  assert.match(server.output(), /The metrics' file was damaged and is now .*metrics\.db\.damaged; a new one is begun/);
  assert.ok(readdirSync(data).includes("metrics.db.damaged"));
  assert.equal(await server.stop(), 0);
});
