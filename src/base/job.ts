/**
 * A pure function that can take long. Another thread may run it, so its input and output are plain data that can be
 * cloned. It returns refusals as outcomes; an exception is our bug, of which only message and stack are kept.
 */
export interface Job<Input, Output> {
  /** The unique name by which another thread finds the job. */
  readonly name: string;
  /**
   * An input that is not heavier than this (`isHeavierThan`) is worked on in its own thread, because crossing threads
   * would cost more.
   */
  readonly weightMaxHere: number;
  /** Returns whether an input may mean much more than it weighs, so that another thread works on it, however light it is. */
  growsFrom?(input: Input): boolean;
  /** Runs the job. It loads its code when it is first called. */
  run(input: Input): Promise<Output>;
}

export interface JobOptions {
  /** Others are held up until the job is done, so it goes before waiting jobs and is never refused. */
  readonly isUrgent?: boolean;
  /** Is asked when the job's turn comes; false: nobody waits for it any more, and it is not run. */
  readonly isWanted?: () => boolean;
}

/** Runs a job in the thread that suits its input. Rejects if too many wait, or if the job's thread dies of it. */
export type RunJob = <Input, Output>(job: Job<Input, Output>, input: Input, options?: JobOptions) => Promise<Output>;

/** Runs every job in this thread, for use without a server. */
export const runHere: RunJob = (job, input) => job.run(input);
