import { aMethod, aMock, aRestApi } from "../../test/exchange/a-rest-api.ts";
import type { Bench } from "../bench.ts";
import { load, median } from "../measure.ts";
import { startGatewayProcess } from "./start-gateway-process.ts";

export const bench: Bench = {
  title: "a MOCK method, one core",
  needs: ["wrk"],
  async run() {
    await using gateway = await startGatewayProcess(0, aRestApi({ "/pets": { GET: aMethod(aMock('{"pets":[]}')) } }));
    await load(`${gateway.url}/pets`, { seconds: 2 });
    return { "requests/s": await median(3, () => load(`${gateway.url}/pets`)) };
  },
};
