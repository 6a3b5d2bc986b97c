import { once } from "node:events";
import { createServer } from "node:http";

/** Two targets, and the flags that lead the link to them. */
export async function start() {
  const targets = ["left", "right"].map((name) =>
    createServer((request, response) => {
      response.writeHead(200, { "Content-Type": "application/json", "X-Served-By": name });
      response.end(JSON.stringify({ host: request.headers.host, path: request.url }));
    }).listen(0, "127.0.0.1"),
  );
  await Promise.all(targets.map((target) => once(target, "listening")));
  return {
    endpoints: {},
    flags: [
      ...targets.map((target) => `--vpc-link=my-test-vpc-link=127.0.0.1:${target.address().port}`),
      // Each thread takes the addresses in its own turn: with one it can be seen.
      "--threads=1",
    ],
    async close() {
      for (const target of targets) target.closeAllConnections();
      await Promise.all(targets.map((target) => new Promise((resolve) => target.close(resolve))));
    },
  };
}
