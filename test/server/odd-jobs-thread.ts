import { parentPort } from "node:worker_threads";
import { serveJobs } from "../../src/server/serve-jobs.ts";
import { crashing, dying, endless, failing, unsendable, where } from "./odd-jobs.ts";

serveJobs(parentPort!, new Map([where, failing, crashing, dying, endless, unsendable].map((job) => [job.name, job])));
