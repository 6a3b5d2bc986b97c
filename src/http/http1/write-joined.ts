import type { Socket } from "node:net";
import { latin1Write } from "./latin1.ts";

/** Up to this size head and body are copied into one piece, which saves a second write. */
export const joinedBytes = 16_384;

const scratchBytes = 2 * joinedBytes;

/**
 * What is joined here is nearly always sent before `write` returns, so that the next answer can be joined in the same
 * memory: no memory is made and collected for each, and this one stays in the processor's cache.
 */
let scratch = Buffer.allocUnsafeSlow(scratchBytes);

/**
 * Sends a head with its body. A small body is sent in one piece with the head. One that is lent belongs to the caller again
 * afterwards.
 */
export const writeJoined = (socket: Socket, text: string, body: Buffer, isLent = false): void => {
  const length = text.length + body.length;
  if (body.length > joinedBytes) {
    socket.cork();
    socket.write(text, "latin1");
    socket.write(isLent ? Buffer.from(body) : body);
    socket.uncork();
  } else if (length > scratchBytes || socket.writableLength > 0) {
    const joined = Buffer.allocUnsafe(length);
    join(joined, text, body);
    socket.write(joined);
  } else {
    join(scratch, text, body);
    socket.write(scratch.subarray(0, length));
    // A socket that could not send everything still reads it.
    if (socket.writableLength > 0) scratch = Buffer.allocUnsafeSlow(scratchBytes);
  }
};

const join = (target: Buffer, text: string, body: Buffer): void => {
  latin1Write(target, text, 0);
  body.copy(target, text.length);
};
