import { setTimeout as wait } from "node:timers/promises";
import type { Bench } from "../../bench.ts";
import { ask, connectionsMax, openMany, startServer } from "./websocket-clients.ts";

export const bench: Bench = {
  title: "idle WebSockets: resident memory of the server's whole process, per connection",
  needs: [],
  async run() {
    await using server = await startServer();
    // What the first connections bring along, code and buffers, is not theirs.
    const first = await openMany(server.port, 500);
    for (const socket of first) socket.destroy();
    await wait(2_000);
    const before = await ask(server.port);
    const count = connectionsMax();
    const sockets = await openMany(server.port, count);
    await wait(5_000);
    const after = await ask(server.port);
    for (const socket of sockets) socket.destroy();
    return {
      connections: after.peers,
      "bytes per idle connection (goal: 10,240)": (after.rss - before.rss) / count,
      "MB before": before.rss / 1e6,
    };
  },
};
