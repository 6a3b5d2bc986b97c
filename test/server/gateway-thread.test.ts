import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { type Portico, startPortico } from "../portico.ts";
import { RawClient } from "../raw-http.ts";
import { until } from "../until.ts";

interface ServerUnderTest {
  readonly portico: Portico;
  /** A request to a backend that answers when the test says so. */
  readonly request: string;
  readonly waiting: ServerResponse[];
}

async function start(t: TestContext, drainSeconds: number): Promise<ServerUnderTest> {
  const waiting: ServerResponse[] = [];
  const backend = createServer((_request, response) => waiting.push(response));
  await once(backend.listen(0, "127.0.0.1"), "listening");
  const portico = await startPortico({ args: ["--threads", "1", "--drain", String(drainSeconds)] });
  t.after(async () => {
    await portico.kill();
    backend.close();
    backend.closeAllConnections();
  });
  const call = async (path: string, body: unknown): Promise<Record<string, string>> => {
    const answer = await fetch(`${portico.url}${path}`, { method: "POST", body: JSON.stringify(body) });
    assert.ok(answer.ok, `${path}: ${answer.status}`);
    return (await answer.json()) as Record<string, string>;
  };
  const integration = {
    type: "http_proxy",
    httpMethod: "GET",
    uri: `http://127.0.0.1:${(backend.address() as AddressInfo).port}/`,
  };
  const { id } = await call("/restapis?mode=import", {
    openapi: "3.0.1",
    info: { title: "slow", version: "1" },
    paths: { "/slow": { get: { responses: {}, "x-amazon-apigateway-integration": integration } } },
  });
  await call(`/restapis/${id}/deployments`, { stageName: "dev" });
  return { portico, request: `GET /dev/slow HTTP/1.1\r\nHost: ${id}.execute-api.us-east-1.localhost\r\n\r\n`, waiting };
}

test("stopping: idle connections end at once, requests under way are answered, new ones are not taken", async (t) => {
  const { portico, request, waiting } = await start(t, 10);
  const idle = await RawClient.open(portico.port);
  idle.send("GET /_portico/health HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await idle.until((text) => text.includes("ok"));
  const busy = await RawClient.open(portico.port);
  busy.send(request);
  await until(() => waiting.length === 1);
  const stopped = portico.stop();
  await idle.closed();
  assert.equal(busy.isClosed, false);
  await assert.rejects(RawClient.open(portico.port));
  waiting[0]?.end("late");
  assert.match(await busy.closed(), /^HTTP\/1\.1 200 OK[\s\S]*Connection: close\r\n\r\nlate$/);
  assert.equal(await stopped, 0);
});

test("stopping: what is not done in the drain time is cut", async (t) => {
  const { portico, request, waiting } = await start(t, 1);
  const hung = await RawClient.open(portico.port);
  hung.send(request);
  await until(() => waiting.length === 1);
  // tidy-allow: time – what is under way may not be cut before the drain time is over
  const begun = performance.now();
  assert.equal(await portico.stop(), 0);
  assert.equal(await hung.closed(), "");
  // tidy-allow: time – as above
  const tookMs = performance.now() - begun;
  assert.ok(tookMs > 900, `${tookMs} ms`);
});
