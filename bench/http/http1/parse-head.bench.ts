import { complete, Head, parseHead } from "../../../src/http/http1/parse-head.ts";
import type { Bench } from "../../bench.ts";

const limits = { targetBytesMax: 10_240, headerBytesMax: 10_240, headersMax: 200 };

const heads = {
  "a bare GET": "GET /prod/pets HTTP/1.1\r\nHost: abc123.execute-api.us-east-1.localhost:4566\r\n\r\n",
  "a browser's GET":
    "GET /prod/pets?limit=10 HTTP/1.1\r\nHost: abc123.execute-api.us-east-1.localhost:4566\r\nConnection: keep-alive\r\n" +
    "User-Agent: Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n" +
    "Accept: application/json, text/plain, */*\r\nAccept-Encoding: gzip, deflate, br\r\nAccept-Language: en-GB,en;q=0.9\r\n" +
    "Authorization: Bearer 0123456789012345678901234567890123456789\r\nOrigin: https://app.example.com\r\n" +
    "Referer: https://app.example.com/pets\r\nCache-Control: no-cache\r\n\r\n",
  "names never seen before": `GET / HTTP/1.1\r\nHost: a\r\n${Array.from({ length: 10 }, (_, i) => `${"x".repeat(70)}${i}: value\r\n`).join("")}\r\n`,
};

function nanoseconds(text: string): number {
  const bytes = Buffer.from(text);
  const head = new Head();
  const measure = (rounds: number): number => {
    const before = performance.now();
    for (let round = 0; round < rounds; round++)
      if (parseHead(bytes, 0, limits, head) !== complete) throw new Error("the head was refused");
    return ((performance.now() - before) * 1_000_000) / rounds;
  };
  measure(50_000);
  return Math.min(measure(100_000), measure(100_000), measure(100_000));
}

export const bench: Bench = {
  title: "parsing a request's head",
  needs: [],
  run: () =>
    Promise.resolve(
      Object.fromEntries(Object.entries(heads).map(([name, text]) => [`ns, ${name}`, nanoseconds(text)])),
    ),
};
