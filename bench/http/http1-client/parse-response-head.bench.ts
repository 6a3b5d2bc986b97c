import { complete, parseResponseHead, ResponseHead } from "../../../src/http/http1-client/parse-response-head.ts";
import { writeRequestHead } from "../../../src/http/http1-client/request-head.ts";
import type { Bench } from "../../bench.ts";

const limits = { headBytesMax: 65_536, headersMax: 1_000 };

const heads = {
  "nginx's answer":
    "HTTP/1.1 200 OK\r\nServer: nginx/1.26.0\r\nDate: Fri, 20 Nov 2026 09:00:00 GMT\r\nContent-Type: text/plain\r\n" +
    "Content-Length: 1024\r\nConnection: keep-alive\r\n\r\n",
  "Node's answer":
    "HTTP/1.1 200 OK\r\nX-Powered-By: Express\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 27\r\n" +
    'ETag: W/"1b-0123456789abcdef"\r\nDate: Fri, 20 Nov 2026 09:00:00 GMT\r\nConnection: keep-alive\r\n' +
    "Keep-Alive: timeout=5\r\n\r\n",
};

const request = {
  method: "GET",
  path: "/pets?limit=10",
  host: "127.0.0.1:8080",
  headers: [
    ...["User-Agent", "Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36", "Accept", "application/json, text/plain, */*"],
    ...["Accept-Encoding", "gzip, deflate, br", "X-Forwarded-For", "203.0.113.1, 127.0.0.1", "X-Forwarded-Port", "443"],
    ...["X-Forwarded-Proto", "https", "X-Amzn-Trace-Id", "Root=1-6aac3f10-0123456789abcdef01234567"],
    ...["x-amzn-apigateway-api-id", "abc123"],
  ],
  bodyLength: undefined,
};

function nanoseconds(work: () => void): number {
  const measure = (rounds: number): number => {
    const before = performance.now();
    for (let round = 0; round < rounds; round++) work();
    return ((performance.now() - before) * 1_000_000) / rounds;
  };
  measure(50_000);
  return Math.min(measure(100_000), measure(100_000), measure(100_000));
}

function parsing(text: string): () => void {
  const bytes = Buffer.from(text);
  const head = new ResponseHead();
  return () => {
    if (parseResponseHead(bytes, 0, bytes.length, limits, head) !== complete) throw new Error("the head was refused");
  };
}

export const bench: Bench = {
  title: "reading an answer's head, and writing a request's",
  needs: [],
  run: () =>
    Promise.resolve({
      ...Object.fromEntries(Object.entries(heads).map(([name, text]) => [`ns, ${name}`, nanoseconds(parsing(text))])),
      "ns, a request's head": nanoseconds(() => {
        if (typeof writeRequestHead(request) !== "string") throw new Error("the head was refused");
      }),
    }),
};
