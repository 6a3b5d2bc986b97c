import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePolicy } from "../../access/policy.ts";
import { ManualClock } from "../../base/clock.ts";
import type { Grant } from "../caller.ts";
import { ResultCache } from "./result-cache.ts";

const grant: Grant = { principalId: "me", policyText: "x".repeat(98) };

test("a result is remembered until its time is over, by the clock", () => {
  const clock = new ManualClock(1_000_000);
  const memory = new ResultCache(clock).acquire("a");
  const key = memory.keyOf("token");
  memory.keep(key, grant, 60);
  assert.deepEqual(memory.find(key), grant);
  clock.advance(59_999);
  assert.deepEqual(memory.find(key), grant);
  clock.advance(1);
  assert.equal(memory.find(key), undefined);
});

test("a clock that is moved back makes no result live longer", () => {
  const clock = new ManualClock(1_000_000);
  const memory = new ResultCache(clock).acquire("a");
  const key = memory.keyOf("token");
  memory.keep(key, grant, 60);
  clock.advance(-1);
  assert.equal(memory.find(key), undefined);
});

test("authorizers don't find each other's results, and nobody finds those of one that is gone", () => {
  const cache = new ResultCache(new ManualClock(0));
  const first = cache.acquire("first");
  first.keep(first.keyOf("token"), grant, 60);
  const second = cache.acquire("second");
  assert.equal(second.find(second.keyOf("token")), undefined);
  // The next program takes over before the last one lets go.
  assert.equal(cache.acquire("first"), first);
  cache.release("first");
  assert.equal(cache.acquire("first"), first);
  cache.release("first");
  cache.release("first");
  const again = cache.acquire("first");
  assert.equal(again.find(again.keyOf("token")), undefined);
});

test("a key is a digest that says nothing of the token", () => {
  const memory = new ResultCache(new ManualClock(0)).acquire("a");
  const key = memory.keyOf("secret-token");
  assert.match(key, /^[\w+/]{43}=$/);
  assert.equal(memory.keyOf("secret-token"), key);
  assert.notEqual(memory.keyOf("secret-tokem"), key);
});

test("of any number of tokens a bounded number is remembered, and those in use stay", () => {
  const cache = new ResultCache(new ManualClock(0), { entriesMax: 100, charsMax: 1_000_000 });
  const memory = cache.acquire("a");
  memory.keep("in use", grant, 60);
  for (let index = 0; index < 10_000; index++) {
    memory.keep(`key ${index}`, grant, 60);
    if (index % 10 === 0) assert.deepEqual(memory.find("in use"), grant, String(index));
  }
  const kept = Array.from({ length: 10_000 }, (_, index) => `key ${index}`).filter((key) => memory.find(key));
  assert.ok(kept.length <= 100 && kept.length >= 40, String(kept.length));
  assert.deepEqual(memory.find("key 9999"), grant);
});

test("results are bounded by their length as well, and one that is too long is not kept", () => {
  const cache = new ResultCache(new ManualClock(0), { entriesMax: 1_000, charsMax: 1_000 });
  const memory = cache.acquire("a");
  for (let index = 0; index < 100; index++) memory.keep(`key ${index}`, grant, 60);
  const kept = Array.from({ length: 100 }, (_, index) => `key ${index}`).filter((key) => memory.find(key));
  assert.ok(kept.length <= 10, String(kept.length));
  memory.keep("long", { ...grant, policyText: "x".repeat(501) }, 60);
  assert.equal(memory.find("long"), undefined);
});

test("results with the same policy share it, and none has another's", () => {
  const memory = new ResultCache(new ManualClock(0)).acquire("a");
  const granting = (principalId: string, text: string): Grant => ({
    principalId,
    policyText: text,
    policy: parsePolicy(text, "identity"),
  });
  const one = JSON.stringify({ Statement: { Effect: "Allow", Action: "*", Resource: "*" } });
  const other = JSON.stringify({ Statement: { Effect: "Deny", Action: "*", Resource: "*" } });
  memory.keep("1", granting("ann", one), 60);
  memory.keep("2", granting("bob", one), 60);
  memory.keep("3", granting("eve", other), 60);
  assert.equal(memory.find("1")?.policy, memory.find("2")?.policy);
  assert.deepEqual(
    ["1", "2", "3"].map((key) => memory.find(key)?.principalId),
    ["ann", "bob", "eve"],
  );
  const request = { action: "execute-api:Invoke", resource: "arn", context: () => undefined };
  assert.deepEqual(
    ["2", "3"].map((key) => memory.find(key)?.policy?.decide(request).kind),
    ["allowed", "denied"],
  );
});
