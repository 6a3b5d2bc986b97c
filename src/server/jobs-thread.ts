import { parentPort } from "node:worker_threads";
import { assert } from "../base/assert.ts";
import { jobs } from "./jobs.ts";
import { serveJobs } from "./serve-jobs.ts";

assert(parentPort !== null, "the jobs' thread is a worker");
serveJobs(parentPort, jobs);
