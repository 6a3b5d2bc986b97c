import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { test } from "node:test";
import { writeJoined } from "./write-joined.ts";

/** A socket that sends at once, or keeps what it gets until later. */
class SlowSocket {
  isSlow = false;
  writableLength = 0;
  readonly written: (Buffer | string)[] = [];

  write(chunk: Buffer | string): boolean {
    this.written.push(this.isSlow ? chunk : Buffer.from(chunk));
    if (this.isSlow) this.writableLength += chunk.length;
    return !this.isSlow;
  }
  cork(): void {}
  uncork(): void {}

  get text(): string {
    return this.written.join("");
  }
}

const send = (socket: SlowSocket, head: string, body: Buffer): void =>
  writeJoined(socket as unknown as Socket, head, body, true);

test("what a socket has not sent yet stays as it was when others write", () => {
  const slow = new SlowSocket();
  const fast = new SlowSocket();
  slow.isSlow = true;
  const lent = Buffer.alloc(20_000);
  let expected = "";
  for (const [round, length] of [1_000, 1_000, 16_384, 20_000, 10].entries()) {
    lent.fill(`${round}`);
    send(slow, `head ${round} `, lent.subarray(0, length));
    expected += `head ${round} ${`${round}`.repeat(length)}`;
    lent.fill("x");
    send(fast, "other ", lent.subarray(0, length));
  }
  assert.equal(slow.text, expected);
  assert.match(fast.text, /^(?:other x+)+$/);
});
