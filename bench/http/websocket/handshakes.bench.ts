import type { Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import type { Bench } from "../../bench.ts";
import { ask, open, startServer } from "./websocket-clients.ts";

const perSecond = 2_000;
const seconds = 10;

export const bench: Bench = {
  title: `${perSecond} new WebSockets a second for ${seconds} s, each closed after two seconds`,
  needs: [],
  async run() {
    await using server = await startServer();
    const times: number[] = [];
    const held: Socket[][] = [];
    const under: Promise<void>[] = [];
    const connect = async (held: Socket[]): Promise<void> => {
      const start = performance.now();
      held.push(await open(server.port));
      times.push(performance.now() - start);
    };
    const before = await ask(server.port);
    const start = performance.now();
    for (let tenth = 0; tenth < 10 * seconds; tenth++) {
      const sockets: Socket[] = [];
      held.push(sockets);
      for (let each = 0; each < perSecond / 10; each++) under.push(connect(sockets));
      for (const old of held[tenth - 20] ?? []) old.destroy();
      await wait(Math.max(0, start + (tenth + 1) * 100 - performance.now()));
    }
    await Promise.all(under);
    const took = performance.now() - start;
    const after = await ask(server.port);
    for (const old of held.flat()) old.destroy();
    times.sort((a, b) => a - b);
    return {
      "opened a second (goal: 2,000)": times.length / (took / 1_000),
      "p50 ms": times[times.length >> 1]!,
      "p99 ms": times[Math.floor(times.length * 0.99)]!,
      "µs of CPU in the server for each": ((after.cpuMs - before.cpuMs) * 1_000) / times.length,
    };
  },
};
