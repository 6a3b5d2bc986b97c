import type { Socket } from "node:net";

/**
 * Returns the bytes that libuv has handed to the kernel. Node has no public counter that moves within one large write.
 */
export const deliveredBytes = (socket: Socket): number => {
  const handle = (socket as { _handle?: { bytesWritten?: number; writeQueueSize?: number } | null })._handle;
  return (handle?.bytesWritten ?? socket.bytesWritten) - (handle?.writeQueueSize ?? socket.writableLength);
};
