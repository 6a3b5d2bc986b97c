import { bounds } from "../base/bounds.ts";
import type { Clock } from "../base/clock.ts";
import type { CacheMemory } from "../response-cache/cache-memory.ts";
import type { CacheStore } from "../response-cache/cache-store.ts";
import { type CacheThread, SharedCache } from "../response-cache/shared-cache.ts";
import { RecordingRoom } from "./responses/recorded-answer.ts";

/** A stage's cache as requests find it: it can be made anew without a deployment. */
export interface CacheCell {
  /** Undefined if the stage has no cache now: its requests go to their integrations. */
  store: CacheStore | undefined;
}

/** The response caches of the stages that a thread serves, by the stages' keys. */
export class ResponseCaches {
  /** How long a request waits for another one that fills its entry; 0: it does not. */
  readonly fillWaitMs: number;
  readonly room = new RecordingRoom(bounds.recordedAnswersBytesMax.value);
  readonly #thread: CacheThread;
  readonly #clock: Clock;
  readonly #cells = new Map<string, CacheCell>();

  constructor(thread: CacheThread, { clock, fillWaitMs }: { readonly clock: Clock; readonly fillWaitMs: number }) {
    this.fillWaitMs = fillWaitMs;
    this.#thread = thread;
    this.#clock = clock;
  }

  set(key: string, memory: CacheMemory | null): void {
    const cell = this.cell(key);
    cell.store = memory === null ? undefined : new SharedCache(memory, this.#thread, () => this.#clock.now());
    if (memory === null) this.#cells.delete(key);
  }

  /** Returns caches that have nothing in common with these: a program that no stage serves neither finds nor fills entries. */
  apart(): ResponseCaches {
    return new ResponseCaches(this.#thread, { clock: this.#clock, fillWaitMs: this.fillWaitMs });
  }

  cell(key: string): CacheCell {
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      cell = { store: undefined };
      this.#cells.set(key, cell);
    }
    return cell;
  }
}
