// biome-ignore-all lint/suspicious/noTemplateCurlyInString: stage variables are written like template strings.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { mock, test } from "node:test";
import { getCACertificates, setDefaultCACertificates, type TLSSocket } from "node:tls";
import type { Surroundings } from "../../src/compiler/surroundings.ts";
import type { Integration } from "../../src/definition/rest-api.ts";
import type { HttpVpcLink, VpcLink } from "../../src/definition/vpc-link.ts";
import { makeAuthority } from "../tls-authority.ts";
import { tool } from "../tool.ts";
import { aMethod, anHttpProxy, aRestApi, aStage } from "./a-rest-api.ts";
import { type Backend, startBackend, startGateway } from "./start-gateway.ts";
import { startUnaccepting } from "./unaccepting.ts";

// AWS: API Gateway Developer Guide, "Private integrations using VPC links V1".

const aLink = (overrides: Partial<VpcLink> = {}): VpcLink => ({
  id: "abc123",
  name: "orders",
  targetArns: ["arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/orders/0123456789abcdef"],
  status: "AVAILABLE",
  ...overrides,
});

const through = (addresses: Surroundings["vpcLinkAddresses"], link: VpcLink | HttpVpcLink = aLink()): Surroundings => ({
  vpcLinks: new Map([[link.id, link]]),
  vpcLinkAddresses: addresses,
  hasClientCertificate: false,
  hasVpcEndpoints: false,
  beyondAws: [],
  roles: new Map(),
});

const aPrivate = (uri: string, overrides: Partial<Integration> = {}): Integration =>
  anHttpProxy(uri, { connectionType: "VPC_LINK", connectionId: "abc123", ...overrides });

const addressOf = ({ origin }: Backend): string => origin.slice("http://".length);

test("a private integration goes to its link's address; the URI says Host, path and, without one there, the port", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  const port = Number(new URL(backend.origin).port);
  const custom = { type: "HTTP", integrationResponses: { "200": { statusCode: "200" } } } as const;
  const api = aRestApi({
    "/": { GET: aMethod(aPrivate("http://orders.internal/v1/list")) },
    "/port": { GET: aMethod(aPrivate(`http://orders.internal:${port}/`)) },
    "/custom": { GET: aMethod(aPrivate("http://orders.internal/custom", { ...custom, httpMethod: "POST" })) },
    "/variable": { GET: aMethod(aPrivate("http://orders.internal/", { connectionId: "${stageVariables.link}" })) },
  });
  const stage = aStage({ variables: { link: "abc123" } });
  for (const name of ["abc123", "orders", aLink().targetArns[0]!]) {
    gateway.deploy(api, stage, through({ [name]: [addressOf(backend)] }));
    for (const path of ["/", "/custom", "/variable"]) assert.equal((await gateway.call(path)).status, 200, name + path);
  }
  assert.deepEqual([backend.requests[0]!.headers.host, backend.requests[0]!.url], ["orders.internal", "/v1/list"]);
  assert.deepEqual([backend.requests[1]!.method, backend.requests[1]!.url], ["POST", "/custom"]);
  gateway.deploy(api, stage, through({ orders: ["127.0.0.1"] }));
  assert.equal((await gateway.call("/port")).status, 200);
  assert.equal(backend.requests.at(-1)!.headers.host, `orders.internal:${port}`);
  assert.deepEqual(gateway.errors, []);
});

test("the address of a load balancer is for links of its own account", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  const api = aRestApi({ "/": { GET: aMethod(aPrivate("http://orders.internal/")) } });
  const [own = ""] = aLink().targetArns;
  const foreign = own.replace("000000000000", "111111111111");
  const link = aLink({ targetArns: [foreign] });
  for (const one of [link, aLink({ name: foreign, targetArns: [own] })]) {
    gateway.deploy(api, aStage(), through({ [foreign]: [addressOf(backend)] }, one));
    assert.equal((await gateway.call("/")).status, 501, one.name);
  }
  assert.deepEqual(backend.requests, []);
  gateway.deploy(api, aStage(), through({ [link.id]: [addressOf(backend)] }, link));
  assert.equal((await gateway.call("/")).status, 200);
});

test("a link's addresses are taken in turn; one that can't be reached costs no request", async () => {
  const answerAs = (name: string): Promise<Backend> => startBackend((_, outgoing) => outgoing.end(name));
  await using left = await answerAs("left");
  const right = await answerAs("right");
  await using gateway = await startGateway();
  gateway.deploy(
    aRestApi({ "/": { ANY: aMethod(aPrivate("http://orders.internal/")) } }),
    aStage(),
    through({ orders: [addressOf(left), addressOf(right)] }),
  );
  const ask = async (): Promise<string> => (await gateway.call("/", { method: "POST", body: "x" })).text;
  const asked = async (count: number): Promise<string[]> => {
    const texts: string[] = [];
    for (let index = 0; index < count; index++) texts.push(await ask());
    return texts;
  };
  assert.deepEqual(await asked(4), ["left", "right", "left", "right"]);
  await right[Symbol.asyncDispose]();
  // What was kept open to it may break once, as any connection may; nobody is sent there after that.
  await gateway.call("/");
  await gateway.call("/");
  assert.deepEqual(new Set(await asked(6)), new Set(["left"]));
  assert.deepEqual(gateway.errors, []);
});

test("an address that answers no connection in time costs one request, and none after it", {
  skip: process.platform !== "linux",
}, async () => {
  await using silent = await startUnaccepting();
  await using backend = await startBackend();
  await using gateway = await startGateway();
  gateway.deploy(
    aRestApi({ "/": { GET: aMethod(aPrivate("http://orders.internal/", { timeoutInMillis: 1_000 })) } }),
    aStage(),
    through({ orders: [`127.0.0.1:${silent.port}`, addressOf(backend)] }),
  );
  const statuses: number[] = [];
  for (let count = 0; count < 6; count++) statuses.push((await gateway.call("/")).status);
  assert.deepEqual(statuses, [504, 200, 200, 200, 200, 200]);
});

test("an address that could not be connected to is tried again after ten seconds", async () => {
  await using left = await startBackend((_, outgoing) => outgoing.end("left"));
  await using gateway = await startGateway();
  const port = await freePort();
  gateway.deploy(
    aRestApi({ "/": { GET: aMethod(aPrivate("http://orders.internal/")) } }),
    aStage(),
    through({ orders: [`127.0.0.1:${port}`, addressOf(left)] }),
  );
  const asked = async (): Promise<string[]> => [(await gateway.call("/")).text, (await gateway.call("/")).text];
  assert.deepEqual(await asked(), ["left", "left"]);
  const right = createHttpServer((_, outgoing) => outgoing.end("right")).listen(port, "127.0.0.1");
  await once(right, "listening");
  let laterMs = 0;
  const { now } = performance;
  const clock = mock.method(performance, "now", () => now.call(performance) + laterMs);
  try {
    assert.deepEqual(await asked(), ["left", "left"]);
    laterMs = 10_001;
    assert.deepEqual((await asked()).sort(), ["left", "right"]);
  } finally {
    clock.mock.restore();
    right.closeAllConnections();
    right.close();
  }
});

/** A port that nobody listens on now. */
async function freePort(): Promise<number> {
  const server = createHttpServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

test("a body that streams goes whole to the address that is there", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  gateway.deploy(
    aRestApi({ "/": { POST: aMethod(aPrivate("http://orders.internal/")) } }),
    aStage(),
    through({ orders: ["127.0.0.1:1", "127.0.0.1:2", addressOf(backend)] }),
  );
  const body = "x".repeat(1_000_000);
  const reply = await gateway.call("/", { method: "POST", body, headers: { "transfer-encoding": "chunked" } });
  assert.deepEqual([reply.status, reply.text.length], [200, body.length + 5]);
});

test("a link that leads nowhere is AWS's 500, one without an address is closed by name", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  const api = aRestApi({ "/": { GET: aMethod(aPrivate("http://orders.internal/")) } });
  const cases: [Surroundings, number, RegExp][] = [
    [
      through({ orders: ["127.0.0.1:1", "127.0.0.1:2"] }),
      500,
      /internal error while executing your request .*VPC link abc123 \(127\.0\.0\.1:1, 127\.0\.0\.1:2\): ECONNREFUSED/,
    ],
    [through({ other: [addressOf(backend)] }), 501, /VPC link abc123 without an address; --vpc-link abc123=HOST:PORT/],
    [through({ orders: [addressOf(backend)] }, aLink({ id: "other" })), 500, /there is no VPC link abc123/],
    [through({ orders: [addressOf(backend)] }, aLink({ status: "FAILED" })), 500, /VPC link abc123 is FAILED/],
  ];
  for (const [surroundings, status, hint] of cases) {
    gateway.deploy(api, aStage(), surroundings);
    const reply = await gateway.call("/");
    assert.equal(reply.status, status);
    assert.match(String(reply.headers["x-portico-hint"]), hint);
    if (status === 500) assert.equal(reply.text, '{"message": "Internal server error"}');
  }
  gateway.deploy(
    aRestApi({ "/": { GET: aMethod(aPrivate("http://orders.internal/", { integrationTarget: "arn:x" })) } }),
    aStage(),
    through({ orders: [addressOf(backend)] }),
  );
  assert.match(String((await gateway.call("/")).headers["x-portico-hint"]), /integrationTarget/);
  assert.equal(backend.requests.length, 0);
});

// AWS: API Gateway Developer Guide, "Private integrations for REST APIs in API Gateway", "Set up a private integration".

const aSecondLink = (overrides: Partial<HttpVpcLink> = {}): HttpVpcLink => ({
  id: "abc123",
  name: "orders",
  subnetIds: ["subnet-1"],
  securityGroupIds: [],
  createdDate: 1_700_000_000,
  status: "AVAILABLE",
  ...overrides,
});
const balancers = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer";
const listeners = balancers.replace(/loadbalancer$/, "listener");

test("a link of the second version goes to the load balancer or listener that the integration names", async () => {
  const answerAs = (name: string): Promise<Backend> =>
    startBackend(({ url, headers }, outgoing) => outgoing.end(`${name} ${headers.host}${url}`));
  await using left = await answerAs("left");
  await using right = await answerAs("right");
  await using byName = await answerAs("byName");
  await using gateway = await startGateway();
  const to = (integrationTarget: string, overrides: Partial<Integration> = {}) =>
    aMethod(aPrivate("http://orders.internal/v1/{id}", { integrationTarget, ...overrides }));
  const withPath = {
    requestParameters: { "integration.request.path.id": "method.request.path.id" },
  };
  const custom = { type: "HTTP", httpMethod: "GET", integrationResponses: { "200": { statusCode: "200" } } } as const;
  const variable = { connectionId: "${stageVariables.link}" };
  gateway.deploy(
    aRestApi({
      "/left/{id}": { GET: to(`${balancers}/app/left/0123456789abcdef`, withPath) },
      "/right/{id}": {
        GET: to(`${listeners}/net/right/0123456789abcdef/fedcba9876543210`, { ...withPath, ...custom }),
      },
      "/other/{id}": { GET: to(`${balancers}/net/other/0123456789abcdef`, { ...withPath, ...variable }) },
    }),
    aStage({ variables: { link: "abc123" } }),
    through(
      {
        orders: [addressOf(byName)],
        [`${balancers}/app/left/0123456789abcdef`]: [addressOf(left)],
        [`${listeners}/net/right/0123456789abcdef/fedcba9876543210`]: [addressOf(right)],
      },
      aSecondLink(),
    ),
  );
  // As AWS's own sample shows, the stage is not put before the path.
  assert.equal((await gateway.call("/left/7?a=b")).text, "left orders.internal/v1/7?a=b");
  assert.equal((await gateway.call("/right/7")).text, "right orders.internal/v1/7");
  assert.equal((await gateway.call("/other/7")).text, "byName orders.internal/v1/7");
  assert.deepEqual(gateway.errors, []);
});

test("a target is for its own account and for links of the second version, which need one", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  const own = `${balancers}/app/orders/0123456789abcdef`;
  const foreign = own.replace("000000000000", "111111111111");
  const addresses = { [own]: [addressOf(backend)], [foreign]: [addressOf(backend)] };
  const named = { ...addresses, orders: [addressOf(backend)] };
  const cases: [Partial<Integration>, Surroundings, number, RegExp][] = [
    [{ integrationTarget: own }, through(addresses, aSecondLink()), 200, /^undefined$/],
    [{ integrationTarget: foreign }, through(named, aSecondLink()), 501, /integrationTarget of another account/],
    [{ integrationTarget: "arn:aws:s3:::x" }, through(named, aSecondLink()), 501, /integrationTarget arn:aws:s3:::x/],
    [{ integrationTarget: `${own}\n` }, through(named, aSecondLink()), 501, /integrationTarget/],
    [{}, through(named, aSecondLink()), 500, /IntegrationTarget is required for VpcLinkV2 abc123/],
    [
      { integrationTarget: own },
      through(named),
      501,
      /integrationTarget with the VPC link abc123 of the first version/,
    ],
    [{ integrationTarget: own }, through({}, aSecondLink()), 501, /without an address; --vpc-link arn:.*=HOST:PORT/],
    [{ integrationTarget: own }, through(named, aSecondLink({ status: "FAILED" })), 500, /abc123 is FAILED/],
  ];
  for (const [overrides, surroundings, status, hint] of cases) {
    gateway.deploy(
      aRestApi({ "/": { GET: aMethod(aPrivate("http://orders.internal/", overrides)) } }),
      aStage(),
      surroundings,
    );
    const reply = await gateway.call("/");
    assert.equal(reply.status, status, JSON.stringify(overrides));
    assert.match(String(reply.headers["x-portico-hint"]), hint);
  }
  assert.equal(backend.requests.length, 1);
});

test(
  "over TLS the certificate is checked for the URI's host, which is the name that is asked for",
  tool("openssl", ["version"], false),
  async () => {
    const authority = makeAuthority();
    setDefaultCACertificates([...getCACertificates("default"), authority.certificate.toString()]);
    const names: unknown[] = [];
    const server = createServer(authority.issue("DNS:orders.internal"), (incoming, outgoing) => {
      names.push((incoming.socket as TLSSocket & { servername: unknown }).servername);
      outgoing.end(incoming.headers.host);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    await using gateway = await startGateway();
    gateway.deploy(
      aRestApi({
        "/": { GET: aMethod(aPrivate("https://orders.internal/")) },
        "/wrong": { GET: aMethod(aPrivate("https://payments.internal/")) },
      }),
      aStage(),
      through({ orders: [`127.0.0.1:${(server.address() as AddressInfo).port}`] }),
    );
    assert.equal((await gateway.call("/")).text, "orders.internal");
    assert.deepEqual(names, ["orders.internal"]);
    const wrong = await gateway.call("/wrong");
    assert.equal(wrong.status, 500);
    assert.match(String(wrong.headers["x-portico-hint"]), /Host name 'payments\.internal' does not match/);
    server.closeAllConnections();
    server.close();
  },
);
