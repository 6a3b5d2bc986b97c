// The response cache at its edges: who may have an entry made anew, who waits for whom, and what clients' forms have a say in.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import type { MethodSetting } from "../../src/definition/rest-api.ts";
import type { FunctionClient } from "../../src/functions/function-client.ts";
import { allocateCache, cacheBytesMin } from "../../src/response-cache/cache-memory.ts";
import { until } from "../until.ts";
import { aLambdaProxy, aMethod, anHttpProxy, aRestApi, aStage, functionArn } from "./a-rest-api.ts";
import { type Backend, type GatewayUnderTest, startBackend, startGateway } from "./start-gateway.ts";

const cachedStage = (setting: Partial<MethodSetting> = {}) =>
  aStage({
    cacheClusterEnabled: true,
    methodSettings: { "*/*": { cachingEnabled: true, cacheTtlInSeconds: 300, ...setting } as MethodSetting },
  });

const giveMemory = ({ gateway }: GatewayUnderTest): void =>
  gateway.setResponseCache("abc123/prod", allocateCache(cacheBytesMin, randomBytes));

/** A backend that counts, and holds its answers back for as long as `held` says. */
async function aBackend(): Promise<Backend & { count: number; held: (() => void)[] | undefined; fails: boolean }> {
  const state = { count: 0, held: undefined as (() => void)[] | undefined, fails: false };
  const backend = await startBackend((_, outgoing) => {
    state.count++;
    const text = `answer ${state.count}`;
    const answer = (): void => {
      if (state.fails) outgoing.destroy();
      else outgoing.writeHead(200, { "Content-Type": "text/plain" }).end(text);
    };
    if (state.held === undefined) answer();
    else state.held.push(answer);
  });
  return Object.assign(state, backend, { [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose]() });
}

const allow = (action: string) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Principal: "*", Action: "execute-api:Invoke", Resource: "*" },
      { Effect: "Allow", Principal: "*", Action: action, Resource: "arn:aws:execute-api:*:*:abc123/prod/GET/free" },
    ],
  });

test("a resource policy says who may have an entry made anew, path by path", async () => {
  await using backend = await aBackend();
  await using gateway = await startGateway();
  giveMemory(gateway);
  const method = () => ({ GET: aMethod(anHttpProxy(`${backend.origin}/`)) });
  const api = aRestApi(
    { "/free": method(), "/other": method() },
    { restApi: { policy: allow("execute-api:InvalidateCache") } },
  );
  gateway.deploy(api, cachedStage({ unauthorizedCacheControlHeaderStrategy: "FAIL_WITH_403" }));
  const wish = { "Cache-Control": "no-transform, MAX-AGE=0" };
  const old = (await gateway.call("/free")).text;
  assert.equal((await gateway.call("/free")).text, old);
  const renewed = await gateway.call("/free", { headers: wish });
  assert.equal(renewed.status, 200);
  assert.notEqual(renewed.text, old);
  assert.equal((await gateway.call("/free")).text, renewed.text);
  const refused = await gateway.call("/other", { headers: wish });
  assert.equal(refused.status, 403);
  assert.match(String(refused.headers["x-portico-hint"]), /execute-api:InvalidateCache/);
  // Other words wish for nothing.
  assert.equal((await gateway.call("/other", { headers: { "Cache-Control": "no-cache, max-age=01" } })).status, 200);
});

test("a Lambda authorizer's policy says who may have an entry made anew; a caller's key is the caller's", async () => {
  await using backend = await aBackend();
  const functions: FunctionClient = {
    describe: () => ({
      functionArn,
      policy: JSON.stringify({ Statement: { Effect: "Allow", Principal: "*", Action: "lambda:*", Resource: "*" } }),
      policyRevision: "1",
    }),
    invoke: ({ payload }) => {
      const { authorizationToken } = JSON.parse(String(payload)) as { authorizationToken: string };
      const Action =
        authorizationToken === "chief" ? ["execute-api:Invoke", "execute-api:InvalidateCache"] : "execute-api:Invoke";
      const policyDocument = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource: "*" }] };
      const result = { principalId: authorizationToken, policyDocument };
      return Promise.resolve({ kind: "ok", payload: Buffer.from(JSON.stringify(result)), requestId: "r" });
    },
    close: () => Promise.resolve(),
  };
  await using gateway = await startGateway({ functions });
  giveMemory(gateway);
  const custom = { authorizationType: "CUSTOM", authorizerId: "a" };
  const byCaller = anHttpProxy(`${backend.origin}/`, {
    requestParameters: { "integration.request.header.X-User": "context.authorizer.principalId" },
    cacheKeyParameters: ["integration.request.header.X-User"],
  });
  const api = aRestApi(
    {
      "/shared": { GET: aMethod(anHttpProxy(`${backend.origin}/`), custom) },
      "/own": { GET: aMethod(byCaller, custom) },
    },
    {
      authorizers: [
        {
          id: "a",
          name: "a",
          type: "TOKEN",
          authorizerUri: aLambdaProxy().uri!,
          identitySource: "method.request.header.Authorization",
        },
      ],
    },
  );
  gateway.deploy(api, cachedStage());
  const call = (path: string, who: string, headers = {}) =>
    gateway.call(path, { headers: { Authorization: who, ...headers } });
  const wish = { "Cache-Control": "max-age=0" };
  // The trap: what is not in the key is shared.
  assert.equal((await call("/shared", "chief")).text, (await call("/shared", "other")).text);
  assert.notEqual((await call("/own", "chief")).text, (await call("/own", "other")).text);
  const before = (await call("/shared", "other")).text;
  const warned = await call("/shared", "other", wish);
  assert.deepEqual([warned.text, String(warned.headers["warning"]).slice(0, 4)], [before, "199 "]);
  assert.notEqual((await call("/shared", "chief", wish)).text, before);
  assert.equal((await gateway.call("/shared")).status, 401, "the cache comes after the authorizer");
  assert.deepEqual(gateway.errors, []);
});

test("requests wait for the one that fills their entry; if it fails, they ask themselves", async () => {
  await using backend = await aBackend();
  await using gateway = await startGateway({ cacheFillWaitMs: 5_000 });
  giveMemory(gateway);
  gateway.deploy(
    aRestApi({ "/{id}": { GET: aMethod(anHttpProxy(`${backend.origin}/`, byId), withId) } }),
    cachedStage(),
  );
  backend.held = [];
  const calls = Array.from({ length: 10 }, () => gateway.call("/same"));
  await until(() => backend.count === 1);
  const other = gateway.call("/other");
  await until(() => backend.count === 2, { what: "another key is not held up" });
  for (const answer of backend.held.splice(0)) answer();
  backend.held = undefined;
  assert.deepEqual(new Set((await Promise.all(calls)).map(({ text }) => text)), new Set(["answer 1"]));
  await other;

  backend.held = [];
  backend.fails = true;
  const failing = Array.from({ length: 5 }, () => gateway.call("/broken"));
  await until(() => backend.held?.length === 1);
  const [first] = backend.held.splice(0);
  backend.held = undefined;
  first!();
  await new Promise((resolve) => setImmediate(resolve));
  backend.fails = false;
  const statuses = (await Promise.all(failing)).map(({ status }) => status).sort();
  assert.ok(statuses.includes(200) || statuses.every((status) => status >= 500), statuses.join());
  assert.equal((await gateway.call("/broken")).status, 200);
  assert.deepEqual(gateway.errors, []);
});

test("a namespace is one of its stage and deployment: no other stage, API or key finds what is in it", async () => {
  await using backend = await aBackend();
  await using gateway = await startGateway();
  const deploy = (id: string, stageName: string, deploymentId: string, integration = {}, birthId = "one"): void => {
    const proxy = anHttpProxy(`${backend.origin}/`, { cacheNamespace: "shared", ...integration });
    gateway.deploy(aRestApi({ "/a": { GET: aMethod(proxy) }, "/b": { GET: aMethod(proxy) } }, { restApi: { id } }), {
      ...cachedStage(),
      stageName,
      deploymentId,
      birthId,
    });
  };
  const get = async (target: string, id = "abc123", headers = {}): Promise<string> =>
    (await gateway.call(target, { isWhole: true, host: `${id}.execute-api.x`, headers })).text;
  for (const key of ["abc123/prod", "abc123/beta", "other1/prod"]) {
    gateway.gateway.setResponseCache(key, allocateCache(cacheBytesMin, randomBytes));
  }
  deploy("abc123", "prod", "d1");
  deploy("abc123", "beta", "d1");
  deploy("other1", "prod", "d1");
  const first = await get("/prod/a");
  assert.equal(await get("/prod/b"), first, "the resources share it");
  const others = [await get("/beta/a"), await get("/prod/a", "other1")];
  assert.equal(new Set([first, ...others]).size, 3);
  // A deployment leaves the memory as it is.
  const user = { requestParameters: { "integration.request.header.X-User": "method.request.header.X-User" } };
  deploy("abc123", "prod", "d2", { ...user, cacheKeyParameters: ["integration.request.header.X-User"] });
  const ann = await get("/prod/a", "abc123", { "X-User": "ann" });
  const bob = await get("/prod/a", "abc123", { "X-User": "bob" });
  assert.equal(new Set([first, ann, bob, await get("/prod/a")]).size, 4);
  assert.equal(await get("/prod/b", "abc123", { "X-User": "ann" }), ann);
  // Control may see a stage that was deleted and made anew within a moment as one that was changed.
  deploy("abc123", "beta", "d1", {}, "another");
  assert.notEqual(await get("/beta/a"), others[0]);
  deploy("abc123", "prod", "d3");
  assert.ok(![first, ann, bob].includes(await get("/prod/a", "abc123", { "X-User": "ann" })));
  assert.deepEqual(gateway.errors, []);
});

test("a request that is explained with other stage variables leaves nothing in the stage's cache, and finds nothing there", async () => {
  await using backend = await aBackend();
  await using other = await startBackend((_, outgoing) => void outgoing.end("other"));
  await using gateway = await startGateway();
  giveMemory(gateway);
  const api = aRestApi({ "/": { GET: aMethod(anHttpProxy("http://${stageVariables.host}/")) } });
  const of = ({ origin }: Pick<Backend, "origin">) => ({ ...cachedStage(), variables: { host: new URL(origin).host } });
  const { plan } = gateway.deploy(api, of(other));
  gateway.deploy(api, of(backend));
  const explained = () =>
    new Promise((resolve) => {
      const request = {
        ...{ method: "GET", target: "/prod/", host: "abc123.execute-api.us-east-1.localhost", headers: [] },
        ...{ body: new Uint8Array(), remoteAddress: "127.0.0.1", localPort: 80, isEncrypted: false },
      };
      gateway.gateway.probe({ plan, request, bodyCharsMax: 100, answerBytesMax: 1_000 }, (outcome) =>
        resolve(outcome.kind === "answered" && Buffer.from(outcome.body).toString()),
      );
    });
  assert.equal(await explained(), "other");
  const first = (await gateway.call("/")).text;
  assert.equal(first, "answer 1");
  assert.equal(await explained(), "other");
  assert.equal((await gateway.call("/")).text, first);
});

test("no spelling of a path fills the entry of the path as it is, for a backend that reads the path", async () => {
  const functions: FunctionClient = {
    describe: () => ({
      functionArn,
      policy: JSON.stringify({ Statement: { Effect: "Allow", Principal: "*", Action: "lambda:*", Resource: "*" } }),
      policyRevision: "1",
    }),
    invoke: ({ payload }) => {
      const { requestContext } = JSON.parse(String(payload)) as { requestContext: { path: string } };
      const result = { statusCode: 200, body: requestContext.path };
      return Promise.resolve({ kind: "ok", payload: Buffer.from(JSON.stringify(result)), requestId: "r" });
    },
    close: () => Promise.resolve(),
  };
  await using gateway = await startGateway({ functions });
  giveMemory(gateway);
  const keyed = aMethod({ ...aLambdaProxy(), ...byId }, withId);
  gateway.deploy(aRestApi({ "/pets": { GET: aMethod(aLambdaProxy()) }, "/pets/{id}": { GET: keyed } }), cachedStage());
  const tricks = ["//pets", "/pets/", "/p%65ts", "/%2e/pets", "/./pets", "/x/../pets", "/PETS", "/pets/1/", "//pets/1"];
  for (const path of [...tricks, "/pets/%31", "/%70ets/1", "/pets//1", "/pets", "/pets/1"]) {
    const { status, text } = await gateway.call(path);
    if (status === 200) assert.equal(text, `/prod${path}`);
    else assert.equal(status, 403, path);
  }
  assert.deepEqual(gateway.errors, []);
});

test("a client that goes away while its request fills an entry leaves those who wait their answers", async () => {
  await using backend = await aBackend();
  await using gateway = await startGateway({ cacheFillWaitMs: 60_000 });
  giveMemory(gateway);
  gateway.deploy(aRestApi({ "/": { GET: aMethod(anHttpProxy(`${backend.origin}/`)) } }), cachedStage());
  backend.held = [];
  const leaving = connect(gateway.port, "127.0.0.1");
  leaving.write("GET /prod/ HTTP/1.1\r\nHost: abc123.execute-api.x\r\n\r\n");
  await until(() => backend.count === 1);
  const waiting = Array.from({ length: 5 }, () => gateway.call("/"));
  // Somebody who waits may leave as well.
  const waitsAndLeaves = connect(gateway.port, "127.0.0.1");
  waitsAndLeaves.end("GET /prod/ HTTP/1.1\r\nHost: abc123.execute-api.x\r\n\r\n");
  // The gateway has seen them when it answers whoever comes after them.
  await gateway.call("/none");
  assert.equal(backend.count, 1);
  backend.held = undefined;
  leaving.destroy();
  waitsAndLeaves.destroy();
  const replies = await Promise.all(waiting);
  assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([200]));
  const kept = (await gateway.call("/")).text;
  assert.equal((await gateway.call("/")).text, kept);
  assert.deepEqual(gateway.errors, []);
});

const byId = { cacheKeyParameters: ["method.request.path.id"] };
const withId = { requestParameters: { "method.request.path.id": true } };

test("an entry is compressed for each client as it asks; keys of 100 KB are refused before it", async () => {
  await using backend = await aBackend();
  await using gateway = await startGateway();
  giveMemory(gateway);
  const keyed = anHttpProxy(`${backend.origin}/`, { cacheKeyParameters: ["method.request.header.X-Long"] });
  const api = aRestApi(
    { "/": { GET: aMethod(keyed, { requestParameters: { "method.request.header.X-Long": false } }) } },
    { restApi: { minimumCompressionSize: 0 } },
  );
  gateway.deploy(api, cachedStage());
  const zipped = await gateway.call("/", { headers: { "Accept-Encoding": "gzip" } });
  assert.equal(gunzipSync(zipped.body).toString(), "answer 1");
  assert.equal((await gateway.call("/")).text, "answer 1");
  const again = await gateway.call("/", { headers: { "Accept-Encoding": "gzip" } });
  assert.deepEqual([again.headers["content-encoding"], gunzipSync(again.body).toString()], ["gzip", "answer 1"]);
  const long = { "X-Long": "k".repeat(7_000) };
  assert.equal((await gateway.call("/", { headers: long })).text, (await gateway.call("/", { headers: long })).text);
  // No request has so long a header, and none is so long as a key may be.
  const refused = await gateway.raw(
    `GET /prod/ HTTP/1.1\r\nHost: abc123.execute-api.x\r\nX-Long: ${"k".repeat(100_000)}\r\n\r\n`,
    "\r\n\r\n",
  );
  assert.match(refused, /^HTTP\/1\.1 4\d\d /);
  assert.deepEqual(gateway.errors, []);
});
