import { parentPort } from "node:worker_threads";
import { assert } from "../base/assert.ts";
import { gatewayJobs } from "./gateway-jobs.ts";
import { serveJobs } from "./serve-jobs.ts";

assert(parentPort !== null, "a gateway thread's jobs' thread is a worker");
serveJobs(parentPort, gatewayJobs);
