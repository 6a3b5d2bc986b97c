import assert from "node:assert/strict";
import { test } from "node:test";
import {
  GetUserCommand,
  IAMClient,
  ListAccountAliasesCommand,
  ListGroupsCommand,
  ListOpenIDConnectProvidersCommand,
  ListUsersCommand,
} from "@aws-sdk/client-iam";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { makeClient } from "../../sdk/sdk-client.ts";
import { furtherTerraformSkip, withTerraform } from "./terraform.ts";

test("Terraform: users, groups and keys are made, planned without changes, changed in place, imported, destroyed", {
  skip: furtherTerraformSkip,
}, async () => {
  await withTerraform("iam-users/main.tf", async (terraform) => {
    const variables = [`-var=endpoint=${terraform.url}`];
    const caller = { accountId: "111122223333" };
    const iam = makeClient(IAMClient, terraform, caller);
    const ids = new Set<string | undefined>();
    for (const [version, arn, name] of [
      ["1", "arn:aws:iam::111122223333:user/caller", "caller"],
      ["2", "arn:aws:iam::111122223333:user/moved/caller-two", "caller-two"],
      ["3", "arn:aws:iam::111122223333:user/moved/caller-two", "caller-two"],
    ] as const) {
      const all = [...variables, `-var=v=${version}`];
      await terraform.run("apply", "-no-color", "-auto-approve", ...all);
      await terraform.planIsEmpty(...all);
      const output = JSON.parse(await terraform.run("output", "-json")) as Record<string, { value: unknown }>;
      assert.deepEqual([output["arn"]?.value, output["members"]?.value], [arn, [name]]);
      ids.add((await iam.send(new GetUserCommand({ UserName: name }))).User?.UserId);
      const { id, secret } = (output["key"]?.value ?? {}) as { id: string; secret: string };
      assert.match(secret, /^[A-Za-z0-9/+]{40}$/);
      const sts = makeClient(STSClient, terraform, { accountId: id });
      const asked = sts.send(new GetCallerIdentityCommand({}));
      if (version === "1") assert.equal((await asked).Arn, arn);
      else await assert.rejects(asked, /security token included in the request is invalid/);
      sts.destroy();
    }
    assert.equal(ids.size, 1, "a user who is renamed is the same user");
    const all = [...variables, "-var=v=3"];
    await terraform.importAgain(
      {
        "aws_iam_user.caller": "caller-two",
        "aws_iam_user_policy.own": "caller-two:own",
        "aws_iam_user_policy_attachment.invoke": "caller-two/arn:aws:iam::111122223333:policy/api/invoke",
        "aws_iam_group.callers": "callers-two",
        "aws_iam_group_policy.own": "callers-two:own",
        "aws_iam_account_alias.alias": "portico-users",
        "aws_iam_openid_connect_provider.login": "arn:aws:iam::111122223333:oidc-provider/id.example.com/pool",
      },
      ...all,
    );
    await terraform.planIsEmpty(...all);
    await terraform.run("destroy", "-no-color", "-auto-approve", ...all);
    assert.deepEqual((await iam.send(new ListUsersCommand({}))).Users, []);
    assert.deepEqual((await iam.send(new ListGroupsCommand({}))).Groups, []);
    assert.deepEqual((await iam.send(new ListAccountAliasesCommand({}))).AccountAliases, []);
    assert.deepEqual((await iam.send(new ListOpenIDConnectProvidersCommand({}))).OpenIDConnectProviderList, []);
    iam.destroy();
  });
});
