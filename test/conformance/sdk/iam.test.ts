// IAM and STS by AWS's SDK: roles, policies, sessions.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { APIGatewayClient, GetRestApisCommand, UpdateAccountCommand } from "@aws-sdk/client-api-gateway";
import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DeleteRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListEntitiesForPolicyCommand,
  ListInstanceProfilesForRoleCommand,
  ListPoliciesCommand,
  ListPolicyTagsCommand,
  ListPolicyVersionsCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  ListRoleTagsCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  paginateListRoles,
  SetDefaultPolicyVersionCommand,
  TagPolicyCommand,
  TagRoleCommand,
  UntagPolicyCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
  UpdateRoleDescriptionCommand,
} from "@aws-sdk/client-iam";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { startForSuite } from "./sdk-client.ts";

const statement = (more: object): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...more }] });
const trust = (principal: object): string => statement({ Principal: principal, Action: "sts:AssumeRole" });
const apiGateway = trust({ Service: "apigateway.amazonaws.com" });
const mayInvoke = statement({ Action: "lambda:InvokeFunction", Resource: "*" });
const decoded = (text: string | undefined): unknown => JSON.parse(decodeURIComponent(text ?? ""));

describe("iam", () => {
  const portico = startForSuite();
  const settings = (accessKeyId = "test", more: object = {}) => ({
    endpoint: portico.url,
    region: "eu-west-1",
    credentials: { accessKeyId, secretAccessKey: "test", ...more },
  });
  const iam = (accessKeyId?: string) => new IAMClient(settings(accessKeyId));
  const refusal = async (call: Promise<unknown>): Promise<[string, number | undefined, string]> => {
    try {
      await call;
    } catch (error) {
      const { name, $metadata, message } = error as Error & { $metadata?: { httpStatusCode?: number } };
      return [name, $metadata?.httpStatusCode, message];
    }
    return assert.fail("the call was not refused");
  };

  it("makes a role, shows it, changes it, and deletes it when its policies are gone", async () => {
    const client = iam();
    const { Role } = await client.send(
      new CreateRoleCommand({
        RoleName: "Invoker",
        Path: "/api/",
        AssumeRolePolicyDocument: apiGateway,
        Description: "invokes",
        Tags: [{ Key: "team", Value: "pets" }],
      }),
    );
    assert.equal(Role?.Arn, "arn:aws:iam::000000000000:role/api/Invoker");
    assert.match(Role?.RoleId ?? "", /^AROA[A-Z0-9]{17}$/);
    assert.ok(Role?.CreateDate instanceof Date);
    assert.equal(Role.MaxSessionDuration, 3600);
    assert.deepEqual(decoded(Role.AssumeRolePolicyDocument), JSON.parse(apiGateway));
    assert.deepEqual(
      await refusal(client.send(new CreateRoleCommand({ RoleName: "INVOKER", AssumeRolePolicyDocument: apiGateway }))),
      ["EntityAlreadyExistsException", 409, "Role with name INVOKER already exists."],
    );
    const RoleName = "Invoker";
    await client.send(new UpdateRoleCommand({ RoleName, MaxSessionDuration: 7200 }));
    await client.send(new UpdateRoleDescriptionCommand({ RoleName, Description: "invokes all" }));
    await client.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: trust({ AWS: "*" }) }));
    await client.send(
      new TagRoleCommand({
        RoleName,
        Tags: [
          { Key: "Team", Value: "cats" },
          { Key: "a", Value: "" },
        ],
      }),
    );
    await client.send(new UntagRoleCommand({ RoleName, TagKeys: ["A"] }));
    const shown = (await client.send(new GetRoleCommand({ RoleName }))).Role;
    assert.deepEqual(
      [shown?.Description, shown?.MaxSessionDuration, shown?.Tags, decoded(shown?.AssumeRolePolicyDocument)],
      ["invokes all", 7200, [{ Key: "Team", Value: "cats" }], JSON.parse(trust({ AWS: "*" }))],
    );
    assert.deepEqual((await client.send(new ListRoleTagsCommand({ RoleName }))).Tags, [{ Key: "Team", Value: "cats" }]);

    await client.send(new PutRolePolicyCommand({ RoleName, PolicyName: "may", PolicyDocument: mayInvoke }));
    const inline = await client.send(new GetRolePolicyCommand({ RoleName, PolicyName: "may" }));
    assert.deepEqual(decoded(inline.PolicyDocument), JSON.parse(mayInvoke));
    assert.deepEqual((await client.send(new ListRolePoliciesCommand({ RoleName }))).PolicyNames, ["may"]);
    const managed = "arn:aws:iam::aws:policy/service-role/AWSLambdaRole";
    await client.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: managed }));
    await client.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: managed }));
    assert.deepEqual((await client.send(new ListAttachedRolePoliciesCommand({ RoleName }))).AttachedPolicies, [
      { PolicyName: "AWSLambdaRole", PolicyArn: managed },
    ]);
    assert.deepEqual((await client.send(new ListInstanceProfilesForRoleCommand({ RoleName }))).InstanceProfiles, []);
    const conflict = ["DeleteConflictException", 409];
    const remove = () => refusal(client.send(new DeleteRoleCommand({ RoleName })));
    assert.deepEqual(await remove(), [...conflict, "Cannot delete entity, must detach all policies first."]);
    await client.send(new DetachRolePolicyCommand({ RoleName, PolicyArn: managed }));
    assert.deepEqual(await remove(), [...conflict, "Cannot delete entity, must delete policies first."]);
    await client.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: "may" }));
    await client.send(new DeleteRoleCommand({ RoleName }));
    assert.deepEqual(await refusal(client.send(new GetRoleCommand({ RoleName }))), [
      "NoSuchEntityException",
      404,
      "The role with name Invoker cannot be found.",
    ]);
  });

  it("makes a policy with versions, counts its uses, and deletes it when it is not used", async () => {
    const client = iam();
    const { Policy } = await client.send(
      new CreatePolicyCommand({ PolicyName: "may-invoke", PolicyDocument: mayInvoke, Description: "it may" }),
    );
    const PolicyArn = Policy?.Arn ?? "";
    assert.equal(PolicyArn, "arn:aws:iam::000000000000:policy/may-invoke");
    const second = statement({ Action: "lambda:*", Resource: "*" });
    const made = await client.send(
      new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: second, SetAsDefault: true }),
    );
    assert.deepEqual([made.PolicyVersion?.VersionId, made.PolicyVersion?.IsDefaultVersion], ["v2", true]);
    for (let n = 3; n <= 5; n++)
      await client.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: second }));
    assert.deepEqual(
      (await refusal(client.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: second })))).slice(0, 2),
      ["LimitExceededException", 409],
    );
    const versions = (await client.send(new ListPolicyVersionsCommand({ PolicyArn }))).Versions ?? [];
    assert.deepEqual(
      versions.map(({ VersionId, IsDefaultVersion }) => [VersionId, IsDefaultVersion]),
      [
        ["v5", false],
        ["v4", false],
        ["v3", false],
        ["v2", true],
        ["v1", false],
      ],
    );
    const version = await client.send(new GetPolicyVersionCommand({ PolicyArn, VersionId: "v2" }));
    assert.deepEqual(decoded(version.PolicyVersion?.Document), JSON.parse(second));
    await client.send(new SetDefaultPolicyVersionCommand({ PolicyArn, VersionId: "v1" }));
    assert.deepEqual(await refusal(client.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: "v1" }))), [
      "DeleteConflictException",
      409,
      "Cannot delete the default version of a policy.",
    ]);
    await client.send(new TagPolicyCommand({ PolicyArn, Tags: [{ Key: "k", Value: "v" }] }));
    assert.deepEqual((await client.send(new ListPolicyTagsCommand({ PolicyArn }))).Tags, [{ Key: "k", Value: "v" }]);
    await client.send(new UntagPolicyCommand({ PolicyArn, TagKeys: ["k"] }));

    await client.send(new CreateRoleCommand({ RoleName: "user-of-it", AssumeRolePolicyDocument: apiGateway }));
    const RoleName = "user-of-it";
    await client.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
    await client.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: PolicyArn }));
    const shown = (await client.send(new GetPolicyCommand({ PolicyArn }))).Policy;
    assert.deepEqual(
      [shown?.DefaultVersionId, shown?.AttachmentCount, shown?.PermissionsBoundaryUsageCount, shown?.Description],
      ["v1", 1, 1, "it may"],
    );
    const entities = await client.send(new ListEntitiesForPolicyCommand({ PolicyArn }));
    assert.deepEqual(
      entities.PolicyRoles?.map((role) => role.RoleName),
      [RoleName],
    );
    assert.equal(
      (await client.send(new GetRoleCommand({ RoleName }))).Role?.PermissionsBoundary?.PermissionsBoundaryArn,
      PolicyArn,
    );
    const used = await refusal(client.send(new DeletePolicyCommand({ PolicyArn })));
    assert.deepEqual(used, ["DeleteConflictException", 409, "Cannot delete a policy attached to entities."]);
    await client.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }));
    await client.send(new DeleteRolePermissionsBoundaryCommand({ RoleName }));
    assert.match((await refusal(client.send(new DeletePolicyCommand({ PolicyArn }))))[2], /more than one version/);
    for (const VersionId of ["v2", "v3", "v4", "v5"]) {
      await client.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId }));
    }
    await client.send(new DeletePolicyCommand({ PolicyArn }));
    assert.equal((await refusal(client.send(new GetPolicyCommand({ PolicyArn }))))[0], "NoSuchEntityException");
    await client.send(new DeleteRoleCommand({ RoleName }));
  });

  it("lists page by page, below a path, each account its own", async () => {
    const client = iam("222222222222");
    for (const RoleName of ["b", "C", "a"]) {
      await client.send(
        new CreateRoleCommand({ RoleName, Path: RoleName === "b" ? "/x/" : "/", AssumeRolePolicyDocument: apiGateway }),
      );
    }
    const names: (string | undefined)[] = [];
    for await (const page of paginateListRoles({ client, pageSize: 1 }, {})) {
      assert.equal(page.Roles?.length, 1);
      names.push(page.Roles?.[0]?.RoleName);
    }
    assert.deepEqual(names, ["a", "b", "C"]);
    const below = await client.send(new ListRolesCommand({ PathPrefix: "/x/" }));
    assert.deepEqual(
      below.Roles?.map((role) => role.RoleName),
      ["b"],
    );
    assert.deepEqual((await iam("333333333333").send(new ListRolesCommand({}))).Roles, []);
    const [code] = await refusal(client.send(new ListRolesCommand({ Marker: "made up" })));
    assert.equal(code, "ValidationError");
  });

  it("has AWS's policies that stacks attach, and says of others that they are not there", async () => {
    const client = iam();
    const PolicyArn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
    const { Policy } = await client.send(new GetPolicyCommand({ PolicyArn }));
    const { PolicyVersion } = await client.send(
      new GetPolicyVersionCommand({ PolicyArn, VersionId: Policy?.DefaultVersionId ?? "" }),
    );
    const document = decoded(PolicyVersion?.Document) as { Statement: { Action: string[] }[] };
    assert.ok(document.Statement[0]?.Action.includes("logs:PutLogEvents"));
    const own = await client.send(new ListPoliciesCommand({ Scope: "AWS" }));
    assert.ok(own.Policies?.some(({ PolicyName }) => PolicyName === "AdministratorAccess"));
    await client.send(new CreateRoleCommand({ RoleName: "attaches", AssumeRolePolicyDocument: apiGateway }));
    const missing = "arn:aws:iam::aws:policy/AmazonBraketFullAccess";
    assert.deepEqual(
      await refusal(client.send(new AttachRolePolicyCommand({ RoleName: "attaches", PolicyArn: missing }))),
      ["NoSuchEntityException", 404, `Policy ${missing} does not exist or is not attachable.`],
    );
    await client.send(new DeleteRoleCommand({ RoleName: "attaches" }));
  });

  it("refuses what is no policy, with AWS's words", async () => {
    const client = iam();
    const create = (AssumeRolePolicyDocument: string) =>
      refusal(client.send(new CreateRoleCommand({ RoleName: "no", AssumeRolePolicyDocument })));
    const cases: [string, string][] = [
      ["not JSON", "This policy contains invalid Json"],
      [
        statement({ Principal: { Service: "a.amazonaws.com" }, Action: "sts:AssumeRole", Resource: "*" }),
        "Has prohibited field Resource",
      ],
      [statement({ Action: "sts:AssumeRole" }), "Missing required field Principal"],
      [trust({ AWS: "nobody" }), 'Invalid principal in policy: "AWS":"nobody"'],
      [
        statement({ Principal: "*", Action: "s3:GetObject" }),
        "AssumeRole policy may only specify STS AssumeRole actions.",
      ],
      [JSON.stringify({ Version: "2012-10-17", Statement: [] }), "Syntax errors in policy."],
      [JSON.stringify({ Version: "2020-01-01", Statement: [] }), "The policy must contain a valid version string"],
      [`${"[".repeat(60_000)}`, "This policy contains invalid Json"],
    ];
    for (const [document, message] of cases) {
      assert.deepEqual(
        await create(document),
        ["MalformedPolicyDocumentException", 400, message],
        document.slice(0, 99),
      );
    }
    const long = trust({ AWS: Array.from({ length: 200 }, (_, n) => String(100_000_000_000 + n)) });
    assert.deepEqual(await create(long), [
      "LimitExceededException",
      409,
      "Cannot exceed quota for ACLSizePerRole: 2048",
    ]);
    await client.send(new CreateRoleCommand({ RoleName: "yes", AssumeRolePolicyDocument: apiGateway }));
    const putPolicy = (PolicyDocument: string) =>
      refusal(client.send(new PutRolePolicyCommand({ RoleName: "yes", PolicyName: "p", PolicyDocument })));
    const identity: [string, string][] = [
      ["not JSON", "Syntax errors in policy."],
      [statement({ Action: "sqs:*" }), "Policy statement must contain resources."],
      [statement({ Resource: "*" }), "Policy statement must contain actions."],
      [
        statement({ Action: "SendMessage", Resource: "*" }),
        "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
      ],
      [statement({ Action: "sqs:*", Resource: "queue" }), 'Resource queue must be in ARN format or "*".'],
      [
        statement({ Action: "sqs:*", Resource: "*", Principal: "*" }),
        "Policy document should not specify a principal.",
      ],
      [statement({ Action: "sqs:*", Resource: "*", Condition: { Like: { a: "b" } } }), "Syntax errors in policy."],
      [statement({ Action: { a: 1 }, Resource: "*" }), "Syntax errors in policy."],
      [statement({ Action: "sqs:*", Resource: "*" }).replace("{", '{"Statement":[],'), "Syntax errors in policy."],
    ];
    for (const [document, message] of identity) {
      assert.deepEqual(await putPolicy(document), ["MalformedPolicyDocumentException", 400, message], document);
    }
    const huge = statement({
      Action: "sqs:*",
      Resource: Array.from({ length: 800 }, (_, n) => `arn:aws:sqs:*:*:q${n}`),
    });
    assert.deepEqual(await putPolicy(huge), [
      "LimitExceededException",
      409,
      "Maximum policy size of 10240 bytes exceeded for role yes",
    ]);
    await client.send(new DeleteRoleCommand({ RoleName: "yes" }));
  });

  it("gives sessions of roles that trust the caller, and to nobody else", async () => {
    const client = iam();
    const role = async (RoleName: string, document: string) => {
      const made = await client.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: document }));
      return made.Role?.Arn ?? "";
    };
    const root = trust({ AWS: "arn:aws:iam::000000000000:root" });
    const open = await role("session", root);
    const closed = await role("closed", apiGateway);
    const guarded = await role(
      "guarded",
      statement({
        Principal: { AWS: "222222222222" },
        Action: "sts:AssumeRole",
        Condition: { StringEquals: { "sts:ExternalId": "secret" } },
      }),
    );
    const sts = (accessKeyId?: string, more?: object) => new STSClient(settings(accessKeyId, more));
    const assume = (RoleArn: string, by = sts(), more = {}) =>
      by.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "me", ...more }));
    const { Credentials, AssumedRoleUser } = await assume(open);
    assert.equal(AssumedRoleUser?.Arn, "arn:aws:sts::000000000000:assumed-role/session/me");
    const session = (credentials: typeof Credentials) =>
      sts(credentials?.AccessKeyId, {
        secretAccessKey: credentials?.SecretAccessKey,
        sessionToken: credentials?.SessionToken,
      });
    const mine = session(Credentials);
    const identity = await mine.send(new GetCallerIdentityCommand({}));
    assert.deepEqual(
      [identity.Account, identity.Arn, identity.UserId],
      ["000000000000", AssumedRoleUser?.Arn, AssumedRoleUser?.AssumedRoleId],
    );
    const denied = (arn: string, as: string): unknown => [
      "AccessDenied",
      403,
      `User: ${as} is not authorized to perform: sts:AssumeRole on resource: ${arn}`,
    ];
    const caller = "arn:aws:iam::000000000000:root";
    assert.deepEqual(await refusal(assume(closed)), denied(closed, caller));
    const nowhere = "arn:aws:iam::000000000000:role/nowhere";
    assert.deepEqual(await refusal(assume(nowhere)), denied(nowhere, caller));
    const other = sts("222222222222");
    assert.deepEqual(await refusal(assume(guarded, other)), denied(guarded, "arn:aws:iam::222222222222:root"));
    assert.ok((await assume(guarded, other, { ExternalId: "secret" })).Credentials);
    // The session's role may assume nothing until a policy of its own says so.
    assert.deepEqual(await refusal(assume(open, mine)), denied(open, AssumedRoleUser?.Arn ?? ""));
    const mayAssume = statement({ Action: "sts:AssumeRole", Resource: open });
    await client.send(new PutRolePolicyCommand({ RoleName: "session", PolicyName: "p", PolicyDocument: mayAssume }));
    assert.ok((await assume(open, mine)).Credentials);
    const ask = (by: STSClient) => refusal(by.send(new GetCallerIdentityCommand({})));
    const forged = session({ ...Credentials!, SessionToken: `${Credentials?.SessionToken?.slice(0, -8)}AAAAAAAA` });
    const invalid = ["InvalidClientTokenId", 403, "The security token included in the request is invalid."];
    assert.deepEqual(await ask(forged), invalid);
    const another = session({ ...Credentials!, AccessKeyId: "ASIAAAAAAAAAAAAAAAAA" });
    assert.deepEqual(await ask(another), invalid, "a token is its key's");
    // What another STS has given out says nothing here.
    const foreign = session({ ...Credentials!, SessionToken: "IQoJb3JpZ2luX2VjE" });
    assert.equal((await foreign.send(new GetCallerIdentityCommand({}))).Arn, caller);
    await fetch(`${portico.url}/_portico/clock`, { method: "POST", body: JSON.stringify({ advanceMs: 3_600_000 }) });
    assert.deepEqual(await ask(mine), ["ExpiredToken", 403, "The security token included in the request is expired"]);
    const gateway = new APIGatewayClient(
      settings(Credentials?.AccessKeyId, {
        secretAccessKey: Credentials?.SecretAccessKey,
        sessionToken: Credentials?.SessionToken,
      }),
    );
    assert.deepEqual((await refusal(gateway.send(new GetRestApisCommand({})))).slice(0, 2), [
      "ExpiredTokenException",
      403,
    ]);
  });

  it("UpdateAccount takes a log role only if it is there and trusts API Gateway, once the account has roles", async () => {
    const accessKeyId = "333333333333";
    const gateway = new APIGatewayClient(settings(accessKeyId));
    const update = (name: string) =>
      gateway.send(
        new UpdateAccountCommand({
          patchOperations: [
            { op: "replace", path: "/cloudwatchRoleArn", value: `arn:aws:iam::${accessKeyId}:role/${name}` },
          ],
        }),
      );
    await update("somewhere-else");
    const RoleName = "logs";
    const lambda = trust({ Service: "lambda.amazonaws.com" });
    await iam(accessKeyId).send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: lambda }));
    const words =
      "The role ARN does not have required permissions configured. Please grant trust permission for API Gateway and " +
      "add the required role policy.";
    assert.deepEqual(await refusal(update("logs")), ["BadRequestException", 400, words]);
    assert.deepEqual(await refusal(update("somewhere-else")), ["BadRequestException", 400, words]);
    await iam(accessKeyId).send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: apiGateway }));
    assert.equal((await update("logs")).cloudwatchRoleArn, `arn:aws:iam::${accessKeyId}:role/logs`);
  });
});
