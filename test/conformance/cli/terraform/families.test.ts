import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { furtherTerraformSkip, typesOf, withTerraform } from "./terraform.ts";

test("Terraform: every REST resource and data source is made, planned without changes, changed in place, imported, destroyed", {
  skip: furtherTerraformSkip,
}, async (t) => {
  await withTerraform("families/main.tf", async (terraform) => {
    const ofV2 = ["http-api", "websocket-api"]
      .map((folder) => readFileSync(join(import.meta.dirname, folder, "main.tf"), "utf8"))
      .join("");
    for (const [prefix, configuration] of [
      ["aws_api_gateway_", terraform.configuration],
      ["aws_apigatewayv2_", ofV2],
    ] as const) {
      const left = await typesOf(terraform, prefix, configuration);
      t.diagnostic(`the configuration uses ${left.known} types of the provider`);
      assert.deepEqual(left.unused, [], "the provider has more than the configuration uses");
    }
    for (const version of ["1", "2"]) {
      const variables = [`-var=endpoint=${terraform.url}`, `-var=v=${version}`];
      await terraform.run("apply", "-no-color", "-auto-approve", ...variables);
      await terraform.planIsEmpty(...variables);
    }
    const { api_id, resource_id, ...found } = JSON.parse(await terraform.run("output", "-json", "found"));
    assert.deepEqual(found, {
      keys: 2,
      authorizers: 2,
      authorizer: "auth2",
      resource: "r2",
      sdk: "application/octet-stream",
    });

    const variables = [`-var=endpoint=${terraform.url}`, "-var=v=2"];
    await terraform.run("state", "rm", "aws_api_gateway_resource.s");
    await terraform.run("import", "-no-color", ...variables, "aws_api_gateway_resource.s", `${api_id}/${resource_id}`);
    await terraform.planIsEmpty(...variables);

    await terraform.run("destroy", "-no-color", "-auto-approve", ...variables);
    const apis = await fetch(`${terraform.url}/restapis`, { headers: { accept: "application/json" } });
    assert.deepEqual(await apis.json(), { item: [] });
  });
});
