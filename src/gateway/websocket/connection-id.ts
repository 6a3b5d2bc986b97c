import { randomFillSync } from "node:crypto";

const idBytes = 11;
/** Bytes of random numbers that are made at a time: one call of the generator serves hundreds of ids. */
const pool = Buffer.alloc(4_400);
let used = pool.length;

/**
 * Makes a connection's id: 11 bytes in base64url and `=`, as in `L0SM9cOFvHcCIhw=`. The first byte is the number of the thread
 * that has the connection, of which there are 256 at most; the other ten are random, so that nobody guesses one.
 */
export function makeConnectionId(thread: number): string {
  if (used + idBytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const at = used;
  used += idBytes;
  pool[at] = thread;
  return `${pool.toString("base64url", at, used)}=`;
}

/** Returns the thread that has the connection with this id, if there is one; undefined for a text that is no id. */
export function threadOf(id: string): number | undefined {
  if (id.length !== 16 || !/^[\w-]{15}=$/.test(id)) return undefined;
  const bytes = Buffer.from(id, "base64url");
  // Of the last character only four bits count; another one with the same bits would be a second name.
  return bytes.length === idBytes && `${bytes.toString("base64url")}=` === id ? bytes[0] : undefined;
}
