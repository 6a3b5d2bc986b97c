import type { Writable } from "node:stream";

/**
 * Memory in which small messages are made one after another. What a socket gets is nearly always sent before `write` returns,
 * so that the next message can be made in the same place: no memory is made and collected for each, and it stays in the
 * processor's cache. A socket that could not send everything keeps the memory, and the next message gets new one.
 */
export class Scratch {
  readonly #bytes: number;
  #memory: Buffer;

  constructor(bytes: number) {
    this.#bytes = bytes;
    this.#memory = Buffer.allocUnsafeSlow(bytes);
  }

  /** Returns memory for a message of at most so many bytes, which `send` has to be called with at once. */
  memoryFor(socket: Writable, bytes: number): Buffer {
    // A socket that already keeps messages would keep this one, too.
    return bytes > this.#bytes || socket.writableLength > 0 ? Buffer.allocUnsafe(bytes) : this.#memory;
  }

  /** Writes the first `length` bytes. */
  send(socket: Writable, memory: Buffer, length: number): void {
    socket.write(memory.length === length ? memory : memory.subarray(0, length));
    if (memory === this.#memory && socket.writableLength > 0) this.#memory = Buffer.allocUnsafeSlow(this.#bytes);
  }
}
