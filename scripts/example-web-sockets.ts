// The WebSockets of an example's steps: each has the name that its step gives it.
import type { IncomingMessage } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { WebSocket } from "ws";
import {
  type ExampleConnect,
  type ExampleDisconnect,
  type ExampleMessage,
  findBodyDifferences,
  findDifferences,
} from "./example-file.ts";

interface Client {
  readonly socket: WebSocket;
  /** What came and no step has waited for yet. */
  readonly messages: string[];
  /** Calls whoever waits for something to come. */
  notify: () => void;
}

export class ExampleWebSockets {
  readonly #clients = new Map<string, Client>();
  readonly #patienceMs: number;

  /** A message has to come within this time. */
  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /** Shows what goes out and what comes; returns in which points that is not as expected. */
  async run(base: string, step: ExampleConnect | ExampleMessage | ExampleDisconnect): Promise<readonly string[]> {
    if (step.kind === "connect") return this.#connect(base, step);
    const client = this.#clients.get(step.client);
    if (client === undefined) return [`${step.client} is not connected`];
    if (step.kind === "message") return this.#talk(client, step);
    console.log(`× ${step.client} disconnects`);
    client.socket.close(1000);
    this.#clients.delete(step.client);
    return [];
  }

  async #connect(base: string, { client: name, query, headers, expect }: ExampleConnect): Promise<readonly string[]> {
    console.log(`→ ${name} connects${query === "" ? "" : ` with ${query}`}`);
    for (const [header, value] of Object.entries(headers)) console.log(`  ${header}: ${value}`);
    const socket = new WebSocket(`${base.replace(/^http/, "ws")}${query}`, { headers, perMessageDeflate: false });
    const client: Client = { socket, messages: [], notify: () => undefined };
    socket.on("message", (data) => {
      client.messages.push(String(data));
      client.notify();
    });
    socket.on("close", () => client.notify());
    const answer = await handshake(socket);
    if (answer === undefined) return ["the WebSocket could not be opened"];
    if (answer.status === 101) this.#clients.set(name, client);
    console.log(`← ${answer.status}`);
    if (answer.body.length > 0) console.log(String(answer.body).trimEnd());
    return findDifferences(expect, answer);
  }

  async #talk(client: Client, step: ExampleMessage): Promise<readonly string[]> {
    const { client: name, message, isEventual, expect } = step;
    if (message !== undefined) console.log(`→ ${name}: ${message}`);
    const deadline = performance.now() + (isEventual ? this.#patienceMs : 0);
    for (;;) {
      if (message !== undefined) client.socket.send(message);
      if (expect === undefined) return [];
      const answer = await this.#nextMessage(client);
      if (answer === undefined) return [`${name} was to get a message`];
      const differences = findBodyDifferences(expect, Buffer.from(answer), "message");
      if (differences.length === 0 || performance.now() > deadline) {
        console.log(`← ${name}: ${answer}`);
        return differences;
      }
      await delay(100);
    }
  }

  /** Returns the next message; undefined if none comes in time, or the connection is closed. */
  async #nextMessage(client: Client): Promise<string | undefined> {
    if (client.messages.length === 0 && client.socket.readyState === WebSocket.OPEN) {
      const { promise, resolve } = Promise.withResolvers<void>();
      client.notify = resolve;
      const timer = setTimeout(resolve, this.#patienceMs);
      await promise;
      clearTimeout(timer);
    }
    return client.messages.shift();
  }

  close(): void {
    for (const { socket } of this.#clients.values()) socket.terminate();
    this.#clients.clear();
  }
}

interface HandshakeAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** Returns the answer to the handshake, whatever it is; undefined if there is none. */
function handshake(socket: WebSocket): Promise<HandshakeAnswer | undefined> {
  const { promise, resolve } = Promise.withResolvers<HandshakeAnswer | undefined>();
  let headers = new Headers();
  socket.on("upgrade", (response) => {
    headers = headersOf(response);
  });
  socket.on("open", () => resolve({ status: 101, headers, body: Buffer.alloc(0) }));
  socket.on("unexpected-response", (request, response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("close", () => {
      request.destroy();
      resolve({ status: response.statusCode ?? 0, headers: headersOf(response), body: Buffer.concat(chunks) });
    });
  });
  socket.on("error", () => resolve(undefined));
  return promise;
}

const headersOf = ({ headersDistinct }: IncomingMessage): Headers =>
  new Headers(Object.entries(headersDistinct).flatMap(([name, values = []]) => values.map((value) => [name, value])));
