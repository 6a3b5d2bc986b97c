import { parentPort } from "node:worker_threads";
import { assert } from "../base/assert.ts";
import { dispatch, type Handlers } from "../base/dispatch.ts";
import type { FromServiceThread, ToServiceThread } from "../services/thread-messages.ts";
import { type ThreadWork, ThreadWorker, type ThreadWorkerOptions } from "../services/thread-worker.ts";

/** How often what is too old is dropped. */
const sweepMs = 60_000;

/** Runs the thread of a telemetry service: the whole program of a worker that a `ThreadService` starts. */
export function runServiceThread<Delivery>(
  open: (post: (message: FromServiceThread) => void) => ThreadWork<Delivery>,
  count: ThreadWorkerOptions<Delivery>["count"],
): void {
  const control = parentPort;
  assert(control !== null, "the thread of a service is a worker");
  const post = (message: FromServiceThread): void => control.postMessage(message);
  const worker = new ThreadWorker({ open: () => open(post), count, post });
  worker.sweep();
  setInterval(() => worker.sweep(), sweepMs).unref();
  const handlers: Handlers<ToServiceThread<Delivery>> = {
    ...worker.handlers,
    stop: async () => {
      await worker.close();
      control.close();
    },
  };
  control.on("message", (message: ToServiceThread<Delivery>) => dispatch(handlers, message));
}
