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
  async "node:http"() {
    const server = createHttpServer((_request, response) => {
      response.writeHead(200, [...headers, "Content-Length", "1024"]);
      response.end(body);
    });
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

const measure = async (name: string, seconds: number, requestHeaders: readonly string[]): Promise<number> => {
  const child = spawn(
    "taskset",
    [
      "-c",
      "0",
      process.execPath,
      "--disable-warning=ExperimentalWarning",
      fileURLToPath(import.meta.url),
      "serve",
      name,
    ],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const url = `http://127.0.0.1:${line.toString().trim()}/prod/pets?limit=10`;
  const wrk = async (duration: number): Promise<number> => {
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
    return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  };
  await wrk(1);
  const perSecond = await wrk(seconds);
  child.kill();
  return perSecond;
};

if (process.argv[2] === "serve") console.log(await serve[process.argv[3] as string]?.());
else {
  const seconds = Number(process.argv[2] ?? 3);
  for (const [label, requestHeaders] of [
    ["bare", []],
    ["browser's headers", browserHeaders],
  ] as const) {
    const base = await measure("node:http", seconds, requestHeaders);
    for (const name of ["portico", "portico-streamed"]) {
      const ours = await measure(name, seconds, requestHeaders);
      console.log(
        `${label}: ${name} ${Math.round(ours)}/s, node:http ${Math.round(base)}/s, ratio ${(ours / base).toFixed(2)}`,
      );
    }
  }
}
