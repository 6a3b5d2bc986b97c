import { fileURLToPath } from "node:url";
import type { Bench } from "../../bench.ts";
import { freePort, listening, load, startPinned } from "../../measure.ts";

interface Cost {
  readonly user: number;
  readonly system: number;
  readonly requests: number;
}

/** What a browser's request carries, more or less. */
const headers = [
  "User-Agent: Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
  "Accept: application/json, text/plain, */*",
  "Accept-Encoding: gzip, deflate, br",
  "Accept-Language: en-GB,en;q=0.9",
  "Authorization: Bearer 0123456789012345678901234567890123456789",
  "Origin: https://app.example.com",
  "Referer: https://app.example.com/pets",
  "Cache-Control: no-cache",
];

const program = fileURLToPath(new URL("compared-server.ts", import.meta.url));

/** A load generator on the other core is busier than these servers, so the program's CPU time for a request is counted, too. */
async function measure(name: string): Promise<{ perSecond: number; micros: number }> {
  const port = await freePort();
  await using _server = await startPinned(0, process.execPath, [program, name, String(port)], {
    isReadyOnOutput: false,
  });
  await listening(port);
  const url = `http://127.0.0.1:${port}`;
  const cost = async (): Promise<Cost> => (await (await fetch(`${url}/cost`)).json()) as Cost;
  await load(`${url}/pets?limit=10`, { seconds: 1, headers });
  const before = await cost();
  const perSecond = await load(`${url}/pets?limit=10`, { seconds: 3, headers });
  const after = await cost();
  return { perSecond, micros: (after.user - before.user) / (after.requests - before.requests) };
}

export const bench: Bench = {
  title: "the HTTP/1.1 codec against node:http, 1 KB, a browser's headers, one core",
  needs: ["wrk"],
  async run() {
    const node = await measure("node:http");
    const codec = await measure("codec");
    const streamed = await measure("streamed");
    const sockets = await measure("sockets");
    return {
      "requests/s ÷ node:http's": codec.perSecond / node.perSecond,
      "node:http's user CPU ÷ the codec's": node.micros / codec.micros,
      "requests/s": codec.perSecond,
      "requests/s, streamed answers": streamed.perSecond,
      "requests/s of node:http": node.perSecond,
      "requests/s of bare sockets": sockets.perSecond,
      "µs of user CPU a request": codec.micros,
      "µs of user CPU a request, streamed answers": streamed.micros,
      "µs of user CPU a request of node:http": node.micros,
      "µs of user CPU a request of bare sockets": sockets.micros,
    };
  },
};
