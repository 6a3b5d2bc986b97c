import assert from "node:assert/strict";
import dns from "node:dns";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { mock, test } from "node:test";
import { until } from "../until.ts";
import { aMethod, aMock, anHttpProxy, aRestApi } from "./a-rest-api.ts";
import { startBackend, startGateway, startRawBackend } from "./start-gateway.ts";

async function listen(host: string, answer: string | ((outgoing: ServerResponse) => void), port = 0) {
  const server = createServer((incoming, outgoing) => {
    incoming.resume();
    if (typeof answer === "string") outgoing.end(`${answer} ${incoming.headers.host}`);
    else answer(outgoing);
  }).listen(port, host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const hasIpv6 = await listen("::1", "").then(
  (server) => server[Symbol.asyncDispose]().then(() => true),
  () => false,
);

test("a backend at an IPv6 address", { skip: hasIpv6 ? false : "no IPv6 here" }, async () => {
  await using backend = await listen("::1", "six");
  await using gateway = await startGateway();
  gateway.deploy(aRestApi({ "/": { GET: aMethod(anHttpProxy(`http://[::1]:${backend.port}/`)) } }));
  assert.equal((await gateway.call("/")).text, `six [::1]:${backend.port}`);
});

test("a name that leads elsewhere is followed by the next connection", async () => {
  const before = await listen("127.0.0.1", "before");
  await using _after = await listen("127.0.0.2", "after", before.port);
  await using gateway = await startGateway();
  let address = "127.0.0.1";
  const lookup = mock.method(dns, "lookup", (...args: unknown[]) => {
    const [name, options] = args;
    const done = args.at(-1) as (error: Error | null, found: unknown, family?: number) => void;
    const isAll = typeof options === "object" && options !== null && "all" in options && options.all === true;
    if (name !== "backend.test") done(Object.assign(new Error("unknown"), { code: "ENOTFOUND" }), "");
    else if (isAll) done(null, [{ address, family: 4 }]);
    else done(null, address, 4);
  });
  try {
    const uri = `http://backend.test:${before.port}/`;
    gateway.deploy(
      aRestApi({
        "/": { GET: aMethod(anHttpProxy(uri)) },
        "/unknown": { GET: aMethod(anHttpProxy("http://other.test/")) },
      }),
    );
    const host = `backend.test:${before.port}`;
    assert.equal((await gateway.call("/")).text, `before ${host}`);
    assert.equal((await gateway.call("/unknown")).status, 504);
    address = "127.0.0.2";
    await before[Symbol.asyncDispose]();
    // The connection that was kept is closed with its server, and the next one asks for the name again.
    assert.equal((await gateway.call("/")).text, `after ${host}`);
    assert.deepEqual(gateway.errors, []);
  } finally {
    lookup.mock.restore();
  }
});

test("connections are kept over the backend's own errors", async () => {
  const statuses = [400, 404, 429, 500, 502, 503];
  let next = 0;
  await using backend = await listen("127.0.0.1", (outgoing) => {
    outgoing.writeHead(statuses[next++] ?? 200, { "Content-Type": "text/plain" }).end("said");
  });
  await using gateway = await startGateway();
  gateway.deploy(aRestApi({ "/": { GET: aMethod(anHttpProxy(`http://127.0.0.1:${backend.port}/`)) } }));
  for (const status of [...statuses, 200]) {
    const reply = await gateway.call("/");
    assert.deepEqual([reply.status, reply.text], [status, "said"]);
  }
  assert.match(gateway.metrics(), /portico_backend_connections_total 1\n/);
});

const head = (path: string, length: number): string =>
  `POST /prod${path} HTTP/1.1\r\nHost: abc123.execute-api.localhost\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;

test("a client that waits for 100 is told to go on only where its body is wanted", async () => {
  await using backend = await startBackend();
  await using early = await startRawBackend((socket, count) => {
    if (count === 1) socket.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
  });
  await using gateway = await startGateway();
  const post = (uri: string): ReturnType<typeof aMethod> => aMethod(anHttpProxy(uri), { httpMethod: "POST" });
  gateway.deploy(
    aRestApi({
      "/wanted": { POST: post(backend.origin) },
      "/refused": { POST: post("http://127.0.0.1:1/") },
      "/early": { POST: post(early.origin) },
      "/mock": { POST: aMethod(aMock("mocked"), { httpMethod: "POST" }) },
    }),
  );
  const large = 1_000_000;
  for (const length of [5, large]) {
    const socket = connect(gateway.port, "127.0.0.1");
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    socket.write(head("/wanted", length));
    await until(() => text.includes("\r\n\r\n"));
    assert.equal(text, "HTTP/1.1 100 Continue\r\n\r\n");
    socket.write("x".repeat(length));
    await until(() => text.includes("echo x"));
    socket.destroy();
    assert.equal(backend.requests.at(-1)?.body.length, length);
    assert.equal(backend.requests.at(-1)?.headers.expect, undefined);
  }
  assert.match(await gateway.raw(head("/mock", 5), "mocked"), /^HTTP\/1.1 200/, "a body that nobody reads");
  assert.match(await gateway.raw(head("/none", 5), "}"), /^HTTP\/1.1 403/, "no route");
  assert.match(await gateway.raw(head("/refused", large), "}"), /^HTTP\/1.1 504/, "no backend");
  assert.match(await gateway.raw(head("/wanted", 20_000_000), "bytes."), /^HTTP\/1.1 413/, "too large");
  assert.match(await gateway.raw(head("/early", large), "\r\n\r\nno"), /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 403/);
  assert.deepEqual(gateway.errors, []);
});
