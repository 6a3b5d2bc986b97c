/**
 * What the requests of a stage with a canary count, in memory that all threads add to. Each side, the stable one first, has
 *
 *   Uint32: requests, answers with 5XX, then a histogram of their milliseconds
 *
 * A bucket of the histogram is 2^(1/8) times as wide as the one before it, so that a quantile is off by 9 percent at most.
 */

const requestsAt = 0;
const errorsAt = 1;
const bucketsAt = 2;
const bucketsPerOctave = 8;
/** A quarter of a millisecond to more than a minute. */
const leastMs = 0.25;
export const latencyBuckets = 18 * bucketsPerOctave;
const wordsPerSide = bucketsAt + latencyBuckets;

/** What the requests of one side counted. */
export interface SideCounts {
  readonly requests: number;
  readonly errors: number;
  /** Requests by their time. */
  readonly latencies: readonly number[];
}

/** What both sides counted. */
export interface CanaryTally {
  readonly stable: SideCounts;
  readonly canary: SideCounts;
}

export const noCounts: SideCounts = {
  requests: 0,
  errors: 0,
  latencies: Array.from({ length: latencyBuckets }, () => 0),
};

export const allocateCanaryCounts = (): SharedArrayBuffer => new SharedArrayBuffer(2 * wordsPerSide * 4);

/** A thread's view of what a stage's two sides count. */
export class CanaryCounts {
  readonly #words: Uint32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Uint32Array(memory);
  }

  add(isCanary: boolean, status: number, ms: number): void {
    const words = this.#words;
    const side = isCanary ? wordsPerSide : 0;
    Atomics.add(words, side + requestsAt, 1);
    if (status >= 500) Atomics.add(words, side + errorsAt, 1);
    Atomics.add(words, side + bucketsAt + bucketOf(ms), 1);
  }

  read(): CanaryTally {
    const words = this.#words.slice();
    const side = (at: number): SideCounts => ({
      requests: words[at + requestsAt]!,
      errors: words[at + errorsAt]!,
      latencies: [...words.subarray(at + bucketsAt, at + wordsPerSide)],
    });
    return { stable: side(0), canary: side(wordsPerSide) };
  }
}

const bucketOf = (ms: number): number =>
  ms < leastMs ? 0 : Math.min(latencyBuckets - 1, Math.floor(Math.log2(ms / leastMs) * bucketsPerOctave));

/** Returns the milliseconds at which a bucket ends. */
export const endOfBucket = (bucket: number): number => leastMs * 2 ** ((bucket + 1) / bucketsPerOctave);

/** Returns a quantile (0 to 1) in milliseconds, as the end of its bucket; undefined without requests. */
export function quantileOf({ latencies }: SideCounts, quantile: number): number | undefined {
  const total = latencies.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  let seen = 0;
  const bucket = latencies.findIndex((count) => {
    seen += count;
    return seen >= quantile * total;
  });
  return endOfBucket(bucket);
}

/** Returns how many requests took longer than a bucket's end says. */
export const slowerThan = ({ latencies }: SideCounts, ms: number): number =>
  latencies.reduce((sum, count, bucket) => (endOfBucket(bucket) > ms * 1.000_001 ? sum + count : sum), 0);

/** Returns the sum of what two times counted, or what the first has more than the second. */
export const addCounts = (left: SideCounts, right: SideCounts): SideCounts => combine(left, right, (a, b) => a + b);
/** Counters go round after 2^32. */
export const subtractCounts = (left: SideCounts, right: SideCounts): SideCounts =>
  combine(left, right, (a, b) => (a - b) >>> 0);

const combine = (left: SideCounts, right: SideCounts, work: (a: number, b: number) => number): SideCounts => ({
  requests: work(left.requests, right.requests),
  errors: work(left.errors, right.errors),
  latencies: left.latencies.map((count, bucket) => work(count, right.latencies[bucket] ?? 0)),
});
