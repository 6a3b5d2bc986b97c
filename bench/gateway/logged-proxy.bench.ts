import { aMethod, aMethodSetting, anHttpProxy, aRestApi, aStage } from "../../test/exchange/a-rest-api.ts";
import type { Bench } from "../bench.ts";
import { compareGateways } from "./compare-gateways.ts";
import { startNginxPair } from "./nginx-pair.ts";
import { startGatewayProcess } from "./start-gateway-process.ts";

const destinationArn = "arn:aws:logs:us-east-1:000000000000:log-group:access";
/** AWS's example of a JSON format. */
const format =
  '{ "requestId":"$context.requestId", "ip": "$context.identity.sourceIp", "caller":"$context.identity.caller", "user":"$context.identity.user", "requestTime":"$context.requestTime", "httpMethod":"$context.httpMethod", "resourcePath":"$context.resourcePath", "status":"$context.status", "protocol":"$context.protocol", "responseLength":"$context.responseLength" }';

const accessLogSettings = { destinationArn, format };
/** AWS's default rule of X-Ray records one request a second, and 5 % of the others. */
const setups: Readonly<Record<string, Parameters<typeof startGatewayProcess>[2]>> = {
  "no log": {},
  INFO: { stage: aStage({ methodSettings: { "*/*": aMethodSetting({ loggingLevel: "INFO" }) } }) },
  "access log": { stage: aStage({ accessLogSettings }) },
  "access log for a collector": { stage: aStage({ accessLogSettings }), isLogExported: true },
  "X-Ray, 5 %": { stage: aStage({ tracingEnabled: true }) },
  "OTLP, 5 %": { otlpShare: 0.05 },
};

/**
 * The goals are 0.75 of the requests without a log at INFO, 0.95 with an access log and 0.97 with traces. What the threads of
 * logs and traces make of them is not measured.
 */
export const bench: Bench = {
  title: "HTTP_PROXY, 1 KB, one core, by what is logged and traced",
  needs: ["wrk", "nginx"],
  async run() {
    await using nginx = await startNginxPair();
    const api = aRestApi({ "/pets": { GET: aMethod(anHttpProxy(`${nginx.backend}/pets`)) } });
    const starts = Object.entries(setups).map(
      ([name, setup]) => [name, () => startGatewayProcess(0, api, setup)] as const,
    );
    return await compareGateways(Object.fromEntries(starts), "/pets");
  },
};
