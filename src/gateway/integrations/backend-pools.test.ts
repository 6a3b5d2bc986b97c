import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { bounds } from "../../base/bounds.ts";
import type { OutboundRequest } from "../../http/http1-client/outbound.ts";
import { allocateMetrics, Metrics } from "../../telemetry/metrics.ts";
import { BackendPools } from "./backend-pools.ts";

const atOnce = bounds.backendConnectsPerMsMax.value;

/** A pool of a backend whose connections are counted, and what happened to its requests. The pool's time stands still. */
async function aPool(t: TestContext, onRequest: (socket: Socket) => void) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let connections = 0;
  let requests = 0;
  let onChange = (): void => undefined;
  const backend = createServer((socket) => {
    connections++;
    onChange();
    socket.on("error", () => undefined);
    socket.on("data", () => {
      requests++;
      onRequest(socket);
      onChange();
    });
  });
  await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
  const pools = new BackendPools({ metrics: new Metrics(allocateMetrics(1), 1), clock: { now: () => Date.now() } });
  const origin = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
  const pool = pools.acquire({ origin, isTlsUnverified: false });
  const sent: OutboundRequest[] = [];
  t.after(() => {
    for (const request of sent) pool.cancel(request);
    pools.close();
    backend.close();
  });
  let answers = 0;
  return {
    get connections(): number {
      return connections;
    },
    get answers(): number {
      return answers;
    },
    get requests(): number {
      return requests;
    },
    /** Sends so many requests in one turn. */
    send(count: number): void {
      for (let i = 0; i < count; i++) {
        const request: OutboundRequest = {
          head: "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
          isHead: false,
          body: undefined,
          connection: undefined,
          onHead: () => undefined,
          onData: () => true,
          onEnd() {
            answers++;
            onChange();
          },
          onFailure: ({ message }) => assert.fail(message),
          onException: (error) => assert.fail(error as Error),
          sweep: () => undefined,
        };
        sent.push(request);
        assert.equal(pool.send(request), true);
      }
    },
    // Nothing is looked at again and again, since the timers stand still.
    until: (isTrue: () => boolean): Promise<void> =>
      new Promise((resolve) => {
        onChange = () => {
          if (isTrue()) resolve();
        };
        onChange();
      }),
  };
}

test("many requests that come at once are answered by the few connections that are opened at once", async (t) => {
  const pool = await aPool(t, (socket) => void socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  pool.send(10 * atOnce);
  await pool.until(() => pool.answers === 10 * atOnce);
  assert.equal(pool.connections, atOnce);
});

test("requests that wait for a backend that takes its time get a connection each", async (t) => {
  const pool = await aPool(t, () => undefined);
  pool.send(2 * atOnce + 1);
  await pool.until(() => pool.requests === atOnce);
  assert.equal(pool.connections, atOnce);
  t.mock.timers.tick(1);
  await pool.until(() => pool.requests === 2 * atOnce);
  t.mock.timers.tick(1);
  await pool.until(() => pool.requests === 2 * atOnce + 1);
  assert.equal(pool.connections, 2 * atOnce + 1);
});

test("a connection that ends lets one that waits open another", async (t) => {
  const pool = await aPool(
    t,
    (socket) => void socket.end("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
  );
  pool.send(atOnce + 3);
  await pool.until(() => pool.answers === atOnce);
  t.mock.timers.tick(1);
  await pool.until(() => pool.answers === atOnce + 3);
  assert.equal(pool.connections, atOnce + 3);
});
