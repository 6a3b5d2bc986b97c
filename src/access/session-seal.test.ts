import assert from "node:assert/strict";
import { test } from "node:test";
import type { Session } from "./principal.ts";
import { SessionSeal, sessionTokenPrefix } from "./session-seal.ts";

const session: Session = {
  kind: "assumed-role",
  issuerArn: "arn:aws:iam::111122223333:role/reader",
  issuerId: "AROAEXAMPLE",
  name: "me",
  issuedAt: 1,
  expiresAt: 2,
  policy: '{"Statement":[]}',
};
const seal = new SessionSeal(Buffer.alloc(32, 1));

test("a token opens with the server's key and its own access key, and with nothing else", () => {
  const token = seal.sealSession("ASIAONE", session);
  assert.deepEqual(seal.openSession("ASIAONE", token), session);
  assert.deepEqual(new SessionSeal(Buffer.alloc(32, 1)).openSession("ASIAONE", token), session);
  assert.equal(seal.openSession("ASIATWO", token), undefined);
  assert.equal(new SessionSeal(Buffer.alloc(32, 2)).openSession("ASIAONE", token), undefined);
  assert.doesNotMatch(Buffer.from(token.slice(sessionTokenPrefix.length), "base64").toString("latin1"), /reader|AROA/);
});

test("a token that was changed, cut or made up is none", () => {
  const token = seal.sealSession("ASIAONE", session);
  const sealed = Buffer.from(token.slice(sessionTokenPrefix.length), "base64");
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed);
    changed[at] = changed[at]! ^ 1;
    assert.equal(seal.openSession("ASIAONE", sessionTokenPrefix + changed.toString("base64")), undefined);
    assert.equal(
      seal.openSession("ASIAONE", sessionTokenPrefix + sealed.subarray(0, at).toString("base64")),
      undefined,
    );
  }
  for (const text of [
    "",
    sessionTokenPrefix,
    "x",
    `${sessionTokenPrefix}%%`,
    sessionTokenPrefix + "A".repeat(100_000),
  ]) {
    assert.equal(seal.openSession("ASIAONE", text), undefined);
  }
});

test("a session with as many tags as AWS lets one have opens again, however well they pack", () => {
  const tags = Object.fromEntries(
    Array.from({ length: 50 }, (_, n) => [`${n}${"\u4e00".repeat(126)}`, "\u4e00".repeat(256)]),
  );
  const large: Session = { ...session, tags, transitiveTagKeys: Object.keys(tags), policy: '"'.repeat(2_048) };
  assert.deepEqual(seal.openSession("ASIAONE", seal.sealSession("ASIAONE", large)), large);
});

test("an authorization message is its account's own, and no session token", () => {
  const sealed = seal.sealMessage("111122223333", { allowed: false });
  assert.equal(seal.openMessage("111122223333", sealed), '{"allowed":false}');
  assert.equal(seal.openMessage("444455556666", sealed), undefined);
  const token = seal.sealSession("111122223333", session);
  assert.equal(seal.openMessage("111122223333", token.slice(sessionTokenPrefix.length)), undefined);
});

test("a session's secret has AWS's form and needs the key", () => {
  assert.match(seal.secretOf("ASIAONE"), /^[A-Za-z0-9/+]{40}$/);
  assert.notEqual(seal.secretOf("ASIAONE"), seal.secretOf("ASIATWO"));
  assert.notEqual(seal.secretOf("ASIAONE"), new SessionSeal(Buffer.alloc(32, 2)).secretOf("ASIAONE"));
});
