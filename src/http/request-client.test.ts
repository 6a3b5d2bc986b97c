import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIpNetwork } from "../base/ip-address.ts";
import { forwardedClient, isTrusted, makeClient, type RequestClient } from "./request-client.ts";

const proxies = ["127.0.0.1", "10.0.0.0/8", "2001:db8:ffff::/48"].map((text) => parseIpNetwork(text)!);
const proxy = makeClient({ address: "::ffff:10.0.0.1", port: 1234, calledPort: 4566, isEncrypted: false });

/** Headers as names and values in turn. */
function clientOf(...rawHeaders: readonly string[]): RequestClient {
  const headerNames = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  return forwardedClient(proxy, { headerNames, rawHeaders }, proxies);
}

test("X-Forwarded-For is believed from right to left, through trusted proxies only", () => {
  const rows: readonly (readonly [values: readonly string[], client: string, forwardedFor: string | undefined])[] = [
    [[], "10.0.0.1", undefined],
    [["203.0.113.7"], "203.0.113.7", "203.0.113.7"],
    [["203.0.113.7, 10.9.9.9"], "203.0.113.7", "203.0.113.7"],
    [["10.9.9.9, 203.0.113.7"], "203.0.113.7", "10.9.9.9, 203.0.113.7"],
    [["127.0.0.1, 198.51.100.1, 203.0.113.7,10.1.1.1"], "203.0.113.7", "127.0.0.1, 198.51.100.1, 203.0.113.7"],
    [["no address, 203.0.113.7"], "203.0.113.7", "no address, 203.0.113.7"],
    [["10.1.1.1", "203.0.113.7", "10.2.2.2"], "203.0.113.7", "10.1.1.1, 203.0.113.7"],
    [["10.3.3.3, 10.1.1.1"], "10.3.3.3", "10.3.3.3"],
    [["::ffff:203.0.113.7"], "203.0.113.7", "203.0.113.7"],
    [["203.0.113.7:5678"], "203.0.113.7", "203.0.113.7"],
    [["[2001:DB8:0::1]:443"], "2001:db8::1", "2001:db8::1"],
    [["2001:DB8:0::1"], "2001:db8::1", "2001:db8::1"],
    [["2001:db8::1, 2001:db8:ffff::9"], "2001:db8::1", "2001:db8::1"],
    [[", 203.0.113.7"], "203.0.113.7", ", 203.0.113.7"],
  ];
  for (const [values, address, forwardedFor] of rows) {
    const client = clientOf(...values.flatMap((value) => ["X-Forwarded-For", value]));
    assert.deepEqual(
      [client.address, client.forwardedFor, client.problem],
      [address, forwardedFor, undefined],
      values.join(),
    );
  }
});

test("what a trusted proxy added and nobody can read leaves no client", () => {
  const rows = ["", "unknown", "203.0.113.7,", "203.0.113.7, _hidden", "203.0.113.7, 10.0.0.1:x", "[10.0.0.1]", "[::1"];
  for (const value of [...rows, "1.2.3.4:123456", "01.2.3.4", "10.0.0.1%eth0", "x".repeat(8_000)]) {
    const client = clientOf("x-forwarded-for", value);
    assert.equal(client.problem, "a trusted proxy added to X-Forwarded-For what is no address", value.slice(0, 40));
  }
  const chain = Array<string>(5_000).fill("10.0.0.1").join(",");
  assert.equal(clientOf("x-forwarded-for", chain).problem, "X-Forwarded-For names more than 32 trusted proxies");
});

test("the client called by TLS if every value says so, and at the one port that is named", () => {
  const rows: readonly (readonly [headers: readonly string[], isEncrypted: boolean, calledPort: number])[] = [
    [[], false, 4566],
    [["X-Forwarded-Proto", "https"], true, 443],
    [["X-Forwarded-Proto", "HTTPS"], true, 443],
    [["X-Forwarded-Proto", "http"], false, 80],
    [["X-Forwarded-Proto", "https, http"], false, 80],
    [["X-Forwarded-Proto", "https", "x-forwarded-proto", "https"], true, 443],
    [["X-Forwarded-Proto", "https", "x-forwarded-proto", "http"], false, 80],
    [["X-Forwarded-Proto", "wss"], false, 80],
    [["X-Forwarded-Proto", ""], false, 80],
    [["X-Forwarded-Proto", "https", "X-Forwarded-Port", "8443"], true, 8443],
    [["X-Forwarded-Proto", "https", "X-Forwarded-Port", "8443, 80"], true, 443],
    [["X-Forwarded-Proto", "https", "X-Forwarded-Port", "70000"], true, 443],
    [["X-Forwarded-Port", "0"], false, 4566],
    [["X-Forwarded-Port", "+80"], false, 4566],
    [["X-Forwarded-Port", "81"], false, 81],
  ];
  for (const [headers, isEncrypted, calledPort] of rows) {
    const client = clientOf("X-Forwarded-For", "203.0.113.7", ...headers);
    assert.deepEqual([client.isEncrypted, client.calledPort], [isEncrypted, calledPort], headers.join());
  }
});

test("only an address of the list is a trusted proxy", () => {
  const trusted = (address: string): boolean =>
    isTrusted(makeClient({ address, port: 1, calledPort: 1, isEncrypted: false }).ip, proxies);
  assert.deepEqual(["127.0.0.1", "::ffff:127.0.0.1", "10.255.255.255", "2001:db8:ffff::1"].map(trusted), [
    true,
    true,
    true,
    true,
  ]);
  assert.deepEqual(["127.0.0.2", "::1", "11.0.0.1", "2001:db8::1", "", "unknown"].map(trusted), Array(6).fill(false));
});
