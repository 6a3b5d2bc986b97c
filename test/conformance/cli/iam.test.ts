// `aws iam` and `aws sts`: what an operator types.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { clientEnvironment, run, tool } from "../../tool.ts";
import { startForSuite } from "../sdk/sdk-client.ts";

const aws = tool("aws", ["--version"], true);

describe("aws iam, aws sts", aws, () => {
  const portico = startForSuite();
  const ask = (args: readonly string[], more: Record<string, string> = {}) =>
    run("aws", ["--endpoint-url", portico.url, ...args, "--output", "json"], {
      env: { ...clientEnvironment(portico.url), ...more },
    });
  const cli = async (...args: string[]): Promise<Record<string, Record<string, unknown>>> => {
    const ran = await ask(args);
    assert.equal(ran.status, 0, `aws ${args.join(" ")}\n${ran.stderr}`);
    return ran.stdout.trim() ? JSON.parse(ran.stdout) : {};
  };
  const policy = (statement: object): string =>
    JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });
  const trust = policy({ Principal: { AWS: "000000000000" }, Action: "sts:AssumeRole" });
  const role = ["--role-name", "operator"];

  it("makes a role with policies, assumes it, and is told who it is", async () => {
    const made = await cli("iam", "create-role", ...role, "--assume-role-policy-document", trust);
    assert.deepEqual(made["Role"]?.["AssumeRolePolicyDocument"], JSON.parse(trust));
    const may = policy({ Action: "sqs:*", Resource: "arn:aws:sqs:*:*:a+b c%" });
    await cli("iam", "put-role-policy", ...role, "--policy-name", "p", "--policy-document", may);
    const shown = await cli("iam", "get-role-policy", ...role, "--policy-name", "p");
    assert.deepEqual(shown["PolicyDocument"], JSON.parse(may));
    const managed = "arn:aws:iam::aws:policy/AmazonSQSFullAccess";
    await cli("iam", "attach-role-policy", ...role, "--policy-arn", managed);
    const attached = await cli(
      "iam",
      "list-attached-role-policies",
      ...role,
      "--query",
      "AttachedPolicies[].PolicyArn",
    );
    assert.deepEqual(attached, [managed]);
    const roles = await cli("iam", "list-roles", "--page-size", "1", "--query", "Roles[].RoleName");
    assert.deepEqual(roles, ["operator"]);

    const arn = "arn:aws:iam::000000000000:role/operator";
    const { Credentials } = await cli("sts", "assume-role", "--role-arn", arn, "--role-session-name", "me");
    const session = {
      AWS_ACCESS_KEY_ID: String(Credentials?.["AccessKeyId"]),
      AWS_SECRET_ACCESS_KEY: String(Credentials?.["SecretAccessKey"]),
      AWS_SESSION_TOKEN: String(Credentials?.["SessionToken"]),
    };
    const asked = await ask(["sts", "get-caller-identity"], session);
    assert.equal(JSON.parse(asked.stdout).Arn, "arn:aws:sts::000000000000:assumed-role/operator/me");
    // Its calls are its account's.
    const seen = await ask(["iam", "list-roles", "--query", "Roles[].RoleName"], session);
    assert.deepEqual(JSON.parse(seen.stdout), ["operator"]);
    const missing = await ask(["iam", "get-role", "--role-name", "nobody"]);
    assert.match(missing.stderr, /\(NoSuchEntity\) .* The role with name nobody cannot be found\./);
    const mfa = await ask(["iam", "get-account-password-policy"]);
    assert.match(mfa.stderr, /NotImplemented.* GetAccountPasswordPolicy of IAM is not implemented yet/);
  });
});
