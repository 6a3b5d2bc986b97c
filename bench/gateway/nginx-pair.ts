import { cpuUsOf, freePort, load, loadCost, type RunningProgram, startNginx } from "../measure.ts";
import type { GatewayProcess } from "./start-gateway-process.ts";

const body = "x".repeat(1_024);

/** A backend of 1 KB answers on one core, and an nginx in front of it on the other. */
export interface NginxPair extends AsyncDisposable {
  readonly backend: string;
  /** Loads nginx and the gateway in turn, so that what else runs on the machine disturbs both alike; the middle of the rounds. */
  compare(url: string): Promise<{ readonly ratio: number; readonly ours: number; readonly proxied: number }>;
  /** Loads both in turn, and returns what a request costs each: the least of the rounds. */
  compareCosts(
    gateway: Pick<GatewayProcess, "url" | "cpuUs">,
    path: string,
  ): Promise<{ readonly ratio: number; readonly ours: number; readonly proxied: number }>;
}

export async function startNginxPair(): Promise<NginxPair> {
  const backendPort = await freePort();
  const proxyPort = await freePort();
  const backend = await startNginx(
    1,
    backendPort,
    `server { listen 127.0.0.1:${backendPort} backlog=2048; location / { default_type text/plain; return 200 "${body}"; } }`,
  );
  const proxy = await startProxy(backendPort, proxyPort);
  return {
    backend: `http://127.0.0.1:${backendPort}`,
    async compare(url) {
      await load(url, { seconds: 2 });
      const rounds: { ratio: number; ours: number; proxied: number }[] = [];
      for (let round = 0; round < 5; round++) {
        const proxied = await load(`http://127.0.0.1:${proxyPort}/pets`, { seconds: 2 });
        const ours = await load(url, { seconds: 2 });
        rounds.push({ ratio: ours / proxied, ours, proxied });
      }
      rounds.sort((left, right) => left.ratio - right.ratio);
      return rounds[2]!;
    },
    async compareCosts({ url, cpuUs }, path) {
      let ours = Number.POSITIVE_INFINITY;
      let proxied = Number.POSITIVE_INFINITY;
      const ofProxy = (): number => cpuUsOf(proxy.process.pid!);
      await load(url + path, { seconds: 2 });
      for (let round = 0; round < 5; round++) {
        const seconds = 2;
        proxied = Math.min(
          proxied,
          (await loadCost(`http://127.0.0.1:${proxyPort}${path}`, ofProxy, { seconds })).cpuUs,
        );
        ours = Math.min(ours, (await loadCost(url + path, cpuUs, { seconds })).cpuUs);
      }
      return { ratio: proxied / ours, ours, proxied };
    },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await backend[Symbol.asyncDispose]();
    },
  };
}

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
