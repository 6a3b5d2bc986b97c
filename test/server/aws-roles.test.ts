import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { APIGatewayClient, CreateDeploymentCommand, ImportRestApiCommand } from "@aws-sdk/client-api-gateway";
import { type Credentials, RequestSigner } from "../../src/access/request-signer.ts";
import { type Portico, startPortico } from "../portico.ts";
import { tool } from "../tool.ts";

/**
 * Roles and signatures, held against a server that checks both: moto's evaluates IAM's policies and verifies each signature
 * by botocore, once it is told to. It is used from outside only.
 */
const moto = tool("moto_server", ["--help"], true);

let server: { readonly url: string; close(): Promise<void> } | undefined;
let portico: Portico | undefined;

before(async () => {
  if (moto.skip !== false) return;
  const module = await import(pathToFileURL(join(import.meta.dirname, "../../examples/moto.mjs")).href);
  server = (await module.startMoto()) as { url: string; close(): Promise<void> };
  const { url } = server;
  const root = { accessKeyId: "test", secretAccessKey: "test" };
  const iam = (Action: string, parameters: Record<string, string>): Promise<string> =>
    call(url, "iam", { Action, Version: "2010-05-08", ...parameters }, root);
  const policy = (statement: object): string => JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  await iam("CreateUser", { UserName: "operator" });
  const keys = await iam("CreateAccessKey", { UserName: "operator" });
  const mayAssume = policy({ Effect: "Allow", Action: "sts:AssumeRole", Resource: "*" });
  await iam("PutUserPolicy", { UserName: "operator", PolicyName: "p", PolicyDocument: mayAssume });
  const trust = policy({ Effect: "Allow", Principal: { AWS: "*" }, Action: "sts:AssumeRole" });
  await iam("CreateRole", { RoleName: "gateway", AssumeRolePolicyDocument: trust });
  const may = policy({ Effect: "Allow", Action: ["sqs:SendMessage", "dynamodb:ListTables", "s3:*"], Resource: "*" });
  await iam("PutRolePolicy", { RoleName: "gateway", PolicyName: "p", PolicyDocument: may });
  await call(url, "sqs", { Action: "CreateQueue", QueueName: "orders" }, root);
  // From now on it checks every call.
  await fetch(`${url}/moto-api/reset-auth`, { method: "POST", body: "0" });
  portico = await startPortico({
    args: ["--real-aws", "--endpoints", `*=${url},sts=${url}`],
    env: { AWS_ACCESS_KEY_ID: element(keys, "AccessKeyId"), AWS_SECRET_ACCESS_KEY: element(keys, "SecretAccessKey") },
  });
});

after(async () => {
  await portico?.stop();
  await server?.close();
});

const element = (xml: string, name: string): string => new RegExp(`<${name}>([^<]+)<`).exec(xml)?.[1] ?? "";

async function call(
  url: string,
  service: string,
  parameters: Record<string, string>,
  credentials: Credentials,
): Promise<string> {
  const body = Buffer.from(new URLSearchParams(parameters).toString());
  const list = ["Content-Type", "application/x-www-form-urlencoded"];
  const signer = new RequestSigner({ service, region: "us-east-1" });
  const request = { method: "POST", target: "/", host: new URL(url).host, headers: list, body };
  signer.sign(request, credentials, Date.now());
  const headers = new Headers();
  for (let index = 0; index < list.length; index += 2) headers.append(list[index]!, list[index + 1]!);
  const response = await fetch(`${url}/`, { method: "POST", headers, body });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return text;
}

type Ask = (path: string, init?: RequestInit) => Promise<{ readonly status: number; readonly text: string }>;

/** Deploys an API of one integration below `/{proxy+}`; answers what calls it. */
async function deploy(integration: object, role = "gateway"): Promise<Ask> {
  const client = new APIGatewayClient({
    endpoint: portico!.url,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  const document = {
    openapi: "3.0.1",
    info: { title: "roles", version: "1" },
    "x-amazon-apigateway-binary-media-types": ["image/png"],
    paths: {
      "/{proxy+}": {
        "x-amazon-apigateway-any-method": {
          parameters: [{ name: "proxy", in: "path", required: true, schema: { type: "string" } }],
          responses: { 200: { description: "as it is" }, 403: { description: "denied" } },
          "x-amazon-apigateway-integration": {
            type: "aws",
            httpMethod: "POST",
            credentials: `arn:aws:iam::000000000000:role/${role}`,
            responses: { default: { statusCode: "200" }, "403": { statusCode: "403" } },
            ...integration,
          },
        },
      },
    },
  };
  const { id } = await client.send(new ImportRestApiCommand({ body: Buffer.from(JSON.stringify(document)) }));
  await client.send(new CreateDeploymentCommand({ restApiId: id, stageName: "s" }));
  return async (path, init = {}) => {
    const response = await fetch(`${portico!.url}/_aws/execute-api/${id}/s${path}`, init);
    return { status: response.status, text: await response.text() };
  };
}

const form = { "integration.request.header.Content-Type": "'application/x-www-form-urlencoded'" };

test("a role's session signs requests that a service which verifies signatures takes", moto, async () => {
  const send = await deploy({
    uri: "arn:aws:apigateway:us-east-1:sqs:path/000000000000/orders",
    requestParameters: form,
    requestTemplates: { "application/json": "Action=SendMessage&MessageBody=$util.urlEncode($input.body)" },
  });
  const json = { "Content-Type": "application/json" };
  const sent = await send("/x", { method: "POST", headers: json, body: '{"ü": "50% & more"}' });
  assert.equal(sent.status, 200, sent.text);
  assert.match(sent.text, /MessageId/);
  // AWS's own DynamoDB reads the action of the address; servers in its place want the protocol's headers.
  const list = await deploy({
    uri: "arn:aws:apigateway:us-east-1:dynamodb:action/ListTables",
    requestParameters: {
      "integration.request.header.Content-Type": "'application/x-amz-json-1.0'",
      "integration.request.header.X-Amz-Target": "'DynamoDB_20120810.ListTables'",
    },
  });
  const listed = await list("/x", { method: "POST", headers: json, body: "{}" });
  assert.deepEqual([listed.status, JSON.parse(listed.text)], [200, { TableNames: [] }]);
});

test("S3's objects are signed with any bytes", moto, async () => {
  const s3 = await deploy({
    httpMethod: "ANY",
    uri: "arn:aws:apigateway:us-east-1:s3:path/photos/{key}",
    requestParameters: { "integration.request.path.key": "method.request.path.proxy" },
  });
  const bucket = await deploy({ httpMethod: "PUT", uri: "arn:aws:apigateway:us-east-1:s3:path/photos" });
  const made = await bucket("/x", { method: "PUT" });
  assert.equal(made.status, 200, made.text);
  // Of other characters moto makes a text of its own to verify: AWS's SDK for Python fails with them, too.
  for (const key of ["plain.txt", "a%20b.txt", "2026%2Fcat.png", "-._~"]) {
    const bytes = Buffer.from([0, 255, 128, 10, 13]);
    const put = await s3(`/${key}`, { method: "PUT", headers: { "Content-Type": "image/png" }, body: bytes });
    assert.equal(put.status, 200, `${key}: ${put.text}`);
    const get = await s3(`/${key}`, { headers: { Accept: "image/png" } });
    assert.equal(get.status, 200, `${key}: ${get.text}`);
  }
});

test("what the role may not do, the service denies", moto, async () => {
  const uri = "arn:aws:apigateway:us-east-1:sqs:path/000000000000/orders";
  const requestTemplates = { "application/json": "Action=ReceiveMessage" };
  const receive = await deploy({ uri, requestParameters: form, requestTemplates });
  const denied = await receive("/x", { method: "POST" });
  assert.equal(denied.status, 403, denied.text);
  assert.match(
    denied.text,
    /assumed-role\/gateway\/BackplaneAssumeRoleSession is not authorized to perform: sqs:Receive/,
  );
});
