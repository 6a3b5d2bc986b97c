import { APIGatewayClient, CreateDeploymentCommand, ImportRestApiCommand } from "@aws-sdk/client-api-gateway";
import { startPortico } from "../../test/portico.ts";
import type { Bench, Figures } from "../bench.ts";
import { freePort, type Latencies, latencies, startNginx } from "../measure.ts";

const body = "x".repeat(1_024);
const rounds = 5;

/**
 * The goal for the tail is twice nginx's. What else runs on the machine lengthens it many times over (a thread that is
 * put aside holds all of its connections), so only the ratio of one round counts, and only on a machine without other
 * work: look at nginx's own figures first.
 */
export const bench: Bench = {
  title: "latency of HTTP_PROXY, 1 KB, a server with two threads against nginx with two workers; all share the cores",
  needs: ["wrk", "nginx"],
  async run() {
    const backendPort = await freePort();
    const proxyPort = await freePort();
    await using _backend = await startNginx(
      1,
      backendPort,
      `server { listen 127.0.0.1:${backendPort} backlog=2048; location / { default_type text/plain; return 200 "${body}"; } }`,
    );
    await using _proxy = await startNginx(
      0,
      proxyPort,
      `upstream backend { server 127.0.0.1:${backendPort}; keepalive 256; keepalive_requests 1000000000; }
  server { listen 127.0.0.1:${proxyPort} backlog=2048;
    location / { proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection ""; } }`,
      2,
    );
    const portico = await startPortico({
      // Beyond the throttle of an account.
      args: ["--threads", "2", "--limit", "throttleRate=1000000", "--limit", "throttleBurst=1000000"],
    });
    try {
      const ours = await deploy(portico.url, `http://127.0.0.1:${backendPort}/pets`);
      const proxied = `http://127.0.0.1:${proxyPort}/pets`;
      for (const url of [ours, proxied]) await latencies(url, { connections: 64, seconds: 2, core: "any" });
      return { ...(await compare(ours, proxied, 64)), ...(await compare(ours, proxied, 1)) };
    } finally {
      await portico.stop();
    }
  },
};

/** Measures both in turn, and returns the round whose ratio is the median. */
async function compare(ours: string, proxied: string, connections: number): Promise<Figures> {
  const found: { readonly own: Latencies; readonly nginx: Latencies; readonly ratio: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const nginx = await latencies(proxied, { connections, core: "any" });
    const own = await latencies(ours, { connections, core: "any" });
    found.push({ own, nginx, ratio: own.p99 / nginx.p99 });
  }
  found.sort((left, right) => left.ratio - right.ratio);
  const { own, nginx, ratio } = found[rounds >> 1]!;
  const at = `${connections} connection${connections === 1 ? "" : "s"}`;
  return {
    [`p99, ratio to nginx, ${at}`]: ratio,
    [`p99 ms, ${at}`]: own.p99,
    [`nginx p99 ms, ${at}`]: nginx.p99,
    [`p50 ms, ${at}`]: own.p50,
    [`nginx p50 ms, ${at}`]: nginx.p50,
    [`requests/s, ${at}`]: own.rate,
  };
}

async function deploy(endpoint: string, uri: string): Promise<string> {
  const credentials = { accessKeyId: "000000000000", secretAccessKey: "any" };
  const client = new APIGatewayClient({ endpoint, region: "us-east-1", credentials });
  const integration = { type: "http_proxy", httpMethod: "GET", uri };
  const document = {
    openapi: "3.0.1",
    info: { title: "tail", version: "1" },
    paths: { "/": { get: { responses: {}, "x-amazon-apigateway-integration": integration } } },
  };
  const { id: restApiId } = await client.send(
    new ImportRestApiCommand({ body: Buffer.from(JSON.stringify(document)) }),
  );
  await client.send(new CreateDeploymentCommand({ restApiId, stageName: "dev" }));
  client.destroy();
  return `${endpoint}/_aws/execute-api/${restApiId}/dev`;
}
