// STS by AWS's SDK: sessions with policies, tags and source identities, of roles, users, roots and federated users.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  CreateAccessKeyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  GetRoleCommand,
  GetUserCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  TagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateUserCommand,
} from "@aws-sdk/client-iam";
import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  AssumeRoleWithWebIdentityCommand,
  type Credentials,
  DecodeAuthorizationMessageCommand,
  GetAccessKeyInfoCommand,
  GetCallerIdentityCommand,
  GetFederationTokenCommand,
  type GetFederationTokenCommandInput,
  GetSessionTokenCommand,
  STSClient,
} from "@aws-sdk/client-sts";
import { startForSuite } from "./sdk-client.ts";

const statement = (...statements: object[]): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements.map((one) => ({ Effect: "Allow", ...one })) });
const all = statement({ Action: "*", Resource: "*" });

describe("sts", () => {
  const portico = startForSuite();
  const settings = (accessKeyId: string, more: object = {}) => ({
    endpoint: portico.url,
    region: "eu-west-1",
    credentials: { accessKeyId, secretAccessKey: "test", ...more },
  });
  const sts = (by: string | Credentials | undefined) =>
    new STSClient(typeof by === "string" ? settings(by) : settings(by?.AccessKeyId ?? "", secrets(by)));
  const secrets = (by: Credentials | undefined) => ({
    secretAccessKey: by?.SecretAccessKey ?? "",
    ...(by?.SessionToken === undefined ? {} : { sessionToken: by.SessionToken }),
  });
  const refusal = async (call: Promise<unknown>): Promise<[string, number | undefined, string]> => {
    try {
      await call;
    } catch (error) {
      const { name, $metadata, message } = error as Error & { $metadata?: { httpStatusCode?: number } };
      return [name, $metadata?.httpStatusCode, message];
    }
    return assert.fail("the call was not refused");
  };
  const who = async (by: STSClient) => {
    const { Arn, Account, UserId } = await by.send(new GetCallerIdentityCommand({}));
    return [Arn, Account, UserId];
  };
  const denied = (as: string, action: string, resource: string) => [
    "AccessDenied",
    403,
    `User: ${as} is not authorized to perform: ${action} on resource: ${resource}`,
  ];

  /** Makes an account with a role `worker` and a user `bob`, who may do everything. */
  async function anAccount(account: string, trust?: string) {
    const iam = new IAMClient(settings(account));
    const trusted = statement({
      Principal: { AWS: account },
      Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
    });
    const { Role } = await iam.send(
      new CreateRoleCommand({
        RoleName: "worker",
        AssumeRolePolicyDocument: trust ?? trusted,
        MaxSessionDuration: 7200,
      }),
    );
    await iam.send(new PutRolePolicyCommand({ RoleName: "worker", PolicyName: "all", PolicyDocument: all }));
    await iam.send(new CreateUserCommand({ UserName: "bob" }));
    await iam.send(new PutUserPolicyCommand({ UserName: "bob", PolicyName: "all", PolicyDocument: all }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "bob" }));
    const key: Credentials = {
      AccessKeyId: AccessKey?.AccessKeyId,
      SecretAccessKey: AccessKey?.SecretAccessKey,
      SessionToken: undefined,
      Expiration: undefined,
    };
    const RoleArn = Role?.Arn ?? "";
    const assume = (by: STSClient, more: Partial<AssumeRoleCommandInput> = {}) =>
      by.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "me", ...more }));
    return { iam, RoleArn, bob: sts(key), key, root: sts(account), assume, arn: `arn:aws:iam::${account}:user/bob` };
  }

  it("a user assumes a role by the user's own policies, or because the role names the user", async () => {
    const { iam, bob, assume, RoleArn, arn } = await anAccount("211111111101");
    assert.deepEqual((await assume(bob)).AssumedRoleUser?.Arn, "arn:aws:sts::211111111101:assumed-role/worker/me");
    await iam.send(
      new PutUserPolicyCommand({
        UserName: "bob",
        PolicyName: "all",
        PolicyDocument: statement({ Action: "iam:*", Resource: "*" }),
      }),
    );
    assert.deepEqual(await refusal(assume(bob)), denied(arn, "sts:AssumeRole", RoleArn));
    const named = statement({ Principal: { AWS: arn }, Action: "sts:AssumeRole" });
    const { Role } = await iam.send(new CreateRoleCommand({ RoleName: "bobs", AssumeRolePolicyDocument: named }));
    assert.ok((await assume(bob, { RoleArn: Role?.Arn })).Credentials);
    await iam.send(
      new PutUserPolicyCommand({
        UserName: "bob",
        PolicyName: "all",
        PolicyDocument: statement({ Effect: "Deny", Action: "sts:*", Resource: Role?.Arn }),
      }),
    );
    assert.deepEqual(
      await refusal(assume(bob, { RoleArn: Role?.Arn })),
      denied(arn, "sts:AssumeRole", Role?.Arn ?? ""),
    );
  });

  it("a session may do what its role and its session policies both allow", async () => {
    const { iam, bob, assume, RoleArn } = await anAccount("211111111102");
    const as = "arn:aws:sts::211111111102:assumed-role/worker/me";
    const { Credentials, PackedPolicySize } = await assume(bob, {
      Policy: statement({ Action: "lambda:*", Resource: "*" }),
    });
    assert.ok(PackedPolicySize !== undefined && PackedPolicySize > 0 && PackedPolicySize < 20, `${PackedPolicySize}`);
    assert.deepEqual(await refusal(assume(sts(Credentials))), denied(as, "sts:AssumeRole", RoleArn));
    const may = await assume(bob, { Policy: statement({ Action: "sts:*", Resource: "*" }) });
    assert.ok((await assume(sts(may.Credentials))).Credentials);
    // Managed policies limit it as they are now.
    const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName: "none", PolicyDocument: all }));
    const managed = await assume(bob, {
      PolicyArns: [{ arn: Policy?.Arn }, { arn: "arn:aws:iam::aws:policy/IAMReadOnlyAccess" }],
    });
    assert.ok((await assume(sts(managed.Credentials))).Credentials);
    const limited = await assume(bob, { PolicyArns: [{ arn: "arn:aws:iam::aws:policy/IAMReadOnlyAccess" }] });
    assert.deepEqual(await refusal(assume(sts(limited.Credentials))), denied(as, "sts:AssumeRole", RoleArn));
    assert.deepEqual((await refusal(assume(bob, { Policy: "{}" }))).slice(0, 2), [
      "MalformedPolicyDocumentException",
      400,
    ]);
    const foreign = [{ arn: "arn:aws:iam::999999999999:policy/none" }];
    assert.deepEqual((await refusal(assume(bob, { PolicyArns: foreign }))).slice(0, 2), ["ValidationError", 400]);
    const long = statement({ Action: "*", Resource: `arn:aws:s3:::${"a".repeat(2_048)}` });
    assert.match((await refusal(assume(bob, { Policy: long })))[2], /less than or equal to 2048/);
  });

  it("session tags and source identities need permissions, count in conditions, and go on with chains", async () => {
    const account = "211111111103";
    const trust = statement(
      { Principal: { AWS: account }, Action: "sts:AssumeRole" },
      {
        Principal: { AWS: account },
        Action: "sts:TagSession",
        Condition: { StringEquals: { "aws:RequestTag/team": ["pets", "cats"] } },
      },
    );
    const { iam, bob, assume, RoleArn, arn } = await anAccount(account, trust);
    const Tags = [
      { Key: "team", Value: "pets" },
      { Key: "Cost", Value: "1" },
    ];
    assert.deepEqual(
      await refusal(assume(bob, { Tags: [{ Key: "team", Value: "dogs" }] })),
      denied(arn, "sts:TagSession", RoleArn),
    );
    assert.deepEqual(
      await refusal(assume(bob, { SourceIdentity: "bob" })),
      denied(arn, "sts:SetSourceIdentity", RoleArn),
    );
    const tagged = await assume(bob, { Tags, TransitiveTagKeys: ["team"] });
    // The next role trusts sessions with that tag only, and its tags are the inherited ones.
    const { Role } = await iam.send(
      new CreateRoleCommand({
        RoleName: "next",
        AssumeRolePolicyDocument: statement({
          Principal: { AWS: account },
          Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
          Condition: { StringEquals: { "aws:PrincipalTag/team": "pets" } },
        }),
      }),
    );
    const next = { RoleArn: Role?.Arn };
    const chained = await assume(sts(tagged.Credentials), next);
    assert.ok(chained.Credentials);
    const as = "arn:aws:sts::211111111103:assumed-role/worker/me";
    assert.deepEqual(
      await refusal(assume(sts((await assume(bob)).Credentials), next)),
      denied(as, "sts:AssumeRole", Role?.Arn ?? ""),
    );
    await iam.send(new PutRolePolicyCommand({ RoleName: "next", PolicyName: "all", PolicyDocument: all }));
    // The transitive tag was inherited, the other was not.
    assert.ok((await assume(sts(chained.Credentials), next)).Credentials);
    const refusals: readonly [Partial<AssumeRoleCommandInput>, RegExp][] = [
      [{ Tags: [{ Key: "TEAM", Value: "x" }] }, /conflicts with a transitive tag key/],
      [{ TransitiveTagKeys: ["none"] }, /must be included in the requested tags/],
      [{ Tags: [...Tags.slice(1), { Key: "cost", Value: "2" }] }, /Duplicate tag keys/],
    ];
    for (const [more, words] of refusals) {
      const [name, status, message] = await refusal(assume(sts(tagged.Credentials), { ...next, ...more }));
      assert.deepEqual([name, status], ["ValidationError", 400]);
      assert.match(message, words);
    }
    const identified = await assume(bob, { ...next, SourceIdentity: "bob" }).catch((error: Error) => error.message);
    assert.match(String(identified), /not authorized to perform: sts:AssumeRole/, "bob has no such tag");
    await iam.send(
      new CreateRoleCommand({
        RoleName: "open",
        AssumeRolePolicyDocument: statement({
          Principal: { AWS: account },
          Action: ["sts:AssumeRole", "sts:SetSourceIdentity"],
        }),
      }),
    );
    await iam.send(new PutRolePolicyCommand({ RoleName: "open", PolicyName: "all", PolicyDocument: all }));
    const open = { RoleArn: `arn:aws:iam::${account}:role/open` };
    const mine = await assume(bob, { ...open, SourceIdentity: "bob" });
    assert.equal(mine.SourceIdentity, "bob");
    assert.equal((await assume(sts(mine.Credentials), open)).SourceIdentity, "bob");
    assert.equal((await refusal(assume(sts(mine.Credentials), { ...open, SourceIdentity: "eve" })))[0], "AccessDenied");
    // Tags that don't fit are refused, and the answer says by how much.
    const many = Array.from({ length: 50 }, (_, n) => ({
      Key: `k${n}${"é".repeat(100)}`,
      Value: Array.from({ length: 7 }, () => crypto.randomUUID()).join(""),
    }));
    const full = await refusal(assume(bob, { Tags: [{ Key: "team", Value: "pets" }, ...many.slice(1)] }));
    assert.deepEqual([full[0].replace(/Exception$/, ""), full[1]], ["PackedPolicyTooLarge", 400]);
    assert.match(full[2], /^Packed size of session tags consumes \d+% of allotted space\.$/);
  });

  it("a trust policy may ask for the caller's address, agent, name and time", async () => {
    const account = "211111111110";
    const { iam, bob, assume, arn, RoleArn } = await anAccount(account);
    const trusting = (Condition: object) =>
      iam.send(
        new UpdateAssumeRolePolicyCommand({
          RoleName: "worker",
          PolicyDocument: statement({ Principal: { AWS: account }, Action: "sts:AssumeRole", Condition }),
        }),
      );
    for (const [condition, isMet] of [
      [{ IpAddress: { "aws:SourceIp": "127.0.0.0/8" } }, true],
      [{ IpAddress: { "aws:SourceIp": "10.0.0.0/8" } }, false],
      [{ NotIpAddress: { "aws:SourceIp": "127.0.0.1" } }, false],
      [{ StringLike: { "aws:UserAgent": "aws-sdk-js/*" } }, true],
      [{ StringEquals: { "aws:username": "bob" } }, true],
      [{ StringEquals: { "aws:username": "eve" } }, false],
      [{ StringNotEquals: { "aws:PrincipalType": "User" } }, false],
      [{ ArnLike: { "aws:PrincipalArn": `arn:aws:iam::${account}:user/b*` } }, true],
      [{ StringEquals: { "sts:RoleSessionName": "${aws:username}" } }, false],
      [{ DateGreaterThan: { "aws:CurrentTime": "2020-01-01T00:00:00Z" } }, true],
      [{ DateLessThan: { "aws:CurrentTime": "2020-01-01T00:00:00Z" } }, false],
      [{ Null: { "aws:TokenIssueTime": "true" } }, true],
      [{ Bool: { "aws:MultiFactorAuthPresent": "true" } }, false],
      [{ BoolIfExists: { "aws:MultiFactorAuthPresent": "true" } }, true],
      [{ StringEquals: { "aws:ResourceTag/team": "pets" } }, false],
      [{ StringEquals: { "aws:PrincipalOrgID": "o-1" } }, false],
      [{ StringEqualsIfExists: { "aws:PrincipalOrgID": "o-1" } }, false],
    ] as const) {
      await trusting(condition);
      if (isMet) assert.ok((await assume(bob)).Credentials, JSON.stringify(condition));
      else {
        const refused = await refusal(assume(bob));
        assert.deepEqual(refused, denied(arn, "sts:AssumeRole", RoleArn), JSON.stringify(condition));
      }
    }
  });

  it("sessions last as long as AWS lets them", async () => {
    const { bob, root, assume } = await anAccount("211111111104");
    const seconds = (of: Credentials | undefined) => Math.round(((of?.Expiration?.getTime() ?? 0) - Date.now()) / 1000);
    const about = (of: Credentials | undefined, wanted: number) =>
      assert.ok(Math.abs(seconds(of) - wanted) < 300, `${seconds(of)} for ${wanted}`);
    about((await assume(bob)).Credentials, 3_600);
    const long = await assume(bob, { DurationSeconds: 7_200 });
    about(long.Credentials, 7_200);
    assert.deepEqual(await refusal(assume(bob, { DurationSeconds: 7_201 })), [
      "ValidationError",
      400,
      "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    ]);
    assert.deepEqual(await refusal(assume(sts(long.Credentials), { DurationSeconds: 3_601 })), [
      "ValidationError",
      400,
      "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
    ]);
    about((await bob.send(new GetSessionTokenCommand({}))).Credentials, 43_200);
    about((await bob.send(new GetSessionTokenCommand({ DurationSeconds: 129_600 }))).Credentials, 129_600);
    about((await root.send(new GetSessionTokenCommand({ DurationSeconds: 129_600 }))).Credentials, 3_600);
    about((await root.send(new GetFederationTokenCommand({ Name: "fed" }))).Credentials, 3_600);
    assert.equal((await refusal(bob.send(new GetSessionTokenCommand({ DurationSeconds: 899 }))))[1], 400);
  });

  it("GetSessionToken's session is the user, who may assume roles by it and not call IAM", async () => {
    const { bob, root, assume, arn } = await anAccount("211111111105");
    const { Credentials } = await bob.send(new GetSessionTokenCommand({}));
    const session = sts(Credentials);
    assert.deepEqual(await who(session), await who(bob));
    assert.equal((await who(session))[0], arn);
    assert.ok((await assume(session)).Credentials);
    const iam = new IAMClient(settings(Credentials?.AccessKeyId ?? "", secrets(Credentials)));
    assert.deepEqual(await refusal(iam.send(new GetUserCommand({}))), [
      "InvalidClientTokenId",
      403,
      "The security token included in the request is invalid.",
    ]);
    const again = (name: string) => ["AccessDenied", 403, `Cannot call ${name} with session credentials`];
    assert.deepEqual(await refusal(session.send(new GetSessionTokenCommand({}))), again("GetSessionToken"));
    assert.deepEqual(
      await refusal(session.send(new GetFederationTokenCommand({ Name: "fed" }))),
      again("GetFederationToken"),
    );
    assert.equal(
      (
        await refusal(
          bob.send(new GetSessionTokenCommand({ SerialNumber: "arn:aws:iam::1:mfa/x", TokenCode: "123456" })),
        )
      )[0],
      "AccessDenied",
    );
    const owner = sts((await root.send(new GetSessionTokenCommand({}))).Credentials);
    assert.deepEqual(await who(owner), ["arn:aws:iam::211111111105:root", "211111111105", "211111111105"]);
    assert.deepEqual(await refusal(assume(owner)), ["AccessDenied", 403, "Roles may not be assumed by root accounts."]);
  });

  it("GetFederationToken's session is a federated user of the user's account", async () => {
    const { iam, bob, assume, arn } = await anAccount("211111111106");
    const ask = (more: Partial<GetFederationTokenCommandInput> = {}) =>
      bob.send(new GetFederationTokenCommand({ Name: "eve", Policy: all, ...more }));
    const { Credentials, FederatedUser, PackedPolicySize } = await ask();
    const eve = "arn:aws:sts::211111111106:federated-user/eve";
    assert.deepEqual(FederatedUser, { Arn: eve, FederatedUserId: "211111111106:eve" });
    assert.ok((PackedPolicySize ?? 0) > 0);
    assert.deepEqual(await who(sts(Credentials)), [eve, "211111111106", "211111111106:eve"]);
    assert.deepEqual(await refusal(assume(sts(Credentials))), [
      "AccessDenied",
      403,
      "Cannot call AssumeRole with session credentials",
    ]);
    await iam.send(
      new PutUserPolicyCommand({
        UserName: "bob",
        PolicyName: "all",
        PolicyDocument: statement({ Action: "s3:*", Resource: "*" }),
      }),
    );
    assert.deepEqual(await refusal(ask()), denied(arn, "sts:GetFederationToken", eve));
    await iam.send(
      new PutUserPolicyCommand({
        UserName: "bob",
        PolicyName: "all",
        PolicyDocument: statement({ Action: "sts:GetFederationToken", Resource: "*" }),
      }),
    );
    assert.ok((await ask()).Credentials);
    assert.deepEqual(await refusal(ask({ Tags: [{ Key: "a", Value: "b" }] })), denied(arn, "sts:TagSession", eve));
  });

  it("a session of a role or user that was deleted is worth nothing, even if another has its name", async () => {
    const { iam, bob, key, assume, RoleArn } = await anAccount("211111111107");
    const role = sts((await assume(bob)).Credentials);
    const user = sts((await bob.send(new GetSessionTokenCommand({}))).Credentials);
    assert.ok(await who(role));
    await iam.send(new TagRoleCommand({ RoleName: "worker", Tags: [{ Key: "a", Value: "b" }] }));
    assert.ok(await who(role), "a role that changes stays the same role");
    await iam.send(new DeleteRolePolicyCommand({ RoleName: "worker", PolicyName: "all" }));
    await iam.send(new DeleteRoleCommand({ RoleName: "worker" }));
    const invalid = ["InvalidClientTokenId", 403, "The security token included in the request is invalid."];
    assert.deepEqual(await refusal(who(role)), invalid);
    const trust = statement({ Principal: "*", Action: "sts:AssumeRole" });
    const made = await iam.send(new CreateRoleCommand({ RoleName: "worker", AssumeRolePolicyDocument: trust }));
    assert.equal(made.Role?.Arn, RoleArn);
    assert.deepEqual(await refusal(who(role)), invalid);
    await iam.send(new DeleteAccessKeyCommand({ UserName: "bob", AccessKeyId: key.AccessKeyId }));
    assert.ok(await who(user));
    await iam.send(new DeleteUserPolicyCommand({ UserName: "bob", PolicyName: "all" }));
    await iam.send(new DeleteUserCommand({ UserName: "bob" }));
    assert.deepEqual(await refusal(who(user)), invalid);
  });

  it("a role trusts the user that its policy meant, and not another who gets the name", async () => {
    const { iam, bob, key, assume, arn } = await anAccount("211111111109");
    const AssumeRolePolicyDocument = statement({ Principal: { AWS: arn }, Action: "sts:AssumeRole" });
    const { Role } = await iam.send(new CreateRoleCommand({ RoleName: "bobs", AssumeRolePolicyDocument }));
    const RoleArn = Role?.Arn;
    const trusted = async () => {
      const shown = (await iam.send(new GetRoleCommand({ RoleName: "bobs" }))).Role?.AssumeRolePolicyDocument;
      return JSON.parse(decodeURIComponent(shown ?? "")).Statement[0].Principal.AWS;
    };
    assert.ok((await assume(bob, { RoleArn })).Credentials);
    const { User } = await iam.send(new GetUserCommand({ UserName: "bob" }));
    await iam.send(new UpdateUserCommand({ UserName: "bob", NewUserName: "rob" }));
    assert.ok((await assume(bob, { RoleArn })).Credentials, "a user who is renamed is the same user");
    assert.equal(await trusted(), User?.UserId);
    await iam.send(new DeleteAccessKeyCommand({ UserName: "rob", AccessKeyId: key.AccessKeyId }));
    await iam.send(new DeleteUserPolicyCommand({ UserName: "rob", PolicyName: "all" }));
    await iam.send(new DeleteUserCommand({ UserName: "rob" }));
    await iam.send(new CreateUserCommand({ UserName: "bob" }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "bob" }));
    const other = sts({ ...key, AccessKeyId: AccessKey?.AccessKeyId, SecretAccessKey: AccessKey?.SecretAccessKey });
    assert.equal((await other.send(new GetCallerIdentityCommand({}))).Arn, arn);
    assert.deepEqual(await refusal(assume(other, { RoleArn })), denied(arn, "sts:AssumeRole", RoleArn ?? ""));
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: "bobs", PolicyDocument: AssumeRolePolicyDocument }));
    assert.ok((await assume(other, { RoleArn })).Credentials);
    assert.equal(await trusted(), arn);
  });

  it("says whose a key is, and what a message says that it has sealed, and no other", async () => {
    const { bob, key, assume } = await anAccount("211111111108");
    const { Credentials } = await assume(bob);
    for (const AccessKeyId of [key.AccessKeyId, Credentials?.AccessKeyId]) {
      const info = await sts("test").send(new GetAccessKeyInfoCommand({ AccessKeyId }));
      assert.equal(info.Account, "211111111108");
    }
    assert.equal(
      (await refusal(bob.send(new GetAccessKeyInfoCommand({ AccessKeyId: "AIDAAAAAAAAAAAAAAAAA" }))))[1],
      400,
    );
    assert.deepEqual(await refusal(bob.send(new DecodeAuthorizationMessageCommand({ EncodedMessage: "AAAA" }))), [
      "InvalidAuthorizationMessageException",
      400,
      "Message is not valid",
    ]);
    const web = new AssumeRoleWithWebIdentityCommand({
      RoleArn: "arn:aws:iam::211111111108:role/worker",
      RoleSessionName: "me",
      WebIdentityToken: "a.b.c",
    });
    assert.deepEqual((await refusal(sts("test").send(web))).slice(0, 2), ["InvalidIdentityTokenException", 400]);
  });
});
