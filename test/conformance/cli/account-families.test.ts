// Keys, plans, certificates and VPC links with the AWS CLI, as AWS's guide has it.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startPortico } from "../../portico.ts";
import { clientEnvironment, run, tool } from "../../tool.ts";

const aws = tool("aws", ["--version"], true);

let portico: Awaited<ReturnType<typeof startPortico>>;
let folder: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "portico-cli-"));
  portico = await startPortico({ args: ["--threads", "1"] });
});
after(async () => {
  await portico.stop();
  rmSync(folder, { recursive: true, force: true });
});

// biome-ignore lint/suspicious/noExplicitAny: what the CLI prints is looked at member by member.
async function cli(...args: string[]): Promise<any> {
  const ran = await run("aws", ["apigateway", ...args, "--output", "json"], { env: clientEnvironment(portico.url) });
  assert.equal(ran.status, 0, `aws apigateway ${args.join(" ")}\n${ran.stderr}`);
  return ran.stdout.trim() ? JSON.parse(ran.stdout) : {};
}

test("keys are imported from a file into a usage plan with a quota, and one gets an extension", aws, async () => {
  const plan = await cli(
    ...["create-usage-plan", "--name", "New Usage Plan", "--description", "A new usage plan"],
    ...["--throttle", "burstLimit=10,rateLimit=5", "--quota", "limit=500,offset=0,period=MONTH"],
  );
  const file = join(folder, "keys.csv");
  writeFileSync(
    file,
    `Name,key,description,Enabled,usageplanIds\nMyFirstApiKey,apikey1234abcdefghij0123456789,An imported key,TRUE,${plan.id}\n`,
  );
  const imported = await cli("import-api-keys", "--format", "csv", "--fail-on-warnings", "--body", `fileb://${file}`);
  const [keyId] = imported.ids;
  const { items } = await cli("get-api-keys", "--name-query", "My", "--include-values");
  assert.deepEqual([items[0].id, items[0].value], [keyId, "apikey1234abcdefghij0123456789"]);
  const usage = await cli(
    ...["update-usage", "--usage-plan-id", plan.id, "--key-id", keyId],
    ...["--patch-operations", "op=replace,path=/remaining,value=10"],
  );
  assert.deepEqual(usage.items, { [keyId]: [[0, 10]] });
  const days = ["--start-date", "2016-08-16", "--end-date", "2016-08-17"];
  assert.deepEqual((await cli("get-usage", "--usage-plan-id", plan.id, ...days)).items, {
    [keyId]: [
      [0, 500],
      [0, 500],
    ],
  });
});

test("a client certificate is generated, and a VPC link is there when it is read", aws, async () => {
  const certificate = await cli("generate-client-certificate", "--description", "My First Client Certificate");
  assert.match(certificate.pemEncodedCertificate, /^-----BEGIN CERTIFICATE-----\n/);
  const arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/my-nlb/50dc6c495c0c9188";
  const made = await cli("create-vpc-link", "--name", "my-vpc-link", "--target-arns", arn);
  assert.equal(made.status, "PENDING");
  assert.equal((await cli("get-vpc-link", "--vpc-link-id", made.id)).status, "AVAILABLE");
});
