// `aws wafv2`: what an operator types.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { clientEnvironment, furtherTool, run } from "../../tool.ts";
import { startForSuite } from "../sdk/sdk-client.ts";

const aws = furtherTool("aws", ["--version"], true);
const scope = ["--scope", "REGIONAL"];

describe("aws wafv2", aws, () => {
  const portico = startForSuite();
  const env = () => clientEnvironment(portico.url);
  const call = (...args: string[]) => ["--endpoint-url", portico.url, "wafv2", ...args];
  const cli = async (...args: string[]): Promise<Record<string, never>> => {
    const ran = await run("aws", call(...args, "--output", "json"), { env: env() });
    assert.equal(ran.status, 0, `aws wafv2 ${args.join(" ")}\n${ran.stderr}`);
    return ran.stdout.trim() ? JSON.parse(ran.stdout) : {};
  };
  const refused = async (...args: string[]): Promise<string> =>
    (await run("aws", call(...args), { env: env() })).stderr;

  it("makes a web ACL with a text to search, shows it, and refuses what is stale, taken or unknown", async () => {
    const visibility = { SampledRequestsEnabled: false, CloudWatchMetricsEnabled: false, MetricName: "words" };
    const inspection = { FieldToMatch: { UriPath: {} }, TextTransformations: [{ Priority: 0, Type: "NONE" }] };
    const rules = [
      {
        Name: "words",
        Priority: 0,
        Statement: {
          ByteMatchStatement: { SearchString: "admin123", PositionalConstraint: "CONTAINS", ...inspection },
        },
        Action: { Block: {} },
        VisibilityConfig: visibility,
      },
    ];
    const config = `SampledRequestsEnabled=false,CloudWatchMetricsEnabled=false,MetricName=pets`;
    const create = ["create-web-acl", "--name", "pets", ...scope, "--default-action", "Allow={}"];
    create.push("--visibility-config", config, "--rules", JSON.stringify(rules));
    const { Summary } = (await cli(...create)) as unknown as { Summary: Readonly<Record<string, string>> };
    assert.match(await refused(...create), /\(WAFDuplicateItemException\) .* duplicate of an existing one/);
    const named = ["--name", "pets", ...scope, "--id", Summary["Id"]!];
    const found = await cli(
      "get-web-acl",
      ...named,
      "--query",
      "WebACL.[Capacity,Rules[0].Statement.ByteMatchStatement.SearchString]",
    );
    // The CLI's first version takes a blob in JSON as it is written, and the second one takes it as base64.
    const [capacity, shown] = found as unknown as [number, string];
    assert.equal(capacity, 10);
    assert.ok(["admin123", Buffer.from("admin123").toString("base64")].includes(shown), shown);
    const stale = await refused("delete-web-acl", ...named, "--lock-token", "0b4a71a2-0000-4000-8000-000000000000");
    assert.match(stale, /\(WAFOptimisticLockException\)/);
    assert.match(
      await refused("get-web-acl", ...scope, "--name", "none", "--id", Summary["Id"]!),
      /\(WAFNonexistentItemException\)/,
    );
    const arn = "arn:aws:apigateway:us-east-1::/restapis/none/stages/prod";
    assert.match(
      await refused("associate-web-acl", "--web-acl-arn", Summary["ARN"]!, "--resource-arn", arn),
      /\(WAFNonexistentItemException\)/,
    );
    assert.match(
      await refused("generate-mobile-sdk-release-url", "--platform", "IOS", "--release-version", "1"),
      /NotImplementedException/,
    );
    await cli("delete-web-acl", ...named, "--lock-token", Summary["LockToken"]!);
    assert.deepEqual((await cli("list-web-acls", ...scope))["WebACLs"], []);
  });
});
