import assert from "node:assert/strict";
import { test } from "node:test";
import { deriveApiId } from "./derive-api-id.ts";

test("an API's id is the same for the same account, region and name, and another for any other", () => {
  const id = deriveApiId("000000000000", "us-east-1", "Petstore");
  // The README and existing URLs rely on it.
  assert.equal(id, "22prdf7qwx");
  const others = [
    deriveApiId("111111111111", "us-east-1", "Petstore"),
    deriveApiId("000000000000", "eu-west-1", "Petstore"),
    deriveApiId("000000000000", "us-east-1", "Petstore2"),
  ];
  for (const other of others) {
    assert.match(other, /^[a-z0-9]{10}$/);
    assert.notEqual(other, id);
  }
});
