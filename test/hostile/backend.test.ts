import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { setImmediate as immediate } from "node:timers/promises";
import { bounds } from "../../src/base/bounds.ts";
import { aMethod, anHttpProxy, aRestApi } from "../exchange/a-rest-api.ts";
import { type GatewayUnderTest, startBackend, startGateway } from "../exchange/start-gateway.ts";
import { until } from "../until.ts";

// What a hostile or broken backend does to the gateway, to its clients, and to the calls that come after.

interface Peer extends AsyncDisposable {
  readonly origin: string;
  readonly sockets: Set<Socket>;
  readonly opened: () => number;
}

/** A server that answers each request (without a body) as its path says. */
async function startPeer(answer: (socket: Socket, path: string) => void): Promise<Peer> {
  const sockets = new Set<Socket>();
  let opened = 0;
  const server = createServer((socket) => {
    opened++;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      for (;;) {
        const end = text.indexOf("\r\n\r\n");
        if (end < 0) return;
        const path = text.split(" ", 2)[1] ?? "";
        text = text.slice(end + 4);
        answer(socket, path);
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets,
    opened: () => opened,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

const good = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood";
const smuggled = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled";

function deploy(gateway: GatewayUnderTest, origin: string, more: Parameters<typeof anHttpProxy>[1] = {}): void {
  const requestParameters = { "integration.request.path.proxy": "method.request.path.proxy" };
  gateway.deploy(
    aRestApi({ "/{proxy+}": { ANY: aMethod(anHttpProxy(`${origin}/{proxy}`, { requestParameters, ...more })) } }),
  );
}

const evil: Readonly<Record<string, string>> = {
  "two lengths": `HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 44\r\n\r\n${smuggled}`,
  "length and chunks": `HTTP/1.1 200 OK\r\nContent-Length: 44\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
  "a hidden length": `HTTP/1.1 200 OK\r\nContent-Length : 44\r\n\r\n${smuggled}`,
  "a folded length": `HTTP/1.1 200 OK\r\nA: b\r\n Content-Length: 44\r\n\r\n${smuggled}`,
  "a length behind a bare line feed": `HTTP/1.1 200 OK\r\nA: b\nContent-Length: 44\r\n\r\n${smuggled}`,
  "a length behind NUL": `HTTP/1.1 200 OK\r\nContent-Length: 4\x004\r\n\r\n${smuggled}`,
  "a coding that is nearly chunked": `HTTP/1.1 200 OK\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n${smuggled}`,
  "chunks over HTTP/1.0": `HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
  "a switch of protocols": `HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n${smuggled}`,
  "interim answers without end": `${"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100)}${smuggled}`,
  "headers without end": `HTTP/1.1 200 OK\r\n${"A: b\r\n".repeat(20_000)}\r\n${smuggled}`,
};

test("an answer that two parsers could read in two ways is 504, and what hides in it reaches nobody", async () => {
  const names = Object.keys(evil);
  await using peer = await startPeer((socket, path) => {
    const index = /\/evil-(\d+)/.exec(path)?.[1];
    socket.write(index === undefined ? good : (evil[names[Number(index)] ?? ""] ?? good), "latin1");
  });
  await using gateway = await startGateway();
  deploy(gateway, peer.origin);
  for (const [index, name] of names.entries()) {
    assert.equal((await gateway.call("/good")).text, "good");
    const reply = await gateway.call(`/evil-${index}`);
    assert.deepEqual(
      [reply.status, reply.text],
      [504, '{"message": "Network error communicating with endpoint"}'],
      name,
    );
    assert.equal((await gateway.call("/good")).text, "good", name);
  }
  assert.deepEqual(gateway.errors, []);
});

test("what follows an answer is nobody's: at once, later, or before anything was asked", async () => {
  const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\n";
  await using peer = await startPeer((socket, path) => {
    if (path === "/at-once") socket.write(good + smuggled);
    else if (path === "/chunked") socket.write(chunked + smuggled);
    else if (path === "/bodiless") socket.write(`HTTP/1.1 304 X\r\nContent-Length: 44\r\n\r\n${smuggled}`);
    else if (path === "/later") socket.write(good, () => setImmediate(() => socket.write(smuggled)));
    else socket.write(good);
  });
  await using gateway = await startGateway();
  deploy(gateway, peer.origin);
  for (const path of ["/at-once", "/chunked", "/bodiless", "/later"]) {
    const reply = await gateway.call(path);
    assert.equal(reply.text, path === "/bodiless" ? "" : "good");
    await until(() => peer.sockets.size === 0);
    assert.equal((await gateway.call("/good")).text, "good", path);
  }
  assert.deepEqual(gateway.errors, []);
});

test("an answer that breaks off is cut for the client, too, and never taken for a whole one", async () => {
  const answers: Readonly<Record<string, string>> = {
    "/length": "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
    "/chunked": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    "/broken": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nx\r\n",
  };
  await using peer = await startPeer((socket, path) => {
    const answer = answers[path] ?? good;
    // What is broken at its very beginning has no answer that could be cut.
    if (answer === good) socket.write(answer);
    else {
      // The gateway runs in this process: a few turns of the event loop later it has passed on the first part.
      socket.write(answer.slice(0, -3), async () => {
        for (let turn = 0; turn < 10; turn++) await immediate();
        socket.end(answer.slice(-3));
      });
    }
  });
  await using gateway = await startGateway();
  deploy(gateway, peer.origin);
  for (const path of Object.keys(answers)) {
    await assert.rejects(gateway.call(path), path);
    assert.equal((await gateway.call("/good")).text, "good", path);
  }
  assert.deepEqual(gateway.errors, []);
});

test("a backend that sends a byte at a time is answered in time, or is a timeout", async () => {
  await using peer = await startPeer((socket, path) => {
    const text = path === "/endless" ? `HTTP/1.1 200 OK\r\n${"A: b\r\n".repeat(500)}` : good;
    let at = 0;
    const next = (): void => {
      if (at >= text.length || socket.destroyed) return;
      socket.write(text[at++]!);
    };
    const writing = setInterval(next, path === "/endless" ? 5 : 1);
    socket.on("close", () => clearInterval(writing));
  });
  await using gateway = await startGateway();
  deploy(gateway, peer.origin);
  assert.equal((await gateway.call("/slow")).text, "good");
  deploy(gateway, peer.origin, { timeoutInMillis: 100 });
  const reply = await gateway.call("/endless");
  assert.deepEqual([reply.status, reply.text], [504, '{"message": "Endpoint request timed out"}']);
  await until(() => peer.sockets.size <= 1);
});

test("idle connections that the backend closed all at once cost no client an answer", async () => {
  // The first twenty are answered together, so that each has a connection of its own.
  const held: Socket[] = [];
  await using peer = await startPeer((socket) => {
    if (held.length === 20) socket.write(good);
    else if (held.push(socket) === 20) for (const each of held) each.write(good);
  });
  await using gateway = await startGateway();
  deploy(gateway, peer.origin);
  const burst = (): Promise<string[]> =>
    Promise.all(Array.from({ length: 20 }, async () => (await gateway.call("/x")).text));
  assert.deepEqual(new Set(await burst()), new Set(["good"]));
  assert.equal(peer.sockets.size, 20);
  for (const socket of peer.sockets) socket.resetAndDestroy();
  // Some of them are written to before the reset is seen.
  assert.deepEqual(new Set(await burst()), new Set(["good"]));
  assert.deepEqual(gateway.errors, []);
});

test("more calls than connections wait, and all are answered; those who give up make room", async () => {
  const held: Socket[] = [];
  let isFull = false;
  await using peer = await startPeer((socket, path) => {
    if (path === "/silent") return;
    // The first calls are answered together, when there are as many connections as may be.
    if (isFull) socket.write(good);
    else if (held.push(socket) === bounds.backendConnectionsMax.value) {
      isFull = true;
      for (const each of held) each.write(good);
    }
  });
  await using gateway = await startGateway();
  deploy(gateway, peer.origin);
  const many = await Promise.all(Array.from({ length: 1_200 }, async () => (await gateway.call("/x")).text));
  assert.equal(many.filter((text) => text === "good").length, 1_200);
  assert.equal(peer.opened(), bounds.backendConnectionsMax.value);
  deploy(gateway, peer.origin, { timeoutInMillis: 80 });
  const silent = await Promise.all(Array.from({ length: 700 }, async () => (await gateway.call("/silent")).status));
  assert.ok(silent.every((status) => status === 504));
  assert.equal((await gateway.call("/x")).text, "good");
});

test("a name with several addresses is reached at the one that listens", async () => {
  await using peer = await startPeer((socket) => socket.write(good));
  await using gateway = await startGateway();
  deploy(gateway, peer.origin.replace("127.0.0.1", "localhost"));
  const replies = await Promise.all(Array.from({ length: 10 }, async () => (await gateway.call("/x")).text));
  assert.deepEqual(new Set(replies), new Set(["good"]));
});

test("a gateway that closes leaves no connection behind", async () => {
  await using peer = await startPeer((socket) => socket.write(good));
  {
    await using gateway = await startGateway();
    deploy(gateway, peer.origin);
    await Promise.all(Array.from({ length: 50 }, () => gateway.call("/x")));
    assert.ok(peer.sockets.size > 0);
  }
  await until(() => peer.sockets.size === 0);
});

test("a plan that is replaced lets its connections go", async () => {
  await using peer = await startPeer((socket) => socket.write(good));
  await using gateway = await startGateway();
  deploy(gateway, peer.origin);
  await gateway.call("/x");
  gateway.deploy(aRestApi({}));
  await until(() => peer.sockets.size === 0);
});

test("an early answer to an upload is delivered, and its connection not used again", async () => {
  let sockets = 0;
  const server = createServer((socket) => {
    sockets++;
    socket.on("error", () => {});
    socket.once("data", () => socket.write("HTTP/1.1 413 X\r\nContent-Length: 2\r\n\r\nno"));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  await using gateway = await startGateway();
  deploy(gateway, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  for (let round = 0; round < 3; round++) {
    const text = await gateway.raw(
      "POST /prod/x HTTP/1.1\r\nHost: abc123.execute-api.localhost\r\nContent-Length: 1000000\r\n\r\nbegin",
      "\r\n\r\nno",
    );
    assert.match(text, /^HTTP\/1.1 413/);
  }
  assert.equal(sockets, 3);
  server.close();
});

test("large bodies reach a slow reader whole, whatever the pieces", async () => {
  const big = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * 31) & 0xff));
  await using backend = await startBackend((incoming, outgoing) => {
    if (incoming.url === "/chunked") {
      for (let at = 0; at < big.length; at += 7_777) outgoing.write(big.subarray(at, at + 7_777));
      outgoing.end();
    } else if (incoming.url === "/close") {
      outgoing.shouldKeepAlive = false;
      outgoing.removeHeader("Content-Length");
      outgoing.useChunkedEncodingByDefault = false;
      outgoing.end(big);
    } else outgoing.end(big);
  });
  await using gateway = await startGateway();
  deploy(gateway, backend.origin);
  const replies = await Promise.all(
    ["/length", "/chunked", "/close", "/length", "/chunked"].map((path) => gateway.call(path)),
  );
  for (const reply of replies) assert.ok(reply.body.equals(big));
  assert.deepEqual(gateway.errors, []);
});
