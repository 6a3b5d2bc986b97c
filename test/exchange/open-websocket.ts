import { once } from "node:events";
import { WebSocket as Client } from "ws";
import { until } from "../until.ts";
import type { GatewayUnderTest } from "./start-gateway.ts";

/** A connection, and what came on it. */
export interface OpenClient {
  readonly socket: Client;
  readonly messages: string[];
  readonly closed: Promise<readonly [code: number, reason: string]>;
  /** Sends a message, and returns the next that comes. */
  ask(message: unknown): Promise<string>;
}

export const host = "abc123.execute-api.us-east-1.localhost";

/** Connects to the stage `prod`; rejects with the status and the body of a refusal. */
export async function connect(
  { port }: GatewayUnderTest,
  { path = "/prod", headers = {}, protocols = [] as string[] } = {},
): Promise<OpenClient> {
  const socket = new Client(`ws://127.0.0.1:${port}${path}`, protocols, { headers: { host, ...headers } });
  const messages: string[] = [];
  socket.on("message", (data) => void messages.push(String(data)));
  const { promise: closed, resolve } = Promise.withResolvers<readonly [number, string]>();
  socket.on("close", (code, reason) => resolve([code, String(reason)]));
  const refused = new Promise<never>((_resolve, reject) => {
    socket.on("unexpected-response", (request, response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("close", () => {
        reject(Object.assign(new Error(`${response.statusCode} ${text}`), { headers: response.headers }));
        request.destroy();
      });
    });
    socket.on("error", reject);
  });
  await Promise.race([once(socket, "open"), refused]);
  return {
    socket,
    messages,
    closed,
    async ask(message) {
      const before = messages.length;
      socket.send(typeof message === "string" ? message : JSON.stringify(message));
      await until(() => messages.length > before);
      return messages[before]!;
    },
  };
}
