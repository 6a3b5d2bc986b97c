import type { MessagePort } from "node:worker_threads";
import type { Job } from "../base/job.ts";

/** A message from control to the jobs' thread. The next one is sent when this one is answered. */
export interface ToJobs {
  /** The job's name. */
  readonly job: string;
  readonly input: unknown;
}

/** A message from the jobs' thread to control. */
export type FromJobs =
  | { readonly kind: "done"; readonly output: unknown }
  /** The job threw. */
  | { readonly kind: "failed"; readonly error: Error };

/** Runs the jobs that control sends, by their names in the table. */
export function serveJobs(control: MessagePort, jobs: ReadonlyMap<string, Job<never, unknown>>): void {
  const post = (message: FromJobs): void => control.postMessage(message);
  control.on("message", async ({ job: name, input }: ToJobs) => {
    try {
      const job = jobs.get(name);
      if (job === undefined) throw new Error(`there is no job ${name}`);
      post({ kind: "done", output: await job.run(input as never) });
    } catch (error) {
      post({ kind: "failed", error: error instanceof Error ? error : new Error(String(error)) });
    }
  });
}
