import { aMethod, aRestApi } from "../../test/exchange/a-rest-api.ts";
import type { Bench } from "../bench.ts";
import { freePort, load, startNginx } from "../measure.ts";
import { startGatewayProcess } from "./start-gateway-process.ts";

const requestTemplates = { "application/json": "Action=SendMessage&MessageBody=$util.urlEncode($input.params('q'))" };
const integrationResponses = {
  "200": { statusCode: "200", responseTemplates: { "application/json": '{"id": $input.json("$.MessageId")}' } },
};

export const bench: Bench = {
  title: "AWS with a request and a response template, one core, against HTTP with the same templates and backend",
  needs: ["wrk", "nginx"],
  async run() {
    const port = await freePort();
    const backend = `http://127.0.0.1:${port}`;
    const answer = JSON.stringify({
      MessageId: "5fea7756-0ea4-451a-a703-a558b933e274",
      MD5OfMessageBody: "0".repeat(32),
    });
    await using _backend = await startNginx(
      1,
      port,
      `server { listen 127.0.0.1:${port} backlog=2048; location / { default_type application/json; return 200 '${answer}'; } }`,
    );
    const common = { httpMethod: "POST", requestTemplates, integrationResponses };
    await using gateway = await startGatewayProcess(
      0,
      aRestApi({
        "/http": { GET: aMethod({ ...common, type: "HTTP", uri: `${backend}/123456789012/queue` }) },
        "/aws": {
          GET: aMethod({
            ...common,
            type: "AWS",
            uri: "arn:aws:apigateway:us-east-1:sqs:path/123456789012/queue",
            credentials: "arn:aws:iam::000000000000:role/r",
          }),
        },
      }),
      { endpoints: { sqs: backend } },
    );
    await load(`${gateway.url}/aws?q=x`, { seconds: 2 });
    await load(`${gateway.url}/http?q=x`, { seconds: 1 });
    // In turn, so that what else runs on the machine disturbs both alike.
    const rounds: { ratio: number; aws: number; http: number }[] = [];
    for (let round = 0; round < 3; round++) {
      const http = await load(`${gateway.url}/http?q=x`, { seconds: 2 });
      const aws = await load(`${gateway.url}/aws?q=x`, { seconds: 2 });
      rounds.push({ ratio: aws / http, aws, http });
    }
    rounds.sort((left, right) => left.ratio - right.ratio);
    const { ratio, aws, http } = rounds[1]!;
    return { "ratio to HTTP": ratio, "requests/s": aws, "HTTP requests/s": http };
  },
};
