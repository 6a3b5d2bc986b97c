import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { type TestContext, test } from "node:test";
import { makeLogger } from "../telemetry/logger.ts";
import { makeUpstream } from "./upstream.ts";

/** A server that passes everything on to `origin`; answers its own URL. */
async function passingTo(t: TestContext, origin: string): Promise<string> {
  const upstream = makeUpstream(
    origin,
    makeLogger("silent", () => undefined),
  );
  const server = createServer((request, response) => upstream.pass(request, response, undefined));
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(() => {
    upstream.close();
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("an upstream that is not there is a 502 that names it", async (t) => {
  const closed = createTcpServer();
  await once(closed.listen(0, "127.0.0.1"), "listening");
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  const answer = await fetch(await passingTo(t, `http://127.0.0.1:${port}`), { method: "POST", body: "x" });
  assert.equal(answer.status, 502);
  assert.equal(answer.headers.get("x-amzn-errortype"), "ServiceUnavailableException");
  assert.match(
    await answer.text(),
    new RegExp(`upstream http://127\\.0\\.0\\.1:${port} can't be reached.*ECONNREFUSED`),
  );
});

test("an upstream that breaks off in its answer breaks off the answer", async (t) => {
  const broken = createTcpServer((socket) => {
    socket.once("data", () =>
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", () => socket.destroy()),
    );
  });
  await once(broken.listen(0, "127.0.0.1"), "listening");
  t.after(() => broken.close());
  const answer = await fetch(await passingTo(t, `http://127.0.0.1:${(broken.address() as AddressInfo).port}`));
  await assert.rejects(answer.text());
});

test("a caller that goes away ends the call of the upstream", async (t) => {
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  const slow = createServer((_request, response) => {
    response.write("the beginning");
    response.on("close", resolve);
  });
  await once(slow.listen(0, "127.0.0.1"), "listening");
  t.after(() => {
    slow.closeAllConnections();
    slow.close();
  });
  const abort = new AbortController();
  const url = await passingTo(t, `http://127.0.0.1:${(slow.address() as AddressInfo).port}`);
  const answer = await fetch(url, { signal: abort.signal });
  assert.equal(answer.status, 200);
  abort.abort();
  await gone;
});
