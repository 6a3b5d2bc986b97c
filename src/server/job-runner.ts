import { Worker } from "node:worker_threads";
import { bounds } from "../base/bounds.ts";
import type { Job, JobOptions, RunJob } from "../base/job.ts";
import { isHeavierThan } from "../base/weight.ts";
import { ApiError } from "../protocol/errors.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { FromJobs, ToJobs } from "./serve-jobs.ts";

export interface JobRunnerOptions {
  /** The thread's program, which calls `serveJobs`. */
  readonly entry: URL;
  readonly logger: Logger;
  /** The numbers of the table of bounds apply to members that are absent. */
  readonly waitingMax?: number;
  readonly msMax?: number;
  readonly idleMs?: number;
}

/** A job that waits for the thread, or runs in it. */
interface Call {
  readonly job: Job<never, unknown>;
  readonly input: unknown;
  readonly isWanted: () => boolean;
  readonly outcome: PromiseWithResolvers<unknown>;
}

/**
 * Runs light jobs on the calling thread, and heavy ones, one after another, in a thread of their own, so that control
 * keeps serving leases and calls. The thread starts with the first heavy job and ends when there was none for a while,
 * which frees its memory. If it dies, its job fails, and the next one gets a new thread.
 */
export class JobRunner {
  readonly run: RunJob;
  readonly #options: Required<JobRunnerOptions>;
  readonly #waiting: Call[] = [];
  #current: Call | undefined = undefined;
  #worker: Worker | undefined = undefined;
  /**
   * The timer that ends the thread: while a job runs, when it takes too long; otherwise, when the thread has been idle
   * for long.
   */
  #deadline: NodeJS.Timeout | undefined = undefined;
  #isClosed = false;

  constructor(options: JobRunnerOptions) {
    this.#options = {
      waitingMax: bounds.jobsWaitingMax.value,
      msMax: bounds.jobMsMax.value,
      idleMs: bounds.jobsThreadIdleMs.value,
      ...options,
    };
    this.run = async <Input, Output>(job: Job<Input, Output>, input: Input, options: JobOptions = {}) =>
      isHeavierThan(input, job.weightMaxHere) || job.growsFrom?.(input) === true
        ? (this.#enqueue(job as Job<never, unknown>, input, options) as Promise<Output>)
        : job.run(input);
  }

  /** Fails the jobs under way and ends the thread. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { outcome } of this.#waiting.splice(0)) outcome.reject(givenUp(stopping));
    await this.#bury(this.#worker, stopping);
  }

  #enqueue(job: Job<never, unknown>, input: unknown, options: JobOptions): Promise<unknown> {
    const { isUrgent = false, isWanted = always } = options;
    if (this.#isClosed) throw givenUp(stopping);
    if (!isUrgent && this.#waiting.length >= this.#options.waitingMax) {
      throw new ApiError("TooManyRequestsException", "Rate exceeded", {
        status: 429,
        hint: "many large documents are being worked on; try again when some are done",
      });
    }
    const call: Call = { job, input, isWanted, outcome: Promise.withResolvers() };
    if (isUrgent) this.#waiting.unshift(call);
    else this.#waiting.push(call);
    this.#next();
    return call.outcome.promise;
  }

  #next(): void {
    if (this.#current !== undefined) return;
    const { idleMs, msMax } = this.#options;
    let call = this.#waiting.shift();
    for (; call?.isWanted() === false; call = this.#waiting.shift()) call.outcome.reject(givenUp(unwanted));
    if (call === undefined) {
      this.#endIn(idleMs, "it was idle");
      return;
    }
    this.#worker ??= this.#startWorker();
    this.#current = call;
    this.#endIn(msMax, `it took longer than ${msMax / 1000} s`);
    const message: ToJobs = { job: call.job.name, input: call.input };
    try {
      this.#worker.postMessage(message);
    } catch (error) {
      // The input can't be cloned.
      this.#settle({ kind: "failed", error: error as Error });
    }
  }

  #endIn(ms: number, reason: string): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => void this.#bury(this.#worker, reason), ms).unref();
  }

  #startWorker(): Worker {
    const worker = new Worker(this.#options.entry, { name: "jobs" });
    let reason = "its thread ended";
    worker.on("message", (message: FromJobs) => {
      // A thread that was given up may still have answered.
      if (this.#worker === worker) this.#settle(message);
    });
    worker.on("error", (error) => {
      reason = `its thread failed: ${error instanceof Error ? error.message : error}`;
    });
    worker.on("exit", () => void this.#bury(worker, reason));
    return worker;
  }

  /** Gives up a thread, dead or alive. Its job fails, and the next one gets a new thread. */
  async #bury(worker: Worker | undefined, reason: string): Promise<void> {
    if (worker === undefined || this.#worker !== worker) return;
    this.#worker = undefined;
    const ended = worker.terminate();
    if (this.#current !== undefined) {
      if (!this.#isClosed) this.#options.logger.error("A job was given up.", { job: this.#current.job.name, reason });
      this.#settle({ kind: "failed", error: givenUp(reason) });
    }
    await ended;
  }

  #settle(message: FromJobs): void {
    const call = this.#current;
    this.#current = undefined;
    if (message.kind === "failed") call?.outcome.reject(message.error);
    // Deserialising a large output took this turn of the event loop; using it gets a turn of its own.
    else setImmediate(() => call?.outcome.resolve(message.output));
    this.#next();
  }
}

const always = (): boolean => true;
const unwanted = "nobody waits for it any more";
const stopping = "the server is stopping";

const givenUp = (reason: string): ApiError =>
  new ApiError("InternalFailure", `The work was given up: ${reason}.`, { status: 500 });
