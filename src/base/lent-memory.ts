import type { OnReadOpts } from "node:net";

let lent: Buffer | undefined;

/**
 * The buffer that all plain sockets of a thread read into (`onread` of Node's `net.Socket`). The system fills it, the reader
 * takes what it needs, and only then the next read comes. This saves a fresh 64 KB for each read, and Node's stream buffers.
 */
export function lentMemory(): Buffer {
  lent ??= Buffer.allocUnsafeSlow(65_536);
  return lent;
}

/** Makes a socket read into lent memory for a receiver that keeps parts of what comes: it gets copies of the right size. */
export function readCopies(receive: (bytes: Buffer) => void): OnReadOpts {
  const buffer = lentMemory();
  return {
    buffer,
    callback(length) {
      const bytes = Buffer.allocUnsafeSlow(length);
      buffer.copy(bytes, 0, 0, length);
      receive(bytes);
      return true;
    },
  };
}
