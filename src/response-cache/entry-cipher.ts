import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

const algorithm = "aes-256-gcm";
const nonceBytes = 12;
const tagBytes = 16;

/** Encrypts entries, keys and all, with AES-256-GCM: nonce, tag, and what was encrypted. */
export class EntryCipher {
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  seal(entry: Buffer): Buffer {
    // NIST SP 800-38D §8.2.2, §8.3: random nonces are good for 2^32 entries of one key, which no memory's life sees.
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv(algorithm, this.#key, nonce);
    const sealed = cipher.update(entry);
    // GCM is a stream cipher: nothing is left for the end, which makes the tag.
    cipher.final();
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
  }

  /** Returns the entry, or undefined for bytes that were not sealed with this key. */
  open(sealed: Buffer): Buffer | undefined {
    if (sealed.length < nonceBytes + tagBytes) return undefined;
    const decipher = createDecipheriv(algorithm, this.#key, sealed.subarray(0, nonceBytes));
    decipher.setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
    const entry = decipher.update(sealed.subarray(nonceBytes + tagBytes));
    try {
      decipher.final();
      return entry;
    } catch {
      return undefined;
    }
  }
}
