import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { zip } from "../../sdk/sdk-client.ts";
import { furtherTerraformSkip, withTerraform } from "./terraform.ts";

const gate = `exports.handler = async (event) => ({
  principalId: "me",
  policyDocument: {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "execute-api:Invoke", Resource: event.methodArn }],
  },
  context: { type: event.type },
});`;

test("Terraform: a Lambda authorizer guards its method, is planned without changes, changed, imported, destroyed", {
  skip: furtherTerraformSkip,
}, async () => {
  await withTerraform("authorizers/main.tf", async (terraform) => {
    const packagePath = join(terraform.folder, "gate.zip");
    writeFileSync(packagePath, zip(gate));
    const variables = [`-var=endpoint=${terraform.url}`, `-var=package=${packagePath}`];
    const outputs = async (): Promise<Record<string, { value: string }>> =>
      JSON.parse(await terraform.run("output", "-json")) as Record<string, { value: string }>;
    const call = async (query: string, headers: Record<string, string>): Promise<[number, string]> => {
      const { api } = await outputs();
      const reply = await fetch(`${terraform.url}/_aws/execute-api/${api!.value}/prod${query}`, { headers });
      return [reply.status, await reply.text()];
    };
    const unauthorized = [401, '{"message":"Unauthorized"}'];
    for (const version of ["1", "2"]) {
      const all = [...variables, `-var=v=${version}`];
      await terraform.run("apply", "-no-color", "-auto-approve", ...all);
      await terraform.planIsEmpty(...all);
      if (version === "1") {
        assert.deepEqual(await call("", { Authorization: "abc" }), [200, "TOKEN"]);
        assert.deepEqual(await call("", { Authorization: "ABC" }), unauthorized);
        assert.deepEqual(await call("", {}), unauthorized);
      } else assert.deepEqual(await call("?team=a", { "X-Token": "abc" }), [200, "REQUEST"]);
    }
    const all = [...variables, "-var=v=2"];
    const { api, authorizer } = await outputs();
    await terraform.run("state", "rm", "aws_api_gateway_authorizer.gate");
    const id = `${api!.value}/${authorizer!.value}`;
    await terraform.run("import", "-no-color", ...all, "aws_api_gateway_authorizer.gate", id);
    await terraform.planIsEmpty(...all);
    await terraform.run("destroy", "-no-color", "-auto-approve", ...all);
  });
});
