import assert from "node:assert/strict";
import { test } from "node:test";
import { decideGuard, type GuardedRequest, isCallbackName } from "./guard.ts";

const options = { domains: ["gateway.example"], allowedOrigins: ["http://app.example:3000", "null"] };
const decide = (request: Partial<GuardedRequest>): ReturnType<typeof decideGuard> =>
  decideGuard(
    {
      method: "GET",
      isPage: false,
      host: "localhost:4566",
      origin: undefined,
      fetchSite: undefined,
      fetchMode: undefined,
      ...request,
    },
    options,
  );
const passes = (request: Partial<GuardedRequest>): boolean => decide(request).kind === "pass";

test("only names that nobody else can point here are answered", () => {
  for (const host of [
    "localhost",
    "localhost:4566",
    "LOCALHOST:80",
    "localhost.:80",
    "127.0.0.1:4566",
    "127.9.9.9",
    "[::1]:4566",
    "anything.localhost:4566",
    "localhost.localstack.cloud:4566",
    "s3.localhost.localstack.cloud",
    "gateway.example",
    "api.gateway.example:443",
  ]) {
    assert.ok(passes({ host }), host);
  }
  for (const host of [
    undefined,
    "",
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "127.0.0.1.nip.io",
    "notgateway.example",
    "192.168.0.1",
    "0.0.0.0:4566",
    "[::]:4566",
    "localhost:4566:1",
    "localhost@evil.example",
    "evil.example#localhost",
    "[::1",
    "localhost\u0000",
    "localhost:123456",
  ]) {
    const decision = decide(host === undefined ? { host: undefined } : { host });
    assert.equal(decision.kind, "refuse", String(host));
    assert.match(decision.kind === "refuse" ? decision.message : "", /--domain/);
  }
});

test("a page of another origin is refused, by its Origin", () => {
  for (const origin of ["https://evil.example", "http://localhost:3000", "http://localhost", "null ", "x", "file://"]) {
    const decision = decide({ origin, method: "POST" });
    assert.equal(decision.kind, "refuse", origin);
    assert.match(decision.kind === "refuse" ? decision.message : "", /--allow-origin/);
  }
});

test("a page of management's own origin may read Portico's pages, and call nothing", () => {
  for (const own of [
    { origin: "http://localhost:4566" },
    { origin: "http://LOCALHOST:4566" },
    { fetchSite: "same-origin", fetchMode: "cors" },
    { fetchSite: "same-origin", fetchMode: "no-cors" },
    // A page sees what its own frames and windows show if they have its origin.
    { fetchSite: "same-origin", fetchMode: "navigate" },
    { origin: "http://localhost:4566", fetchSite: "same-origin", fetchMode: "navigate" },
  ]) {
    assert.ok(passes({ ...own, isPage: true }), JSON.stringify(own));
    for (const method of ["GET", "POST", "PUT", "DELETE", "OPTIONS"]) {
      const decision = decide({ ...own, method });
      assert.equal(decision.kind, "refuse", `${method} ${JSON.stringify(own)}`);
      if (method !== "GET") assert.ok(!passes({ ...own, method, isPage: true }), `${method} ${JSON.stringify(own)}`);
    }
  }
});

test("an origin that was allowed is, and CORS says so", () => {
  assert.deepEqual(decide({ origin: "http://app.example:3000" }), {
    kind: "pass",
    corsOrigin: "http://app.example:3000",
  });
  assert.deepEqual(decide({ origin: "null" }), { kind: "pass", corsOrigin: "null" });
  assert.equal(decide({ origin: "http://app.example:3001" }).kind, "refuse");
  assert.equal(decide({ origin: "http://app.example:3000", host: "evil.example" }).kind, "refuse");
});

test("a foreign page's image or form is refused, a link that is followed is not", () => {
  for (const fetchSite of ["cross-site", "same-site"]) {
    assert.ok(!passes({ fetchSite, fetchMode: "no-cors" }), fetchSite);
    assert.ok(!passes({ fetchSite, fetchMode: "navigate", method: "POST" }), fetchSite);
    assert.ok(passes({ fetchSite, fetchMode: "navigate" }), fetchSite);
  }
  assert.ok(passes({ fetchSite: "none", fetchMode: "navigate" }));
});

test("what the caller sent is shown tamed", () => {
  const decision = decide({ host: `evil\u001b[31m${"x".repeat(1000)}` });
  assert.ok(decision.kind === "refuse" && /^[ -~]+$/.test(decision.message) && decision.message.length < 500);
});

test("code is told to call back only where a client can't have pointed it", () => {
  const ofApi = "a1b2c3.execute-api";
  for (const end of ["localhost:4566", "us-east-1.localhost", "us-east-1.amazonaws.com:8443", "API.example.com"]) {
    assert.equal(isCallbackName(`${ofApi}.${end}`, ["api.example.com"]), true, end);
  }
  for (const end of [
    "example.com",
    "evil.example:4566",
    "localhost.evil.example",
    "xamazonaws.com",
    "localhost/x",
    "",
  ]) {
    assert.equal(isCallbackName(`${ofApi}.${end}`, ["api.example.com"]), false, end);
  }
});
