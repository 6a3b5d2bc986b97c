import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { compileWebSocket } from "../../../src/compiler/websocket/compile-websocket.ts";
import { aWebSocketApi, aWebSocketStage } from "../../../test/exchange/a-websocket-api.ts";
import type { Bench } from "../../bench.ts";
import { median, middle, startPinned } from "../../measure.ts";
import { startPlanProcess } from "../start-gateway-process.ts";
import { loadMessages, messageCost } from "./load-messages.ts";

/**
 * Messages a second. At half of it the p99 is to be below 5 ms, which takes a machine where the same clients see less than that
 * at a bare server.
 */
const goal = 15_000;

/** Starts a program of this folder that prints its port. */
async function startOnPort(core: number, name: string) {
  const program = fileURLToPath(new URL(name, import.meta.url));
  const { process: child, ...running } = await startPinned(core, process.execPath, [program], {
    isReadyOnOutput: false,
  });
  const [output] = (await once(child.stdout!, "data")) as [Buffer];
  return { ...running, authority: `127.0.0.1:${String(output).trim()}` };
}

export const bench: Bench = {
  title: "messages echoed by an HTTP_PROXY backend, the gateway on one core, the backend and the clients on the other",
  needs: [],
  async run() {
    await using backend = await startOnPort(1, "echo-backend.ts");
    await using bare = await startOnPort(0, "bare-echo.ts");
    const definition = aWebSocketApi({
      echo: {
        integration: {
          IntegrationType: "HTTP_PROXY",
          IntegrationMethod: "POST",
          IntegrationUri: `http://${backend.authority}/echo`,
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
    const waits: Record<"gateway" | "bare", { p50: number; p99: number; rate: number }[]> = { gateway: [], bare: [] };
    for (let round = 0; round < 5; round++) {
      for (const [name, at] of [
        ["gateway", url],
        ["bare", `ws://${bare.authority}/`],
      ] as const) {
        const { p50, p99, rate } = await loadMessages(at, { message, connections: 100, perSecond: goal / 2 });
        waits[name].push({ p50: p50!, p99: p99!, rate });
      }
    }
    const middleOf = (name: keyof typeof waits, what: "p50" | "p99" | "rate"): number =>
      middle(waits[name].map((each) => each[what]));
    return {
      "messages/s": rate,
      "us of the gateway's core for a message": cpuUs,
      "messages/s at half of the goal": middleOf("gateway", "rate"),
      "p50 ms at half of the goal": middleOf("gateway", "p50"),
      "p99 ms at half of the goal": middleOf("gateway", "p99"),
      "p50 ms of the same clients at a bare server": middleOf("bare", "p50"),
      "p99 ms of the same clients at a bare server": middleOf("bare", "p99"),
    };
  },
};
