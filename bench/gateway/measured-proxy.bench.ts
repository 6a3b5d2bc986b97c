import { compileRest } from "../../src/compiler/compile-rest.ts";
import type { Stage } from "../../src/definition/rest-api.ts";
import type { Exchange } from "../../src/gateway/exchange.ts";
import { StageMetrics } from "../../src/gateway/stage-metrics.ts";
import { MetricRecorder } from "../../src/telemetry/metric-recorder.ts";
import { aMethod, aMethodSetting, aMock, anHttpProxy, aRestApi, aStage } from "../../test/exchange/a-rest-api.ts";
import type { Bench } from "../bench.ts";
import { compareGateways } from "./compare-gateways.ts";
import { startNginxPair } from "./nginx-pair.ts";
import { startGatewayProcess } from "./start-gateway-process.ts";

/** Returns the nanoseconds that measuring a request takes: the least of some runs. */
function countingNs(stage: Stage): number {
  const plan = compileRest(aRestApi({ "/pets": { GET: aMethod(aMock()) } }), stage, {
    ...{ account: "000000000000", region: "us-east-1" },
  });
  const metrics = new StageMetrics(plan, new MetricRecorder({ write: () => undefined }, { now: () => Date.now() }));
  const latencies = Array.from({ length: 1_024 }, (_, index) => 0.2 + (index % 97) / 20);
  const method = { plan: plan.methods[0] };
  const exchanges = latencies.map(
    (latencyMs) => ({ status: 200, integration: { latencyMs, status: 200 }, method }) as unknown as Exchange,
  );
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 20; run++) {
    const requests = 200_000;
    const before = process.cpuUsage().user;
    for (let request = 0; request < requests; request++)
      metrics.count(exchanges[request & 1_023]!, latencies[(request * 7) & 1_023]!);
    least = Math.min(least, ((process.cpuUsage().user - before) / requests) * 1_000);
  }
  return least;
}

/**
 * The goal is 0.98 of the requests without metrics. What other work on the machine disturbs is more than that, so that counting
 * is measured alone, too. What the thread of the metrics makes of the points is not measured.
 */
export const bench: Bench = {
  title: "HTTP_PROXY, 1 KB, one core, by what is measured for CloudWatch",
  needs: ["wrk", "nginx"],
  async run() {
    await using nginx = await startNginxPair();
    const api = aRestApi({ "/pets": { GET: aMethod(anHttpProxy(`${nginx.backend}/pets`)) } });
    const detailed = aStage({ methodSettings: { "*/*": aMethodSetting({ metricsEnabled: true }) } });
    const compared = await compareGateways(
      {
        "no metrics": () => startGatewayProcess(0, api, { isMeasured: false }),
        metrics: () => startGatewayProcess(0, api),
        "detailed metrics": () => startGatewayProcess(0, api, { stage: detailed }),
      },
      "/pets",
    );
    return {
      ...compared,
      "metrics, ns of counting a request": countingNs(aStage()),
      "detailed metrics, ns of counting a request": countingNs(detailed),
    };
  },
};
