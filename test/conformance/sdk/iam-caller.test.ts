// Requests to methods with AWS_IAM, signed by AWS's own library with the keys that IAM and STS give out.
import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { describe, it } from "node:test";
import {
  APIGatewayClient,
  CreateDeploymentCommand,
  CreateRestApiCommand,
  GetResourcesCommand,
  PutIntegrationCommand,
  PutIntegrationResponseCommand,
  PutMethodCommand,
  PutMethodResponseCommand,
} from "@aws-sdk/client-api-gateway";
import {
  AddUserToGroupCommand,
  CreateAccessKeyCommand,
  CreateGroupCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  GetAccessKeyLastUsedCommand,
  IAMClient,
  PutGroupPolicyCommand,
  PutRolePolicyCommand,
  PutUserPermissionsBoundaryCommand,
  PutUserPolicyCommand,
  UpdateAccessKeyCommand,
  UpdateUserCommand,
} from "@aws-sdk/client-iam";
import { AssumeRoleCommand, GetFederationTokenCommand, GetSessionTokenCommand, STSClient } from "@aws-sdk/client-sts";
import { SignatureV4 } from "@smithy/signature-v4";
import { until } from "../../until.ts";
import { startForSuite } from "./sdk-client.ts";

/** The hash that the library is given: Node's. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", bytesOf(secret));
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }
  digest = async (): Promise<Uint8Array> => this.#hash.digest();
  reset(): void {
    throw new Error("a hash is used once");
  }
}
const bytesOf = (data: string | ArrayBuffer | ArrayBufferView): Buffer =>
  typeof data === "string"
    ? Buffer.from(data)
    : ArrayBuffer.isView(data)
      ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
      : Buffer.from(data);

interface Key {
  readonly AccessKeyId: string | undefined;
  readonly SecretAccessKey: string | undefined;
  readonly SessionToken?: string | undefined;
}

const policy = (more: object): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Resource: "*", ...more }] });
const mayInvoke = policy({ Action: "execute-api:Invoke" });
const region = "eu-west-1";
const account = "311111111101";

describe("methods with AWS_IAM, and the callers of IAM and STS", () => {
  const portico = startForSuite();
  const settings = (key: Key) => ({
    endpoint: portico.url,
    region,
    credentials: {
      accessKeyId: key.AccessKeyId ?? "",
      secretAccessKey: key.SecretAccessKey ?? "",
      ...(key.SessionToken !== undefined && { sessionToken: key.SessionToken }),
    },
  });
  const root: Key = { AccessKeyId: account, SecretAccessKey: "any" };

  /** Makes an API with a method that only IAM's callers may call, and returns its path. */
  async function anApi(): Promise<string> {
    const gateway = new APIGatewayClient(settings(root));
    const { id: restApiId } = await gateway.send(new CreateRestApiCommand({ name: "guarded" }));
    const { items } = await gateway.send(new GetResourcesCommand({ restApiId }));
    const method = { restApiId, resourceId: items?.[0]?.id, httpMethod: "GET" };
    await gateway.send(new PutMethodCommand({ ...method, authorizationType: "AWS_IAM" }));
    const requestTemplates = { "application/json": '{"statusCode":200}' };
    await gateway.send(new PutIntegrationCommand({ ...method, type: "MOCK", requestTemplates }));
    await gateway.send(new PutMethodResponseCommand({ ...method, statusCode: "200" }));
    await gateway.send(new PutIntegrationResponseCommand({ ...method, statusCode: "200" }));
    await gateway.send(new CreateDeploymentCommand({ restApiId, stageName: "prod" }));
    return `/_aws/execute-api/${restApiId}/prod/`;
  }

  async function statusFor(path: string, key: Key): Promise<number> {
    const { host, hostname, port } = new URL(portico.url);
    const signer = new SignatureV4({ ...settings(key), service: "execute-api", sha256: Sha256 });
    const signed = await signer.sign({
      method: "GET",
      protocol: "http:",
      hostname,
      port: Number(port),
      path,
      headers: { host },
    });
    const answer = await fetch(portico.url + path, { headers: signed.headers });
    await answer.arrayBuffer();
    return answer.status;
  }

  it("let in those whose policies allow it now, and nobody whose key or role is gone", async () => {
    const path = await anApi();
    const iam = new IAMClient(settings(root));
    await iam.send(new CreateUserCommand({ UserName: "caller" }));
    const made = await iam.send(new CreateAccessKeyCommand({ UserName: "caller" }));
    const key: Key = { AccessKeyId: made.AccessKey?.AccessKeyId, SecretAccessKey: made.AccessKey?.SecretAccessKey };
    const status = (by: Key) => statusFor(path, by);
    assert.equal(await status(key), 403, "no policy allows it");
    await iam.send(new CreateGroupCommand({ GroupName: "callers" }));
    await iam.send(new PutGroupPolicyCommand({ GroupName: "callers", PolicyName: "p", PolicyDocument: mayInvoke }));
    await iam.send(new AddUserToGroupCommand({ GroupName: "callers", UserName: "caller" }));
    assert.equal(await status(key), 200, "by the group's policy");
    // A thread tells control beside its answer.
    const lastUsed = async () => {
      const { AccessKeyLastUsed: use, UserName } = await iam.send(
        new GetAccessKeyLastUsedCommand({ AccessKeyId: key.AccessKeyId }),
      );
      return [UserName, use?.ServiceName, use?.Region].join();
    };
    await until(async () => (await lastUsed()) === `caller,execute-api,${region}`);
    await iam.send(
      new PutUserPermissionsBoundaryCommand({
        UserName: "caller",
        PermissionsBoundary: "arn:aws:iam::aws:policy/IAMFullAccess",
      }),
    );
    assert.equal(await status(key), 403, "the boundary does not allow it");
    await iam.send(
      new PutUserPermissionsBoundaryCommand({
        UserName: "caller",
        PermissionsBoundary: "arn:aws:iam::aws:policy/AmazonAPIGatewayInvokeFullAccess",
      }),
    );
    assert.equal(await status(key), 200);
    await iam.send(new UpdateUserCommand({ UserName: "caller", NewUserName: "renamed" }));
    assert.equal(await status(key), 200, "a user who is renamed keeps the key");
    await iam.send(
      new UpdateAccessKeyCommand({ UserName: "renamed", AccessKeyId: key.AccessKeyId, Status: "Inactive" }),
    );
    assert.equal(await status(key), 403);
    await iam.send(new UpdateAccessKeyCommand({ UserName: "renamed", AccessKeyId: key.AccessKeyId, Status: "Active" }));
    assert.equal(await status({ ...key, SecretAccessKey: "wrong" }), 403);

    const sts = new STSClient(settings(key));
    const session = await sts.send(new GetSessionTokenCommand({}));
    assert.equal(await status(session.Credentials!), 200);
    assert.equal(await status({ ...session.Credentials!, SessionToken: undefined }), 403);
    const allowed = policy({ Action: ["sts:*", "execute-api:Invoke"] });
    await iam.send(new PutUserPolicyCommand({ UserName: "renamed", PolicyName: "p", PolicyDocument: allowed }));
    await iam.send(
      new PutUserPermissionsBoundaryCommand({
        UserName: "renamed",
        PermissionsBoundary: "arn:aws:iam::aws:policy/AdministratorAccess",
      }),
    );
    const federated = async (Policy?: string) =>
      (await sts.send(new GetFederationTokenCommand({ Name: "fed", Policy }))).Credentials!;
    assert.equal(await status(await federated()), 403, "a federated user without policies may do nothing");
    assert.equal(await status(await federated(mayInvoke)), 200);

    const trust = JSON.stringify({
      Statement: { Effect: "Allow", Principal: { AWS: account }, Action: ["sts:AssumeRole", "sts:TagSession"] },
    });
    const RoleName = "worker";
    const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }));
    const tagged = policy({
      Action: "execute-api:Invoke",
      Condition: { StringEquals: { "aws:PrincipalTag/team": "pets" } },
    });
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "p", PolicyDocument: tagged }));
    const assume = async (more: object) =>
      (await sts.send(new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: "me", ...more }))).Credentials!;
    const pets = { Tags: [{ Key: "team", Value: "pets" }] };
    assert.equal(await status(await assume({})), 403, "the session has no such tag");
    const worker = await assume(pets);
    assert.equal(await status(worker), 200);
    assert.equal(
      await status(await assume({ ...pets, Policy: policy({ Action: "s3:*" }) })),
      403,
      "its own policy limits it",
    );
    const managed = { PolicyArns: [{ arn: "arn:aws:iam::aws:policy/AmazonAPIGatewayInvokeFullAccess" }] };
    assert.equal(await status(await assume({ ...pets, ...managed })), 200);
    // Sessions that were made before a time are revoked as AWS's console does it.
    const revoke = JSON.stringify({
      Version: "2012-10-17",
      Statement: {
        Effect: "Deny",
        Action: "*",
        Resource: "*",
        Condition: { DateLessThan: { "aws:TokenIssueTime": "2100-01-01T00:00:00Z" } },
      },
    });
    const revoked = { RoleName, PolicyName: "AWSRevokeOlderSessions" };
    await iam.send(new PutRolePolicyCommand({ ...revoked, PolicyDocument: revoke }));
    assert.equal(await status(worker), 403, "the session was made before");
    await iam.send(new DeleteRolePolicyCommand(revoked));
    assert.equal(await status(worker), 200);
    await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: "p" }));
    assert.equal(await status(worker), 403);
    await iam.send(new DeleteRoleCommand({ RoleName }));
    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }));
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "p", PolicyDocument: mayInvoke }));
    assert.equal(await status(worker), 403, "another role has the name by now");
  });
});
