// With --auth enforce, calls of @connections are signed by who may make them; functions sign theirs with their role's session.
import assert from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GetConnectionCommand,
  PostToConnectionCommand,
} from "@aws-sdk/client-apigatewaymanagementapi";
import { strToU8, zipSync } from "fflate";
import { makeClient } from "../../src/protocol/client.ts";
import { readConfig } from "../../src/server/config.ts";
import { type RunningServer, startServer } from "../../src/server/start.ts";
import { makeLogger } from "../../src/telemetry/logger.ts";
import { connect as open } from "../exchange/open-websocket.ts";
import { signWithSdk } from "../sdk-signer.ts";
import { until } from "../until.ts";
import { iamOf } from "./iam-of.ts";

const region = "us-east-1";
const account = "000000000000";

interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

let server: RunningServer;
let apiId: string;
let base: string;
let iam: ReturnType<typeof iamOf>;

const statement = (Effect: string, Resource: string) => ({ Effect, Action: "execute-api:ManageConnections", Resource });
const document = (...Statement: object[]): string => JSON.stringify({ Version: "2012-10-17", Statement });

before(async () => {
  const flags = {
    auth: "enforce",
    port: "0",
    threads: "2",
    memory: true,
    beyondAws: ["websocket-groups", "websocket-resume"],
    awsSdk: join(import.meta.dirname, "../.."),
  };
  server = await startServer(
    await readConfig({ flags, env: {}, cwd: "/nowhere" }),
    makeLogger("silent", () => {}),
  );
  const client = (model: "apigatewayv2" | "lambda") =>
    makeClient({ endpoint: server.url, model, credentials: server.administrator! });
  iam = iamOf(server);
  await iam({
    Action: "CreateRole",
    RoleName: "poster",
    AssumeRolePolicyDocument: JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
    }),
  });
  const lambda = client("lambda");
  const code = `
    import { ApiGatewayManagementApiClient, PostToConnectionCommand } from "@aws-sdk/client-apigatewaymanagementapi";
    export const handler = async ({ requestContext, body }) => {
      const { domainName, stage, connectionId, eventType } = requestContext;
      if (eventType !== "MESSAGE") return { statusCode: 200 };
      if (body === "who") return { statusCode: 200, body: connectionId };
      const client = new ApiGatewayManagementApiClient({ endpoint: "https://" + domainName + "/" + stage });
      const command = new PostToConnectionCommand({ ConnectionId: connectionId, Data: body });
      return { statusCode: 200, body: await client.send(command).then(() => "posted", (error) => error.name) };
    };`;
  const { FunctionArn } = (await lambda.call("CreateFunction", {
    FunctionName: "poster",
    Runtime: "nodejs22.x",
    Role: `arn:aws:iam::${account}:role/poster`,
    Handler: "index.handler",
    Timeout: 30,
    Code: { ZipFile: Buffer.from(zipSync({ "index.mjs": strToU8(code) })) },
  })) as { FunctionArn: string };
  const v2 = client("apigatewayv2");
  const made = (await v2.call("CreateApi", {
    Name: "chat",
    ProtocolType: "WEBSOCKET",
    RouteSelectionExpression: "$request.body.action",
  })) as { ApiId: string };
  apiId = made.ApiId;
  await lambda.call("AddPermission", {
    FunctionName: "poster",
    StatementId: "api",
    Action: "lambda:InvokeFunction",
    Principal: "apigateway.amazonaws.com",
    SourceArn: `arn:aws:execute-api:${region}:${account}:${apiId}/*`,
  });
  const { IntegrationId } = (await v2.call("CreateIntegration", {
    ApiId: apiId,
    IntegrationType: "AWS_PROXY",
    IntegrationMethod: "POST",
    IntegrationUri: `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/${FunctionArn}/invocations`,
  })) as { IntegrationId: string };
  const { RouteId } = (await v2.call("CreateRoute", {
    ApiId: apiId,
    RouteKey: "$default",
    Target: `integrations/${IntegrationId}`,
    RouteResponseSelectionExpression: "$default",
  })) as { RouteId: string };
  await v2.call("CreateRouteResponse", { ApiId: apiId, RouteId, RouteResponseKey: "$default" });
  await v2.call("CreateStage", { ApiId: apiId, StageName: "prod" });
  await v2.call("CreateDeployment", { ApiId: apiId, StageName: "prod" });
  base = `http://127.0.0.1:${server.port}/_aws/execute-api/${apiId}/prod`;
});
after(() => server.stop());

/** A user with these statements, and its key. */
async function userWith(name: string, ...statements: object[]): Promise<Key> {
  await iam({ Action: "CreateUser", UserName: name });
  await iam({ Action: "PutUserPolicy", UserName: name, PolicyName: "p", PolicyDocument: document(...statements) });
  const made = await iam({ Action: "CreateAccessKey", UserName: name });
  return {
    accessKeyId: /<AccessKeyId>(.*?)</.exec(made)![1]!,
    secretAccessKey: /<SecretAccessKey>(.*?)</.exec(made)![1]!,
  };
}

async function connect() {
  const socket = new WebSocket(base.replace("http", "ws"));
  const texts: string[] = [];
  socket.onmessage = ({ data }) => void texts.push(String(data));
  await new Promise((resolve, reject) => Object.assign(socket, { onopen: resolve, onerror: reject }));
  socket.send("who");
  await until(() => texts.length === 1);
  return { socket, texts, id: texts[0]! };
}

const call = async (credentials: Key, command: object, endpoint = base): Promise<unknown> => {
  const client = new ApiGatewayManagementApiClient({ endpoint, region, credentials });
  try {
    return (await client.send(command as GetConnectionCommand)).$metadata.httpStatusCode;
  } catch (error) {
    return (error as Error).name;
  } finally {
    client.destroy();
  }
};

test("who is allowed posts, looks and closes; who is not, is refused as AWS words it", async () => {
  const { socket, texts, id: ConnectionId } = await connect();
  const arn = `arn:aws:execute-api:${region}:${account}:${apiId}/prod`;
  const poster = await userWith("poster", statement("Allow", `${arn}/POST/@connections/*`));
  const all = await userWith("all", statement("Allow", "*"));
  const notThis = await userWith(
    "not-this",
    statement("Allow", "*"),
    statement("Deny", `${arn}/POST/@connections/${ConnectionId}`),
  );
  const asInTheGuide = await userWith("guide", statement("Allow", "*"), statement("Deny", `${arn}/POST/@connections`));
  const elsewhere = await userWith("elsewhere", statement("Allow", `${arn.replace("prod", "test")}/*`));
  const invoker = await userWith("invoker", { Effect: "Allow", Action: "execute-api:Invoke", Resource: "*" });
  const post = new PostToConnectionCommand({ ConnectionId, Data: "x" });
  const get = new GetConnectionCommand({ ConnectionId });
  assert.equal(await call(poster, post), 200);
  assert.equal(await call(poster, get), "AccessDeniedException");
  assert.equal(await call(all, get), 200);
  for (const user of [notThis, asInTheGuide, elsewhere, invoker])
    assert.equal(await call(user, post), "AccessDeniedException");
  assert.equal(await call(server.administrator as Key, post), 200);
  assert.equal(await call({ ...all, secretAccessKey: "wrong" }, post), "InvalidSignatureException");
  assert.equal(
    await call({ accessKeyId: "AKIAAAAAAAAAAAAAAAAA", secretAccessKey: "x" }, post),
    "UnrecognizedClientException",
  );
  // Another account's root is nobody here.
  assert.equal(await call({ accessKeyId: "111122223333", secretAccessKey: "x" }, post), "UnrecognizedClientException");
  const client = new ApiGatewayManagementApiClient({ endpoint: base, region, credentials: poster });
  await assert.rejects(client.send(new DeleteConnectionCommand({ ConnectionId })), {
    name: "AccessDeniedException",
    message: `User: arn:aws:iam::${account}:user/poster is not authorized to perform: execute-api:ManageConnections on resource: arn:aws:execute-api:${region}:********0000:${apiId}/prod/DELETE/@connections/{connectionId}`,
  });
  client.destroy();
  assert.equal(texts.length, 3);
  assert.equal(await call(all, new DeleteConnectionCommand({ ConnectionId })), 204);
  await until(() => socket.readyState === WebSocket.CLOSED);
});

test("unsigned calls, bearer tokens, and bodies that were changed are refused", async () => {
  const { socket, texts, id } = await connect();
  const url = `${base}/@connections/${id}`;
  for (const headers of [{}, { authorization: "Bearer x" }, { authorization: "AWS4-HMAC-SHA256 Credential=x" }]) {
    const answer = await fetch(url, { method: "POST", body: "x", headers: headers as Record<string, string> });
    assert.equal(answer.status, 403);
  }
  const unsigned = await fetch(url, { method: "DELETE" });
  assert.equal(unsigned.headers.get("x-amzn-errortype"), "MissingAuthenticationTokenException");
  assert.deepEqual(await unsigned.json(), { message: "Missing Authentication Token" });
  const all = await userWith("changer", statement("Allow", "*"));
  const client = new ApiGatewayManagementApiClient({ endpoint: base, region, credentials: all });
  client.middlewareStack.add(
    (next) => (args) => {
      Object.assign(args.request as object, { body: "0riginal" });
      return next(args);
    },
    { step: "finalizeRequest", priority: "low" },
  );
  const outcome = await client.send(new PostToConnectionCommand({ ConnectionId: id, Data: "original" })).then(
    () => "taken",
    (error: Error) => error.name,
  );
  assert.equal(outcome, "InvalidSignatureException");
  client.destroy();
  assert.equal(texts.length, 1);
  socket.close();
});

test("a function posts with its role's session, if the role allows it", async () => {
  const { socket, texts } = await connect();
  socket.send("first");
  await until(() => texts.length === 2);
  assert.equal(texts[1], "AccessDeniedException");
  const PolicyDocument = document(
    statement("Allow", `arn:aws:execute-api:${region}:${account}:${apiId}/prod/POST/@connections/*`),
  );
  await iam({ Action: "PutRolePolicy", RoleName: "poster", PolicyName: "p", PolicyDocument });
  socket.send("second");
  await until(() => texts.length === 4);
  assert.deepEqual(texts.slice(2), ["second", "posted"]);
  socket.close();
});

test("calls of groups, broadcasts and lists are for the same callers, each by its own resource", async () => {
  const { socket, texts, id } = await connect();
  const arn = `arn:aws:execute-api:${region}:${account}:${apiId}/prod`;
  const ofRoom = await userWith("of-room", statement("Allow", `${arn}/*/@groups/room*`));
  const all = await userWith("all-groups", statement("Allow", `${arn}/*`));
  const poster = await userWith("no-groups", statement("Allow", `${arn}/POST/@connections/*`));
  const notRoom = await userWith("not-room", statement("Allow", "*"), statement("Deny", `${arn}/POST/@groups/room`));
  const host = new URL(base).host;
  const statusOf = async (credentials: Key, method: string, path: string, body?: string): Promise<number> => {
    const request = { method, host, path: `${new URL(base).pathname}${path}`, body };
    const { target, headers } = await signWithSdk(request, { credentials });
    const answer = await fetch(`http://${host}${target}`, { method, headers, ...(body !== undefined && { body }) });
    await answer.text();
    return answer.status;
  };
  assert.equal(await statusOf(ofRoom, "PUT", `/@groups/room/${encodeURIComponent(id)}`), 204);
  assert.equal(await statusOf(ofRoom, "POST", "/@groups/room", "to the room"), 200);
  assert.equal(await statusOf(all, "POST", "/@broadcast", "to all"), 200);
  assert.equal(await statusOf(all, "GET", "/@connections"), 200);
  assert.equal(await statusOf(ofRoom, "POST", "/@groups/hall", "x"), 403);
  assert.equal(await statusOf(ofRoom, "POST", "/@broadcast", "x"), 403);
  assert.equal(await statusOf(ofRoom, "GET", "/@connections"), 403);
  assert.equal(await statusOf(notRoom, "POST", "/@groups/room", "x"), 403);
  assert.equal(await statusOf(notRoom, "POST", "/@groups/hall", "x"), 200);
  for (const [method, path] of [
    ["PUT", `/@groups/room/${encodeURIComponent(id)}`],
    ["POST", "/@groups/room"],
    ["GET", "/@groups"],
    ["POST", "/@broadcast"],
    ["GET", "/@connections"],
  ] as const) {
    assert.equal(await statusOf(poster, method, path), 403, `${method} ${path}`);
    assert.equal((await fetch(`${base}${path}`, { method })).status, 403);
    assert.equal(await statusOf({ accessKeyId: "111122223333", secretAccessKey: "x" }, method, path), 403);
  }
  await until(() => texts.length === 3);
  assert.deepEqual(texts.slice(1), ["to the room", "to all"]);
  socket.close();
});

test("a browser connects by a signed URL, if its user may, and only as long as the signature holds", async () => {
  const v2 = makeClient({
    endpoint: `http://127.0.0.1:${server.port}`,
    model: "apigatewayv2",
    credentials: server.administrator!,
  });
  const { ApiId } = await v2.call("CreateApi", {
    Name: "guarded",
    ProtocolType: "WEBSOCKET",
    RouteSelectionExpression: "$request.body.action",
  });
  await v2.call("CreateRoute", { ApiId, RouteKey: "$connect", AuthorizationType: "AWS_IAM" });
  const { IntegrationId } = await v2.call("CreateIntegration", {
    ApiId,
    IntegrationType: "MOCK",
    RequestTemplates: { $default: '{"statusCode": 200}' },
  });
  await v2.call("CreateIntegrationResponse", {
    ApiId,
    IntegrationId,
    IntegrationResponseKey: "$default",
    ResponseTemplates: { $default: "$context.identity.userArn $context.connectionId" },
  });
  const { RouteId } = await v2.call("CreateRoute", {
    ApiId,
    RouteKey: "$default",
    Target: `integrations/${IntegrationId}`,
    RouteResponseSelectionExpression: "$default",
  });
  await v2.call("CreateRouteResponse", { ApiId, RouteId, RouteResponseKey: "$default" });
  await v2.call("CreateStage", { ApiId, StageName: "prod" });
  await v2.call("CreateDeployment", { ApiId, StageName: "prod" });
  const arn = `arn:aws:execute-api:${region}:${account}:${ApiId}/prod`;
  const may = (Resource: string, Action = "execute-api:Invoke") => ({ Effect: "Allow", Action, Resource });
  const host = `${ApiId}.execute-api.${region}.localhost:${server.port}`;
  /** Who the client is, or how it is refused. */
  const connected = async (
    credentials: Key,
    signing: object = {},
    change = (target: string) => target,
  ): Promise<string> => {
    const request = { method: "GET", host, path: "/prod", query: { room: "a" } };
    const { target } = await signWithSdk(request, { credentials, expiresIn: 60, ...signing });
    try {
      const { ask, socket } = await open(server, { path: change(target), headers: { host } });
      const text = await ask("who");
      socket.close();
      return text.split(" ", 1)[0]!;
    } catch (error) {
      return (error as Error).message;
    }
  };
  const user = await userWith("browser", may(`${arn}/$connect`));
  assert.equal(await connected(user), `arn:aws:iam::${account}:user/browser`);
  assert.equal(await connected(server.administrator as Key), `arn:aws:iam::${account}:user/administrator`);
  for (const [name, statement] of Object.entries({
    callbacks: may(`${arn}/*`, "execute-api:ManageConnections"),
    elsewhere2: may(`arn:aws:execute-api:${region}:${account}:${ApiId}/test/*`),
    foreign: may(`arn:aws:execute-api:${region}:111122223333:${ApiId}/prod/*`),
    rest: may(`${arn}/GET/*`),
  })) {
    assert.match(
      await connected(await userWith(name, statement)),
      /^403 .* is not authorized to perform: execute-api:Invoke/,
    );
  }
  const wrong = /^403 \{"message":"The request signature we calculated does not match/;
  assert.match(await connected({ ...user, secretAccessKey: "wrong" }), wrong);
  assert.match(await connected(user, {}, (target) => target.replace("room=a", "room=b")), wrong);
  assert.match(await connected(user, { nowMs: Date.now() - 120_000 }), /^403 .*Signature expired/);
  assert.match(await connected(user, { region: "eu-west-1" }), /^403 .*Credential should be scoped to a valid region/);
  assert.match(await connected(user, {}, (target) => target.replace(/&X-Amz-Signature=\w+/, "")), /^403 /);
});

test("a client that signs its connect comes back as the same user only", async () => {
  const v2 = makeClient({ endpoint: server.url, model: "apigatewayv2", credentials: server.administrator! });
  const { ApiId } = (await v2.call("CreateApi", {
    Name: "signed",
    ProtocolType: "WEBSOCKET",
    RouteSelectionExpression: "$request.body.action",
  })) as { ApiId: string };
  await v2.call("CreateRoute", { ApiId, RouteKey: "$connect", AuthorizationType: "AWS_IAM" });
  const { IntegrationId } = (await v2.call("CreateIntegration", { ApiId, IntegrationType: "MOCK" })) as {
    IntegrationId: string;
  };
  await v2.call("CreateRoute", { ApiId, RouteKey: "$default", Target: `integrations/${IntegrationId}` });
  await v2.call("CreateStage", { ApiId, StageName: "prod" });
  await v2.call("CreateDeployment", { ApiId, StageName: "prod" });
  const invoke = { Effect: "Allow", Action: "execute-api:Invoke", Resource: "*" };
  const [ann, bob] = [await userWith("ann", invoke), await userWith("bob", invoke)];
  const host = `127.0.0.1:${server.port}`;
  const open = async (credentials: Key, token: string) => {
    const query = { "portico-resume": token };
    const asked = { method: "GET", host, path: `/_aws/execute-api/${ApiId}/prod`, query };
    const { target } = await signWithSdk(asked, { credentials, expiresIn: 60 });
    const socket = new WebSocket(`ws://${host}${target}`);
    const [{ data }] = (await once(socket, "message")) as [MessageEvent];
    return { socket, opening: JSON.parse(String(data)).porticoResume };
  };
  const first = await open(ann, "new");
  const { token } = first.opening;
  const other = await open(bob, token);
  assert.deepEqual([other.opening.isResumed, other.opening.token === token], [false, false]);
  assert.equal(first.socket.readyState, WebSocket.OPEN, "a stranger closes nobody's connection");
  const again = await open(ann, token);
  assert.deepEqual(again.opening, { token, isResumed: true, missed: 0, lost: 0 });
  for (const { socket } of [first, other, again]) socket.close();
});
