import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { IAMClient, ListPoliciesCommand, ListRolesCommand } from "@aws-sdk/client-iam";
import { makeClient, zip } from "../../sdk/sdk-client.ts";
import { furtherTerraformSkip, withTerraform } from "./terraform.ts";

test("Terraform: roles and policies are made, planned without changes, changed in place, imported, destroyed", {
  skip: furtherTerraformSkip,
}, async () => {
  await withTerraform("iam/main.tf", async (terraform) => {
    const packagePath = join(terraform.folder, "greet.zip");
    writeFileSync(packagePath, zip('exports.handler = async () => ({ statusCode: 200, body: "hello" })'));
    const variables = [`-var=endpoint=${terraform.url}`, `-var=package=${packagePath}`];
    for (const version of ["1", "2"]) {
      const all = [...variables, `-var=v=${version}`];
      await terraform.run("apply", "-no-color", "-auto-approve", ...all);
      await terraform.planIsEmpty(...all);
      const output = JSON.parse(await terraform.run("output", "-json")) as Record<string, { value: unknown }>;
      assert.equal(output["role"]?.value, "arn:aws:iam::000000000000:role/api/gateway");
      assert.equal(output["managed"]?.value, "arn:aws:iam::aws:policy/service-role/AWSLambdaRole");
      assert.deepEqual(output["below"]?.value, ["gateway"]);
      const answer = await fetch(`${terraform.url}/_aws/execute-api/${output["api"]?.value}/prod/`);
      assert.deepEqual([answer.status, await answer.text()], [200, "hello"]);
    }
    const all = [...variables, "-var=v=2"];
    const imported = await terraform.importAgain(
      {
        "aws_iam_role.gateway": "gateway",
        "aws_iam_role_policy.invoke": "gateway:invoke",
        "aws_iam_policy.boundary": "arn:aws:iam::000000000000:policy/limits/boundary",
      },
      ...all,
    );
    assert.match(imported, /0 added, 0 changed, 0 destroyed/);
    await terraform.planIsEmpty(...all);
    await terraform.run("destroy", "-no-color", "-auto-approve", ...all);
    const iam = makeClient(IAMClient, terraform);
    assert.deepEqual((await iam.send(new ListRolesCommand({}))).Roles, []);
    assert.deepEqual((await iam.send(new ListPoliciesCommand({ Scope: "Local" }))).Policies, []);
    iam.destroy();
  });
});
