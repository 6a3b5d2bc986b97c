import type { Job } from "../../src/base/job.ts";

const odd = <Output>(name: string, run: (input: string) => Promise<Output>): Job<string, Output> => ({
  name,
  weightMaxHere: 10,
  run,
});

/** Who ran it. */
export const where = odd("where", async () => (await import("node:worker_threads")).threadId);

/** The error that it throws has a member, which does not cross threads. */
export const failing = odd("failing", async (): Promise<never> => {
  throw Object.assign(new RangeError("a bug"), { member: 1 });
});

export const dying = odd("dying", async (): Promise<never> => process.exit(3));

export const endless = odd("endless", async (): Promise<never> => {
  for (;;);
});

/** It throws where nobody catches it, as a thread does that runs out of memory. */
export const crashing = odd("crashing", () => {
  setImmediate(() => {
    throw new Error("outside of the job");
  });
  return new Promise<never>(() => undefined);
});

/** What it answers can't be sent. */
export const unsendable = odd("unsendable", async () => () => undefined);

export const unknown = odd("unknown", async () => undefined);
