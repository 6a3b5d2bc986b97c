// `aws iam` and `aws sts`: what an operator types.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { clientEnvironment, furtherTool, run } from "../../tool.ts";
import { startForSuite } from "../sdk/sdk-client.ts";

const aws = furtherTool("aws", ["--version"], true);

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

  it("makes a user with a group and a key, who is told to be the user, and takes them away again", async () => {
    const user = ["--user-name", "caller"];
    const group = ["--group-name", "callers"];
    await cli("iam", "create-user", ...user, "--tags", "Key=team,Value=pets", "--path", "/app/");
    await cli("iam", "create-group", ...group);
    await cli("iam", "add-user-to-group", ...user, ...group);
    const may = policy({ Action: ["iam:Get*", "sts:*"], Resource: "*" });
    await cli("iam", "put-group-policy", ...group, "--policy-name", "p", "--policy-document", may);
    const { AccessKey } = await cli("iam", "create-access-key", ...user);
    const id = String(AccessKey?.["AccessKeyId"]);
    const key = { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: String(AccessKey?.["SecretAccessKey"]) };
    const arn = "arn:aws:iam::000000000000:user/app/caller";
    assert.equal(JSON.parse((await ask(["sts", "get-caller-identity"], key)).stdout).Arn, arn);
    // Without a name, the command is about whoever calls.
    assert.equal(JSON.parse((await ask(["iam", "get-user"], key)).stdout).User.Arn, arn);
    const last = await cli("iam", "get-access-key-last-used", "--access-key-id", id);
    assert.equal(last["AccessKeyLastUsed"]?.["ServiceName"], "iam");
    const held = await ask(["sts", "get-federation-token", "--name", "guest", "--policy", may], key);
    const { Credentials, FederatedUser } = JSON.parse(held.stdout);
    const guest = {
      AWS_ACCESS_KEY_ID: Credentials.AccessKeyId,
      AWS_SECRET_ACCESS_KEY: Credentials.SecretAccessKey,
      AWS_SESSION_TOKEN: Credentials.SessionToken,
    };
    assert.equal(JSON.parse((await ask(["sts", "get-caller-identity"], guest)).stdout).Arn, FederatedUser.Arn);
    assert.match((await ask(["iam", "get-user"], guest)).stderr, /\(InvalidClientTokenId\)/);
    const info = await cli("sts", "get-access-key-info", "--access-key-id", id);
    assert.deepEqual(info, { Account: "000000000000" });

    const held409 = await ask(["iam", "delete-user", ...user]);
    assert.match(held409.stderr, /\(DeleteConflict\) .* must delete access keys first/);
    await cli("iam", "delete-access-key", ...user, "--access-key-id", id);
    // The session has its user still, and ends with it.
    assert.equal((await ask(["sts", "get-caller-identity"], guest)).status, 0);
    await cli("iam", "remove-user-from-group", ...user, ...group);
    await cli("iam", "delete-user", ...user);
    assert.match((await ask(["sts", "get-caller-identity"], guest)).stderr, /\(InvalidClientTokenId\)/);
    assert.deepEqual(await cli("iam", "list-users", "--query", "Users"), []);
  });
});
