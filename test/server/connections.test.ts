// @connections, by AWS's SDKs, at every address, from any gateway thread to any other.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GetConnectionCommand,
  PostToConnectionCommand,
} from "@aws-sdk/client-apigatewaymanagementapi";
import {
  ApiGatewayV2Client,
  CreateApiCommand,
  CreateDeploymentCommand,
  CreateIntegrationCommand,
  CreateRouteCommand,
  CreateStageCommand,
} from "@aws-sdk/client-apigatewayv2";
import { CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { strToU8, zipSync } from "fflate";
import { readConfig } from "../../src/server/config.ts";
import { startServer } from "../../src/server/start.ts";
import { makeLogger } from "../../src/telemetry/logger.ts";
import { type Portico, startPortico } from "../portico.ts";
import { RawClient } from "../raw-http.ts";
import { until } from "../until.ts";
import { send } from "./mock-api.ts";
import { connectMock, mockApi } from "./websocket-mock-api.ts";

const hasBoto3 = spawnSync("python3", ["-c", "import boto3"]).status === 0;
const python = { skip: hasBoto3 ? false : "boto3 is not on this machine" };

const silent = makeLogger("silent", () => {});
const region = "us-east-1";
const credentials = { accessKeyId: "test", secretAccessKey: "test" };

let portico: Portico;
let v2: ApiGatewayV2Client;
let lambda: LambdaClient;
let apiId: string;
/** The address by path. */
let base: string;

before(async () => {
  portico = await startPortico({ args: ["--threads", "3", "--aws-sdk", join(import.meta.dirname, "../..")] });
  v2 = new ApiGatewayV2Client({ endpoint: portico.url, region, credentials });
  lambda = new LambdaClient({ endpoint: portico.url, region, credentials });
  apiId = await makeApi("tell");
  base = `${portico.url}/_aws/execute-api/${apiId}/prod`;
});
after(async () => {
  v2.destroy();
  lambda.destroy();
  await portico.stop();
});

/** A function that answers its event, in a WebSocket API of its own with the stage `prod`; returns the API's id. */
async function makeApi(name: string, code: Record<string, string> = tell, runtime = "nodejs22.x"): Promise<string> {
  const { FunctionArn } = await lambda.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Runtime: runtime as "nodejs22.x",
      Role: "arn:aws:iam::000000000000:role/f",
      Handler: "index.handler",
      Timeout: 60,
      MemorySize: 512,
      Code: { ZipFile: zipSync(Object.fromEntries(Object.entries(code).map(([file, text]) => [file, strToU8(text)]))) },
    }),
  );
  const { ApiId = "" } = await v2.send(
    new CreateApiCommand({ Name: name, ProtocolType: "WEBSOCKET", RouteSelectionExpression: "$request.body.action" }),
  );
  await send(`${portico.url}/2015-03-31/functions/${name}/policy`, {
    method: "POST",
    body: JSON.stringify({
      StatementId: "api",
      Action: "lambda:InvokeFunction",
      Principal: "apigateway.amazonaws.com",
      SourceArn: `arn:aws:execute-api:${region}:000000000000:${ApiId}/*`,
    }),
  });
  const { IntegrationId } = await v2.send(
    new CreateIntegrationCommand({
      ApiId,
      IntegrationType: "AWS_PROXY",
      IntegrationMethod: "POST",
      IntegrationUri: `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/${FunctionArn}/invocations`,
    }),
  );
  for (const RouteKey of ["$connect", "$default", "$disconnect"]) {
    const Target = `integrations/${IntegrationId}`;
    const { RouteId } = await v2.send(
      new CreateRouteCommand({
        ApiId,
        RouteKey,
        Target,
        ...(RouteKey === "$default" && { RouteResponseSelectionExpression: "$default" }),
      }),
    );
    if (RouteKey !== "$default") continue;
    await send(`${portico.url}/v2/apis/${ApiId}/routes/${RouteId}/routeresponses`, {
      method: "POST",
      body: JSON.stringify({ routeResponseKey: "$default" }),
    });
  }
  await v2.send(new CreateStageCommand({ ApiId, StageName: "prod" }));
  await v2.send(new CreateDeploymentCommand({ ApiId, StageName: "prod" }));
  return ApiId;
}

const tell = {
  "index.mjs":
    "export const handler = async (event) => ({ statusCode: 200, body: JSON.stringify(event.requestContext) });",
};

interface Client {
  readonly socket: WebSocket;
  readonly texts: string[];
  readonly id: string;
  readonly domainName: string;
  readonly closed: Promise<CloseEvent>;
  text(): Promise<string>;
}

async function connect(
  t: TestContext,
  id = apiId,
  url = `ws://127.0.0.1:${portico.port}/_aws/execute-api/${id}/prod`,
): Promise<Client> {
  const socket = new WebSocket(url);
  const texts: string[] = [];
  let read = 0;
  const text = async (): Promise<string> => {
    await until(() => texts.length > read);
    return texts[read++]!;
  };
  const { promise: closed, resolve } = Promise.withResolvers<CloseEvent>();
  socket.onmessage = ({ data }) => void texts.push(String(data));
  socket.onclose = resolve;
  await new Promise((done, fail) => {
    socket.onopen = done;
    socket.onerror = () => fail(new Error(`${url} refuses`));
  });
  t.after(() => socket.close());
  socket.send("who am I");
  const { connectionId, domainName } = JSON.parse(await text());
  return { socket, texts, id: connectionId, domainName, closed, text };
}

const sdk = (t: TestContext, endpoint = base): ApiGatewayManagementApiClient => {
  const client = new ApiGatewayManagementApiClient({ endpoint, region, credentials });
  t.after(() => client.destroy());
  return client;
};

const post = (client: ApiGatewayManagementApiClient, ConnectionId: string, Data: string | Uint8Array) =>
  client.send(new PostToConnectionCommand({ ConnectionId, Data }));

test("every connection is reached from every thread, in the order of the posts", async (t) => {
  const clients: Client[] = [];
  // The kernel deals connections out.
  const threads = new Set<number>();
  for (let index = 0; index < 40 && (threads.size < 3 || index < 8); index++) {
    const client = await connect(t);
    clients.push(client);
    threads.add(Buffer.from(client.id, "base64url")[0]!);
  }
  assert.deepEqual([...threads].sort(), [0, 1, 2]);
  for (let round = 0; round < 4; round++) {
    for (const { id } of clients) {
      const path = `/_aws/execute-api/${apiId}/prod/@connections/${id}`;
      const { status } = await send(`${portico.url}${path}`, { method: "POST", body: `round ${round}` });
      assert.equal(status, 200);
    }
  }
  for (const client of clients) {
    for (let round = 0; round < 4; round++) assert.equal(await client.text(), `round ${round}`);
  }
});

test("SDK v3 posts, looks and closes; the client and $disconnect see 1000", async (t) => {
  const client = await connect(t);
  const { id: ConnectionId } = client;
  const calls = sdk(t);
  await post(calls, ConnectionId, "héllo");
  assert.equal(await client.text(), "héllo");
  await post(calls, ConnectionId, Buffer.from("x".repeat(131_072)));
  assert.equal((await client.text()).length, 131_072);
  await post(calls, ConnectionId, "");
  assert.equal(await client.text(), "");
  const { ConnectedAt, LastActiveAt, Identity } = await calls.send(new GetConnectionCommand({ ConnectionId }));
  assert.ok(ConnectedAt! <= LastActiveAt! && Date.now() - ConnectedAt!.getTime() < 60_000);
  assert.equal(Identity?.SourceIp, "127.0.0.1");
  const gone = await calls.send(new DeleteConnectionCommand({ ConnectionId }));
  assert.equal(gone.$metadata.httpStatusCode, 204);
  const { code, reason } = await client.closed;
  assert.deepEqual([code, reason], [1000, "Connection Closed Normally"]);
  for (const command of [
    new GetConnectionCommand({ ConnectionId }),
    new DeleteConnectionCommand({ ConnectionId }),
    new PostToConnectionCommand({ ConnectionId, Data: "late" }),
  ]) {
    await assert.rejects(calls.send(command as GetConnectionCommand), (error: Error & { $metadata: object }) => {
      assert.deepEqual(
        [error.name, "httpStatusCode" in error.$metadata && error.$metadata.httpStatusCode],
        ["GoneException", 410],
      );
      return true;
    });
  }
});

test("refusals are AWS's: unknown, malformed and foreign ids, long messages, other paths and verbs", async (t) => {
  const calls = sdk(t);
  const { id } = await connect(t);
  const named = (name: string) => ({ name });
  await assert.rejects(post(calls, "Llf4ceE2NjMCF7w=", "x"), named("GoneException"));
  await assert.rejects(post(calls, "nonsense", "x"), named("BadRequestException"));
  await assert.rejects(post(calls, id, "x".repeat(131_073)), named("PayloadTooLargeException"));
  const other = await makeApi("other");
  await assert.rejects(post(sdk(t, `${portico.url}/_aws/execute-api/${other}/prod`), id, "x"), named("GoneException"));
  const answers: [string, string, number, string][] = [
    ["POST", `/prod/@connections/${encodeURIComponent(id)}`, 200, ""],
    ["POST", `/prod/%40connections/${id}`, 200, ""],
    [
      "POST",
      "/prod/@connections/bad",
      400,
      '{"message":"Invalid connectionId: bad","connectionId":"bad","requestId":"ID"}',
    ],
    ["GET", "/prod/@connections/Llf4ceE2NjMCF7w=", 410, ""],
    ["PUT", `/prod/@connections/${id}`, 403, '{"message":"Missing Authentication Token"}'],
    ["GET", "/prod/@connections", 403, '{"message":"Missing Authentication Token"}'],
    ["GET", `/@connections/${id}`, 403, '{"message":"Forbidden"}'],
    ["GET", `/other/@connections/${id}`, 403, '{"message":"Forbidden"}'],
  ];
  for (const [method, path, status, text] of answers) {
    const answer = await send(`${portico.url}${path}`, {
      method,
      headers: { host: `${apiId}.execute-api.us-east-1.localhost` },
    });
    assert.deepEqual(
      [answer.status, answer.text.replace(/(?<="requestId":")[\w-]{15}=/, "ID")],
      [status, text],
      `${method} ${path}`,
    );
  }
  const notText = await send(`${base}/@connections/${id}`, { method: "POST", body: Buffer.from([0xff, 0xfe]) });
  assert.equal(notText.status, 400);
});

test("the server's own address needs no stage, and a custom domain name has its mapping's key", async (t) => {
  const { id, text } = await connect(t);
  await post(sdk(t, portico.url), id, "by the server");
  assert.equal(await text(), "by the server");
  await assert.rejects(post(sdk(t, portico.url), "Llf4ceE2NjMCF7w=", "x"), { name: "GoneException" });
  await assert.rejects(post(sdk(t, portico.url), "nonsense", "x"), { message: "Invalid connectionId: nonsense" });
  const page = await send(`${portico.url}/@connections/${id}`, {
    method: "POST",
    headers: { origin: "http://a.example" },
  });
  assert.equal(page.status, 403);
  const create = async (path: string, body: object): Promise<void> => {
    const answer = await send(`${portico.url}/v2/domainnames${path}`, { method: "POST", body: JSON.stringify(body) });
    assert.equal(answer.status, 201, answer.text);
  };
  const certificateArn = "arn:aws:acm:us-east-1:000000000000:certificate/12345678-1234-1234-1234-123456789012";
  const domainNameConfigurations = [{ certificateArn, endpointType: "REGIONAL" }];
  await create("", { domainName: "ws.example.test", domainNameConfigurations });
  await create("/ws.example.test/apimappings", { apiId, stage: "prod", apiMappingKey: "chat" });
  const byDomain = await send(`${portico.url}/chat/@connections/${id}`, {
    method: "POST",
    headers: { host: "ws.example.test" },
    body: "by the domain",
  });
  assert.equal(byDomain.status, 200, byDomain.text);
  assert.equal(await text(), "by the domain");
});

test("web pages call nothing, and neither does who comes by a name that may have been pointed here", async (t) => {
  const { id, texts } = await connect(t);
  const refused = async (headers: Record<string, string>, method = "POST", host = "localhost"): Promise<void> => {
    const answer = await send(`${base}/@connections/${id}`, { method, headers: { host, ...headers }, body: "x" });
    assert.deepEqual([answer.status, answer.text], [403, '{"message":"Forbidden"}'], JSON.stringify(headers));
  };
  for (const method of ["POST", "GET", "DELETE"]) {
    await refused({ origin: "https://evil.example" }, method);
    await refused({ origin: "null" }, method);
    await refused({ "sec-fetch-site": "cross-site" }, method);
    await refused({ "sec-fetch-site": "same-origin" }, method);
    await refused({}, method, "evil.example");
    await refused({}, method, `${apiId}.execute-api.evil.example`);
  }
  assert.equal(texts.length, 1);
  await refused({ "sec-fetch-site": "none", origin: `http://localhost:${portico.port}` });
});

test("code as AWS's guide has it posts back from a Node.js function", async (t) => {
  const id = await makeApi("guide-node", {
    "index.mjs": `
      import { ApiGatewayManagementApiClient, PostToConnectionCommand } from "@aws-sdk/client-apigatewaymanagementapi";
      export const handler = async ({ requestContext, body }) => {
        const { domainName, stage, connectionId, eventType } = requestContext;
        if (eventType !== "MESSAGE") return { statusCode: 200 };
        if (body === "who am I") return { statusCode: 200, body: JSON.stringify(requestContext) };
        const client = new ApiGatewayManagementApiClient({ endpoint: "https://" + domainName + "/" + stage });
        for (const word of body.split(" ")) {
          await client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: word }));
        }
        return { statusCode: 200, body: "posted" };
      };`,
  });
  for (const url of [
    `ws://127.0.0.1:${portico.port}/_aws/execute-api/${id}/prod`,
    `ws://localhost:${portico.port}/_aws/execute-api/${id}/prod`,
  ]) {
    const client = await connect(t, id, url);
    assert.equal(client.domainName, `${id}.execute-api.us-east-1.localhost:${portico.port}`);
    client.socket.send("one two three");
    assert.deepEqual(
      [await client.text(), await client.text(), await client.text(), await client.text()],
      ["one", "two", "three", "posted"],
    );
  }
});

test("the same from a Python function with boto3", python, async (t) => {
  const id = await makeApi(
    "guide-python",
    {
      "index.py": `
import json, boto3
def handler(event, context):
    asked = event["requestContext"]
    if asked["eventType"] != "MESSAGE":
        return {"statusCode": 200}
    if event["body"] == "who am I":
        return {"statusCode": 200, "body": json.dumps(asked)}
    client = boto3.client("apigatewaymanagementapi", endpoint_url="https://" + asked["domainName"] + "/" + asked["stage"])
    client.post_to_connection(ConnectionId=asked["connectionId"], Data=event["body"].encode())
    seen = client.get_connection(ConnectionId=asked["connectionId"])
    try:
        client.post_to_connection(ConnectionId="Llf4ceE2NjMCF7w=", Data=b"x")
    except client.exceptions.GoneException:
        return {"statusCode": 200, "body": seen["Identity"]["SourceIp"]}
`,
    },
    "python3.12",
  );
  const client = await connect(t, id);
  client.socket.send("¡hola!");
  assert.deepEqual([await client.text(), await client.text()], ["¡hola!", "127.0.0.1"]);
});

test("a post before the handshake is answered is 410", async (t) => {
  const id = await makeApi("early", {
    "index.mjs": `
      import { ApiGatewayManagementApiClient, PostToConnectionCommand } from "@aws-sdk/client-apigatewaymanagementapi";
      let early;
      export const handler = async ({ requestContext: { domainName, stage, connectionId, eventType } }) => {
        if (eventType === "CONNECT") {
          const client = new ApiGatewayManagementApiClient({ endpoint: "https://" + domainName + "/" + stage });
          const command = new PostToConnectionCommand({ ConnectionId: connectionId, Data: "early" });
          early = await client.send(command).then(() => "posted", (error) => error.name);
        }
        return { statusCode: 200, body: JSON.stringify({ connectionId, domainName: early }) };
      };`,
  });
  const { domainName } = await connect(t, id);
  assert.equal(domainName, "GoneException");
});

test("a client that does not read is bounded: posts are 429 when enough waits, and the memory is the kernel's", async () => {
  const raw = await RawClient.open(portico.port);
  raw.send(
    `GET /_aws/execute-api/${apiId}/prod HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  await raw.until((text) => text.includes("\r\n\r\n"));
  raw.received = "";
  raw.send(Buffer.from("818101020304".concat("79"), "hex"));
  const told = await raw.until((text) => /"connectionId":"[^"]+"/.test(text));
  const id = /"connectionId":"([^"]+)"/.exec(told)![1]!;
  raw.socket.pause();
  let status = 200;
  let posts = 0;
  const body = "x".repeat(100_000);
  while (status === 200 && posts < 2_000) {
    const answer = await send(`${base}/@connections/${id}`, { method: "POST", body });
    status = answer.status;
    posts++;
    if (status === 429) assert.equal(answer.headers["x-amzn-errortype"], "LimitExceededException");
  }
  assert.equal(status, 429, `${posts} posts`);
  raw.socket.resume();
  await until(async () => (await send(`${base}/@connections/${id}`, { method: "POST", body: "again" })).status === 200);
  raw.close();
});

test("a thread that dies takes its connections along, and no others; its replacement has new ones", async (t) => {
  const flags = { port: "0", threads: "2", memory: true };
  const server = await startServer(await readConfig({ flags, env: {}, cwd: "/nowhere" }), silent);
  t.after(() => server.stop());
  const url = `http://127.0.0.1:${server.port}`;
  const id = await mockApi(url);
  const open = () => connectMock(`${url.replace("http", "ws")}/_aws/execute-api/${id}/prod`);
  const threadOf = (connection: string): number => Buffer.from(connection, "base64url")[0]!;
  const clients = [await open()];
  while (new Set(clients.map((client) => threadOf(client.id))).size < 2) clients.push(await open());
  const statusOf = async (connection: string): Promise<number> =>
    (await send(`${url}/_aws/execute-api/${id}/prod/@connections/${connection}`)).status;
  for (const client of clients) assert.equal(await statusOf(client.id), 200);
  await server.terminateThread(0);
  for (const { socket, id: connection } of clients) {
    if (threadOf(connection) !== 0) assert.equal(await statusOf(connection), 200);
    else {
      await until(() => socket.readyState === WebSocket.CLOSED);
      await until(async () => (await statusOf(connection)) === 410);
    }
  }
  let again = await open();
  for (let tries = 0; threadOf(again.id) !== 0 && tries < 100; tries++) again = await open();
  assert.equal(threadOf(again.id), 0);
  for (let index = 0; index < 6; index++) assert.equal(await statusOf(again.id), 200);
});

/** A backend that takes a moment; `told` has the ids of the connections whose `$disconnect` called it. */
async function disconnectBackend(t: TestContext): Promise<{ readonly uri: string; readonly told: string[] }> {
  const told: string[] = [];
  const backend = createServer((request, response) => {
    request.toArray().then((all) => told.push((JSON.parse(Buffer.concat(all).toString()) as { id: string }).id));
    // tidy-allow: time – a backend that takes a moment
    setTimeout(() => response.end(), 200);
  });
  await once(backend.listen(0, "127.0.0.1"), "listening");
  t.after(() => backend.close());
  return { uri: `http://127.0.0.1:${(backend.address() as AddressInfo).port}/`, told };
}

test("a server that stops closes connections with 1001, and $disconnect runs", async (t) => {
  const { uri, told } = await disconnectBackend(t);
  const server = await startServer(
    await readConfig({ flags: { port: "0", threads: "2", memory: true, drain: "20" }, env: {}, cwd: "/nowhere" }),
    silent,
  );
  const url = `http://127.0.0.1:${server.port}`;
  const id = await mockApi(url, uri);
  const clients = await Promise.all(
    Array.from({ length: 10 }, () => connectMock(`${url.replace("http", "ws")}/_aws/execute-api/${id}/prod`)),
  );
  const codes: number[] = [];
  for (const { socket } of clients) socket.onclose = ({ code }) => void codes.push(code);
  await server.stop();
  assert.deepEqual(codes, Array(10).fill(1001));
  assert.deepEqual(told.sort(), clients.map((client) => client.id).sort());
});

test("a thread that throws closes its connections with 1001, their $disconnect runs, and others stay", async (t) => {
  const { uri, told } = await disconnectBackend(t);
  const lines: string[] = [];
  const server = await startServer(
    await readConfig({ flags: { port: "0", threads: "2", memory: true }, env: {}, cwd: "/nowhere" }),
    { ...silent, error: (message) => void lines.push(message) },
  );
  t.after(() => server.stop());
  const url = `http://127.0.0.1:${server.port}`;
  const id = await mockApi(url, uri);
  const open = () => connectMock(`${url.replace("http", "ws")}/_aws/execute-api/${id}/prod`);
  const isLost = (connection: string): boolean => Buffer.from(connection, "base64url")[0] === 0;
  const clients = [await open(), await open(), await open()];
  while (new Set(clients.map((client) => isLost(client.id))).size < 2) clients.push(await open());
  const codes = new Map<string, number>();
  for (const { id: own, socket } of clients) socket.onclose = ({ code }) => void codes.set(own, code);
  server.failThread(0);
  const lost = clients.map((client) => client.id).filter(isLost);
  await until(() => codes.size === lost.length && told.length === lost.length);
  assert.deepEqual(Object.fromEntries(codes), Object.fromEntries(lost.map((own) => [own, 1001])));
  assert.deepEqual(told.sort(), lost.sort());
  for (const { id: own, socket } of clients) assert.equal(socket.readyState === WebSocket.OPEN, !isLost(own));
  await until(() => lines.length === 2);
  assert.deepEqual(lines, ["A gateway thread failed.", "A gateway thread died and is replaced."]);
  await until(async () => isLost((await open()).id), { what: "the replacement has connections" });
});

test("an account connects so many times a second, and no more", async (t) => {
  const flags = { port: "0", threads: "2", memory: true, limit: ["webSocketConnects=5"] };
  const server = await startServer(await readConfig({ flags, env: {}, cwd: "/nowhere" }), silent);
  t.after(() => server.stop());
  const url = `http://127.0.0.1:${server.port}`;
  const id = await mockApi(url);
  const handshake =
    `GET /_aws/execute-api/${id}/prod HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  const answers = await Promise.all(
    Array.from({ length: 30 }, async () => {
      const client = await RawClient.open(server.port);
      client.send(handshake);
      const text = await client.until((received) => received.includes("\r\n\r\n"));
      client.close();
      return text;
    }),
  );
  const refused = answers.filter((text) => text.startsWith("HTTP/1.1 429 "));
  assert.ok(refused.length >= 15 && refused.length <= 25, String(refused.length));
  assert.match(refused[0]!, /x-portico-hint: .*--limit webSocketConnects=N/);
});

test("WebSockets and their messages are counted, in all threads together", async () => {
  const server = await startPortico({ args: ["--threads", "2"] });
  try {
    const address = `${server.url.replace("http", "ws")}/_aws/execute-api/${await mockApi(server.url)}/prod`;
    const read = async (name: string): Promise<number> => {
      const { text } = await send(`${server.url}/_portico/metrics`);
      return Number(new RegExp(`^portico_${name} (\\d+)$`, "m").exec(text)?.[1]);
    };
    const clients = await Promise.all(Array.from({ length: 6 }, () => connectMock(address)));
    assert.equal(await read("websockets_open"), 6);
    // Each was answered a message, and one is sent by a callback.
    await send(`${server.url}/_aws/execute-api/${address.split("/").at(-2)}/prod/@connections/${clients[0]!.id}`, {
      method: "POST",
      headers: {
        Authorization:
          "AWS4-HMAC-SHA256 Credential=test/20261120/us-east-1/execute-api/aws4_request, SignedHeaders=host, Signature=00",
      },
      body: "hello",
    });
    assert.equal(await read("websocket_messages_received_total"), 6);
    assert.equal(await read("websocket_messages_sent_total"), 7);
    for (const { socket } of clients.slice(1)) socket.close();
    await until(async () => (await read("websockets_open")) === 1, { what: "five are closed" });
    assert.equal(await read("websockets_total"), 6);
    // A handshake that is refused opens nothing.
    const refused = new WebSocket(`${address}-none`);
    await once(refused, "error");
    assert.equal(await read("websockets_total"), 6);
    clients[0]!.socket.close();
    await until(async () => (await read("websockets_open")) === 0, { what: "all are closed" });
  } finally {
    await server.stop();
  }
});
