import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request, type ServerResponse } from "node:http";
import { test } from "node:test";
import type { Integration } from "../../src/definition/rest-api.ts";
import { until, within } from "../until.ts";
import { aMethod, anHttpProxy, aRestApi } from "./a-rest-api.ts";
import { withIdleMs } from "./idle-streams.ts";
import { type GatewayUnderTest, startBackend, startGateway } from "./start-gateway.ts";

const api = (origin: string, overrides: Partial<Integration> = {}) =>
  aRestApi({ "/": { GET: aMethod(anHttpProxy(origin, { responseTransferMode: "STREAM", ...overrides })) } });

/** A backend whose answers the test writes: event streams that have begun. */
async function startEvents() {
  const answers: ServerResponse[] = [];
  const backend = await startBackend((_, outgoing) => {
    outgoing.writeHead(200, { "Content-Type": "text/event-stream" }).flushHeaders();
    answers.push(outgoing);
  });
  return { ...backend, answers };
}

async function begin(gateway: GatewayUnderTest): Promise<IncomingMessage> {
  const headers = { host: "abc123.execute-api.us-east-1.localhost" };
  const outgoing = request({ port: gateway.port, host: "127.0.0.1", path: "/prod/", agent: false, headers });
  outgoing.on("error", () => {});
  outgoing.end();
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  return response;
}

const next = async (response: IncomingMessage): Promise<string> => String((await once(response, "data"))[0]);

test("an HTTP backend's events go on as they come, the head before all of them", async () => {
  await using backend = await startEvents();
  await using gateway = await startGateway();
  gateway.deploy(api(backend.origin));
  const response = await begin(gateway);
  assert.equal(response.headers["content-type"], "text/event-stream");
  const [answer] = backend.answers;
  answer!.write("data: 1\n\n");
  assert.equal(await next(response), "data: 1\n\n");
  answer!.write("data: 2\n\n");
  assert.equal(await next(response), "data: 2\n\n");
  answer!.end();
  await once(response, "end");
  assert.equal(response.complete, true);
});

test("a streamed answer has to end within the time-out, however often something comes", async () => {
  await using backend = await startEvents();
  await using gateway = await startGateway();
  gateway.deploy(api(backend.origin, { timeoutInMillis: 100 }));
  const response = await begin(gateway);
  const writing = setInterval(() => backend.answers[0]!.write("data\n"), 5);
  response.resume();
  await once(response, "error");
  clearInterval(writing);
  assert.equal(response.complete, false);
});

test("a streamed answer without a byte for too long is cut, and the backend hears of it", async () => {
  await using backend = await startEvents();
  await using gateway = await startGateway();
  withIdleMs(gateway, api(backend.origin), 50);
  const response = await begin(gateway);
  const [answer] = backend.answers;
  const closed = once(answer!, "close");
  answer!.write("data");
  response.resume();
  await once(response, "error");
  await closed;
});

test("a backend that is late with its head is 504, streamed or not", async () => {
  await using backend = await startBackend(() => {});
  await using gateway = await startGateway();
  withIdleMs(gateway, api(backend.origin, { timeoutInMillis: 100 }), 10);
  const reply = await gateway.call("/");
  assert.deepEqual([reply.status, reply.text], [504, '{"message": "Endpoint request timed out"}']);
});

test("a client that does not read is no idleness of the backend's", async () => {
  await using backend = await startEvents();
  await using gateway = await startGateway();
  withIdleMs(gateway, api(backend.origin), 50);
  const response = await begin(gateway);
  response.pause();
  const [answer] = backend.answers;
  const piece = Buffer.alloc(65_536, 97);
  // Until nothing has moved between the backend and the client for longer than the backend may be idle.
  for (let isMoving = within(200); isMoving(); ) {
    if (answer!.writableLength < 1 << 20) {
      answer!.write(piece);
      isMoving = within(200);
    }
    await new Promise(setImmediate);
    assert.equal(answer!.closed, false);
  }
  answer!.end();
  response.resume();
  await once(response, "end");
  assert.equal(response.complete, true);
});

test("when the client goes the backend's answer is broken off", async () => {
  await using backend = await startEvents();
  await using gateway = await startGateway();
  gateway.deploy(api(backend.origin));
  const response = await begin(gateway);
  await until(() => backend.answers.length === 1);
  const closed = once(backend.answers[0]!, "close");
  response.destroy();
  await closed;
});
