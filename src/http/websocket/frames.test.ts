import assert from "node:assert/strict";
import { isUtf8 } from "node:buffer";
import { test } from "node:test";
import { isCloseCode, makeCloseFrame, makeFrame, unmask, validTo } from "./frames.ts";

test("a frame's head says its length in the fewest bytes", () => {
  const headOf = (length: number): number[] => [
    ...makeFrame(1, Buffer.alloc(length)).subarray(0, makeFrame(1, Buffer.alloc(length)).length - length),
  ];
  assert.deepEqual(headOf(0), [0x81, 0]);
  assert.deepEqual(headOf(125), [0x81, 125]);
  assert.deepEqual(headOf(126), [0x81, 126, 0, 126]);
  assert.deepEqual(headOf(65_535), [0x81, 126, 0xff, 0xff]);
  assert.deepEqual(headOf(65_536), [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
});

test("a close frame has a code and as much of the reason as fits, in whole characters", () => {
  assert.deepEqual([...makeCloseFrame(1001, "x")], [0x88, 3, 0x03, 0xe9, 0x78]);
  assert.deepEqual([...makeCloseFrame(1005, "x")], [0x88, 0]);
  const long = makeCloseFrame(1000, `x${"é".repeat(100)}`);
  assert.equal(long.length, 2 + 2 + 123);
  assert.ok(isUtf8(long.subarray(4)));
  const cut = makeCloseFrame(1000, "é".repeat(100));
  assert.equal(cut.length, 2 + 2 + 122);
});

test("the mask comes off wherever the payload is cut, and wherever it stands in memory", () => {
  const mask = 0xa1b2c3d4;
  const maskBytes = [0xa1, 0xb2, 0xc3, 0xd4];
  for (const length of [48, 300]) {
    for (let offset = 0; offset < 5; offset++) {
      const plain = Buffer.from("0123456789abcdef".repeat(20)).subarray(0, length);
      for (let cut = 0; cut <= length; cut += 7) {
        const bytes = Buffer.alloc(length + 8).subarray(offset, offset + length);
        for (let at = 0; at < length; at++) bytes[at] = plain[at]! ^ maskBytes[at & 3]!;
        unmask(bytes, 0, cut, mask, 0);
        unmask(bytes, cut, length, mask, cut);
        assert.deepEqual(bytes, plain, `cut at ${cut}, at ${offset}`);
      }
    }
  }
});

test("text is found invalid at its first wrong byte, and a beginning is not", () => {
  const at = (...bytes: number[]) => validTo(Buffer.from(bytes), 0, bytes.length);
  assert.equal(at(0x61, 0x62), 2);
  assert.equal(at(0x61, 0xc3), 1);
  assert.equal(at(0xe2, 0x82), 0);
  assert.equal(at(0xf0, 0x9f, 0x98), 0);
  for (const wrong of [
    [0xc0],
    [0xf5],
    [0x80],
    [0xed, 0xa0],
    [0xf4, 0x90],
    [0xe0, 0x80],
    [0xf0, 0x80],
    [0xf0, 0x90, 0x20],
  ])
    assert.equal(at(0x61, ...wrong), -1, String(wrong));
  // Each cut of a valid text is the beginning of one.
  const text = Buffer.from("aé€😀\u{10ffff}\ud7ff\ue000z");
  for (let end = 0; end <= text.length; end++) assert.notEqual(validTo(text, 0, end), -1, String(end));
});

test("the codes that a client may give are those of the RFC, the registry and its own", () => {
  for (const code of [1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 4999]) assert.ok(isCloseCode(code), String(code));
  for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535])
    assert.ok(!isCloseCode(code), String(code));
});
