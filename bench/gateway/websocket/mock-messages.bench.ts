import { compileWebSocket } from "../../../src/compiler/websocket/compile-websocket.ts";
import { aWebSocketApi, aWebSocketStage } from "../../../test/exchange/a-websocket-api.ts";
import type { Bench } from "../../bench.ts";
import { median } from "../../measure.ts";
import { startPlanProcess } from "../start-gateway-process.ts";
import { loadMessages, messageCost } from "./load-messages.ts";

export const bench: Bench = {
  title: "messages through a two-way MOCK route whose template answers from $context, one core",
  needs: [],
  async run() {
    const definition = aWebSocketApi({
      $connect: {},
      hello: {
        integration: { RequestTemplates: { $default: '{"statusCode": 200}' } },
        responses: [{ ResponseTemplates: { $default: '{"id": "$context.connectionId", "to": "$context.messageId"}' } }],
        isTwoWay: true,
      },
    });
    const plan = compileWebSocket(definition, aWebSocketStage(), { account: "000000000000", region: "us-east-1" });
    await using gateway = await startPlanProcess(0, plan);
    const url = gateway.url.replace("http:", "ws:");
    const message = '{"action":"hello"}';
    await loadMessages(url, { message, seconds: 1 });
    const { cpuUs } = await messageCost(url, gateway.cpuUs, { message });
    const half = await loadMessages(url, { message, connections: 8, underWay: 1 });
    return {
      "us of the gateway's core for a message": cpuUs,
      "messages/s": await median(3, async () => (await loadMessages(url, { message })).rate),
      "p50 ms of 8 connections that wait": half.p50 ?? 0,
      "p99 ms of 8 connections that wait": half.p99 ?? 0,
    };
  },
};
