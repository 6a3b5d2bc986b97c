import { type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import { bounds } from "../base/bounds.ts";
import type { Clock } from "../base/clock.ts";
import { dispatch, type Handlers } from "../base/dispatch.ts";
import { FairTurns } from "../base/fair-turns.ts";
import { PendingAnswers } from "../base/pending-answers.ts";
import { ApiError } from "../protocol/errors.ts";
import type { CallContext, Operations } from "../protocol/operation.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { FromServiceThread, ThreadCall, ThreadOutcome, ToServiceThread } from "./thread-messages.ts";

export interface ThreadServiceOptions {
  /** The thread's name in messages: `logs`. */
  readonly name: string;
  /** What is kept, in the plural: `log lines`. */
  readonly what: string;
  /** The thread's program. */
  readonly entry: URL;
  /** What it is started with (`workerData`). */
  readonly start: object;
  /** The operations that the thread answers. Control knows only their names; the thread loads the code. */
  readonly operationNames: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The shortest time between two reports of what was lost. */
const lossReportMs = 5_000;

/**
 * A telemetry service as control sees it. A thread of its own keeps the data, so that they hold up neither the
 * management API nor its store. The thread starts with the first delivery or call, since an idle server needs none.
 */
export class ThreadService<Delivery> {
  readonly operations: Operations;
  readonly #options: ThreadServiceOptions;
  /** The ports of senders that have not sent anything yet. */
  readonly #silent = new Set<MessagePort>();
  readonly #outcomes = new PendingAnswers<ThreadOutcome>();
  /** Accounts share the thread: no account's calls stand all before another's, or before what is delivered. */
  readonly #turns = new FairTurns(bounds.threadCallsOfAccountMax.value);
  #worker: Worker | undefined = undefined;
  /** What was lost, by who did not get it: the service itself has no name. */
  readonly #losses = new Map<string, Loss>();
  readonly #handlers: Handlers<FromServiceThread> = {
    outcome: ({ id, outcome }) => this.#outcomes.settle(id, outcome),
    trouble: ({ message }) => this.#options.logger.error(message),
    dropped: (loss) => this.#lose(loss),
  };

  constructor(options: ThreadServiceOptions) {
    this.#options = options;
    this.operations = Object.fromEntries(
      options.operationNames.map((operation) => [
        operation,
        (input: object, { account, region }: CallContext) =>
          this.#turns.run(account, () => this.call({ operation, input, account, region })),
      ]),
    );
  }

  /** Serves a sender: what has the port's other end. Its deliveries are acknowledged. */
  connect(port: MessagePort): void {
    this.#silent.add(port);
    port.once("message", (first: Delivery) => this.#adopt(port, first));
    port.on("close", () => this.#silent.delete(port));
    port.unref();
  }

  /** Runs an operation in the thread. Throws what the operation threw. */
  call({ operation, input, account, region }: ThreadCall): Promise<object> {
    return this.#ask((id) => ({ kind: "call", id, operation, input, account, region }));
  }

  async reset(): Promise<void> {
    await this.#ask((id) => ({ kind: "reset", id }));
  }

  /** Stores what was sent, and ends the thread. Senders have to be closed before. */
  async close(): Promise<void> {
    for (const port of this.#silent) {
      const first = receiveMessageOnPort(port);
      if (first) this.#adopt(port, first.message as Delivery);
      else port.close();
    }
    const worker = this.#worker;
    if (worker) {
      const ended = new Promise((resolve) => worker.once("exit", resolve));
      this.#send({ kind: "stop" });
      await ended;
    }
    for (const [notBy, loss] of this.#losses) this.#reportLoss(notBy, loss);
  }

  #adopt(port: MessagePort, first: Delivery): void {
    this.#silent.delete(port);
    port.removeAllListeners();
    this.#send({ kind: "connect", port, first }, [port]);
  }

  async #ask(message: (id: number) => ToServiceThread<Delivery>): Promise<object> {
    const outcome = await this.#outcomes.ask({ peer: this, send: (id) => this.#send(message(id)) });
    if (outcome.kind === "answer") return readOutcome(outcome.answer);
    throw new ApiError("ServiceUnavailableException", "The service cannot complete the request.");
  }

  #send(message: ToServiceThread<Delivery>, transferred: readonly MessagePort[] = []): void {
    this.#worker ??= this.#startWorker();
    this.#worker.postMessage(message, transferred);
  }

  #startWorker(): Worker {
    const { entry, start, logger, name, what } = this.#options;
    const worker = new Worker(entry, { workerData: start, name });
    worker.on("message", (message: FromServiceThread) => dispatch(this.#handlers, message));
    worker.on("error", (error) =>
      logger.error(`The ${name} thread failed: ${what} are lost until the next start.`, { error: String(error) }),
    );
    worker.on("exit", () => {
      this.#worker = undefined;
      this.#outcomes.bury(this);
    });
    return worker;
  }

  #lose({ count, why, notBy = "" }: Extract<FromServiceThread, { kind: "dropped" }>): void {
    let loss = this.#losses.get(notBy);
    if (loss === undefined) {
      loss = { count: 0, why, reportedAt: Number.NEGATIVE_INFINITY };
      this.#losses.set(notBy, loss);
    }
    loss.count += count;
    loss.why = why;
    const now = this.#options.clock.now();
    if (now - loss.reportedAt < lossReportMs) return;
    loss.reportedAt = now;
    this.#reportLoss(notBy, loss);
  }

  #reportLoss(notBy: string, loss: Loss): void {
    const { count, why } = loss;
    if (count === 0) return;
    const what = notBy === "" ? "dropped" : `did not reach ${notBy}`;
    this.#options.logger.warn(`${count} ${this.#options.what} ${what}: ${why}`);
    loss.count = 0;
  }
}

interface Loss {
  count: number;
  /** Why the last of it was lost. */
  why: string;
  reportedAt: number;
}

/** Returns a call's output, or throws what the operation threw in its thread. */
function readOutcome(outcome: ThreadOutcome): object {
  if (outcome.kind === "answer") return outcome.output;
  if (outcome.kind === "failed") throw new Error(outcome.error);
  const { code, message, status, hint, members } = outcome;
  throw new ApiError(code, message, { ...(status === undefined ? {} : { status }), hint, members });
}
