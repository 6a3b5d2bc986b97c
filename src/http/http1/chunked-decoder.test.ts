import assert from "node:assert/strict";
import { test } from "node:test";
import { ChunkedDecoder } from "./chunked-decoder.ts";

/** The decoded body and what is left behind it; undefined if the framing is broken. */
const decode = (text: string, pieceBytes: number): { body: string; rest: string; isDone: boolean } | undefined => {
  const decoder = new ChunkedDecoder();
  const bytes = Buffer.from(text, "latin1");
  let body = "";
  let at = 0;
  while (at < bytes.length && !decoder.isDone) {
    const piece = Buffer.from(bytes.subarray(at, at + pieceBytes));
    if (!decoder.decode(piece, 0)) return undefined;
    body += piece.toString("latin1", decoder.dataStart, decoder.dataEnd);
    at += decoder.end;
  }
  return { body, rest: bytes.toString("latin1", at), isDone: decoder.isDone };
};

const bodies: readonly (readonly [text: string, body: string | undefined])[] = [
  ["0\r\n\r\nrest", ""],
  ["5\r\nhello\r\n0\r\n\r\nrest", "hello"],
  ["5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nrest", "hello world"],
  ["a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\nrest", "01234567890123456789"],
  [`${"1\r\nx\r\n".repeat(300)}0\r\n\r\nrest`, "x".repeat(300)],
  [`c8\r\n${"y".repeat(200)}\r\n64\r\n${"z".repeat(100)}\r\n0\r\n\r\nrest`, "y".repeat(200) + "z".repeat(100)],
  ['5;a;b=c;d="e;\\"f"\r\nhello\r\n0;x\r\n\r\nrest', "hello"],
  ["005\r\nhello\r\n000\r\n\r\nrest", "hello"],
  ["0\r\nTrailer: value\r\nAnother:\r\n\r\nrest", ""],
  ["5\nhello\r\n0\r\n\r\n", undefined],
  ["5\r\nhello\n0\r\n\r\n", undefined],
  ["5\r\nhello!\r\n0\r\n\r\n", undefined],
  ["5 \r\nhello\r\n0\r\n\r\n", undefined],
  [" 5\r\nhello\r\n0\r\n\r\n", undefined],
  ["+5\r\nhello\r\n0\r\n\r\n", undefined],
  ["0x5\r\nhello\r\n0\r\n\r\n", undefined],
  ["\r\nhello\r\n0\r\n\r\n", undefined],
  ["g\r\n", undefined],
  ["123456789\r\n", undefined],
  ["5;\x01\r\nhello\r\n0\r\n\r\n", undefined],
  [`5;${"x".repeat(5000)}\r\nhello\r\n0\r\n\r\n`, undefined],
  ["0\r\nA b: c\r\n\r\n", undefined],
  ["0\r\n: c\r\n\r\n", undefined],
  ["0\r\nA: c\n\r\n", undefined],
  ["0\r\nA: b\0c\r\n\r\n", undefined],
  [`0\r\nA: ${"x".repeat(9000)}\r\n\r\n`, undefined],
  ["0\r\nContent-length: 3\r\n\r\n", undefined],
  ["0\r\nTransfer-Encoding: chunked\r\n\r\n", undefined],
  ["5;\r\nhello\r\n0\r\n\r\n", undefined],
  ["5;=a\r\nhello\r\n0\r\n\r\n", undefined],
  ["5;a=\r\nhello\r\n0\r\n\r\n", undefined],
  ['5;a="b"c\r\nhello\r\n0\r\n\r\n', undefined],
  ["5;a b\r\nhello\r\n0\r\n\r\n", undefined],
  ["0\r\n\n", undefined],
];

test("a chunked body is the same however it arrives", () => {
  for (const [text, body] of bodies) {
    for (const pieceBytes of [1, 2, 3, 7, 64, 100, 100_000]) {
      const decoded = decode(text, pieceBytes);
      const claim = `${JSON.stringify(text.slice(0, 60))} by ${pieceBytes}`;
      if (body === undefined) assert.equal(decoded, undefined, claim);
      else assert.deepEqual(decoded, { body, rest: "rest", isDone: true }, claim);
    }
  }
});

test("a body that is cut short is not done", () => {
  const text = "5\r\nhello\r\n0\r\n\r\n";
  for (let length = 0; length < text.length; length++) {
    assert.equal(decode(text.slice(0, length), 4)?.isDone, false, `${length} bytes`);
  }
});

test("decoding begins where it is told to, and leaves what is before", () => {
  const decoder = new ChunkedDecoder();
  const bytes = Buffer.from("head1\r\na\r\n1\r\nb\r\n0\r\n\r\ntail");
  assert.equal(decoder.decode(bytes, 4), true);
  assert.equal(bytes.toString("latin1", decoder.dataStart, decoder.dataEnd), "ab");
  assert.equal(bytes.toString("latin1", 0, 4), "head");
  assert.equal(bytes.toString("latin1", decoder.end), "tail");
});
