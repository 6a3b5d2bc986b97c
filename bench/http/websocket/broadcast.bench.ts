import type { Bench } from "../../bench.ts";
import { middle } from "../../measure.ts";
import { countReceived } from "./until-all-have.ts";
import { ask, openMany, startServer } from "./websocket-clients.ts";

const count = 10_000;
const frameBytes = 102;

export const bench: Bench = {
  title: `one message to ${count} WebSockets, until the last client has it; clients and server share the machine`,
  needs: [],
  async run() {
    await using server = await startServer();
    const sockets = await openMany(server.port, count);
    const allHave = countReceived(sockets);
    const rounds: { readonly ms: number; readonly serverMs: number }[] = [];
    for (let round = 0; round < 7; round++) {
      const { cpuMs } = await ask(server.port);
      const all = allHave(count * frameBytes);
      const start = performance.now();
      const sent = ask(server.port, "/broadcast");
      await all;
      rounds.push({ ms: performance.now() - start, serverMs: (await sent).cpuMs - cpuMs });
    }
    for (const socket of sockets) socket.destroy();
    return {
      "ms until all have it (goal: 200)": middle(rounds.map(({ ms }) => ms)),
      "ms of CPU in the server": middle(rounds.map(({ serverMs }) => serverMs)),
    };
  },
};
