// A method with AWS_IAM, called as users do: by AWS's SDK, boto3 and curl, with keys of a user whose policy allows one path.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, type OutgoingHttpHeaders, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  APIGatewayClient,
  CreateDeploymentCommand,
  GetSdkCommand,
  ImportRestApiCommand,
} from "@aws-sdk/client-api-gateway";
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteRolePolicyCommand,
  DeleteUserPolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  UpdateAccessKeyCommand,
} from "@aws-sdk/client-iam";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import type { Credentials } from "../../../src/access/request-signer.ts";
import { signWithSdk } from "../../sdk-signer.ts";
import { run, tool } from "../../tool.ts";
import { unpackZip } from "../sdk-generation/generated-sdk.ts";
import { startForSuite } from "./sdk-client.ts";

const account = "000000000000";
const integration = {
  type: "mock",
  requestTemplates: { "application/json": '{"statusCode": 200}' },
  responses: {
    default: { statusCode: "200", responseTemplates: { "application/json": '{"arn": "$context.identity.userArn"}' } },
  },
};
const method = {
  security: [{ sigv4: [] }],
  responses: { "200": { description: "ok" } },
  "x-amazon-apigateway-integration": integration,
};
const document = {
  openapi: "3.0.1",
  info: { title: "guarded", version: "1" },
  paths: { "/pets/{id+}": { get: method, post: method } },
  components: {
    securitySchemes: {
      sigv4: { type: "apiKey", name: "Authorization", in: "header", "x-amazon-apigateway-authtype": "awsSigv4" },
    },
  },
};
const allow = (apiId: string, ...paths: string[]): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow",
      Action: "execute-api:Invoke",
      Resource: paths.map((path) => `arn:aws:execute-api:us-east-1:${account}:${apiId}/dev/${path}`),
    },
  });

describe("a method with AWS_IAM", () => {
  const portico = startForSuite();
  const agent = new Agent({ keepAlive: false });

  interface Caller {
    readonly apiId: string;
    readonly keys: Credentials;
    readonly iam: IAMClient;
  }

  /** An API, and a user whose policy allows some of its paths. */
  async function start(userName: string): Promise<Caller> {
    const api = portico.client(APIGatewayClient);
    const { id } = await api.send(new ImportRestApiCommand({ body: Buffer.from(JSON.stringify(document)) }));
    await api.send(new CreateDeploymentCommand({ restApiId: id!, stageName: "dev" }));
    const iam = portico.client(IAMClient);
    await iam.send(new CreateUserCommand({ UserName: userName }));
    await iam.send(
      new PutUserPolicyCommand({
        UserName: userName,
        PolicyName: "may",
        PolicyDocument: allow(id!, "GET/pets/1", "POST/pets/1", "GET/pets/a*"),
      }),
    );
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: userName }));
    const keys = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
    return { apiId: id!, keys, iam };
  }

  const hostOf = (apiId: string): string => `${apiId}.execute-api.localhost:${new URL(portico.url).port}`;

  /** Calls a path with a connection of its own, so that each thread gets some. */
  async function call(
    { apiId, keys }: Pick<Caller, "apiId" | "keys">,
    path: string,
    options: { method?: string; body?: string; byPath?: boolean; expiresIn?: number } = {},
  ): Promise<{ readonly status: number | undefined; readonly text: string }> {
    const { method: verb = "GET", body, byPath = false, expiresIn } = options;
    const host = byPath ? new URL(portico.url).host : hostOf(apiId);
    const whole = byPath ? `/_aws/execute-api/${apiId}/dev${path}` : `/dev${path}`;
    const signed = await signWithSdk(
      { method: verb, host, path: whole, body },
      { credentials: keys, ...(expiresIn !== undefined && { expiresIn }) },
    );
    return new Promise((resolve, reject) => {
      const headers: OutgoingHttpHeaders = { ...signed.headers };
      const outgoing = request(portico.url, { agent, method: verb, path: signed.target, headers }, (response) => {
        let text = "";
        response
          .setEncoding("utf8")
          .on("data", (chunk) => {
            text += chunk;
          })
          .once("end", () => resolve({ status: response.statusCode, text }));
      });
      outgoing.once("error", reject).end(body);
    });
  }

  const statuses = async (caller: Pick<Caller, "apiId" | "keys">, path: string): Promise<(number | undefined)[]> => [
    ...new Set((await Promise.all(Array.from({ length: 12 }, () => call(caller, path)))).map(({ status }) => status)),
  ];

  it("answers a user for the paths that the policy allows, by host and by path, in header and query", async () => {
    const caller = await start("ann");
    const one = await call(caller, "/pets/1");
    assert.deepEqual([one.status, JSON.parse(one.text)], [200, { arn: `arn:aws:iam::${account}:user/ann` }]);
    const two = await call(caller, "/pets/2");
    assert.equal(two.status, 403);
    assert.match(
      two.text,
      /User: arn:aws:iam::000000000000:user\/ann is not authorized to perform: execute-api:Invoke/,
    );
    assert.equal((await call(caller, "/pets/1", { byPath: true })).status, 200);
    assert.equal((await call(caller, "/pets/1", { expiresIn: 300 })).status, 200);
    assert.equal((await call(caller, "/pets/1", { method: "POST", body: '{"name": "é"}' })).status, 200);
    const account12 = { ...caller, keys: { accessKeyId: account, secretAccessKey: "any" } };
    assert.equal((await call(account12, "/pets/1")).status, 403);
  });

  it("knows of changes of keys and policies in every thread, when the call that made them is answered", async () => {
    const caller = await start("bob");
    const { iam, apiId, keys } = caller;
    const key = { UserName: "bob", AccessKeyId: keys.accessKeyId };
    assert.deepEqual(await statuses(caller, "/pets/1"), [200]);
    await iam.send(new UpdateAccessKeyCommand({ ...key, Status: "Inactive" }));
    assert.deepEqual(await statuses(caller, "/pets/1"), [403]);
    await iam.send(new UpdateAccessKeyCommand({ ...key, Status: "Active" }));
    assert.deepEqual(await statuses(caller, "/pets/1"), [200]);
    await iam.send(new DeleteUserPolicyCommand({ UserName: "bob", PolicyName: "may" }));
    assert.deepEqual(await statuses(caller, "/pets/1"), [403]);
    const PolicyDocument = allow(apiId, "*");
    await iam.send(new PutUserPolicyCommand({ UserName: "bob", PolicyName: "all", PolicyDocument }));
    assert.deepEqual(await statuses(caller, "/pets/2"), [200]);
    await iam.send(new DeleteAccessKeyCommand(key));
    assert.deepEqual(await statuses(caller, "/pets/2"), [403]);
  });

  it("answers a role's session, as long as the role may", async () => {
    const { apiId, iam } = await start("cid");
    const trust = JSON.stringify({
      Version: "2012-10-17",
      Statement: { Effect: "Allow", Principal: { AWS: account }, Action: "sts:AssumeRole" },
    });
    const { Role } = await iam.send(new CreateRoleCommand({ RoleName: "reader", AssumeRolePolicyDocument: trust }));
    const policy = { RoleName: "reader", PolicyName: "may" };
    await iam.send(new PutRolePolicyCommand({ ...policy, PolicyDocument: allow(apiId, "GET/pets/*") }));
    const sts = portico.client(STSClient);
    const asked = { RoleArn: Role!.Arn!, RoleSessionName: "me" };
    const { Credentials: given } = await sts.send(
      new AssumeRoleCommand({ ...asked, Policy: allow(apiId, "GET/pets/1") }),
    );
    const keys = {
      accessKeyId: given!.AccessKeyId!,
      secretAccessKey: given!.SecretAccessKey!,
      sessionToken: given!.SessionToken!,
    };
    assert.deepEqual(await statuses({ apiId, keys }, "/pets/1"), [200]);
    assert.deepEqual(await statuses({ apiId, keys }, "/pets/2"), [403]);
    await iam.send(new DeleteRolePolicyCommand(policy));
    assert.deepEqual(await statuses({ apiId, keys }, "/pets/1"), [403]);
  });

  it("answers a generated SDK with the user's keys", async () => {
    const { apiId, keys } = await start("fay");
    const api = portico.client(APIGatewayClient);
    const asked = { restApiId: apiId, stageName: "dev", sdkType: "javascript" };
    const { body } = await api.send(new GetSdkCommand(asked));
    const folder = mkdtempSync(join(tmpdir(), "portico-sdk-"));
    try {
      const script = `
        const factory = require(${JSON.stringify(join(folder, unpackZip(body!, folder), "apigClient.js"))});
        const client = factory.newClient({
          accessKey: process.env.CALLER_KEY, secretKey: process.env.CALLER_SECRET, region: "us-east-1",
        });
        const status = (call) => call.then((done) => done.status, (failed) => failed.status);
        Promise.all([
          status(client.petsIdGet({ id: "1" })),
          status(client.petsIdGet({ id: "2" })),
          status(client.petsIdPost({ id: "1" }, { name: "é" })),
        ]).then((statuses) => console.log(statuses.join(" ")));`;
      const env = { CALLER_KEY: keys.accessKeyId, CALLER_SECRET: keys.secretAccessKey };
      const ran = await run(process.execPath, ["-e", script], { env });
      assert.equal(ran.stdout.trim(), "200 403 200", ran.stderr);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("answers botocore's signatures", tool("python3", ["-c", "import botocore"], true), async () => {
    const { apiId, keys } = await start("dan");
    const script = join(import.meta.dirname, "../boto3/iam_method.py");
    const base = `${portico.url}/_aws/execute-api/${apiId}/dev`;
    const env = { CALLER_KEY: keys.accessKeyId, CALLER_SECRET: keys.secretAccessKey };
    const ran = await run("python3", [script, base], { env });
    assert.equal(ran.stdout.trim(), "200 403 200 200 200 200 403", ran.stderr);
  });

  it("answers curl's signatures", tool("curl", ["--aws-sigv4", "a", "--version"], false), async () => {
    const { apiId, keys } = await start("eve");
    const curl = async (...args: string[]): Promise<string> => {
      const signing = [
        "--aws-sigv4",
        "aws:amz:us-east-1:execute-api",
        "--user",
        `${keys.accessKeyId}:${keys.secretAccessKey}`,
      ];
      const quiet = ["-s", "-o", "/dev/null", "-w", "%{http_code}"];
      return (await run("curl", [...quiet, ...signing, ...args])).stdout;
    };
    const base = `http://${hostOf(apiId)}/dev`;
    assert.equal(await curl(`${base}/pets/1`), "200");
    assert.equal(await curl(`${base}/pets/2`), "403");
    assert.equal(await curl("-d", '{"name": "Rex"}', "-H", "Content-Type: application/json", `${base}/pets/1`), "200");
    assert.equal(await curl(`${base}/pets/1?a=1&b=2`), "200");
    assert.equal((await run("curl", ["-s", `${base}/pets/1`])).stdout, '{"message":"Missing Authentication Token"}');
  });
});
