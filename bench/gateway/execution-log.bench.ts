import type { MethodSetting } from "../../src/definition/rest-api.ts";
import { aMethod, aMock, aRestApi, aStage } from "../../test/exchange/a-rest-api.ts";
import type { Bench, Figures } from "../bench.ts";
import { load, median } from "../measure.ts";
import { startGatewayProcess } from "./start-gateway-process.ts";

const setting = (
  loggingLevel: NonNullable<MethodSetting["loggingLevel"]>,
  dataTraceEnabled: boolean,
): MethodSetting => ({
  metricsEnabled: false,
  loggingLevel,
  dataTraceEnabled,
  throttlingBurstLimit: -1,
  throttlingRateLimit: -1,
  cachingEnabled: false,
  cacheTtlInSeconds: 300,
  cacheDataEncrypted: false,
  requireAuthorizationForCacheControl: true,
  unauthorizedCacheControlHeaderStrategy: "SUCCEED_WITH_RESPONSE_HEADER",
});

/** What is made of a log is not measured: its lines are thrown away. */
export const bench: Bench = {
  title: "a MOCK method, one core, by what its execution log shows",
  needs: ["wrk"],
  async run() {
    const figures: Record<string, number> = {};
    for (const [name, own] of [
      ["no log", undefined],
      ["ERROR", setting("ERROR", false)],
      ["INFO", setting("INFO", false)],
      ["INFO and data trace", setting("INFO", true)],
    ] as const) {
      const api = aRestApi({ "/pets": { GET: aMethod(aMock('{"pets":[]}')) } });
      const stage = aStage(own === undefined ? {} : { methodSettings: { "*/*": own } });
      await using gateway = await startGatewayProcess(0, api, { stage });
      await load(`${gateway.url}/pets`, { seconds: 1 });
      figures[`${name}, requests/s`] = await median(3, () => load(`${gateway.url}/pets`, { seconds: 2 }));
    }
    return figures satisfies Figures;
  },
};
