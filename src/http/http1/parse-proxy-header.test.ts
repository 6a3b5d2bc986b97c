import assert from "node:assert/strict";
import { test } from "node:test";
import { parseProxyHeader } from "./parse-proxy-header.ts";

const signature = Buffer.from("0d0a0d0a000d0a515549540a", "hex");

interface BinaryParts {
  readonly versionAndCommand?: number;
  readonly family?: number;
  readonly body?: Buffer;
  readonly length?: number;
}

/** A header of version 2 as its author would write it; what differs is malformed or rare. */
function binary({
  versionAndCommand = 0x21,
  family = 0x11,
  body = tcp4,
  length = body.length,
}: BinaryParts = {}): Buffer {
  const head = Buffer.from([versionAndCommand, family, length >> 8, length & 0xff]);
  return Buffer.concat([signature, head, body]);
}
const tcp4 = Buffer.from([203, 0, 113, 7, 10, 0, 0, 1, 0x12, 0x34, 0x01, 0xbb]);
const tcp6 = Buffer.from("20010db8000000000000000000000001" + "20010db8000000000000000000000002" + "123401bb", "hex");
const mapped6 = Buffer.from(
  "00000000000000000000ffffcb007107" + "20010db8000000000000000000000002" + "123401bb",
  "hex",
);
const tlvs = Buffer.from([0x04, 0, 0, 0xea, 0, 3, 1, 2, 3, 0x20, 0, 0]);

const parse = (bytes: Buffer | string): ReturnType<typeof parseProxyHeader> =>
  parseProxyHeader(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);

test("both versions say who the client is, and where the connection's own bytes begin", () => {
  const v4 = { address: "203.0.113.7", port: 0x1234, calledPort: 443 };
  const rows: readonly (readonly [header: Buffer | string, client: object])[] = [
    ["PROXY TCP4 203.0.113.7 10.0.0.1 4660 443\r\n", v4],
    ["PROXY TCP6 2001:DB8::1 2001:db8::2 4660 443\r\n", { ...v4, address: "2001:db8::1" }],
    ["PROXY TCP6 ::ffff:203.0.113.7 2001:db8::2 4660 443\r\n", v4],
    [
      "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n",
      { address: "255.255.255.255", port: 65_535, calledPort: 65_535 },
    ],
    [binary(), v4],
    [binary({ body: Buffer.concat([tcp4, tlvs]) }), v4],
    [binary({ family: 0x21, body: tcp6 }), { ...v4, address: "2001:db8::1" }],
    [binary({ family: 0x21, body: Buffer.concat([mapped6, tlvs]) }), v4],
  ];
  for (const [header, client] of rows) {
    const bytes = Buffer.from(header as string, "latin1");
    const whole = Buffer.concat([bytes, Buffer.from("GET / HTTP/1.1\r\n")]);
    assert.deepEqual(parse(whole), { kind: "client", end: bytes.length, client });
    for (let length = 0; length < bytes.length; length++) {
      assert.deepEqual(parse(bytes.subarray(0, length)), { kind: "incomplete" }, `${length} bytes`);
    }
  }
});

test("a connection of the proxy's own, or of a client that it does not know, has the connection's addresses", () => {
  const rows = [
    "PROXY UNKNOWN\r\n",
    "PROXY UNKNOWN 1.2.3.4 5.6.7.8 1 2\r\n",
    "PROXY UNKNOWN whatever it says\r\n",
    binary({ versionAndCommand: 0x20 }),
    binary({ versionAndCommand: 0x20, family: 0x00, body: Buffer.alloc(0) }),
    binary({ versionAndCommand: 0x20, family: 0x31, body: Buffer.alloc(216) }),
    binary({ versionAndCommand: 0x21, family: 0x00, body: Buffer.alloc(3) }),
  ];
  for (const row of rows) {
    const bytes = Buffer.from(row as string, "latin1");
    assert.deepEqual(parse(Buffer.concat([bytes, Buffer.from("G")])), { kind: "own", end: bytes.length });
  }
});

test("a header that is not exactly as specified is malformed, as soon as that can be known", () => {
  const rows: readonly (Buffer | string)[] = [
    "G",
    "GET / HTTP/1.1\r\n",
    "proxy TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
    "PROXYTCP4",
    "PROXY\tTCP4 1.2.3.4 5.6.7.8 1 2\r\n",
    "PROXY  TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
    "PROXY TCP4 1.2.3.4  5.6.7.8 1 2\r\n",
    "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n",
    "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n",
    "PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n",
    "PROXY TCP4\r\n",
    "PROXY \r\n",
    "PROXY TCP5 1.2.3.4 5.6.7.8 1 2\r\n",
    "PROXY UNKNOWNS\r\n",
    "PROXY UNIX 1.2.3.4 5.6.7.8 1 2\r\n",
    "PROXY TCP4 ::1 ::2 1 2\r\n",
    "PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n",
    "PROXY TCP4 01.2.3.4 5.6.7.8 1 2\r\n",
    "PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n",
    "PROXY TCP4 1.2.3.4 localhost 1 2\r\n",
    "PROXY TCP6 ::1%eth0 ::2 1 2\r\n",
    "PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n",
    "PROXY TCP4 1.2.3.4 5.6.7.8 +1 2\r\n",
    "PROXY TCP4 1.2.3.4 5.6.7.8 65536 2\r\n",
    "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n\r\n",
    "PROXY TCP4 1.2.3.4\r5.6.7.8 1 2\r\n",
    "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\0\r\n",
    `PROXY UNKNOWN ${"x".repeat(200)}\r\n`,
    `PROXY UNKNOWN ${"x".repeat(93)}`,
    "\r\n\r\n\0\r\nQUIR",
    "\r\nGET / HTTP/1.1\r\n",
    binary({ versionAndCommand: 0x11 }),
    binary({ versionAndCommand: 0x22 }),
    binary({ family: 0x12 }),
    binary({ family: 0x31, body: Buffer.alloc(216) }),
    binary({ family: 0x41 }),
    binary({ body: tcp4.subarray(0, 11) }),
    binary({ family: 0x21, body: tcp4 }),
    binary({ body: Buffer.concat([tcp4, Buffer.from([0x04])]) }),
    binary({ body: Buffer.concat([tcp4, Buffer.from([0x04, 0, 1])]) }),
    binary({ body: Buffer.concat([tcp4, Buffer.from([0x04, 0xff, 0xff, 1])]) }),
    binary({ length: 65_535 }),
    binary({ length: 8_193 }),
  ];
  for (const row of rows) assert.equal(parse(row).kind, "malformed", JSON.stringify(row.toString("latin1")));
});
