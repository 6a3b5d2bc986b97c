// Addresses and blocks of addresses, as IP sets have them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { IpRanges, isIpv4Key, parseAddress, parseCidr } from "./ip-ranges.ts";

const has = (cidrs: readonly string[], address: string): boolean => new IpRanges(cidrs).has(parseAddress(address)!);

test("an address is in a set if one of the set's blocks holds it", () => {
  const table: readonly (readonly [cidrs: readonly string[], inside: readonly string[], outside: readonly string[]])[] =
    [
      [["192.0.2.0/24"], ["192.0.2.0", "192.0.2.255", "::ffff:192.0.2.7"], ["192.0.1.255", "192.0.3.0", "2001:db8::1"]],
      [["192.0.2.44/32"], ["192.0.2.44"], ["192.0.2.43", "192.0.2.45"]],
      [["10.0.0.0/1"], ["0.0.0.0", "127.255.255.255"], ["128.0.0.0"]],
      [
        ["10.0.0.0/8", "10.1.0.0/16", "11.0.0.0/8"],
        ["10.1.2.3", "10.255.0.1", "11.0.0.0"],
        ["9.255.255.255", "12.0.0.0"],
      ],
      [["2001:db8::/32"], ["2001:db8::1", "2001:db8:ffff:ffff::"], ["2001:db9::", "192.0.2.1"]],
      [["2001:db8::1/128"], ["2001:db8:0:0:0:0:0:1"], ["2001:db8::2"]],
      [[], [], ["192.0.2.1", "::1"]],
    ];
  for (const [cidrs, inside, outside] of table) {
    for (const address of inside) assert.equal(has(cidrs, address), true, `${address} in ${cidrs}`);
    for (const address of outside) assert.equal(has(cidrs, address), false, `${address} not in ${cidrs}`);
  }
});

test("what is no address or block is told from one", () => {
  for (const text of [
    "",
    "192.0.2",
    "192.0.2.256",
    "192.0.2.1:80",
    "[::1]",
    "fe80::1%eth0",
    "unknown",
    "1",
    "::ffff:1.2.3",
  ]) {
    assert.equal(parseAddress(text), undefined, text);
  }
  for (const text of ["192.0.2.1", "192.0.2.0/33", "192.0.2.0/-1", "2001:db8::/129", "192.0.2.0/24/1", "/24", "a/8"]) {
    assert.equal(parseCidr(text), undefined, text);
  }
  assert.equal(isIpv4Key(parseAddress("192.0.2.1")!), true);
  assert.equal(isIpv4Key(parseAddress("::1")!), false);
});
