import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Handlers } from "../base/dispatch.ts";
import { ApiError } from "../protocol/errors.ts";
import type { FromServiceThread, ThreadCall, ThreadOutcome, ToServiceThread } from "./thread-messages.ts";

/** What the thread of a service does. */
export interface ThreadWork<Delivery> {
  /** Stores a delivery. Throws if that is impossible; what it held is then lost. */
  deliver(delivery: Delivery): void;
  /** Runs an operation. */
  operate(call: ThreadCall): object | Promise<object>;
  reset(): void;
  /** Drops what is too old, and what there is no room for. Called now and then. */
  sweep(): void;
  close(): void | Promise<void>;
}

export interface ThreadWorkerOptions<Delivery> {
  /** Begins the work. Throws if that is impossible, as its file is on a full disk; it is then called again when work comes. */
  readonly open: () => ThreadWork<Delivery>;
  /** How many things a delivery holds, and how many its sender had dropped before. */
  readonly count: (delivery: Delivery) => { readonly held: number; readonly dropped: number };
  readonly post: (message: FromServiceThread) => void;
}

/** The thread of a telemetry service: it stores what senders deliver, and answers operations. */
export class ThreadWorker<Delivery> {
  readonly #options: ThreadWorkerOptions<Delivery>;
  readonly #post: (message: FromServiceThread) => void;
  readonly #ports = new Set<MessagePort>();
  #opened: ThreadWork<Delivery> | undefined;

  constructor(options: ThreadWorkerOptions<Delivery>) {
    this.#options = options;
    this.#post = options.post;
  }

  /** The handlers of control's messages. The thread's owner handles `stop`. */
  readonly handlers: Handlers<Exclude<ToServiceThread<Delivery>, { kind: "stop" }>> = {
    connect: ({ port, first }) => this.#connect(port, first),
    call: ({ id, operation, input, account, region }) =>
      this.#answer(id, () => this.#work.operate({ operation, input, account, region })),
    reset: ({ id }) =>
      this.#answer(id, () => {
        this.#work.reset();
        return {};
      }),
  };

  sweep(): void {
    try {
      this.#work.sweep();
    } catch (error) {
      this.#post({ kind: "trouble", message: `What is too old can't be dropped: ${describe(error)}` });
    }
  }

  /** Stores the deliveries that are still in the ports, and closes the store. */
  async close(): Promise<void> {
    for (const port of this.#ports) {
      for (let left = receiveMessageOnPort(port); left; left = receiveMessageOnPort(port)) {
        this.#deliver(left.message as Delivery);
      }
      port.close();
    }
    await this.#opened?.close();
  }

  get #work(): ThreadWork<Delivery> {
    this.#opened ??= this.#options.open();
    return this.#opened;
  }

  #connect(port: MessagePort, first: Delivery): void {
    this.#ports.add(port);
    const take = (delivery: Delivery): void => {
      this.#deliver(delivery);
      // The sender sends its next delivery when it hears this.
      port.postMessage(null);
    };
    port.on("message", take);
    port.on("close", () => this.#ports.delete(port));
    take(first);
  }

  #deliver(delivery: Delivery): void {
    const { held, dropped } = this.#options.count(delivery);
    if (dropped > 0) {
      this.#post({ kind: "dropped", count: dropped, why: "they came faster than they can be stored" });
    }
    try {
      this.#work.deliver(delivery);
    } catch (error) {
      this.#post({ kind: "dropped", count: held, why: `they can't be stored: ${describe(error)}` });
    }
  }

  async #answer(id: number, work: () => object | Promise<object>): Promise<void> {
    this.#post({ kind: "outcome", id, outcome: await outcomeOf(work) });
  }
}

async function outcomeOf(work: () => object | Promise<object>): Promise<ThreadOutcome> {
  try {
    return { kind: "answer", output: await work() };
  } catch (error) {
    if (!(error instanceof ApiError)) return { kind: "failed", error: describe(error) };
    const { code, message, status, hint, members } = error;
    return { kind: "refused", code, message, status, hint, members };
  }
}

const describe = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));
