// Wycheproof's vectors of RSA signatures, verified as those of tokens are. Each .txt here names its source in its head.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { isSignedBy, parseKeySet, type UnverifiedToken } from "../../../src/access/json-web-token.ts";

/** Files by their algorithm, with the numbers of valid, of invalid, and of left out signatures in them. */
const files = {
  RS256: [8, 250, 1],
  RS384: [6, 251, 1],
  RS512: [7, 251, 1],
} as const;

for (const [algorithm, counts] of Object.entries(files)) {
  test(`Wycheproof's ${algorithm} signatures: the valid ones are accepted, and no other`, () => {
    const found = [0, 0, 0];
    let key: ReturnType<typeof readKey> | undefined;
    const text = readFileSync(`${import.meta.dirname}/${algorithm}.txt`, "utf8").trimEnd();
    for (const line of text.split("\n").slice(4)) {
      const [first = "", second = "", message = "", signature = "", flags = ""] = line.split(" ");
      if (first === "key") {
        key = readKey(second, message, algorithm);
        continue;
      }
      const bytes = bytesOf(message);
      // What is signed of a token is text, and these messages are not.
      if (!Buffer.from(bytes.toString("utf8")).equals(bytes)) {
        found[2]!++;
        continue;
      }
      const token = { algorithm, signed: bytes.toString("utf8"), signature: bytesOf(signature) } as UnverifiedToken;
      // RFC 8017 §9.2 wants the NULL that some signatures lack, which Wycheproof calls acceptable.
      const isValid = second === "valid";
      assert.equal(isSignedBy(token, key!), isValid, `${first}: ${flags}`);
      found[isValid ? 0 : 1]!++;
    }
    assert.deepEqual(found, counts);
  });
}

const bytesOf = (digits: string): Buffer => Buffer.from(digits === "-" ? "" : digits, "hex");

function readKey(n: string, e: string, alg: string) {
  const keys = parseKeySet(JSON.stringify({ keys: [{ kty: "RSA", kid: "one", use: "sig", alg, n, e }] }));
  const key = keys.get("one");
  assert.ok(key !== undefined, "the key is one that issuers may have");
  return key;
}
