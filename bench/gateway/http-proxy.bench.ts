import { aMethod, anHttpProxy, aRestApi } from "../../test/exchange/a-rest-api.ts";
import type { Bench } from "../bench.ts";
import { freePort, load, type RunningProgram, startNginx } from "../measure.ts";
import { startGatewayProcess } from "./start-gateway-process.ts";

const body = "x".repeat(1_024);

/** The goal is 0.7 × nginx: docs/internals/architecture.md, "Performance contract". */
export const bench: Bench = {
  title: "HTTP_PROXY, 1 KB, keep-alive, one core, against nginx proxy_pass on the same backend",
  needs: ["wrk", "nginx"],
  async run() {
    const backendPort = await freePort();
    const proxyPort = await freePort();
    const backend = `http://127.0.0.1:${backendPort}`;
    await using _backend = await startNginx(
      1,
      backendPort,
      `server { listen 127.0.0.1:${backendPort} backlog=2048; location / { default_type text/plain; return 200 "${body}"; } }`,
    );
    await using _proxy = await startProxy(backendPort, proxyPort);
    await using gateway = await startGatewayProcess(
      0,
      aRestApi({ "/pets": { GET: aMethod(anHttpProxy(`${backend}/pets`)) } }),
    );
    await load(`${gateway.url}/pets`, { seconds: 2 });
    // In turn, so that what else runs on the machine disturbs both alike.
    const rounds: { ratio: number; ours: number; proxied: number }[] = [];
    for (let round = 0; round < 5; round++) {
      const proxied = await load(`http://127.0.0.1:${proxyPort}/pets`, { seconds: 2 });
      const ours = await load(`${gateway.url}/pets`, { seconds: 2 });
      rounds.push({ ratio: ours / proxied, ours, proxied });
    }
    rounds.sort((left, right) => left.ratio - right.ratio);
    const { ratio, ours, proxied } = rounds[2]!;
    return { "ratio to nginx proxy_pass": ratio, "requests/s": ours, "nginx requests/s": proxied };
  },
};

function startProxy(backendPort: number, port: number): Promise<RunningProgram> {
  return startNginx(
    0,
    port,
    `upstream backend { server 127.0.0.1:${backendPort}; keepalive 256; keepalive_requests 1000000000; }
  server { listen 127.0.0.1:${port} backlog=2048;
    location / { proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme; } }`,
  );
}
