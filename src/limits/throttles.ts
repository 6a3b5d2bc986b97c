import { bounds } from "../base/bounds.ts";
import { allocateTokenBuckets, type Bucket, fillTokenBuckets, TokenBuckets } from "./token-buckets.ts";

/** A throttle: so many requests a second in the long run, and so many at once. */
export interface ThrottleLimit {
  readonly ratePerSecond: number;
  readonly burst: number;
}

/** The shared memory of all throttles. Control makes it, and hands it to every gateway thread. */
export interface ThrottleMemory {
  readonly methods: SharedArrayBuffer;
  readonly clients: SharedArrayBuffer;
}

/** One thread's view of all throttles. */
export interface Throttles {
  /** The buckets of accounts and methods. One that finds no place refuses. */
  readonly methods: TokenBuckets;
  /** The buckets of clients, and of clients and methods. Nobody knows how many there will be, so they share their places. */
  readonly clients: TokenBuckets;
  /** The limit of every account in every region. */
  readonly account: ThrottleLimit;
  /** The same of new connections of WebSocket APIs. */
  readonly connects: ThrottleLimit;
}

export const allocateThrottles = (nowMs: number): ThrottleMemory => ({
  methods: allocateTokenBuckets(bounds.methodBucketsMax.value, nowMs),
  clients: allocateTokenBuckets(bounds.clientBucketsMax.value, nowMs),
});

export function fillThrottles({ methods, clients }: ThrottleMemory): void {
  fillTokenBuckets(methods);
  fillTokenBuckets(clients);
}

/** Returns the bucket of an account in a region, which all calls of its APIs take from. */
export const accountBucket = (
  { methods }: Throttles,
  { account, region }: { readonly account: string; readonly region: string },
): Bucket => methods.bucket(`account ${account} ${region}`);

/** Returns the bucket of an account's new connections in a region. */
export const connectBucket = (
  { methods }: Throttles,
  { account, region }: { readonly account: string; readonly region: string },
): Bucket => methods.bucket(`connect ${account} ${region}`);

/** Returns whether a limit is that of the relaxed profile, which has none: more than any machine serves. */
export const isLifted = ({ ratePerSecond, burst }: ThrottleLimit): boolean =>
  Math.min(ratePerSecond, burst) >= bounds.relaxedThrottleMin.value;

/** Opens the throttles in one thread. Without a limit of its own, connecting has the account's. */
export const openThrottles = (
  { methods, clients }: ThrottleMemory,
  account: ThrottleLimit,
  connects: ThrottleLimit = account,
): Throttles => ({
  methods: new TokenBuckets(methods, "refuse"),
  clients: new TokenBuckets(clients, "share"),
  account,
  connects,
});
