import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate as immediate } from "node:timers/promises";
import { constants, createGunzip, gunzipSync, gzipSync, inflateSync } from "node:zlib";
import type { Integration, Method, RestApiDefinition } from "../../src/definition/rest-api.ts";
import type { FunctionClient } from "../../src/functions/function-client.ts";
import { until } from "../until.ts";
import { aLambdaProxy, aMethod, aMock, anHttpProxy, aRestApi, aStage, functionArn } from "./a-rest-api.ts";
import { type GatewayUnderTest, type Reply, startBackend, startGateway } from "./start-gateway.ts";

const gzip = { "accept-encoding": "gzip" };

const anApi = (
  routes: Readonly<Record<string, Readonly<Record<string, Method>>>>,
  minimumCompressionSize: number,
): RestApiDefinition => aRestApi(routes, { restApi: { minimumCompressionSize } });

const aText = (length: number): string => "compressible ".repeat(Math.ceil(length / 13)).slice(0, length);

/** Asserts that an answer is compressed, and that its length is true. */
function assertGzip(reply: Reply, body: string): void {
  assert.equal(reply.headers["content-encoding"], "gzip");
  assert.equal(gunzipSync(reply.body).toString(), body);
  const length = reply.headers["content-length"];
  if (length === undefined) assert.equal(reply.headers["transfer-encoding"], "chunked");
  else assert.equal(Number(length), reply.body.length);
}

function assertPlain(reply: Reply, body: string): void {
  assert.equal(reply.headers["content-encoding"], undefined);
  assert.equal(reply.text, body);
}

test("a MOCK's answer is compressed from the threshold on, as its caller likes best", async () => {
  await using gateway = await startGateway();
  const routes = Object.fromEntries(
    [0, 99, 100, 101].map((length) => [`/${length}`, { GET: aMethod(aMock(aText(length))) }]),
  );
  gateway.deploy(anApi(routes, 100));
  assertPlain(await gateway.call("/99", { headers: gzip }), aText(99));
  assertGzip(await gateway.call("/100", { headers: gzip }), aText(100));
  assertGzip(
    await gateway.call("/101", { headers: { "accept-encoding": "br;q=0.5, gzip;q=1, identity;q=0.1" } }),
    aText(101),
  );
  const deflated = await gateway.call("/100", { headers: { "accept-encoding": "deflate, gzip" } });
  assert.equal(deflated.headers["content-encoding"], "deflate");
  assert.equal(inflateSync(deflated.body).toString(), aText(100));
  for (const accepted of ["br, gzip", "identity", "*", "gzip;q=0", ""]) {
    assertPlain(await gateway.call("/100", { headers: { "accept-encoding": accepted } }), aText(100));
  }
  assertPlain(await gateway.call("/100"), aText(100));
  assertGzip(await gateway.call("/100", { headers: { "accept-encoding": ["", "gzip"] } }), aText(100));
  // AWS says nothing of Vary, and sends none.
  assert.equal(deflated.headers["vary"], undefined);
});

test("a threshold of 0 compresses everything but an empty answer; none compresses nothing", async () => {
  await using gateway = await startGateway();
  const routes = { "/one": { GET: aMethod(aMock("1")) }, "/none": { GET: aMethod(aMock("")) } };
  gateway.deploy(anApi(routes, 0));
  assertGzip(await gateway.call("/one", { headers: gzip }), "1");
  assertPlain(await gateway.call("/none", { headers: gzip }), "");
  gateway.deploy(aRestApi(routes));
  assertPlain(await gateway.call("/one", { headers: gzip }), "1");
});

/** A backend that answers what its path says: `/length/fate`. */
async function startVaried(): Promise<Awaited<ReturnType<typeof startBackend>>> {
  return startBackend((incoming, outgoing) => {
    const [, length = "0", fate = ""] = incoming.url!.split(/[/?]/);
    const body = aText(Number(length));
    const headers: Record<string, string | number> = { "Content-Type": "text/plain", ETag: '"1"' };
    if (fate === "coded") headers["Content-Encoding"] = "gzip";
    if (fate === "no-transform") headers["Cache-Control"] = "public, No-Transform";
    const sent = fate === "coded" ? gzipSync(body) : body;
    if (fate !== "chunked" && fate !== "slow") headers["Content-Length"] = Buffer.byteLength(sent);
    outgoing.writeHead(fate === "part" ? 206 : fate === "unmodified" ? 304 : 200, headers);
    if (fate === "slow") {
      // The gateway runs in this process: a few turns of the event loop later it has read the first piece, and judged it.
      outgoing.write(body, async () => {
        for (let turn = 0; turn < 10; turn++) await immediate();
        outgoing.end("the end");
      });
    } else outgoing.end(sent);
  });
}

test("an HTTP_PROXY's answer is compressed as it comes", async () => {
  await using backend = await startVaried();
  await using gateway = await startGateway();
  gateway.deploy(
    anApi(
      {
        "/{proxy+}": {
          ANY: aMethod(
            anHttpProxy(`${backend.origin}/{proxy}`, {
              requestParameters: { "integration.request.path.proxy": "method.request.path.proxy" },
            }),
          ),
        },
      },
      1_000,
    ),
  );
  const get = (path: string, method = "GET"): Promise<Reply> => gateway.call(path, { method, headers: gzip });
  assertPlain(await get("/999/known"), aText(999));
  const known = await get("/1000/known");
  assertGzip(known, aText(1_000));
  assert.equal(known.headers["etag"], '"1"');
  // Of unknown length, but whole within a turn of the event loop: judged by its length.
  assertPlain(await get("/999/chunked"), aText(999));
  assertGzip(await get("/1000/chunked"), aText(1_000));
  assertGzip(await get("/1000000/known"), aText(1_000_000));
  assertGzip(await get("/5000000/chunked"), aText(5_000_000));
  assertGzip(await get("/500/slow"), `${aText(500)}the end`);
  assertPlain(await get("/2000/no-transform"), aText(2_000));
  const coded = await get("/2000/coded");
  assert.equal(coded.headers["content-encoding"], "gzip");
  assert.equal(gunzipSync(coded.body).toString(), aText(2_000));
  const part = await get("/2000/part");
  assert.equal(part.status, 206);
  assertPlain(part, aText(2_000));
  const head = await get("/2000/known", "HEAD");
  assert.deepEqual([head.headers["content-encoding"], head.headers["content-length"]], [undefined, "2000"]);
  const unmodified = await get("/0/unmodified");
  assert.deepEqual([unmodified.status, unmodified.headers["content-encoding"], unmodified.text], [304, undefined, ""]);
  assert.deepEqual(gateway.errors, []);
});

test("an HTTP integration's and a function's answer are compressed", async () => {
  await using backend = await startVaried();
  const policy = JSON.stringify({
    Statement: { Effect: "Allow", Principal: "*", Action: "lambda:InvokeFunction", Resource: functionArn },
  });
  const body = aText(200_000);
  const functions: FunctionClient = {
    describe: () => ({ functionArn, policy, policyRevision: "1" }),
    invoke: () =>
      Promise.resolve({ kind: "ok", payload: Buffer.from(JSON.stringify({ statusCode: 200, body })), requestId: "r" }),
    close: () => Promise.resolve(),
  };
  await using gateway = await startGateway({ functions });
  const http: Integration = {
    type: "HTTP",
    httpMethod: "GET",
    uri: `${backend.origin}/3000/known`,
    integrationResponses: { "200": { statusCode: "200" } },
  };
  gateway.deploy(anApi({ "/http": { GET: aMethod(http) }, "/lambda": { GET: aMethod(aLambdaProxy()) } }, 1_000));
  assertGzip(await gateway.call("/http", { headers: gzip }), aText(3_000));
  assertGzip(await gateway.call("/lambda", { headers: gzip }), body);
});

test("the threshold counts what a template has made", async () => {
  await using backend = await startVaried();
  await using gateway = await startGateway();
  const mapped = (path: string, template: string): { GET: Method } => ({
    GET: aMethod({
      type: "HTTP",
      httpMethod: "GET",
      uri: `${backend.origin}/${path}`,
      integrationResponses: { "200": { statusCode: "200", responseTemplates: { "application/json": template } } },
    }),
  });
  gateway.deploy(
    anApi(
      {
        "/short": mapped("3000/known", "$input.body.length()"),
        "/long": mapped("600/known", "$input.body$input.body"),
      },
      1_000,
    ),
  );
  assertPlain(await gateway.call("/short", { headers: gzip }), "3000");
  assertGzip(await gateway.call("/long", { headers: gzip }), aText(600) + aText(600));
});

test("responseTransferMode STREAM is not compressed, as on AWS", async () => {
  await using backend = await startVaried();
  await using gateway = await startGateway();
  gateway.deploy(
    anApi(
      { "/": { GET: aMethod(anHttpProxy(`${backend.origin}/3000/known`, { responseTransferMode: "STREAM" })) } },
      0,
    ),
  );
  assertPlain(await gateway.call("/", { headers: gzip }), aText(3_000));
});

test("what a backend sends in pieces arrives in pieces", async () => {
  let next: (() => void) | undefined;
  await using backend = await startBackend((_, outgoing) => {
    outgoing.writeHead(200, { "Content-Type": "text/event-stream" });
    outgoing.write("data: one\n\n");
    next = () => outgoing.end("data: two\n\n");
  });
  await using gateway = await startGateway();
  gateway.deploy(anApi({ "/": { GET: aMethod(anHttpProxy(backend.origin)) } }, 0));
  const socket = connect(gateway.port, "127.0.0.1");
  const decoder = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
  let text = "";
  decoder.on("data", (piece: Buffer) => {
    text += piece.toString();
  });
  let head = "";
  socket.on("data", (piece: Buffer) => {
    // Chunks are small enough to come in one piece each: `size CRLF data CRLF`.
    let rest = piece.toString("latin1");
    if (!head.includes("\r\n\r\n")) {
      head += rest;
      rest = head.slice(head.indexOf("\r\n\r\n") + 4);
    }
    for (let found = /^([0-9a-f]+)\r\n/.exec(rest); found !== null; found = /^([0-9a-f]+)\r\n/.exec(rest)) {
      const size = Number.parseInt(found[1]!, 16);
      decoder.write(Buffer.from(rest.slice(found[0].length, found[0].length + size), "latin1"));
      rest = rest.slice(found[0].length + size + 2);
    }
  });
  socket.write("GET /prod/ HTTP/1.1\r\nHost: abc123.execute-api.x\r\nAccept-Encoding: gzip\r\n\r\n");
  await until(() => text === "data: one\n\n");
  next!();
  await until(() => text === "data: one\n\ndata: two\n\n");
  socket.destroy();
});

/** A client that takes nothing until it is told to, and closes when it likes. */
async function askSlowly(gateway: GatewayUnderTest): Promise<ReturnType<typeof connect>> {
  const socket = connect(gateway.port, "127.0.0.1");
  await once(socket, "connect");
  socket.pause();
  socket.write(
    "GET /prod/ HTTP/1.1\r\nHost: abc123.execute-api.x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n",
  );
  return socket;
}

test("a slow client slows the backend down, and gets everything; one that goes away ends it", async () => {
  const block = Buffer.alloc(65_536);
  for (let index = 0; index < block.length; index++) block[index] = (index * 7_919 + (index >> 3) * 104_729) & 0xff;
  let sent = 0;
  let closed = 0;
  const blocks = 150;
  await using backend = await startBackend((_, outgoing) => {
    let left = blocks;
    const more = (): void => {
      while (left > 0) {
        left--;
        sent += block.length;
        if (!outgoing.write(block)) {
          outgoing.once("drain", more);
          return;
        }
      }
      outgoing.end();
    };
    outgoing.on("close", () => closed++);
    more();
  });
  const folder = mkdtempSync(join(tmpdir(), "portico-compression-"));
  try {
    await using gateway = await startGateway({ accessLog: folder });
    const format = "$context.status $context.responseLength";
    gateway.deploy(
      anApi({ "/": { GET: aMethod(anHttpProxy(backend.origin)) } }, 0),
      aStage({ accessLogSettings: { destinationArn: "arn:aws:logs:x:1:log-group:g", format } }),
    );
    const patient = await askSlowly(gateway);
    let bytes = 0;
    patient.on("data", (piece: Buffer) => {
      bytes += piece.length;
    });
    patient.resume();
    await once(patient, "close");
    await until(() => closed === 1);
    assert.equal(sent, blocks * block.length);
    const gone = await askSlowly(gateway);
    await until(() => sent > blocks * block.length);
    gone.destroy();
    await until(() => closed === 2);
    gateway.gateway.close();
    const file = join(folder, "g.log");
    await until(() => readFileSync(file, "utf8").split("\n").length === 3);
    const [whole = "", cut = ""] = readFileSync(file, "utf8").split("\n");
    const [status, length] = whole.split(" ").map(Number);
    assert.equal(status, 200);
    assert.ok(length! > 1_000 && length! <= bytes, `${length} of ${bytes} bytes`);
    assert.match(cut, /^(499|200) /);
    assert.deepEqual(gateway.errors, []);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("an answer that breaks off is cut, compressed or not", async () => {
  await using backend = await startBackend((_, outgoing) => {
    outgoing.writeHead(200, { "Content-Type": "text/plain" });
    // The connection ends after what was written, and before the end of the body.
    outgoing.write(aText(100_000), () => outgoing.socket?.end());
  });
  await using gateway = await startGateway();
  gateway.deploy(anApi({ "/": { GET: aMethod(anHttpProxy(backend.origin)) } }, 0));
  await assert.rejects(gateway.call("/", { headers: gzip }), /aborted|hang up|ECONNRESET/);
  assert.deepEqual(gateway.errors, []);
});

test("HTTP/1.0 clients get compressed answers, too, and errors of a method are compressed like its other answers", async () => {
  await using gateway = await startGateway();
  gateway.deploy(
    anApi(
      { "/": { GET: aMethod(aMock(aText(100))) }, "/bad": { GET: aMethod(anHttpProxy("http://127.0.0.1:1/")) } },
      10,
    ),
  );
  const raw = await gateway.raw("GET /prod/ HTTP/1.0\r\nHost: abc123.execute-api.x\r\nAccept-Encoding: gzip\r\n\r\n");
  const body = Buffer.from(raw.slice(raw.indexOf("\r\n\r\n") + 4), "latin1");
  assert.equal(gunzipSync(body).toString(), aText(100));
  const bad = await gateway.call("/bad", { headers: gzip });
  assert.equal(bad.status, 504);
  assertGzip(bad, '{"message": "Network error communicating with endpoint"}');
});
