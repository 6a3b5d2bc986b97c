import assert from "node:assert/strict";
import { test } from "node:test";
import { makeClient } from "../../../../src/protocol/client.ts";
import { until } from "../../../until.ts";
import { furtherTerraformSkip, withTerraform } from "./terraform.ts";

test("Terraform: log groups and streams, and sampling rules of X-Ray, are made, planned without changes, changed in place, imported, destroyed", {
  skip: furtherTerraformSkip,
}, async () => {
  await withTerraform("logs/main.tf", async (terraform) => {
    const logs = makeClient({ endpoint: terraform.url, model: "logs" });
    const xray = makeClient({ endpoint: terraform.url, model: "xray" });
    const retention = { "1": 7, "2": 14 };
    for (const version of ["1", "2"] as const) {
      const variables = [`-var=endpoint=${terraform.url}`, `-var=v=${version}`];
      await terraform.run("apply", "-no-color", "-auto-approve", ...variables);
      await terraform.planIsEmpty(...variables);
      const output = JSON.parse(await terraform.run("output", "-json")) as Record<string, { value: unknown }>;
      assert.deepEqual(output["groups"]?.value, ["/pets/access", "/pets/kept", "/pets/plain"]);
      assert.equal(output["retention"]?.value, retention[version]);
      const [rule] = await rulesOf(xray);
      assert.deepEqual([rule?.RuleName, rule?.FixedRate], ["orders", version === "2" ? 0.5 : 0.05]);
      await fetch(`${terraform.url}/_aws/execute-api/${output["api"]?.value}/prod/`);
    }
    const lines = async () =>
      (await logs.call("FilterLogEvents", { logGroupName: "/pets/access" }))["events"] as object[];
    await until(async () => (await lines()).length === 2);
    const ids = {
      "aws_cloudwatch_log_group.access": "/pets/access",
      "aws_cloudwatch_log_group.kept": "/pets/kept",
      "aws_cloudwatch_log_stream.s": "/pets/plain:stream",
      "aws_xray_sampling_rule.orders": "orders",
    };
    await terraform.importAgain(ids, `-var=endpoint=${terraform.url}`, "-var=v=2");
    await terraform.planIsEmpty(`-var=endpoint=${terraform.url}`, "-var=v=2");
    await terraform.run("destroy", "-no-color", "-auto-approve", `-var=endpoint=${terraform.url}`, "-var=v=2");
    const left = await logs.call("DescribeLogGroups", { logGroupNamePrefix: "/pets/" });
    assert.deepEqual(left["logGroups"], []);
    assert.deepEqual(
      (await rulesOf(xray)).map(({ RuleName }) => RuleName),
      ["Default"],
    );
  });
});

interface Rule {
  readonly RuleName: string;
  readonly FixedRate: number;
}

/** The sampling rules in the order of their priorities. */
async function rulesOf(xray: ReturnType<typeof makeClient>): Promise<Rule[]> {
  const { SamplingRuleRecords: records } = await xray.call("GetSamplingRules", {});
  return (records as { SamplingRule: Rule }[]).map(({ SamplingRule }) => SamplingRule);
}
