import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { strToU8, zipSync } from "fflate";
import { startPortico } from "../../portico.ts";
import { clientEnvironment, run, tool } from "../../tool.ts";

// Where this project's machines keep the provider; elsewhere Terraform's own configuration decides.
const mirror = "/opt/tf-plugins";
const { skip } = tool("terraform", ["version"], false);
const reason = skip || (existsSync(mirror) ? false : `the AWS provider is not in ${mirror}, and no registry has it`);

test("Terraform: apply, plan without changes, change in place, destroy", { skip: reason }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "portico-terraform-"));
  const backend = createServer((request, response) => response.end(`backend ${request.url}`));
  await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
  const portico = await startPortico();
  try {
    copyFileSync(join(import.meta.dirname, "main.tf"), join(folder, "main.tf"));
    writeFileSync(
      join(folder, "terraformrc"),
      `provider_installation {\n  filesystem_mirror { path = "${mirror}" }\n}\n`,
    );
    const handler = "export const handler = async () => ({ statusCode: 200, body: 'hello from a function' });";
    writeFileSync(join(folder, "hello.zip"), zipSync({ "index.mjs": strToU8(handler) }));
    const variables = (greeting: string): string[] =>
      Object.entries({
        endpoint: portico.url,
        backend: `http://127.0.0.1:${(backend.address() as AddressInfo).port}`,
        greeting,
        package: join(folder, "hello.zip"),
      }).map(([name, value]) => `-var=${name}=${value}`);
    const terraform = (...args: string[]) =>
      run("terraform", args, {
        cwd: folder,
        env: {
          ...clientEnvironment(portico.url),
          TF_CLI_CONFIG_FILE: join(folder, "terraformrc"),
          CHECKPOINT_DISABLE: "1",
          TF_IN_AUTOMATION: "1",
        },
      });
    const succeed = async (...args: string[]): Promise<string> => {
      const ran = await terraform(...args);
      assert.equal(ran.status, 0, `terraform ${args.join(" ")}\n${ran.stdout}\n${ran.stderr}`);
      return ran.stdout;
    };
    const planIsEmpty = async (greeting: string): Promise<void> => {
      const plan = await terraform("plan", "-no-color", "-detailed-exitcode", ...variables(greeting));
      assert.equal(plan.status, 0, `a plan right after apply wants changes:\n${plan.stdout}\n${plan.stderr}`);
    };

    await succeed("init", "-no-color");
    await succeed("apply", "-no-color", "-auto-approve", ...variables("hello"));
    const api = JSON.parse(await succeed("output", "-json", "api")) as string;
    const base = `${portico.url}/_aws/execute-api/${api}/prod`;

    const greeting = await fetch(`${base}/greeting`);
    assert.equal(greeting.headers.get("x-made-by"), "terraform");
    assert.deepEqual(await greeting.json(), { greeting: "hello" });
    assert.equal(await (await fetch(`${base}/a/b?c=d`)).text(), "backend /a/b?c=d");
    assert.equal(await (await fetch(`${base}/hello`)).text(), "hello from a function");
    await planIsEmpty("hello");

    await succeed("apply", "-no-color", "-auto-approve", ...variables("good morning"));
    assert.deepEqual(await (await fetch(`${base}/greeting`)).json(), { greeting: "good morning" });
    await planIsEmpty("good morning");

    await succeed("destroy", "-no-color", "-auto-approve", ...variables("good morning"));
    assert.equal((await fetch(`${base}/greeting`)).status, 403);
  } finally {
    await portico.stop();
    backend.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
