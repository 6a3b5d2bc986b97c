// The response cache as the official SDK sets it up, in front of two gateway threads.
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import {
  APIGatewayClient,
  CreateDeploymentCommand,
  CreateRestApiCommand,
  FlushStageCacheCommand,
  GetStageCommand,
  type PatchOperation,
  PutRestApiCommand,
  UpdateStageCommand,
} from "@aws-sdk/client-api-gateway";
import { until } from "../../until.ts";
import { startForSuite } from "./sdk-client.ts";

const portico = startForSuite({ args: ["--threads", "2", "--cache-memory", "5"] });

/** What the backend saw, and what holds its answers back. */
const seen: IncomingMessage[] = [];
let gate: Promise<void> | undefined;
let backend: Server;
before(async () => {
  backend = createServer((incoming, outgoing) => {
    seen.push(incoming);
    const answer = (): void => {
      const asked = new URL(incoming.url!, "http://backend");
      const headers: Record<string, string> = { "Content-Type": "text/plain", "X-Number": String(seen.length) };
      if (asked.searchParams.has("cookie")) headers["Set-Cookie"] = "session=1";
      if (asked.searchParams.has("vary")) headers["Vary"] = "X-Language";
      outgoing.writeHead(Number(asked.searchParams.get("status") ?? "200"), headers);
      outgoing.end(`${incoming.method} ${incoming.url} ${seen.length}`);
    };
    if (gate === undefined) answer();
    else void gate.then(answer);
  });
  await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
});
after(() => backend.close());

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly headers: IncomingMessage["headers"];
}

/** Calls on a connection of its own, so that both threads get some. */
function call(target: string, headers: Record<string, string> = {}, method = "GET", body?: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const url = `${portico.url}/_aws/execute-api/cached/prod${target}`;
    const outgoing = request(url, { agent: false, method, headers }, (response) => {
      let text = "";
      response.setEncoding("latin1").on("data", (piece: string) => (text += piece));
      response.once("end", () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }));
    });
    outgoing.once("error", reject).end(body);
  });
}

const document = (): Uint8Array => {
  const { port } = backend.address() as AddressInfo;
  const parameter = (name: string, place: string) => ({ name, in: place, required: false, schema: { type: "string" } });
  const integration = (path: string, cacheKeyParameters: readonly string[], httpMethod = "GET") => ({
    type: "http_proxy",
    httpMethod,
    uri: `http://127.0.0.1:${port}${path}`,
    requestParameters: { "integration.request.path.id": "method.request.path.id" },
    cacheKeyParameters,
  });
  const operation = (integrationObject: object, ...parameters: object[]) => ({
    parameters: [{ ...parameter("id", "path"), required: true }, ...parameters],
    responses: {},
    "x-amazon-apigateway-integration": integrationObject,
  });
  return Buffer.from(
    JSON.stringify({
      openapi: "3.0.1",
      info: { title: "cached", version: "1" },
      tags: [],
      paths: {
        "/items/{id}": {
          get: operation(
            integration("/items/{id}", [
              "method.request.path.id",
              "method.request.querystring.q",
              "method.request.header.X-Key",
            ]),
            parameter("q", "query"),
            parameter("X-Key", "header"),
          ),
          post: operation(integration("/items/{id}", ["method.request.path.id"], "POST")),
        },
        "/plain/{id}": { get: operation(integration("/plain/{id}", ["method.request.path.id"])) },
      },
    }),
  );
};

const stage = { restApiId: "cached", stageName: "prod" };
const update = async (...settings: readonly (readonly [path: string, value: string])[]) => {
  const patchOperations = settings.map(([path, value]): PatchOperation => ({ op: "replace", path: `/${path}`, value }));
  return portico.client(APIGatewayClient).send(new UpdateStageCommand({ ...stage, patchOperations }));
};
const statusOf = async () =>
  (await portico.client(APIGatewayClient).send(new GetStageCommand(stage))).cacheClusterStatus;
const advance = (advanceMs: number): Promise<Response> =>
  fetch(`${portico.url}/_portico/clock`, { method: "POST", body: JSON.stringify({ advanceMs }) });

/** Returns how many of these calls reached the backend. */
async function reached(...calls: readonly (() => Promise<unknown>)[]): Promise<number> {
  const before = seen.length;
  for (const one of calls) await one();
  return seen.length - before;
}

test("a stage's cache is made, and keeps what GET answers, across threads", async () => {
  const client = portico.client(APIGatewayClient);
  await client.send(new CreateRestApiCommand({ name: "cached", tags: { _custom_id_: "cached" } }));
  await client.send(new PutRestApiCommand({ restApiId: "cached", mode: "overwrite", body: document() }));
  await client.send(new CreateDeploymentCommand({ ...stage }));
  assert.equal(await statusOf(), "NOT_AVAILABLE");
  assert.equal(await reached(...Array.from({ length: 4 }, () => () => call("/items/1"))), 4, "no cache");

  const made = await update(["cacheClusterEnabled", "true"], ["cacheClusterSize", "0.5"]);
  assert.equal(made.cacheClusterStatus, "CREATE_IN_PROGRESS");
  await until(async () => (await statusOf()) === "AVAILABLE", { what: "the cache" });
  assert.equal(await reached(...Array.from({ length: 4 }, () => () => call("/items/1"))), 4, "no method is cached");

  await update(["*/*/caching/enabled", "true"]);
  const first = await call("/items/1?q=a");
  const again = await Promise.all(Array.from({ length: 20 }, () => call("/items/1?q=a")));
  for (const { status, text, headers } of again) {
    assert.equal(status, 200);
    assert.equal(text, first.text);
    assert.equal(headers["x-number"], first.headers["x-number"]);
    assert.notEqual(headers["x-amzn-requestid"], first.headers["x-amzn-requestid"]);
    assert.notEqual(headers["x-amz-apigw-id"], first.headers["x-amz-apigw-id"]);
  }
  assert.equal(await reached(...Array.from({ length: 20 }, () => () => call("/items/1?q=a"))), 0);
});

test("the key is what cacheKeyParameters name, and nothing else", async () => {
  const get =
    (target: string, headers = {}) =>
    () =>
      call(target, headers);
  assert.equal(await reached(get("/items/2"), get("/items/2?q="), get("/items/2?q=b"), get("/items/3")), 4);
  assert.equal(await reached(get("/items/2"), get("/items/2?q=b"), get("/items/2?other=1&q=b")), 0);
  assert.equal(await reached(get("/items/2", { "X-Key": "1" }), get("/items/2", { "X-Key": "2" })), 2);
  assert.equal(await reached(get("/items/2", { "x-key": "1" }), get("/items/2", { "X-Key": "2" })), 0);
  // Several values, and what else a backend could read otherwise.
  assert.equal(await reached(get("/items/2?q=evil&q=b"), get("/items/2?q=b&q=evil"), get("/items/2?x=1;q=b")), 3);
  assert.equal(
    await reached(get("/items/2?%71=b"), get("/items/2?q=%62"), get("/items/2/?q=b"), get("/items/%32?q=b")),
    4,
  );
  assert.match((await call("/items/2?q=b")).text, /^GET \/items\/2\?q=b /);
});

test("an answer that is for one caller is not kept; an error is", async () => {
  const get =
    (target: string, headers = {}) =>
    () =>
      call(target, headers);
  assert.equal(await reached(get("/plain/cookie?cookie=1"), get("/plain/cookie?cookie=1")), 2);
  assert.equal(await reached(get("/plain/part?status=206"), get("/plain/part")), 2);
  assert.equal(await reached(get("/plain/err?status=503"), get("/plain/err?status=503")), 1);
  assert.equal((await call("/plain/err")).status, 503);
  const german = get("/plain/vary?vary=1", { "X-Language": "de" });
  assert.equal(await reached(german, german), 1);
  assert.equal(await reached(get("/plain/vary?vary=1", { "X-Language": "en" }), get("/plain/vary?vary=1")), 2);
});

test("other verbs are kept by a setting of their own, HEAD never, and GET with a body not", async () => {
  const post = () => call("/items/5", {}, "POST", "body");
  assert.equal(await reached(post, post), 2);
  await update(["~1items~1{id}/POST/caching/enabled", "true"]);
  assert.equal(await reached(post, post), 1);
  const fat = () => call("/items/fat", { "Content-Length": "4" }, "GET", "evil");
  assert.equal(await reached(fat, fat, () => call("/items/fat")), 3);
  const masked = () => call("/items/masked", { "X-HTTP-Method-Override": "GET" }, "HEAD");
  assert.equal(await reached(masked, masked, () => call("/items/masked")), 3);
});

test("an entry ends with its time, and a method's own setting counts", async () => {
  const get = () => call("/plain/ttl");
  assert.equal(await reached(get, get), 1);
  await advance(299_000);
  assert.equal(await reached(get), 0);
  await advance(2_000);
  assert.equal(await reached(get, get), 1);
  await update(["~1plain~1{id}/GET/caching/ttlInSeconds", "10"]);
  await update(["~1plain~1{id}/GET/caching/dataEncrypted", "true"]);
  const other = () => call("/plain/ttl2");
  assert.equal(await reached(other, other, other), 1);
  assert.match((await other()).text, /^GET \/plain\/ttl2 /);
  await advance(11_000);
  assert.equal(await reached(other), 1);
  await update(["~1plain~1{id}/GET/caching/ttlInSeconds", "0"]);
  assert.equal(await reached(other, other), 2);
  await update(["~1plain~1{id}/GET/caching/ttlInSeconds", "300"]);
});

test("a flush empties the cache, and what is under way does not fill it again", async () => {
  const client = portico.client(APIGatewayClient);
  const get = () => call("/items/flush");
  assert.equal(await reached(get, get), 1);
  await client.send(new FlushStageCacheCommand(stage));
  assert.equal(await reached(get, get), 1);
  let open = (): void => undefined;
  gate = new Promise((resolve) => {
    open = resolve;
  });
  const before = seen.length;
  const slow = call("/items/slow");
  await until(() => seen.length === before + 1, { what: "the backend" });
  await client.send(new FlushStageCacheCommand(stage));
  gate = undefined;
  open();
  const old = await slow;
  const fresh = await call("/items/slow");
  assert.notEqual(fresh.text, old.text, "what was asked for before the flush is not kept");
});

test("a deployment and a new size start with nothing", async () => {
  const client = portico.client(APIGatewayClient);
  const get = () => call("/items/deployed");
  assert.equal(await reached(get, get), 1);
  await client.send(new CreateDeploymentCommand(stage));
  assert.equal(await reached(get, get), 1);
  await update(["cacheClusterSize", "1.6"]);
  assert.equal(await reached(get, get), 1);
  await update(["cacheClusterEnabled", "false"]);
  assert.equal(await statusOf(), "DELETE_IN_PROGRESS");
  assert.equal(await reached(get, get), 2);
  await assert.rejects(client.send(new FlushStageCacheCommand(stage)), { name: "BadRequestException" });
  await update(["cacheClusterEnabled", "true"]);
  assert.equal(await reached(get, get), 1);
});

test("a client's max-age=0 is honoured as the settings say", async () => {
  const wish = { "Cache-Control": "max-age=0" };
  const get = () => call("/items/wish");
  await update(["*/*/caching/requireAuthorizationForCacheControl", "false"]);
  await get();
  const before = await get();
  const renewed = await call("/items/wish", wish);
  assert.notEqual(renewed.text, before.text);
  assert.equal((await get()).text, renewed.text, "the entry is replaced");
  await update(["*/*/caching/requireAuthorizationForCacheControl", "true"]);
  const warned = await call("/items/wish", wish);
  assert.equal(warned.text, renewed.text);
  assert.match(String(warned.headers["warning"]), /^199 /);
  assert.equal((await get()).headers["warning"], undefined);
  const missed = await call("/items/wish-missed", wish);
  assert.match(String(missed.headers["warning"]), /^199 /);
  assert.equal((await call("/items/wish-missed")).headers["warning"], undefined, "the warning is not kept");
  await update(["*/*/caching/unauthorizedCacheControlHeaderStrategy", "SUCCEED_WITHOUT_RESPONSE_HEADER"]);
  const silent = await call("/items/wish", wish);
  assert.deepEqual([silent.text, silent.headers["warning"]], [renewed.text, undefined]);
  await update(["*/*/caching/unauthorizedCacheControlHeaderStrategy", "FAIL_WITH_403"]);
  const refused = await call("/items/wish", wish);
  assert.equal(refused.status, 403);
  assert.equal((await call("/items/wish")).text, renewed.text);
});

test("keys of many thousand characters, and keys that look alike, find only their own", async () => {
  const long = "k".repeat(4_000);
  const get = (value: string) => () => call("/items/9", { "X-Key": value });
  assert.equal(await reached(get(`${long}1`), get(`${long}2`), get(`${long}1`), get(`${long}2`)), 2);
  assert.equal(await reached(get("1:a"), get("a"), get("3:1:a"), get("-")), 4);
});
