// Requests per second of the codec beside node:http's, one core each, a handler that answers 1 KB. Needs wrk and taskset.
//   node bench/gateway/http1/http1-server.bench.ts [SECONDS]
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Http1Server } from "../../../src/gateway/http1/http1-server.ts";
import { defaultHttp1Limits } from "../../../src/gateway/http1/limits.ts";

const body = Buffer.alloc(1024, "x");
const headers = ["Content-Type", "application/json", "x-amzn-RequestId", "5e4f8f1c-7d3b-4b0e-9a55-0d1c7e9a2b34"];

const serve: Record<string, () => Promise<number>> = {
  async "node:http"() {
    const server = createHttpServer((_request, response) => {
      response.writeHead(200, [...headers, "Content-Length", "1024"]);
      response.end(body);
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    return (server.address() as AddressInfo).port;
  },
  /** No HTTP at all: what the sockets themselves cost, and so the bound for any codec on them. */
  async "bare sockets"() {
    const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1024\r\n\r\n";
    const answer = Buffer.concat([Buffer.from(head), body]);
    const server = createServer({ noDelay: true }, (socket) => {
      socket.on("data", () => socket.write(answer));
      socket.on("error", () => {});
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    return (server.address() as AddressInfo).port;
  },
  async portico() {
    const http1 = new Http1Server({
      limits: defaultHttp1Limits,
      hasHints: false,
      clock: Date,
      onRequest: (request) => request.respond(200, headers, body),
      onError: (error) => console.error(error),
    });
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => http1.accept(socket));
    await once(server.listen(0, "127.0.0.1"), "listening");
    return (server.address() as AddressInfo).port;
  },
  async "portico-streamed"() {
    const http1 = new Http1Server({
      limits: defaultHttp1Limits,
      hasHints: false,
      clock: Date,
      onRequest: (request) => {
        request.startResponse(200, headers, body.length);
        request.write(body);
        request.end();
      },
      onError: (error) => console.error(error),
    });
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => http1.accept(socket));
    await once(server.listen(0, "127.0.0.1"), "listening");
    return (server.address() as AddressInfo).port;
  },
};

const browserHeaders = [
  "User-Agent: Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
  "Accept: application/json, text/plain, */*",
  "Accept-Encoding: gzip, deflate, br",
  "Accept-Language: en-GB,en;q=0.9",
  "Authorization: Bearer 0123456789012345678901234567890123456789",
  "Origin: https://app.example.com",
  "Referer: https://app.example.com/pets",
  "Cache-Control: no-cache",
];

interface Measured {
  readonly perSecond: number;
  /** CPU time of the server for one request. */
  readonly userMicros: number;
  readonly systemMicros: number;
}

const measure = async (name: string, seconds: number, requestHeaders: readonly string[]): Promise<Measured> => {
  const self = fileURLToPath(import.meta.url);
  const child = spawn(
    "taskset",
    ["-c", "0", process.execPath, "--disable-warning=ExperimentalWarning", self, "serve", name],
    {
      stdio: ["ignore", "pipe", "inherit", "ipc"],
    },
  );
  const [line] = (await once(child.stdout!, "data")) as [Buffer];
  const url = `http://127.0.0.1:${line.toString().trim()}/prod/pets?limit=10`;
  const wrk = async (duration: number): Promise<{ perSecond: number; requests: number }> => {
    const args = [
      "-c",
      "1",
      "wrk",
      "-t1",
      "-c32",
      `-d${duration}s`,
      ...requestHeaders.flatMap((header) => ["-H", header]),
      url,
    ];
    const { stdout } = await promisify(execFile)("taskset", args);
    return {
      perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]),
      requests: Number(/(\d+) requests in/.exec(stdout)?.[1]),
    };
  };
  const cpu = async (): Promise<NodeJS.CpuUsage> => {
    child.send("cpu");
    return ((await once(child, "message")) as [NodeJS.CpuUsage])[0];
  };
  await wrk(1);
  const before = await cpu();
  const { perSecond, requests } = await wrk(seconds);
  const used = await cpu();
  child.kill();
  return {
    perSecond,
    userMicros: (used.user - before.user) / requests,
    systemMicros: (used.system - before.system) / requests,
  };
};

if (process.argv[2] === "serve") {
  process.on("message", () => process.send?.(process.cpuUsage()));
  console.log(await serve[process.argv[3] as string]?.());
} else {
  const seconds = Number(process.argv[2] ?? 3);
  for (const [label, requestHeaders] of [
    ["bare", []],
    ["browser's headers", browserHeaders],
  ] as const) {
    let base: Measured | undefined;
    for (const name of Object.keys(serve)) {
      const measured = await measure(name, seconds, requestHeaders);
      base ??= measured;
      const { perSecond, userMicros, systemMicros } = measured;
      console.log(
        `${label}: ${name.padEnd(16)} ${Math.round(perSecond)}/s (× ${(perSecond / base.perSecond).toFixed(2)}), ` +
          `a request costs ${userMicros.toFixed(2)} µs in the program (node:http's / ${(base.userMicros / userMicros).toFixed(2)}) ` +
          `and ${systemMicros.toFixed(2)} µs in the kernel`,
      );
    }
  }
}
