import type { Job } from "../base/job.ts";
import { statusCodeJob } from "../gateway/steps/mock.ts";
import { checkJsonJob, findJob, validateJob } from "../gateway/templates/payload-jobs.ts";
import { renderJob } from "../gateway/templates/render-job.ts";

const table = [renderJob, findJob, validateJob, checkJsonJob, statusCodeJob] satisfies readonly Job<never, unknown>[];

/** What the jobs' thread of a gateway thread can do, by name. */
export const gatewayJobs: ReadonlyMap<string, Job<never, unknown>> = new Map(table.map((job) => [job.name, job]));
