// Forged headers in front of what trusted proxies add: the client is always the one that the proxies saw.
import assert from "node:assert/strict";
import { test } from "node:test";
import { below, durationMsOr, makeRandom, pick, seed } from "../../test/random.ts";
import { within } from "../../test/until.ts";
import { parseIpNetwork } from "../base/ip-address.ts";
import { forwardedClient, makeClient } from "./request-client.ts";

const durationMs = durationMsOr(2_000);
const random = makeRandom(seed);
const proxies = ["127.0.0.1", "10.0.0.0/8", "2001:db8:ffff::/48"].map((text) => parseIpNetwork(text)!);
const peer = makeClient({ address: "127.0.0.1", port: 1, calledPort: 80, isEncrypted: false });
const clients = ["203.0.113.7", "198.51.100.1", "2001:db8::1", "11.0.0.1"];
const trusted = ["10.0.0.1", "10.255.255.255", "127.0.0.1", "2001:db8:ffff::1", "::ffff:10.0.0.2"];
const parts = [
  ...clients,
  ...trusted,
  "unknown",
  "",
  " ",
  ",",
  "\t",
  "[::1]:80",
  "1.2.3.4:5",
  "_x",
  "\xff",
  "%00",
  "0x7f.1",
];
const names = [
  "X-Forwarded-For",
  "x-forwarded-for",
  "X-FORWARDED-FOR",
  "X-Forwarded-Proto",
  "X-Forwarded-Port",
  "Forwarded",
];

test(`fuzz: forged forwarding headers (PORTICO_FUZZ_SEED=${seed})`, { timeout: 60_000 + durationMs }, () => {
  const isTimeLeft = within(durationMs);
  let rounds = 0;
  while (isTimeLeft()) {
    const forged = Array.from({ length: below(random, 5) }, () => [pick(random, names), text()]).flat();
    const seen = pick(random, clients);
    const hops = Array.from({ length: below(random, 4) }, () => pick(random, trusted));
    const rawHeaders = [...forged, "X-Forwarded-For", [seen, ...hops].join(", ")];
    const headerNames = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
    const client = forwardedClient(peer, { headerNames, rawHeaders }, proxies);
    const shown = JSON.stringify(rawHeaders);
    assert.deepEqual([client.address, client.problem], [seen, undefined], shown);
    assert.ok(client.forwardedFor?.endsWith(seen), shown);
    if (client.isEncrypted) assert.ok(!/"x-forwarded-proto",(?!"\s*https)/i.test(shown), shown);
    rounds++;
  }
  assert.ok(rounds > 100, String(rounds));
});

function text(): string {
  return Array.from({ length: below(random, 6) }, () => pick(random, parts)).join(pick(random, [",", ", ", " "]));
}
