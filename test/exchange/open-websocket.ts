import { once } from "node:events";
import type { IncomingHttpHeaders } from "node:http";
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

/** A handshake that was not answered with 101. Its message is the status and the body. */
export class HandshakeRefused extends Error {
  readonly status: number;
  readonly text: string;
  readonly headers: IncomingHttpHeaders;

  constructor(status: number, text: string, headers: IncomingHttpHeaders) {
    super(`${status} ${text}`);
    this.status = status;
    this.text = text;
    this.headers = headers;
  }
}

/** Connects to the stage `prod`; rejects with the status and the body of a refusal. */
export async function connect(
  { port }: Pick<GatewayUnderTest, "port">,
  { path = "/prod", headers = {} as Readonly<Record<string, string | string[]>>, protocols = [] as string[] } = {},
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
        reject(new HandshakeRefused(response.statusCode ?? 0, text, response.headers));
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
