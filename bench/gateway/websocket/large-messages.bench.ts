import { compileWebSocket } from "../../../src/compiler/websocket/compile-websocket.ts";
import { aWebSocketApi, aWebSocketStage } from "../../../test/exchange/a-websocket-api.ts";
import type { Bench } from "../../bench.ts";
import { startPlanProcess } from "../start-gateway-process.ts";
import { loadMessages } from "./load-messages.ts";

/** What takes about the longest to parse and to validate, for its length. */
const hostile = "[]*131000";

export const bench: Bench = {
  title: "a client's short messages, while others send 128 KB of brackets that a model validates, one core",
  needs: [],
  async run() {
    const answering = (template: string) => ({
      integration: { RequestTemplates: { $default: '{"statusCode": 200}' } },
      responses: [{ ResponseTemplates: { $default: template } }],
      isTwoWay: true,
    });
    const definition = aWebSocketApi(
      {
        hello: answering("hello"),
        $default: {
          ...answering("$input.path('$[0]')"),
          route: { ModelSelectionExpression: "all", RequestModels: { all: "List" } },
        },
      },
      {
        models: [
          { ModelId: "m", Name: "List", Schema: '{"type":"array","items":{"type":"array","items":{"type":"string"}}}' },
        ],
      },
    );
    const plan = compileWebSocket(definition, aWebSocketStage(), { account: "000000000000", region: "us-east-1" });
    await using gateway = await startPlanProcess(0, plan);
    const url = gateway.url.replace("http:", "ws:");
    const figures: Record<string, number> = {};
    for (const connections of [1, 8, 64]) {
      const load = loadMessages(url, { message: hostile, connections, underWay: 4, seconds: 8 });
      const waits = await loadMessages(url, { message: '{"action":"hello"}', connections: 1, underWay: 1, seconds: 5 });
      const { rate } = await load;
      figures[`${connections} clients: large messages/s`] = rate;
      figures[`${connections} clients: p50 ms of a short one`] = waits.p50 ?? Number.NaN;
      figures[`${connections} clients: p99 ms`] = waits.p99 ?? Number.NaN;
      figures[`${connections} clients: max ms`] = waits.max ?? Number.NaN;
    }
    return figures;
  },
};
