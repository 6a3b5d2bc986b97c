import { AsyncLocalStorage } from "node:async_hooks";

const recorders = new AsyncLocalStorage<CommitRecorder>();

/** Learns which revisions the writes within a piece of work committed, however deep in it they are made. */
export class CommitRecorder {
  readonly #revisions: number[] = [];

  /** The revisions that writes within `run` reported so far, in their order; none if nothing was written through the store. */
  get revisions(): readonly number[] {
    return this.#revisions;
  }

  /** Runs `work`; what it and everything it starts writes is recorded here. Answers what `work` answers. */
  run<T>(work: () => T): T {
    return recorders.run(this, work);
  }

  /** For stores: reports the revision that a write left, in the asynchronous context of the write's caller. */
  static report(revision: number): void {
    const recorder = recorders.getStore();
    if (recorder !== undefined) recorder.#revisions.push(revision);
  }
}
