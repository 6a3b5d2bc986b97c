import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { strToU8, zipSync } from "fflate";
import { terraformSkip, withTerraform } from "./terraform.ts";

test("Terraform: an API is applied, answers, is planned without changes, changed in place, destroyed", {
  skip: terraformSkip,
}, async () => {
  const backend = createServer((request, response) => response.end(`backend ${request.url}`));
  await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
  try {
    await withTerraform("api/main.tf", async (terraform) => {
      const handler = "export const handler = async () => ({ statusCode: 200, body: 'hello from a function' });";
      const archive = join(terraform.folder, "hello.zip");
      writeFileSync(archive, zipSync({ "index.mjs": strToU8(handler) }));
      const variables = (greeting: string): string[] => [
        `-var=endpoint=${terraform.url}`,
        `-var=backend=http://127.0.0.1:${(backend.address() as AddressInfo).port}`,
        `-var=greeting=${greeting}`,
        `-var=package=${archive}`,
      ];
      await terraform.run("apply", "-no-color", "-auto-approve", ...variables("hello"));
      const api = JSON.parse(await terraform.run("output", "-json", "api")) as string;
      const base = `${terraform.url}/_aws/execute-api/${api}/prod`;

      const greeting = await fetch(`${base}/greeting`);
      assert.equal(greeting.headers.get("x-made-by"), "terraform");
      assert.deepEqual(await greeting.json(), { greeting: "hello" });
      assert.equal(await (await fetch(`${base}/a/b?c=d`)).text(), "backend /a/b?c=d");
      assert.equal(await (await fetch(`${base}/hello`)).text(), "hello from a function");
      await terraform.planIsEmpty(...variables("hello"));

      await terraform.run("apply", "-no-color", "-auto-approve", ...variables("good morning"));
      assert.deepEqual(await (await fetch(`${base}/greeting`)).json(), { greeting: "good morning" });
      await terraform.planIsEmpty(...variables("good morning"));

      await terraform.run("destroy", "-no-color", "-auto-approve", ...variables("good morning"));
      assert.equal((await fetch(`${base}/greeting`)).status, 403);
    });
  } finally {
    backend.close();
  }
});
