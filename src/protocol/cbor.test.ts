import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeCbor, encodeCbor } from "./cbor.ts";
import { UnreadableInput } from "./json-body.ts";
import { loadModel } from "./model.ts";

const read = (hex: string): unknown => decodeCbor(Buffer.from(hex.replaceAll(" ", ""), "hex"));

// RFC 8949, appendix A: examples of encoded items.
const examples: readonly (readonly [hex: string, value: unknown])[] = [
  ["00", 0],
  ["17", 23],
  ["1818", 24],
  ["1903e8", 1_000],
  ["1a000f4240", 1_000_000],
  ["1b000000e8d4a51000", 1_000_000_000_000],
  ["20", -1],
  ["3903e7", -1_000],
  ["f90000", 0],
  ["f93c00", 1],
  ["f93e00", 1.5],
  ["f97bff", 65_504],
  ["f90001", 2 ** -24],
  ["f9c400", -4],
  ["fa47c35000", 100_000],
  ["fb3ff199999999999a", 1.1],
  ["f97c00", Number.POSITIVE_INFINITY],
  ["f97e00", Number.NaN],
  ["f4", false],
  ["f5", true],
  ["f6", null],
  ["f7", null],
  ["c11a514b67b0", 1_363_896_240],
  ["c1fb41d452d9ec200000", 1_363_896_240.5],
  ["60", ""],
  ["62c3bc", "ü"],
  ["7f657374726561646d696e67ff", "streaming"],
  ["83010203", [1, 2, 3]],
  ["9f018202039f0405ffff", [1, [2, 3], [4, 5]]],
  ["a26161016162820203", { a: 1, b: [2, 3] }],
  ["bf61610161629f0203ffff", { a: 1, b: [2, 3] }],
  ["4401020304", Buffer.from([1, 2, 3, 4])],
  ["5f42010243030405ff", Buffer.from([1, 2, 3, 4, 5])],
];

for (const [hex, value] of examples) test(`CBOR ${hex}`, () => assert.deepEqual(read(hex), value));

const refusals: readonly (readonly [what: string, hex: string, message: RegExp])[] = [
  ["nothing", "", /not valid CBOR/],
  ["what goes on", "0000", /goes on behind/],
  ["a list that is cut", "8301", /not valid CBOR/],
  ["a list that never ends", "9f01", /not valid CBOR/],
  ["a list of more items than there are bytes", "9bffffffffffffffff", /integer of 64 bits/],
  ["a text that is longer than the body", "7affffffff61", /not valid CBOR/],
  ["a text that is not UTF-8", "61ff", /not valid UTF-8/],
  ["a chunk in chunks", "7f7f6161ffff", /not valid CBOR/],
  ["a chunk of another type", "7f4161ff", /not valid CBOR/],
  ["a reserved length", "1c", /not valid CBOR/],
  ["a break alone", "ff", /not valid CBOR/],
  ["an integer of 64 bits", "1bffffffffffffffff", /integer of 64 bits/],
  ["a key that is no text", "a10001", /no text/],
  ["a key that comes twice", "a2616101616102", /twice/],
  ["another tag", "c243010000", /tag 2/],
  ["a time that is no number", "c16161", /no number/],
  ["an unassigned simple value", "f0", /not valid CBOR/],
  ["deep nesting", "81".repeat(100), /nests deeper/],
  ["deep tags", "c1".repeat(100), /nests deeper/],
];

for (const [what, hex, message] of refusals) {
  test(`CBOR refuses ${what}`, () => {
    assert.throws(
      () => read(hex),
      (error: unknown) => error instanceof UnreadableInput && message.test(error.message),
    );
  });
}

test("a body of very many values is refused, in bounded time", () => {
  const body = Buffer.concat([Buffer.from([0x9a, 0, 0x0f, 0x42, 0x40]), Buffer.alloc(1_000_000)]);
  assert.throws(() => decodeCbor(body), /more than 500000 values/);
  const chunks = Buffer.concat([Buffer.from([0x7f]), Buffer.alloc(1_000_000, 0x60), Buffer.from([0xff])]);
  assert.throws(() => decodeCbor(chunks), /more than 500000 values/);
});

test("a key called __proto__ is a member like any other", () => {
  const value = read("a1695f5f70726f746f5f5f01") as object;
  assert.deepEqual(Object.keys(value), ["__proto__"]);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
});

test("an output is written by its shape: doubles as doubles, times with their tag, absent members not at all", () => {
  const written = encodeCbor(loadModel("cloudwatch"), "GetMetricStatisticsOutput", {
    Label: "m",
    Datapoints: [
      { Timestamp: 1_700_000_000, Sum: 3, Average: undefined, Unit: null, ExtendedStatistics: { p50: 1.5 } },
    ],
    Another: "never",
  });
  const double = (value: number): string => {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(value);
    return `fb${bytes.toString("hex")}`;
  };
  const text = (value: string): string => (0x60 + value.length).toString(16) + Buffer.from(value).toString("hex");
  assert.equal(
    written.toString("hex"),
    `a2${text("Label")}${text("m")}${text("Datapoints")}81a3${text("Timestamp")}c1${double(1_700_000_000)}` +
      `${text("Sum")}${double(3)}${text("ExtendedStatistics")}a1${text("p50")}${double(1.5)}`,
  );
  assert.deepEqual(decodeCbor(written), {
    Label: "m",
    Datapoints: [{ Timestamp: 1_700_000_000, Sum: 3, ExtendedStatistics: { p50: 1.5 } }],
  });
});
