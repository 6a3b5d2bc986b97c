import assert from "node:assert/strict";
import { test } from "node:test";
import { clientOfAddress, FairPool } from "./fair-pool.ts";

test("one client takes no more than half, all together no more than the total, and what is given back is free again", () => {
  const pool = new FairPool(10);
  assert.equal(pool.take("a", 5), true);
  assert.equal(pool.take("a", 1), false);
  assert.equal(pool.take("b", 4), true);
  assert.equal(pool.take("c", 2), false);
  assert.equal(pool.take("c", 1), true);
  pool.give("a", 2);
  assert.equal(pool.take("b", 2), false);
  assert.equal(pool.take("a", 2), true);
});

test("a network of IPv6 is one client, and so is an IPv4 address", () => {
  assert.equal(clientOfAddress("2001:db8:1:2::1"), clientOfAddress("2001:db8:1:2:ffff::"));
  assert.notEqual(clientOfAddress("2001:db8:1:2::1"), clientOfAddress("2001:db8:1:3::1"));
  assert.notEqual(clientOfAddress("10.0.0.1"), clientOfAddress("10.0.0.2"));
});
