import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { APIGatewayClient, ImportRestApiCommand } from "@aws-sdk/client-api-gateway";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { prepareWalk, restWalk, walkThroughSdk } from "../../test/conformance/every-operation/walk.ts";
import { startPortico } from "../../test/portico.ts";
import type { Bench } from "../bench.ts";
import { load } from "../measure.ts";

const apis = 1_000;
const resources = 50;
const walks = 3;

/** The credential scope is all that is read of a signature on loopback. */
const signed =
  "Authorization: AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/apigateway/aws4_request, SignedHeaders=host, Signature=0";

/** As users have them: a method with a parameter, a template and two responses on each resource. */
function aDocument(title: string, count: number, verbs = ["get"]): Uint8Array {
  const paths: Record<string, unknown> = {};
  for (let index = 0; index < count; index++) {
    const operation = {
      parameters: [{ name: "kind", in: "query", schema: { type: "string" } }],
      responses: { "200": { description: "ok" }, "404": { description: "none" } },
      "x-amazon-apigateway-integration": {
        type: "http",
        httpMethod: "GET",
        uri: `http://backend.example.com:8080/r${index}`,
        requestTemplates: { "application/json": `{"kind": "$input.params('kind')"}` },
        responses: { default: { statusCode: "200" }, "4\\d\\d": { statusCode: "404" } },
      },
    };
    paths[`/r${index}`] = Object.fromEntries(verbs.map((verb) => [verb, operation]));
  }
  return Buffer.from(JSON.stringify({ openapi: "3.0.1", info: { title, version: "1" }, paths }));
}

export const bench: Bench = {
  title: `management with ${apis} APIs of ${resources} resources in the store, on disk`,
  needs: ["wrk"],
  async run() {
    const portico = await startPortico({ args: ["--data", "store", "--profile", "relaxed"] });
    const options = {
      endpoint: portico.url,
      region: "us-east-1",
      credentials: { accessKeyId: "000000000000", secretAccessKey: "any" },
    };
    const client = new APIGatewayClient(options);
    const lambda = new LambdaClient(options);
    try {
      const filling = performance.now();
      const ids: string[] = [];
      const next = Array.from({ length: apis }, (_, index) => index).values();
      const fill = async (): Promise<void> => {
        for (const index of next) {
          const { id } = await client.send(new ImportRestApiCommand({ body: aDocument(`api ${index}`, resources) }));
          ids.push(id!);
        }
      };
      await Promise.all(Array.from({ length: 8 }, fill));
      const filled = performance.now() - filling;

      const one = `${portico.url}/restapis/${ids[apis / 2]}`;
      const headers = [signed, "Content-Type: application/json"];
      const get = await load(one, { headers });
      const list = await load(`${portico.url}/restapis?limit=25`, { headers });
      const tree = await load(`${one}/resources?limit=25&embed=methods`, { headers });
      const write = await load(one, { headers, script: patch });
      const peak = rssMegabytes(portico.pid);

      await prepareWalk(lambda);
      const times = new Map<string, number[]>();
      for (let walk = 0; walk < walks; walk++) {
        await walkThroughSdk(restWalk, client, {
          isAlone: false,
          onCall: (operation, ms) => times.set(operation, [...(times.get(operation) ?? []), ms]),
        });
      }
      const medians = [...times].map(([operation, all]) => [operation, middle(all)] as const);
      medians.sort((left, right) => right[1] - left[1]);
      const slowest = Object.fromEntries(
        medians.slice(0, 3).map(([operation, ms]) => [`ms of ${operation}, median`, ms]),
      );

      const importing = performance.now();
      await client.send(new ImportRestApiCommand({ body: aDocument("large", 250, ["get", "post", "put", "delete"]) }));
      return {
        "seconds to import all, 8 at a time": filled / 1000,
        "GetRestApi a second": get,
        "GetRestApis of 25 a second": list,
        "GetResources of 25 with methods a second": tree,
        "UpdateRestApi a second": write,
        "MB of resident memory": peak,
        ...slowest,
        "ms to import 1,000 operations": performance.now() - importing,
      };
    } finally {
      client.destroy();
      lambda.destroy();
      await portico.stop();
    }
  },
};

const patch = join(tmpdir(), "portico-patch.lua");
writeFileSync(
  patch,
  `wrk.method = "PATCH"
wrk.body = '{"patchOperations":[{"op":"replace","path":"/description","value":"changed"}]}'
`,
);

const middle = (values: readonly number[]): number =>
  [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)]!;

function rssMegabytes(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) / 1024;
}
