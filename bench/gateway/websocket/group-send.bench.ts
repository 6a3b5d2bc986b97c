import { compileWebSocket } from "../../../src/compiler/websocket/compile-websocket.ts";
import { aWebSocketApi, aWebSocketStage } from "../../../test/exchange/a-websocket-api.ts";
import type { Bench } from "../../bench.ts";
import { countReceived } from "../../http/websocket/until-all-have.ts";
import { openMany } from "../../http/websocket/websocket-clients.ts";
import { middle } from "../../measure.ts";
import { startPlanProcess } from "../start-gateway-process.ts";

const count = 10_000;
const message = "x".repeat(100);
const frameBytes = message.length + 2;

interface Round {
  readonly allHaveMs: number;
  readonly answeredMs: number;
}

export const bench: Bench = {
  title: `one call that sends a message to a group of ${count} connections of a gateway thread, until the last client has it`,
  needs: [],
  async run() {
    const definition = aWebSocketApi({ $connect: {} });
    const plan = compileWebSocket(definition, aWebSocketStage(), { account: "000000000000", region: "us-east-1" });
    await using gateway = await startPlanProcess(0, plan);
    const { port, pathname } = new URL(gateway.url);
    const sockets = await openMany(Number(port), count, pathname);
    const call = async (method: string, path: string, body?: string) => {
      const answer = await fetch(`${gateway.url}${path}`, { method, ...(body !== undefined && { body }) });
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      return answer;
    };
    for (let token: string | undefined = ""; token !== undefined; ) {
      const answer = await call("GET", `/@connections${token && `?nextToken=${token}`}`);
      const page = (await answer.json()) as { connections: { connectionId: string }[]; nextToken?: string };
      await Promise.all(page.connections.map(({ connectionId }) => call("PUT", `/@groups/all/${connectionId}`)));
      token = page.nextToken;
    }
    const allHave = countReceived(sockets);
    const measure = async (path: string): Promise<Round> => {
      const all = allHave(count * frameBytes);
      const startedAt = performance.now();
      const answer = await call("POST", path, message);
      const answeredMs = performance.now() - startedAt;
      const { sent } = (await answer.json()) as { sent: number };
      if (sent !== count) throw new Error(`sent to ${sent}`);
      await all;
      return { allHaveMs: performance.now() - startedAt, answeredMs };
    };
    const figures: Record<string, number> = {};
    for (const [name, path] of [
      ["group", "/@groups/all"],
      ["stage", "/@broadcast"],
    ] as const) {
      const rounds: Round[] = [];
      for (let round = 0; round < 7; round++) rounds.push(await measure(path));
      figures[`ms until all of the ${name} have it (goal: 200)`] = middle(rounds.map(({ allHaveMs }) => allHaveMs));
      figures[`ms until the call for the ${name} is answered`] = middle(rounds.map(({ answeredMs }) => answeredMs));
    }
    for (const socket of sockets) socket.destroy();
    return figures;
  },
};
