import type { Socket } from "node:net";
import { latin1Write } from "./latin1.ts";

/** Up to this size head and body are copied into one piece, which spares a second write. */
export const joinedBytes = 16_384;

/** Sends a head with its body: a small body in one piece with it. */
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
