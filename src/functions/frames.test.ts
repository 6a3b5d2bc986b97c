import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { test } from "node:test";
import { type Frame, FrameReader, frameKinds, writeFrame } from "./frames.ts";

/** What `writeFrame` puts on the wire. */
function encoded(head: string, payload: Buffer | string): Buffer {
  const written: Buffer[] = [];
  const socket = { cork() {}, uncork() {}, write: (chunk: Buffer) => written.push(chunk) };
  writeFrame(socket as unknown as Socket, frameKinds.invoke, head, payload);
  return Buffer.concat(written);
}

function read(chunks: readonly Buffer[], bytesMax = 1 << 20): { frames: Frame[]; isSound: boolean } {
  const frames: Frame[] = [];
  const reader = new FrameReader(bytesMax, (frame) => frames.push(frame));
  const isSound = chunks.every((chunk) => reader.push(chunk));
  return { frames, isSound };
}

const payloads: readonly (Buffer | string)[] = [
  "",
  "{}",
  "ü€😀",
  Buffer.alloc(40_000, "x"),
  Buffer.from([0, 255, 128]),
];

test("frames come out as they went in, however they are cut", () => {
  const wire = Buffer.concat(payloads.map((payload, index) => encoded(`{"id":"${index}é"}`, payload)));
  for (const size of [1, 2, 7, 9, 10, 4_096, wire.length]) {
    const chunks: Buffer[] = [];
    for (let at = 0; at < wire.length; at += size) chunks.push(wire.subarray(at, at + size));
    const { frames, isSound } = read(chunks);
    assert.ok(isSound);
    assert.deepEqual(
      frames.map(({ kind, head, payload }) => [kind, head, payload.toString("latin1")]),
      payloads.map((payload, index) => [
        frameKinds.invoke,
        `{"id":"${index}é"}`,
        Buffer.from(payload as string).toString("latin1"),
      ]),
    );
  }
});

test("a frame above the bound is refused before it is read", () => {
  assert.equal(read([encoded("", Buffer.alloc(2_000)).subarray(0, 9)], 1_000).isSound, false);
});

test("lengths that contradict each other are refused", () => {
  const headTooLong = encoded("{}", "x");
  headTooLong.writeUInt32LE(1_000, 5);
  assert.equal(read([headTooLong]).isSound, false);
  const tooShort = encoded("", "");
  tooShort.writeUInt32LE(1, 0);
  assert.equal(read([tooShort]).isSound, false);
});
