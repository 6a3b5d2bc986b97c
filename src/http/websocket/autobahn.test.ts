// The cases of the Autobahn test suite, by their numbers, against a WebSocket that echoes. `byAws` says where AWS's limits
// decide otherwise than the suite's "OK": binary frames close with 1003, frames over 32 KB and messages over 128 KB with 1009.
// Autobahn: "Autobahn|Testsuite", case descriptions. Left out: 12 and 13, compression, which is never agreed on.
import assert from "node:assert/strict";
import { test } from "node:test";
import { clientFrame, WebSocketUnderTest } from "../../../test/websocket-under-test.ts";

interface Case {
  readonly number: string;
  readonly send: readonly Buffer[];
  /** The frames that come back; a case that ends otherwise than by the client's close has the server's `close:CODE`. */
  readonly expect: readonly string[];
  readonly byAws?: string;
  /** How many bytes come at a time. */
  readonly chop?: number;
}

const text = (payload: Buffer | string): Buffer => clientFrame(0x81, payload);
const binary = (payload: Buffer | string): Buffer => clientFrame(0x82, payload);
const begin = (payload: Buffer | string): Buffer => clientFrame(0x01, payload);
const more = (payload: Buffer | string): Buffer => clientFrame(0x00, payload);
const last = (payload: Buffer | string): Buffer => clientFrame(0x80, payload);
const ping = (payload: Buffer | string): Buffer => clientFrame(0x89, payload);
const pong = (payload: Buffer | string): Buffer => clientFrame(0x8a, payload);
const close = (code?: number, reason: Buffer | string = ""): Buffer =>
  clientFrame(
    0x88,
    code === undefined ? "" : Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]),
  );
const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(" ", ""), "hex");
/** A message in frames of one size. */
const inParts = (payload: Buffer, size: number): Buffer[] => {
  const frames: Buffer[] = [];
  for (let at = 0; at < payload.length; at += size) {
    const end = Math.min(payload.length, at + size);
    frames.push(clientFrame((at === 0 ? 0x01 : 0) | (end === payload.length ? 0x80 : 0), payload.subarray(at, end)));
  }
  return frames;
};

const binaryRefused = "no binary frames";
const tooBig = "frames of 32 KB and messages of 128 KB at most";
const hello = "Hello, world!";

const framing: Case[] = [0, 125, 126, 127, 128, 65_535, 65_536, 65_536].flatMap((length, index) => {
  const payload = "*".repeat(length);
  const chop = index === 7 ? { chop: 997 } : {};
  const isTooBig = length > 32_768;
  return [
    {
      number: `1.1.${index + 1}`,
      send: [text(payload)],
      expect: [isTooBig ? "close:1009" : `text:${payload}`],
      ...(isTooBig ? { byAws: tooBig } : {}),
      ...chop,
    },
    { number: `1.2.${index + 1}`, send: [binary(payload)], expect: ["close:1003"], byAws: binaryRefused, ...chop },
  ];
});

const bytes125 = Buffer.alloc(125, 0xfe);
const tenPings = Array.from({ length: 10 }, (_, index) => ping(`payload-${index}`));
const tenPongs = Array.from({ length: 10 }, (_, index) => `pong:payload-${index}`);
const pings: Case[] = [
  { number: "2.1", send: [ping("")], expect: ["pong:"] },
  { number: "2.2", send: [ping(hello)], expect: [`pong:${hello}`] },
  { number: "2.3", send: [ping(hex("00fffefdfcfb00ff"))], expect: ["pong:\0\xff\xfe\xfd\xfc\xfb\0\xff"] },
  { number: "2.4", send: [ping(bytes125)], expect: [`pong:${bytes125.toString("latin1")}`] },
  { number: "2.5", send: [ping(Buffer.alloc(126, 0xfe))], expect: ["close:1002"] },
  { number: "2.6", send: [ping(bytes125)], expect: [`pong:${bytes125.toString("latin1")}`], chop: 1 },
  { number: "2.7", send: [pong("")], expect: [] },
  { number: "2.8", send: [pong("unsolicited")], expect: [] },
  { number: "2.9", send: [pong("unsolicited"), ping("x")], expect: ["pong:x"] },
  { number: "2.10", send: tenPings, expect: tenPongs },
  { number: "2.11", send: tenPings, expect: tenPongs, chop: 1 },
];

const reserved: Case[] = [
  { number: "3.1", send: [clientFrame(0x91, hello)], expect: ["close:1002"] },
  ...[undefined, 100_000, 1].map((chop, index) => ({
    number: `3.${index + 2}`,
    send: [text(hello), clientFrame(0x81 | ((index + 2) << 4), hello), ping("")],
    expect: [`text:${hello}`, "close:1002"],
    ...(chop === undefined ? {} : { chop }),
  })),
  { number: "3.5", send: [clientFrame(0x82 | 0x50, hello)], expect: ["close:1002"] },
  { number: "3.6", send: [clientFrame(0x89 | 0x60, hello)], expect: ["close:1002"] },
  { number: "3.7", send: [clientFrame(0x88 | 0x70, "")], expect: ["close:1002"] },
];

const opcodes: Case[] = [3, 11].flatMap((first, group) =>
  [0, 1, 2, 3, 4].map((index) => {
    const odd = clientFrame(0x80 | (first + index), index % 2 === 1 || index === 4 ? hello : "");
    const isAlone = index < 2;
    return {
      number: `4.${group + 1}.${index + 1}`,
      send: isAlone ? [odd] : [text(hello), odd, ping("")],
      expect: isAlone ? ["close:1002"] : [`text:${hello}`, "close:1002"],
      ...(index === 4 ? { chop: 1 } : {}),
    };
  }),
);

/** A case in three ways: all at once, frame by frame, and byte by byte. */
const threeWays = (from: number, send: readonly Buffer[], expect: readonly string[]): Case[] => [
  { number: `5.${from}`, send, expect },
  { number: `5.${from + 1}`, send, expect, chop: 13 },
  { number: `5.${from + 2}`, send, expect, chop: 1 },
];
const fiveParts = [begin("1"), more("2"), ping("a"), more("3"), more("4"), ping("b"), last("5")];
const fragments: Case[] = [
  { number: "5.1", send: [clientFrame(0x09, "a"), last("b")], expect: ["close:1002"] },
  { number: "5.2", send: [clientFrame(0x0a, "a"), last("b")], expect: ["close:1002"] },
  ...threeWays(3, [begin("fragment1"), last("fragment2")], ["text:fragment1fragment2"]),
  ...threeWays(6, [begin("fragment1"), ping("p"), last("fragment2")], ["pong:p", "text:fragment1fragment2"]),
  ...threeWays(9, [last("nothing"), text(hello)], ["close:1002"]),
  ...threeWays(12, [more("nothing"), text(hello)], ["close:1002"]),
  {
    number: "5.15",
    send: [begin("fragment1"), last("fragment2"), more("fragment3"), text("fragment4")],
    expect: ["text:fragment1fragment2", "close:1002"],
  },
  { number: "5.16", send: [more("fragment1"), text("fragment2"), more("fragment1")], expect: ["close:1002"] },
  { number: "5.17", send: [last("fragment1"), text("fragment2"), last("fragment1")], expect: ["close:1002"] },
  { number: "5.18", send: [begin("fragment1"), text("fragment2")], expect: ["close:1002"] },
  { number: "5.19", send: fiveParts, expect: ["pong:a", "pong:b", "text:12345"], chop: 7 },
  { number: "5.20", send: fiveParts, expect: ["pong:a", "pong:b", "text:12345"] },
];

const kosme = hex("ceba e1bdb9 cf83 cebc ceb5");
const edited = Buffer.from("edited");
const german = Buffer.from("Hello-µ@ßöäüàá-UTF-8!!");
const pastUnicode = hex("f4908080");
/** The message is echoed, or refused. */
const unicode = (number: string, payload: Buffer, isValid: boolean): Case => ({
  number,
  send: [text(payload)],
  expect: [isValid ? `text:${payload.toString()}` : "close:1007"],
});
const many = (group: number, isValid: boolean | readonly boolean[], payloads: readonly string[]): Case[] =>
  payloads.map((digits, index) =>
    unicode(`6.${group}.${index + 1}`, hex(digits), typeof isValid === "boolean" ? isValid : isValid[index]!),
  );
const planes = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f", "10"];
const noncharacters = planes.flatMap((plane) =>
  ["fffe", "ffff"].map((end) => Buffer.from(String.fromCodePoint(Number.parseInt(plane + end, 16))).toString("hex")),
);
/** The bytes from a first to a last one, each behind what is before. */
const bytesOf = (from: number, to: number, behind = ""): string =>
  Array.from({ length: to - from + 1 }, (_, index) => (from + index).toString(16) + behind).join("");
const lastMissing = [
  "c0",
  "e080",
  "f08080",
  "f8808080",
  "fc80808080",
  "df",
  "efbf",
  "f7bfbf",
  "fbbfbfbf",
  "fdbfbfbfbf",
];
const utf8: Case[] = [
  { number: "6.1.1", send: [text("")], expect: ["text:"] },
  { number: "6.1.2", send: [begin(""), more(""), last("")], expect: ["text:"] },
  { number: "6.1.3", send: [begin(""), more("middle frame payload"), last("")], expect: ["text:middle frame payload"] },
  unicode("6.2.1", german, true),
  {
    number: "6.2.2",
    send: [begin(german.subarray(0, 12)), last(german.subarray(12))],
    expect: [`text:${german.toString()}`],
  },
  { number: "6.2.3", send: inParts(german, 1), expect: [`text:${german.toString()}`] },
  { number: "6.2.4", send: inParts(kosme, 1), expect: [`text:${kosme.toString()}`] },
  unicode("6.3.1", Buffer.concat([kosme, hex("eda080"), edited]), false),
  { number: "6.3.2", send: inParts(Buffer.concat([kosme, hex("eda080"), edited]), 1), expect: ["close:1007"] },
  // At once: what would make the message whole is not sent.
  { number: "6.4.1", send: [begin(kosme), more(pastUnicode)], expect: ["close:1007"] },
  {
    number: "6.4.2",
    send: [begin(Buffer.concat([kosme, hex("f4")])), more(hex("90"))],
    expect: ["close:1007"],
  },
  {
    number: "6.4.3",
    send: [clientFrame(0x81, Buffer.concat([kosme, pastUnicode, edited])).subarray(0, 6 + kosme.length + 4)],
    expect: ["close:1007"],
    chop: 6 + kosme.length,
  },
  {
    number: "6.4.4",
    send: [clientFrame(0x81, Buffer.concat([kosme, pastUnicode, edited])).subarray(0, 6 + kosme.length + 2)],
    expect: ["close:1007"],
    chop: 6 + kosme.length + 1,
  },
  ...[
    "68656c6c6f24776f726c64",
    "68656c6c6fc2a2776f726c64",
    "68656c6c6fe282ac776f726c64",
    "68656c6c6ff0a4ada2776f726c64",
  ].map((digits, index) => unicode(`6.5.${index + 1}`, hex(digits), true)),
  unicode("6.5.5", kosme, true),
  // Each beginning of the Greek word; a character that is cut is refused.
  ...Array.from({ length: kosme.length }, (_, index) =>
    unicode(`6.6.${index + 1}`, kosme.subarray(0, index + 1), [2, 5, 7, 9, 11].includes(index + 1)),
  ),
  ...many(7, true, ["00", "c280", "e0a080", "f0908080"]),
  ...many(8, false, ["f888808080", "fc8480808080"]),
  ...many(9, true, ["7f", "dfbf", "efbfbf", "f48fbfbf"]),
  ...many(10, false, ["f7bfbfbf", "fbbfbfbfbf", "fdbfbfbfbfbf"]),
  ...many(11, [true, true, true, true, false], ["ed9fbf", "ee8080", "efbfbd", "f48fbfbf", "f4908080"]),
  ...many(12, false, [
    "80",
    "bf",
    ...[2, 3, 4, 5, 6].map((count) => "80bf".repeat(count).slice(0, 2 * count)),
    bytesOf(0x80, 0xbe),
  ]),
  ...many(13, false, [
    bytesOf(0xc0, 0xde, "20"),
    bytesOf(0xe0, 0xee, "20"),
    bytesOf(0xf0, 0xf6, "20"),
    bytesOf(0xf8, 0xfa, "20"),
    bytesOf(0xfc, 0xfc, "20"),
  ]),
  ...many(14, false, lastMissing),
  ...many(15, false, [lastMissing.join("")]),
  ...many(16, false, ["fe", "ff", "fefeffff"]),
  ...many(17, false, ["c0af", "e080af", "f08080af", "f8808080af", "fc80808080af"]),
  ...many(18, false, ["c1bf", "e09fbf", "f08fbfbf", "f887bfbfbf", "fc83bfbfbfbf"]),
  ...many(19, false, ["c080", "e08080", "f0808080", "f880808080", "fc8080808080"]),
  ...many(20, false, ["eda080", "edadbf", "edae80", "edafbf", "edb080", "edbe80", "edbfbf"]),
  ...many(21, false, [
    ...["eda080edb080", "eda080edbfbf", "edadbfedb080", "edadbfedbfbf"],
    ...["edae80edb080", "edae80edbfbf", "edafbfedb080", "edafbfedbfbf"],
  ]),
  ...many(22, true, ["efbfbe", "efbfbf", ...noncharacters]),
  ...many(23, true, ["efbfb9", "efbfba", "efbfbb", "efbfbc", "efbfbd", "efbfbe", "efbfbf"]),
];

const closing: Case[] = [
  { number: "7.1.1", send: [text(hello), close(1000)], expect: [`text:${hello}`, "close:1000"] },
  { number: "7.1.2", send: [close(1000), close(1000)], expect: ["close:1000"] },
  { number: "7.1.3", send: [close(1000), ping("")], expect: ["close:1000"] },
  { number: "7.1.4", send: [close(1000), text(hello)], expect: ["close:1000"] },
  { number: "7.1.5", send: [begin("fragment1"), close(1000), last("fragment2")], expect: ["close:1000"] },
  { number: "7.1.6", send: [text("*".repeat(262_144)), close(1000)], expect: ["close:1009"], byAws: tooBig },
  { number: "7.3.1", send: [close()], expect: ["close:"] },
  { number: "7.3.2", send: [clientFrame(0x88, "a")], expect: ["close:1002"] },
  { number: "7.3.3", send: [close(1000)], expect: ["close:1000"] },
  { number: "7.3.4", send: [close(1000, "Hello World!")], expect: ["close:1000"] },
  { number: "7.3.5", send: [close(1000, "*".repeat(123))], expect: ["close:1000"] },
  { number: "7.3.6", send: [close(1000, "*".repeat(124))], expect: ["close:1002"] },
  {
    number: "7.5.1",
    send: [close(1000, Buffer.concat([kosme, hex("eda080"), edited]))],
    expect: ["close:1007"],
  },
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999].map((code, index) => ({
    number: `7.7.${index + 1}`,
    send: [close(code)],
    expect: [`close:${code}`],
  })),
  ...[0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999].map((code, index) => ({
    number: `7.9.${index + 1}`,
    send: [close(code)],
    expect: ["close:1002"],
  })),
  ...[5000, 65_535].map((code, index) => ({
    number: `7.13.${index + 1}`,
    send: [close(code)],
    expect: ["close:1002"],
  })),
];

const kilobyte = 1_024;
const megabyte = kilobyte * kilobyte;
const sizes = [64 * kilobyte, 256 * kilobyte, megabyte, 4 * megabyte, 8 * megabyte, 16 * megabyte];
const parts = [64, 256, kilobyte, 4 * kilobyte, 16 * kilobyte, 64 * kilobyte, 256 * kilobyte, megabyte, 4 * megabyte];
/** What is sent up to where the server has refused it; more than a megabyte would only be thrown away. */
const large = (length: number): Buffer => Buffer.alloc(Math.min(length, megabyte), "*");
const limits: Case[] = [
  ...sizes.flatMap((length, index): Case[] => {
    const payload = large(length);
    return [
      { number: `9.1.${index + 1}`, send: [clientFrame(0x81, payload, length)], expect: ["close:1009"], byAws: tooBig },
      {
        number: `9.2.${index + 1}`,
        send: [clientFrame(0x82, payload, length)],
        expect: ["close:1003"],
        byAws: binaryRefused,
      },
    ];
  }),
  ...parts.flatMap((size, index): Case[] => [
    {
      number: `9.3.${index + 1}`,
      send: inParts(large(4 * megabyte), size),
      expect: ["close:1009"],
      byAws: tooBig,
    },
    {
      number: `9.4.${index + 1}`,
      send: [clientFrame(0x02, large(size))],
      expect: ["close:1003"],
      byAws: binaryRefused,
    },
  ]),
  ...[64, 128, 256, 512, 1_024, 2_048].flatMap((chop, index): Case[] => [
    { number: `9.5.${index + 1}`, send: [text(large(megabyte))], expect: ["close:1009"], byAws: tooBig, chop },
    { number: `9.6.${index + 1}`, send: [binary(large(megabyte))], expect: ["close:1003"], byAws: binaryRefused, chop },
  ]),
  ...[0, 16, 64, 256, 1_024, 4_096].flatMap((length, index): Case[] => [
    {
      number: `9.7.${index + 1}`,
      send: Array.from({ length: 1_000 }, () => text("*".repeat(length))),
      expect: Array.from({ length: 1_000 }, () => `text:${"*".repeat(length)}`),
    },
    { number: `9.8.${index + 1}`, send: [binary(large(length))], expect: ["close:1003"], byAws: binaryRefused },
  ]),
  {
    number: "10.1.1",
    send: inParts(Buffer.alloc(65_536, "*"), 1_300),
    expect: [`text:${"*".repeat(65_536)}`],
  },
];

function run({ number, send, expect, chop = 65_536 }: Case): void {
  const webSocket = new WebSocketUnderTest();
  const bytes = Buffer.concat(send);
  for (let at = 0; at < bytes.length; at += chop) webSocket.receive(bytes.subarray(at, at + chop));
  if (!webSocket.socket.isEnded) webSocket.receive(close(1000));
  const isEndedByClose = expect.at(-1)?.startsWith("close:") === true;
  assert.deepEqual(webSocket.frames, isEndedByClose ? expect : [...expect, "close:1000"], number);
  assert.equal(webSocket.closes.length, 1, number);
  assert.ok(webSocket.socket.isEnded, number);
}

const groups: Readonly<Record<string, readonly Case[]>> = {
  "1 framing": framing,
  "2 pings and pongs": pings,
  "3 reserved bits": reserved,
  "4 opcodes": opcodes,
  "5 fragmentation": fragments,
  "6 UTF-8": utf8,
  "7 closing": closing,
  "9 and 10, limits": limits,
};
for (const [name, cases] of Object.entries(groups)) {
  const count = cases.filter(({ byAws }) => byAws !== undefined).length;
  test(`Autobahn ${name}: ${cases.length} cases, of which AWS's limits decide ${count}`, () => {
    for (const each of cases) run(each);
  });
}

test("each case has a number of its own", () => {
  const numbers = Object.values(groups).flatMap((cases) => cases.map(({ number }) => number));
  assert.equal(new Set(numbers).size, numbers.length);
});
