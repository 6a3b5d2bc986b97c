// Lambda integrations with `credentials`, against a started server: what IAM is told is in effect when it has answered.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  APIGatewayClient,
  CreateDeploymentCommand,
  GetResourcesCommand,
  ImportRestApiCommand,
  TestInvokeMethodCommand,
} from "@aws-sdk/client-api-gateway";
import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { functionOf, startForSuite } from "./sdk-client.ts";

const statement = (more: object): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...more }] });
const trust = (Service: string): string => statement({ Principal: { Service }, Action: "sts:AssumeRole" });
const apiGateway = trust("apigateway.amazonaws.com");
const functionArn = "arn:aws:lambda:us-east-1:000000000000:function:greet";
const mayInvoke = statement({ Action: "lambda:InvokeFunction", Resource: functionArn });

describe("Lambda integrations with credentials", () => {
  const portico = startForSuite({ args: ["--threads", "2"] });

  /** Enough connections that every thread answers one. */
  const statuses = async (url: string): Promise<number[]> => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => fetch(url, { headers: { connection: "close" } })),
    );
    return [...new Set(answers.map(({ status }) => status))];
  };

  it("follow every change of the role and its policies, in all threads, without a deployment", async () => {
    const gateway = portico.client(APIGatewayClient);
    const iam = portico.client(IAMClient);
    await portico.client(LambdaClient).send(functionOf("greet", "exports.handler = async () => ({statusCode: 200})"));
    const document = {
      openapi: "3.0.1",
      info: { title: "credentials", version: "1" },
      paths: {
        "/": {
          get: {
            responses: { 200: { description: "ok" } },
            "x-amazon-apigateway-integration": {
              type: "aws_proxy",
              httpMethod: "POST",
              uri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`,
              credentials: "arn:aws:iam::000000000000:role/greeter",
            },
          },
        },
      },
    };
    const { id: restApiId } = await gateway.send(
      new ImportRestApiCommand({ body: Buffer.from(JSON.stringify(document)) }),
    );
    await gateway.send(new CreateDeploymentCommand({ restApiId, stageName: "prod" }));
    const url = `${portico.url}/_aws/execute-api/${restApiId}/prod/`;
    const RoleName = "greeter";
    const changes: [string, () => Promise<unknown>, number][] = [
      ["nothing yet", async () => undefined, 500],
      ["a role", () => iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: apiGateway })), 500],
      [
        "an inline policy",
        () => iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "p", PolicyDocument: mayInvoke })),
        200,
      ],
      [
        "another's trust",
        () => iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: trust("ec2.amazonaws.com") })),
        500,
      ],
      [
        "its trust again",
        () => iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: apiGateway })),
        200,
      ],
      ["no policy", () => iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: "p" })), 500],
    ];
    for (const [name, change, status] of changes) {
      await change();
      assert.deepEqual(await statuses(url), [status], name);
    }
    const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName: "invokes", PolicyDocument: mayInvoke }));
    const PolicyArn = Policy?.Arn ?? "";
    await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
    assert.deepEqual(await statuses(url), [200]);
    const none = statement({ Action: "s3:GetObject", Resource: "*" });
    await iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: none }));
    assert.deepEqual(await statuses(url), [200], "a version that is not the default");
    await iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: none, SetAsDefault: true }));
    assert.deepEqual(await statuses(url), [500]);
    const managed = "arn:aws:iam::aws:policy/service-role/AWSLambdaRole";
    await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: managed }));
    assert.deepEqual(await statuses(url), [200]);

    const { items = [] } = await gateway.send(new GetResourcesCommand({ restApiId }));
    const tested = async () =>
      gateway.send(new TestInvokeMethodCommand({ restApiId, resourceId: items[0]?.id, httpMethod: "GET" }));
    assert.equal((await tested()).status, 200);
    await iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn: managed }));
    await iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }));
    const { status, log } = await tested();
    assert.equal(status, 500);
    assert.match(
      log ?? "",
      /Execution failed due to configuration error: User: arn:aws:sts::000000000000:assumed-role\/greeter\/BackplaneAssumeRoleSession is not authorized to perform: lambda:InvokeFunction on resource: arn:aws:lambda:us-east-1:000000000000:function:greet because no identity-based policy allows the lambda:InvokeFunction action\n/,
    );
    await iam.send(new DeleteRoleCommand({ RoleName }));
    const gone = await fetch(url);
    assert.match(
      gone.headers.get("x-portico-hint") ?? "",
      /permission to assume the provided role.*aws iam create-role/,
    );
    const asked = await fetch(`${portico.url}/_portico/status`);
    const stages = JSON.stringify(await asked.json());
    assert.match(stages, /failingRoutes.*does not have permission to assume the provided role/);
  });
});
