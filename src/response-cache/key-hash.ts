/** Two hashes of a key. They find a key's place; only its whole text says that it is the same key. */
export interface KeyHash {
  readonly first: number;
  readonly second: number;
}

/** Returns unsigned 32-bit hashes. Somebody who does not know the salts can't choose keys that have the same. */
export function hashKey(key: string, [salt, otherSalt]: readonly [number, number, ...unknown[]]): KeyHash {
  let first = salt;
  let second = otherSalt;
  for (let index = 0; index < key.length; index++) {
    const code = key.charCodeAt(index);
    first = Math.imul(first ^ code, 0x85ebca6b);
    first ^= first >>> 13;
    second = Math.imul(second ^ code, 0xc2b2ae35);
    second ^= second >>> 15;
  }
  return { first: finish(first), second: finish(second ^ first) };
}

/** The last steps of MurmurHash3. */
function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
