// The servers that http1-server.bench.ts compares, each a process of its own: `compared-server.ts NAME PORT`. Each answers
// 1 KB to every request, and what it has cost to `GET /cost`.
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { Http1Server } from "../../../src/http/http1/http1-server.ts";
import { defaultHttp1Limits } from "../../../src/http/http1/limits.ts";
import type { InboundExchange } from "../../../src/http/inbound.ts";
import { publicListener } from "../../../src/http/listener.ts";
import { createSocketServer } from "../../../src/http/socket-server.ts";

const body = Buffer.alloc(1024, "x");
const headers = ["Content-Type", "application/json", "x-amzn-RequestId", "5e4f8f1c-7d3b-4b0e-9a55-0d1c7e9a2b34"];
let requests = 0;
const cost = (): Buffer => Buffer.from(JSON.stringify({ ...process.cpuUsage(), requests }));
const answerTo = (target: string | undefined): Buffer => {
  requests++;
  return target === "/cost" ? cost() : body;
};

const listenWithCodec = (port: number, onRequest: (request: InboundExchange) => void): void => {
  const http1 = new Http1Server({
    limits: defaultHttp1Limits,
    clock: Date,
    onRequest,
    onError: (error) => console.error(error),
  });
  createSocketServer((socket) => http1.accept(socket, publicListener)).listen(port, "127.0.0.1");
};

const servers: Record<string, (port: number) => void> = {
  codec: (port) => listenWithCodec(port, (request) => request.respond(200, headers, answerTo(request.target))),
  streamed: (port) =>
    listenWithCodec(port, (request) => {
      const answer = answerTo(request.target);
      request.startResponse(200, headers, answer.length);
      request.write(answer);
      request.end();
    }),
  "node:http": (port) => {
    createHttpServer((request, response) => {
      const answer = answerTo(request.url);
      response.writeHead(200, [...headers, "Content-Length", String(answer.length)]);
      response.end(answer);
    }).listen(port, "127.0.0.1");
  },
  /** No HTTP at all: what the sockets themselves cost, and so the bound for any codec on them. */
  sockets: (port) => {
    const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ";
    const whole = Buffer.concat([Buffer.from(`${head}1024\r\n\r\n`), body]);
    createServer({ noDelay: true }, (socket) => {
      socket.on("data", (chunk) => {
        requests++;
        if (chunk.includes("/cost")) socket.write(`${head}${cost().length}\r\n\r\n${cost()}`);
        else socket.write(whole);
      });
      socket.on("error", () => {});
    }).listen(port, "127.0.0.1");
  },
};

const [name = "", port] = process.argv.slice(2);
servers[name]?.(Number(port));
process.on("SIGTERM", () => process.exit(0));
