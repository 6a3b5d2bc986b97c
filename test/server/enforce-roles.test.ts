import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { strToU8, zipSync } from "fflate";
import { fetchSigned, useCredentials } from "../../src/cli/signed-calls.ts";
import { makeClient } from "../../src/protocol/client.ts";
import { readConfig } from "../../src/server/config.ts";
import { createAdministratorKey } from "../../src/server/create-administrator-key.ts";
import { startServer } from "../../src/server/start.ts";
import { makeLogger } from "../../src/telemetry/logger.ts";
import { iamOf } from "./iam-of.ts";

const silent = makeLogger("silent", () => {});

const configOf = (flags: Record<string, string | boolean>) =>
  readConfig({ flags: { auth: "enforce", port: "0", threads: "1", ...flags }, env: {}, cwd: "/nowhere" });

test("an administrator is made once; another one is made by hand, when the server is down", async () => {
  const data = mkdtempSync(join(tmpdir(), "portico-enforce-"));
  const config = await configOf({ data });
  const first = await startServer(config, silent);
  const key = first.administrator;
  assert.ok(key);
  await assert.rejects(createAdministratorKey(data), /in use by another Portico/);
  await first.stop();
  const other = await createAdministratorKey(data);
  assert.notEqual(other.accessKeyId, key.accessKeyId);
  const second = await startServer(config, silent);
  try {
    assert.equal(second.administrator, undefined);
    for (const credentials of [key, other]) {
      const client = makeClient({ endpoint: second.url, model: "apigateway", credentials });
      await client.call("GetRestApis");
    }
  } finally {
    await second.stop();
  }
  for (const name of readdirSync(data).filter((file) => /\.(log|json)$/.test(file))) {
    assert.ok(!readFileSync(join(data, name), "utf8").includes(key.secretAccessKey), name);
  }
});

test("all addresses are listened on with --auth enforce; addresses and names of this machine are its hosts", async () => {
  const server = await startServer(await configOf({ host: "0.0.0.0", memory: true }), silent);
  try {
    const endpoint = `http://127.0.0.1:${server.port}`;
    const credentials = server.administrator!;
    await makeClient({ endpoint, model: "apigateway", credentials }).call("GetRestApis");
    const open = await fetch(`${endpoint}/_portico/health`);
    assert.deepEqual([open.status, await open.json()], [200, { status: "ok" }]);
    assert.equal((await fetch(`${endpoint}/_portico/ready`)).status, 200);
    for (const path of ["metrics", "status", "docs", "docs/app.js", "nothing", ""]) {
      const closed = await fetch(`${endpoint}/_portico/${path}`);
      assert.equal(closed.status, 403, path);
      assert.equal(closed.headers.get("x-amzn-errortype"), "MissingAuthenticationTokenException", path);
    }
    for (const path of ["explain", "reset", "clock"]) {
      assert.equal((await fetch(`${endpoint}/_portico/${path}`, { method: "POST", body: "{}" })).status, 403, path);
    }
    const page = await fetch(`${endpoint}/_portico/docs`, { headers: { accept: "text/html" } });
    assert.equal(page.status, 403);
    assert.match(await page.text(), /This server answers signed requests only/);
    // A page of another origin is refused before anything is verified.
    const forged = await fetch(`${endpoint}/restapis`, { headers: { origin: "http://evil.example" } });
    assert.match(await forged.text(), /web origin/);
  } finally {
    await server.stop();
  }
});

test("a published portal is for everybody, its preview for who may ask", async () => {
  const server = await startServer(await configOf({ memory: true }), silent);
  try {
    const endpoint = `http://127.0.0.1:${server.port}`;
    const client = makeClient({ endpoint, model: "apigatewayv2", credentials: server.administrator! });
    const names = [
      "AccentColor",
      "BackgroundColor",
      "ErrorValidationColor",
      "HeaderColor",
      "NavigationColor",
      "TextColor",
    ];
    const { PortalId: id } = (await client.call("CreatePortal", {
      Authorization: { None: {} },
      EndpointConfiguration: { None: {} },
      PortalContent: {
        DisplayName: "Pets",
        Theme: { CustomColors: Object.fromEntries(names.map((name) => [name, "#123456"])) },
      },
    })) as { PortalId: string };
    const statusOf = async (path: string): Promise<number> =>
      (await fetch(`${endpoint}/_portico/portals/${path}`)).status;
    assert.equal(await statusOf(id), 404);
    for (const operation of ["PublishPortal", "PreviewPortal"]) await client.call(operation, { PortalId: id });
    for (const path of [id, `${id}/`, `${id}/site.json`, "assets/portal.mjs", "assets/page.css"]) {
      assert.equal(await statusOf(path), 200, path);
    }
    const guarded = ["", "/", "/site.json"].map((below) => `${id}/preview${below}`);
    for (const path of [...guarded, `${id}/%70review`, `${id}//preview`, "", "assets/page.mjs"]) {
      assert.notEqual(await statusOf(path), 200, path);
    }
    assert.equal(await statusOf(`${id}/preview`), 403);
    await client.call("DisablePortal", { PortalId: id });
    assert.equal(await statusOf(id), 404);
  } finally {
    await server.stop();
  }
});

test("after a reset there is another administrator", async () => {
  const server = await startServer(await configOf({ memory: true }), silent);
  try {
    useCredentials(server.url, server.administrator!);
    const call = { method: "POST", path: "/_portico/reset", service: "portico", timeoutMs: 10_000 } as const;
    const answer = (await (await fetchSigned(server.url, call)).json()) as { administrator: { accessKeyId: string } };
    assert.match(answer.administrator.accessKeyId, /^AKIA/);
    assert.equal((await fetchSigned(server.url, call)).status, 403, "the key before it is gone");
  } finally {
    await server.stop();
  }
});

test("roles are passed, and policies changed, only by who may, in documents and copies too", async () => {
  const server = await startServer(await configOf({ memory: true }), silent);
  try {
    const iam = iamOf(server);
    await iam({ Action: "CreateUser", UserName: "dev" });
    const PolicyDocument = JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: ["apigateway:*"], Resource: "*" },
        { Effect: "Deny", Action: "apigateway:UpdateRestApiPolicy", Resource: "*" },
        { Effect: "Allow", Action: "iam:PassRole", Resource: "arn:aws:iam::000000000000:role/app-*" },
      ],
    });
    await iam({ Action: "PutUserPolicy", UserName: "dev", PolicyName: "p", PolicyDocument });
    const made = await iam({ Action: "CreateAccessKey", UserName: "dev" });
    const credentials = {
      accessKeyId: /<AccessKeyId>(.*?)</.exec(made)![1]!,
      secretAccessKey: /<SecretAccessKey>(.*?)</.exec(made)![1]!,
    };
    const endpoint = server.url;
    const admin = makeClient({ endpoint, model: "apigateway", credentials: server.administrator! });
    const dev = makeClient({ endpoint, model: "apigateway", credentials });
    const document = (credentialsOfRole: string, more: object = {}): Buffer =>
      Buffer.from(
        JSON.stringify({
          openapi: "3.0.1",
          info: { title: "t", version: "1" },
          ...more,
          paths: {
            "/": {
              get: {
                responses: { 200: { description: "" } },
                "x-amazon-apigateway-integration": {
                  type: "http",
                  httpMethod: "GET",
                  uri: "http://example.com",
                  credentials: credentialsOfRole,
                },
              },
            },
          },
        }),
      );
    const role = (name: string): string => `arn:aws:iam::000000000000:role/${name}`;
    const mayNotPass = { code: "AccessDeniedException", message: /dev is not authorized to perform: iam:PassRole on/ };
    await dev.call("ImportRestApi", { body: document(role("app-one")) });
    await assert.rejects(dev.call("ImportRestApi", { body: document(role("admin")) }), mayNotPass);
    await assert.rejects(dev.call("ImportRestApi", { body: document(role(`\${stageVariables.role}`)) }), mayNotPass);
    const { id } = await admin.call("ImportRestApi", {
      body: document(role("admin"), {
        "x-amazon-apigateway-policy": {
          Version: "2012-10-17",
          Statement: [{ Effect: "Allow", Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/*" }],
        },
      }),
    });
    await assert.rejects(dev.call("CreateRestApi", { name: "copy", cloneFrom: id }), mayNotPass);
    await assert.rejects(
      dev.call("PutRestApi", { restApiId: id, mode: "overwrite", body: document(role("app-one")) }),
      { code: "AccessDeniedException", message: /apigateway:UpdateRestApiPolicy .* with an explicit deny/ },
    );
    await assert.rejects(
      dev.call("CreateAuthorizer", {
        restApiId: id,
        name: "a",
        type: "TOKEN",
        authorizerUri:
          "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations",
        authorizerCredentials: role("admin"),
        identitySource: "method.request.header.Authorization",
      }),
      mayNotPass,
    );
    const account = [{ op: "replace", path: "/cloudwatchRoleArn", value: role("admin") }];
    await assert.rejects(dev.call("UpdateAccount", { patchOperations: account }), mayNotPass);
  } finally {
    await server.stop();
  }
});

test("a function has a session of its role if that trusts Lambda, and may do what the role may", async () => {
  const server = await startServer(await configOf({ memory: true }), silent);
  try {
    const endpoint = server.url;
    useCredentials(endpoint, server.administrator!);
    const makeRole = async (RoleName: string, Service: string): Promise<string> => {
      const AssumeRolePolicyDocument = JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: { Service }, Action: "sts:AssumeRole" }],
      });
      const parameters = { Action: "CreateRole", Version: "2010-05-08", RoleName, AssumeRolePolicyDocument };
      const response = await fetchSigned(endpoint, {
        method: "POST",
        path: "/",
        service: "iam",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: String(new URLSearchParams(parameters)),
        timeoutMs: 10_000,
      });
      assert.equal(response.status, 200);
      return `arn:aws:iam::000000000000:role/${RoleName}`;
    };
    const lambda = makeClient({ endpoint, model: "lambda", credentials: server.administrator! });
    const ZipFile = zipSync({
      "index.mjs": strToU8(
        "export const handler = async () => ({ accessKeyId: process.env.AWS_ACCESS_KEY_ID, secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY, sessionToken: process.env.AWS_SESSION_TOKEN });",
      ),
    });
    const credentialsIn = async (FunctionName: string, Role: string) => {
      const Code = { ZipFile };
      await lambda.call("CreateFunction", {
        FunctionName,
        Runtime: "nodejs22.x",
        Handler: "index.handler",
        Role,
        Code,
      });
      const { Payload } = await lambda.call("Invoke", { FunctionName });
      return JSON.parse(String(Payload));
    };
    assert.deepEqual(await credentialsIn("none", await makeRole("other", "ec2.amazonaws.com")), {});
    assert.deepEqual(await credentialsIn("missing", "arn:aws:iam::000000000000:role/missing"), {});
    const credentials = await credentialsIn("back", await makeRole("fn", "lambda.amazonaws.com"));
    assert.match(credentials.accessKeyId, /^ASIA/);
    const client = makeClient({ endpoint, model: "apigateway", credentials });
    await assert.rejects(client.call("GetRestApis"), {
      code: "AccessDeniedException",
      message: /^User: arn:aws:sts::000000000000:assumed-role\/fn\/back is not authorized to perform: apigateway:GET/,
    });
  } finally {
    await server.stop();
  }
});

test("a call of another service reaches the upstream only if it is signed, by who may do everything of the service", async () => {
  const reached: string[] = [];
  const upstream = createServer((request, response) => {
    reached.push(`${request.method} ${request.url}`);
    response.end("there");
  });
  await once(upstream.listen(0, "127.0.0.1"), "listening");
  const { port } = upstream.address() as AddressInfo;
  const server = await startServer(await configOf({ memory: true, upstream: `http://127.0.0.1:${port}` }), silent);
  try {
    const scope = "AKIAQAAAAAAAAAAAAAAA/20261120/us-east-1/sqs/aws4_request";
    for (const headers of [
      {},
      { "x-amz-target": "AmazonSQS.ListQueues" },
      { authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0` },
    ]) {
      const response = await fetch(`${server.url}/`, { method: "POST", headers, body: "{}" });
      assert.ok([400, 403].includes(response.status), `${response.status}`);
    }
    assert.deepEqual(reached, []);
    useCredentials(server.url, server.administrator!);
    const call = { method: "POST", path: "/queue", service: "sqs", body: "{}", timeoutMs: 10_000 } as const;
    assert.equal(await (await fetchSigned(server.url, call)).text(), "there");
    assert.deepEqual(reached, ["POST /queue"]);
  } finally {
    await server.stop();
    upstream.close();
  }
});

/** Returns a port that is free now. A server's own address has to be known before it starts. */
async function freePort(): Promise<string> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return String(port);
}

test("an integration that calls this server does it as its role, and what the role may not do is denied", async () => {
  const port = await freePort();
  const own = `http://127.0.0.1:${port}`;
  const endpoints = ["logs", "iam"].map((service) => `${service}=${own}`).join(",");
  const server = await startServer(await configOf({ memory: true, port, endpoints }), silent);
  try {
    const credentials = server.administrator!;
    const iam = iamOf(server);
    const gateway = makeClient({ endpoint: own, model: "apigateway", credentials });
    const policy = (...Statement: object[]): string => JSON.stringify({ Version: "2012-10-17", Statement });
    const trust = { Effect: "Allow", Principal: { Service: "apigateway.amazonaws.com" }, Action: "sts:AssumeRole" };
    await iam({ Action: "CreateRole", RoleName: "app", AssumeRolePolicyDocument: policy(trust) });
    const may = (...Action: string[]): Promise<unknown> =>
      iam({
        Action: "PutRolePolicy",
        RoleName: "app",
        PolicyName: "p",
        PolicyDocument: policy({ Effect: "Allow", Action, Resource: "*" }),
      });
    const integration = (uri: string, more: object = {}): object => ({
      post: {
        responses: { 200: { description: "" }, 403: { description: "" } },
        "x-amazon-apigateway-integration": {
          type: "aws",
          httpMethod: "POST",
          uri: `arn:aws:apigateway:us-east-1:${uri}`,
          credentials: "arn:aws:iam::000000000000:role/app",
          responses: { default: { statusCode: "200" }, "4\\d\\d": { statusCode: "403" } },
          ...more,
        },
      },
    });
    const headers = (type: string, target: object = {}): object => ({
      requestParameters: { "integration.request.header.Content-Type": `'${type}'`, ...target },
    });
    const logs = headers("application/x-amz-json-1.1", {
      "integration.request.header.X-Amz-Target": "'Logs_20140328.DescribeLogGroups'",
    });
    // What a template makes of the body is known to the service alone, if the template does not begin with it.
    const template = `#set($action = $input.path('$.action'))Version=2010-05-08&Action=$action`;
    const form = {
      ...headers("application/x-www-form-urlencoded"),
      requestTemplates: { "application/json": template },
    };
    const lambda = makeClient({ endpoint: own, model: "lambda", credentials });
    const { FunctionArn: hello } = await lambda.call("CreateFunction", {
      FunctionName: "hello",
      Runtime: "nodejs22.x",
      Handler: "index.handler",
      Role: "arn:aws:iam::000000000000:role/other",
      Code: { ZipFile: zipSync({ "index.mjs": strToU8('export const handler = async () => "hello";') }) },
    });
    const paths = {
      "/logs": integration("logs:action/DescribeLogGroups", logs),
      "/iam": integration("iam:path//", form),
      "/hello": integration(`lambda:path/2015-03-31/functions/${hello}/invocations`),
    };
    const document = { openapi: "3.0.1", info: { title: "own", version: "1" }, paths };
    const { id } = await gateway.call("ImportRestApi", { body: Buffer.from(JSON.stringify(document)) });
    await gateway.call("CreateDeployment", { restApiId: id, stageName: "s" });
    const ask = async (path: string, body: object = {}): Promise<string> => {
      const response = await fetch(`${own}/_aws/execute-api/${String(id)}/s${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      return `${response.status} ${await response.text()} ${response.headers.get("x-portico-hint") ?? ""}`;
    };
    await may("logs:DescribeLogGroups", "iam:ListUsers", "lambda:InvokeFunction");
    assert.match(await ask("/logs"), /^200 \{"logGroups":/);
    assert.match(await ask("/iam", { action: "ListUsers" }), /^200 .*<UserName>administrator</s);
    assert.match(await ask("/hello"), /^200 "hello"/);
    const session = "User: arn:aws:sts::000000000000:assumed-role/app/BackplaneAssumeRoleSession";
    const denied = (action: string): RegExp => new RegExp(`${session} is not authorized to perform: ${action} on`);
    assert.match(await ask("/iam", { action: "ListRoles" }), denied("iam:ListRoles"));
    await may("iam:ListRoles");
    assert.match(await ask("/iam", { action: "ListRoles" }), /^200 .*<RoleName>app</s);
    assert.match(await ask("/iam", { action: "ListUsers" }), denied("iam:ListUsers"));
    // Of these calls the action is known, so the gateway does not even make them.
    assert.match(await ask("/logs"), /^500 .*is not authorized to perform: logs:DescribeLogGroups/);
    assert.match(await ask("/hello"), /^500 .*is not authorized to perform: lambda:InvokeFunction/);
    // A role that does not trust API Gateway any more makes no call.
    const PolicyDocument = policy({ ...trust, Principal: { Service: "lambda.amazonaws.com" } });
    await iam({ Action: "UpdateAssumeRolePolicy", RoleName: "app", PolicyDocument });
    assert.match(await ask("/iam", { action: "ListRoles" }), /^500 .*does not have permission to assume/);
  } finally {
    await server.stop();
  }
});
