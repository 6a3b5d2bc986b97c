import assert from "node:assert/strict";
import { test } from "node:test";
import { callbackDomain } from "./callback-domain.ts";

const plan = { apiId: "a1b2c3", region: "eu-west-1" };
const client = { calledPort: 4566 };
const own = "a1b2c3.execute-api.eu-west-1.localhost:4566";

test("code that is told of a connection calls back by the client's host, or by this machine's", () => {
  const isOwnName = (host: string): boolean => !host.includes("evil");
  const cases: readonly (readonly [host: string, isByCustomDomain: boolean, domain: string])[] = [
    // By path.
    ["localhost:4566", false, own],
    ["127.0.0.1:4566", false, own],
    ["[::1]:4566", false, own],
    ["portico.example.com", false, own],
    ["a1b2c4.execute-api.eu-west-1.localhost:4566", false, own],
    ["", false, own],
    // By the API's host; a container's port may be another one outside.
    ["a1b2c3.execute-api.localhost:4566", false, "a1b2c3.execute-api.localhost:4566"],
    ["a1b2c3.execute-api.eu-west-1.localhost:14566", false, own],
    ["a1b2c3.execute-api.eu-west-1.localhost", false, own],
    ["a1b2c3.execute-api.api.example.com", false, "a1b2c3.execute-api.api.example.com"],
    ["a1b2c3.execute-api.eu-west-1.amazonaws.com:8443", false, "a1b2c3.execute-api.eu-west-1.amazonaws.com:4566"],
    ["a1b2c3.execute-api.evil.example:4566", false, own],
    ["ws.example.com:4566", true, "ws.example.com:4566"],
    ["ws.example.com", true, "ws.example.com"],
    // A port that nobody called would be the client's choice of whom code posts to.
    ["ws.example.com:6379", true, "ws.example.com:4566"],
  ];
  for (const [host, isByCustomDomain, domain] of cases) {
    assert.equal(callbackDomain({ host, client }, plan, { isByCustomDomain, ownPort: 4566, isOwnName }), domain, host);
  }
  const atHome = callbackDomain({ host: "localhost", client }, plan, {
    isByCustomDomain: false,
    ownPort: 443,
    isOwnName,
  });
  assert.equal(atHome, "a1b2c3.execute-api.eu-west-1.localhost");
});
