import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { Clock } from "../../base/clock.ts";
import { dispatch, type Handlers } from "../../base/dispatch.ts";
import { PendingAnswers } from "../../base/pending-answers.ts";
import { ApiError } from "../../protocol/errors.ts";
import type { CallContext, Operations } from "../../protocol/operation.ts";
import { LogSender } from "../../telemetry/log-sender.ts";
import type { LogDelivery, LogSink } from "../../telemetry/log-sink.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import type { FromLogs, LogsOutcome, LogsStart, ToLogs } from "./logs-messages.ts";
import { logsOperationNames } from "./operation-names.ts";

export interface LogsServiceOptions {
  /** The thread's program. */
  readonly entry: URL;
  readonly start: LogsStart;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** The shortest time between two reports of lost lines. */
const lossReportMs = 5_000;

/**
 * The `logs` service as control sees it. A thread of its own keeps the lines, so that they hold up neither the
 * management API nor its store. The thread starts with the first line or call, since an idle server needs none.
 */
export class LogsService {
  readonly operations: Operations;
  /** Takes control's own lines. */
  readonly sink: LogSink;
  readonly #options: LogsServiceOptions;
  readonly #sender: LogSender;
  /** The ports of senders that have not sent anything yet. */
  readonly #silent = new Set<MessagePort>();
  readonly #outcomes = new PendingAnswers<LogsOutcome>();
  #worker: Worker | undefined = undefined;
  #lost = 0;
  #lossReportedAt = Number.NEGATIVE_INFINITY;
  readonly #handlers: Handlers<FromLogs> = {
    outcome: ({ id, outcome }) => this.#outcomes.settle(id, outcome),
    trouble: ({ message }) => this.#options.logger.error(message),
    dropped: ({ lines, why }) => this.#lose(lines, why),
  };

  constructor(options: LogsServiceOptions) {
    this.#options = options;
    const { port1, port2 } = new MessageChannel();
    this.connect(port1);
    this.#sender = new LogSender(port2, options.clock, options.metrics);
    this.sink = this.#sender;
    this.operations = Object.fromEntries(
      logsOperationNames.map((operation) => [
        operation,
        (input: object, { account, region }: CallContext) =>
          this.#call((id) => ({ kind: "call", id, operation, input, account, region })),
      ]),
    );
  }

  /** Serves a sender. A `LogSender` is at the port's other end. */
  connect(port: MessagePort): void {
    this.#silent.add(port);
    port.once("message", (first: LogDelivery) => this.#adopt(port, first));
    port.on("close", () => this.#silent.delete(port));
    port.unref();
  }

  async reset(): Promise<void> {
    await this.#call((id) => ({ kind: "reset", id }));
  }

  /** Stores the lines that were sent, and ends the thread. Senders of other threads have to be closed before. */
  async close(): Promise<void> {
    this.#sender.close();
    for (const port of this.#silent) {
      const first = receiveMessageOnPort(port);
      if (first) this.#adopt(port, first.message as LogDelivery);
      else port.close();
    }
    const worker = this.#worker;
    if (worker) {
      const ended = new Promise((resolve) => worker.once("exit", resolve));
      this.#send({ kind: "stop" });
      await ended;
    }
    this.#reportLoss("they came faster than they can be stored");
  }

  #adopt(port: MessagePort, first: LogDelivery): void {
    this.#silent.delete(port);
    port.removeAllListeners();
    this.#send({ kind: "connect", port, first }, [port]);
  }

  async #call(message: (id: number) => ToLogs): Promise<object> {
    const outcome = await this.#outcomes.ask({ peer: this, send: (id) => this.#send(message(id)) });
    if (outcome.kind === "answer") return readOutcome(outcome.answer);
    throw new ApiError("ServiceUnavailableException", "The service cannot complete the request.");
  }

  #send(message: ToLogs, transferred: readonly MessagePort[] = []): void {
    this.#worker ??= this.#startWorker();
    this.#worker.postMessage(message, transferred);
  }

  #startWorker(): Worker {
    const { entry, start, logger } = this.#options;
    const worker = new Worker(entry, { workerData: start, name: "logs" });
    worker.on("message", (message: FromLogs) => dispatch(this.#handlers, message));
    worker.on("error", (error) =>
      logger.error("The logs' thread failed: lines are lost until the next start.", { error: String(error) }),
    );
    worker.on("exit", () => {
      this.#worker = undefined;
      this.#outcomes.bury(this);
    });
    return worker;
  }

  #lose(lines: number, why: string): void {
    this.#lost += lines;
    const now = this.#options.clock.now();
    if (now - this.#lossReportedAt < lossReportMs) return;
    this.#lossReportedAt = now;
    this.#reportLoss(why);
  }

  #reportLoss(why: string): void {
    if (this.#lost === 0) return;
    this.#options.logger.warn(`${this.#lost} log lines dropped: ${why}`);
    this.#lost = 0;
  }
}

/** Returns a call's output, or throws what the operation threw in the logs' thread. */
function readOutcome(outcome: LogsOutcome): object {
  if (outcome.kind === "answer") return outcome.output;
  if (outcome.kind === "failed") throw new Error(outcome.error);
  const { code, message, status, hint } = outcome;
  throw new ApiError(code, message, { ...(status === undefined ? {} : { status }), hint });
}
