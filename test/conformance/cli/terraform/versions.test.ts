import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { strToU8, zipSync } from "fflate";
import { furtherTerraformSkip, withTerraform } from "./terraform.ts";

test("Terraform: published versions, aliases and their permissions are applied, planned without changes, moved, destroyed", {
  skip: furtherTerraformSkip,
}, async () => {
  await withTerraform("versions/main.tf", async (terraform) => {
    const archive = join(terraform.folder, "hello.zip");
    const write = (text: string): void => {
      const code = `export const handler = async (event, context) => ({ statusCode: 200, body: "${text} " + context.functionVersion });`;
      writeFileSync(archive, zipSync({ "index.mjs": strToU8(code) }));
    };
    const variables = (share: number): string[] => [
      `-var=endpoint=${terraform.url}`,
      `-var=package=${archive}`,
      `-var=share=${share}`,
    ];
    const apply = (share: number): Promise<string> =>
      terraform.run("apply", "-no-color", "-auto-approve", ...variables(share));
    const output = async (name: string): Promise<string> =>
      JSON.parse(await terraform.run("output", "-json", name)) as string;

    write("first");
    await apply(0);
    const api = await output("api");
    const call = async (stage: string): Promise<string> => {
      const response = await fetch(`${terraform.url}/_aws/execute-api/${api}/${stage}`);
      return response.text();
    };
    const arn = "arn:aws:lambda:us-east-1:000000000000:function:hello";
    assert.deepEqual([await output("version"), await output("qualified_arn")], ["1", `${arn}:1`]);
    assert.deepEqual([await call("live"), await call("canary")], ["first 1", "first 1"]);
    await terraform.planIsEmpty(...variables(0));

    write("second");
    await apply(1);
    assert.deepEqual([await output("version"), await output("qualified_arn")], ["2", `${arn}:2`]);
    assert.deepEqual([await call("live"), await call("canary")], ["second 2", "second 2"]);
    await terraform.planIsEmpty(...variables(1));

    await apply(0);
    assert.equal(await call("canary"), "first 1");
    await terraform.planIsEmpty(...variables(0));

    await terraform.run("destroy", "-no-color", "-auto-approve", ...variables(0));
    assert.equal((await fetch(`${terraform.url}/2015-03-31/functions/hello`)).status, 404);
  });
});
