import assert from "node:assert/strict";
import { test } from "node:test";
import { terraformSkip, withTerraform } from "./terraform.ts";

test("Terraform: every REST resource and data source is made, planned without changes, changed in place, imported, destroyed", {
  skip: terraformSkip,
}, async (t) => {
  await withTerraform("families/main.tf", async (terraform) => {
    const left = await unusedTypes(terraform);
    t.diagnostic(`the configuration uses ${left.known} types of the provider`);
    assert.deepEqual(left.unused, [], "the provider has more than the configuration uses");
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

/** The provider's types for REST APIs that the configuration does not use. */
async function unusedTypes(
  terraform: Parameters<Parameters<typeof withTerraform>[1]>[0],
): Promise<{ known: number; unused: string[] }> {
  const { provider_schemas } = JSON.parse(await terraform.run("providers", "schema", "-json"));
  const { resource_schemas, data_source_schemas } = Object.values(provider_schemas)[0] as Record<string, object>;
  const known = [
    ...Object.keys(resource_schemas!).map((type) => `resource "${type}"`),
    ...Object.keys(data_source_schemas!).map((type) => `data "${type}"`),
  ].filter((block) => block.includes('"aws_api_gateway_'));
  return { known: known.length, unused: known.filter((block) => !terraform.configuration.includes(`${block} `)) };
}
