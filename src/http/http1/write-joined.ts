import type { Socket } from "node:net";
import { Scratch } from "../../base/scratch.ts";
import { latin1Write } from "./latin1.ts";

/** Up to this size head and body are copied into one piece, which saves a second write. */
export const joinedBytes = 16_384;

const scratch = new Scratch(2 * joinedBytes);

/**
 * Sends a head with its body. A small body is sent in one piece with the head. One that is lent belongs to the caller again
 * afterwards.
 */
export const writeJoined = (socket: Socket, text: string, body: Buffer, isLent = false): void => {
  if (body.length <= joinedBytes) {
    const length = text.length + body.length;
    const joined = scratch.memoryFor(socket, length);
    latin1Write(joined, text, 0);
    body.copy(joined, text.length);
    scratch.send(socket, joined, length);
  } else {
    socket.cork();
    socket.write(text, "latin1");
    socket.write(isLent ? Buffer.from(body) : body);
    socket.uncork();
  }
};
