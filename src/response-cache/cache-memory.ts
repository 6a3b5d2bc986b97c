/**
 * The memory of one stage's response cache, which all threads share. It is divided into shards. Each is a ring of
 * records with an index of its own:
 *
 *   header, 512 bytes: Uint32 head, then at word 16 one Uint32 for each thread that writes
 *   index: buckets of 8 slots, 64 bytes each; a slot is (Uint32 tag, Uint32 position)
 *   ring: records, which begin at multiples of 16 bytes
 *
 * Positions count units of 16 bytes and never go back; a record's place in the ring is its position modulo the ring's
 * size, a power of two. A record is there as long as the head is at most one ring ahead of it. So what is oldest goes as
 * the head moves on: evicting costs nothing, however much goes at once, and an index slot whose record is gone is free.
 */
import { bounds } from "../base/bounds.ts";

export const unitBytes = 16;
export const headerBytes = 512;
export const bucketBytes = 64;
export const headAt = 0;
/** The word of the first thread in the header. */
export const writersAt = 16;
export const writerPlaces = (headerBytes - writersAt * 4) / 4;
/** The ring has so many bytes for each bucket of 8 slots: room for entries of 128 bytes and more. */
const ringBytesPerBucket = 1_024;
/** A shard holds several answers of the greatest size. */
const ringBytesLeast = 4 * 1_048_576;
const ringBytesGreatest = 1_073_741_824;
/** Threads that write at the same time mostly write to different shards. */
const shardsWanted = 8;
/** One number for each fill that may be under way, with the time when it began. */
export const claimPlaces = 1_024;

/** Plain data that control makes and posts to every gateway thread. It is never written anywhere. */
export interface CacheMemory {
  readonly shards: readonly SharedArrayBuffer[];
  /** The fills under way. */
  readonly claims: SharedArrayBuffer;
  /** Nobody outside can know these, so nobody can choose keys that share a bucket, or bytes that look like a record. */
  readonly salt: readonly [number, number, number];
  /** What encrypted entries are encrypted with: AES-256. */
  readonly encryptionKey: Uint8Array;
  /** The bytes of all shards. */
  readonly bytes: number;
}

/** The least memory that a cache can work with. */
export const cacheBytesMin = shardBytes(ringBytesLeast);

function shardBytes(ringBytes: number): number {
  return headerBytes + (ringBytes / ringBytesPerBucket) * bucketBytes + ringBytes;
}

/** Makes a cache of at most so many bytes. What no entry uses takes no memory of the machine. */
export function allocateCache(bytesMax: number, randomBytes: (bytes: number) => Buffer): CacheMemory {
  let ringBytes = ringBytesLeast;
  while (ringBytes < ringBytesGreatest && shardBytes(ringBytes * 2) * shardsWanted <= bytesMax) ringBytes *= 2;
  const count = Math.max(1, Math.min(bounds.cacheShardsMax.value, Math.floor(bytesMax / shardBytes(ringBytes))));
  const salt = randomBytes(12);
  return {
    shards: Array.from({ length: count }, () => new SharedArrayBuffer(shardBytes(ringBytes))),
    claims: new SharedArrayBuffer(claimPlaces * 8),
    salt: [salt.readInt32LE(0), salt.readInt32LE(4), salt.readInt32LE(8)],
    encryptionKey: new Uint8Array(randomBytes(32)),
    bytes: count * shardBytes(ringBytes),
  };
}

/** Returns the bytes of a shard's ring. */
export const ringBytesOf = (shard: SharedArrayBuffer): number =>
  ((shard.byteLength - headerBytes) / (ringBytesPerBucket + bucketBytes)) * ringBytesPerBucket;
