import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPortico } from "../../../portico.ts";
import { clientEnvironment, noTimeInCi, run, tool } from "../../../tool.ts";

// Where this project's machines keep the provider. Terraform's own registry is none that CI reaches.
const mirror = "/opt/tf-plugins";
const { skip } = tool("terraform", ["version"], false);

/** For `test`'s option `skip`: these tests take a minute or two each, so that `npm test` leaves them to CI. */
export const terraformSkip: string | false =
  skip ||
  (existsSync(mirror) ? false : `the AWS provider is not in ${mirror}, and no registry has it`) ||
  (process.env["PORTICO_CI"] ? false : "it takes a minute or two: PORTICO_CI=1 runs it");

/** The same for companion services, and for what another of these tests has, too. */
export const furtherTerraformSkip: string | false = terraformSkip || noTimeInCi;

export interface Terraform {
  /** The server's URL. */
  readonly url: string;
  /** A folder of its own, with the configuration in it. */
  readonly folder: string;
  /** The configuration's text. */
  readonly configuration: string;
  /** Runs `terraform ARGS`, which must end with 0, and answers its standard output. */
  run(...args: string[]): Promise<string>;
  /** Forgets the resources, by address, imports them by their ids in one apply, and answers its standard output. */
  importAgain(ids: Readonly<Record<string, string>>, ...variables: string[]): Promise<string>;
  /** `terraform plan` must find nothing to do. */
  planIsEmpty(...variables: string[]): Promise<void>;
}

/**
 * Runs `work` with Terraform and its real AWS provider, on a copy of a configuration, against a server that is started
 * with these arguments.
 */
export async function withTerraform(
  configuration: string,
  work: (terraform: Terraform) => Promise<void>,
  args: readonly string[] = [],
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "portico-terraform-"));
  const portico = await startPortico({ args });
  try {
    copyFileSync(join(import.meta.dirname, configuration), join(folder, "main.tf"));
    const settings = join(folder, "terraformrc");
    writeFileSync(settings, `provider_installation {\n  filesystem_mirror { path = "${mirror}" }\n}\n`);
    const env = {
      ...clientEnvironment(portico.url),
      TF_CLI_CONFIG_FILE: settings,
      CHECKPOINT_DISABLE: "1",
      TF_IN_AUTOMATION: "1",
    };
    const succeed = async (...args: string[]): Promise<string> => {
      const ran = await run("terraform", args, { cwd: folder, env });
      assert.equal(ran.status, 0, `terraform ${args.join(" ")}\n${ran.stdout}\n${ran.stderr}`);
      return ran.stdout;
    };
    await succeed("init", "-no-color");
    await work({
      url: portico.url,
      folder,
      configuration: readFileSync(join(folder, "main.tf"), "utf8"),
      run: succeed,
      async importAgain(ids, ...variables) {
        await succeed("state", "rm", ...Object.keys(ids));
        const blocks = Object.entries(ids).map(
          ([to, id]) => `import {\n  to = ${to}\n  id = ${JSON.stringify(id)}\n}\n`,
        );
        writeFileSync(join(folder, "imports.tf"), blocks.join(""));
        const output = await succeed("apply", "-no-color", "-auto-approve", ...variables);
        assert.match(output, new RegExp(`Resources: ${blocks.length} imported, 0 added`));
        rmSync(join(folder, "imports.tf"));
        return output;
      },
      // Status 2 would mean that the plan wants changes.
      planIsEmpty: async (...variables) =>
        void (await succeed("plan", "-no-color", "-detailed-exitcode", ...variables)),
    });
  } finally {
    await portico.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

let schema: Promise<string> | undefined;

/** The provider's types whose names begin so: how many there are, and those that a configuration does not use. */
export async function typesOf(
  terraform: Terraform,
  prefix: string,
  configuration: string,
): Promise<{ known: number; unused: string[] }> {
  schema ??= terraform.run("providers", "schema", "-json");
  const { provider_schemas } = JSON.parse(await schema);
  const { resource_schemas, data_source_schemas } = Object.values(provider_schemas)[0] as Record<string, object>;
  const known = [
    ...Object.keys(resource_schemas!).map((type) => `resource "${type}"`),
    ...Object.keys(data_source_schemas!).map((type) => `data "${type}"`),
  ].filter((block) => block.includes(`"${prefix}`));
  return { known: known.length, unused: known.filter((block) => !configuration.includes(`${block} `)) };
}
