// What hostile clients of WebSocket APIs do to the others, on a gateway thread's data plane in this process.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { aWebSocketApi } from "../exchange/a-websocket-api.ts";
import { connect } from "../exchange/open-websocket.ts";
import { startBackend, startGateway } from "../exchange/start-gateway.ts";
import { until } from "../until.ts";

const answering = (template: string) => ({
  integration: { RequestTemplates: { $default: '{"statusCode": 200}' } },
  responses: [{ ResponseTemplates: { $default: template } }],
  isTwoWay: true,
});

/** A template that takes about a millisecond. */
const loop = '#foreach($i in [1..400])#set($x = "$!x$i")#end';

test("short messages that come in one piece and take long together let others have their turn", async () => {
  await using gateway = await startGateway();
  const api = { slow: answering(`${loop}$context.requestTimeEpoch`), fast: answering("$context.requestTimeEpoch") };
  gateway.deployWebSocket(aWebSocketApi(api));
  const [hostile, other] = [await connect(gateway), await connect(gateway)];
  await hostile.ask({ action: "slow" });
  hostile.messages.length = 0;
  const count = 500;
  // The frames leave the client in one piece.
  const { socket } = hostile;
  const raw = (socket as unknown as { _socket: { cork(): void; uncork(): void } })._socket;
  raw.cork();
  for (let sent = 0; sent < count; sent++) socket.send('{"action":"slow"}');
  raw.uncork();
  const asked = other.ask({ action: "fast" });
  await until(() => hostile.messages.length === count);
  const [first, last] = [Number(hostile.messages[0]), Number(hostile.messages.at(-1))];
  const othersAt = Number(await asked);
  assert.ok(last - first > 50, `the flood took ${last - first} ms`);
  assert.ok(othersAt < last, `the other one was taken ${othersAt - last} ms after the flood`);
  socket.close();
  other.socket.close();
});

test("WebSockets that stay open keep no requests out", async () => {
  await using gateway = await startGateway({ limits: { connectionsMax: 16 } });
  gateway.deployWebSocket(aWebSocketApi({ fast: answering("fast") }));
  const clients = await Promise.all(Array.from({ length: 14 }, () => connect(gateway)));
  await assert.rejects(connect(gateway), { status: 503, text: '{"message":"Service Unavailable"}' });
  assert.equal((await gateway.call("/")).status, 426);
  assert.equal(await clients[13]!.ask({ action: "fast" }), "fast");
  for (const { socket } of clients) socket.close();
});

test("messages that wait for a backend keep nothing of what was parsed of them", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const heap = (): number => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const waiting: (() => void)[] = [];
  await using backend = await startBackend((_, outgoing) => void waiting.push(() => void outgoing.end("later")));
  await using gateway = await startGateway();
  const integration = {
    IntegrationType: "HTTP",
    IntegrationMethod: "POST",
    IntegrationUri: `${backend.origin}/`,
  } as const;
  const responses = [
    {
      TemplateSelectionExpression: "${request.body.kind}",
      ResponseTemplates: { k: "chosen by k", $default: "by nothing" },
    },
  ];
  gateway.deployWebSocket(aWebSocketApi({ wait: { integration, responses, isTwoWay: true } }));
  const clients = await Promise.all(Array.from({ length: 10 }, () => connect(gateway)));
  const before = heap();
  // Each takes 6 MB when it is parsed.
  const bomb = `{"action":"wait","kind":"k","x":[${"{},".repeat(40_000)}1]}`;
  for (const { socket } of clients) {
    const half = bomb.length / 8;
    for (let at = 0; at < 8; at++) socket.send(bomb.slice(at * half, (at + 1) * half), { fin: at === 7 });
  }
  await until(() => waiting.length === 10);
  const kept = heap() - before;
  assert.ok(kept < 20_000_000, `${kept} bytes are kept`);
  for (const answer of waiting) answer();
  await until(() => clients.every(({ messages }) => messages.length === 1));
  assert.deepEqual(new Set(clients.flatMap(({ messages }) => messages)), new Set(["chosen by k"]));
  for (const { socket } of clients) socket.close();
});
