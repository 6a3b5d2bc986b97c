let lent: Buffer | undefined;

/**
 * The buffer that all plain sockets of a thread read into (`onread` of Node's `net.Socket`). The system fills it, the reader
 * takes what it needs, and only then the next read comes. This saves a fresh 64 KB for each read, and Node's stream buffers.
 */
export function lentMemory(): Buffer {
  lent ??= Buffer.allocUnsafeSlow(65_536);
  return lent;
}
