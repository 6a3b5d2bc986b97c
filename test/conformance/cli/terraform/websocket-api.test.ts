import assert from "node:assert/strict";
import { test } from "node:test";
import { furtherTerraformSkip, withTerraform } from "./terraform.ts";

// families.test.ts holds the configuration against what the provider has.
test("Terraform: every resource of WebSocket APIs is made, planned without changes, changed in place, imported, destroyed", {
  skip: furtherTerraformSkip,
}, async () => {
  await withTerraform("websocket-api/main.tf", async (terraform) => {
    const variables = (version: string) => [`-var=endpoint=${terraform.url}`, `-var=v=${version}`];
    const outputs = async () => JSON.parse(await terraform.run("output", "-json"));
    await terraform.run("apply", "-no-color", "-auto-approve", ...variables("1"));
    await terraform.planIsEmpty(...variables("1"));
    const { api } = await outputs();
    const changed = await terraform.run("apply", "-no-color", "-auto-approve", ...variables("2"));
    assert.match(changed, /Resources: 0 added, \d+ changed, 0 destroyed/);
    await terraform.planIsEmpty(...variables("2"));
    const { found, ids } = await outputs();
    assert.deepEqual(found.value, {
      name: "talk",
      selection: "${request.body.service}/${request.body.action}",
      ids: [api.value],
      execution: "arn:aws:execute-api:us-east-1:000000000000:API/live",
      responses: "${integration.response.statuscode}",
    });
    const imported = await terraform.importAgain(ids.value, ...variables("2"));
    assert.match(imported, /, 0 added, 0 changed, 0 destroyed/);
    await terraform.run("destroy", "-no-color", "-auto-approve", ...variables("2"));
    const apis = await fetch(`${terraform.url}/v2/apis`, { headers: { accept: "application/json" } });
    assert.deepEqual(await apis.json(), { items: [] });
  });
});
