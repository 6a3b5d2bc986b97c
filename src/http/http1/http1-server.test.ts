import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";
import { after, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { RawClient, statusOf, talk } from "../../../test/raw-http.ts";
import { until } from "../../../test/until.ts";
import { ManualClock } from "../../base/clock.ts";
import type { InboundExchange } from "../inbound.ts";
import { publicListener } from "../listener.ts";
import { createSocketServer } from "../socket-server.ts";
import { Http1Server } from "./http1-server.ts";
import { defaultHttp1Limits, type Http1Limits } from "./limits.ts";

const clock = new ManualClock(Date.UTC(2026, 10, 20, 8, 0, 0));
const dateLine = "Date: Fri, 20 Nov 2026 08:00:00 GMT\r\n";

interface TestServer {
  readonly port: number;
  readonly http1: Http1Server;
  readonly server: Server;
  readonly errors: unknown[];
}

const started: TestServer[] = [];

async function start(
  onRequest: (request: InboundExchange) => void,
  limits: Partial<Http1Limits> = {},
): Promise<TestServer> {
  const errors: unknown[] = [];
  const http1 = new Http1Server({
    limits: { ...defaultHttp1Limits, ...limits },
    clock,
    onRequest,
    onError: (error) => errors.push(error),
  });
  const server = createSocketServer((socket) => http1.accept(socket, publicListener));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const made = { port: (server.address() as AddressInfo).port, http1, server, errors };
  started.push(made);
  return made;
}

after(async () => {
  for (const { http1, server } of started) {
    server.close();
    await http1.stop(0);
  }
});

/** Answers what it received, as JSON. */
const echo = (request: InboundExchange): void => {
  request.collect(1_000_000, (outcome, body) => {
    const seen = { method: request.method, target: request.target, outcome, body: body.toString("latin1") };
    request.respond(200, ["Content-Type", "application/json"], JSON.stringify(seen));
  });
};

const get = (path: string, headers = ""): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${headers}\r\n`;
const count = (text: string, part: string): number => text.split(part).length - 1;

test("a request is answered, and the connection kept", async () => {
  const { port } = await start((request) => request.respond(200, ["A", "b"], "hello"));
  const client = await RawClient.open(port);
  for (let i = 0; i < 3; i++) {
    client.received = "";
    client.send(get("/"));
    const received = await client.until((text) => text.endsWith("hello"));
    assert.equal(
      received,
      `HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 5\r\n${dateLine}Connection: keep-alive\r\n\r\nhello`,
    );
  }
  client.close();
});

test("a request says who sent it", async () => {
  const { port } = await start((request) => {
    const { host, client: from, httpVersion } = request;
    const { address, calledPort, isEncrypted } = from;
    const seen = { host, address, calledPort, isEncrypted, httpVersion, a: request.header("a") };
    request.respond(200, [], JSON.stringify({ ...seen, isPortSame: from.port === client.socket.localPort }));
  });
  const client = await RawClient.open(port);
  client.send("GET / HTTP/1.1\r\nHost: A.Example:80\r\nA: 1\r\na: 2\r\nConnection: close\r\n\r\n");
  assert.deepEqual(JSON.parse((await client.closed()).split("\r\n\r\n")[1] as string), {
    host: "a.example:80",
    address: "127.0.0.1",
    calledPort: port,
    isEncrypted: false,
    httpVersion: "1.1",
    a: "2",
    isPortSame: true,
  });
});

test("every request is read the same, whatever its pieces", async () => {
  const { port } = await start(echo);
  const text =
    `${get("/1?a=b", "Accept: */*\r\n")}POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello` +
    "PUT /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nfoo\r\n3;x=y\r\nbar\r\n0\r\nA: b\r\n\r\n" +
    get("/4", "Connection: close\r\n");
  const whole = await talk(port, text);
  assert.equal(count(whole, "HTTP/1.1 200 OK"), 4);
  assert.match(whole, /"body":"hello"[\s\S]*"body":"foobar"/);
  for (const pieceBytes of [1, 2, 5, 17, 64]) {
    const client = await RawClient.open(port);
    for (let at = 0; at < text.length; at += pieceBytes) {
      client.send(text.slice(at, at + pieceBytes));
      // One turn of the loop for each piece, so that they arrive apart.
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(await client.closed(), whole, `by ${pieceBytes}`);
  }
});

test("pipelined requests are answered in order, also if they are answered late", async () => {
  const { port } = await start((request) => {
    const answer = (): void => request.respond(200, [], request.target);
    if (request.target.endsWith("0")) setImmediate(answer);
    else answer();
  });
  const paths = Array.from({ length: 100 }, (_, i) => `/${i}`);
  const received = await talk(
    port,
    paths.map((path) => get(path, path === "/99" ? "Connection: close\r\n" : "")).join(""),
  );
  assert.deepEqual(
    [...received.matchAll(/\r\n\r\n(\/\d+)/g)].map((match) => match[1]),
    paths,
  );
});

test("a client that does not read its answers is not read either", async () => {
  let requests = 0;
  const body = Buffer.alloc(100_000, "x");
  const { port } = await start((request) => {
    requests++;
    request.respond(200, [], body);
  });
  const client = await RawClient.open(port);
  client.socket.pause();
  client.send(get("/").repeat(2_000));
  let before = -1;
  while (requests !== before) {
    before = requests;
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(requests < 200, `${requests} requests were answered into memory`);
  client.socket.resume();
  await client.until(() => requests === 2_000, 20_000);
  client.close();
});

test("Connection: close, HTTP/1.0 and HTTP/1.0 with keep-alive", async () => {
  const { port } = await start((request) => request.respond(200, [], "x"));
  assert.match(await talk(port, get("/", "Connection: close\r\n")), /Connection: close\r\n\r\nx$/);
  assert.match(await talk(port, "GET / HTTP/1.0\r\n\r\n"), /^HTTP\/1\.1 200 OK[\s\S]*Connection: close\r\n\r\nx$/);
  const kept = await talk(port, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n");
  assert.match(kept, /Connection: keep-alive\r\n\r\nxHTTP[\s\S]*Connection: close\r\n\r\nx$/);
});

test("HEAD, 204 and 304 are answered without a body", async () => {
  const { port } = await start((request) => {
    if (request.target === "/streamed") {
      request.startResponse(200, [], undefined);
      request.write(Buffer.from("body"));
      request.end();
    } else if (request.target === "/declared") {
      request.startResponse(200, [], 10);
      request.end();
    } else request.respond(Number(request.target.slice(1)), [], "body");
  });
  const answer = async (method: string, path: string): Promise<string> =>
    (await talk(port, `${method} ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)).replace(dateLine, "");
  assert.equal(await answer("HEAD", "/200"), "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\n");
  assert.equal(await answer("HEAD", "/streamed"), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
  assert.equal(await answer("HEAD", "/declared"), "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\n");
  assert.equal(await answer("GET", "/204"), "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
  assert.match(await answer("GET", "/304"), /^HTTP\/1\.1 304 Not Modified\r\n[\s\S]*\r\n\r\n$/);
});

test("a status that would not end the answer becomes a 500", async () => {
  const { port } = await start((request) => request.respond(Number(request.target.slice(1)), [], "x"));
  for (const status of ["100", "101", "0", "1000", "-1", "200.5", "NaN"]) {
    assert.equal(statusOf(await talk(port, get(`/${status}`, "Connection: close\r\n"))), 500, status);
  }
});

test("strings are sent as UTF-8, and their length is in bytes", async () => {
  const { port } = await start((request) => request.respond(200, [], "grüße 🎉"));
  const received = await talk(port, get("/", "Connection: close\r\n"));
  const body = Buffer.from("grüße 🎉");
  assert.match(received, new RegExp(`Content-Length: ${body.length}\r\n`));
  assert.ok(received.endsWith(`\r\n\r\n${body.toString("latin1")}`));
});

test("large answers arrive whole", async () => {
  const body = Buffer.alloc(3_000_000, "abcdefg");
  const { port } = await start((request) => request.respond(200, [], body));
  const received = await talk(port, get("/", "Connection: close\r\n"));
  assert.ok(received.endsWith(`\r\n\r\n${body.toString("latin1")}`));
});

test("a streamed answer: with a length, chunked, and until the end for HTTP/1.0", async () => {
  const { port } = await start((request) => {
    request.startResponse(200, [], request.target === "/length" ? 6 : undefined);
    request.write(Buffer.from("foo"));
    setImmediate(() => {
      request.write(Buffer.from("bar"));
      request.end();
    });
  });
  const close = "Connection: close\r\n";
  assert.match(await talk(port, get("/length", close)), /Content-Length: 6\r\n[\s\S]*\r\n\r\nfoobar$/);
  assert.match(await talk(port, get("/", close)), /chunked\r\n[\s\S]*\r\n\r\n3\r\nfoo\r\n3\r\nbar\r\n0\r\n\r\n$/);
  const old = await talk(port, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  assert.match(old, /Connection: close\r\n\r\nfoobar$/);
  assert.doesNotMatch(old, /Transfer-Encoding/);
});

test("the headers of a streamed answer do not wait for its body", async () => {
  let streaming: InboundExchange | undefined;
  const { port } = await start((request) => {
    streaming = request;
    request.startResponse(200, ["A", "b"], undefined);
  });
  const client = await RawClient.open(port);
  client.send(get("/"));
  await client.until((text) => text.includes("\r\n\r\n"));
  streaming?.end();
  await client.until((text) => text.endsWith("\r\n\r\n0\r\n\r\n"));
  client.close();
});

test("an answer with more or less than its declared length is cut", async () => {
  const { port } = await start((request) => {
    request.startResponse(200, [], 5);
    request.write(Buffer.from(request.target === "/more" ? "123456" : "1234"));
    request.end();
  });
  assert.doesNotMatch(await talk(port, get("/more") + get("/more")), /123456/);
  assert.equal(count(await talk(port, get("/less") + get("/less")), "HTTP/1.1"), 1);
});

test("back-pressure: a streamed answer waits for a slow reader", async () => {
  let waits = 0;
  const { port } = await start((request) => {
    const chunk = Buffer.alloc(65_536, "x");
    let left = 200;
    request.startResponse(200, [], left * chunk.length);
    const go = (): void => {
      while (left > 0) {
        left--;
        if (!request.write(chunk)) {
          waits++;
          return;
        }
      }
      request.observer = undefined;
      request.end();
    };
    request.observer = { onDrain: go, onClose() {} };
    go();
  });
  const received = await talk(port, get("/", "Connection: close\r\n"));
  assert.equal(received.split("\r\n\r\n")[1]?.length, 200 * 65_536);
  assert.ok(waits > 0);
});

test("back-pressure: a streamed body waits for its reader", async () => {
  let received = 0;
  let pauses = 0;
  const { port } = await start((request) => {
    request.streamBody({
      data: (chunk) => {
        received += chunk.length;
        pauses++;
        setImmediate(() => request.resumeBody());
        return false;
      },
      end: () => request.respond(200, [], String(received)),
      error: (reason) => assert.fail(reason),
    });
  });
  const body = Buffer.alloc(2_000_000, "y");
  const head = `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`;
  assert.match(await talk(port, Buffer.concat([Buffer.from(head), body])), /\r\n\r\n2000000$/);
  assert.ok(pauses > 10);
});

test("a body can be read long after its request came", async () => {
  const waiting: InboundExchange[] = [];
  const { port, http1 } = await start((request) => waiting.push(request), { lingerMs: 100 });
  const client = await RawClient.open(port);
  const body = "z".repeat(300_000);
  client.send(`POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  await until(() => waiting.length === 1);
  const { tick } = http1;
  await until(() => http1.tick > tick + 1, { what: "the server swept" });
  echo(waiting[0]!);
  assert.ok((await client.closed()).includes(body));
});

test("collect refuses what is too large, declared or not", async () => {
  const { port } = await start((request) => {
    request.collect(10, (outcome) => request.respond(outcome === "ok" ? 200 : 413, [], outcome));
  });
  const declared = await talk(
    port,
    "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 11\r\n\r\n12345678901",
  );
  assert.match(declared, /413[\s\S]*too-large$/);
  const chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n12345678901\r\n0\r\n\r\n";
  const client = await RawClient.open(port);
  client.send(chunked + get("/", "Connection: close\r\n"));
  assert.match(await client.closed(), /413[\s\S]*too-large[\s\S]*200[\s\S]*ok$/);
});

test("Expect: 100-continue is answered when the body is wanted", async () => {
  const { port } = await start((request) => {
    if (request.target === "/no") request.respond(403, [], undefined);
    else echo(request);
  });
  const head = (path: string): string =>
    `POST ${path} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n`;
  const client = await RawClient.open(port);
  client.send(head("/yes"));
  await client.until((text) => text === "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");
  await client.until((text) => text.includes('"body":"ok"'));
  client.close();
  // Whether the body still comes is unknown: such a connection ends.
  assert.match(await talk(port, head("/no")), /^HTTP\/1\.1 403 Forbidden\r\n[\s\S]*Connection: close/);
});

test("a body that nobody reads is drained if it is small, else the connection ends", async () => {
  const { port } = await start((request) => request.respond(200, [], request.target), { drainBytesMax: 1_000 });
  const post = (path: string, bytes: number): string =>
    `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\n${"x".repeat(bytes)}`;
  const small = await talk(port, post("/1", 900) + get("/2", "Connection: close\r\n"));
  assert.equal(count(small, "HTTP/1.1 200"), 2);
  const large = await talk(port, post("/1", 5_000) + get("/2"));
  assert.equal(count(large, "HTTP/1.1 200"), 1);
  assert.match(large, /Connection: close/);
  const chunks = `5\r\nxxxxx\r\n`.repeat(1_000);
  const chunked = await talk(
    port,
    `POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n${get("/2")}`,
  );
  assert.equal(count(chunked, "HTTP/1.1 200"), 1);
});

test("a malformed chunk is a 400, told to the reader, and the end of the connection", async () => {
  const outcomes: string[] = [];
  const { port } = await start((request) => {
    if (request.target === "/collect") request.collect(1_000, (outcome) => outcomes.push(outcome));
    else if (request.target === "/stream")
      request.streamBody({
        data: () => true,
        end: () => outcomes.push("end"),
        error: (reason) => outcomes.push(reason),
      });
    else request.collect(1_000, (outcome) => request.respond(422, [], outcome));
  });
  const post = (path: string): string =>
    `POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\nGET / HTTP/1.1\r\n\r\n`;
  for (const path of ["/collect", "/stream"]) {
    const received = await talk(port, post(path));
    assert.equal(count(received, "HTTP/1.1"), 1);
    assert.match(
      received,
      /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*Connection: close[\s\S]*\{"message":"Bad Request"\}$/,
    );
  }
  assert.deepEqual(outcomes, ["malformed", "malformed"]);
  assert.match(await talk(port, post("/own")), /^HTTP\/1\.1 422 [\s\S]*Connection: close[\s\S]*malformed$/);
});

test("a client that goes away is noticed, and what it wanted is cancelled", async () => {
  const events: string[] = [];
  const seen = Promise.withResolvers<InboundExchange>();
  const { port } = await start((request) => {
    request.observer = { onDrain() {}, onClose: () => events.push("close") };
    if (request.hasBody)
      request.streamBody({ data: () => true, end: () => events.push("end"), error: (reason) => events.push(reason) });
    seen.resolve(request);
  });
  for (const text of [get("/"), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhello"]) {
    const client = await RawClient.open(port);
    client.send(text);
    const request = await seen.promise;
    client.close();
    const length = events.length;
    await until(() => events.slice(length).includes("close"));
    // Late answers go nowhere, and hurt nobody.
    request.respond(200, [], "x");
    request.startResponse(200, [], undefined);
    request.write(Buffer.from("x"));
    request.end();
    request.abort();
  }
  assert.deepEqual(events, ["close", "aborted", "close"]);
});

test("an exception in a handler ends only its exchange", async () => {
  const { port, errors } = await start((request) => {
    if (request.target === "/throw") throw new Error("thrown");
    if (request.target === "/late")
      request.streamBody({
        data: () => {
          throw new Error("late");
        },
        end() {},
        error() {},
      });
    else if (request.target === "/begun") {
      request.startResponse(200, [], undefined);
      request.write(Buffer.from("x"));
      throw new Error("begun");
    } else request.respond(200, [], "fine");
  });
  const other = await RawClient.open(port);
  other.send(get("/"));
  await other.until((text) => text.endsWith("fine"));
  assert.match(await talk(port, get("/throw")), /^HTTP\/1\.1 500 [\s\S]*\{"message": "Internal server error"\}$/);
  const late = "POST /late HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxx";
  assert.match(await talk(port, late), /^HTTP\/1\.1 500 /);
  assert.doesNotMatch(await talk(port, get("/begun")), /0\r\n\r\n$/);
  assert.deepEqual(
    errors.map((error) => (error as Error).message),
    ["thrown", "late", "begun"],
  );
  other.received = "";
  other.send(get("/"));
  await other.until((text) => text.endsWith("fine"));
  other.close();
});

test("an exception is left to the answer's observer, which keeps the connection", async () => {
  const seen: string[] = [];
  const { port, errors } = await start((request) => {
    request.observer = {
      onDrain() {},
      onClose() {},
      onException: (error) => {
        seen.push((error as Error).message);
        if (request.target === "/again") throw new Error("again");
        if (request.isBegun) request.abort();
        else if (request.target !== "/nothing") request.respond(500, [], "mine");
      },
    };
    const { target } = request;
    if (target === "/fine") request.respond(200, [], "fine");
    else if (target === "/collect") {
      request.collect(10, () => {
        throw new Error(target);
      });
    } else {
      if (target === "/begun") request.startResponse(200, [], undefined);
      if (target === "/unsendable") request.respond(200, [undefined as unknown as string, ""], "never");
      throw new Error(target);
    }
  });
  const post = "POST /collect HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n";
  const all = await talk(
    port,
    `${get("/throw")}${post}xx${get("/unsendable")}${get("/fine", "Connection: close\r\n")}`,
  );
  assert.deepEqual([count(all, "HTTP/1.1 500"), count(all, "mine"), all.endsWith("fine")], [3, 3, true]);
  // A body that comes later, and none of which is here.
  const client = await RawClient.open(port);
  client.send(post);
  client.send("xx");
  await client.until((text) => text.endsWith("mine"));
  client.send(get("/fine"));
  await client.until((text) => text.endsWith("fine"));
  client.close();
  assert.doesNotMatch(await talk(port, get("/begun")), /0\r\n\r\n$/);
  assert.deepEqual(errors, []);
  assert.deepEqual(seen.length, 5);
  for (const target of ["/again", "/nothing"]) {
    assert.match(await talk(port, get(target)), /^HTTP\/1\.1 500 [\s\S]*\{"message": "Internal server error"\}$/);
  }
  assert.deepEqual(
    errors.map((error) => (error as Error).message),
    ["again"],
  );
});

test("an exception for a client that takes more, or has gone, is left to the answer's observer as well", async () => {
  const seen: string[] = [];
  const { port, errors } = await start((request) => {
    const fail = (message: string) => (): never => {
      throw new Error(message);
    };
    request.observer = {
      onDrain: fail("drain"),
      onClose: fail("close"),
      onException: (error) => {
        seen.push((error as Error).message);
        request.abort();
      },
    };
    request.startResponse(200, [], undefined);
    request.write(Buffer.alloc(request.target === "/drain" ? 20_000_000 : 1));
  });
  await talk(port, get("/drain"));
  const client = await RawClient.open(port);
  client.send(get("/close"));
  await client.until((text) => text.length > 0);
  client.close();
  await until(() => seen.length === 2);
  assert.deepEqual([seen, errors], [["drain", "close"], []]);
});

test("the sizes of AWS's quotas: 10,240 bytes of URL, 10,240 of headers", async () => {
  const { port } = await start((request) => request.respond(200, [], "x"));
  const close = "Connection: close\r\n";
  assert.equal(statusOf(await talk(port, get(`/${"a".repeat(10_239)}`, close))), 200);
  const uri = await talk(port, get(`/${"a".repeat(10_240)}`, close));
  assert.match(uri, /^HTTP\/1\.1 414 [\s\S]*\r\n\r\nRequest URI too long$/);
  assert.equal(statusOf(await talk(port, get("/", `${close}A: ${"b".repeat(10_100)}\r\n`))), 200);
  const headers = await talk(port, get("/", `${close}A: ${"b".repeat(10_240)}\r\n`));
  assert.match(headers, /^HTTP\/1\.1 431 [\s\S]*\r\n\r\nHTTP header is larger than 10240 bytes\.$/);
  // The answer arrives although most of what was sent is never parsed.
  assert.equal(statusOf(await talk(port, get("/", `A: ${"b".repeat(500_000)}\r\n`))), 431);
  assert.equal(statusOf(await talk(port, `GET /${"b".repeat(500_000)}`)), 414);
});

test("time-outs: an idle connection, slow headers, a slow body, a body that trickles", async () => {
  const outcomes: string[] = [];
  const times = { headerTimeoutMs: 150, bodyTimeoutMs: 150, keepAliveMs: 150, lingerMs: 100 };
  const { port } = await start((request) => {
    if (request.hasBody) {
      request.streamBody({
        data: () => true,
        end: () => outcomes.push("end"),
        error: (reason) => outcomes.push(reason),
      });
    } else request.respond(200, [], "x");
  }, times);
  const silent = await RawClient.open(port);
  assert.equal(await silent.closed(), "");
  const idle = await RawClient.open(port);
  idle.send(get("/"));
  assert.equal(statusOf(await idle.closed()), 200);
  const slow = await RawClient.open(port);
  slow.send("GET / HT");
  assert.match(await slow.closed(), /^HTTP\/1\.1 408 Request Timeout/);
  const trickle = async (text: string, piece: string): Promise<string> => {
    const client = await RawClient.open(port);
    client.send(text);
    const timer = setInterval(() => client.send(piece), 20);
    const received = await client.closed();
    clearInterval(timer);
    return received;
  };
  assert.match(await trickle("GET / HTTP/1.1\r\nHost: a\r\n", "A: b\r\n"), /^HTTP\/1\.1 408 /);
  assert.match(await trickle("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999\r\n\r\n", "x"), /^HTTP\/1\.1 408 /);
  const stopped = await RawClient.open(port);
  stopped.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999\r\n\r\nx");
  assert.match(await stopped.closed(), /^HTTP\/1\.1 408 /);
  assert.deepEqual(outcomes, ["timeout", "timeout"]);
});

test("a client that stops reading its answer is cut off", async () => {
  const closed = Promise.withResolvers<void>();
  const { port } = await start(
    (request) => {
      request.observer = { onDrain() {}, onClose: () => closed.resolve() };
      request.startResponse(200, [], undefined);
      request.write(Buffer.alloc(20_000_000));
    },
    { sendTimeoutMs: 200 },
  );
  const client = await RawClient.open(port);
  client.socket.pause();
  client.send(get("/"));
  await closed.promise;
  client.close();
});

test("a client that takes its answer slowly gets all of it, longer than any time-out", async () => {
  const body = Buffer.alloc(40_000_000, "slow");
  const times = { bodyTimeoutMs: 100, headerTimeoutMs: 100, keepAliveMs: 100, lingerMs: 100 };
  const { port, http1 } = await start((request) => request.respond(200, [], body), times);
  for (const connection of ["close", "keep-alive"]) {
    const client = await RawClient.open(port);
    client.send(get("/", `Connection: ${connection}\r\n`));
    // The time-outs are of ten ticks of the server's sweep: at the first reads it waits for more of them together.
    const isDone = (): boolean => client.received.length > body.length;
    for (let reads = 0; !isDone() && !client.socket.readableEnded && !client.isClosed; reads++) {
      client.socket.pause();
      const { tick } = http1;
      await until(() => http1.tick > tick + (reads < 12 ? 3 : 0), { what: "the server swept" });
      client.socket.resume();
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(isDone(), `closed after ${client.received.length} bytes`);
    client.close();
  }
});

/** Whether so many bytes of bodies could be buffered now. */
function hasRoom(http1: Http1Server, bytes: number): boolean {
  const isReserved = http1.reserve(bytes);
  if (isReserved) http1.release(bytes);
  return isReserved;
}

test("bodies that are buffered share a bounded memory, which is given back", async () => {
  const { port, http1 } = await start(echo, { bufferedBodyBytesMax: 300_000 });
  const head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n";
  for (let round = 0; round < 3; round++) {
    const first = await RawClient.open(port);
    first.send(head + "x".repeat(150_000));
    await until(() => !hasRoom(http1, 150_001), { what: "the first client's bytes are here" });
    const second = await RawClient.open(port);
    second.send(head + "y".repeat(200_000));
    assert.match(await second.closed(), /^HTTP\/1\.1 503 /);
    if (round === 0) first.close();
    else {
      first.send("x".repeat(50_000));
      await first.until((text) => text.includes(`"body":"${"x".repeat(200_000)}"`));
      first.close();
    }
    await until(() => hasRoom(http1, 300_000), { what: "all memory is given back" });
  }
});

test("answers that nobody takes share a bounded memory", async () => {
  const body = Buffer.alloc(20_000_000);
  const limits = { queuedAnswerBytesMax: 30_000_000, lingerMs: 100 };
  const { port, http1 } = await start((request) => request.respond(200, [], body), limits);
  const clients: RawClient[] = [];
  for (let i = 0; i < 4; i++) {
    const client = await RawClient.open(port);
    client.socket.pause();
    client.send(get("/"));
    clients.push(client);
  }
  await until(() => http1.connectionCount <= 2, { what: "the connections beyond the memory are cut" });
  for (const client of clients) client.close();
});

test("more connections than are allowed are refused, while none of them only waits", async () => {
  const under: InboundExchange[] = [];
  const { port, http1 } = await start((request) => void under.push(request), { connectionsMax: 2, lingerMs: 80 });
  const clients = [await RawClient.open(port), await RawClient.open(port)];
  for (const client of clients) client.send(get("/"));
  await until(() => under.length === 2 && http1.tick > 2);
  assert.equal(await (await RawClient.open(port)).closed(), "");
  for (const request of under) request.respond(200, [], "x");
  for (const client of clients) await client.until((text) => text.endsWith("x"));
  const tick = http1.tick;
  await until(() => http1.tick > tick + 2);
  // Now an idle one makes room.
  const another = await RawClient.open(port);
  another.send(get("/"));
  await until(() => under.length === 3);
  for (const client of [...clients, another]) client.close();
});

test("clients that send nothing, or a part of a request, keep nobody out: the oldest make room", async () => {
  const { port, server, http1 } = await start(echo, { connectionsMax: 50, lingerMs: 80 });
  let accepted = 0;
  server.on("connection", () => accepted++);
  const kept = await RawClient.open(port);
  kept.send(`${get("/").slice(0, -2)}Content-Length: 3\r\n\r\na`);
  for (let round = 0; round < 5; round++) {
    const half = await Promise.all(Array.from({ length: 60 }, () => RawClient.open(port)));
    for (const client of half) client.send("GET / HTTP/1.1\r\nHost");
    await until(() => accepted === 1 + round * 61 + half.length);
    // A connection is expendable when it has waited from one sweep to the next.
    const tick = http1.tick;
    await until(() => http1.tick > tick + 2);
    assert.equal(http1.connectionCount, 50);
    const client = await RawClient.open(port);
    client.send(get("/served"));
    assert.match(await client.until((text) => text.endsWith("}")), /\/served/);
    client.close();
    await until(() => http1.connectionCount < 50);
    for (const other of half) other.close();
  }
  kept.send("bc");
  assert.match(await kept.until((text) => text.endsWith("}")), /"body":"abc"/);
  kept.close();
});

test("nothing is kept of connections that have come and gone, even after one had to make room", async () => {
  const { port, server, http1 } = await start(echo, { connectionsMax: 20, lingerMs: 80 });
  const sockets: WeakRef<object>[] = [];
  server.on("connection", (socket) => sockets.push(new WeakRef(socket)));
  const comeAndGo = async (count: number): Promise<void> => {
    const clients = await Promise.all(Array.from({ length: count }, () => RawClient.open(port)));
    const tick = http1.tick;
    await until(() => http1.tick > tick + 2);
    for (const client of clients) client.close();
    await until(() => http1.connectionCount === 0);
  };
  for (const count of [10, 20, 30, ...Array.from({ length: 20 }, () => 15)]) await comeAndGo(count);
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  await until(() => {
    collect();
    return sockets.filter((socket) => socket.deref() !== undefined).length < 50;
  });
  assert.ok(sockets.length > 300);
});

test("stopping: idle connections end now, requests under way are answered, the rest is cut", async () => {
  const waiting: InboundExchange[] = [];
  const { port, http1, server } = await start((request) => {
    if (request.target === "/") request.respond(200, [], "x");
    else waiting.push(request);
  });
  const idle = await RawClient.open(port);
  idle.send(get("/"));
  await idle.until((text) => text.endsWith("x"));
  const busy = await RawClient.open(port);
  busy.send(get("/busy"));
  const hung = await RawClient.open(port);
  hung.send(get("/hung"));
  await until(() => waiting.length === 2);
  server.close();
  const stopped = http1.stop(200);
  await idle.closed();
  waiting.find((request) => request.target === "/busy")?.respond(200, [], "done");
  assert.match(await busy.closed(), /Connection: close\r\n\r\ndone$/);
  await stopped;
  assert.equal(await hung.closed(), "");
  assert.equal(http1.connectionCount, 0);
});
