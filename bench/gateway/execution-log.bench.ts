import { aMethod, aMethodSetting, aMock, aRestApi, aStage } from "../../test/exchange/a-rest-api.ts";
import type { Bench, Figures } from "../bench.ts";
import { load, median } from "../measure.ts";
import { startGatewayProcess } from "./start-gateway-process.ts";

/** What is made of a log is not measured: its lines are thrown away. */
export const bench: Bench = {
  title: "a MOCK method, one core, by what its execution log shows",
  needs: ["wrk"],
  async run() {
    const figures: Record<string, number> = {};
    for (const [name, own] of [
      ["no log", undefined],
      ["ERROR", aMethodSetting({ loggingLevel: "ERROR" })],
      ["INFO", aMethodSetting({ loggingLevel: "INFO" })],
      ["INFO and data trace", aMethodSetting({ loggingLevel: "INFO", dataTraceEnabled: true })],
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
