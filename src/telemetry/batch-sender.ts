import type { MessagePort } from "node:worker_threads";

/** What a sender posts. The next delivery is sent when this one is acknowledged, so that no queue grows. */
export interface BatchDelivery<Item> {
  readonly items: readonly Item[];
  /** How many items found no room. */
  readonly dropped: number;
}

export interface BatchSenderOptions {
  /** The greatest number of items that wait. */
  readonly waitingMax: number;
  /** Items that have waited this long are sent, however few they are. Milliseconds. */
  readonly flushMs: number;
  /** Called for each item that finds no room. */
  readonly onDrop: () => void;
}

/**
 * A thread's way to the thread of a telemetry service. Items are gathered and sent in batches, one batch at a time. What
 * finds no room is dropped and counted, so that nobody waits and memory does not grow, however fast items come.
 */
export class BatchSender<Item> {
  readonly #port: MessagePort;
  readonly #options: BatchSenderOptions;
  #items: Item[] = [];
  #dropped = 0;
  #isUnderWay = false;
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(port: MessagePort, options: BatchSenderOptions) {
    this.#port = port;
    this.#options = options;
    port.on("message", () => {
      this.#isUnderWay = false;
      if (this.#items.length > 0) this.#later();
    });
    port.unref();
  }

  write(item: Item): void {
    if (this.#items.length >= this.#options.waitingMax) {
      this.#dropped++;
      this.#options.onDrop();
      return;
    }
    this.#items.push(item);
    if (!this.#isUnderWay) this.#later();
  }

  /** Sends the waiting items. The port delivers them although it is closed afterwards. */
  close(): void {
    this.#send();
    this.#port.close();
  }

  #later(): void {
    this.#timer ??= setTimeout(() => this.#send(), this.#options.flushMs).unref();
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#items.length === 0 && this.#dropped === 0) return;
    const delivery: BatchDelivery<Item> = { items: this.#items, dropped: this.#dropped };
    this.#items = [];
    this.#dropped = 0;
    this.#isUnderWay = true;
    this.#port.postMessage(delivery);
  }
}
