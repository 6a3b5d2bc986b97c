import assert from "node:assert/strict";
import type { Writable } from "node:stream";
import { test } from "node:test";
import { Scratch } from "./scratch.ts";

/** A socket that sends at once, or keeps what it gets until later. */
class FakeSocket {
  writableLength = 0;
  readonly #isSlow: boolean;
  readonly #written: Buffer[] = [];

  constructor(isSlow: boolean) {
    this.#isSlow = isSlow;
  }

  write(chunk: Buffer): void {
    this.#written.push(this.#isSlow ? chunk : Buffer.from(chunk));
    if (this.#isSlow) this.writableLength += chunk.length;
  }

  get text(): string {
    return Buffer.concat(this.#written).toString();
  }
}

test("what a socket has not sent yet stays as it was when others write", () => {
  const scratch = new Scratch(100);
  const slow = new FakeSocket(true);
  const fast = new FakeSocket(false);
  const send = (socket: FakeSocket, text: string): void => {
    const memory = scratch.memoryFor(socket as unknown as Writable, text.length + 5);
    scratch.send(socket as unknown as Writable, memory, memory.write(text));
  };
  const expected = { slow: "", fast: "" };
  for (const length of [10, 10, 95, 96, 1_000, 1]) {
    send(slow, "s".repeat(length));
    send(fast, "f".repeat(length));
    expected.slow += "s".repeat(length);
    expected.fast += "f".repeat(length);
  }
  assert.deepEqual({ slow: slow.text, fast: fast.text }, expected);
});
