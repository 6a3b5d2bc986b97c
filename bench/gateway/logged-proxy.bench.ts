import type { MethodSetting } from "../../src/definition/rest-api.ts";
import { aMethod, anHttpProxy, aRestApi, aStage } from "../../test/exchange/a-rest-api.ts";
import type { Bench, Figures } from "../bench.ts";
import { load } from "../measure.ts";
import { startNginxPair } from "./nginx-pair.ts";
import { type GatewayProcess, startGatewayProcess } from "./start-gateway-process.ts";

const info: MethodSetting = {
  metricsEnabled: false,
  loggingLevel: "INFO",
  dataTraceEnabled: false,
  throttlingBurstLimit: -1,
  throttlingRateLimit: -1,
  cachingEnabled: false,
  cacheTtlInSeconds: 300,
  cacheDataEncrypted: false,
  requireAuthorizationForCacheControl: true,
  unauthorizedCacheControlHeaderStrategy: "SUCCEED_WITH_RESPONSE_HEADER",
};

const destinationArn = "arn:aws:logs:us-east-1:000000000000:log-group:access";
/** AWS's example of a JSON format. */
const format =
  '{ "requestId":"$context.requestId", "ip": "$context.identity.sourceIp", "caller":"$context.identity.caller", "user":"$context.identity.user", "requestTime":"$context.requestTime", "httpMethod":"$context.httpMethod", "resourcePath":"$context.resourcePath", "status":"$context.status", "protocol":"$context.protocol", "responseLength":"$context.responseLength" }';

const stages = {
  "no log": aStage(),
  INFO: aStage({ methodSettings: { "*/*": info } }),
  "access log": aStage({ accessLogSettings: { destinationArn, format } }),
} as const;

/**
 * The goals are 0.75 and 0.95 of the requests without a log: on one core, as many requests as fit in the time that they take
 * there. The time of every thread counts, that of the garbage collector and of whoever takes the lines, too; what the thread of
 * the logs makes of them is not measured. Rounds alternate, and the best of each counts, since other work on the machine only
 * ever slows one down.
 */
export const bench: Bench = {
  title: "HTTP_PROXY, 1 KB, one core, by what is logged",
  needs: ["wrk", "nginx"],
  async run() {
    await using nginx = await startNginxPair();
    await using scope = new AsyncDisposableStack();
    const runs: { readonly name: string; readonly gateway: GatewayProcess; rate: number; cpuUs: number }[] = [];
    for (const [name, stage] of Object.entries(stages)) {
      const api = aRestApi({ "/pets": { GET: aMethod(anHttpProxy(`${nginx.backend}/pets`)) } });
      const gateway = scope.use(await startGatewayProcess(0, api, { stage }));
      runs.push({ name, gateway, rate: 0, cpuUs: Number.POSITIVE_INFINITY });
    }
    const seconds = 2;
    for (const { gateway } of runs) await load(`${gateway.url}/pets`, { seconds });
    for (let round = 0; round < 7; round++) {
      for (const run of runs) {
        const before = run.gateway.cpuUs();
        const rate = await load(`${run.gateway.url}/pets`, { seconds });
        run.rate = Math.max(run.rate, rate);
        run.cpuUs = Math.min(run.cpuUs, (run.gateway.cpuUs() - before) / (rate * seconds));
      }
    }
    const [plain] = runs;
    return Object.fromEntries(
      runs.flatMap(({ name, rate, cpuUs }) => [
        [`${name}, requests/s`, rate],
        [`${name}, µs of CPU a request`, cpuUs],
        [`${name}, of the requests without a log`, plain!.cpuUs / cpuUs],
      ]),
    ) satisfies Figures;
  },
};
