import { AsyncLocalStorage } from "node:async_hooks";

const recorders = new AsyncLocalStorage<CommitRecorder>();

/** Records the revisions that the writes within a piece of work committed, however deep in it they are made. */
export class CommitRecorder {
  readonly #revisions: number[] = [];

  /**
   * The revisions that writes within `run` have reported, in their order; empty if nothing was written through the
   * store.
   */
  get revisions(): readonly number[] {
    return this.#revisions;
  }

  /** Runs `work` and records the writes of it and of everything that it starts. Returns the result of `work`. */
  run<T>(work: () => T): T {
    return recorders.run(this, work);
  }

  /** Called by stores: reports the revision that a write left, in the asynchronous context of the write's caller. */
  static report(revision: number): void {
    const recorder = recorders.getStore();
    if (recorder !== undefined) recorder.#revisions.push(revision);
  }
}
