import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { until, within } from "../until.ts";
import { aMethod, anHttpProxy, aRestApi, aStage } from "./a-rest-api.ts";
import { startBackend, startGateway, startRawBackend } from "./start-gateway.ts";

const proxyParameters = { "integration.request.path.proxy": "method.request.path.proxy" };

test("HTTP_PROXY passes method, path, query, headers and body on, and the answer back", async () => {
  await using backend = await startBackend((_, outgoing, body) =>
    outgoing
      .writeHead(201, {
        "Content-Type": "text/plain",
        "X-Custom": "v",
        "WWW-Authenticate": "Basic",
        Server: "s",
        "x-amzn-RequestId": "theirs",
      })
      .end(`got ${body}`),
  );
  await using gateway = await startGateway();
  gateway.deploy(
    aRestApi({
      "/{proxy+}": {
        ANY: aMethod(anHttpProxy(`${backend.origin}/base/{proxy}?fixed=1`, { requestParameters: proxyParameters })),
      },
    }),
  );
  const reply = await gateway.call("/a%2Fb/c?x=1&x=2&y=%20z", {
    method: "POST",
    body: "hello",
    headers: { "X-Mine": "1", Accept: "a/b", Te: "trailers", "X-Forwarded-For": "1.2.3.4" },
  });
  assert.equal(reply.status, 201);
  assert.equal(reply.text, "got hello");
  assert.equal(reply.headers["x-custom"], "v");
  assert.equal(reply.headers["x-amzn-remapped-www-authenticate"], "Basic");
  assert.equal(reply.headers["x-amzn-remapped-server"], "s");
  assert.equal(reply.headers["x-amzn-remapped-x-amzn-requestid"], "theirs");
  assert.notEqual(reply.headers["x-amzn-requestid"], "theirs");
  assert.match(String(reply.headers["x-amzn-remapped-date"]), /GMT/);
  // As recorded.
  assert.equal(reply.headers["x-amzn-trace-id"], undefined);
  const [seen] = backend.requests;
  assert.equal(seen?.method, "POST");
  assert.equal(seen?.url, "/base/a%2Fb/c?fixed=1&x=1&x=2&y=%20z");
  assert.equal(seen?.body, "hello");
  assert.equal(seen?.headers["x-mine"], "1");
  assert.equal(seen?.headers["te"], undefined);
  assert.equal(seen?.headers["x-forwarded-for"], "1.2.3.4, 127.0.0.1");
  assert.equal(seen?.headers["x-forwarded-proto"], "http");
  assert.equal(seen?.headers["x-forwarded-port"], String(gateway.port));
  assert.equal(seen?.headers["x-amzn-apigateway-api-id"], "abc123");
  assert.match(String(seen?.headers["x-amzn-trace-id"]), /^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/);
  assert.equal(seen?.headers.host, backend.origin.slice("http://".length));
  assert.deepEqual(gateway.errors, []);
});

test("mapped parameters replace the request's own", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  const requestParameters = {
    "integration.request.header.X-Fixed": "'a'",
    "integration.request.header.X-Id": "context.requestId",
    "integration.request.header.X-Query": "method.request.querystring.q",
    "integration.request.querystring.q": "'mapped & more'",
    "integration.request.querystring.v": "stageVariables.version",
    "integration.request.querystring.m": "method.request.multivaluequerystring.n",
    "integration.request.path.id": "method.request.header.X-Id",
  };
  gateway.deploy(
    aRestApi({
      "/x": { GET: aMethod(anHttpProxy("http://${stageVariables.host}/i/{id}", { requestParameters })) },
    }),
    aStage({ variables: { version: "2", host: backend.origin.slice(7) } }),
  );
  const reply = await gateway.call("/x?q=1%0d%0aInjected:%20x&n=1&n=2&z=3", {
    headers: { "X-Fixed": "client", "X-Id": "a/b c" },
  });
  assert.equal(reply.status, 200);
  const seen = backend.requests[0]!;
  assert.equal(seen.url, "/i/a%2Fb%20c?n=1&n=2&z=3&m=1&m=2&q=mapped%20%26%20more&v=2");
  assert.equal(seen.headers["x-fixed"], "a");
  assert.equal(seen.headers["x-id"], reply.headers["x-amzn-requestid"]);
  assert.equal(seen.headers["x-query"], "1Injected: x");
  assert.equal(seen.headers["injected"], undefined);
});

test("a caller's header that backends take for a mapped one does not stay, and no other goes", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  const requestParameters = {
    "integration.request.header.X-Role": "'guest'",
    "integration.request.header.X-Unset": "stageVariables.none",
    "integration.request.querystring.unset": "stageVariables.none",
    "integration.request.header.x_own_name": "'own'",
    "integration.request.header.x_forwarded_for": "'mapped'",
  };
  gateway.deploy(
    aRestApi({
      "/": { GET: aMethod(anHttpProxy(`${backend.origin}/`, { requestParameters })) },
      "/unmapped": { GET: aMethod(anHttpProxy(`${backend.origin}/`)) },
    }),
  );
  const headers = { X_Role: "admin", x_rOLE: "admin", X_Unset: "admin", "X-Own-Name": "admin", X_Roles: "a", a_b: "c" };
  assert.equal(
    (await gateway.call("/?unset=admin&set=1", { headers: { ...headers, "X-Unset": "admin" } })).status,
    200,
  );
  assert.equal(backend.requests[0]!.url, "/?set=1");
  const seen = backend.requests[0]!.headers;
  assert.deepEqual(
    ["x-role", "x_role", "x-unset", "x_unset", "x_own_name", "x-own-name", "x_roles", "a_b"].map((name) => seen[name]),
    ["guest", undefined, undefined, undefined, "own", undefined, "a", "c"],
  );
  assert.deepEqual([seen["x_forwarded_for"], seen["x-forwarded-for"]], ["mapped", "127.0.0.1"]);
  await gateway.call("/unmapped", { headers });
  assert.equal(backend.requests[1]!.headers["x_unset"], "admin");
});

test("a path parameter can't leave the integration's path", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  gateway.deploy(
    aRestApi({
      "/{proxy+}": {
        GET: aMethod(anHttpProxy(`${backend.origin}/public/{proxy}`, { requestParameters: proxyParameters })),
      },
    }),
  );
  // Servers of Java's take off what follows a semicolon before they resolve.
  const toJava = ["/..;/admin", "/x/..;a=b/..;/admin", "/%2e%2e;/x", "/.%2e%3bx/y", "/a%2f..;%2fb"];
  for (const path of [
    "/%2e%2e/admin",
    "/..%2fadmin",
    "/a/..%5cadmin",
    "/%2E./x",
    "/x/..",
    "/%zz%2f%2e%2e/x",
    ...toJava,
  ]) {
    assert.equal((await gateway.call(path)).status, 400, path);
  }
  assert.match(
    await gateway.raw("GET /prod/../admin HTTP/1.1\r\nHost: abc123.execute-api.localhost\r\n\r\n", "}"),
    /^HTTP\/1.1 400/,
  );
  assert.equal((await gateway.call("/a..b/%2e/c")).status, 200);
  assert.equal((await gateway.call("/a..;b/c;..")).status, 200);
  assert.deepEqual(
    backend.requests.map(({ url }) => url),
    ["/public/a..b/%2e/c", "/public/a..;b/c;.."],
  );
});

test("large bodies stream both ways", async () => {
  const big = randomBytes(4_000_000);
  await using backend = await startBackend((_, outgoing, body) =>
    outgoing.end(Buffer.from(body, "latin1").length > 0 ? big : ""),
  );
  await using gateway = await startGateway();
  gateway.deploy(aRestApi({ "/": { POST: aMethod(anHttpProxy(backend.origin)) } }));
  const declared = await gateway.call("/", { method: "POST", body: "x".repeat(3_000_000) });
  assert.ok(declared.body.equals(big));
  assert.equal(backend.requests[0]?.body.length, 3_000_000);
  const chunked = await gateway.call("/", {
    method: "POST",
    body: "y".repeat(1_000_000),
    headers: { "transfer-encoding": "chunked" },
  });
  assert.ok(chunked.body.equals(big));
  assert.equal(backend.requests[1]?.body.length, 1_000_000);
  assert.deepEqual(gateway.errors, []);
});

test("requests over the payload limit are refused with 413, answers over it with 500", async () => {
  await using backend = await startBackend((_, outgoing) => outgoing.end("z".repeat(200_000)));
  await using gateway = await startGateway({ payloadBytesMax: 100_000 });
  gateway.deploy(
    aRestApi({
      "/": { POST: aMethod(anHttpProxy(backend.origin)) },
      "/stream": { POST: aMethod(anHttpProxy(backend.origin, { responseTransferMode: "STREAM" })) },
    }),
  );
  const declared = await gateway.call("/", { method: "POST", body: "x".repeat(100_001) });
  assert.deepEqual([declared.status, declared.text], [413, "HTTP content length exceeded 100000 bytes."]);
  assert.equal(declared.headers["content-type"], "text; charset=utf-8");
  assert.equal(declared.headers["x-amzn-requestid"], undefined);
  const chunk = `${(70_000).toString(16)}\r\n${"x".repeat(70_000)}\r\n`;
  const head = "POST /prod/ HTTP/1.1\r\nHost: abc123.execute-api.localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
  assert.match(await gateway.raw(`${head}${chunk}${chunk}0\r\n\r\n`, "bytes."), /^HTTP\/1.1 413/);
  assert.equal((await gateway.call("/", { method: "POST", body: "x" })).status, 500);
  assert.equal((await gateway.call("/stream", { method: "POST", body: "x" })).body.length, 200_000);
});

test("compressed requests reach the backend decompressed", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway({ payloadBytesMax: 100_000 });
  gateway.deploy(aRestApi({ "/": { POST: aMethod(anHttpProxy(backend.origin)) } }));
  const post = (body: Buffer | string, coding: string): ReturnType<typeof gateway.call> =>
    gateway.call("/", { method: "POST", body, headers: { "content-encoding": coding } });
  assert.equal((await post(gzipSync("plain"), "gzip")).text, "echo plain");
  assert.equal(backend.requests[0]?.headers["content-encoding"], undefined);
  assert.equal((await post("identity", "identity")).text, "echo identity");
  assert.equal((await post("x", "br")).status, 415);
  assert.equal((await post("no gzip", "gzip")).status, 415);
  assert.equal((await post(gzipSync(Buffer.alloc(5_000_000)), "gzip")).status, 413);
});

test("an unreachable backend is 504, in time a timeout", async () => {
  await using silent = await startRawBackend(() => {});
  await using gateway = await startGateway();
  gateway.deploy(
    aRestApi({
      "/refused": { GET: aMethod(anHttpProxy("http://127.0.0.1:1/")) },
      "/unknown": { GET: aMethod(anHttpProxy("http://no-such-host.invalid/")) },
      "/silent": { GET: aMethod(anHttpProxy(silent.origin, { timeoutInMillis: 60 })) },
      "/tls": { GET: aMethod(anHttpProxy(silent.origin.replace("http:", "https:"), { timeoutInMillis: 200 })) },
    }),
  );
  for (const path of ["/refused", "/unknown"]) {
    const reply = await gateway.call(path);
    assert.deepEqual(
      [reply.status, reply.text],
      [504, '{"message": "Network error communicating with endpoint"}'],
      path,
    );
    assert.equal(reply.headers["x-amzn-errortype"], "InternalServerErrorException");
  }
  const late = await gateway.call("/silent");
  assert.deepEqual([late.status, late.text], [504, '{"message": "Endpoint request timed out"}']);
  assert.equal((await gateway.call("/tls")).status, 504);
  assert.match(gateway.metrics(), /portico_integration_errors_total 4/);
});

test("a backend that speaks no HTTP, or breaks off, does no harm", async () => {
  const answers: Record<string, string> = {
    "/garbage": "SSH-2.0-OpenSSH\r\n",
    "/short": "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
    "/close": "",
    "/both": "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "/huge": `HTTP/1.1 200 OK\r\nX: ${"x".repeat(100_000)}\r\n\r\n`,
    "/interim": "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
  };
  await using gateway = await startGateway();
  for (const [path, bytes] of Object.entries(answers)) {
    await using backend = await startRawBackend((socket) => {
      if (path === "/interim") socket.write(bytes);
      else socket.end(bytes);
    });
    gateway.deploy(aRestApi({ [path]: { GET: aMethod(anHttpProxy(backend.origin)) } }));
    const text = await gateway.raw(
      `GET /prod${path} HTTP/1.1\r\nHost: abc123.execute-api.localhost\r\nConnection: close\r\n\r\n`,
    );
    const status = Number(text.slice(9, 12));
    if (path === "/short") assert.ok(status === 200 && text.endsWith("half"), text);
    else if (path === "/interim") assert.ok(status === 200 && text.endsWith("\r\n\r\nok"), text);
    else assert.equal(status, 504, `${path}: ${text}`);
  }
  assert.deepEqual(gateway.errors, []);
});

test("an idle connection that the backend closed is replaced without the client's notice, but not for a POST", async () => {
  await using backend = await startRawBackend((socket, count) => {
    if (count % 2 === 1) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    else socket.resetAndDestroy();
  });
  await using gateway = await startGateway();
  gateway.deploy(aRestApi({ "/": { ANY: aMethod(anHttpProxy(backend.origin)) } }));
  assert.equal((await gateway.call("/")).status, 200);
  assert.equal((await gateway.call("/")).status, 200);
  assert.equal((await gateway.call("/", { method: "POST", body: "x" })).status, 504);
});

test("a client that goes away ends the backend's request", async () => {
  let isClosed = false;
  await using backend = await startBackend((incoming, outgoing) => {
    outgoing.writeHead(200).write("first");
    incoming.socket.on("close", () => {
      isClosed = true;
    });
  });
  await using gateway = await startGateway();
  gateway.deploy(aRestApi({ "/": { GET: aMethod(anHttpProxy(backend.origin)) } }));
  await gateway.raw("GET /prod/ HTTP/1.1\r\nHost: abc123.execute-api.localhost\r\n\r\n", "first");
  await until(() => isClosed);
  await until(() => gateway.metrics().includes('class="2xx"') || gateway.metrics().includes('class="4xx"'));
  assert.deepEqual(gateway.errors, []);
});

test("HEAD, 204, 304 and redirects pass as they are", async () => {
  await using backend = await startBackend((incoming, outgoing) => {
    if (incoming.url === "/head") outgoing.writeHead(200, { "Content-Length": "1234" }).end();
    else if (incoming.url === "/empty") outgoing.writeHead(204).end();
    else if (incoming.url === "/same") outgoing.writeHead(304, { ETag: '"x"' }).end();
    else outgoing.writeHead(302, { Location: "/elsewhere" }).end("moved");
  });
  await using gateway = await startGateway();
  gateway.deploy(
    aRestApi({
      "/{proxy+}": { ANY: aMethod(anHttpProxy(`${backend.origin}/{proxy}`, { requestParameters: proxyParameters })) },
    }),
  );
  const head = await gateway.call("/head", { method: "HEAD" });
  assert.deepEqual([head.status, head.headers["content-length"], head.body.length], [200, "1234", 0]);
  assert.equal((await gateway.call("/empty")).status, 204);
  assert.deepEqual([(await gateway.call("/same")).status], [304]);
  const moved = await gateway.call("/moved");
  assert.deepEqual([moved.status, moved.headers["location"], moved.text], [302, "/elsewhere", "moved"]);
  assert.equal(backend.requests.length, 4);
});

test("connections are kept and reused", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  gateway.deploy(aRestApi({ "/": { GET: aMethod(anHttpProxy(backend.origin)) } }));
  for (let count = 0; count < 10; count++) await gateway.call("/");
  assert.match(gateway.metrics(), /portico_backend_connections_total 1\n/);
  assert.match(gateway.metrics(), /portico_requests_total\{api="abc123",stage="prod",route="[^"]+",class="2xx"\} 10/);
});

test("failed, timed-out and abandoned calls leave connections for the next", async () => {
  let isSilent = true;
  await using backend = await startRawBackend((socket) => {
    if (!isSilent) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  await using gateway = await startGateway();
  gateway.deploy(
    aRestApi({
      "/": { GET: aMethod(anHttpProxy(backend.origin, { timeoutInMillis: 50 })) },
      "/refused": { GET: aMethod(anHttpProxy("http://127.0.0.1:1/")) },
    }),
  );
  for (let round = 0; round < 6; round++) {
    const statuses = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => (await gateway.call(index % 2 === 0 ? "/" : "/refused")).status),
    );
    assert.ok(statuses.every((status) => status === 504));
  }
  isSilent = false;
  gateway.deploy(aRestApi({ "/": { GET: aMethod(anHttpProxy(backend.origin)) } }));
  assert.equal((await gateway.call("/")).status, 200);
});

test("a body that a backend did not want does not stop the connection", async () => {
  await using early = await startRawBackend((socket, count) => {
    if (count === 1) socket.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
  });
  await using gateway = await startGateway();
  gateway.deploy(
    aRestApi({
      "/early": { POST: aMethod(anHttpProxy(early.origin)) },
      "/refused": { POST: aMethod(anHttpProxy("http://127.0.0.1:1/")) },
    }),
  );
  const body = "x".repeat(200_000);
  const host = "Host: abc123.execute-api.localhost\r\n";
  for (const path of ["early", "refused"]) {
    const text = await gateway.raw(
      `POST /prod/${path} HTTP/1.1\r\n${host}Content-Length: ${body.length}\r\n\r\n${body}GET /prod/none HTTP/1.1\r\n${host}\r\n`,
      "Missing Authentication Token",
    );
    assert.match(text, path === "early" ? /^HTTP\/1.1 403/ : /^HTTP\/1.1 504/);
    assert.match(text, /Missing Authentication Token/, path);
  }
  assert.deepEqual(gateway.errors, []);
});

test("ANY does not take methods that API Gateway does not have", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  gateway.deploy(aRestApi({ "/": { ANY: aMethod(anHttpProxy(backend.origin)) } }));
  for (const method of ["PROPFIND", "LINK"]) {
    assert.match(
      await gateway.raw(`${method} /prod/ HTTP/1.1\r\nHost: abc123.execute-api.x\r\nConnection: close\r\n\r\n`),
      /^HTTP\/1.1 403/,
    );
  }
  assert.equal(backend.requests.length, 0);
});

test("slow uploads and downloads of the client are not the backend's time-out", async () => {
  const size = 3_000_000;
  const timeoutInMillis = 500;
  await using backend = await startBackend((_, outgoing, body) => outgoing.end(body));
  await using gateway = await startGateway();
  gateway.deploy(aRestApi({ "/": { POST: aMethod(anHttpProxy(backend.origin, { timeoutInMillis })) } }));
  const socket = connect(gateway.port, "127.0.0.1");
  let received = 0;
  const isDone = new Promise<void>((resolve) => {
    socket.on("data", (chunk) => {
      received += chunk.length;
      if (received > size) resolve();
    });
    socket.on("close", () => resolve());
  });
  socket.write(`POST /prod/ HTTP/1.1\r\nHost: abc123.execute-api.localhost\r\nContent-Length: ${size}\r\n\r\n`);
  // Many small pieces for longer than the time-out, each far within it; then the rest.
  let sent = 0;
  const writing = setInterval(() => {
    socket.write("x".repeat(1_000));
    sent += 1_000;
  }, 2);
  const isUploading = within(2 * timeoutInMillis);
  await until(() => !isUploading());
  clearInterval(writing);
  socket.write("x".repeat(size - sent));
  socket.pause();
  const isWaiting = within(2 * timeoutInMillis);
  await until(() => !isWaiting());
  socket.resume();
  await isDone;
  socket.destroy();
  assert.ok(received > size, `${received} bytes came`);
});
