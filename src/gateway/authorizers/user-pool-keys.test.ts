import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { ManualClock } from "../../base/clock.ts";
import { UserPoolKeys } from "./user-pool-keys.ts";

const jwk = generateKeyPairSync("rsa", { modulusLength: 2_048 }).publicKey.export({ format: "jwk" });
let kids: readonly string[] | string | undefined;
let asked = 0;
const server = createServer((_, outgoing) => {
  asked++;
  if (kids === undefined) outgoing.writeHead(500).end("no");
  else if (typeof kids === "string") outgoing.end(kids);
  else outgoing.end(JSON.stringify({ keys: kids.map((kid) => ({ ...jwk, kid })) }));
});
let address: string;
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/pool`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

function start(): { clock: ManualClock; find: (kid: string, at?: string) => Promise<string>; keys: UserPoolKeys } {
  const clock = new ManualClock(1_700_000_000_000);
  const keys = new UserPoolKeys(clock);
  asked = 0;
  const find = async (kid: string, at = address): Promise<string> => {
    const found = await keys.find(at, kid);
    return found.kind === "unavailable" ? found.problem.replace(address, "") : found.kind;
  };
  return { clock, find, keys };
}

test("keys are fetched once, for all who wait, and found at once from then on", async () => {
  const { find, keys } = start();
  kids = ["a", "b"];
  assert.deepEqual(await Promise.all([find("a"), find("b"), find("a")]), ["key", "key", "key"]);
  assert.ok(!(keys.find(address, "a") instanceof Promise));
  assert.equal(asked, 1);
});

test("a key that came later is found; unknown ids make no more than a fetch every 30 seconds", async () => {
  const { clock, find } = start();
  kids = ["a"];
  await find("a");
  kids = ["a", "new"];
  for (let index = 0; index < 20; index++) assert.equal(await find(`forged ${index}`), "unknown");
  assert.equal(asked, 1);
  clock.advance(30_000);
  assert.equal(await find("new"), "key");
  assert.equal(asked, 2);
});

test("keys are fetched anew after an hour: one that is gone is gone", async () => {
  const { clock, find } = start();
  kids = ["a"];
  await find("a");
  kids = ["b"];
  clock.advance(3_600_000);
  assert.equal(await find("a"), "unknown");
  assert.equal(await find("b"), "key");
});

test("while the pool can't be reached the keys are good for a day, and what there is no key for is told so", async () => {
  const { clock, find } = start();
  kids = ["a"];
  await find("a");
  kids = undefined;
  clock.advance(3_600_000);
  assert.equal(await find("a"), "key");
  assert.equal(await find("b"), ": it answered 500");
  assert.equal(asked, 2);
  clock.advance(5_000);
  assert.equal(await find("a"), "key");
  assert.equal(asked, 3);
  clock.advance(86_400_000);
  assert.equal(await find("a"), ": it answered 500");
  kids = ["a"];
  clock.advance(5_000);
  assert.equal(await find("a"), "key");
});

test("answers that are no key set, too long, or elsewhere are no keys", async () => {
  for (const [answer, problem] of [
    ["<html>", /is not valid JSON/],
    ['{"keys":{}}', /it has no keys/],
    [`{"keys":[],"x":"${"x".repeat(150_000)}"}`, /too long/],
  ] as const) {
    kids = answer;
    assert.match(await start().find("a"), problem);
  }
  assert.match(await start().find("a", "http://127.0.0.1:1/pool"), /^http:\/\/127\.0\.0\.1:1\/pool: /);
});

test("a key set may be as large as AWS reads, and its last key counts", async () => {
  const { find } = start();
  kids = Array.from({ length: 330 }, (_, index) => `key ${index}`);
  assert.equal(await find("key 329"), "key");
  const [first, padding] = [
    { ...jwk, kid: "a" },
    { kty: "EC", x5c: ["c".repeat(100_000)] },
  ];
  kids = JSON.stringify({ keys: [padding, first] });
  assert.equal(await start().find("a"), "key");
});

test("so many pools are remembered and no more; the one that was fetched first goes first", async () => {
  const { find } = start();
  kids = ["a"];
  for (let index = 0; index <= 256; index++) assert.equal(await find("a", `${address}/${index}`), "key");
  assert.equal(asked, 257);
  await find("a", `${address}/256`);
  assert.equal(asked, 257);
  await find("a", `${address}/0`);
  assert.equal(asked, 258);
});
