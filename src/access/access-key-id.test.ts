import assert from "node:assert/strict";
import { test } from "node:test";
import { accountOfAccessKey, makeAccessKeyId } from "./access-key-id.ts";

test("an access key's id holds its account, in AWS's form", () => {
  for (const account of ["000000000000", "111122223333", "999999999999"]) {
    for (const random of [Buffer.alloc(8), Buffer.alloc(8, 255), Buffer.from("0123456789abcdef", "hex")]) {
      const id = makeAccessKeyId("AKIA", account, random);
      assert.match(id, /^AKIA[Q-Z2-7][A-Z2-7]{15}$/);
      assert.equal(accountOfAccessKey(id), account);
    }
  }
  // AWS: an id whose account is known from AWS's documentation of the form.
  assert.equal(accountOfAccessKey("ASIAQNZGKIQY56JQ7WML"), "029608264753");
});

test("ids of other randomness differ, and other texts hold no account", () => {
  const one = makeAccessKeyId("ASIA", "111122223333", Buffer.from("0000000000000001", "hex"));
  const two = makeAccessKeyId("ASIA", "111122223333", Buffer.from("0000000000000002", "hex"));
  assert.notEqual(one, two);
  for (const text of ["", "AKIA", "111122223333", "AKIA000000000000000A", `${one}A`, one.toLowerCase()]) {
    assert.equal(accountOfAccessKey(text), undefined);
  }
});
