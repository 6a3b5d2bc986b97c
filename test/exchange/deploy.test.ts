import assert from "node:assert/strict";
import { test } from "node:test";
import type { Plan } from "../../src/plan/kinds.ts";
import { until } from "../until.ts";
import { aMethod, aMock, anHttpProxy, aRestApi } from "./a-rest-api.ts";
import { startBackend, startGateway } from "./start-gateway.ts";

test("requests under way finish on the program that they began with, and its connections end then", async () => {
  const waiting: (() => void)[] = [];
  let open = 0;
  await using old = await startBackend((incoming, outgoing) => {
    open++;
    incoming.socket.once("close", () => open--);
    waiting.push(() => outgoing.end("old"));
  });
  await using gateway = await startGateway();
  gateway.deploy(aRestApi({ "/": { GET: aMethod(anHttpProxy(old.origin)) } }));
  const calls = Array.from({ length: 20 }, () => gateway.call("/"));
  await until(() => waiting.length === 20);
  gateway.deploy(aRestApi({ "/": { GET: aMethod(aMock("new")) } }));
  assert.equal((await gateway.call("/")).text, "new");
  for (const answer of waiting) answer();
  for (const call of calls) assert.equal((await call).text, "old");
  await until(() => open === 0, { what: "the old program's connections are closed" });
  assert.deepEqual(gateway.errors, []);
});

test("a program that is replaced again and again leaves nothing behind", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  for (let round = 0; round < 30; round++) {
    gateway.deploy(aRestApi({ "/": { GET: aMethod(anHttpProxy(`${backend.origin}/${round}`)) } }));
    assert.equal((await gateway.call("/")).status, 200);
  }
  assert.match(gateway.metrics(), /portico_backend_connections_total 1\n/, "the same backend keeps its connections");
  gateway.gateway.setPlan("abc123/prod", null);
  assert.equal((await gateway.call("/")).status, 403);
});

test("a plan of another kind or version closes its stage, whatever served before", async () => {
  await using gateway = await startGateway();
  const { plan } = gateway.deploy(aRestApi({ "/": { GET: aMethod(aMock("served")) } }));
  assert.equal((await gateway.call("/")).text, "served");
  for (const [unknown, reason] of [
    [{ ...plan, kind: "soap" }, "plans of the kind soap"],
    [{ ...plan, kind: "constructor" }, "plans of the kind constructor"],
    [{ ...plan, version: 999 }, "plans of the version 999 (this thread runs the version 1)"],
    [{ ...plan, methods: null }, "its plan can't be linked, Portico's log says why"],
  ] as const) {
    assert.equal(gateway.gateway.setPlan("abc123/prod", unknown as unknown as Plan), reason);
    for (const path of ["/", "/none"]) {
      const reply = await gateway.call(path);
      assert.equal(reply.status, 501);
      assert.ok(JSON.parse(reply.text).message.startsWith(`Portico does not do this yet: ${reason}.`), reply.text);
    }
    assert.match(JSON.stringify(gateway.errors.splice(0)), /A plan can't be linked: its stage is closed/);
  }
  // The stage opens again with a plan that can be linked, and goes with none.
  assert.equal(gateway.gateway.setPlan("abc123/prod", plan), undefined);
  assert.equal((await gateway.call("/")).text, "served");
  gateway.gateway.setPlan("abc123/prod", { ...plan, kind: "soap" } as unknown as Plan);
  gateway.gateway.setPlan("abc123/prod", null);
  assert.equal((await gateway.call("/")).status, 403);
  gateway.errors.splice(0);
});
