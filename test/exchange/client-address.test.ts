// Who a client is, behind proxies and without: in policies, $context, events, logs, and what backends are told.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIpNetwork } from "../../src/base/ip-address.ts";
import { developmentListener, type Listener } from "../../src/http/listener.ts";
import { RawClient } from "../raw-http.ts";
import { aMethod, aMock, anHttpProxy, aRestApi, aStage } from "./a-rest-api.ts";
import { type GatewayUnderTest, startBackend, startGateway } from "./start-gateway.ts";

const host = "abc123.execute-api.us-east-1.localhost";
const behind = (networks: string, more: Partial<Listener> = {}): Listener => ({
  ...developmentListener,
  trustedProxies: networks.split(",").map((text) => parseIpNetwork(text)!),
  ...more,
});
const whoAmI = aMock('{"ip":"$context.identity.sourceIp","for":"$input.params("X-Forwarded-For")"}');
const anApi = aRestApi({ "/": { GET: aMethod(whoAmI) } });

async function ask(gateway: GatewayUnderTest, headers: Record<string, string | string[]>): Promise<unknown> {
  return JSON.parse((await gateway.call("/", { headers })).text);
}

test("X-Forwarded-For of a client that is no trusted proxy changes nothing, and is passed on", async () => {
  for (const listener of [developmentListener, behind("10.0.0.0/8,::1")]) {
    await using gateway = await startGateway({ listener });
    gateway.deploy(anApi);
    for (const header of ["8.8.8.8", "10.0.0.1", "127.0.0.1, 10.0.0.1", "garbage", ""]) {
      const seen = await ask(gateway, { "X-Forwarded-For": header });
      assert.deepEqual(seen, { ip: "127.0.0.1", for: `${header}, 127.0.0.1` }, header);
    }
  }
});

test("a trusted proxy says who the client is, everywhere", async () => {
  await using backend = await startBackend((incoming, outgoing) => outgoing.end(JSON.stringify(incoming.headers)));
  const lines: string[] = [];
  await using gateway = await startGateway({ listener: behind("127.0.0.1"), onLog: (_, line) => lines.push(line) });
  const accessLogSettings = {
    destinationArn: "arn:aws:logs:us-east-1:000000000000:log-group:access",
    format: "$context.identity.sourceIp $context.requestId",
  };
  gateway.deploy(
    aRestApi({ "/": { GET: aMethod(whoAmI) }, "/proxy": { GET: aMethod(anHttpProxy(backend.origin)) } }),
    aStage({ accessLogSettings }),
  );
  const headers = {
    "X-Forwarded-For": ["1.1.1.1, 203.0.113.7"],
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Port": "8443",
  };
  assert.deepEqual(await ask(gateway, headers), { ip: "203.0.113.7", for: "1.1.1.1, 203.0.113.7" });
  const told = JSON.parse((await gateway.call("/proxy", { headers })).text) as Record<string, string>;
  assert.deepEqual(
    [told["x-forwarded-for"], told["x-forwarded-proto"], told["x-forwarded-port"]],
    ["1.1.1.1, 203.0.113.7", "https", "8443"],
  );
  assert.match(lines[0]!, /^203\.0\.113\.7 /);
});

test("a mapping of a forwarding header is what AWS's front end would have written", async () => {
  await using backend = await startBackend((incoming, outgoing) => outgoing.end(JSON.stringify(incoming.headers)));
  await using gateway = await startGateway({ listener: behind("127.0.0.2") });
  const integration = {
    ...anHttpProxy(backend.origin),
    requestParameters: Object.fromEntries(
      ["For", "Port", "Proto"].map((name) => [
        `integration.request.header.X-Seen-${name}`,
        `method.request.header.X-Forwarded-${name}`,
      ]),
    ),
  };
  gateway.deploy(aRestApi({ "/": { GET: aMethod(integration) } }));
  const forged = { "X-Forwarded-For": ["8.8.8.8", "9.9.9.9"], "X-Forwarded-Proto": "https", "X-Forwarded-Port": "443" };
  const told = JSON.parse((await gateway.call("/", { headers: forged })).text) as Record<string, string>;
  assert.deepEqual(
    [told["x-seen-for"], told["x-seen-proto"], told["x-seen-port"]],
    ["8.8.8.8, 9.9.9.9, 127.0.0.1", "http", String(gateway.port)],
  );
});

test("a request whose client nobody can know is refused", async () => {
  await using gateway = await startGateway({ listener: behind("127.0.0.1") });
  gateway.deploy(anApi);
  const refused = await gateway.call("/", { headers: { "X-Forwarded-For": "203.0.113.7, unknown" } });
  assert.deepEqual([refused.status, refused.text], [400, '{"message":"Bad Request"}']);
  const why = "a trusted proxy added to X-Forwarded-For what is no address";
  assert.equal(refused.headers["x-portico-hint"], why);
  const path = "/restapis";
  const management = await gateway.call(path, {
    isWhole: true,
    host: "localhost",
    headers: { "X-Forwarded-For": "?" },
  });
  assert.equal(management.status, 400);
});

test("a policy's addresses are the client's, and its aws:SecureTransport the client's TLS", async () => {
  await using gateway = await startGateway({ listener: behind("127.0.0.1") });
  const allow = { Effect: "Allow", Principal: "*", Action: "execute-api:Invoke", Resource: "*" };
  const policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ ...allow, Condition: { Bool: { "aws:SecureTransport": "true" } } }],
  });
  gateway.deploy(aRestApi({ "/": { GET: aMethod(aMock("in")) } }, { restApi: { policy } }));
  const status = async (headers: Record<string, string>): Promise<number> =>
    (await gateway.call("/", { headers })).status;
  assert.equal(await status({}), 403);
  assert.equal(await status({ "X-Forwarded-Proto": "https" }), 200);
  assert.equal(await status({ "X-Forwarded-Proto": "https, http" }), 403);
  const direct = await gateway.open(behind("10.0.0.1"));
  assert.equal((await gateway.call("/", { port: direct, headers: { "X-Forwarded-Proto": "https" } })).status, 403);
});

const raw = (gateway: GatewayUnderTest, text: string): Promise<string> => gateway.raw(Buffer.from(text, "latin1"));
const request = `GET /prod/ HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
const version1 = "PROXY TCP4 203.0.113.7 10.0.0.1 4660 443\r\n";
const version2 = Buffer.from("0d0a0d0a000d0a515549540a21110010cb0071070a000001123401bb04000100", "hex").toString(
  "latin1",
);

test("a PROXY header of either version says who the client is, for all requests of its connection", async () => {
  await using gateway = await startGateway({ listener: behind("127.0.0.1", { hasProxyProtocol: true }) });
  gateway.deploy(anApi);
  for (const header of [version1, version2]) {
    const answer = await raw(gateway, header + request.replace("close", "keep-alive") + request);
    const found = [...answer.matchAll(/"ip":"([^"]*)","for":"([^"]*)"/g)].map(([, ip, list]) => [ip, list]);
    assert.deepEqual(found, Array(2).fill(["203.0.113.7", "203.0.113.7"]), header);
  }
  const own = await raw(gateway, `PROXY UNKNOWN\r\n${request}`);
  assert.match(own, /"ip":"127\.0\.0\.1"/);
});

test("a PROXY header may come byte by byte", async () => {
  await using gateway = await startGateway({ listener: behind("127.0.0.1", { hasProxyProtocol: true }) });
  gateway.deploy(anApi);
  const client = await RawClient.open(gateway.port);
  for (const byte of version2 + request) {
    client.send(byte);
    await new Promise(setImmediate);
  }
  assert.match(await client.closed(), /"ip":"203\.0\.113\.7"/);
});

test("behind a PROXY header, X-Forwarded-For is believed of trusted proxies only", async () => {
  await using gateway = await startGateway({ listener: behind("127.0.0.1,10.0.0.0/8", { hasProxyProtocol: true }) });
  gateway.deploy(anApi);
  const forged = request.replace("Connection", "X-Forwarded-For: 8.8.8.8\r\nConnection");
  assert.match(await raw(gateway, version1 + forged), /"ip":"203\.0\.113\.7"/);
  const ofProxy = "PROXY TCP4 10.5.5.5 10.0.0.1 4660 443\r\n";
  assert.match(await raw(gateway, ofProxy + forged), /"ip":"8\.8\.8\.8"/);
});

test("behind a PROXY header that names no client, no header does", async () => {
  await using gateway = await startGateway({ listener: behind("127.0.0.1", { hasProxyProtocol: true }) });
  gateway.deploy(anApi);
  const forged = request.replace("Connection", "X-Forwarded-For: 8.8.8.8\r\nConnection");
  const local = `${version2.slice(0, 12)}\x20\x00\x00\x00`;
  const unspecified = `${version2.slice(0, 12)}\x21\x00\x00\x00`;
  for (const header of ["PROXY UNKNOWN\r\n", "PROXY UNKNOWN 8.8.8.8 10.0.0.1 1 2\r\n", local, unspecified]) {
    assert.match(await raw(gateway, header + forged), /"ip":"127\.0\.0\.1"/, JSON.stringify(header));
  }
});

test("a listener with the PROXY protocol closes connections without a header, unanswered", async () => {
  await using gateway = await startGateway({ listener: behind("127.0.0.1", { hasProxyProtocol: true }) });
  gateway.deploy(anApi);
  const hostile = [
    request,
    `\r\n${version1}${request}`,
    `PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n${request}`,
    version1.replace("TCP4", "TCP9") + request,
    version2.replace("\x11\x00", "\x31\x00") + request,
    `PROXY ${"x".repeat(200)}`,
    "\x16\x03\x01\x02\x00\x01\x00\x01",
  ];
  for (const bytes of hostile) assert.equal(await raw(gateway, bytes), "", JSON.stringify(bytes.slice(0, 30)));
  const doubled = await raw(gateway, version1 + version1 + request);
  assert.match(doubled, /^HTTP\/1\.1 501 /, "a second header is no request");
});

test("a peer that is no trusted proxy can't send a PROXY header", async () => {
  await using gateway = await startGateway({ listener: behind("10.0.0.1", { hasProxyProtocol: true }) });
  gateway.deploy(anApi);
  assert.equal(await raw(gateway, version1 + request), "");
});

test("a PROXY header that does not come in time ends the connection", async () => {
  const listener = behind("127.0.0.1", { hasProxyProtocol: true });
  await using gateway = await startGateway({ listener, limits: { headerTimeoutMs: 80 } });
  for (const bytes of ["", "PROXY TCP4 1.2.3.4 ", version2.slice(0, 20)]) {
    const client = await RawClient.open(gateway.port);
    client.send(bytes);
    await client.closed();
  }
});

test("without the PROXY protocol, its header is no request", async () => {
  await using gateway = await startGateway({ listener: behind("127.0.0.1") });
  gateway.deploy(anApi);
  for (const header of [version1, version2])
    assert.match(await raw(gateway, header + request), /^HTTP\/1\.1 (?:400|501) /);
});

test("only clients on this machine are told why they are refused", async () => {
  await using gateway = await startGateway({ listener: behind("127.0.0.1") });
  gateway.deploy(anApi);
  const lines = (path: string, forwarded: string): string =>
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nX-Forwarded-For: ${forwarded}\r\nConnection: close\r\n\r\n`;
  for (const path of ["/prod/nothing", "/other/", "/prod/?%zz"]) {
    assert.doesNotMatch(await raw(gateway, lines(path, "203.0.113.9")), /x-portico-hint/i, path);
  }
  assert.match(await raw(gateway, lines("/prod/nothing", "127.0.0.1")), /x-portico-hint: /);
  assert.match(await raw(gateway, lines("/other/", "::1")), /x-portico-hint: /);
});
