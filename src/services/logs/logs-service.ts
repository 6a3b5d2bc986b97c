import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { Clock } from "../../base/clock.ts";
import { ApiError } from "../../protocol/errors.ts";
import type { CallContext, Operations } from "../../protocol/operation.ts";
import { LogSender } from "../../telemetry/log-sender.ts";
import type { LogDelivery, LogSink } from "../../telemetry/log-sink.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import type { FromLogs, LogsStart, ToLogs } from "./logs-messages.ts";
import { logsOperationNames } from "./operation-names.ts";

export interface LogsServiceOptions {
  /** The thread's program. */
  readonly entry: URL;
  readonly start: LogsStart;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** Lost lines are told of at most so often. */
const lossReportMs = 5_000;

/**
 * The `logs` service as control sees it. The lines are kept by a thread of their own, so that they hold up neither the
 * management API nor its store; it is started with the first line or call, since an idle server needs none.
 */
export class LogsService {
  readonly operations: Operations;
  /** Takes control's own lines. */
  readonly sink: LogSink;
  readonly #options: LogsServiceOptions;
  readonly #sender: LogSender;
  /** Senders that have not sent anything yet. */
  readonly #silent = new Set<MessagePort>();
  readonly #calls = new Map<number, PromiseWithResolvers<object>>();
  #worker: Worker | undefined = undefined;
  #lastId = 0;
  #lost = 0;
  #lossReportedAt = Number.NEGATIVE_INFINITY;

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
          this.#call({ kind: "call", operation, input, account, region }),
      ]),
    );
  }

  /** Serves a sender; a `LogSender` is at the port's far end. */
  connect(port: MessagePort): void {
    this.#silent.add(port);
    port.once("message", (first: LogDelivery) => this.#adopt(port, first));
    port.on("close", () => this.#silent.delete(port));
    port.unref();
  }

  async reset(): Promise<void> {
    await this.#call({ kind: "reset" });
  }

  /** Stores what was sent, and ends the thread. Senders of other threads have closed before. */
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

  #call(message: { kind: "reset" } | Omit<Extract<ToLogs, { kind: "call" }>, "id">): Promise<object> {
    const id = ++this.#lastId;
    const call = Promise.withResolvers<object>();
    this.#calls.set(id, call);
    this.#send({ ...message, id });
    return call.promise;
  }

  #send(message: ToLogs, transferred: readonly MessagePort[] = []): void {
    this.#worker ??= this.#startWorker();
    this.#worker.postMessage(message, transferred);
  }

  #startWorker(): Worker {
    const { entry, start, logger } = this.#options;
    const worker = new Worker(entry, { workerData: start, name: "logs" });
    worker.on("message", (message: FromLogs) => this.#hear(message));
    worker.on("error", (error) =>
      logger.error("The logs' thread failed: lines are lost until the next start.", { error: String(error) }),
    );
    worker.on("exit", () => {
      this.#worker = undefined;
      const unavailable = new ApiError("ServiceUnavailableException", "The service cannot complete the request.");
      for (const call of this.#calls.values()) call.reject(unavailable);
      this.#calls.clear();
    });
    return worker;
  }

  #hear(message: FromLogs): void {
    if (message.kind === "dropped") {
      this.#lost += message.lines;
      const now = this.#options.clock.now();
      if (now - this.#lossReportedAt < lossReportMs) return;
      this.#lossReportedAt = now;
      this.#reportLoss(message.why);
      return;
    }
    if (message.kind === "trouble") {
      this.#options.logger.error(message.message);
      return;
    }
    const call = this.#calls.get(message.id);
    this.#calls.delete(message.id);
    if (message.kind === "answer") call?.resolve(message.output);
    else if (message.kind === "failed") call?.reject(new Error(message.error));
    else {
      const { code, message: text, status, hint } = message;
      call?.reject(new ApiError(code, text, { ...(status === undefined ? {} : { status }), hint }));
    }
  }

  #reportLoss(why: string): void {
    if (this.#lost === 0) return;
    this.#options.logger.warn(`${this.#lost} log lines dropped: ${why}`);
    this.#lost = 0;
  }
}
