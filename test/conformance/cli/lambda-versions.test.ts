// docs/guide/functions.md, command by command, as its reader types it.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { clientEnvironment, furtherTool, run } from "../../tool.ts";
import { startForSuite, zip } from "../sdk/sdk-client.ts";

describe("aws lambda: versions and aliases", furtherTool("aws", ["--version"], true), () => {
  const portico = startForSuite();
  const folder = mkdtempSync(join(tmpdir(), "portico-cli-versions-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const aws = async (line: string): Promise<string> => {
    const env = { ...clientEnvironment(portico.url), AWS_ENDPOINT_URL: portico.url };
    const ran = await run("sh", ["-c", `aws lambda ${line}`], { cwd: folder, env });
    return ran.status === 0 ? ran.stdout.trim() : ran.stderr.trim();
  };
  const write = (what: string): void =>
    writeFileSync(join(folder, "code.zip"), zip(`exports.handler = async () => "${what}"`));

  it("are published, named, weighted, permitted and deleted", async () => {
    write("one");
    const create = "--runtime nodejs22.x --handler index.handler --role arn:aws:iam::000000000000:role/r";
    await aws(`create-function --function-name greet ${create} --zip-file fileb://code.zip`);
    assert.equal(await aws("publish-version --function-name greet --query Version --output text"), "1");
    write("two");
    const update = "update-function-code --function-name greet --zip-file fileb://code.zip --publish";
    assert.equal(await aws(`${update} --query Version --output text`), "2");
    const invoke = async (name: string): Promise<string> => {
      const version = await aws(`invoke --function-name ${name} answer.json --query ExecutedVersion --output text`);
      return `${version} ${readFileSync(join(folder, "answer.json"), "utf8")}`;
    };
    assert.equal(await invoke("greet:1"), '1 "one"');
    assert.equal(await invoke("greet --qualifier 1"), '1 "one"');
    await aws("create-alias --function-name greet --name prod --function-version 1");
    assert.equal(await invoke("greet:prod"), '1 "one"');
    const weights = "update-alias --function-name greet --name prod --routing-config";
    assert.equal(
      await aws(`${weights} '{"AdditionalVersionWeights": {"2": 0.1}}' --query RoutingConfig --output json`),
      JSON.stringify({ AdditionalVersionWeights: { "2": 0.1 } }, undefined, 4),
    );
    const moved = "--function-version 2 --routing-config '{\"AdditionalVersionWeights\": {}}'";
    assert.equal(await aws(`update-alias --function-name greet --name prod ${moved} --query FunctionVersion`), '"2"');
    assert.equal(await invoke("greet:prod"), '2 "two"');
    const permission =
      "--statement-id gateway --action lambda:InvokeFunction --principal apigateway.amazonaws.com --source-arn 'arn:aws:execute-api:us-east-1:000000000000:ID/*/*'";
    assert.match(await aws(`add-permission --function-name greet:prod ${permission}`), /function:greet:prod/);
    const versions = "list-versions-by-function --function-name greet --query 'Versions[].Version' --output text";
    assert.equal(await aws(versions), "$LATEST\t1\t2");
    assert.match(
      await aws("delete-function --function-name greet --qualifier 2"),
      /\(ResourceConflictException\).*: Unable to delete version because the following aliases reference it: \[prod\]/,
    );
    await aws("delete-function --function-name greet --qualifier 1");
    assert.equal(await aws(versions), "$LATEST\t2");
  });
});
