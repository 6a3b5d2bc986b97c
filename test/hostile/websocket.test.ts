// What hostile clients of WebSocket APIs do to the others, on a gateway thread's data plane in this process.
import assert from "node:assert/strict";
import { test } from "node:test";
import { aWebSocketApi } from "../exchange/a-websocket-api.ts";
import { connect } from "../exchange/open-websocket.ts";
import { startGateway } from "../exchange/start-gateway.ts";
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
