import assert from "node:assert/strict";
import { test } from "node:test";
import { makeClient } from "../../../../src/protocol/client.ts";
import { furtherTerraformSkip, withTerraform } from "./terraform.ts";

test("Terraform: web ACLs with all that they refer to are made, planned without changes, changed in place, destroyed", {
  skip: furtherTerraformSkip,
}, async () => {
  await withTerraform("waf/main.tf", async (terraform) => {
    // The MOCK has no integration response, so that what passes is a 500.
    const statuses = { "1": [500, 403], "2": [429, 429] };
    for (const version of ["1", "2"] as const) {
      const variables = [`-var=endpoint=${terraform.url}`, `-var=v=${version}`];
      await terraform.run("apply", "-no-color", "-auto-approve", ...variables);
      await terraform.planIsEmpty(...variables);
      const output = JSON.parse(await terraform.run("output", "-json")) as Record<string, { value: unknown }>;
      const base = `${terraform.url}/_aws/execute-api/${output["api"]?.value}/prod/`;
      const answers = [await fetch(base), await fetch(`${base}.env`)];
      assert.deepEqual(
        answers.map(({ status }) => status),
        statuses[version],
      );
      // 1 address; 10 × 2 + 20 and 1 for words; 2 + 60 + 3 for the rate; the group's 50; 1 for the label.
      assert.equal(output["capacity"]?.value, 158);
    }
    await terraform.run("destroy", "-no-color", "-auto-approve", `-var=endpoint=${terraform.url}`, "-var=v=2");
    const waf = makeClient({ endpoint: terraform.url, model: "wafv2" });
    assert.deepEqual((await waf.call("ListWebACLs", { Scope: "REGIONAL" }))["WebACLs"], []);
  });
});
