import { createHmac, hash } from "node:crypto";
import { assert } from "../base/assert.ts";
import { bounds } from "../base/bounds.ts";

/** The part of a credential that a signing key belongs to. */
export interface KeyScope {
  /** YYYYMMDD */
  readonly day: string;
  readonly region: string;
  readonly service: string;
}

const blockBytes = 64;
const hashBytes = 32;
/** Algorithm, time, hash, and a scope whose region and service are names of at most 64 characters. */
const stringToSignBytes = 512;

/** The texts that are hashed, which all keys of a thread share. */
const inner = Buffer.alloc(blockBytes + stringToSignBytes);
const outer = Buffer.alloc(blockBytes + hashBytes);

/**
 * HMAC-SHA256 with one signing key (RFC 2104 §2), made of one-shot hashes: an Hmac object costs 3 µs, and this costs half
 * of it.
 */
export class SigningKey {
  readonly #pads = Buffer.alloc(2 * blockBytes);

  constructor(key: Buffer) {
    this.#pads.fill(0x36, 0, blockBytes).fill(0x5c, blockBytes);
    for (const [index, byte] of key.entries()) {
      this.#pads[index]! ^= byte;
      this.#pads[blockBytes + index]! ^= byte;
    }
  }

  /** Returns the MAC of an ASCII text in hexadecimal digits. */
  sign(text: string): string {
    this.#pads.copy(inner, 0, 0, blockBytes);
    const bytes = inner.write(text, blockBytes, "latin1");
    assert(bytes === text.length, "a string to sign is short: its parts are");
    this.#pads.copy(outer, 0, blockBytes);
    outer.write(hash("sha256", inner.subarray(0, blockBytes + bytes), "hex"), blockBytes, "hex");
    return hash("sha256", outer, "hex");
  }
}

/** Derives the key that signs for one day, region and service. AWS: "Create a signed AWS API request", step 3. */
export function deriveSigningKey(secret: string, { day, region, service }: KeyScope): SigningKey {
  const forDay = hmac(`AWS4${secret}`, day);
  return new SigningKey(hmac(hmac(hmac(forDay, region), service), "aws4_request"));
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

/** Signing keys that were derived before: deriving one costs more than everything else. A bounded number is kept. */
export class SigningKeys {
  readonly #keys = new Map<string, SigningKey>();

  keyOf(secret: string, scope: KeyScope): SigningKey {
    const name = `${scope.day}/${scope.region}/${scope.service}/${secret}`;
    let key = this.#keys.get(name);
    if (key === undefined) {
      key = deriveSigningKey(secret, scope);
      if (this.#keys.size >= bounds.signingKeysMax.value) this.#keys.clear();
      this.#keys.set(name, key);
    }
    return key;
  }
}
