import type { Clock } from "../../base/clock.ts";
import type { LogDelivery } from "../../telemetry/log-sink.ts";
import type { FromServiceThread, ThreadCall } from "../thread-messages.ts";
import type { ThreadWork } from "../thread-worker.ts";
import type { LogStore } from "./log-store.ts";
import type { LogsOperationName } from "./operation-names.ts";
import { logsOperations } from "./operations.ts";

/** The work of the logs' thread: it stores lines, and answers the operations of the `logs` service. */
export class LogsWork implements ThreadWork<LogDelivery> {
  readonly #store: LogStore;
  readonly #clock: Clock;

  constructor(store: LogStore, clock: Clock, post: (message: FromServiceThread) => void) {
    this.#store = store;
    this.#clock = clock;
    if (store.damagedPath === undefined) return;
    const message = `The logs' file was damaged and is now ${store.damagedPath}; a new one is begun.`;
    post({ kind: "trouble", message });
  }

  deliver({ batches }: LogDelivery): void {
    this.#store.deliver(batches, this.#clock.now());
  }

  count({ batches, dropped }: LogDelivery): { held: number; dropped: number } {
    return { held: batches.reduce((sum, batch) => sum + batch.lines.length / 2, 0), dropped };
  }

  operate({ operation, input, account, region }: ThreadCall): object {
    const context = { account, region, nowMs: this.#clock.now() };
    return logsOperations[operation as LogsOperationName](this.#store, input, context);
  }

  reset(): void {
    this.#store.reset();
  }

  sweep(): void {
    this.#store.sweep(this.#clock.now());
  }

  close(): void {
    this.#store.close();
  }
}
