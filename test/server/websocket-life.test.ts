// What a WebSocket lives through: custom domain names, versions of its function, a function that hangs or is killed, and a server
// that is killed.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { strToU8, zipSync } from "fflate";
import { WebSocket as Client } from "ws";
import { makeClient } from "../../src/protocol/client.ts";
import { type Portico, startPortico } from "../portico.ts";
import { until } from "../until.ts";
import { send } from "./mock-api.ts";

const account = "000000000000";
const folder = mkdtempSync(join(tmpdir(), "portico-websocket-"));
const settings = ["--data", folder, "--threads", "2"];

let portico: Portico;

before(async () => {
  portico = await startPortico({ args: settings });
});
after(async () => {
  await portico?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const v2 = (operation: string, input: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> =>
  makeClient({ endpoint: portico.url, model: "apigatewayv2" }).call(operation, input);
const lambda = (operation: string, input: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> =>
  makeClient({ endpoint: portico.url, model: "lambda" }).call(operation, input);

const zip = (code: string): object => ({
  ZipFile: Buffer.from(zipSync({ "index.mjs": strToU8(code) })),
});

/** Does what the message says, if anything, and answers with who it is, the event and the process. */
const code = (name: string): string => `
  let held = 0;
  export const handler = async ({ body = "", requestContext: { eventType, connectionId, domainName } }) => {
    if (body === "hang" || (eventType === "CONNECT" && process.env.HANGS)) await new Promise(() => setInterval(() => held++, 1000));
    return { statusCode: 200, body: JSON.stringify({ name: "${name}", pid: process.pid, connectionId, domainName }) };
  };`;

interface FunctionFacts {
  readonly name: string;
  readonly pid: number;
  readonly connectionId: string;
  readonly domainName: string;
}

/** A WebSocket API with the stage `prod` whose routes call a function, or an alias of it. Returns the API's id. */
async function makeApi(name: string, { alias = "", timeoutMs = 29_000, variables = {} } = {}): Promise<string> {
  await lambda("CreateFunction", {
    FunctionName: name,
    Runtime: "nodejs22.x",
    Role: `arn:aws:iam::${account}:role/any`,
    Handler: "index.handler",
    Timeout: 60,
    Environment: { Variables: variables },
    Code: zip(code(`${name} 1`)),
    Publish: true,
  });
  if (alias !== "") await lambda("CreateAlias", { FunctionName: name, Name: alias, FunctionVersion: "1" });
  const { ApiId } = await v2("CreateApi", {
    Name: name,
    ProtocolType: "WEBSOCKET",
    RouteSelectionExpression: "$request.body.action",
  });
  await lambda("AddPermission", {
    FunctionName: name,
    ...(alias !== "" && { Qualifier: alias }),
    StatementId: "api",
    Action: "lambda:InvokeFunction",
    Principal: "apigateway.amazonaws.com",
    SourceArn: `arn:aws:execute-api:us-east-1:${account}:${ApiId}/*`,
  });
  const functionArn = `arn:aws:lambda:us-east-1:${account}:function:${name}${alias === "" ? "" : `:${alias}`}`;
  const { IntegrationId } = await v2("CreateIntegration", {
    ApiId,
    IntegrationType: "AWS_PROXY",
    IntegrationMethod: "POST",
    IntegrationUri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`,
    TimeoutInMillis: timeoutMs,
  });
  for (const RouteKey of ["$connect", "$default", "$disconnect"]) {
    const isTwoWay = RouteKey === "$default" ? { RouteResponseSelectionExpression: "$default" } : {};
    const Target = `integrations/${IntegrationId}`;
    const { RouteId } = await v2("CreateRoute", { ApiId, RouteKey, Target, ...isTwoWay });
    if (RouteKey === "$default") await v2("CreateRouteResponse", { ApiId, RouteId, RouteResponseKey: "$default" });
  }
  await v2("CreateStage", { ApiId, StageName: "prod" });
  await v2("CreateDeployment", { ApiId, StageName: "prod" });
  return String(ApiId);
}

interface OpenClient {
  readonly socket: Client;
  readonly closed: Promise<number>;
  /** Sends a message, and returns what comes next. */
  ask(message: string): Promise<string>;
  told(): Promise<FunctionFacts>;
}

const pathOf = (apiId: string): string => `/_aws/execute-api/${apiId}/prod`;

async function connect(t: TestContext, path: string, headers: Record<string, string> = {}): Promise<OpenClient> {
  const socket = new Client(`ws://127.0.0.1:${portico.port}${path}`, { headers });
  t.after(() => socket.terminate());
  const messages: string[] = [];
  socket.on("message", (data) => void messages.push(String(data)));
  const { promise: closed, resolve } = Promise.withResolvers<number>();
  socket.on("close", resolve);
  await new Promise<void>((done, fail) => {
    socket.on("open", done);
    socket.on("unexpected-response", (_, { statusCode }) => fail(new Error(String(statusCode))));
    socket.on("error", fail);
  });
  let read = 0;
  const ask = async (message: string): Promise<string> => {
    socket.send(message);
    await until(() => messages.length > read);
    return messages[read++]!;
  };
  return { socket, closed, ask, told: async () => JSON.parse(await ask("who")) as FunctionFacts };
}

const statusOf = async (apiId: string, connectionId: string): Promise<number> =>
  (await send(`${portico.url}${pathOf(apiId)}/@connections/${connectionId}`)).status;

test("a client connects by a custom domain name, and is called back by it, until another API has the name's path", async (t) => {
  const chat = await makeApi("chat");
  const other = await makeApi("other");
  const certificateArn = "arn:aws:acm:us-east-1:000000000000:certificate/12345678-1234-1234-1234-123456789012";
  const DomainName = "ws.example.test";
  await v2("CreateDomainName", {
    DomainName,
    DomainNameConfigurations: [{ CertificateArn: certificateArn, EndpointType: "REGIONAL" }],
  });
  const mapping = { DomainName, Stage: "prod", ApiMappingKey: "chat" };
  const { ApiMappingId } = await v2("CreateApiMapping", { ...mapping, ApiId: chat });
  const host = `${DomainName}:${portico.port}`;
  const client = await connect(t, "/chat?token=t", { host });
  const { name, domainName, connectionId } = await client.told();
  assert.deepEqual([name, domainName], ["chat 1", host]);
  const post = (): Promise<{ readonly status: number }> =>
    send(`${portico.url}/chat/@connections/${connectionId}`, {
      method: "POST",
      headers: { host },
      body: "called back",
    });
  assert.equal((await post()).status, 200);
  await assert.rejects(connect(t, "/chat/below", { host }), /^Error: 403$/);
  await assert.rejects(connect(t, "/", { host }), /^Error: 403$/);
  await assert.rejects(connect(t, "/chat", { host: `other.example.test:${portico.port}` }), /^Error: 403$/);
  await v2("UpdateApiMapping", { ...mapping, ApiMappingId, ApiId: other });
  // The connection stays what it was, and the name leads elsewhere.
  assert.equal((await post()).status, 410);
  assert.equal(await statusOf(chat, connectionId), 200);
  assert.equal(await statusOf(other, connectionId), 410);
  assert.equal(await client.ask("still here"), "called back");
  const later = await connect(t, "/chat", { host });
  assert.equal((await later.told()).name, "other 1");
  // Nobody asks clients for their certificates here: a name with mutual TLS lets nobody connect, nor call back.
  await v2("UpdateDomainName", { DomainName, MutualTlsAuthentication: { TruststoreUri: "s3://bucket/ca.pem" } });
  await assert.rejects(connect(t, "/chat", { host }), /^Error: 501$/);
  assert.equal((await post()).status, 501);
  assert.equal((await later.told()).name, "other 1");
  await v2("UpdateDomainName", { DomainName, MutualTlsAuthentication: { TruststoreUri: "" } });
  assert.equal((await (await connect(t, "/chat", { host })).told()).name, "other 1");
});

test("an alias behind the routes leads to what it names when a message comes", async (t) => {
  const client = await connect(t, pathOf(await makeApi("versions", { alias: "live" })));
  assert.equal((await client.told()).name, "versions 1");
  await lambda("UpdateFunctionCode", { FunctionName: "versions", ...zip(code("versions 2")) });
  assert.equal((await client.told()).name, "versions 1");
  const { Version } = await lambda("PublishVersion", { FunctionName: "versions" });
  await lambda("UpdateAlias", { FunctionName: "versions", Name: "live", FunctionVersion: Version });
  assert.equal((await client.told()).name, "versions 2");
});

test("a function that hangs is given up after the integration's time-out, at the handshake and for a message", async (t) => {
  const apiId = await makeApi("hangs-at-connect", { timeoutMs: 1_500, variables: { HANGS: "yes" } });
  await assert.rejects(connect(t, pathOf(apiId)), /^Error: 504$/);
  const client = await connect(t, pathOf(await makeApi("hangs", { timeoutMs: 1_500 })));
  assert.match(await client.ask("hang"), /^\{"message": "Endpoint request timed out", "connectionId":"[\w-]{15}=", /);
  assert.equal((await client.told()).name, "hangs 1");
});

test("a function that is killed answers no message, and the connection stays", async (t) => {
  const client = await connect(t, pathOf(await makeApi("killed")));
  const { pid, connectionId } = await client.told();
  const asked = client.ask("hang");
  // The invocation has begun once the process's successor is asked for another message.
  const other = await connect(t, pathOf(await apiOf("killed")));
  assert.notEqual((await other.told()).pid, pid);
  process.kill(pid, "SIGKILL");
  assert.match(await asked, /^\{"message": "Internal server error", /);
  const after = await client.told();
  assert.deepEqual([after.name, after.connectionId], ["killed 1", connectionId]);
  assert.notEqual(after.pid, pid);
});

test("a server that is killed takes its connections along: they are gone when it is back, and clients connect again", async (t) => {
  const apiId = await makeApi("server");
  const clients = await Promise.all(Array.from({ length: 4 }, () => connect(t, pathOf(apiId))));
  const before = await Promise.all(clients.map((client) => client.told()));
  await portico.kill();
  // No close frame can be sent.
  assert.deepEqual(await Promise.all(clients.map(({ closed }) => closed)), [1006, 1006, 1006, 1006]);
  portico = await startPortico({ args: settings });
  for (const { connectionId } of before) assert.equal(await statusOf(apiId, connectionId), 410);
  const again = await (await connect(t, pathOf(apiId))).told();
  assert.equal(again.name, "server 1");
  assert.ok(before.every(({ connectionId }) => connectionId !== again.connectionId));
});

/** The id of an API by its name. */
async function apiOf(name: string): Promise<string> {
  const { Items } = (await v2("GetApis", { MaxResults: "100" })) as { Items: { Name: string; ApiId: string }[] };
  return Items.find((api) => api.Name === name)!.ApiId;
}
