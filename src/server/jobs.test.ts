import assert from "node:assert/strict";
import { test } from "node:test";
import * as documentJobs from "../management/rest/document-jobs.ts";
import * as httpDocumentJobs from "../management/v2/document-jobs.ts";
import { portalDocumentsJob } from "../management/v2/portal-site.ts";
import { parseBodyJob } from "../protocol/json-body.ts";
import { compileHttpApiJob, compileJob } from "./compile-job.ts";
import { jobs } from "./jobs.ts";
import { referenceJob } from "./pages/reference-job.ts";

test("the jobs' thread can do every job, each by a name of its own", () => {
  const all = [
    ...Object.values(documentJobs),
    ...Object.values(httpDocumentJobs),
    portalDocumentsJob,
    compileJob,
    compileHttpApiJob,
    referenceJob,
    parseBodyJob,
  ];
  for (const job of all) assert.equal(jobs.get(job.name), job, job.name);
  assert.equal(jobs.size, all.length);
});
