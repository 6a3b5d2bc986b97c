import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { test } from "node:test";
import { isSignedBy, parseKeySet, readToken } from "./json-web-token.ts";
import { decideToken, type TokenDecision } from "./user-pool-token.ts";

const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const demand = { nowMs: 1_000_000, use: "id", isAudience: () => true } as const;
const claims = { iss: "https://pool", token_use: "id", exp: 1_001 };

function token(given: object, header: object = { alg: "RS256", kid: "k" }): string {
  const [head, body] = [header, given].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
  return `${head}.${body}.${sign("RSA-SHA256", Buffer.from(`${head}.${body}`), privateKey).toString("base64url")}`;
}

function decide(text: string, over: object = {}, key: KeyObject = publicKey): TokenDecision | string {
  const read = readToken(text);
  return typeof read === "string" ? read : decideToken(read, { key, algorithm: undefined }, { ...demand, ...over });
}

test("a token is good until the second that it expires", () => {
  const text = token(claims);
  assert.equal((decide(text) as TokenDecision).kind, "accepted");
  assert.equal((decide(text, { nowMs: 1_000_999 }) as TokenDecision).kind, "accepted");
  assert.deepEqual(decide(text, { nowMs: 1_001_000 }), { kind: "expired" });
});

test("an expiry of a forged token is never told", () => {
  const [head, , signature] = token(claims).split(".");
  const forged = `${head}.${Buffer.from(JSON.stringify({ ...claims, exp: 1 })).toString("base64url")}.${signature}`;
  assert.deepEqual(decide(forged), { kind: "refused", reason: "its signature is not the pool's" });
});

test("an access token is for those who ask for one; a token for several audiences is for each", () => {
  const access = token({ ...claims, token_use: "access" });
  assert.equal((decide(access) as TokenDecision).kind, "refused");
  assert.equal((decide(access, { use: "access" }) as TokenDecision).kind, "accepted");
  const isAudience = (audience: string): boolean => audience === "b";
  assert.equal((decide(token({ ...claims, aud: ["a", "b"] }), { isAudience }) as TokenDecision).kind, "accepted");
  assert.equal((decide(token({ ...claims, aud: "a" }), { isAudience }) as TokenDecision).kind, "refused");
  assert.equal((decide(token(claims), { isAudience }) as TokenDecision).kind, "refused");
});

test("what is no token is refused in words, and nothing is thrown", () => {
  const [head, body, signature] = token(claims).split(".");
  for (const text of [
    "",
    "..",
    `${head}.${body}`,
    `${head}.${body}.`,
    `${head}.${body}.${signature}.x`,
    `${head}.${body}.${signature}=`,
    `${head}.${body}.+${signature}`,
    ` ${head}.${body}.${signature}`,
    `bnVsbA.${body}.${signature}`,
    `${head}.W10.${signature}`,
    `${head}.__8.${signature}`,
    token(claims, { alg: "RS256" }),
    token(claims, { alg: "RS256", kid: 1 }),
    token(claims, { alg: ["RS256"], kid: "k" }),
    token({ ...claims, iss: undefined }),
  ]) {
    assert.equal(typeof decide(text), "string", text);
  }
  const deep = Buffer.from(`${JSON.stringify(claims).slice(0, -1)},"a":${"[".repeat(5_000)}${"]".repeat(5_000)}}`);
  assert.equal((decide(`${head}.${deep.toString("base64url")}.${signature}`) as TokenDecision).kind, "refused");
});

test("a user pool signs with RS256 only, and a key is for the algorithm that it names", () => {
  const text = token(claims, { alg: "RS512", kid: "k" });
  assert.equal((decide(text) as TokenDecision).kind, "refused");
  const [head, body] = [{ alg: "RS512", kid: "k" }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString("base64url"),
  );
  const signed = `${head}.${body}`;
  const right = readToken(`${signed}.${sign("RSA-SHA512", Buffer.from(signed), privateKey).toString("base64url")}`);
  assert.ok(typeof right === "object");
  assert.equal(isSignedBy(right, { key: publicKey, algorithm: "RS512" }), true);
  assert.equal(isSignedBy(right, { key: publicKey, algorithm: undefined }), true);
  assert.equal(isSignedBy(right, { key: publicKey, algorithm: "RS256" }), false);
  assert.equal(decideToken(right, { key: publicKey, algorithm: undefined }, demand).kind, "refused");
});

test("of a key set only RSA keys of 2048 to 8192 bits for signatures are taken", () => {
  const jwk = publicKey.export({ format: "jwk" });
  const short = generateKeyPairSync("rsa", { modulusLength: 512 }).publicKey.export({ format: "jwk" });
  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "jwk" });
  const keys = [
    { ...jwk, kid: "good" },
    { ...jwk, kid: "told", use: "sig", alg: "RS256" },
    { ...short, kid: "short" },
    { ...ec, kid: "ec" },
    { kty: "oct", k: "c2VjcmV0", kid: "oct" },
    { ...jwk, kid: "enc", use: "enc" },
    { ...jwk, kid: "long", alg: "RS512" },
    { ...jwk, kid: "padded", alg: "PS256" },
    { ...jwk, kid: 1 },
    { ...jwk, kid: "broken", n: 5 },
    { kty: "RSA", n: "!", e: "", kid: "junk" },
    jwk,
    null,
    "key",
  ];
  assert.deepEqual([...parseKeySet(JSON.stringify({ keys })).keys()], ["good", "told", "long"]);
  const many = Array.from({ length: 500 }, (_, index) => ({ ...jwk, kid: `k${index}` }));
  assert.equal(parseKeySet(JSON.stringify({ keys: many })).size, 400);
  for (const text of ["", "null", "{}", '{"keys":1}', "<html>"]) assert.throws(() => parseKeySet(text), text);
});
