import { aMethod, aMethodSetting, anHttpProxy, aRestApi, aStage } from "../../test/exchange/a-rest-api.ts";
import type { Bench } from "../bench.ts";
import { compareGateways } from "./compare-gateways.ts";
import { startNginxPair } from "./nginx-pair.ts";
import { startGatewayProcess } from "./start-gateway-process.ts";

/** The goal is 0.98 of the requests without metrics. What the thread of the metrics makes of the points is not measured. */
export const bench: Bench = {
  title: "HTTP_PROXY, 1 KB, one core, by what is measured for CloudWatch",
  needs: ["wrk", "nginx"],
  async run() {
    await using nginx = await startNginxPair();
    const api = aRestApi({ "/pets": { GET: aMethod(anHttpProxy(`${nginx.backend}/pets`)) } });
    const detailed = aStage({ methodSettings: { "*/*": aMethodSetting({ metricsEnabled: true }) } });
    return compareGateways(
      {
        "no metrics": () => startGatewayProcess(0, api, { isMeasured: false }),
        metrics: () => startGatewayProcess(0, api),
        "detailed metrics": () => startGatewayProcess(0, api, { stage: detailed }),
      },
      "/pets",
    );
  },
};
