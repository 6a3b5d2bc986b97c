import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { until } from "../../../test/until.ts";
import { Http1Server } from "../http1/http1-server.ts";
import { defaultHttp1Limits } from "../http1/limits.ts";
import type { InboundExchange } from "../inbound.ts";
import { publicListener } from "../listener.ts";
import { createSocketServer } from "../socket-server.ts";

const limits = { frameBytesMax: 1_000, messageBytesMax: 1_000, idleMs: 60_000, lifeMs: 60_000, unsentBytesMax: 1_000 };

const upgrade = (request: InboundExchange): boolean =>
  request.upgrade([], limits, { onText: () => true, onDrain: () => undefined, onClose: () => undefined }) !== undefined;

/** A server that may have 16 connections. */
async function serve(onHandshake: (request: InboundExchange) => void) {
  const http1 = new Http1Server({
    limits: { ...defaultHttp1Limits, connectionsMax: 16 },
    clock: Date,
    onRequest: (request) => {
      if (request.webSocket === "asked") onHandshake(request);
      else if (request.webSocket === "crowded") request.respond(503, [], "crowded");
      else request.respond(200, [], "served");
    },
    onError: (error) => assert.fail(String(error)),
  });
  const server = createSocketServer((socket) => http1.accept(socket, publicListener));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    ask: async () => (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } })).text(),
    async connect(): Promise<WebSocket | "refused"> {
      const client = new WebSocket(`ws://127.0.0.1:${port}/`);
      const isOpen = await new Promise<boolean>((resolve) => {
        client.onopen = () => resolve(true);
        client.onerror = () => resolve(false);
      });
      return isOpen ? client : "refused";
    },
    async [Symbol.asyncDispose]() {
      server.close();
      await http1.stop(0);
    },
  };
}

test("WebSockets leave room for other connections", async () => {
  await using server = await serve(upgrade);
  const clients = await Promise.all(Array.from({ length: 14 }, () => server.connect()));
  assert.ok(!clients.includes("refused"));
  assert.equal(await server.connect(), "refused");
  assert.equal(await server.ask(), "served");
  const [first] = clients;
  (first as WebSocket).close();
  let next: WebSocket | "refused" = "refused";
  await until(async () => {
    next = await server.connect();
    return next !== "refused";
  });
  assert.equal(await server.connect(), "refused");
});

test("handshakes that are answered at the same time share what is left", async () => {
  const waiting: InboundExchange[] = [];
  await using server = await serve((request) => void waiting.push(request));
  const clients = Array.from({ length: 15 }, () => server.connect());
  await until(() => waiting.length === 15);
  assert.deepEqual(waiting.map(upgrade), [...Array(14).fill(true), false]);
  const refused = (await Promise.all(clients)).filter((client) => client === "refused");
  assert.equal(refused.length, 1);
});
