import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startPortico } from "../../portico.ts";
import { clientEnvironment, run, tool } from "../../tool.ts";

// Where this project's machines keep the provider; elsewhere Terraform's own configuration decides.
const mirror = "/opt/tf-plugins";
const { skip } = tool("terraform", ["version"], false);
const missing = existsSync(mirror) ? false : `the AWS provider is not in ${mirror}, and no registry has it`;
const reason =
  skip || missing || (process.env["PORTICO_CI"] ? false : "it takes a minute or two: PORTICO_CI=1 runs it");

test("Terraform: every REST resource is made, planned without changes, changed in place, destroyed", {
  skip: reason,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "portico-terraform-"));
  const portico = await startPortico({ args: ["--threads", "1"] });
  try {
    copyFileSync(join(import.meta.dirname, "families/main.tf"), join(folder, "main.tf"));
    writeFileSync(
      join(folder, "terraformrc"),
      `provider_installation {\n  filesystem_mirror { path = "${mirror}" }\n}\n`,
    );
    const env = {
      ...clientEnvironment(portico.url),
      TF_CLI_CONFIG_FILE: join(folder, "terraformrc"),
      CHECKPOINT_DISABLE: "1",
      TF_IN_AUTOMATION: "1",
    };
    const terraform = async (args: readonly string[], status = 0): Promise<string> => {
      const ran = await run("terraform", args, { cwd: folder, env });
      assert.equal(ran.status, status, `terraform ${args.join(" ")}\n${ran.stdout}\n${ran.stderr}`);
      return ran.stdout;
    };
    await terraform(["init", "-no-color"]);
    for (const version of ["1", "2"]) {
      const variables = [`-var=endpoint=${portico.url}`, `-var=v=${version}`];
      await terraform(["apply", "-no-color", "-auto-approve", ...variables]);
      // Status 2 would mean that the plan wants changes.
      await terraform(["plan", "-no-color", "-detailed-exitcode", ...variables]);
    }
    await terraform(["destroy", "-no-color", "-auto-approve", `-var=endpoint=${portico.url}`, "-var=v=2"]);
    assert.deepEqual(
      await (await fetch(`${portico.url}/restapis`, { headers: { accept: "application/json" } })).json(),
      {
        item: [],
      },
    );
  } finally {
    await portico.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
