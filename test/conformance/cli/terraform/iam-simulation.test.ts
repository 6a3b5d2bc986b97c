import assert from "node:assert/strict";
import { test } from "node:test";
import { furtherTerraformSkip, withTerraform } from "./terraform.ts";

test("Terraform: a plan checks by a simulation what its user may do", { skip: furtherTerraformSkip }, async () => {
  await withTerraform("iam-simulation/main.tf", async (terraform) => {
    const variables = [`-var=endpoint=${terraform.url}`];
    await terraform.run("apply", "-no-color", "-auto-approve", ...variables);
    await terraform.planIsEmpty(...variables);
    const output = JSON.parse(await terraform.run("output", "-json")) as Record<string, { value: unknown }>;
    const api = "arn:aws:execute-api:us-east-1:111122223333:a1b2c3/dev";
    assert.deepEqual(
      ["may", "statements", "may_not", "missing"].map((name) => output[name]?.value),
      [
        true,
        [[["user_caller_own", "IAM Policy"]]],
        { [`${api}/GET/admin`]: "explicitDeny", [`${api}/POST/pets`]: "implicitDeny" },
        ["aws:SourceIp"],
      ],
    );
    await terraform.run("destroy", "-no-color", "-auto-approve", ...variables);
  });
});
