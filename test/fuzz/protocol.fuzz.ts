// Requests made from the interface models, sound ones and broken ones, against the protocol layer.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { ManualClock } from "../../src/base/clock.ts";
import { randomIds } from "../../src/base/ids.ts";
import { makeClient } from "../../src/protocol/client.ts";
import { makeManagement } from "../../src/protocol/management.ts";
import { loadModel, type Model, modelNames, shapeOf } from "../../src/protocol/model.ts";
import type { Handler } from "../../src/protocol/operation.ts";
import { countCpuMs } from "../cpu-time.ts";
import { seed } from "../random.ts";
import { within } from "../until.ts";
import { brokenRequest, durationMs, oneOf, soundValue } from "./from-models.ts";

const unexpected: unknown[] = [];
let lastInput: unknown;
const answering: Handler = async (input) => {
  lastInput = input;
  return {};
};

const management = makeManagement(
  modelNames.map((model) => ({
    model,
    operations: Object.fromEntries(Object.keys(loadModel(model).operations).map((name) => [name, answering])),
  })),
  {
    clock: new ManualClock(0),
    ids: randomIds,
    bodyBytesMax: 200_000,
    logger: { warn: () => {}, error: (message, fields) => unexpected.push(message, fields) },
  },
);

describe(`fuzz: the protocol layer (PORTICO_FUZZ_SEED=${seed})`, () => {
  it("answers broken requests with a client's error, never a 500, and in bounded time", async () => {
    const isTimeLeft = within(durationMs);
    const statuses = new Map<number, number>();
    while (isTimeLeft()) {
      const request = brokenRequest(modelNames);
      const cpuMs = countCpuMs();
      const response = await management.handle(request);
      const usedMs = cpuMs();
      const shown = () => `${request.method} ${request.target} ${request.body.toString("latin1", 0, 2_000)}`;
      assert.deepEqual(unexpected, [], shown());
      assert.ok(response.status < 500 || response.status === 501, `${response.status}: ${shown()}`);
      assert.ok(usedMs < 10_000, `took ${usedMs} ms: ${shown()}`);
      assert.ok(response.body.length < 200_000, `answered ${response.body.length} bytes: ${shown()}`);
      for (const value of Object.values(response.headers)) assert.doesNotMatch(value, /[\r\n\0]/);
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    }
    // Proof that not everything was refused at the door, and not everything let through.
    assert.ok((statuses.get(200) ?? 0) > 10 && (statuses.get(400) ?? 0) > 10, JSON.stringify([...statuses]));
  });

  describe("through the client", () => {
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const headers = request.headers as Record<string, string>;
      const body = Buffer.concat(chunks);
      const answer = await management.handle({
        method: request.method ?? "",
        target: request.url ?? "",
        headers,
        body,
      });
      response.writeHead(answer.status, answer.headers).end(answer.body);
    });
    before(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
    after(() => {
      server.closeAllConnections();
      server.close();
    });

    it("sound input arrives as it was sent", async () => {
      const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const isTimeLeft = within(durationMs);
      let arrived = 0;
      while (isTimeLeft()) {
        const name = oneOf(["apigateway", "apigatewayv2", "apigatewaymanagementapi", "lambda", "logs"] as const);
        const model = loadModel(name);
        const operation = oneOf(Object.keys(model.operations));
        const inputName = model.operations[operation]?.input?.shape;
        const input = inputName === undefined ? {} : soundValue(model, inputName);
        if (input === undefined || !isSendable(model, inputName, input as Record<string, unknown>)) continue;
        lastInput = undefined;
        const client = makeClient({ endpoint, model: name, region: "us-east-1", accessKeyId: "123456789012" });
        await client.call(operation, input as Record<string, unknown>);
        assert.deepEqual(lastInput, input, operation);
        arrived += 1;
      }
      assert.ok(arrived > 50, `${arrived} inputs arrived`);
    });
  });
});

/** What HTTP itself can't carry as it is: headers beyond ASCII, empty lists in a query, dots as a path segment. */
function isSendable(model: Model, inputName: string | undefined, input: Record<string, unknown>): boolean {
  const members = inputName === undefined ? {} : (shapeOf(model, inputName).members ?? {});
  return Object.entries(members).every(([name, { location, locationName, shape }]) => {
    const value = input[name];
    // The client always says what it accepts.
    if (value === undefined) return locationName !== "Accept";
    if (location === "header") return /^[\x21-\x7e]*$/.test(String(value));
    if (location === "uri") return value !== "..";
    if (location !== "querystring") return true;
    const { type } = shapeOf(model, shape);
    if (type === "map") return false;
    return (
      type !== "list" || ((value as unknown[]).length > 0 && !(value as unknown[]).some((v) => String(v).includes(",")))
    );
  });
}
