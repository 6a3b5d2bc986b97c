import { aMethod, aMethodSetting, anHttpProxy, aRestApi, aStage } from "../../test/exchange/a-rest-api.ts";
import type { Bench } from "../bench.ts";
import { compareGateways } from "./compare-gateways.ts";
import { startNginxPair } from "./nginx-pair.ts";
import { startGatewayProcess } from "./start-gateway-process.ts";

const destinationArn = "arn:aws:logs:us-east-1:000000000000:log-group:access";
/** AWS's example of a JSON format. */
const format =
  '{ "requestId":"$context.requestId", "ip": "$context.identity.sourceIp", "caller":"$context.identity.caller", "user":"$context.identity.user", "requestTime":"$context.requestTime", "httpMethod":"$context.httpMethod", "resourcePath":"$context.resourcePath", "status":"$context.status", "protocol":"$context.protocol", "responseLength":"$context.responseLength" }';

const stages = {
  "no log": aStage(),
  INFO: aStage({ methodSettings: { "*/*": aMethodSetting({ loggingLevel: "INFO" }) } }),
  "access log": aStage({ accessLogSettings: { destinationArn, format } }),
} as const;

/**
 * The goals are 0.75 and 0.95 of the requests without a log. What the thread of the logs makes of the lines is not measured.
 */
export const bench: Bench = {
  title: "HTTP_PROXY, 1 KB, one core, by what is logged",
  needs: ["wrk", "nginx"],
  async run() {
    await using nginx = await startNginxPair();
    const api = aRestApi({ "/pets": { GET: aMethod(anHttpProxy(`${nginx.backend}/pets`)) } });
    const starts = Object.entries(stages).map(
      ([name, stage]) => [name, () => startGatewayProcess(0, api, { stage })] as const,
    );
    return compareGateways(Object.fromEntries(starts), "/pets");
  },
};
