import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { compileWebSocket } from "../../../src/compiler/websocket/compile-websocket.ts";
import { aWebSocketApi, aWebSocketStage } from "../../../test/exchange/a-websocket-api.ts";
import type { Bench } from "../../bench.ts";
import { startPlanProcess } from "../start-gateway-process.ts";

/** `CHURN_SECONDS=600` for the ten minutes in which nothing may grow. */
const seconds = Number(process.env["CHURN_SECONDS"] ?? 20);
const program = fileURLToPath(new URL("churn-load.ts", import.meta.url));

export const bench: Bench = {
  title: "200 clients that connect, talk, and go in four ways, again and again: memory of the gateway's process",
  needs: [],
  async run() {
    const mock = {
      integration: { RequestTemplates: { $default: '{"statusCode": 200}' } },
      responses: [{ ResponseTemplates: { $default: "$context.connectionId" } }],
    };
    const definition = aWebSocketApi({ $connect: mock, hello: { ...mock, isTwoWay: true }, $disconnect: mock });
    const plan = compileWebSocket(definition, aWebSocketStage(), { account: "000000000000", region: "us-east-1" });
    await using gateway = await startPlanProcess(0, plan);
    const url = gateway.url.replace("http:", "ws:");
    const churn = async (forSeconds: number): Promise<{ connections: number; answers: number; lost: number }> => {
      const { stdout } = await promisify(execFile)(process.execPath, [program, url, "200", String(forSeconds)]);
      return JSON.parse(stdout);
    };
    // The heap finds its size.
    await churn(Math.min(60, seconds / 2));
    const before = gateway.residentMb();
    const parts = 10;
    let most = before;
    let connections = 0;
    let lost = 0;
    for (let part = 0; part < parts; part++) {
      const done = await churn(seconds / parts);
      connections += done.connections;
      lost += done.lost;
      most = Math.max(most, gateway.residentMb());
    }
    return {
      "connections/s": connections / seconds,
      "connections without an answer": lost,
      "MB before": before,
      "MB after": gateway.residentMb(),
      "MB at most": most,
    };
  },
};
