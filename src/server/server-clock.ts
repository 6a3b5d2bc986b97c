import type { Clock } from "../base/clock.ts";

/**
 * The system's time, which tests may move with `POST /_portico/clock`. The offset is in shared memory, so all threads
 * have the same time. See docs/internals/architecture.md, "The clock can be moved".
 */
export class ServerClock implements Clock {
  /** The shared memory of the offset, for another thread's clock. */
  readonly shared: SharedArrayBuffer;
  readonly #offsetMs: Float64Array;

  constructor(shared = new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT)) {
    this.shared = shared;
    this.#offsetMs = new Float64Array(shared);
  }

  now(): number {
    return Date.now() + (this.#offsetMs[0] as number);
  }

  advance(ms: number): void {
    this.#offsetMs[0] = (this.#offsetMs[0] as number) + ms;
  }
}
