import type { Socket } from "node:net";

/** Counts what clients receive. The function that it returns resolves when all together have so many bytes more. */
export function countReceived(sockets: readonly Socket[]): (bytes: number) => Promise<void> {
  let left = 0;
  let onAll = (): void => undefined;
  for (const socket of sockets) {
    socket.on("data", (chunk) => {
      left -= chunk.length;
      if (left === 0) onAll();
    });
  }
  return (bytes) =>
    new Promise<void>((resolve) => {
      left = bytes;
      onAll = resolve;
    });
}
