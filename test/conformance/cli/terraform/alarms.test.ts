import assert from "node:assert/strict";
import { test } from "node:test";
import { makeClient } from "../../../../src/protocol/client.ts";
import { furtherTerraformSkip, withTerraform } from "./terraform.ts";

test("Terraform: alarms of metrics, percentiles and math are made, planned without changes, changed in place, imported, destroyed", {
  skip: furtherTerraformSkip,
}, async () => {
  await withTerraform("alarms/main.tf", async (terraform) => {
    for (const version of ["1", "2"] as const) {
      const variables = [`-var=endpoint=${terraform.url}`, `-var=v=${version}`];
      await terraform.run("apply", "-no-color", "-auto-approve", ...variables);
      await terraform.planIsEmpty(...variables);
    }
    const variables = [`-var=endpoint=${terraform.url}`, "-var=v=2"];
    const ids = { "aws_cloudwatch_metric_alarm.plain": "plain", "aws_cloudwatch_metric_alarm.math": "rate" };
    await terraform.importAgain(ids, ...variables);
    await terraform.planIsEmpty(...variables);
    const cloudwatch = makeClient({ endpoint: terraform.url, model: "cloudwatch" });
    const described = async () =>
      (await cloudwatch.call("DescribeAlarms"))["MetricAlarms"] as readonly { AlarmName: string; Threshold: number }[];
    assert.deepEqual(
      (await described()).map(({ AlarmName, Threshold }) => [AlarmName, Threshold]),
      [
        ["errors", 0.05],
        ["plain", 7.5],
        ["rate", 10],
        ["slow", 900],
        ["trimmed", 250],
      ],
    );
    await terraform.run("destroy", "-no-color", "-auto-approve", ...variables);
    assert.deepEqual(await described(), []);
  });
});
