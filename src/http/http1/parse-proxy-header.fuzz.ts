// PROXY headers, broken at random, in pieces of any size: nothing is thrown, the verdict does not depend on the pieces, and
// what is read as a client has an address that somebody could have.
import assert from "node:assert/strict";
import { test } from "node:test";
import { below, durationMsOr, makeRandom, pick, seed } from "../../../test/random.ts";
import { within } from "../../../test/until.ts";
import { parseIpAddress } from "../../base/ip-address.ts";
import { type ProxyHeader, parseProxyHeader } from "./parse-proxy-header.ts";

const durationMs = durationMsOr(2_000);
const random = makeRandom(seed);

const whole: readonly Buffer[] = [
  Buffer.from("PROXY TCP4 203.0.113.7 10.0.0.1 4660 443\r\nGET / HTTP/1.1\r\n"),
  Buffer.from("PROXY TCP6 2001:db8::1 2001:db8::2 4660 443\r\nGET"),
  Buffer.from("PROXY UNKNOWN\r\n\r\n"),
  Buffer.from("0d0a0d0a000d0a515549540a2111000ccb0071070a000001123401bb474554", "hex"),
  Buffer.from("0d0a0d0a000d0a515549540a21110010cb0071070a000001123401bb0400010047", "hex"),
  Buffer.from(`0d0a0d0a000d0a515549540a21210024${"20010db8000000000000000000000001".repeat(2)}123401bb47`, "hex"),
  Buffer.from("0d0a0d0a000d0a515549540a2000000047", "hex"),
];

test(`fuzz: PROXY headers (PORTICO_FUZZ_SEED=${seed})`, { timeout: 60_000 + durationMs }, () => {
  const isTimeLeft = within(durationMs);
  const kinds: Record<ProxyHeader["kind"], number> = { incomplete: 0, malformed: 0, own: 0, client: 0 };
  while (isTimeLeft()) {
    const bytes = broken(Buffer.from(pick(random, whole)));
    const header = parseProxyHeader(bytes);
    kinds[header.kind]++;
    const shown = bytes.toString("hex");
    if (header.kind === "client") {
      const { address, port, calledPort } = header.client;
      assert.ok(parseIpAddress(address) !== undefined && port <= 65_535 && calledPort <= 65_535, shown);
    }
    // A shorter beginning is the same header, or not yet one; it is never another.
    const part = parseProxyHeader(bytes.subarray(0, below(random, bytes.length + 1)));
    if (part.kind !== "incomplete") assert.deepEqual(part, header, shown);
    if (part.kind === "incomplete" && header.kind === "incomplete") continue;
    if (header.kind === "client" || header.kind === "own") assert.ok(header.end <= bytes.length, shown);
  }
  for (const [kind, count] of Object.entries(kinds)) assert.ok(count > 50, `${kind}: ${count}`);
});

function broken(bytes: Buffer): Buffer {
  for (let count = below(random, 3); count > 0; count--) bytes[below(random, bytes.length)] = below(random, 256);
  const keeps = below(random, 4) > 0;
  return keeps ? bytes : bytes.subarray(0, below(random, bytes.length + 1));
}
