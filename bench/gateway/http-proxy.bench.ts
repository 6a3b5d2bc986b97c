import { aMethod, anHttpProxy, aRestApi } from "../../test/exchange/a-rest-api.ts";
import type { Bench } from "../bench.ts";
import { startNginxPair } from "./nginx-pair.ts";
import { startGatewayProcess } from "./start-gateway-process.ts";

/** The goal is 0.7 × nginx: docs/internals/architecture.md, "Performance contract". */
export const bench: Bench = {
  title: "HTTP_PROXY, 1 KB, keep-alive, one core, against nginx proxy_pass on the same backend",
  needs: ["wrk", "nginx"],
  async run() {
    await using nginx = await startNginxPair();
    await using gateway = await startGatewayProcess(
      0,
      aRestApi({ "/pets": { GET: aMethod(anHttpProxy(`${nginx.backend}/pets`)) } }),
    );
    const { ratio, ours, proxied } = await nginx.compare(`${gateway.url}/pets`);
    return { "ratio to nginx proxy_pass": ratio, "requests/s": ours, "nginx requests/s": proxied };
  },
};
