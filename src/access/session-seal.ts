import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { bounds } from "../base/bounds.ts";
import type { Session } from "./principal.ts";

/** How our session tokens begin. A token that begins otherwise was made by another STS, such as AWS's. */
export const sessionTokenPrefix = "portico2.";

const nonceBytes = 12;
const tagBytes = 16;

/**
 * Seals and opens what STS hands out: session tokens and authorization messages. A token is the session itself, encrypted
 * and authenticated with the server's key for one access key id, so nothing is stored for a session, and nobody else can
 * read or make one. The same key in each gateway thread opens them (NIST SP 800-38D, AES-256-GCM).
 */
export class SessionSeal {
  readonly #tokens: Buffer;
  readonly #secrets: Buffer;
  readonly #messages: Buffer;

  /** `key` has 32 random bytes. */
  constructor(key: Buffer) {
    const derive = (use: string): Buffer => createHmac("sha256", key).update(`portico ${use}`).digest();
    this.#tokens = derive("session token");
    this.#secrets = derive("session secret");
    this.#messages = derive("authorization message");
  }

  /** Returns the secret key of a session's access key. It can't be found without the server's key. */
  secretOf(accessKeyId: string): string {
    return createHmac("sha256", this.#secrets).update(accessKeyId).digest("base64").slice(0, 40);
  }

  sealSession(accessKeyId: string, session: Session): string {
    const text = deflateRawSync(JSON.stringify(session));
    return sessionTokenPrefix + seal(this.#tokens, text, accessKeyId).toString("base64");
  }

  /** Returns the session, expired or not, or undefined if the token was not made here for this access key. */
  openSession(accessKeyId: string, token: string): Session | undefined {
    if (!token.startsWith(sessionTokenPrefix) || token.length > bounds.sessionTokenCharsMax.value) return undefined;
    const sealed = Buffer.from(token.slice(sessionTokenPrefix.length), "base64");
    const text = open(this.#tokens, sealed, accessKeyId);
    if (text === undefined) return undefined;
    return JSON.parse(inflateRawSync(text, { maxOutputLength: bounds.sessionBytesMax.value }).toString()) as Session;
  }

  /** Seals why a call was refused, for DecodeAuthorizationMessage. AWS: STS API reference, "DecodeAuthorizationMessage". */
  sealMessage(account: string, message: object): string {
    const text = deflateRawSync(JSON.stringify(message));
    return seal(this.#messages, text, account).toString("base64url");
  }

  /** Returns the message as JSON, or undefined if it was not made here for this account. */
  openMessage(account: string, sealed: string): string | undefined {
    const text = open(this.#messages, Buffer.from(sealed, "base64url"), account);
    return text && inflateRawSync(text, { maxOutputLength: bounds.authorizationMessageBytesMax.value }).toString();
  }
}

function seal(key: Buffer, text: Buffer, context: string): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(context));
  return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

function open(key: Buffer, sealed: Buffer, context: string): Buffer | undefined {
  if (sealed.length < nonceBytes + tagBytes) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(context)).setAuthTag(sealed.subarray(-tagBytes));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()]);
  } catch {
    // The tag does not fit: the text was not sealed with this key for this context.
    return undefined;
  }
}
