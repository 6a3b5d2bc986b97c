// The server of the benchmarks beside it, a process of its own: `websocket-server.ts PORT`. WebSockets echo what they get; by
// HTTP it tells what it has cost, and sends one text to all.
import { createServer } from "node:net";
import { Http1Server } from "../../../src/http/http1/http1-server.ts";
import { defaultHttp1Limits } from "../../../src/http/http1/limits.ts";
import type { InboundExchange } from "../../../src/http/inbound.ts";
import { publicListener } from "../../../src/http/listener.ts";
import type { WebSocketLimits, WebSocketPeer } from "../../../src/http/websocket/websocket.ts";

const limits: WebSocketLimits = {
  frameBytesMax: 32_768,
  messageBytesMax: 131_072,
  idleMs: 600_000,
  lifeMs: 7_200_000,
  unsentBytesMax: 1_048_576,
};
const peers = new Set<WebSocketPeer>();

class Echo {
  peer: WebSocketPeer | undefined = undefined;
  onText(message: Buffer): boolean {
    this.peer!.send(message);
    return true;
  }
  onClose(): void {
    if (this.peer !== undefined) peers.delete(this.peer);
  }
  onDrain(): void {}
}

function answer(request: InboundExchange): void {
  if (request.webSocket === "asked") {
    const receiver = new Echo();
    receiver.peer = request.upgrade([], limits, receiver);
    if (receiver.peer !== undefined) peers.add(receiver.peer);
    return;
  }
  if (request.target === "/broadcast") {
    const text = Buffer.alloc(100, "x");
    for (const peer of peers) peer.send(text);
  }
  const { user, system } = process.cpuUsage();
  request.respond(
    200,
    [],
    JSON.stringify({ rss: process.memoryUsage.rss(), cpuMs: (user + system) / 1_000, peers: peers.size }),
  );
}

const http1 = new Http1Server({
  limits: { ...defaultHttp1Limits, connectionsMax: 1_000_000 },
  clock: Date,
  onRequest: answer,
  onError: (error) => console.error(error),
});
createServer({ allowHalfOpen: true, noDelay: true }, (socket) => http1.accept(socket, publicListener)).listen(
  { port: Number(process.argv[2]), host: "127.0.0.1", backlog: 4_096 },
  () => console.log("ready"),
);
