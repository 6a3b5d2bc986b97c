import { compileHttpApi } from "../../../src/compiler/http-api/compile-http-api.ts";
import type { HttpIntegration } from "../../../src/definition/http-api.ts";
import { aMethod, anHttpProxy, aRestApi } from "../../../test/exchange/a-rest-api.ts";
import { anHttpApi, anHttpStage, aUrl } from "../../../test/exchange/an-http-api.ts";
import type { Bench } from "../../bench.ts";
import { startNginxPair } from "../nginx-pair.ts";
import { startGatewayProcess, startPlanProcess } from "../start-gateway-process.ts";

const scope = { account: "000000000000", region: "us-east-1" };

const mappings: Partial<HttpIntegration> = {
  RequestParameters: { "append:header.x-id": "$context.requestId", "overwrite:querystring.q": "$request.header.host" },
  ResponseParameters: { 200: { "append:header.x-stage": "$context.stage", "remove:header.server": "''" } },
};

/** The goal is 0.65 × nginx. */
export const bench: Bench = {
  title: "HTTP_PROXY of an HTTP API, 1 KB, keep-alive, one core, against nginx proxy_pass on the same backend",
  needs: ["wrk", "nginx"],
  async run() {
    await using nginx = await startNginxPair();
    const measure = async (overrides: Partial<HttpIntegration>): ReturnType<typeof nginx.compareCosts> => {
      const definition = anHttpApi({ "GET /pets": { integration: aUrl(`${nginx.backend}/pets`, overrides) } });
      await using gateway = await startPlanProcess(0, compileHttpApi(definition, anHttpStage(), scope));
      return await nginx.compareCosts(gateway, "/pets");
    };
    const rest = aRestApi({ "/pets": { GET: aMethod(anHttpProxy(`${nginx.backend}/pets`)) } });
    await using gateway = await startGatewayProcess(0, rest);
    const ofRest = await nginx.compareCosts(gateway, "/pets");
    const plain = await measure({});
    const mapped = await measure(mappings);
    return {
      "ratio to nginx proxy_pass, by CPU": plain.ratio,
      "CPU µs a request": plain.ours,
      "CPU µs a request of nginx": plain.proxied,
      "ratio with four mappings": mapped.ratio,
      "ratio of a REST API": ofRest.ratio,
    };
  },
};
