import type { MethodSetting } from "../../src/definition/rest-api.ts";
import { aMethod, anHttpProxy, aRestApi, aStage } from "../../test/exchange/a-rest-api.ts";
import type { Bench } from "../bench.ts";
import { freePort, loadCost, middle, type RequestCost, startNginx } from "../measure.ts";
import { startGatewayProcess } from "./start-gateway-process.ts";

const cached = { cachingEnabled: true, cacheTtlInSeconds: 3_600 } as MethodSetting;
const key = { cacheKeyParameters: ["method.request.path.id", "method.request.querystring.q"] };
const keyed = { requestParameters: { "method.request.path.id": true, "method.request.querystring.q": false } };

/**
 * Rounds of all in turn, since other programs disturb them alike: the middle of the ratios, and the least costs. The goal is
 * 1.5 x the rate of HTTP_PROXY, and at most 12 microseconds of a core.
 */
export const bench: Bench = {
  title: "hits of the response cache, 1 KB, keep-alive, one core, against HTTP_PROXY",
  needs: ["wrk", "nginx"],
  async run() {
    const port = await freePort();
    const answer = `server { listen 127.0.0.1:${port} backlog=2048; location / { default_type text/plain; return 200 "${"x".repeat(1_024)}"; } }`;
    await using _ = await startNginx(1, port, answer);
    const proxy = (overrides = {}) => anHttpProxy(`http://127.0.0.1:${port}/pets`, overrides);
    await using gateway = await startGatewayProcess(
      0,
      aRestApi({
        "/proxied": { GET: aMethod(proxy()) },
        "/cached": { GET: aMethod(proxy()) },
        "/keyed/{id}": { GET: aMethod(proxy(key), keyed) },
        "/sealed": { GET: aMethod(proxy()) },
      }),
      {
        stage: aStage({
          cacheClusterEnabled: true,
          methodSettings: {
            "~1cached/GET": cached,
            "~1keyed~1{id}/GET": cached,
            "~1sealed/GET": { ...cached, cacheDataEncrypted: true },
          },
        }),
      },
    );
    const paths = { proxied: "/proxied", cached: "/cached", keyed: "/keyed/42?q=7", sealed: "/sealed" };
    const rounds: Record<keyof typeof paths, RequestCost[]> = { proxied: [], cached: [], keyed: [], sealed: [] };
    for (let round = 0; round < 6; round++) {
      for (const [name, path] of Object.entries(paths)) {
        const cost = await loadCost(gateway.url + path, gateway.cpuUs, { seconds: 2 });
        // The first round warms up.
        if (round > 0) rounds[name as keyof typeof paths].push(cost);
      }
    }
    const ratio = (name: keyof typeof paths): number =>
      middle(rounds[name].map(({ rate }, round) => rate / rounds.proxied[round]!.rate));
    const leastUs = (name: keyof typeof paths): number => Math.min(...rounds[name].map(({ cpuUs }) => cpuUs));
    return {
      "ratio of a hit to HTTP_PROXY": ratio("cached"),
      "ratio of a hit with path and query in the key": ratio("keyed"),
      "ratio of an encrypted hit": ratio("sealed"),
      "microseconds of HTTP_PROXY": leastUs("proxied"),
      "microseconds of a hit": leastUs("cached"),
      "microseconds of a hit with path and query in the key": leastUs("keyed"),
      "microseconds of an encrypted hit": leastUs("sealed"),
      "hits/s": middle(rounds.cached.map(({ rate }) => rate)),
      "HTTP_PROXY requests/s": middle(rounds.proxied.map(({ rate }) => rate)),
    };
  },
};
