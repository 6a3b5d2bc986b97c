import type { Socket } from "node:net";
import { latin1Write } from "./latin1.ts";

/** Up to this size head and body are copied into one piece, which saves a second write. */
export const joinedBytes = 16_384;

/** Sends a head with its body. A small body is sent in one piece with the head. */
export const writeJoined = (socket: Socket, text: string, body: Buffer): void => {
  if (body.length <= joinedBytes) {
    const joined = Buffer.allocUnsafe(text.length + body.length);
    latin1Write(joined, text, 0);
    body.copy(joined, text.length);
    socket.write(joined);
  } else {
    socket.cork();
    socket.write(text, "latin1");
    socket.write(body);
    socket.uncork();
  }
};
