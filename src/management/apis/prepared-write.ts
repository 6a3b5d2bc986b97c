import type { Job } from "../../base/job.ts";
import type { Families, Operation } from "../../families/make-families.ts";
import type { Change, Parent, Work } from "../../families/work.ts";
import type { ControlService } from "../control-service.ts";

/** The input of a job. */
interface Preparation<JobInput> {
  readonly input: JobInput;
  /** A text that differs if the documents differ that were read for the input. */
  readonly version: string;
}

/** What a write that needs a job's output does. */
interface Steps<Service, In, JobInput, Output, ParentItem> {
  readonly job: Job<JobInput, Output>;
  /** Checks the call and reads what the job needs; it is called again in the transaction. */
  readonly prepare: (work: Work<Service, In, ParentItem>) => Promise<Preparation<JobInput>>;
  /** Writes the job's output, and returns the answer. */
  readonly apply: (work: Change<Service, In, ParentItem>, input: JobInput, output: Output) => Promise<unknown>;
}

/**
 * Returns what makes a write that needs a job's output. The job runs before the transaction, so that other writers don't
 * wait for it. If its input has changed by then, it runs once more inside the transaction, where nothing changes.
 */
export const makePreparedWrite =
  <Service extends ControlService>(spanning: Families<object, Service>["spanning"]) =>
  <In, JobInput, Output, ParentItem = unknown>(
    { job, prepare, apply }: Steps<Service, In, JobInput, Output, ParentItem>,
    parent?: Parent<Service, ParentItem>,
  ): Operation<Service, In> =>
    spanning<In>(async ({ run, read, write }) => {
      const before = await read(prepare, parent);
      const output = await run(job, before.input);
      return write(async (work) => {
        const now = await prepare(work);
        if (now.version === before.version) return apply(work, before.input, output);
        return apply(work, now.input, await run(job, now.input, { isUrgent: true }));
      }, parent);
    });
