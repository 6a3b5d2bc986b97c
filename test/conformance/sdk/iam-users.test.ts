// IAM's users, groups and access keys by AWS's SDK.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  AddClientIDToOpenIDConnectProviderCommand,
  AddUserToGroupCommand,
  AttachGroupPolicyCommand,
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateAccountAliasCommand,
  CreateGroupCommand,
  CreateLoginProfileCommand,
  CreateOpenIDConnectProviderCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteAccountAliasCommand,
  DeleteGroupCommand,
  DeleteLoginProfileCommand,
  DeleteOpenIDConnectProviderCommand,
  DeletePolicyCommand,
  DeleteUserCommand,
  DeleteUserPermissionsBoundaryCommand,
  DeleteUserPolicyCommand,
  DetachUserPolicyCommand,
  GetAccessKeyLastUsedCommand,
  GetAccountAuthorizationDetailsCommand,
  GetAccountSummaryCommand,
  GetGroupCommand,
  GetGroupPolicyCommand,
  GetOpenIDConnectProviderCommand,
  GetUserCommand,
  GetUserPolicyCommand,
  IAMClient,
  ListAccessKeysCommand,
  ListAccountAliasesCommand,
  ListAttachedUserPoliciesCommand,
  ListEntitiesForPolicyCommand,
  ListGroupPoliciesCommand,
  ListGroupsCommand,
  ListGroupsForUserCommand,
  ListMFADevicesCommand,
  ListOpenIDConnectProvidersCommand,
  ListUserPoliciesCommand,
  ListUsersCommand,
  ListUserTagsCommand,
  PutGroupPolicyCommand,
  PutUserPermissionsBoundaryCommand,
  PutUserPolicyCommand,
  paginateGetAccountAuthorizationDetails,
  paginateListUsers,
  RemoveClientIDFromOpenIDConnectProviderCommand,
  RemoveUserFromGroupCommand,
  TagUserCommand,
  UntagUserCommand,
  UpdateAccessKeyCommand,
  UpdateGroupCommand,
  UpdateOpenIDConnectProviderThumbprintCommand,
  UpdateUserCommand,
} from "@aws-sdk/client-iam";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { accountOfAccessKey } from "../../../src/access/access-key-id.ts";
import { startForSuite } from "./sdk-client.ts";

const policy = (more: object): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Resource: "*", ...more }] });
const mayInvoke = policy({ Action: "execute-api:Invoke" });
const readOnly = "arn:aws:iam::aws:policy/IAMReadOnlyAccess";
const administrator = "arn:aws:iam::aws:policy/AdministratorAccess";

describe("iam: users, groups and keys", () => {
  const portico = startForSuite();
  const settings = (accessKeyId: string, secretAccessKey = "test") => ({
    endpoint: portico.url,
    region: "eu-west-1",
    credentials: { accessKeyId, secretAccessKey },
  });
  /** Each test has an account of its own. */
  const iam = (account: string, secret?: string) => new IAMClient(settings(account, secret));
  const refusal = async (call: Promise<unknown>): Promise<[string, number | undefined, string]> => {
    try {
      await call;
    } catch (error) {
      const { name, $metadata, message } = error as Error & { $metadata?: { httpStatusCode?: number } };
      return [name, $metadata?.httpStatusCode, message];
    }
    return assert.fail("the call was not refused");
  };
  const missing = (message: string) => ["NoSuchEntityException", 404, message];
  const conflict = (message: string) => ["DeleteConflictException", 409, message];

  it("makes a user, shows, tags, moves and renames it, and deletes it when nothing is left of it", async () => {
    const client = iam("111111111101");
    const { User } = await client.send(
      new CreateUserCommand({ UserName: "Bob", Path: "/staff/", Tags: [{ Key: "team", Value: "pets" }] }),
    );
    assert.equal(User?.Arn, "arn:aws:iam::111111111101:user/staff/Bob");
    assert.match(User?.UserId ?? "", /^AIDA[A-Z0-9]{17}$/);
    assert.deepEqual(User?.Tags, [{ Key: "team", Value: "pets" }]);
    assert.deepEqual(await refusal(client.send(new CreateUserCommand({ UserName: "bob" }))), [
      "EntityAlreadyExistsException",
      409,
      "User with name bob already exists.",
    ]);
    const UserName = "Bob";
    await client.send(new TagUserCommand({ UserName, Tags: [{ Key: "a", Value: "1" }] }));
    await client.send(new UntagUserCommand({ UserName, TagKeys: ["TEAM"] }));
    assert.deepEqual((await client.send(new ListUserTagsCommand({ UserName }))).Tags, [{ Key: "a", Value: "1" }]);
    await client.send(new PutUserPermissionsBoundaryCommand({ UserName, PermissionsBoundary: readOnly }));
    assert.deepEqual((await client.send(new GetUserCommand({ UserName }))).User?.PermissionsBoundary, {
      PermissionsBoundaryType: "Policy",
      PermissionsBoundaryArn: readOnly,
    });
    await client.send(new DeleteUserPermissionsBoundaryCommand({ UserName }));
    await client.send(new PutUserPolicyCommand({ UserName, PolicyName: "may", PolicyDocument: mayInvoke }));
    await client.send(new AttachUserPolicyCommand({ UserName, PolicyArn: administrator }));
    const { AccessKey } = await client.send(new CreateAccessKeyCommand({ UserName }));

    await client.send(new UpdateUserCommand({ UserName, NewUserName: "Robert", NewPath: "/" }));
    const renamed = (await client.send(new GetUserCommand({ UserName: "robert" }))).User;
    assert.deepEqual(
      [renamed?.UserName, renamed?.Arn, renamed?.UserId],
      ["Robert", "arn:aws:iam::111111111101:user/Robert", User?.UserId],
    );
    assert.deepEqual(
      await refusal(client.send(new GetUserCommand({ UserName }))),
      missing("The user with name Bob cannot be found."),
    );
    const Renamed = { UserName: "Robert" };
    const own = await client.send(new GetUserPolicyCommand({ ...Renamed, PolicyName: "may" }));
    assert.deepEqual(JSON.parse(decodeURIComponent(own.PolicyDocument ?? "")), JSON.parse(mayInvoke));
    // The key goes on belonging to the user.
    const key = new STSClient(settings(AccessKey?.AccessKeyId ?? "", AccessKey?.SecretAccessKey ?? ""));
    assert.equal((await key.send(new GetCallerIdentityCommand({}))).Arn, "arn:aws:iam::111111111101:user/Robert");

    const remove = () => refusal(client.send(new DeleteUserCommand(Renamed)));
    assert.deepEqual(await remove(), conflict("Cannot delete entity, must detach all policies first."));
    assert.deepEqual((await client.send(new ListAttachedUserPoliciesCommand(Renamed))).AttachedPolicies, [
      { PolicyName: "AdministratorAccess", PolicyArn: administrator },
    ]);
    await client.send(new DetachUserPolicyCommand({ ...Renamed, PolicyArn: administrator }));
    assert.deepEqual(await remove(), conflict("Cannot delete entity, must delete policies first."));
    assert.deepEqual((await client.send(new ListUserPoliciesCommand(Renamed))).PolicyNames, ["may"]);
    await client.send(new DeleteUserPolicyCommand({ ...Renamed, PolicyName: "may" }));
    assert.deepEqual(
      await refusal(client.send(new GetUserPolicyCommand({ ...Renamed, PolicyName: "may" }))),
      missing("The user policy with name may cannot be found."),
    );
    assert.deepEqual(await remove(), conflict("Cannot delete entity, must delete access keys first."));
    await client.send(new DeleteAccessKeyCommand({ ...Renamed, AccessKeyId: AccessKey?.AccessKeyId }));
    await client.send(new CreateGroupCommand({ GroupName: "g" }));
    await client.send(new AddUserToGroupCommand({ ...Renamed, GroupName: "g" }));
    assert.deepEqual(await remove(), conflict("Cannot delete entity, must remove users from group first."));
    await client.send(new RemoveUserFromGroupCommand({ ...Renamed, GroupName: "g" }));
    await client.send(new DeleteUserCommand(Renamed));
    assert.deepEqual((await client.send(new ListUsersCommand({}))).Users, []);
  });

  it("makes a group, whose members are found both ways, and renames it with them", async () => {
    const client = iam("111111111102");
    const { Group } = await client.send(new CreateGroupCommand({ GroupName: "Admins", Path: "/x/" }));
    assert.equal(Group?.Arn, "arn:aws:iam::111111111102:group/x/Admins");
    assert.match(Group?.GroupId ?? "", /^AGPA[A-Z0-9]{17}$/);
    for (const UserName of ["a", "b", "c"]) await client.send(new CreateUserCommand({ UserName }));
    for (const UserName of ["c", "a", "a"]) {
      await client.send(new AddUserToGroupCommand({ UserName, GroupName: "admins" }));
    }
    await client.send(new PutGroupPolicyCommand({ GroupName: "Admins", PolicyName: "p", PolicyDocument: mayInvoke }));
    await client.send(new AttachGroupPolicyCommand({ GroupName: "Admins", PolicyArn: administrator }));
    await client.send(new UpdateGroupCommand({ GroupName: "Admins", NewGroupName: "Owners" }));
    const shown = await client.send(new GetGroupCommand({ GroupName: "owners" }));
    assert.deepEqual(
      [shown.Group?.Arn, shown.Users?.map(({ UserName }) => UserName)],
      ["arn:aws:iam::111111111102:group/x/Owners", ["a", "c"]],
    );
    const first = await client.send(new GetGroupCommand({ GroupName: "Owners", MaxItems: 1 }));
    const rest = await client.send(new GetGroupCommand({ GroupName: "Owners", Marker: first.Marker }));
    assert.deepEqual(
      [first, rest].map(({ Users, IsTruncated }) => [Users?.map(({ UserName }) => UserName), IsTruncated]),
      [
        [["a"], true],
        [["c"], false],
      ],
    );
    const groups = await client.send(new ListGroupsForUserCommand({ UserName: "a" }));
    assert.deepEqual(
      groups.Groups?.map(({ GroupName }) => GroupName),
      ["Owners"],
    );
    assert.equal((await client.send(new ListGroupsCommand({ PathPrefix: "/x/" }))).Groups?.length, 1);
    assert.deepEqual((await client.send(new ListGroupPoliciesCommand({ GroupName: "Owners" }))).PolicyNames, ["p"]);
    assert.equal(
      (await client.send(new GetGroupPolicyCommand({ GroupName: "Owners", PolicyName: "p" }))).GroupName,
      "Owners",
    );
    const holders = await client.send(new ListEntitiesForPolicyCommand({ PolicyArn: administrator }));
    assert.deepEqual(
      [holders.PolicyGroups?.map(({ GroupName }) => GroupName), holders.PolicyUsers, holders.PolicyRoles],
      [["Owners"], [], []],
    );
    assert.deepEqual(
      await refusal(client.send(new RemoveUserFromGroupCommand({ UserName: "b", GroupName: "Owners" }))),
      missing("The user b is not in the group Owners."),
    );
    assert.deepEqual(
      await refusal(client.send(new GetGroupCommand({ GroupName: "Admins" }))),
      missing("The group with name Admins cannot be found."),
    );
    assert.deepEqual(
      await refusal(client.send(new DeleteGroupCommand({ GroupName: "Owners" }))),
      conflict("Cannot delete entity, must detach all policies first."),
    );
    for (let n = 0; n < 10; n++) {
      await client.send(new CreateGroupCommand({ GroupName: `g${n}` }));
      const add = client.send(new AddUserToGroupCommand({ UserName: "a", GroupName: `g${n}` }));
      if (n < 9) await add;
      else {
        assert.deepEqual(await refusal(add), [
          "LimitExceededException",
          409,
          "Cannot exceed quota for GroupsPerUser: 10",
        ]);
      }
    }
  });

  it("makes at most two access keys of a user, which name the user wherever they call", async () => {
    const client = iam("111111111103");
    await client.send(new CreateUserCommand({ UserName: "caller", Path: "/p/" }));
    const UserName = "caller";
    const { AccessKey: one } = await client.send(new CreateAccessKeyCommand({ UserName }));
    const { AccessKey: two } = await client.send(new CreateAccessKeyCommand({ UserName }));
    assert.match(one?.AccessKeyId ?? "", /^AKIA[A-Z2-7]{16}$/);
    assert.equal(accountOfAccessKey(one?.AccessKeyId ?? ""), "111111111103");
    assert.match(one?.SecretAccessKey ?? "", /^[A-Za-z0-9/+]{40}$/);
    assert.notEqual(one?.SecretAccessKey, two?.SecretAccessKey);
    assert.deepEqual(await refusal(client.send(new CreateAccessKeyCommand({ UserName }))), [
      "LimitExceededException",
      409,
      "Cannot exceed quota for AccessKeysPerUser: 2",
    ]);
    // The secret is shown once.
    const { AccessKeyMetadata } = await client.send(new ListAccessKeysCommand({ UserName }));
    assert.deepEqual(
      AccessKeyMetadata?.map(({ CreateDate, ...rest }) => rest).sort((a, b) =>
        (a.AccessKeyId ?? "") < (b.AccessKeyId ?? "") ? -1 : 1,
      ),
      [one, two]
        .map((key) => ({ UserName, AccessKeyId: key?.AccessKeyId, Status: "Active" }))
        .sort((a, b) => ((a.AccessKeyId ?? "") < (b.AccessKeyId ?? "") ? -1 : 1)),
    );
    const keys = settings(one?.AccessKeyId ?? "", one?.SecretAccessKey ?? "");
    const lastUsed = async () => {
      const answer = await client.send(new GetAccessKeyLastUsedCommand({ AccessKeyId: one?.AccessKeyId }));
      return [answer.UserName, answer.AccessKeyLastUsed] as const;
    };
    assert.deepEqual(await lastUsed(), [UserName, { ServiceName: "N/A", Region: "N/A" }]);
    const sts = new STSClient(keys);
    const { UserId, Arn, Account } = await sts.send(new GetCallerIdentityCommand({}));
    assert.deepEqual([Arn, Account], ["arn:aws:iam::111111111103:user/p/caller", "111111111103"]);
    assert.match(UserId ?? "", /^AIDA/);
    const [, use] = await lastUsed();
    assert.deepEqual([use?.ServiceName, use?.Region, use?.LastUsedDate instanceof Date], ["sts", "eu-west-1", true]);
    // Without a name, IAM's operations are about the caller, and his calls are his account's.
    const own = new IAMClient(keys);
    assert.equal((await own.send(new GetUserCommand({}))).User?.UserName, UserName);
    assert.equal((await own.send(new ListAccessKeysCommand({}))).AccessKeyMetadata?.length, 2);
    assert.equal((await own.send(new ListUsersCommand({}))).Users?.length, 1);

    await client.send(new UpdateAccessKeyCommand({ UserName, AccessKeyId: one?.AccessKeyId, Status: "Inactive" }));
    assert.deepEqual(await refusal(sts.send(new GetCallerIdentityCommand({}))), [
      "InvalidClientTokenId",
      403,
      "The security token included in the request is invalid.",
    ]);
    await client.send(new UpdateAccessKeyCommand({ UserName, AccessKeyId: one?.AccessKeyId, Status: "Active" }));
    assert.equal((await sts.send(new GetCallerIdentityCommand({}))).UserId, UserId);
    const other = iam("111111111104");
    for (const Command of [GetAccessKeyLastUsedCommand, DeleteAccessKeyCommand]) {
      assert.deepEqual(
        await refusal(other.send(new Command({ AccessKeyId: one?.AccessKeyId }) as GetAccessKeyLastUsedCommand)),
        missing(`The Access Key with id ${one?.AccessKeyId} cannot be found.`),
      );
    }
    await client.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId: one?.AccessKeyId }));
    assert.deepEqual(
      await refusal(client.send(new GetAccessKeyLastUsedCommand({ AccessKeyId: one?.AccessKeyId }))),
      missing(`The Access Key with id ${one?.AccessKeyId} cannot be found.`),
    );
  });

  it("has AWS's quotas, and refuses names and paths that are none", async () => {
    const client = iam("111111111112");
    const UserName = "u";
    await client.send(new CreateUserCommand({ UserName }));
    await client.send(new CreateGroupCommand({ GroupName: "g" }));
    const long = (chars: number) => policy({ Action: `s3:${"x".repeat(chars)}` });
    const limited = (message: string) => ["LimitExceededException", 409, message];
    assert.deepEqual(
      await refusal(client.send(new PutUserPolicyCommand({ UserName, PolicyName: "p", PolicyDocument: long(2_000) }))),
      limited("Maximum policy size of 2048 bytes exceeded for user u"),
    );
    await client.send(new PutGroupPolicyCommand({ GroupName: "g", PolicyName: "p", PolicyDocument: long(5_000) }));
    assert.deepEqual(
      await refusal(
        client.send(new PutGroupPolicyCommand({ GroupName: "g", PolicyName: "q", PolicyDocument: mayInvoke })),
      ),
      limited("Maximum policy size of 5120 bytes exceeded for group g"),
    );
    for (let n = 0; n < 11; n++) {
      const { Policy } = await client.send(new CreatePolicyCommand({ PolicyName: `p${n}`, PolicyDocument: mayInvoke }));
      const attach = client.send(new AttachUserPolicyCommand({ UserName, PolicyArn: Policy?.Arn }));
      if (n < 10) await attach;
      else assert.deepEqual(await refusal(attach), limited("Cannot exceed quota for PoliciesPerUser: 10"));
    }
    for (const input of [
      { UserName: "a b" },
      { UserName: "a/b" },
      { UserName: "x".repeat(65) },
      { UserName: "v", Path: "x" },
      { UserName: "v", Path: "/a b/" },
      { UserName: "v", PermissionsBoundary: "arn:aws:iam::111111111112:policy/none-such" },
      { UserName: "v", Tags: [{ Key: "aws:x", Value: "" }] },
    ]) {
      const [, status] = await refusal(client.send(new CreateUserCommand(input)));
      assert.ok(status === 400 || status === 404, JSON.stringify(input));
    }
    assert.deepEqual((await client.send(new ListUsersCommand({}))).Users?.length, 1);
  });

  it("a root has keys of its own, and is what a number's key calls as", async () => {
    const root = iam("111111111105");
    const { User } = await root.send(new GetUserCommand({}));
    assert.deepEqual([User?.Arn, User?.UserId], ["arn:aws:iam::111111111105:root", "111111111105"]);
    const { AccessKey } = await root.send(new CreateAccessKeyCommand({}));
    const key = settings(AccessKey?.AccessKeyId ?? "", AccessKey?.SecretAccessKey ?? "");
    assert.equal(
      (await new STSClient(key).send(new GetCallerIdentityCommand({}))).Arn,
      "arn:aws:iam::111111111105:root",
    );
    const { SummaryMap } = await new IAMClient(key).send(new GetAccountSummaryCommand({}));
    assert.equal(SummaryMap?.["AccountAccessKeysPresent"], 1);
    await new IAMClient(key).send(new DeleteAccessKeyCommand({ AccessKeyId: AccessKey?.AccessKeyId }));
    assert.deepEqual((await root.send(new ListAccessKeysCommand({}))).AccessKeyMetadata, []);
  });

  it("lists everything of an account, in pages", async () => {
    const client = iam("111111111106");
    for (const UserName of ["u1", "U2", "u3"]) {
      await client.send(new CreateUserCommand({ UserName, Path: UserName === "u3" ? "/z/" : "/" }));
    }
    await client.send(new CreateGroupCommand({ GroupName: "g" }));
    await client.send(new AddUserToGroupCommand({ UserName: "U2", GroupName: "g" }));
    const { Policy } = await client.send(new CreatePolicyCommand({ PolicyName: "p", PolicyDocument: mayInvoke }));
    await client.send(new AttachUserPolicyCommand({ UserName: "u1", PolicyArn: Policy?.Arn }));
    await client.send(new AttachUserPolicyCommand({ UserName: "u1", PolicyArn: readOnly }));
    await client.send(new PutUserPolicyCommand({ UserName: "u1", PolicyName: "i", PolicyDocument: mayInvoke }));
    await client.send(
      new CreateRoleCommand({
        RoleName: "r",
        AssumeRolePolicyDocument: JSON.stringify({
          Statement: { Effect: "Allow", Principal: "*", Action: "sts:AssumeRole" },
        }),
      }),
    );
    const pages = [];
    for await (const page of paginateListUsers({ client, pageSize: 2 }, {})) pages.push(page.Users?.length);
    assert.deepEqual(pages, [2, 1]);
    assert.equal((await client.send(new ListUsersCommand({ PathPrefix: "/z/" }))).Users?.length, 1);
    const all = await client.send(new GetAccountAuthorizationDetailsCommand({}));
    assert.deepEqual(
      [
        all.UserDetailList?.map(({ UserName, GroupList }) => [UserName, GroupList]),
        all.GroupDetailList?.map(({ GroupName }) => GroupName),
        all.RoleDetailList?.map(({ RoleName }) => RoleName),
        all.Policies?.map(({ PolicyName, AttachmentCount, PolicyVersionList }) => [
          PolicyName,
          AttachmentCount,
          PolicyVersionList?.length,
        ]),
      ],
      [
        [
          ["u1", []],
          ["U2", ["g"]],
          ["u3", []],
        ],
        ["g"],
        ["r"],
        [
          ["p", 1, 1],
          ["IAMReadOnlyAccess", 1, 1],
        ],
      ],
    );
    assert.deepEqual(
      all.UserDetailList?.[0]?.UserPolicyList?.map(({ PolicyName, PolicyDocument }) => [
        PolicyName,
        JSON.parse(decodeURIComponent(PolicyDocument ?? "")),
      ]),
      [["i", JSON.parse(mayInvoke)]],
    );
    const names: (string | undefined)[] = [];
    for await (const page of paginateGetAccountAuthorizationDetails({ client, pageSize: 2 }, {})) {
      const rows = [
        ...(page.UserDetailList ?? []).map(({ UserName }) => UserName),
        ...(page.GroupDetailList ?? []).map(({ GroupName }) => GroupName),
        ...(page.RoleDetailList ?? []).map(({ RoleName }) => RoleName),
        ...(page.Policies ?? []).map(({ PolicyName }) => PolicyName),
      ];
      assert.ok(rows.length <= 2);
      names.push(...rows);
    }
    assert.deepEqual(names, ["u1", "U2", "u3", "g", "r", "p", "IAMReadOnlyAccess"]);
    let count = 0;
    for await (const page of paginateGetAccountAuthorizationDetails(
      { client, pageSize: 1 },
      { Filter: ["User", "Role"] },
    )) {
      count += (page.UserDetailList?.length ?? 0) + (page.RoleDetailList?.length ?? 0);
      assert.deepEqual([page.GroupDetailList, page.Policies], [[], []]);
    }
    assert.equal(count, 4);
    assert.deepEqual(
      await refusal(client.send(new DeletePolicyCommand({ PolicyArn: Policy?.Arn }))),
      conflict("Cannot delete a policy attached to entities."),
    );
    const { SummaryMap } = await client.send(new GetAccountSummaryCommand({}));
    assert.deepEqual(
      (["Users", "Groups", "Roles", "Policies", "UsersQuota"] as const).map((name) => SummaryMap?.[name]),
      [3, 1, 1, 1, 5000],
    );
  });

  it("an account's alias is its own among all accounts", async () => {
    const [one, two] = [iam("111111111107"), iam("111111111108")];
    await one.send(new CreateAccountAliasCommand({ AccountAlias: "acme" }));
    assert.deepEqual(await refusal(two.send(new CreateAccountAliasCommand({ AccountAlias: "acme" }))), [
      "EntityAlreadyExistsException",
      409,
      "The account alias acme already exists.",
    ]);
    await one.send(new CreateAccountAliasCommand({ AccountAlias: "acme-2" }));
    await two.send(new CreateAccountAliasCommand({ AccountAlias: "acme" }));
    assert.deepEqual((await one.send(new ListAccountAliasesCommand({}))).AccountAliases, ["acme-2"]);
    assert.equal((await refusal(one.send(new DeleteAccountAliasCommand({ AccountAlias: "acme" }))))[1], 404);
    await one.send(new DeleteAccountAliasCommand({ AccountAlias: "acme-2" }));
    assert.deepEqual((await one.send(new ListAccountAliasesCommand({}))).AccountAliases, []);
  });

  it("keeps OpenID Connect providers", async () => {
    const client = iam("111111111109");
    const { OpenIDConnectProviderArn } = await client.send(
      new CreateOpenIDConnectProviderCommand({ Url: "https://id.example.com/pool", ClientIDList: ["a"] }),
    );
    assert.equal(OpenIDConnectProviderArn, "arn:aws:iam::111111111109:oidc-provider/id.example.com/pool");
    await client.send(new AddClientIDToOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, ClientID: "b" }));
    await client.send(new RemoveClientIDFromOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, ClientID: "a" }));
    const ThumbprintList = ["9e99a48a9960b14926bb7f3b02e22da2b0ab7280"];
    await client.send(new UpdateOpenIDConnectProviderThumbprintCommand({ OpenIDConnectProviderArn, ThumbprintList }));
    const { $metadata, CreateDate, ...shown } = await client.send(
      new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }),
    );
    assert.deepEqual(shown, { Url: "id.example.com/pool", ClientIDList: ["b"], ThumbprintList, Tags: [] });
    assert.deepEqual(
      (await refusal(client.send(new CreateOpenIDConnectProviderCommand({ Url: "https://id.example.com/pool/" }))))[0],
      "EntityAlreadyExistsException",
    );
    for (const Url of ["http://id.example.com", "https://id.example.com?a", "https://id.example.com:8443"]) {
      assert.equal((await refusal(client.send(new CreateOpenIDConnectProviderCommand({ Url }))))[1], 400, Url);
    }
    assert.equal(
      (await refusal(iam("111111111110").send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }))))[1],
      404,
    );
    await client.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }));
    assert.deepEqual((await client.send(new ListOpenIDConnectProvidersCommand({}))).OpenIDConnectProviderList, []);
  });

  it("has no passwords and devices, and says so", async () => {
    const client = iam("111111111111");
    await client.send(new CreateUserCommand({ UserName: "u" }));
    assert.deepEqual((await client.send(new ListMFADevicesCommand({ UserName: "u" }))).MFADevices, []);
    assert.deepEqual(
      await refusal(client.send(new DeleteLoginProfileCommand({ UserName: "u" }))),
      missing("Login Profile for User u cannot be found."),
    );
    assert.equal((await refusal(client.send(new CreateLoginProfileCommand({ UserName: "u", Password: "x" }))))[1], 501);
  });
});
