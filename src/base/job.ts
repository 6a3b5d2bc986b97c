/**
 * A pure function that can take long: another thread may run it, so its input and output are plain data that can be
 * cloned. A refusal is an outcome that it returns; what it throws is our bug and keeps only its message and stack.
 */
export interface Job<Input, Output> {
  /** What another thread finds it by; no two jobs have the same. */
  readonly name: string;
  /** An input that is not heavier (`isHeavierThan`) is worked on where it is: crossing threads would cost more. */
  readonly weightMaxHere: number;
  /** Loads what it needs when it is first called. */
  run(input: Input): Promise<Output>;
}

export interface JobOptions {
  /** Somebody holds others up until this is done: it goes before those that wait, and is never refused. */
  readonly isUrgent?: boolean;
}

/** Runs a job in the thread that suits its input. Rejects if too many wait, or if the job's thread dies of it. */
export type RunJob = <Input, Output>(job: Job<Input, Output>, input: Input, options?: JobOptions) => Promise<Output>;

/** Runs every job in this thread: where there is no server around it. */
export const runHere: RunJob = (job, input) => job.run(input);
