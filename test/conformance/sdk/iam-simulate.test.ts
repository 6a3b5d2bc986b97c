// Simulations of policies by AWS's SDK.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  AddUserToGroupCommand,
  AttachUserPolicyCommand,
  CreateGroupCommand,
  CreatePolicyCommand,
  CreateUserCommand,
  type EvaluationResult,
  GetContextKeysForCustomPolicyCommand,
  GetContextKeysForPrincipalPolicyCommand,
  IAMClient,
  PutGroupPolicyCommand,
  PutUserPermissionsBoundaryCommand,
  PutUserPolicyCommand,
  paginateSimulateCustomPolicy,
  SimulateCustomPolicyCommand,
  type SimulateCustomPolicyCommandInput,
  SimulatePrincipalPolicyCommand,
} from "@aws-sdk/client-iam";
import { startForSuite } from "./sdk-client.ts";

const account = "000000000000";
const policy = (...statements: object[]): string => JSON.stringify({ Version: "2012-10-17", Statement: statements });
const allow = (Action: string, Resource: string, more = {}): object => ({ Effect: "Allow", Action, Resource, ...more });
const deny = (Action: string, Resource: string, more = {}): object => ({ Effect: "Deny", Action, Resource, ...more });
const api = `arn:aws:execute-api:us-east-1:${account}:a1b2c3`;
const pets = `${api}/prod/GET/pets`;
const ann = `arn:aws:iam::${account}:user/ann`;

describe("a simulation", () => {
  const portico = startForSuite();
  const client = (accessKeyId = "test") =>
    new IAMClient({
      endpoint: portico.url,
      region: "us-east-1",
      credentials: { accessKeyId, secretAccessKey: "test" },
    });
  const simulate = async (input: Partial<SimulateCustomPolicyCommandInput>): Promise<readonly EvaluationResult[]> => {
    const answer = await client().send(
      new SimulateCustomPolicyCommand({
        PolicyInputList: [policy(allow("s3:*", "*"))],
        ActionNames: ["execute-api:Invoke"],
        ...input,
      }),
    );
    return answer.EvaluationResults ?? [];
  };
  const decisions = async (input: Partial<SimulateCustomPolicyCommandInput>) =>
    (await simulate(input)).map(({ EvalDecision }) => EvalDecision);
  const refusal = async (input: Partial<SimulateCustomPolicyCommandInput>): Promise<string> => {
    try {
      await simulate(input);
    } catch (error) {
      return (error as Error).name;
    }
    return "";
  };

  // AWS: AWS CLI examples, "simulate-custom-policy".
  it("answers as AWS's examples show", async () => {
    const PolicyInputList = [
      '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}',
    ];
    const at = (date: string) =>
      simulate({
        PolicyInputList,
        ActionNames: ["dynamodb:CreateBackup"],
        ContextEntries: [{ ContextKeyName: "aws:CurrentTime", ContextKeyValues: [date], ContextKeyType: "date" }],
      });
    assert.deepEqual(await at("2019-04-25T11:00:00Z"), [
      {
        EvalActionName: "dynamodb:CreateBackup",
        EvalResourceName: "*",
        EvalDecision: "allowed",
        MatchedStatements: [
          {
            SourcePolicyId: "PolicyInputList.1",
            SourcePolicyType: "IAM Policy",
            StartPosition: { Line: 1, Column: 38 },
            EndPosition: { Line: 1, Column: 167 },
          },
        ],
        MissingContextValues: [],
      },
    ]);
    const [early] = await at("2014-04-25T11:00:00Z");
    assert.equal(early?.EvalDecision, "implicitDeny");
    assert.deepEqual(early?.MatchedStatements, []);
  });

  it("names what decided, and the keys that are missing", async () => {
    const PolicyInputList = [
      policy(allow("execute-api:Invoke", `${api}/*`)),
      policy(
        deny("execute-api:*", pets, { Condition: { IpAddress: { "aws:SourceIp": "192.0.2.0/24" } } }),
        allow("s3:GetObject", "arn:aws:s3:::b/${aws:username}"),
      ),
    ];
    const from = (ip: string[]) =>
      simulate({
        PolicyInputList,
        ResourceArns: [pets],
        ContextEntries: [{ ContextKeyName: "AWS:sourceip", ContextKeyValues: ip, ContextKeyType: "ip" }],
      });
    const [denied] = await from(["192.0.2.1"]);
    assert.equal(denied?.EvalDecision, "explicitDeny");
    assert.deepEqual(
      denied?.MatchedStatements?.map(({ SourcePolicyId }) => SourcePolicyId),
      ["PolicyInputList.2"],
    );
    assert.deepEqual(denied?.MissingContextValues, ["aws:username"]);
    assert.deepEqual(denied?.EvalDecisionDetails, {});
    assert.deepEqual(denied?.ResourceSpecificResults?.[0]?.EvalResourceDecision, "explicitDeny");
    const [allowed] = await from(["198.51.100.1"]);
    assert.equal(allowed?.EvalDecision, "allowed");
    assert.equal(allowed?.MatchedStatements?.[0]?.SourcePolicyId, "PolicyInputList.1");
    const keys = await client().send(new GetContextKeysForCustomPolicyCommand({ PolicyInputList }));
    assert.deepEqual(keys.ContextKeyNames, ["aws:SourceIp", "aws:username"]);
  });

  it("evaluates each action on each resource, in pages", async () => {
    const input = {
      PolicyInputList: [policy(allow("s3:Get*", "arn:aws:s3:::a/*"))],
      ActionNames: ["s3:GetObject", "s3:PutObject"],
      ResourceArns: ["arn:aws:s3:::a/1", "arn:aws:s3:::b/1"],
    };
    const pages: string[][] = [];
    for await (const { EvaluationResults = [] } of paginateSimulateCustomPolicy(
      { client: client(), pageSize: 3 },
      input,
    )) {
      pages.push(EvaluationResults.map((one) => `${one.EvalActionName} ${one.EvalResourceName} ${one.EvalDecision}`));
    }
    assert.deepEqual(pages, [
      [
        "s3:GetObject arn:aws:s3:::a/1 allowed",
        "s3:GetObject arn:aws:s3:::b/1 implicitDeny",
        "s3:PutObject arn:aws:s3:::a/1 implicitDeny",
      ],
      ["s3:PutObject arn:aws:s3:::b/1 implicitDeny"],
    ]);
  });

  it("has boundaries, resources' policies and other accounts", async () => {
    const all = policy(allow("*", "*"));
    const [bounded] = await simulate({
      PolicyInputList: [all],
      PermissionsBoundaryPolicyInputList: [policy(allow("s3:*", "*"))],
    });
    assert.equal(bounded?.EvalDecision, "implicitDeny");
    assert.deepEqual(bounded?.PermissionsBoundaryDecisionDetail, { AllowedByPermissionsBoundary: false });
    const [within] = await simulate({
      PolicyInputList: [all],
      PermissionsBoundaryPolicyInputList: [all],
      ResourceArns: [pets.replace(account, "111111111111")],
    });
    assert.equal(within?.EvalDecision, "allowed");
    assert.deepEqual(
      within?.MatchedStatements?.map(({ SourcePolicyId }) => SourcePolicyId),
      ["PolicyInputList.1"],
    );
    assert.deepEqual(within?.PermissionsBoundaryDecisionDetail, { AllowedByPermissionsBoundary: true });
    const ResourcePolicy = policy({ ...allow("execute-api:Invoke", `${api}/*`), Principal: { AWS: ann } });
    const resource = { ResourcePolicy, ResourceArns: [pets], CallerArn: ann };
    const nothing = policy(allow("s3:*", "*"));
    assert.deepEqual(await decisions({ ...resource, PolicyInputList: [nothing] }), ["allowed"]);
    assert.deepEqual(await decisions({ ...resource, PolicyInputList: [nothing], CallerArn: `${ann}a` }), [
      "implicitDeny",
    ]);
    const stranger = "arn:aws:iam::111111111111:user/ann";
    const across = { ...resource, CallerArn: stranger, ResourcePolicy: ResourcePolicy.replace(ann, stranger) };
    const [silent] = await simulate({ ...across, PolicyInputList: [nothing] });
    assert.equal(silent?.EvalDecision, "implicitDeny");
    assert.deepEqual(silent?.EvalDecisionDetails, { "IAM Policy": "implicitDeny", "Resource Policy": "allowed" });
    assert.deepEqual(await decisions({ ...across, PolicyInputList: [all] }), ["allowed"]);
  });

  it("refuses what is malformed", async () => {
    const resource = { ResourcePolicy: policy({ ...allow("*", "*"), Principal: "*" }) };
    const entry = { ContextKeyName: "aws:x", ContextKeyValues: ["x"] };
    for (const input of [
      { PolicyInputList: ["{"] },
      { PolicyInputList: ['{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Action":"*"}}'] },
      { ActionNames: ["execute-api:*"] },
      { ActionNames: ["Invoke"] },
      { PermissionsBoundaryPolicyInputList: [policy(), policy()] },
      resource,
      { ...resource, CallerArn: `arn:aws:iam::${account}:role/r` },
      { ContextEntries: [{ ...entry, ContextKeyType: "numeric" as const }] },
      { ContextEntries: [{ ...entry, ContextKeyType: "boolean" as const }] },
      { ContextEntries: [{ ...entry, ContextKeyValues: ["a", "b"], ContextKeyType: "string" as const }] },
    ]) {
      assert.equal(await refusal(input), "InvalidInputException", JSON.stringify(input));
    }
  });

  it("knows the policies of users with their groups, and their boundaries", async () => {
    const iam = client();
    await iam.send(new CreateUserCommand({ UserName: "ann", Tags: [{ Key: "team", Value: "blue" }] }));
    await iam.send(new CreateGroupCommand({ GroupName: "callers" }));
    await iam.send(new AddUserToGroupCommand({ UserName: "ann", GroupName: "callers" }));
    const inline = policy(allow("execute-api:Invoke", `${api}/prod/GET/\${aws:username}`));
    await iam.send(new PutUserPolicyCommand({ UserName: "ann", PolicyName: "own", PolicyDocument: inline }));
    const groups = policy(
      allow("execute-api:Invoke", pets, { Condition: { StringEquals: { "aws:PrincipalTag/team": "blue" } } }),
      deny("execute-api:Invoke", `${api}/prod/DELETE/*`),
    );
    await iam.send(new PutGroupPolicyCommand({ GroupName: "callers", PolicyName: "pets", PolicyDocument: groups }));
    const { Policy } = await iam.send(
      new CreatePolicyCommand({ PolicyName: "deleters", PolicyDocument: policy(allow("*", "*")) }),
    );
    await iam.send(new AttachUserPolicyCommand({ UserName: "ann", PolicyArn: Policy!.Arn! }));
    const decide = async (resource: string, PolicySourceArn = ann) => {
      const { EvaluationResults = [] } = await iam.send(
        new SimulatePrincipalPolicyCommand({
          PolicySourceArn,
          ActionNames: ["execute-api:Invoke"],
          ResourceArns: [resource],
        }),
      );
      const [result] = EvaluationResults;
      const [statement] = result?.MatchedStatements ?? [];
      return [result?.EvalDecision, statement?.SourcePolicyId, statement?.SourcePolicyType];
    };
    assert.deepEqual(await decide(`${api}/prod/GET/ann`), ["allowed", "user_ann_own", "IAM Policy"]);
    assert.deepEqual(await decide(`${api}/prod/POST/x`), ["allowed", "deleters", "IAM Policy"]);
    assert.deepEqual(await decide(`${api}/prod/DELETE/x`), ["explicitDeny", "group_callers_pets", "IAM Policy"]);
    const group = `arn:aws:iam::${account}:group/callers`;
    assert.deepEqual(await decide(pets, group), ["implicitDeny", undefined, undefined]);
    const keys = await iam.send(new GetContextKeysForPrincipalPolicyCommand({ PolicySourceArn: ann }));
    assert.deepEqual(keys.ContextKeyNames?.sort(), ["aws:PrincipalTag/team", "aws:username"]);
    const { Policy: boundary } = await iam.send(
      new CreatePolicyCommand({ PolicyName: "limit", PolicyDocument: policy(deny("*", pets), allow("*", "*")) }),
    );
    await iam.send(new PutUserPermissionsBoundaryCommand({ UserName: "ann", PermissionsBoundary: boundary!.Arn! }));
    assert.deepEqual(await decide(pets), ["explicitDeny", "limit", "Permissions Boundary Policy"]);
    const { EvaluationResults: [other] = [] } = await iam.send(
      new SimulatePrincipalPolicyCommand({
        ...{ PolicySourceArn: ann, ActionNames: ["s3:GetObject"] },
        PermissionsBoundaryPolicyInputList: [policy(allow("execute-api:*", "*"))],
      }),
    );
    assert.deepEqual(other?.EvalDecision, "implicitDeny");
    const foreign = new SimulatePrincipalPolicyCommand({ PolicySourceArn: ann, ActionNames: ["s3:GetObject"] });
    await assert.rejects(client("111111111111").send(foreign), { name: "NoSuchEntityException" });
    await assert.rejects(decide(pets, `${ann}a`), { name: "NoSuchEntityException" });
    await assert.rejects(decide(pets, `arn:aws:iam::111111111111:user/ann`), { name: "NoSuchEntityException" });
    await assert.rejects(decide(pets, `arn:aws:iam::${account}:root`), { name: "InvalidInputException" });
  });

  it("pages through millions of pairs, and a page is short where each of its items is long", async () => {
    const count = 4_900;
    const ActionNames = Array.from({ length: count }, (_, index) => `s3:Get${index}`);
    const ResourceArns = Array.from({ length: count }, (_, index) => `arn:aws:s3:::b${index}`);
    const last = Buffer.from(`1:${count * count - 3}`).toString("base64url");
    const of = { ActionNames, ResourceArns, PolicyInputList: [policy()] };
    const pageAt = (Marker: string) => client().send(new SimulateCustomPolicyCommand({ ...of, Marker }));
    const { EvaluationResults = [], IsTruncated } = await pageAt(last);
    assert.deepEqual(
      EvaluationResults.map(({ EvalActionName, EvalResourceName }) => [EvalActionName, EvalResourceName]),
      [4_898, 4_899].map((index) => ["s3:Get4899", `arn:aws:s3:::b${index}`]),
    );
    assert.equal(IsTruncated, false);
    assert.deepEqual((await pageAt(Buffer.from(`1:${count * count}`).toString("base64url"))).EvaluationResults, []);
    await assert.rejects(pageAt(Buffer.from("1:x").toString("base64url")), { name: "InvalidInputException" });
    const long = policy(...Array.from({ length: 1_500 }, () => allow("s3:*", "*")));
    const some = { ActionNames: ActionNames.slice(0, 10), MaxItems: 10 };
    assert.equal((await simulate({ ...some, PolicyInputList: [long] })).length, 2);
    const boundary = policy(allow("s3:*", `*${"x".repeat(130_000)}`));
    const pages = { PolicyInputList: [policy()], PermissionsBoundaryPolicyInputList: [boundary] };
    assert.equal((await simulate({ ActionNames: ActionNames.slice(0, 100), MaxItems: 100, ...pages })).length, 30);
  });
});
