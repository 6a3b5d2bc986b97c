import v8 from "node:v8";
import vm from "node:vm";
import { bounds } from "../base/bounds.ts";

const everyMs = bounds.idleCollectionMs.value;
const bytesMin = bounds.idleCollectionBytesMin.value;
const bytesMax = bounds.idleCollectionBytesMax.value;
/** A thread that did less than this share of the time is idle. */
const idleShare = 0.02;

/** What the decision is made from. */
export interface HeapView {
  /** The bytes that V8 has in use, garbage included. */
  readonly usedBytes: number;
  /** The same after the last collection of ours; 0 before the first. */
  readonly keptBytes: number;
  /** The share of the time since the last look that the thread was busy. */
  readonly busyShare: number;
}

/**
 * Returns whether collecting now is worth it: a lot may be garbage, nobody waits for the thread, and even if all of it
 * is in use it takes no longer than a tenth of a second or two.
 */
export const isWorthCollecting = ({ usedBytes, keptBytes, busyShare }: HeapView): boolean =>
  busyShare < idleShare && usedBytes <= bytesMax && usedBytes - keptBytes >= bytesMin;

/**
 * Collects the calling thread's garbage when the thread has become idle. V8 collects when somebody allocates, so what
 * a few large requests left stayed for ever where none came after them (100 MB and more in each thread). Returns the
 * function that ends this.
 */
export function collectWhenIdle(): () => void {
  let keptBytes = 0;
  let before = performance.eventLoopUtilization();
  // tidy-allow: clock – how idle a thread is can only be seen in real time.
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    const busyShare = performance.eventLoopUtilization(now, before).utilization;
    before = now;
    if (!isWorthCollecting({ usedBytes: v8.getHeapStatistics().used_heap_size, keptBytes, busyShare })) return;
    collector()();
    keptBytes = v8.getHeapStatistics().used_heap_size;
  }, everyMs).unref();
  return () => clearInterval(timer);
}

let found: (() => void) | undefined;

/** V8 gives its collector out to contexts that are made after this flag was set. */
function collector(): () => void {
  if (found === undefined) {
    v8.setFlagsFromString("--expose-gc");
    found = vm.runInNewContext("gc") as () => void;
  }
  return found;
}
