import assert from "node:assert/strict";
import { test } from "node:test";
import type { Integration } from "../../src/definition/rest-api.ts";
import { aMethod, anHttpProxy, aRestApi } from "./a-rest-api.ts";
import { startGateway, startRawBackend } from "./start-gateway.ts";
import { startUnaccepting } from "./unaccepting.ts";

// A backend that is slow in each phase of a call: AWS's 504, and after a moment everything as before.

const timedOut = [504, '{"message": "Endpoint request timed out"}', "InternalServerErrorException"] as const;
/** Time enough for a good answer under load, and little enough to wait for. */
const timeoutInMillis = 300;

const slow = (uri: string, overrides: Partial<Integration> = {}): ReturnType<typeof aRestApi> =>
  aRestApi({ "/": { GET: aMethod(anHttpProxy(uri, { timeoutInMillis, ...overrides })) } });

const buffered = {
  type: "HTTP",
  httpMethod: "GET",
  integrationResponses: {
    "200": { statusCode: "200", responseTemplates: { "application/json": "$input.json('$.a')" } },
  },
} as const;

test("a backend that is not connected to in time is a time-out", { skip: process.platform !== "linux" }, async () => {
  await using backend = await startUnaccepting();
  await using gateway = await startGateway();
  gateway.deploy(slow(`http://127.0.0.1:${backend.port}/`));
  const reply = await gateway.call("/");
  assert.deepEqual([reply.status, reply.text, reply.headers["x-amzn-errortype"]], timedOut);
  assert.deepEqual(gateway.errors, []);
});

const begun = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n";
const phases: Readonly<
  Record<string, { readonly sends: string; readonly integration?: Partial<Integration>; readonly isTls?: true }>
> = {
  "in the TLS handshake": { sends: "", isTls: true },
  "before the answer": { sends: "" },
  "in the answer's head": { sends: "HTTP/1.1 200 OK\r\nContent-Ty" },
  "after an interim answer": { sends: "HTTP/1.1 103 Early Hints\r\n\r\n" },
  "before a body that is mapped": { sends: begun, integration: buffered },
  "in a body that is mapped": { sends: `${begun}{"a":`, integration: buffered },
};

for (const [phase, { sends, integration, isTls }] of Object.entries(phases)) {
  test(`a backend that stalls ${phase} is a time-out`, async () => {
    await using backend = await startRawBackend((socket) => socket.write(sends));
    await using gateway = await startGateway();
    gateway.deploy(slow(isTls ? backend.origin.replace("http:", "https:") : backend.origin, integration));
    // tidy-allow: time – no time-out may come before its time
    const before = performance.now();
    const reply = await gateway.call("/");
    assert.deepEqual([reply.status, reply.text, reply.headers["x-amzn-errortype"]], timedOut);
    // tidy-allow: time – as above
    assert.ok(performance.now() - before >= timeoutInMillis);
    assert.match(String(reply.headers["x-portico-hint"]), /did not answer within 300 ms/);
    assert.deepEqual(gateway.errors, []);
  });
}

test("a backend that stalls in a body that has begun to go out is cut", async () => {
  await using backend = await startRawBackend((socket) => socket.write(`${begun}{"a":`));
  await using gateway = await startGateway();
  gateway.deploy(slow(backend.origin));
  await assert.rejects(gateway.call("/"));
  assert.deepEqual(gateway.errors, []);
});

test("a body that comes in drops does not last longer than the time-out", async () => {
  const timers: NodeJS.Timeout[] = [];
  await using backend = await startRawBackend((socket) => {
    socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    timers.push(setInterval(() => socket.write("1\r\n \r\n"), 20));
  });
  await using gateway = await startGateway();
  gateway.deploy(slow(backend.origin, buffered));
  const reply = await gateway.call("/");
  assert.deepEqual([reply.status, reply.text, reply.headers["x-amzn-errortype"]], timedOut);
  for (const timer of timers) clearInterval(timer);
});
