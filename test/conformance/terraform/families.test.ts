import assert from "node:assert/strict";
import { test } from "node:test";
import { terraformSkip, withTerraform } from "./terraform.ts";

test("Terraform: every REST resource is made, planned without changes, changed in place, destroyed", {
  skip: terraformSkip,
}, async () => {
  await withTerraform("families/main.tf", async (terraform) => {
    for (const version of ["1", "2"]) {
      const variables = [`-var=endpoint=${terraform.url}`, `-var=v=${version}`];
      await terraform.run("apply", "-no-color", "-auto-approve", ...variables);
      await terraform.planIsEmpty(...variables);
    }
    await terraform.run("destroy", "-no-color", "-auto-approve", `-var=endpoint=${terraform.url}`, "-var=v=2");
    const left = await fetch(`${terraform.url}/restapis`, { headers: { accept: "application/json" } });
    assert.deepEqual(await left.json(), { item: [] });
  });
});
