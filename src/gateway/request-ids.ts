import { randomBytes, randomUUID } from "node:crypto";

/**
 * Texts of random characters. One call of the random generator and one string serve hundreds of requests, of which each gets
 * a piece; a call and a string for each would cost more than everything else here.
 */
class RandomText {
  readonly #encoding: "hex" | "base64url";
  #text = "";
  #at = 0;

  constructor(encoding: "hex" | "base64url") {
    this.#encoding = encoding;
  }

  take(characters: number): string {
    if (this.#at + characters > this.#text.length) {
      this.#text = randomBytes(randomBytesAtOnce).toString(this.#encoding);
      this.#at = 0;
    }
    const start = this.#at;
    this.#at += characters;
    return this.#text.slice(start, this.#at);
  }
}

/** Divisible by three, so that every character of base64url has six random bits. */
const randomBytesAtOnce = 6_144;
const hex = new RandomText("hex");
const base64url = new RandomText("base64url");

/** Makes `$context.requestId`, if the client has not chosen one. */
export const makeRequestId = (): string => randomUUID();

/**
 * Makes `$context.extendedRequestId`, the header `x-amz-apigw-id`: 15 characters of base64url and `=`, as in
 * `KV_1SGoLoAMFiJQ=`.
 */
export const makeExtendedRequestId = (): string => `${base64url.take(15)}=`;

/**
 * Makes the root of a trace: `1-{seconds, 8 hex digits}-{24 hex digits}`. AWS: X-Ray Developer Guide, "Tracing header".
 */
export function makeTraceId(nowMs: number): string {
  const seconds = Math.floor(nowMs / 1000);
  if (seconds !== knownSeconds) {
    knownSeconds = seconds;
    secondsText = seconds.toString(16).padStart(8, "0");
  }
  return `1-${secondsText}-${hex.take(24)}`;
}

/** The last second that was asked for, and its text. */
let knownSeconds = -1;
let secondsText = "";

/** The segment of a trace that calls the next: 16 hex digits. AWS: X-Ray Developer Guide, "Tracing header". */
export const makeTraceParent = (): string => hex.take(16);

/**
 * Returns whether a text is a UUID; clients can choose no other request id. AWS: "$context Variables for data models,
 * authorizers, mapping templates".
 */
export const isUuid = (text: string): boolean =>
  text.length === 36 && /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text);
