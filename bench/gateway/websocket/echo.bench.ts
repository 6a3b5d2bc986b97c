import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { compileWebSocket } from "../../../src/compiler/websocket/compile-websocket.ts";
import { aWebSocketApi, aWebSocketStage } from "../../../test/exchange/a-websocket-api.ts";
import type { Bench } from "../../bench.ts";
import { median, startPinned } from "../../measure.ts";
import { startPlanProcess } from "../start-gateway-process.ts";
import { loadMessages, messageCost } from "./load-messages.ts";

/** Messages a second. At half of it the p99 is to be below 5 ms. */
const goal = 15_000;

export const bench: Bench = {
  title: "messages echoed by an HTTP_PROXY backend, the gateway on one core, the backend and the clients on the other",
  needs: [],
  async run() {
    const program = fileURLToPath(new URL("echo-backend.ts", import.meta.url));
    await using backend = await startPinned(1, process.execPath, [program], { isReadyOnOutput: false });
    const [port] = (await once(backend.process.stdout!, "data")) as [Buffer];
    const definition = aWebSocketApi({
      echo: {
        integration: {
          IntegrationType: "HTTP_PROXY",
          IntegrationMethod: "POST",
          IntegrationUri: `http://127.0.0.1:${String(port).trim()}/echo`,
        },
        isTwoWay: true,
      },
    });
    const plan = compileWebSocket(definition, aWebSocketStage(), { account: "000000000000", region: "us-east-1" });
    await using gateway = await startPlanProcess(0, plan);
    const url = gateway.url.replace("http:", "ws:");
    const message = `{"action":"echo","text":"${"x".repeat(64)}"}`;
    await loadMessages(url, { message, seconds: 1 });
    const { cpuUs } = await messageCost(url, gateway.cpuUs, { message });
    const rate = await median(3, async () => (await loadMessages(url, { message })).rate);
    const half = await loadMessages(url, { message, connections: 100, perSecond: goal / 2 });
    return {
      "messages/s": rate,
      "us of the gateway's core for a message": cpuUs,
      "messages/s at half of the goal": half.rate,
      "p50 ms at half of the goal": half.p50 ?? Number.NaN,
      "p99 ms at half of the goal": half.p99 ?? Number.NaN,
    };
  },
};
