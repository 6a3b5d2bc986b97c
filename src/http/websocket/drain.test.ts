import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { until } from "../../../test/until.ts";
import { ManualClock } from "../../base/clock.ts";
import { Http1Server } from "../http1/http1-server.ts";
import { defaultHttp1Limits } from "../http1/limits.ts";
import { publicListener } from "../listener.ts";
import { createSocketServer } from "../socket-server.ts";

const limits = { frameBytesMax: 1_000, messageBytesMax: 1_000, idleMs: 60_000, lifeMs: 60_000, unsentBytesMax: 1_000 };

/** A server with so many WebSockets; `closed` has their numbers in the order in which they were closed, with the codes. */
async function serve(count: number) {
  const closed: { readonly socket: number; readonly code: number }[] = [];
  let opened = 0;
  const http1 = new Http1Server({
    limits: defaultHttp1Limits,
    clock: new ManualClock(0),
    onRequest: (request) => {
      const socket = opened++;
      const onClose = (code: number): void => void closed.push({ socket, code });
      request.upgrade([], limits, { onText: () => true, onDrain: () => undefined, onClose });
    },
    onError: (error) => assert.fail(String(error)),
  });
  const server = createSocketServer((socket) => http1.accept(socket, publicListener));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const clients = Array.from({ length: count }, () => new WebSocket(`ws://127.0.0.1:${port}/`));
  await Promise.all(clients.map((client) => once(client, "open")));
  server.close();
  return { http1, closed, clients };
}

test("a stop closes WebSockets with 1001, one after another and in random order", async () => {
  const { http1, closed, clients } = await serve(60);
  const codes: number[] = [];
  for (const client of clients) client.onclose = ({ code, wasClean }) => void codes.push(wasClean ? code : 0);
  const stopped = http1.stop(10_000);
  assert.ok(closed.length < 20, `${closed.length} at once`);
  await stopped;
  await until(() => codes.length === 60);
  assert.deepEqual(new Set(codes), new Set([1001]));
  const order = closed.map(({ socket }) => socket);
  assert.notDeepEqual(
    order,
    [...order].sort((a, b) => a - b),
  );
});

test("servers that stop together share what may be closed in a second", async () => {
  const closedAtOnce = [];
  for (const servers of [1, 10]) {
    const { http1, closed } = await serve(60);
    const stopped = http1.stop(10_000, servers);
    closedAtOnce.push(closed.length);
    await stopped;
    assert.equal(closed.length, 60);
  }
  const [alone, together] = closedAtOnce as [number, number];
  // What is due in the first 10 ms: five, or a tenth of it.
  assert.ok(alone >= 5 && together < 5, closedAtOnce.join());
});

test("a single WebSocket, and all of them without a time to drain, are closed at once", async () => {
  for (const [count, drainMs] of [
    [1, 10_000],
    [30, 0],
  ] as const) {
    const { http1, closed } = await serve(count);
    const stopped = http1.stop(drainMs);
    assert.equal(closed.length, count);
    await stopped;
  }
});
