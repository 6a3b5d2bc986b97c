import { setImmediate as nextTurn } from "node:timers/promises";

/** Work that pauses often, so that other work can have its turn in between. */
export type SlicedWork<Result> = Generator<void, Result>;

/** How long work goes on without a pause. */
const sliceMs = 10;

/** Does work slice by slice. Whatever else the thread has to do is done between two slices. */
export async function doInSlices<Result>(work: SlicedWork<Result>): Promise<Result> {
  for (;;) {
    const begunAt = performance.now();
    do {
      const { done, value } = work.next();
      if (done === true) return value;
    } while (performance.now() - begunAt < sliceMs);
    await nextTurn();
  }
}

/** Does work without a pause. */
export function doAtOnce<Result>(work: SlicedWork<Result>): Result {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}
