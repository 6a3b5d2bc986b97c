import type { Socket } from "node:net";

/** How much a client must take in how many ticks of the server's sweep. */
interface DeliveryLimits {
  readonly send: number;
  readonly bodyBytesPerTick: number;
}

/** Watches whether a client takes what waits for it. There is one only while something waits. */
export class DeliveryWatch {
  #deliveredBefore: number;
  #sinceTick: number;

  constructor(socket: Socket, tick: number) {
    this.#deliveredBefore = deliveredBytes(socket);
    this.#sinceTick = tick;
  }

  /** Returns whether the client takes it at least at the rate that bodies have to come at. */
  isDelivering(socket: Socket, tick: number, { send, bodyBytesPerTick }: DeliveryLimits): boolean {
    if (tick - this.#sinceTick <= send) return true;
    const delivered = deliveredBytes(socket);
    if (delivered - this.#deliveredBefore < send * bodyBytesPerTick) return false;
    this.#deliveredBefore = delivered;
    this.#sinceTick = tick;
    return true;
  }
}

/**
 * Returns the bytes that libuv has handed to the kernel. Node has no public counter that moves within one large write.
 */
const deliveredBytes = (socket: Socket): number => {
  const handle = (socket as { _handle?: { bytesWritten?: number; writeQueueSize?: number } | null })._handle;
  return (handle?.bytesWritten ?? socket.bytesWritten) - (handle?.writeQueueSize ?? socket.writableLength);
};
