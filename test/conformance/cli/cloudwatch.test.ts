// `aws cloudwatch`: what an operator types.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { clientEnvironment, run, tool } from "../../tool.ts";
import { until } from "../../until.ts";
import { startForSuite } from "../sdk/sdk-client.ts";

const aws = tool("aws", ["--version"], true);

describe("aws cloudwatch", aws, () => {
  const portico = startForSuite({ args: ["--log-level", "error"] });
  const call = (...args: string[]) => run("aws", args, { env: clientEnvironment(portico.url) });
  const cli = async (...args: string[]): Promise<string> => {
    const ran = await call("--endpoint-url", portico.url, "cloudwatch", ...args, "--output", "text");
    assert.equal(ran.status, 0, `aws cloudwatch ${args.join(" ")}\n${ran.stderr}`);
    return ran.stdout.trim();
  };

  it("puts metrics, and shows their statistics and what expressions make of them", async () => {
    const metric = ["--namespace", "Shop", "--metric-name", "Latency"];
    for (const value of ["10", "20", "60"])
      await cli("put-metric-data", ...metric, "--unit", "Milliseconds", "--value", value);
    assert.equal(await cli("list-metrics", "--namespace", "Shop", "--query", "Metrics[].MetricName"), "Latency");
    const now = Date.now();
    const range = [
      "--start-time",
      new Date(now - 600_000).toISOString(),
      "--end-time",
      new Date(now + 120_000).toISOString(),
    ];
    const statistics = ["get-metric-statistics", ...metric, ...range, "--period", "720"];
    assert.match(await cli(...statistics, "--statistics", "Average"), /DATAPOINTS\s+30(\.0)?\s.*Milliseconds/);
    const extended = await cli(...statistics, "--extended-statistics", "p50", "tm90", "PR(:20)");
    assert.match(extended, /EXTENDEDSTATISTICS\s+66\.6\d*\s+20(\.0)?\s+26\.6\d*/);
    const MetricStat = { Metric: { Namespace: "Shop", MetricName: "Latency" }, Period: 720, Stat: "Maximum" };
    const queries = [
      { Id: "m", MetricStat, ReturnData: false },
      { Id: "e", Label: "twice", Expression: "m * 2" },
    ];
    const data = await cli("get-metric-data", ...range, "--metric-data-queries", JSON.stringify(queries));
    assert.match(data, /METRICDATARESULTS\s+e\s+twice\s+Complete\nTIMESTAMPS\s.*\nVALUES\s+120(\.0)?$/);
  });

  it("makes an alarm, sets it off, tells what it did, and deletes it", async () => {
    const watched = ["--namespace", "Shop", "--metric-name", "Failures", "--statistic", "Sum", "--period", "60"];
    const rule = ["--evaluation-periods", "1", "--threshold", "5", "--comparison-operator", "GreaterThanThreshold"];
    const action = "arn:aws:lambda:us-east-1:000000000000:function:nobody";
    const more = ["--treat-missing-data", "ignore", "--alarm-actions", action, "--tags", "Key=team,Value=ops"];
    await cli("put-metric-alarm", "--alarm-name", "failures", ...watched, ...rule, ...more);
    const described = ["describe-alarms", "--alarm-names", "failures", "--query"];
    assert.equal(await cli(...described, "MetricAlarms[].StateValue"), "INSUFFICIENT_DATA");
    await cli("set-alarm-state", "--alarm-name", "failures", "--state-value", "ALARM", "--state-reason", "trying");
    const history = [
      "describe-alarm-history",
      "--alarm-name",
      "failures",
      "--query",
      "AlarmHistoryItems[].HistorySummary",
    ];
    await until(async () => (await cli(...history)).includes(`Received error: "there is no function ${action}"`));
    const arn = await cli(...described, "MetricAlarms[].AlarmArn");
    assert.equal(await cli("list-tags-for-resource", "--resource-arn", arn), "TAGS\tteam\tops");
    await cli("delete-alarms", "--alarm-names", "failures");
    assert.equal(await cli(...described, "MetricAlarms"), "");
  });
});
