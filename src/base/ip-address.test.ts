import assert from "node:assert/strict";
import { BlockList, isIP } from "node:net";
import { test } from "node:test";
import { formatIpAddress, isInNetwork, parseIpAddress, parseIpNetwork } from "./ip-address.ts";

const written = (text: string): string | undefined => {
  const address = parseIpAddress(text);
  return address === undefined ? undefined : formatIpAddress(address);
};

test("an address is written in its one usual form", () => {
  const rows: Readonly<Record<string, string>> = {
    "1.2.3.4": "1.2.3.4",
    "255.255.255.255": "255.255.255.255",
    "::ffff:10.0.0.1": "10.0.0.1",
    "::FFFF:0A00:0001": "10.0.0.1",
    "0:0:0:0:0:ffff:1.2.3.4": "1.2.3.4",
    "2001:DB8:0:0:1:0:0:1": "2001:db8::1:0:0:1",
    "2001:db8:0:1:1:1:1:1": "2001:db8:0:1:1:1:1:1",
    "::": "::",
    "::1": "::1",
    "1::": "1::",
    "64:ff9b::1.2.3.4": "64:ff9b::102:304",
    "0:0:0:0:0:0:0:1": "::1",
  };
  for (const [text, expected] of Object.entries(rows)) assert.equal(written(text), expected, text);
});

test("what is no address is refused", () => {
  const rows = [
    [
      "",
      " ",
      "localhost",
      "unknown",
      "1.2.3",
      "1.2.3.4.5",
      "1.2.3.256",
      "01.2.3.4",
      "1.2.3.04",
      "1.2.3.-4",
      "1.2.3.4 ",
    ],
    [
      "0x7f.1.1.1",
      "2130706433",
      "1.2.3.4:80",
      "[::1]",
      "::1%eth0",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      ":::",
      "1::2::3",
    ],
    ["::1.2.3", "1.2.3.4::", "::12345", "1:2:3:4:5:6:7::8", "::1.2.3.4:5", ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", "::g"],
    ["1".repeat(1_000_000), "1.".repeat(500_000), ":".repeat(1_000_000)],
  ].flat();
  for (const text of rows) assert.equal(parseIpAddress(text), undefined, text.slice(0, 40));
});

test("an address is in a network that has its first bits, and in none of the other family", () => {
  const rows: readonly (readonly [network: string, inside: string, outside: string])[] = [
    ["10.0.0.0/8", "10.255.0.1", "11.0.0.0"],
    ["10.0.0.5/8", "10.1.1.1", "9.255.255.255"],
    ["192.168.1.128/25", "192.168.1.200", "192.168.1.127"],
    ["203.0.113.7", "203.0.113.7", "203.0.113.6"],
    ["203.0.113.7/32", "::ffff:203.0.113.7", "::cb00:7107"],
    ["0.0.0.0/0", "255.1.1.1", "::1"],
    ["::/0", "2001::", "1.1.1.1"],
    ["::ffff:10.0.0.0/104", "10.2.3.4", "11.2.3.4"],
    ["2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"],
    ["2001:db8::1", "2001:DB8:0::1", "2001:db8::2"],
    ["128.0.0.0/1", "200.1.1.1", "127.255.255.255"],
  ];
  for (const [text, inside, outside] of rows) {
    const network = parseIpNetwork(text)!;
    assert.equal(isInNetwork(parseIpAddress(inside)!, network), true, `${inside} in ${text}`);
    assert.equal(isInNetwork(parseIpAddress(outside)!, network), false, `${outside} in ${text}`);
  }
});

test("what is no network is refused", () => {
  for (const text of ["", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/8/8", "10.0.0/8"]) {
    assert.equal(parseIpNetwork(text), undefined, text);
  }
  for (const text of ["::/129", "::ffff:1.2.3.4/95", "10.0.0.0/ 8", "10.0.0.0/8 ", "*", "10.*"]) {
    assert.equal(parseIpNetwork(text), undefined, text);
  }
});

test("Node.js reads the same texts as addresses, and finds the same ones in a network", () => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  const parts = ["0", "1", "ff", "ffff", "10", "255", "256", "00", ":", "::", ".", "a", "1.2.3.4"];
  for (let round = 0; round < 20_000; round++) {
    let text = "";
    for (let count = 1 + random(12); count > 0; count--) text += parts[random(parts.length)]!;
    const family = isIP(text);
    assert.equal(parseIpAddress(text) !== undefined, family !== 0, text);
    if (family !== 4) continue;
    const bits = random(33);
    const list = new BlockList();
    list.addSubnet("10.1.255.0", bits);
    assert.equal(isInNetwork(parseIpAddress(text)!, parseIpNetwork(`10.1.255.0/${bits}`)!), list.check(text), text);
  }
});
