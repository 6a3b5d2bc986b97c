import { aMethod, anHttpProxy, aRestApi } from "../../test/exchange/a-rest-api.ts";
import type { Bench } from "../bench.ts";
import { freePort, load, startNginx } from "../measure.ts";
import { startGatewayProcess } from "./start-gateway-process.ts";

const pets = Array.from({ length: 10 }, (_, index) => ({
  id: index,
  name: `pet ${index}`,
  kind: index % 2 === 0 ? "dog" : "cat",
  owner: { name: "Ada", address: "1 Any Street" },
}));
const body = JSON.stringify({ pets });

const request = `{"query": "$util.escapeJavaScript($input.params('q'))", "stage": "$context.stage",
  "caller": "$context.identity.sourceIp", "id": "$context.requestId"}`;

const response = `#set($root = $input.path('$'))
{"pets": [
#foreach($pet in $root.pets)
  {"id": $pet.id, "name": "$pet.name", "owner": "$pet.owner.name"}#if($foreach.hasNext),#end

#end
]}`;

/** The goal: HTTP with request and response templates at least at 0.4 × of HTTP_PROXY. */
export const bench: Bench = {
  title: "HTTP with a request and a response template, 1 KB of JSON, one core, against HTTP_PROXY on the same backend",
  needs: ["wrk", "nginx"],
  async run() {
    const port = await freePort();
    const backend = `http://127.0.0.1:${port}`;
    await using _backend = await startNginx(
      1,
      port,
      `server { listen 127.0.0.1:${port} backlog=2048; location / { default_type application/json; return 200 '${body}'; } }`,
    );
    await using gateway = await startGatewayProcess(
      0,
      aRestApi({
        "/proxied": { GET: aMethod(anHttpProxy(`${backend}/pets`)) },
        "/mapped": {
          GET: aMethod({
            type: "HTTP",
            httpMethod: "POST",
            uri: `${backend}/pets`,
            requestTemplates: { "application/json": request },
            integrationResponses: {
              "200": { statusCode: "200", responseTemplates: { "application/json": response } },
            },
          }),
        },
      }),
    );
    await load(`${gateway.url}/mapped?q=x`, { seconds: 2 });
    await load(`${gateway.url}/proxied?q=x`, { seconds: 1 });
    // In turn, so that what else runs on the machine disturbs both alike.
    const rounds: { ratio: number; mapped: number; proxied: number }[] = [];
    for (let round = 0; round < 3; round++) {
      const proxied = await load(`${gateway.url}/proxied?q=x`, { seconds: 2 });
      const mapped = await load(`${gateway.url}/mapped?q=x`, { seconds: 2 });
      rounds.push({ ratio: mapped / proxied, mapped, proxied });
    }
    rounds.sort((left, right) => left.ratio - right.ratio);
    const { ratio, mapped, proxied } = rounds[1]!;
    return { "ratio to HTTP_PROXY": ratio, "requests/s": mapped, "HTTP_PROXY requests/s": proxied };
  },
};
