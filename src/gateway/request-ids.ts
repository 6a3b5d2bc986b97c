import { randomFillSync, randomUUID } from "node:crypto";

// One call of the random generator serves a few hundred requests; a call for each would cost more than everything else
// here.
const pool = Buffer.alloc(8_192);
let used = pool.length;

function take(length: number): number {
  if (used + length > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += length;
  return used - length;
}

/** Makes `$context.requestId`, if the client has not chosen one. */
export const makeRequestId = (): string => randomUUID();

/**
 * Makes `$context.extendedRequestId`, the header `x-amz-apigw-id`: 15 characters of base64url and `=`, as in
 * `KV_1SGoLoAMFiJQ=`.
 */
export function makeExtendedRequestId(): string {
  const at = take(11);
  return `${pool.toString("base64url", at, at + 11)}=`;
}

/**
 * Makes the root of a trace: `1-{seconds, 8 hex digits}-{24 hex digits}`. AWS: X-Ray Developer Guide, "Tracing header".
 */
export function makeTraceId(nowMs: number): string {
  const at = take(12);
  const seconds = Math.floor(nowMs / 1000)
    .toString(16)
    .padStart(8, "0");
  return `1-${seconds}-${pool.toString("hex", at, at + 12)}`;
}

/** The segment of a trace that calls the next: 16 hex digits. AWS: X-Ray Developer Guide, "Tracing header". */
export function makeTraceParent(): string {
  const at = take(8);
  return pool.toString("hex", at, at + 8);
}

/**
 * Returns whether a text is a UUID; clients can choose no other request id. AWS: "$context Variables for data models,
 * authorizers, mapping templates".
 */
export const isUuid = (text: string): boolean =>
  text.length === 36 && /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text);
