// Calls made from the interface models, sound ones and broken ones, against a started server: whatever comes, it
// answers, never with a 500, and serves on.
import assert from "node:assert/strict";
import { Agent, request as sendHttp } from "node:http";
import { after, before, describe, it } from "node:test";
import { zipSync } from "fflate";
import { makeClient, ServiceError } from "../../src/protocol/client.ts";
import { loadModel } from "../../src/protocol/model.ts";
import type { ManagementRequest } from "../../src/protocol/operation.ts";
import { type Portico, startPortico } from "../portico.ts";
import { seed } from "../random.ts";
import { within } from "../until.ts";
import { brokenRequest, durationMs, oneOf, random, soundValue, texts } from "./from-models.ts";

describe(`fuzz: a started server (PORTICO_FUZZ_SEED=${seed})`, () => {
  let portico: Portico;
  const agent = new Agent({ keepAlive: true });
  before(async () => {
    portico = await startPortico({ args: ["--threads", "1"] });
  });
  after(async () => {
    agent.destroy();
    assert.equal(await portico.stop(), 0);
  });

  it("answers management calls of every service, and is still ready", async () => {
    const client = { endpoint: portico.url, region: "us-east-1", accessKeyId: "123456789012" } as const;
    const lambda = makeClient({ ...client, model: "lambda" });
    const handler = Buffer.from("exports.handler = async (event) => event;");
    await lambda.call("CreateFunction", {
      FunctionName: "pets",
      Runtime: "nodejs22.x",
      Handler: "index.handler",
      Role: "arn:aws:iam::123456789012:role/pets",
      Code: { ZipFile: Buffer.from(zipSync({ "index.js": handler })) },
    });
    texts.push("pets", "pets", "pets", "pets", "pets");
    // What turns out not to be there is not asked for again.
    let operations = Object.keys(loadModel("lambda").operations);
    const isTimeLeft = within(durationMs);
    const statuses = new Map<number, number>();
    const count = (status: number, shown: () => string): void => {
      assert.ok(status < 500 || status === 501 || status === 502, `${status}: ${shown()}\n${portico.output()}`);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    };
    while (isTimeLeft()) {
      if (random() < 0.5) {
        const request = brokenRequest(random() < 0.9 ? ["apigateway", "lambda"] : ["sts", "iam", "apigatewayv2"]);
        const status = await send(request, portico.port, agent);
        if (status !== undefined) {
          count(status, () => `${request.method} ${request.target} ${request.body.toString("latin1", 0, 2_000)}`);
        }
      } else {
        const operation = oneOf(operations);
        // The function stays, so that the others have one to work on.
        if (operation === "DeleteFunction") continue;
        const inputName = loadModel("lambda").operations[operation]?.input?.shape;
        const input = inputName === undefined ? {} : soundValue(loadModel("lambda"), inputName);
        if (input === undefined) continue;
        const status = await lambda.call(operation, input as Record<string, unknown>).then(
          () => 200,
          (error: unknown) => (error instanceof ServiceError ? error.status : undefined),
        );
        if (status === 501) operations = operations.filter((other) => other !== operation);
        if (status !== undefined) count(status, () => `${operation} ${JSON.stringify(input).slice(0, 2_000)}`);
      }
    }
    assert.ok((statuses.get(200) ?? 0) > 0 && (statuses.get(400) ?? 0) > 0, JSON.stringify([...statuses]));
    assert.doesNotMatch(portico.output(), /failed|bug|Assertion/);
    const ready = { method: "GET", target: "/_portico/ready", headers: {}, body: Buffer.alloc(0) };
    assert.equal(await send(ready, portico.port, agent), 200);
  });
});

/** The status; undefined for what a client can't send or whose connection was closed for it. */
function send(request: ManagementRequest, port: number, agent: Agent): Promise<number | undefined> {
  return new Promise((resolve) => {
    try {
      const { method, target: path, body } = request;
      const headers = { ...request.headers, host: `localhost:${port}`, "content-length": body.length };
      const sent = sendHttp({ host: "127.0.0.1", port, agent, method, path, headers }, (response) => {
        response.on("end", () => resolve(response.statusCode));
        response.on("error", () => resolve(undefined));
        response.resume();
      });
      sent.on("error", () => resolve(undefined));
      sent.end(body);
    } catch {
      resolve(undefined);
    }
  });
}
