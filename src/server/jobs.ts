import type { Job } from "../base/job.ts";
import { exportJob, importDocumentationJob, importJob, sdkJob } from "../management/rest/document-jobs.ts";
import { exportHttpApiJob, importHttpApiJob } from "../management/v2/document-jobs.ts";
import { portalDocumentsJob } from "../management/v2/portal-site.ts";
import { parseBodyJob } from "../protocol/json-body.ts";
import { compileHttpApiJob, compileJob } from "./compile-job.ts";
import { referenceJob } from "./pages/reference-job.ts";

const table = [
  importJob,
  importDocumentationJob,
  exportJob,
  sdkJob,
  importHttpApiJob,
  exportHttpApiJob,
  portalDocumentsJob,
  compileJob,
  compileHttpApiJob,
  referenceJob,
  parseBodyJob,
] satisfies readonly Job<never, unknown>[];

/** The jobs that the jobs' thread can run, by name. */
export const jobs: ReadonlyMap<string, Job<never, unknown>> = new Map(table.map((job) => [job.name, job]));
