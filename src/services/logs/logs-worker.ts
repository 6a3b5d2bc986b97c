import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Clock } from "../../base/clock.ts";
import type { Handlers } from "../../base/dispatch.ts";
import { ApiError } from "../../protocol/errors.ts";
import type { LogDelivery } from "../../telemetry/log-sink.ts";
import type { LogStore } from "./log-store.ts";
import type { FromLogs, LogsCall, LogsOutcome, ToLogs } from "./logs-messages.ts";
import { logsOperations } from "./operations.ts";

/** The work of the logs' thread: it stores what senders deliver, and answers the operations of the `logs` service. */
export class LogsWorker {
  readonly #store: LogStore;
  readonly #clock: Clock;
  readonly #post: (message: FromLogs) => void;
  readonly #ports = new Set<MessagePort>();

  constructor(store: LogStore, clock: Clock, post: (message: FromLogs) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#post = post;
    if (store.damagedPath !== undefined) {
      post({
        kind: "trouble",
        message: `The logs' file was damaged and is now ${store.damagedPath}; a new one is begun.`,
      });
    }
  }

  /** The handlers of control's messages. The thread's owner handles `stop`. */
  readonly handlers: Handlers<Exclude<ToLogs, { kind: "stop" }>> = {
    connect: ({ port, first }) => this.#connect(port, first),
    call: (call) => this.#answer(call.id, () => this.#operate(call)),
    reset: ({ id }) =>
      this.#answer(id, () => {
        this.#store.reset();
        return {};
      }),
  };

  /** Drops lines that are too old, and lines that there is no room for. */
  sweep(): void {
    try {
      this.#store.sweep(this.#clock.now());
    } catch (error) {
      this.#post({ kind: "trouble", message: `Old log lines can't be dropped: ${describe(error)}` });
    }
  }

  /** Stores the deliveries that are still in the ports, and closes the store. */
  close(): void {
    for (const port of this.#ports) {
      for (let left = receiveMessageOnPort(port); left; left = receiveMessageOnPort(port)) {
        this.#deliver(left.message as LogDelivery);
      }
      port.close();
    }
    this.#store.close();
  }

  #connect(port: MessagePort, first: LogDelivery): void {
    this.#ports.add(port);
    const take = (delivery: LogDelivery): void => {
      this.#deliver(delivery);
      // The sender sends its next delivery when it hears this.
      port.postMessage(null);
    };
    port.on("message", take);
    port.on("close", () => this.#ports.delete(port));
    take(first);
  }

  #deliver({ batches, dropped }: LogDelivery): void {
    if (dropped > 0) {
      this.#post({ kind: "dropped", lines: dropped, why: "they came faster than they can be stored" });
    }
    try {
      this.#store.deliver(batches, this.#clock.now());
    } catch (error) {
      const lines = batches.reduce((sum, batch) => sum + batch.lines.length / 2, 0);
      this.#post({ kind: "dropped", lines, why: `they can't be stored: ${describe(error)}` });
    }
  }

  #operate({ operation, input, account, region }: LogsCall): object {
    return logsOperations[operation](this.#store, input, { account, region, nowMs: this.#clock.now() });
  }

  #answer(id: number, work: () => object): void {
    this.#post({ kind: "outcome", id, outcome: outcomeOf(work) });
  }
}

function outcomeOf(work: () => object): LogsOutcome {
  try {
    return { kind: "answer", output: work() };
  } catch (error) {
    if (!(error instanceof ApiError)) return { kind: "failed", error: describe(error) };
    const { code, message, status, hint } = error;
    return { kind: "refused", code, message, status, hint };
  }
}

const describe = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));
