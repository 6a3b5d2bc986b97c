import assert from "node:assert/strict";
import { test } from "node:test";
import { furtherTerraformSkip, withTerraform } from "./terraform.ts";

test("Terraform: a stage's cache and canary are made, planned without changes, changed, imported, taken away, destroyed", {
  skip: furtherTerraformSkip,
}, async () => {
  await withTerraform("stages/main.tf", async (terraform) => {
    const variables = (values: Readonly<Record<string, string | number | boolean>>): string[] => [
      `-var=endpoint=${terraform.url}`,
      ...Object.entries(values).map(([name, value]) => `-var=${name}=${value}`),
    ];
    const apply = async (values: Parameters<typeof variables>[0]): Promise<void> => {
      await terraform.run("apply", "-no-color", "-auto-approve", ...variables(values));
      await terraform.planIsEmpty(...variables(values));
    };
    await apply({});
    const api = JSON.parse(await terraform.run("output", "-json", "api")) as string;
    const call = async (id: string): Promise<string> =>
      (await fetch(`${terraform.url}/_aws/execute-api/${api}/prod/pets/${id}`)).text();
    const stage = async () => {
      const response = await fetch(`${terraform.url}/restapis/${api}/stages/prod`);
      return (await response.json()) as Record<string, unknown>;
    };
    assert.notEqual(await call("1"), await call("1"));

    await apply({ cache: "0.5", percent: 0, ttl: 60 });
    assert.equal(await call("1"), await call("1"));
    assert.notEqual(await call("1"), await call("2"));
    const changed = { cache: "1.6", percent: 100, ttl: 0, strategy: "FAIL_WITH_403", encrypted: true, colour: "red" };
    await apply(changed);
    assert.notEqual(await call("1"), await call("1"), "a time of 0 turns caching off");
    assert.match(await call("1"), /^red /);
    const last = { ...changed, percent: 12.5, ttl: 3600, strategy: "NONE" };
    await apply(last);
    const { cacheClusterSize, cacheClusterStatus, canarySettings } = await stage();
    assert.deepEqual([cacheClusterSize, cacheClusterStatus], ["1.6", "AVAILABLE"]);
    assert.equal((canarySettings as { percentTraffic: number }).percentTraffic, 12.5);

    const settings = "aws_api_gateway_method_settings";
    await terraform.importAgain(
      {
        "aws_api_gateway_stage.s": `${api}/prod`,
        [`${settings}.all`]: `${api}/prod/*/*`,
        [`${settings}.one`]: `${api}/prod/pets/{id}/GET`,
      },
      ...variables(last),
    );
    await terraform.planIsEmpty(...variables(last));

    await apply({});
    const without = await stage();
    assert.deepEqual([without["cacheClusterEnabled"], "canarySettings" in without], [false, false]);
    assert.match(await call("1"), /^blue /);
    assert.notEqual(await call("1"), await call("1"));

    await terraform.run("destroy", "-no-color", "-auto-approve", ...variables({}));
    assert.equal((await fetch(`${terraform.url}/restapis/${api}`)).status, 404);
  });
});
