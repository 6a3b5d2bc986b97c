import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ManualClock } from "../../base/clock.ts";
import { randomIds } from "../../base/ids.ts";
import type { CallContext } from "../../protocol/operation.ts";
import { openSqliteStore } from "../../store/sqlite-store.ts";
import { iamIndexes } from "../iam/documents.ts";
import { makeStsOperations } from "./operations.ts";
import { Sessions } from "./sessions.ts";

const store = openSqliteStore({ indexes: iamIndexes });
after(() => store.close());
const clock = new ManualClock(1_000_000_000_000);
const call = (account: string): CallContext => ({
  account,
  region: "us-east-1",
  requestId: "r",
  clock,
  ids: randomIds,
  host: "localhost",
  accessKeyId: account,
  userAgent: undefined,
});

test("a message that the server sealed is decoded for its account, and for no other", async () => {
  const sessions = new Sessions(store);
  const decode = makeStsOperations(store, sessions, async () => ({ kind: "unknown" }))["DecodeAuthorizationMessage"]!;
  const seal = await sessions.requireSeal();
  const EncodedMessage = seal.sealMessage("111122223333", {
    allowed: false,
    context: { action: "execute-api:Invoke" },
  });
  assert.deepEqual(await decode({ EncodedMessage }, call("111122223333")), {
    DecodedMessage: '{"allowed":false,"context":{"action":"execute-api:Invoke"}}',
  });
  for (const [message, account] of [
    [EncodedMessage, "444455556666"],
    [EncodedMessage.slice(1), "111122223333"],
    [
      seal.sealSession("111122223333", { kind: "user", issuerArn: "", issuerId: "", issuedAt: 0, expiresAt: 1 }),
      "111122223333",
    ],
    ["", "111122223333"],
  ] as const) {
    await assert.rejects(decode({ EncodedMessage: message }, call(account)), /Message is not valid/);
  }
});

test("sessions outlive the server, and end with a reset of the store", async () => {
  const sessions = new Sessions(store);
  await sessions.start();
  const get = makeStsOperations(store, sessions, async () => ({ kind: "unknown" }))["GetSessionToken"]!;
  const { Credentials } = (await get({}, call("111122223333"))) as {
    readonly Credentials: {
      readonly AccessKeyId: string;
      readonly SessionToken: string;
      readonly SecretAccessKey: string;
    };
  };
  const identify = (by: Sessions, at = clock.now()) =>
    by.identify(Credentials.AccessKeyId, Credentials.SessionToken, at);
  assert.equal((await identify(sessions)).kind, "known");
  const next = new Sessions(store);
  await next.start();
  const found = await identify(next);
  assert.equal(found.kind === "known" && found.caller.arn, "arn:aws:iam::111122223333:root");
  assert.equal((await next.requireSeal()).secretOf(Credentials.AccessKeyId), Credentials.SecretAccessKey);
  assert.equal((await identify(next, clock.now() + 3_600_000)).kind, "expired");
  assert.equal((await next.identify("ASIAOTHER", Credentials.SessionToken, clock.now())).kind, "invalid");
  assert.equal((await next.identify("AKIANOTHERE", undefined, clock.now())).kind, "unknown");
  assert.equal((await next.identify("ASIAX", "another STS's", clock.now())).kind, "unknown");
  await store.reset();
  assert.equal((await identify(next)).kind, "invalid");
  await next.requireSeal();
  assert.equal((await identify(next)).kind, "invalid", "a new key opens no old token");
  next.close();
  sessions.close();
});
